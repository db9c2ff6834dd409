"""Calls that wait for a person: what is shown, decided, edited, denied, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.services import Services
from app.storage.tables import calls, parked
from tests.blueprints.agenting import (
    MODEL,
    acting,
    agent,
    beside,
    call,
    decide,
    events,
    results,
    streamed,
    with_tools,
)
from tests.blueprints.talk import eventually, is_problem, messages
from tests.services.agents.misbehaving import STARTED
from tests.storage.databases import fresh
from tests.upstream import Upstream

_DELETE = [call("delete_everything", what="logs")]


@pytest.fixture(scope="module")
def served() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, served: Upstream) -> Iterator[Flask]:
    with with_tools(tmp_path_factory.mktemp("shared"), served) as made:
        yield made


@pytest.fixture
def upstream(served: Upstream) -> Upstream:
    served.reset()
    STARTED.clear()
    return served


def waiting(client: FlaskClient, run_id: str) -> list[str]:
    """Ids of the calls that somebody has to decide about."""
    told = client.get(f"/api/runs/{run_id}/steps").get_json()
    return [each["call_id"] for each in told["waiting"]]


def state(client: FlaskClient, run_id: str) -> str:
    return str(client.get(f"/api/runs/{run_id}").get_json()["state"])


def test_a_stream_says_that_it_waits(client: FlaskClient, upstream: Upstream) -> None:
    """It ends with `done`, the reason approval and a moment, and nothing was carried out."""
    upstream.acting = acting(_DELETE, "Done.")
    frames = streamed(client)
    assert frames[1].event == "tool_call"
    assert frames[1].data["needs_approval"] is True
    assert frames[-1].data["stop_reason"] == "approval"
    assert frames[-1].data["finish_reason"] == "tool_calls"
    assert frames[-1].data["expires_at"]
    assert STARTED == []
    assert state(client, frames[0].data["run_id"]) == "waiting"


def test_a_json_answer_says_for_what(client: FlaskClient, upstream: Upstream) -> None:
    """It comes at once, with the call and its arguments."""
    upstream.acting = acting(_DELETE, "Done.")
    said = agent(client)
    assert said["stop_reason"] == "approval"
    (wanted,) = said["waiting"]
    assert (wanted["name"], wanted["arguments"]) == ("delete_everything", '{"what": "logs"}')


def test_approved(client: FlaskClient, upstream: Upstream) -> None:
    """It is carried out and the run goes on under its id, numbered where it stood."""
    upstream.acting = acting(_DELETE, "Done.")
    before = streamed(client)
    run_id = before[0].data["run_id"]
    (call_id,) = waiting(client, run_id)
    assert decide(client, run_id, call_id, decision="approve").status_code == 200
    after = events(client, run_id, after=before[-1].number)
    assert STARTED == ["delete logs"]
    assert [f.event for f in after][:2] == ["tool_result", "step"]
    assert after[-1].data["stop_reason"] == "answered"
    whole = events(client, run_id)
    assert whole[len(before) - 1].event == "approval"
    assert [frame.event for frame in whole].count("done") == 1
    assert state(client, run_id) == "done"
    conversation = whole[0].data["conversation_id"]
    assert messages(client, conversation)[-1]["content"] == "Done."


def test_edited(client: FlaskClient, upstream: Upstream) -> None:
    """The tool gets what the person wrote, and the model hears that somebody did."""
    upstream.acting = acting(_DELETE, "Done.")
    said = agent(client)
    (call_id,) = waiting(client, said["run_id"])
    edited = {"what": "nothing"}
    decide(client, said["run_id"], call_id, decision="edit", arguments=edited)
    events(client, said["run_id"])
    assert STARTED == ["delete nothing"]
    assert 'changed the arguments to {"what":"nothing"}' in results(upstream.requests[-1])[0]


def test_denied(client: FlaskClient, upstream: Upstream) -> None:
    """Nothing is carried out; the model is told, and answers."""
    upstream.acting = acting(_DELETE, "As you wish.")
    said = agent(client)
    (call_id,) = waiting(client, said["run_id"])
    decide(client, said["run_id"], call_id, decision="deny")
    assert events(client, said["run_id"])[-1].data["stop_reason"] == "answered"
    assert STARTED == []
    assert "has not agreed" in results(upstream.requests[-1])[0]


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "edit", "arguments": {"what": 5}},
        {"decision": "edit", "arguments": {"which": "x"}},
        {"decision": "edit"},
        {"decision": "approve", "arguments": {"what": "x"}},
        {"decision": "maybe"},
        {},
    ],
)
def test_bad_decisions(client: FlaskClient, upstream: Upstream, body: dict[str, Any]) -> None:
    """They are refused by field, and the run waits on."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    (call_id,) = waiting(client, run_id)
    said = is_problem(decide(client, run_id, call_id, **body), 422, "invalid_request")
    assert set(said["errors"]) <= {"arguments", "decision"}
    assert waiting(client, run_id) == [call_id]


