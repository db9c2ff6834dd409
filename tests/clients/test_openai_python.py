"""OpenAI's SDK for Python, against a real server."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import openai
import pytest
import requests
from pydantic import BaseModel

from tests.clients.door import Door, now, opened, prompt

pytestmark = pytest.mark.usefixtures("within_a_minute")

_HELLO: Any = [{"role": "user", "content": "Hello"}]
_TOOL: Any = {
    "type": "function",
    "function": {
        "name": "lookup",
        "description": "Looks up the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_FLAT: Any = {"type": "function", "strict": None, **_TOOL["function"]}
_ARGUMENTS = {"city": 'Kraków "0" 🙂', "days": 0}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("openai")) as door:
        yield door


@pytest.fixture
def client(door: Door) -> Iterator[openai.OpenAI]:
    with made(door) as client:
        yield client


def made(door: Door, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{door.url}/v1", api_key=key or door.key, max_retries=0)


class Weather(BaseModel):
    city: str
    days: int


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_chat(client: openai.OpenAI, provider: str) -> None:
    """A whole answer has its text, its end, its tokens, and what they cost."""
    said = client.chat.completions.create(model=f"{provider}/mock-3", messages=_HELLO)
    assert said.choices[0].message.content == "t0 t1 t2 "
    assert said.choices[0].finish_reason == "stop"
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (10, 5)
    assert said.usage.cost_usd == pytest.approx(60e-6)  # type: ignore[attr-defined]
    assert said.model == f"{provider}/mock-3"
    assert said._request_id


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_stream(client: openai.OpenAI, provider: str) -> None:
    """Its pieces are the text, and the last chunk has the tokens."""
    chunks = list(
        client.chat.completions.create(
            model=f"{provider}/mock-50",
            messages=_HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    texts = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(texts) == "".join(f"t{n} " for n in range(50))
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 52


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_tools_in_a_stream(client: openai.OpenAI, provider: str) -> None:
    """Two calls, written piece by piece, are put together by the SDK as the model meant them."""
    with client.chat.completions.stream(
        model=f"{provider}/tools-2", messages=_HELLO, tools=[_TOOL]
    ) as stream:
        for _ in stream:
            pass
        said = stream.get_final_completion().choices[0]
    assert said.finish_reason == "tool_calls"
    assert said.message.tool_calls is not None
    found = [json.loads(call.function.arguments) for call in said.message.tool_calls]
    assert found[0] == _ARGUMENTS
    assert found[1]["days"] == 1


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_result_goes_back(client: openai.OpenAI, door: Door, provider: str) -> None:
    """A call and its result reach the model, and it answers."""
    asked = client.chat.completions.create(
        model=f"{provider}/tool-1", messages=_HELLO, tools=[_TOOL]
    )
    message = asked.choices[0].message
    assert message.tool_calls is not None
    call = message.tool_calls[0]
    echoed: Any = message.model_dump()
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    said = client.chat.completions.create(
        model=f"{provider}/mock-1",
        messages=[*_HELLO, echoed, result],
        tools=[_TOOL],
    )
    assert said.choices[0].message.content == "t0 "
    sent = json.dumps(door.upstream.requests[-1])
    assert "rain" in sent
    assert call.id in sent


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_structured_output(client: openai.OpenAI, door: Door, provider: str) -> None:
    """`parse` gives an object of the caller's class, and nothing else is called an answer."""
    door.upstream.saying = lambda _: '{"city": "Kraków", "days": 3}'
    said = client.chat.completions.parse(
        model=f"{provider}/say-1", messages=_HELLO, response_format=Weather
    )
    assert said.choices[0].message.parsed == Weather(city="Kraków", days=3)
    door.upstream.saying = lambda _: '{"city": "Kraków"}'
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.chat.completions.parse(
            model=f"{provider}/say-1", messages=_HELLO, response_format=Weather
        )
    assert caught.value.code == "output_invalid"


