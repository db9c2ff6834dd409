"""Whose key it is: who is right passes, who is wrong is told why, and nobody how nearly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import Account, Limits, allowed
from app.cluster.bus import Bus
from app.errors import NotAuthenticated, TooMany
from app.ids import now
from app.services import identity as module
from app.services import throttle
from app.services.digests import Digests
from app.services.identity import Identity
from app.services.keys import Keys
from app.services.standing import Standing
from app.services.teams import Teams
from app.storage import keys as rows
from app.storage.database import Database, connect
from app.storage.migrate import migrate
from tests.cluster.connected import Connect
from tests.cluster.redis_server import RedisServer
from tests.properties import examples
from tests.storage.databases import fresh

_HERE, _THERE = "192.0.2.1", "192.0.2.2"
_ADMIN = "an-admin-key-of-the-tests"
_GIVEN: dict[str, Any] = {"owner": "ada", "scopes": ["chat"]}


class Process:
    """What one process has: its own memory, and a database that it shares."""

    def __init__(
        self, database: Database, secret: str | None = None, bus: Bus | None = None
    ) -> None:
        standing = Standing(database, Digests(database, secret), _ADMIN)
        self.identity = Identity(standing, is_open=False, bus=bus)
        self.keys = Keys(database, Digests(database, secret), self.identity.forget)
        self.teams = Teams(database, self.identity.forget)

    def made(self, **given: Any) -> tuple[str, str]:
        """A new key's id, and the key."""
        kept = self.keys.create({**_GIVEN, **given}, {})
        assert kept.secret
        return kept.key.id, kept.secret

    def of(self, sent: str, address: str = _HERE) -> Account:
        return self.identity.of(sent, address)

    def refusal(self, sent: str, address: str = _HERE) -> str:
        with pytest.raises(NotAuthenticated) as caught:
            self.of(sent, address)
        return caught.value.detail


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(fresh(tmp_path))
    migrate(made)
    with gevent.Timeout(60):
        yield made
    made.close()


@pytest.fixture
def process(database: Database) -> Process:
    return Process(database)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digests that the database is asked for, one after the other."""
    asked: list[str] = []
    real = rows.by_digest

    def by_digest(tx: Any, digest: str) -> Any:
        asked.append(digest)
        return real(tx, digest)

    monkeypatch.setattr(rows, "by_digest", by_digest)
    return asked


def test_a_key_is_its_owners(process: Process) -> None:
    """The account has all that the key was given, and what its team shares."""
    limits = {"streams": 2, "max_output_tokens": 100}
    key_id, key = process.made(team="red", models=["demo/*"], limits=limits)
    process.teams.put("red", {"requests_per_minute": 5, "max_output_tokens": 50}, {})
    assert process.of(key) == Account(
        owner="ada",
        key_id=key_id,
        team="red",
        scopes=("chat",),
        models=("demo/*",),
        streams=2,
        max_output_tokens=50,
        team_limits=Limits(requests_per_minute=5, max_output_tokens=50),
    )
    assert process.of(_ADMIN) == Account(owner="admin")


@examples(50)
@given(position=st.integers(0, 49), sign=st.sampled_from("AZaz09_-"))
def test_a_nearly_right_key_is_as_wrong_as_any(process: Process, position: int, sign: str) -> None:
    """One sign that differs, wherever it is, makes the key unknown, with the same words."""
    _, key = process.made()
    nearly = key[:position] + sign + key[position + 1 :]
    if nearly != key:
        address = f"198.51.100.{position}"  # or the guesses would be slowed
        assert process.refusal(nearly, address) == "This key is not valid here."


def test_nothing_depends_on_how_much_is_right(process: Process, looked_up: list[str]) -> None:
    """Keys with a right beginning, or right but for one sign, are looked up by digests that have
    nothing in common with the right one's.
    """
    _, key = process.made()
    process.of(key)
    [right] = looked_up
    wrong = [key[:length] + "x" * (50 - length) for length in (7, 20, 40, 49)]
    wrong.append("parley_" + ("B" if key[7] == "A" else "A") + key[8:])
    for number, nearly in enumerate(wrong):
        process.refusal(nearly, f"198.51.100.{number}")
    for digest in looked_up[1:]:
        assert len(digest) == 64
        same = sum(a == b for a, b in zip(digest, right, strict=True))
        assert same < 20  # four are to be expected by chance
        assert digest[:8] != right[:8]
    assert len(looked_up) == len({*looked_up}) == 6
    assert key not in "".join(looked_up)


@pytest.mark.parametrize(
    "sent",
    ["x", "parley_", "parley_short", "sk-" + "x" * 43, "parley_" + "ü" * 43, "\0", "x" * 9999],
)
def test_what_is_no_key_is_not_looked_up(process: Process, looked_up: list[str], sent: str) -> None:
    """A text of another form costs no question to the database."""
    process.made()
    assert process.refusal(sent) == "This key is not valid here."
    assert looked_up == []


def test_an_answer_is_believed_for_a_moment(
    process: Process, looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In it the database is asked once about a key, right or wrong; then it is asked again."""
    _, key = process.made()
    wrong = "parley_" + "x" * 43
    for _ in range(5):
        process.of(key)
        process.refusal(wrong)
    assert len(looked_up) == 2
    monkeypatch.setattr(module, "monotonic", lambda: 1e12)
    process.of(key)
    assert len(looked_up) == 3


