"""Prompt files for the tests."""

from __future__ import annotations

from pathlib import Path

_HEAD = """+++
name = "{name}"
version = "{version}"
description = "For a test."
{more}
+++
{body}
"""
TEXT = '[variables.text]\ntype = "text"'


def source(body: str, more: str = TEXT, *, name: str = "tried", version: str = "1") -> str:
    return _HEAD.format(name=name, version=version, more=more, body=body)


def put(folder: Path, file: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(text)
