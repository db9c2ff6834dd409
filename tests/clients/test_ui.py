"""The AI SDK from npm, with its own transport and reader, against a real server."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.door import Door, opened, prompt
from tests.clients.jobs import done
from tests.server.conftest import quote as quote  # a fixture
from tests.server.cutter import Cutter
from tests.upstream.catalogue import CATALOGUE

Quote = Callable[[str], None]

# Whole in many ways, in shreds, and with half characters; each is always the same.
_MODELS = [
    "openai/mock-200-0",
    "openai/mock-60-3000",
    "anthropic/mock-40-5000",
    "anthropic/reasoning-30",
    "openai/drip-20",
    "openai/surrogates-0",
    "openai/length-50",
    "anthropic/crlf-30",
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("ui")) as door:
        yield door


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Door]:
    """It gives up models that are silent soon."""
    limits = {"FIRST_BYTE_TIMEOUT": "1", "READ_TIMEOUT": "1", "RUN_TIMEOUT": "4"}
    with opened(tmp_path, **limits) as door:
        yield door


def job(chat: object, model: str, **more: Any) -> dict[str, Any]:
    how = "continue" if more.get("resumes") else "cancel"
    return {"chat": str(chat), "body": {"model": model, "on_disconnect": how}, **more}


def text(found: dict[str, Any], kind: str = "text") -> str:
    return "".join(part["text"] for part in found["message"]["parts"] if part["type"] == kind)


def test_a_chat(door: Door) -> None:
    """A message comes whole, with its id, its metadata and a finish."""
    [found] = done("ui.mjs", door, [job("a", "openai/mock-3")])
    assert (text(found), found["end"], found["afterEnd"]) == ("t0 t1 t2 ", "finish", 0)
    message = found["message"]
    assert message["id"].startswith("msg_")
    assert message["metadata"]["usage"]["output_tokens"] > 0
    assert message["metadata"]["cost_usd"] > 0
    assert [part["type"] for part in message["parts"]] == ["step-start", "text"]
    assert message["parts"][1]["state"] == "done"


def test_reasoning(door: Door) -> None:
    """What a model thinks is a reasoning part, before the text."""
    [found] = done("ui.mjs", door, [job("r", "anthropic/reasoning-3")])
    assert (text(found, "reasoning"), text(found)) == ("r0 r1 r2 ", "t0 t1 t2 ")


@pytest.mark.parametrize("model", ["openai/mock-9000-5000", "anthropic/stall-2"])
def test_abort(door: Door, model: str) -> None:
    """To abort the fetch closes the connection to the model at once."""
    [found] = done("ui.mjs", door, [job(f"left {model.replace('/', ' ')}", model, abort=True)])
    assert prompt(door.until_closed(found["leftAt"]))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "nobody/x"}, 422, "unknown_model"),
        ({"temperature": "hot"}, 422, "invalid_request"),
    ],
)
def test_a_refusal(door: Door, body: dict[str, Any], status: int, code: str) -> None:
    """What is refused before it begins is an error with its status and the problem as its text."""
    [found] = done("ui.mjs", door, [{"chat": "no", "body": body}])
    assert found["status"] == status
    assert code in found["error"]


def test_a_failure(door: Door) -> None:
    """What fails later is an error with the sentence, and the message says what it was."""
    [found] = done("ui.mjs", door, [job("f", "openai/cut-3")])
    assert (text(found), found["end"], found["afterEnd"]) == ("t0 t1 t2 ", "error", 0)
    assert found["message"]["metadata"]["error"]["code"] == "provider_cut_off"
    assert found["message"]["metadata"]["error"]["detail"] in found["error"]


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.prove)])
def test_every_fault_has_an_end(impatient: Door, count: int, quote: Quote) -> None:
    """Whatever a model server does, and wherever the connection is cut: a stream ends in `finish`
    or in an error, or it is resumed and ends so then; a clean end without a word there is not.
    """
    chance = random.Random(count)
    entries = [entry.model for entry in CATALOGUE if "wait" not in entry.model]
    # A name for each, that has no other effect: what fails too often is not even asked any more.
    models = [
        f"{chance.choice(['openai', 'anthropic'])}/slow-0.{n:06}-{chance.choice(entries)}"
        for n in range(count)
    ]
    jobs = [job(f"fault {n} of {count}", model, resumes=12) for n, model in enumerate(models)]
    with Cutter(impatient.url, seed=count, most=6_000).running() as cutter:
        ended = done("ui.mjs", impatient, jobs, url=cutter.url)
    outcomes = Counter(_outcome(found) for found in ended)
    quote(f"{count} faults, {cutter.cuts} cut connections: {dict(outcomes)}")
    assert len(ended) == count
    assert cutter.cuts > count / 10
    assert not outcomes["nothing"]
    assert all(found["afterEnd"] == 0 for found in ended if found.get("end"))


def _outcome(found: dict[str, Any]) -> str:
    """`unheard`: its post broke before an answer began, which the client knows."""
    if found.get("end"):
        return f"{found['end']}{' after a resume' if found['resumed'] else ''}"
    return "refused" if found.get("status") else "unheard" if found.get("error") else "nothing"


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.prove)])
def test_a_resumed_message_is_the_whole_one(door: Door, count: int, quote: Quote) -> None:
    """Cut at random bytes, however often, and resumed, a message has the parts of one that nobody
    cut.
    """
    plain = [job(f"{count} {n}", model) for n, model in enumerate(_MODELS)]
    whole = {found["chat"].split()[-1]: found for found in done("ui.mjs", door, plain)}
    kinds = [n % len(_MODELS) for n in range(count)]
    jobs = [
        job(f"{count} {n} cut {kind}", _MODELS[kind], resumes=40) for n, kind in enumerate(kinds)
    ]
    with Cutter(door.url, seed=count, most=9_000).running() as cutter:
        ended = done("ui.mjs", door, jobs, url=cutter.url)
    for found in ended:
        expected = whole[found["chat"].split()[-1]]
        if not found.get("message") and found.get("nothing"):
            continue  # the post itself never arrived
        assert found["end"] == expected["end"], found
        assert found["message"]["parts"] == expected["message"]["parts"]
    resumed = sum(found["resumed"] > 0 and bool(found.get("end")) for found in ended)
    quote(f"{count} messages, {cutter.cuts} cuts, {resumed} resumed: all as nobody cut them")
    assert resumed > count / 4
