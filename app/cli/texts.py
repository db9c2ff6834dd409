"""The texts that a command is given, by their files' names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from app.errors import BadInput, ParleyError

STDIN = "-"


def names(files: Sequence[str]) -> list[str]:
    """Each once, in a spelling that stays the same. Raises BadInput: one is no text."""
    for file in files:
        if "\ufffd" in (shown := click.format_filename(file)):
            raise BadInput(f"The name {shown!r} is not in UTF-8. Rename the file.")
    return list(dict.fromkeys(file if file == STDIN else os.path.normpath(file) for file in files))


class Texts:
    """What is in the files. Standard input is read once."""

    def __init__(self) -> None:
        self._stdin: bytes | None = None

    def read(self, name: str) -> str | ParleyError:
        """The text, or why there is none."""
        try:
            return self._bytes(name).decode("utf-8-sig")
        except OSError as error:
            return BadInput(f"{name} cannot be read: {error.strerror}.")
        except UnicodeDecodeError as error:
            return BadInput(
                f"{name} is no text in UTF-8: byte {error.start + 1} does not fit. Convert it "
                "first, for example with iconv."
            )

    def _bytes(self, name: str) -> bytes:
        if name != STDIN:
            return Path(name).read_bytes()
        if self._stdin is None:
            with click.open_file(STDIN, "rb") as stream:
                self._stdin = stream.read()
        return self._stdin
