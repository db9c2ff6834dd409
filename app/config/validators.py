"""What a value must look like. Each raises ValidationError with a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from environs import ValidationError


def web_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port over 65535
        usable = False
    if not usable:
        raise ValidationError("Not a web address; it must look like https://host/v1.")


def https_address(value: str) -> None:
    web_address(value)
    if not value.lower().startswith("https://"):
        raise ValidationError("Must begin with https://: whoever can change it is everybody.")


def there(value: str) -> None:
    if not Path(value).exists():
        raise ValidationError("There is no such file or folder.")


def folder(value: str) -> None:
    if not Path(value).is_dir():
        raise ValidationError("There is no such folder.")


def database(value: str) -> None:
    if not re.match(r"(sqlite|postgres(ql)?(\+psycopg)?)://", value):
        raise ValidationError("Must start with sqlite:// or postgresql://.")
    try:
        urlsplit(value).port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise ValidationError("Its host or port cannot be read.") from error


def redis(value: str) -> None:
    if not re.match(r"(rediss?|unix)://", value):
        raise ValidationError("Must start with redis://, rediss:// or unix://.")
    try:
        urlsplit(value).port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise ValidationError("Its host or port cannot be read.") from error


def prefix(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", value):
        raise ValidationError("Letters, digits, dots, dashes and underscores, 40 at most.")


def strong(value: str) -> None:
    if len(value) < 8:
        raise ValidationError("Too short to be a key; take a random text of 24 characters or so.")
    header_safe(value)


def long(value: str) -> None:
    if len(value) < 16:
        raise ValidationError(
            "Too short to be a secret; take a random text of 32 characters or so."
        )
    header_safe(value)


def secret_list(value: str) -> tuple[str, ...]:
    """Secrets with commas between them."""
    secrets = tuple(filter(None, map(str.strip, value.split(","))))
    for secret in secrets:
        long(secret)
    return secrets


def signing(value: str) -> None:
    if len(value.encode()) < 32:
        raise ValidationError(
            "Too short to sign with: HS256 takes 32 characters or more, all of them random."
        )


def key_id(value: str) -> None:
    if not re.fullmatch("key_[0-9a-f]{32}", value):
        raise ValidationError("Not a key's id, which is what `flask keys` lists first.")


def header_safe(value: str) -> None:
    if not (value.isascii() and value.isprintable()):
        raise ValidationError("Holds a line break or a character that no key has.")


def version(value: str) -> None:
    if len(value) > 40 or not value.isprintable():
        raise ValidationError("Must be one line of 40 characters at most, as 2026-11-21.")


def time_zone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValidationError("Not a time zone; it must look like Europe/Berlin.") from error
