"""What stands in deploy/, read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import yaml

from tests.server.process import ROOT

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text()
MANIFESTS = sorted((DEPLOY / "kubernetes").iterdir())

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class Instruction(NamedTuple):
    """A line of a Dockerfile; `words` is there where they are a JSON list, the exec form."""

    name: str
    text: str
    words: Sequence[str] | None


def seconds(duration: str | int) -> int:
    """Of `50s`, `1h` or a number."""
    found = re.fullmatch(r"(\d+)([smh]?)", str(duration))
    assert found is not None, duration
    return int(found[1]) * _UNITS[found[2]]


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


@cache
def instances() -> dict[str, Any]:
    """The services that are Parley and answer."""
    return {
        name: it for name, it in compose()["services"].items() if re.fullmatch(r"parley-\d", name)
    }


@cache
def manifests() -> dict[str, Any]:
    """By kind: there is one of each."""
    read = [yaml.safe_load(file.read_text()) for file in MANIFESTS]
    by_kind = {it["kind"]: it for it in read}
    assert len(by_kind) == len(read)
    return by_kind


def pod(kind: str) -> dict[str, Any]:
    """The pod that a Deployment or a Job makes."""
    made: dict[str, Any] = manifests()[kind]["spec"]["template"]
    return made


@cache
def dockerfile() -> Sequence[Instruction]:
    text = (DEPLOY / "Dockerfile").read_text()
    without_remarks = re.sub(r"(?m)^#.*\n", "", text)
    lines = re.sub(r"\\\n\s*", "", without_remarks).splitlines()
    parts = [(*line.partition(" "), _words(line)) for line in lines if line]
    return [Instruction(name, text, words) for name, _, text, words in parts]


def stage() -> Sequence[Instruction]:
    """What the image is made by: the stages before the last are thrown away."""
    last = max(at for at, it in enumerate(dockerfile()) if it.name == "FROM")
    return dockerfile()[last:]


def the(name: str) -> Instruction:
    """The image's only instruction of this name."""
    (found,) = [it for it in stage() if it.name == name]
    return found


def image_variables() -> dict[str, str]:
    return dict(word.split("=", 1) for word in the("ENV").text.split())


def directive(name: str, text: str = NGINX) -> str:
    """The value of a directive of nginx' that stands there once."""
    (found,) = re.findall(rf"(?m)^\s*{name} ([^;]+);", text)
    return str(found)


def block(opening: str) -> str:
    """What stands in nginx' braces after this."""
    return NGINX.partition(f"{opening} {{")[2].partition("}")[0]


def variables() -> Iterator[str]:
    """Every variable that a container of Parley's gets, with `_FILE` taken off."""
    for it in instances().values():
        yield from (name.removesuffix("_FILE") for name in it["environment"])
    yield from manifests()["ConfigMap"]["data"]
    yield from manifests()["Secret"]["stringData"]
    yield from image_variables()


def _words(line: str) -> Sequence[str] | None:
    found = re.search(r"\[.*\]$", line)
    return None if found is None else [str(word) for word in json.loads(found[0])]