def test_what_is_remembered_is_bounded(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """More keys than are remembered push out the oldest, and all of them go on working."""
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    made = [process.made()[1] for _ in range(6)]
    for key in made * 2:
        assert process.of(key).owner == "ada"
    assert len(process.identity._answers) == len(process.identity._right) == 3


def test_a_revocation_holds_everywhere_in_time(database: Database, process: Process) -> None:
    """Another process, which has just taken the key, refuses it within 5 s; this one at once."""
    other = Process(database)
    key_id, key = process.made()
    assert other.of(key) == process.of(key)
    process.keys.revoke(key_id)
    assert process.refusal(key).startswith("This key was revoked on 2")
    with gevent.Timeout(5):
        while True:
            try:
                other.of(key)
            except NotAuthenticated:
                break
            gevent.sleep(0.05)
    process.keys.revoke(key_id)


@pytest.fixture
def two(database: Database, connect: Connect) -> Iterator[list[Process]]:
    """Two processes that tell each other what changes; what one remembers, it believes for long."""
    with ExitStack() as stack:
        made = []
        for name in ("one", "other"):
            bus = Bus(connect(), name)
            made.append(Process(database, bus=bus))
            bus.start()
            stack.callback(bus.close)
            while bus._news not in bus._read:  # it hears what is said from then on
                gevent.sleep(0.01)
        yield made


def test_a_change_is_heard_by_the_others(
    two: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is revoked, and a team's limits, at once and not after what is remembered."""
    monkeypatch.setattr(module, "_FRESH", 600.0)
    one, other = two
    key_id, key = one.made(team="red")
    assert other.of(key).team_limits == one.of(key).team_limits == Limits()
    one.teams.put("red", {"streams": 3}, {})
    with gevent.Timeout(1):
        while other.of(key).team_limits != Limits(streams=3):
            gevent.sleep(0.01)
    one.keys.revoke(key_id)
    with gevent.Timeout(1):
        while other.identity._answers:
            gevent.sleep(0.01)
    assert other.refusal(key).startswith("This key was revoked on 2")


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_a_change_needs_no_redis(two: list[Process], redis_server: RedisServer, how: str) -> None:
    """It holds here at once and takes no second, and there a moment later."""
    one, other = two
    key_id, key = one.made()
    assert other.of(key) == one.of(key)
    getattr(redis_server, how)()
    begun = monotonic()
    one.keys.revoke(key_id)
    assert one.refusal(key).startswith("This key was revoked on 2")
    assert monotonic() - begun < 1
    gevent.sleep(module._FRESH)
    assert other.refusal(key).startswith("This key was revoked on 2")
    redis_server.thaw() if how == "freeze" else redis_server.start()


def test_an_expiry_is_kept_to_the_moment(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was taken is refused from its expiry on, though it is remembered."""
    _, key = process.made(expires_at=now() + 300)
    assert process.of(key).owner == "ada"
    gevent.sleep(0.35)
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    assert process.refusal(key).startswith(f"This key expired on {day} at ")


def test_a_rotation_with_an_overlap(process: Process) -> None:
    """Until its end both keys are the same account; after it the old one is told so."""
    key_id, old = process.made(limits={"streams": 1})
    before = process.of(old)
    new = process.keys.rotate(key_id, 60).secret
    assert new
    assert new != old
    assert process.of(old) == process.of(new) == before
    newest = process.keys.rotate(key_id).secret
    assert newest
    assert process.of(newest) == before
    assert process.refusal(new).startswith("This key was replaced by another")
    assert process.refusal(old) == "This key is not valid here."


def test_a_change_holds_at_once(process: Process) -> None:
    """What is changed here is not remembered as it was."""
    key_id, key = process.made()
    assert process.of(key).models is None
    process.keys.change(key_id, {"models": ["demo/*"]}, {})
    assert process.of(key).models == ("demo/*",)


def test_the_secret_makes_the_digests(database: Database) -> None:
    """A key is found under the secret that it was made under, and under no other."""
    secret = "a-secret-of-the-environment"
    _, key = Process(database, secret).made()
    assert Process(database, secret).of(key).owner == "ada"
    for other in ("another-secret-entirely", None):
        assert Process(database, other).refusal(key) == "This key is not valid here."
    _, kept = Process(database).made()
    assert Process(database).of(kept).owner == "ada"


def test_asking_makes_nothing(database: Database, process: Process) -> None:
    """A stranger's key does not even make the secret: where there are no keys, there is none."""
    process.refusal("parley_" + "x" * 43)
    assert database.read(lambda tx: rows.page(tx, 1, None)).keys == []
    assert (
        database.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM secrets").scalar()) == 0
    )


class TestGuesses:
    """Wrong keys are counted by the address that they come from."""

    @pytest.fixture
    def guessed(self, process: Process, looked_up: list[str]) -> Process:
        """After as many as are let through in a minute."""
        for number in range(throttle._WRONG):
            process.refusal(f"parley_{number:043}")
        looked_up.clear()
        return process

    def test_more_are_refused_unseen(self, guessed: Process, looked_up: list[str]) -> None:
        """They are told when to come again, at once, right or wrong, and nobody looks them up."""
        _, never_seen = guessed.made()
        for sent in ("parley_" + "y" * 43, "x", never_seen, _ADMIN):
            with pytest.raises(TooMany) as caught:
                guessed.of(sent)
            assert 0 < (caught.value.retry_after or 0) <= 60
        assert looked_up == []

    def test_others_are_not_held_up(self, guessed: Process) -> None:
        """Another address may ask, and be wrong."""
        _, key = guessed.made()
        assert guessed.of(key, _THERE).owner == "ada"
        assert guessed.refusal("x", _THERE) == "This key is not valid here."

    def test_a_known_key_passes_still(self, guessed: Process) -> None:
        """One that was right lately is right from the guesser's address too, until it is not."""
        key_id, key = guessed.made()
        guessed.of(key, _THERE)
        assert guessed.of(key).owner == "ada"
        guessed.keys.revoke(key_id)
        assert guessed.refusal(key).startswith("This key was revoked")
        with pytest.raises(TooMany):
            guessed.of(key)

    def test_a_minute_later(self, guessed: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        """Then it may guess again."""
        later = monotonic() + throttle._SECONDS + 1
        monkeypatch.setattr(throttle, "monotonic", lambda: later)
        assert guessed.refusal("parley_" + "y" * 43) == "This key is not valid here."

    def test_keys_that_were_right_once_are_no_guesses(self, process: Process) -> None:
        """A program that goes on with its revoked key is told why, however often it asks."""
        key_id, key = process.made()
        process.keys.revoke(key_id)
        for _ in range(throttle._WRONG + 5):
            assert process.refusal(key).startswith("This key was revoked")


@pytest.mark.parametrize(
    ("models", "asked", "may"),
    [
        (None, "openai/gpt-5", True),
        (("openai/*",), "openai/gpt-5", True),
        (("openai/*",), "openai2/gpt-5", False),
        (("openai/gpt-5",), "openai/gpt-5-mini", False),
        (("demo/demo", "*/llama-*"), "groq/llama-4", True),
        (("*",), "ollama/qwen3:8b", True),
        (("OpenAI/*",), "openai/gpt-5", False),
        (("*a" * 40,), "x/" + "a" * 39, False),
    ],
)
def test_allowed_models(models: tuple[str, ...] | None, asked: str, may: bool) -> None:
    """A pattern means the whole name, and no pattern takes long."""
    with gevent.Timeout(5):
        assert allowed(Account(owner="ada", models=models), asked) is may