def test_deciding_twice(client: FlaskClient, upstream: Upstream) -> None:
    """The same again changes nothing, while it goes on and afterwards; another is a conflict."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    (call_id,) = waiting(client, run_id)
    for _ in range(2):
        assert decide(client, run_id, call_id, decision="approve").status_code == 200
    events(client, run_id)
    assert decide(client, run_id, call_id, decision="approve").status_code == 200
    is_problem(decide(client, run_id, call_id, decision="deny"), 409, "conflict")
    assert STARTED == ["delete logs"]


def test_two_who_decide_at_once(client: FlaskClient, upstream: Upstream) -> None:
    """The call is carried out once."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    (call_id,) = waiting(client, run_id)
    jobs = [gevent.spawn(decide, client, run_id, call_id, decision="approve") for _ in range(5)]
    assert [job.get().status_code for job in jobs] == [200] * 5
    events(client, run_id)
    assert STARTED == ["delete logs"]


def test_calls_that_are_not_there(client: FlaskClient, upstream: Upstream) -> None:
    """Unknown calls, and runs, are not found."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    for run, called in ((run_id, "call_x"), ("run_x", "call_x")):
        is_problem(decide(client, run, called, decision="approve"), 404, "not_found")


def test_several_calls_wait_for_all_decisions(client: FlaskClient, upstream: Upstream) -> None:
    """What needs no word runs at once, and the run goes on with the last decision."""
    sends = [call("send", to="ada"), call("echo", text="a"), call("send", to="eve")]
    upstream.acting = acting(sends, "Done.")
    run_id = agent(client)["run_id"]
    first, second = waiting(client, run_id)
    decide(client, run_id, first, decision="approve")
    assert (state(client, run_id), waiting(client, run_id)) == ("waiting", [second])
    assert STARTED == []
    decide(client, run_id, second, decision="deny")
    assert events(client, run_id)[-1].event == "done"
    assert STARTED == ["send ada"]
    told = results(upstream.requests[-1])
    assert ["sent to ada" in told[0], "\na\n" in told[1], "not agreed" in told[2]] == [True] * 3


def test_what_runs_in_turn_waits_for_its_turn(client: FlaskClient, upstream: Upstream) -> None:
    """Where calls may not run side by side, those behind one that waits wait as well."""
    upstream.acting = acting(
        [call("in_turn", number=1), *_DELETE, call("in_turn", number=2)], "Done."
    )
    run_id = agent(client)["run_id"]
    assert STARTED == ["in 1"]
    (call_id,) = waiting(client, run_id)
    decide(client, run_id, call_id, decision="approve")
    events(client, run_id)
    assert STARTED == ["in 1", "delete logs", "in 2"]


def test_a_run_that_waits_holds_nothing(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """No money, no place and no greenlet: its call is booked, and memory has let go of it."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    query = select(calls.c.state).where(calls.c.run_id == run_id)
    assert services.database.read(lambda tx: tx.scalars(query).all()) == ["ok"]
    assert services.live.running(run_id) is None
    eventually(lambda: services.live._open == 0)


