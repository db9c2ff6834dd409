"""Rules as they are written, and what is said of those that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import ConfigError
from app.filtering.rules import read

_TOML = """
[[rules]]
name = "credentials"
patterns = ["sk-[a-z]{4,8}"]
action = "block"

[[rules]]
name = "personal"
personal = ["email"]
action = "mask"
directions = ["question"]
"""
_JSON = '{"rules": [{"name": "w", "words": ["a"], "action": "flag"}]}'


def test_no_rules() -> None:
    """Without the variable there are none, and nothing is marked."""
    assert read(None).every == ()
    assert read(None).mark == ""


def test_inline_and_from_a_file(tmp_path: Path) -> None:
    """The text itself and a file that holds it are the same rules."""
    (tmp_path / "rules.toml").write_text(_TOML)
    rules = read(str(tmp_path / "rules.toml"))
    assert rules == read(_TOML)
    assert [rule.name for rule in rules.of("answer")] == ["credentials"]
    assert [rule.name for rule in read(_JSON).of("question")] == ["w"]


def test_other_rules_have_another_mark() -> None:
    """Answers that were kept under other rules are not given again."""
    assert read(_JSON).mark != read(_JSON.replace("flag", "block")).mark


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("/nowhere/rules.toml", "cannot be read"),
        ("[[rules", "Expected"),
        ("{", "truncated"),
        ('{"rules": [{"name": "x", "action": "block"}]}', "looks for nothing"),
        ('{"rules": [{"name": "x", "action": "stop", "words": ["a"]}]}', "Invalid enum"),
        ('{"rules": [{"name": "X y", "action": "flag", "words": ["a"]}]}', "matching regex"),
        ('{"rules": [{"name": "x", "action": "flag", "word": ["a"]}]}', "unknown field"),
        ('{"rules": [{"name": "x", "action": "flag", "patterns": ["a*"]}]}', "without end"),
        ('{"rules": [{"name": "x", "action": "mask", "moderation": ["any"]}]}', "block or flag"),
        ('{"rules": [{"name": "x", "action": "flag", "moderation": ["any"]}]}', "OPENAI_API_KEY"),
        (
            '{"rules": [{"name": "x", "action": "flag", "words": ["a"], "directions": []}]}',
            "directions is empty",
        ),
        (
            '{"rules": [{"name": "x", "action": "flag", "words": ["a"]},'
            ' {"name": "x", "action": "flag", "words": ["b"]}]}',
            "two rules are called x",
        ),
    ],
)
def test_what_cannot_be_used(said: str, sentence: str) -> None:
    """A bad rule stops the start, with a sentence that names the variable and the rule."""
    with pytest.raises(ConfigError) as refused:
        read(said, moderated=False)
    assert all(problem.startswith("FILTER_RULES: ") for problem in refused.value.problems)
    assert sentence in str(refused.value)


def test_all_problems_at_once() -> None:
    """Every bad rule is listed."""
    said = (
        '{"rules": [{"name": "a", "action": "flag", "patterns": ["a*", "(b"]},'
        ' {"name": "c", "action": "flag"}]}'
    )
    with pytest.raises(ConfigError) as refused:
        read(said)
    assert len(refused.value.problems) == 3
