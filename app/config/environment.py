"""The environment, as environs reads it, and one value of it as a setting needs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any

from environs import EnvError, FileAwareEnv, ValidationError
from marshmallow.validate import OneOf, Range

from app.config.settings import Settings


class Env(FileAwareEnv):
    """environs', where an empty value (`PORT=`) means that it is not set, as in a shell, and a
    file that cannot be read is one bad value among the others.
    """

    def whole(self) -> Mapping[str, str]:
        """All that is set."""
        return os.environ

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            value = super()._get_value(env_key, default)
        except (OSError, ValueError):
            self._errors[env_key].append(f"The file that {env_key}_FILE names cannot be read.")
            return default
        return default if value == "" else value


def sealed(env: FileAwareEnv) -> list[str]:
    """A sentence for each value that was refused."""
    try:
        env.seal()
    except EnvError as error:
        found: dict[str, list[str]] = getattr(error, "error_messages", {})
        return [f"{name}: {' '.join(said)}" for name, said in found.items()] or [str(error)]
    return []


class Variables:
    """The variable of a setting has its name, in capitals; its default is the setting's own.

    What is refused is for `sealed` to tell.
    """

    def __init__(self, env: Env) -> None:
        self.env = env

    def text(self, name: str, **kwargs: Any) -> Any:
        return self.env.str(name.upper(), _default(name), **kwargs)

    def one_of(self, name: str, choices: list[str]) -> Any:
        return self.text(name, validate=OneOf(choices))

    def number(self, name: str, low: float, high: float) -> Any:
        return self.env.float(name.upper(), _default(name), validate=Range(low, high))

    def whole(self, name: str, low: int, high: int) -> Any:
        return self.env.int(name.upper(), _default(name), validate=Range(low, high))

    def yes(self, name: str) -> Any:
        return self.env.bool(name.upper(), _default(name))

    def money(self, name: str) -> Any:
        limits = Range(Decimal("0.000001"), Decimal(9_000_000))
        return self.env.decimal(name.upper(), _default(name), validate=limits)

    def parsed(self, name: str, parse: Callable[[str], Any]) -> Any:
        """A value with a grammar of its own, whose parser raises ValueError with a sentence."""

        def valid(value: str) -> None:
            try:
                parse(value)
            except ValueError as error:
                raise ValidationError(str(error)) from error

        value = self.env.str(name.upper(), None, validate=valid)
        refused = name.upper() in self.env._errors
        return parse(value) if value and not refused else _default(name)


def _default(name: str) -> Any:
    found = next(f for f in fields(Settings) if f.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()