def test_structured_output_in_a_stream(client: openai.OpenAI, door: Door) -> None:
    """What does not fit its schema ends in an error, although its text has gone out."""
    door.upstream.saying = lambda _: '{"city": "Kraków"}'
    said = []

    def read() -> None:
        with client.chat.completions.stream(
            model="openai/say-1", messages=_HELLO, response_format=Weather
        ) as stream:
            for event in stream:
                said.append(event.type)

    with pytest.raises(openai.APIError, match="days"):
        read()
    assert "content.delta" in said
    assert "content.done" not in said


def test_leaving_a_stream(client: openai.OpenAI, door: Door) -> None:
    """To close it closes the connection to the model at once."""
    stream = client.chat.completions.create(
        model="openai/mock-10000-20000", messages=_HELLO, stream=True
    )
    next(stream)
    door.until_open()
    left = now()
    stream.close()
    assert prompt(door.until_closed(left))


def test_leaving_while_the_model_is_silent(door: Door) -> None:
    """A time limit of the client's closes the connection to a model that has said nothing."""
    with (
        openai.OpenAI(
            base_url=f"{door.url}/v1", api_key=door.key, max_retries=0, timeout=0.3
        ) as hasty,
        pytest.raises(openai.APITimeoutError),
    ):
        hasty.chat.completions.create(model="openai/silent-0", messages=_HELLO, stream=True)
    assert door.until_closed(now()) < 1.0


def test_leaving_vectors(door: Door) -> None:
    """So it is with vectors, and with answers that are not streamed."""
    hasty = openai.OpenAI(base_url=f"{door.url}/v1", api_key=door.key, max_retries=0, timeout=0.3)
    with hasty:
        with pytest.raises(openai.APITimeoutError):
            hasty.embeddings.create(model="openai/silent-0", input="a")
        assert door.until_closed(now()) < 1.0
        with pytest.raises(openai.APITimeoutError):
            hasty.chat.completions.create(model="openai/silent-0", messages=_HELLO)
        assert door.until_closed(now()) < 1.0


