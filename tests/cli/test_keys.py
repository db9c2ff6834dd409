"""`flask keys`: what the administrators' routes do, in a terminal."""

from __future__ import annotations

import re

import pytest
from click.testing import Result
from flask import Flask

from app.services import Services
from tests.cli.commands import run

_KEY = re.compile("parley_[A-Za-z0-9_-]{43}")


def made(app: Flask, *args: str) -> tuple[str, str]:
    """A new key's id, and the key, which stands alone on stdout."""
    result = run(app, "keys", "create", *args)
    assert result.exit_code == 0, result.output
    key = result.stdout.removesuffix("\n")
    assert _KEY.fullmatch(key)
    found = re.match("key_[0-9a-f]{32} of ", result.stderr)
    assert found is not None
    return found[0].removesuffix(" of "), key


def refused(result: Result) -> str:
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    return result.stderr


def test_a_key_has_what_it_was_given(app: Flask, services: Services) -> None:
    """Every option arrives, and the key works."""
    options = {
        "--owner": "ada",
        "--name": "The phone",
        "--team": "red",
        "--scope": "chat",
        "--model": "demo/*",
        "--expires": "2100-01-01T00:00:00Z",
        "--metadata": '{"a": 1}',
        "--requests-per-minute": "60",
        "--max-output-tokens": "9",
        "--day-budget": "1.50",
    }
    key_id, key = made(app, *(word for pair in options.items() for word in pair))
    account = services.identity.of(key, "192.0.2.1")
    assert (account.owner, account.team, account.scopes) == ("ada", "red", ("chat",))
    assert (account.models, account.requests_per_minute) == (("demo/*",), 60)
    shown = run(app, "keys", "show", key_id).stdout
    said = dict(re.findall(r"^(\w+)  +(.*)$", shown, re.MULTILINE))
    assert said["budgets"] == '{"day":"1.5"}'
    assert said["metadata"] == '{"a":1}'
    assert said["expires_at"] == "2100-01-01T00:00:00.000+00:00"
    assert (said["name"], said["state"]) == ("The phone", "active")
    assert key not in shown


def test_keys_are_listed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, however many pages that are, the newest first, and none in full."""
    monkeypatch.setattr("app.cli.keys._PAGE", 2)
    keys = [made(app, "--owner", f"ada{number}") for number in range(5)]
    run(app, "keys", "revoke", keys[0][0])
    printed = run(app, "keys", "list").stdout
    head, *rows = printed.splitlines()
    assert head.split() == ["ID", "KEY", "NAME", "OWNER", "TEAM", "SCOPES", "STATE", "EXPIRES"]
    assert [row.split()[0] for row in rows] == [key_id for key_id, _ in reversed(keys)]
    assert [row.split()[-1] for row in rows] == [*["active"] * 4, "revoked"]
    assert _KEY.search(printed) is None


def test_a_rotation_and_a_revocation(app: Flask, services: Services) -> None:
    """The new key works and the old one for as long as was said; revoked, neither does."""
    key_id, old = made(app, "--owner", "ada")
    new = run(app, "keys", "rotate", key_id, "--overlap-seconds", "60").stdout.strip()
    for key in (old, new):
        assert services.identity.of(key, "192.0.2.1").key_id == key_id
    for _ in range(2):
        result = run(app, "keys", "revoke", key_id)
        assert result.stdout.startswith(f"{key_id} is revoked.")
    assert "revoked, for good" in refused(run(app, "keys", "rotate", key_id))


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["--owner", " "], "owner"),
        (["--owner", "ada", "--scope", "root"], "scopes"),
        (["--owner", "ada", "--streams", "-1"], "limits.streams"),
        (["--owner", "ada", "--day-budget", "-1"], "budgets.day"),
        (["--owner", "ada", "--expires", "2020-01-01T00:00:00Z"], "expires_at"),
        (["--owner", "ada", "--metadata", "[]"], "metadata"),
        (["--owner", "ada", "--metadata", "{"], "--metadata"),
        ([], "--owner"),
    ],
)
def test_a_bad_value_is_told(app: Flask, services: Services, args: list[str], field: str) -> None:
    """By its name, under the rules that hold over HTTP; and there is no key."""
    assert field in refused(run(app, "keys", "create", *args))
    assert services.keys.page(1, None) == ([], None)


@pytest.mark.parametrize("command", ["show", "rotate", "revoke"])
def test_an_id_that_nobody_has(app: Flask, command: str) -> None:
    """It is told in a sentence."""
    assert "There is no key with this id" in refused(run(app, "keys", command, "key_none"))
