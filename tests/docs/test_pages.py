"""What the pages point to is there, and what they show in files is right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app.filtering import rules
from app.tools.own import of
from tests.docs.pages import PAGES, page, section, unfenced, written
from tests.server.process import ROOT

_TESTS = re.compile(r"`([\w/]+\.py)::(\w+)`")
# Whose pages are named, beside examples and this machine.
_OTHERS = {"llm.datasette.io"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@cache
def anchors(path: Path) -> set[str]:
    """Of the headings, as hosts of repositories make them."""
    titles = re.findall(r"(?m)^#+ (.+)$", unfenced(path.read_text()))
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def links() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        for target in _LINK.findall(unfenced(path.read_text())):
            if "://" not in target:
                yield written(path), target


@pytest.mark.parametrize(("where", "target"), list(links()))
def test_a_link_leads_somewhere(where: str, target: str) -> None:
    """Every link within the repository is to a file of it, and to a heading that it has."""
    file, _, anchor = target.partition("#")
    there = (ROOT / where).parent / file if file else ROOT / where
    assert there.exists()
    assert not anchor or anchor in anchors(there)


def test_every_page_is_found() -> None:
    """From the README one gets to each of them."""
    read = (ROOT / "README.md").read_text()
    assert [path.name for path in PAGES[1:] if f"({written(path)})" not in read] == []


def test_every_room_is_told() -> None:
    """docs/architecture.md has each folder of app/, and no other."""
    rooms = {f"app/{path.parent.name}/" for path in (ROOT / "app").glob("*/__init__.py")}
    told = set(re.findall(r"`(app/\w+/)`", page("docs/architecture.md")))
    assert told - {"app/prompts/", "app/web/"} == rooms  # files, and no module


@pytest.mark.parametrize(
    ("title", "begins", "file"),
    [
        ("Containers", "docker ", "deploy/Dockerfile"),
        ("Kubernetes", "kubectl ", "deploy/kubernetes/migrate.yaml"),
    ],
)
def test_the_files_say_the_same(title: str, begins: str, file: str) -> None:
    """What docs/deploying.md has one type is what the head of the file has one type."""
    lines = [line.strip() for line in section("docs/deploying.md", title).splitlines()]
    typed = [line for line in lines if line.startswith(begins)]
    head = [line.lstrip("# ") for line in (ROOT / file).read_text().splitlines()]
    assert typed == [line for line in head if line.startswith(begins)]


def threats() -> list[tuple[str, str]]:
    return _TESTS.findall(page("docs/security.md"))


@pytest.mark.parametrize(("file", "name"), threats())
def test_a_proof_is_there(file: str, name: str) -> None:
    """Every test that docs/security.md names is one."""
    assert name.startswith("test_")
    assert name in functions(ROOT / "tests" / file)


def test_every_threat_has_a_proof() -> None:
    """No row under `Threats` goes without a test."""
    lines = [
        line for line in section("docs/security.md", "Threats").splitlines() if line[:1] == "|"
    ]
    told = [line for line in lines if not re.match(r"\| (threat|---) ", line)]
    assert len(told) > 30
    assert [line for line in told if not _TESTS.search(line)] == []


@pytest.mark.parametrize("path", PAGES, ids=written)
def test_nothing_of_a_machine_is_told(path: Path) -> None:
    """No path of somebody's home, and no address but of examples and of this machine."""
    text = path.read_text()
    assert re.findall(r"/(?:home|root|work|Users)/", text) == []
    hosts = set(re.findall(r"(?:https?|wss?)://([\w.-]+)", text)) - _OTHERS
    assert [host for host in hosts if not re.search(r"^127\.0\.0\.1|example|localhost", host)] == []


def test_the_rules_can_be_used() -> None:
    """The rules in docs/privacy.md are rules as they stand there."""
    (shown,) = re.findall(r"(?s)```toml\n(.*?)```", section("docs/privacy.md", "Filtering"))
    found = rules.read(shown)
    assert [rule.name for rule in found.every] == re.findall(r'name = "(\w+)"', shown)


def test_the_tool_can_be_called() -> None:
    """The function in docs/agents.md is a tool as it stands there, and still a function."""
    (shown,) = re.findall(r"(?s)```python\n(.*?)```", section("docs/agents.md", "Tools"))
    made: dict[str, object] = {}
    exec(compile(shown, "shop", "exec"), made)
    function = made["stock"]
    assert callable(function)
    assert function("A-1234", None) == 6
    tool = of(function)
    assert tool is not None
    assert tool.name == "stock"