@pytest.mark.parametrize(
    ("kind", "model", "code"),
    [
        (openai.BadRequestError, "openai/status-400", "provider_refused"),
        (openai.BadRequestError, "openai/overlong", "context_length_exceeded"),
        (openai.NotFoundError, "openai/status-404", "model_not_found"),
        (openai.NotFoundError, "nobody/mock-1", "model_not_found"),
        (openai.InternalServerError, "openai/status-500", "provider_error"),
        (openai.InternalServerError, "openai/status-503", "provider_overloaded"),
        (openai.InternalServerError, "openai/status-401", "provider_misconfigured"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_fails_upstream(
    client: openai.OpenAI, kind: type[openai.APIStatusError], model: str, code: str, stream: bool
) -> None:
    """The SDK raises the class that belongs to it, in a stream as well if it has not begun."""
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=model, messages=_HELLO, stream=stream)
    assert caught.value.code == code
    assert caught.value.request_id


def test_a_wrong_key(door: Door) -> None:
    """401 is AuthenticationError."""
    with made(door, "parley_wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(model="openai/mock-1", messages=_HELLO)
    assert caught.value.code == "invalid_api_key"


def test_a_model_that_is_not_allowed(door: Door) -> None:
    """403 is PermissionDeniedError, and the list has only what the key may ask."""
    with made(door, door.issue(models=["anthropic/*"])) as client:
        with pytest.raises(openai.PermissionDeniedError):
            client.chat.completions.create(model="openai/mock-1", messages=_HELLO)
        assert {model.owned_by for model in client.models.list()} == {"anthropic"}


def test_a_spent_budget(door: Door) -> None:
    """402 is an APIStatusError that says so."""
    poor = made(door, door.issue(budgets={"day": "0.000001"}))
    with poor, pytest.raises(openai.APIStatusError) as caught:
        poor.chat.completions.create(model="openai/mock-1", messages=_HELLO, stream=True)
    assert (caught.value.status_code, caught.value.code) == (402, "insufficient_quota")


def test_a_limit(door: Door) -> None:
    """429 is RateLimitError, and says when to come again."""
    with made(door, door.issue(limits={"requests_per_minute": 1})) as client:
        client.chat.completions.create(model="openai/mock-1", messages=_HELLO)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="openai/mock-1", messages=_HELLO, stream=True)
    assert int(caught.value.response.headers["Retry-After"]) > 0
    assert "RateLimit" in caught.value.response.headers


@pytest.mark.parametrize("model", ["cut-3", "broken-3", "error-3"])
def test_what_breaks_in_the_middle(client: openai.OpenAI, model: str) -> None:
    """The SDK raises after what had come, and never takes a cut for an end."""
    said = []

    def read() -> None:
        for chunk in client.chat.completions.create(
            model=f"openai/{model}", messages=_HELLO, stream=True
        ):
            said.append(chunk.choices[0].delta.content)
            assert chunk.choices[0].finish_reason is None

    with pytest.raises(openai.APIError) as caught:
        read()
    assert said == ["", "t0 ", "t1 ", "t2 "]
    assert str(caught.value.code).startswith("provider_")


def test_a_busy_provider_is_asked_again(door: Door) -> None:
    """The SDK's own retries come to an answer where ours have run out."""
    with openai.OpenAI(base_url=f"{door.url}/v1", api_key=door.key, max_retries=2) as client:
        said = client.chat.completions.create(model="openai/flaky-1-mock-7", messages=_HELLO)
    assert said.choices[0].finish_reason == "stop"


def test_models(client: openai.OpenAI) -> None:
    """They are listed by provider/name, and one is found by it."""
    listed = [model.id for model in client.models.list()]
    assert {"openai/mock-5-0", "anthropic/mock-5-0", "demo/demo"} <= set(listed)
    assert client.models.retrieve(listed[0]).id == listed[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("openai/none")


def test_embeddings(client: openai.OpenAI) -> None:
    """Vectors come as the provider made them, with the tokens that were counted."""
    found = client.embeddings.create(
        model="openai/vectors", input=["a", "bcd"], encoding_format="float"
    )
    assert [vector.embedding for vector in found.data] == [[1, 0, 0.25], [3, 1, 0.25]]
    assert found.usage.prompt_tokens == 6
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="anthropic/vectors", input="a")
    assert caught.value.param == "model"


def test_an_image(client: openai.OpenAI, door: Door) -> None:
    """A picture as a data URL reaches the model."""
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
    parts: Any = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}},
    ]
    client.chat.completions.create(
        model="openai/mock-1", messages=[{"role": "user", "content": parts}]
    )
    assert png in json.dumps(door.upstream.requests[-1])


def test_a_response(client: openai.OpenAI) -> None:
    """The responses API gives the same text, and its tokens."""
    said = client.responses.create(model="openai/mock-3", input="Hello", instructions="Be kind.")
    assert said.output_text == "t0 t1 t2 "
    assert said.status == "completed"
    assert said.usage is not None
    assert said.usage.total_tokens == 15


def test_a_response_in_a_stream(client: openai.OpenAI) -> None:
    """The SDK puts the events together; reasoning is an item before the text."""
    with client.responses.stream(model="openai/reasoning-3", input="Hello") as stream:
        numbers = [event.sequence_number for event in stream]
        said = stream.get_final_response()
    assert numbers == list(range(len(numbers)))
    assert said.output_text == "t0 t1 t2 "
    assert [item.type for item in said.output] == ["reasoning", "message"]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_functions_of_a_response(client: openai.OpenAI, door: Door, provider: str) -> None:
    """Calls are items; what they gave goes back with them."""
    with client.responses.stream(
        model=f"{provider}/tools-2", input="Hello", tools=[_FLAT]
    ) as stream:
        for _ in stream:
            pass
        said = stream.get_final_response()
    calls = [item for item in said.output if item.type == "function_call"]
    assert json.loads(calls[0].arguments) == _ARGUMENTS
    results: Any = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        for call in calls
    ]
    history: Any = [*_HELLO, *(item.model_dump() for item in said.output), *results]
    answer = client.responses.create(model=f"{provider}/mock-1", input=history, tools=[_FLAT])
    assert answer.output_text == "t0 "
    assert json.dumps(door.upstream.requests[-1]).count("rain") == 2


