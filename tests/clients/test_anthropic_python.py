"""Anthropic's SDK for Python, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import gevent
import pytest

from tests.clients.door import Door, now, opened, prompt

pytestmark = pytest.mark.usefixtures("within_a_minute")

_HELLO: Any = [{"role": "user", "content": "Hello"}]
_TOOL: Any = {
    "name": "lookup",
    "description": "Looks up the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
_ARGUMENTS = {"city": 'Kraków "0" 🙂', "days": 0}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("anthropic")) as door:
        yield door


@pytest.fixture
def client(door: Door) -> Iterator[anthropic.Anthropic]:
    with made(door) as client:
        yield client


def made(door: Door, key: str | None = None) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=door.url, api_key=key or door.key, max_retries=0)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_chat(client: anthropic.Anthropic, provider: str) -> None:
    """A whole answer has its text, its end, its tokens, and what they cost."""
    said = client.messages.create(model=f"{provider}/mock-3", max_tokens=50, messages=_HELLO)
    assert said.content[0].to_dict() == {"text": "t0 t1 t2 ", "type": "text"}
    assert said.stop_reason == "end_turn"
    assert (said.usage.input_tokens, said.usage.cache_read_input_tokens) == (6, 4)
    assert said.usage.output_tokens == 5
    assert said.usage.cost_usd == pytest.approx(60e-6)  # type: ignore[attr-defined]
    assert str(said._request_id).startswith("req_")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_stream(client: anthropic.Anthropic, provider: str) -> None:
    """Its pieces are the text, and its end brings the tokens."""
    model = f"{provider}/mock-50"
    with client.messages.stream(model=model, max_tokens=50, messages=_HELLO) as stream:
        pieces = list(stream.text_stream)
        said = stream.get_final_message()
    assert pieces == [f"t{n} " for n in range(50)]
    assert (said.stop_reason, said.usage.input_tokens, said.usage.output_tokens) == (
        "end_turn", 6, 52,
    )  # fmt: skip


def test_a_thought(client: anthropic.Anthropic) -> None:
    """Reasoning of any vendor comes as blocks of thinking, before the text."""
    for provider, signature in (("openai", ""), ("anthropic", "c2lnbmVk")):
        model = f"{provider}/reasoning-2"
        with client.messages.stream(model=model, max_tokens=50, messages=_HELLO) as stream:
            thought, text = stream.get_final_message().content
        assert (thought.type, text.type) == ("thinking", "text")
        assert isinstance(thought, anthropic.types.ThinkingBlock)
        assert (thought.thinking, thought.signature) == ("r0 r1 r2 ", signature)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_tools(client: anthropic.Anthropic, door: Door, provider: str) -> None:
    """Calls come as the model meant them, and go back with their results, streamed or whole."""
    asked: Any = {"model": f"{provider}/tools-2", "max_tokens": 50, "messages": _HELLO}
    with client.messages.stream(**asked, tools=[_TOOL]) as stream:
        streamed = stream.get_final_message()
    said = client.messages.create(**asked, tools=[_TOOL])
    for message in (streamed, said):
        assert message.stop_reason == "tool_use"
        calls = [b for b in message.content if isinstance(b, anthropic.types.ToolUseBlock)]
        assert calls[0].input == _ARGUMENTS
        assert len(calls) == 2
    results: Any = [
        {"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls
    ]
    history: Any = [*_HELLO, {"role": "assistant", "content": said.content}]
    last = client.messages.create(
        model=f"{provider}/mock-1",
        max_tokens=50,
        tools=[_TOOL],
        messages=[*history, {"role": "user", "content": results}],
    )
    assert last.content[0].to_dict()["text"] == "t0 "
    assert "rain" in str(door.upstream.requests[-1])


def test_tokens_before_the_call(client: anthropic.Anthropic, door: Door) -> None:
    """Counting asks no model for an answer."""
    before = door.upstream.calls.total()
    counted = client.messages.count_tokens(model="openai/mock-3", messages=_HELLO)
    assert counted.input_tokens > 0
    assert door.upstream.calls.total() == before


@pytest.mark.parametrize(
    "model", ["openai/mock-10000-20000", "openai/stall-2", "openai/slow-9-mock-1"]
)
def test_abort(client: anthropic.Anthropic, door: Door, model: str) -> None:
    """Who closes the stream, or gives up before it begins, frees the model at once."""
    if "slow" in model:
        patient = client.with_options(timeout=0.5)
        with pytest.raises(anthropic.APITimeoutError):
            patient.messages.create(model=model, max_tokens=5, messages=_HELLO, stream=True)
        assert door.until_closed(now()) < 1
        return
    with client.messages.stream(model=model, max_tokens=5, messages=_HELLO) as stream:
        next(stream.text_stream)
        door.until_open()
    assert prompt(door.until_closed(now()))


@pytest.mark.parametrize(
    ("model", "error", "kind"),
    [
        ("nobody/x", anthropic.NotFoundError, "not_found_error"),
        ("openai/status-400", anthropic.BadRequestError, "invalid_request_error"),
        ("openai/status-500", anthropic.InternalServerError, "api_error"),
        ("openai/status-429", anthropic.ServiceUnavailableError, "overloaded_error"),
        ("openai/status-529", anthropic.OverloadedError, "overloaded_error"),
    ],
)
def test_the_right_error(
    client: anthropic.Anthropic, model: str, error: type[anthropic.APIStatusError], kind: str
) -> None:
    """Each failure raises the SDK's own class for it, streamed or not."""
    for stream in (False, True):
        with pytest.raises(error) as caught:
            client.messages.create(model=model, max_tokens=5, messages=_HELLO, stream=stream)
        assert caught.value.type == kind
        assert str(caught.value.request_id).startswith("req_")