def test_a_run_that_waits_can_be_stopped(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """It ends without another word, what was said is kept, and nothing is left that waits."""
    upstream.acting = acting(_DELETE, "Done.")
    run_id = agent(client)["run_id"]
    assert client.post(f"/api/runs/{run_id}/stop").get_json()["state"] == "stopped"
    assert events(client, run_id)[-1].data["stop_reason"] == "stopped"
    left = select(func.count()).select_from(parked).where(parked.c.run_id == run_id)
    assert services.database.read(lambda tx: tx.scalar(left)) == 0
    assert STARTED == []


def test_a_conversation_that_is_deleted(client: FlaskClient, upstream: Upstream) -> None:
    """Its runs that wait go with it."""
    upstream.acting = acting(_DELETE, "Done.")
    said = agent(client)
    (call_id,) = waiting(client, said["run_id"])
    client.delete(f"/api/conversations/{said['conversation_id']}")
    is_problem(decide(client, said["run_id"], call_id, decision="approve"), 404, "not_found")


def test_a_caller_who_leaves_stops_nothing_that_waits(
    client: FlaskClient, upstream: Upstream
) -> None:
    """The stream has ended before; who comes back finds the run as it was."""
    upstream.acting = acting(_DELETE, "Done.")
    frames = streamed(client, on_disconnect="cancel")
    run_id = frames[0].data["run_id"]
    assert events(client, run_id) == frames
    assert state(client, run_id) == "waiting"


def test_another_process_goes_on_with_it(
    tmp_path: Path, client: FlaskClient, upstream: Upstream
) -> None:
    """All that is needed is in the database: an application that never saw the run ends it."""
    upstream.acting = acting(_DELETE, "Done.")
    url = fresh(tmp_path)
    with beside(tmp_path, upstream, url) as first:
        one = first.test_client()
        said = agent(one, "Please.", system="Be kind.", max_steps=3)
    with beside(tmp_path, upstream, url) as second:
        other = second.test_client()
        (call_id,) = waiting(other, said["run_id"])
        decide(other, said["run_id"], call_id, decision="approve")
        frames = events(other, said["run_id"])
    assert frames[-1].data["stop_reason"] == "answered"
    assert STARTED == ["delete logs"]
    asked = upstream.requests[-1]["messages"]
    assert [m["role"] for m in asked] == ["system", "user", "assistant", "tool"]
    assert asked[0]["content"].startswith("Be kind.")
    steps = [frame.data for frame in frames if frame.event == "step"]
    assert frames[-1].data["usage"]["input_tokens"] == sum(
        step["usage"]["input_tokens"] for step in steps
    )


def test_a_tool_that_is_gone_meanwhile(tmp_path: Path, upstream: Upstream) -> None:
    """The model is told, and the run ends with an answer."""
    upstream.acting = acting(_DELETE, "Done.")
    url = fresh(tmp_path)
    with beside(tmp_path, upstream, url) as first:
        run_id = agent(first.test_client())["run_id"]
    with beside(tmp_path, upstream, url, tools_modules=()) as second:
        other = second.test_client()
        (call_id,) = waiting(other, run_id)
        decide(other, run_id, call_id, decision="approve")
        assert events(other, run_id)[-1].event == "done"
    assert STARTED == []


def test_what_nobody_decides(tmp_path: Path, upstream: Upstream) -> None:
    """When the time is up it is denied, and the run ends by itself."""
    upstream.acting = acting(_DELETE, "Without it, then.")
    with with_tools(tmp_path, upstream, agent_approval_seconds=0.2) as made:
        services, client = made.extensions["parley"], made.test_client()
        services.approvals.watch()
        run_id = agent(client)["run_id"]
        eventually(lambda: state(client, run_id) == "done")
        frames = events(client, run_id)
        (told,) = [frame.data for frame in frames if frame.event == "approval"]
        is_problem(decide(client, run_id, told["call_id"], decision="approve"), 409, "conflict")
    assert told["by"] == "time"
    assert "Nobody has agreed" in results(upstream.requests[-1])[0]


def test_somebody_elses_run(tmp_path: Path, upstream: Upstream) -> None:
    """Its calls are not there for anybody but its owner, however much the key may do."""
    upstream.acting = acting(_DELETE, "Done.")
    with with_tools(tmp_path, upstream, port=8000, admin_key="an-admin-key") as made:
        client = made.test_client()
        admin = {"Authorization": "Bearer an-admin-key"}
        made_key = client.post(
            "/api/admin/keys", json={"owner": "ada", "scopes": ["agent"]}, headers=admin
        ).get_json()
        ada = {"Authorization": f"Bearer {made_key['key']}"}
        body = {"message": "Do it.", "model": MODEL}
        said = client.post("/api/agent", json=body, headers=ada, buffered=True).get_json()
        path = f"/api/runs/{said['run_id']}/approvals/{said['waiting'][0]['call_id']}"
        is_problem(client.post(path, json={"decision": "approve"}, headers=admin), 404, "not_found")
        assert client.post(path, json={"decision": "approve"}, headers=ada).status_code == 200