def test_structured_responses(client: openai.OpenAI, door: Door) -> None:
    """`parse` gives an object of the caller's class."""
    door.upstream.saying = lambda _: '{"city": "Kraków", "days": 3}'
    said = client.responses.parse(model="openai/say-1", input="Hello", text_format=Weather)
    assert said.output_parsed == Weather(city="Kraków", days=3)


def test_a_response_that_fails(client: openai.OpenAI) -> None:
    """In the middle it ends with `response.failed`, at a limit with `response.incomplete`."""
    ends = {}
    for model in ("cut-3", "length-3", "filtered-3"):
        events = list(client.responses.create(model=f"openai/{model}", input="x", stream=True))
        ends[model] = events[-1].type
    assert ends == {
        "cut-3": "response.failed",
        "length-3": "response.incomplete",
        "filtered-3": "response.incomplete",
    }


def test_what_is_not_supported(client: openai.OpenAI) -> None:
    """It is a BadRequestError that names the parameter."""
    refused: dict[str, dict[str, Any]] = {
        "n": {"n": 2},
        "logprobs": {"logprobs": True},
        "frequency_penalty": {"frequency_penalty": 0.5},
        "tools[0].type": {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
        "mystery": {"extra_body": {"mystery": 1}},
    }
    for param, more in refused.items():
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="openai/mock-1", messages=_HELLO, **more)
        assert caught.value.param == param
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="openai/mock-1", input="x", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"


def test_a_conversation_that_is_kept(client: openai.OpenAI, door: Door) -> None:
    """With `metadata.conversation_id` the server's history counts, and the turn is added to it."""
    headers = {"Authorization": f"Bearer {door.key}"}
    first = requests.post(
        f"{door.url}/api/chat",
        json={"message": "one", "model": "openai/mock-1"},
        headers=headers,
        timeout=30,
    ).json()
    known = first["conversation_id"]
    said = client.chat.completions.create(
        model="openai/mock-2",
        messages=[{"role": "user", "content": "two"}],
        metadata={"conversation_id": known},
    )
    assert said.choices[0].message.content == "t0 t1 "
    assert [m["content"] for m in door.upstream.requests[-1]["messages"]] == ["one", "t0 ", "two"]
    kept = requests.get(
        f"{door.url}/api/conversations/{known}/messages", headers=headers, timeout=30
    ).json()["messages"]
    assert [m["content"] for m in kept] == ["one", "t0 ", "two", "t0 t1 "]


def test_nothing_else_is_kept(client: openai.OpenAI, door: Door) -> None:
    """Without it no conversation is made; the call is in the ledger all the same."""
    key = door.issue(owner="eve")
    with made(door, key) as eve:
        eve.chat.completions.create(model="openai/mock-1", messages=_HELLO)
    headers = {"Authorization": f"Bearer {key}"}
    listed = requests.get(f"{door.url}/api/conversations", headers=headers, timeout=30).json()
    assert listed["conversations"] == []
    with gevent.Timeout(5):
        while '"calls":1' not in requests.get(
            f"{door.url}/api/usage", headers=headers, timeout=30
        ).text.replace(" ", ""):
            gevent.sleep(0.02)


def test_a_server_that_goes_down(tmp_path: Path) -> None:
    """A stream that cannot be finished ends in an error that says so, and not in silence."""
    with opened(tmp_path, DRAIN_TIMEOUT="0.2") as door, made(door) as client:
        stream = client.chat.completions.create(
            model="openai/mock-10000-20000", messages=_HELLO, stream=True
        )
        next(stream)
        os.kill(door.process, signal.SIGTERM)
        with pytest.raises(openai.APIError) as caught:
            for _ in stream:
                pass
    assert caught.value.code == "shutting_down"
