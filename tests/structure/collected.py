"""1,122 schemas from the wild with instances that are marked valid or not, where they are kept."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "json-schemas.jsonl.gz"

needed = pytest.mark.skipif(not _FILE.exists(), reason="the collected schemas are not here")


class Instance(msgspec.Struct):
    valid: bool
    data: Any


class Collected(msgspec.Struct):
    name: str
    schema: Any
    tests: list[Instance]


@cache
def schemas() -> list[Collected]:
    with gzip.open(_FILE) as lines:
        return [msgspec.json.decode(line, type=Collected) for line in lines]
