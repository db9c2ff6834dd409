"""The dashboard and the alerts name nothing that is not there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.metrics import Metrics
from tests.server.process import ROOT

_PROMETHEUS = ROOT / "deploy" / "prometheus"
_DASHBOARD = ROOT / "deploy" / "grafana" / "parley.json"
_NAME = re.compile(r"\bparley_\w+")
_LABELS = re.compile(r"(parley_\w+)\{([^}]*)\}")
_BY = re.compile(r"by \(([^)]*)\)")
_OF_PROMETHEUS = {"le", "instance", "job"}


def described() -> dict[str, tuple[str, ...]]:
    """The labels of every series, by its name."""
    metrics = Metrics()
    metrics.show_circuits(dict)
    metrics.show_held(lambda: None)
    metrics.show_redis(lambda: True)
    found: dict[str, tuple[str, ...]] = {}
    for one in metrics.described:
        suffixes = ("_bucket", "_count", "_sum") if one.kind == "histogram" else ("",)
        found |= {f"{one.name}{suffix}": one.labels for suffix in suffixes}
    return found


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((_PROMETHEUS / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_what_is_asked_for_is_there(where: str, expression: str) -> None:
    """Every metric exists, and so does every label that is asked for."""
    known = described()
    names = _NAME.findall(expression)
    assert set(names) <= set(known), where
    for name, matched in _LABELS.findall(expression):
        labels = set(re.findall(r"(\w+)\s*[=!]~?", matched))
        assert labels <= {*known[name], *_OF_PROMETHEUS}, where
    for labels in _BY.findall(expression):
        for name in names:
            assert {*re.findall(r"\w+", labels)} <= {*known[name], *_OF_PROMETHEUS}, where


def test_everything_that_is_counted_is_shown() -> None:
    """No metric is missing from the dashboard."""
    shown = set(_NAME.findall(_DASHBOARD.read_text()))
    for name in described():
        base = re.sub(r"_(bucket|count|sum)$", "", name)
        assert any(one == name or one.startswith(f"{base}_bucket") for one in shown), name


def test_an_alert_says_what_to_do() -> None:
    """Each has a name of its own, a sentence, and a word on what to do."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].endswith(".")


def test_an_alert_names_labels_that_it_has() -> None:
    """What a sentence fills in is what its expression groups by, or the metric's own label."""
    known = described()
    for rule in rules():
        said = " ".join(rule["annotations"].values())
        by = {w for labels in _BY.findall(rule["expr"]) for w in re.findall(r"\w+", labels)}
        own = {label for name in _NAME.findall(rule["expr"]) for label in known[name]}
        told = by or own | {"instance"}
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= told, rule["alert"]


def test_panels_do_not_overlap() -> None:
    """Each has a place and a number of its own."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    """Where it is installed."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed; the other tests hold the names.")
    for kind, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run(
            ["promtool", "check", kind, *(["--syntax-only"] if kind == "config" else []), file],
            cwd=_PROMETHEUS,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