def test_a_parameter_that_is_not_there(client: anthropic.Anthropic) -> None:
    """It is a 400 that names it."""
    with pytest.raises(anthropic.BadRequestError, match="top_k"):
        client.messages.create(
            model="openai/mock-1", max_tokens=5, messages=_HELLO, extra_body={"top_k": 5}
        )


def test_what_a_key_may_not(door: Door) -> None:
    """Wrong keys, forbidden models, spent budgets and full limits have classes of their own."""
    cases: list[tuple[str, type[anthropic.APIStatusError]]] = [
        ("parley_" + "x" * 43, anthropic.AuthenticationError),
        (door.issue(models=["anthropic/*"]), anthropic.PermissionDeniedError),
        (door.issue(budgets={"day": "0.000001"}), anthropic.PaymentRequiredError),
        (door.issue(limits={"requests_per_minute": 1}), anthropic.RateLimitError),
    ]
    for key, error in cases:
        with made(door, key) as client:
            if error is anthropic.RateLimitError:
                client.messages.create(model="openai/mock-1", max_tokens=5, messages=_HELLO)
            with pytest.raises(error) as caught:
                client.messages.create(model="openai/mock-1", max_tokens=5, messages=_HELLO)
            assert str(caught.value.request_id).startswith("req_")
    assert int(caught.value.response.headers["retry-after"]) > 0


@pytest.mark.parametrize("model", ["openai/cut-3", "anthropic/error-3", "openai/broken-3"])
def test_a_stream_that_breaks(client: anthropic.Anthropic, model: str) -> None:
    """After the first word there is no status; the SDK raises all the same, and never calls a
    piece of an answer whole.
    """
    with (
        client.messages.stream(model=model, max_tokens=50, messages=_HELLO) as stream,
        pytest.raises(anthropic.APIStatusError),
    ):
        stream.until_done()


def test_many_at_once(client: anthropic.Anthropic) -> None:
    """Fifty streams side by side get each their own text."""

    def ask(count: int) -> str:
        model = f"openai/mock-{count}-1000"
        with client.messages.stream(model=model, max_tokens=50, messages=_HELLO) as stream:
            return stream.get_final_text()

    jobs = [gevent.spawn(ask, count) for count in range(1, 51)]
    gevent.joinall(jobs, timeout=60, raise_error=True)
    assert [job.get() for job in jobs] == [
        "".join(f"t{n} " for n in range(count)) for count in range(1, 51)
    ]
