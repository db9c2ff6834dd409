"""Whatever is sent: the right status, a sentence, the field, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.services import Services
from app.storage import conversations
from tests.blueprints.bad import ASK, CHATS, FIELDS, NO_JSON, ROUTES, RUNS, WRONG, Route
from tests.blueprints.shared import application
from tests.blueprints.talk import chat, is_problem, rows
from tests.properties import any_texts, examples


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture(scope="module")
def conversation(app: Flask) -> str:
    return str(chat(app.test_client())["conversation_id"])


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest, conversation: str) -> Route:
    found = ROUTES[request.param]
    return found._replace(path=found.path.format(conversation))


@pytest.fixture
def unchanged(services: Services, conversation: str) -> Iterator[None]:
    """Nothing is stored by a request that is refused."""
    before = rows(services)
    yield
    assert rows(services) == before


def send(client: FlaskClient, route: Route, body: bytes, **kwargs: Any) -> TestResponse:
    kwargs = {"content_type": "application/json", **kwargs}
    return client.open(route.path, method=route.method, data=body, buffered=True, **kwargs)


@pytest.mark.parametrize("body", NO_JSON.values(), ids=list(NO_JSON))
@pytest.mark.usefixtures("unchanged")
def test_what_is_not_json(client: FlaskClient, route: Route, body: bytes) -> None:
    """A body that is not JSON, or that no database could keep, is 400."""
    answer = send(client, route, body.replace(b"TEXT", route.text.encode()))
    is_problem(answer, 400, "malformed_body")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"true", b"null", b'[{"message": "x"}]'])
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_object(client: FlaskClient, route: Route, body: bytes) -> None:
    """JSON that is not an object is 422, and `errors` says so."""
    assert is_problem(send(client, route, body), 422, "invalid_request")["errors"]


@pytest.mark.parametrize("name", ["surprise", "Message", "__class__", "a.b", "", "\0", "😀"])
@pytest.mark.usefixtures("unchanged")
def test_an_unknown_field_is_an_error(client: FlaskClient, route: Route, name: str) -> None:
    """A field that nobody knows is named, not ignored."""
    answer = send(client, route, json.dumps({**route.good, name: 1}).encode())
    assert set(is_problem(answer, 422, "invalid_request")["errors"]) == {name}


@pytest.mark.parametrize(
    ("route", "field"),
    [(route, field) for route, fields in FIELDS.items() for field in fields],
    indirect=["route"],
)
@pytest.mark.usefixtures("unchanged")
def test_a_wrong_value_is_named(client: FlaskClient, route: Route, field: str) -> None:
    """Each wrong value of each field is 422, with a sentence for this field alone."""
    for value in WRONG[field]:
        answer = send(client, route, json.dumps({**route.good, field: value}).encode())
        assert answer.status_code == 422, value
        errors = is_problem(answer, 422, "invalid_request")["errors"]
        assert set(errors) == {field}
        assert all(sentence.endswith(".") for sentence in errors[field])


@pytest.mark.parametrize("field", ["temperature", "max_output_tokens"])
@pytest.mark.parametrize("route", RUNS, indirect=True)
@pytest.mark.parametrize("value", [10**400, -(10**400), 10**19])
@pytest.mark.usefixtures("unchanged")
def test_a_number_too_large_to_hold(
    client: FlaskClient, route: Route, field: str, value: int
) -> None:
    """A number beyond all bounds is the caller's error, whoever notices it first."""
    answer = send(client, route, json.dumps({**route.good, field: value}).encode())
    assert answer.status_code in (400, 422)
    is_problem(answer, answer.status_code, answer.get_json()["code"])


@pytest.mark.usefixtures("unchanged")
def test_a_required_field_is_missed(client: FlaskClient, route: Route) -> None:
    """An empty object lacks what the route needs, and is told what."""
    if route.good:
        errors = is_problem(send(client, route, b"{}"), 422, "invalid_request")["errors"]
        assert set(errors) == set(route.good)


@pytest.mark.parametrize("route", RUNS, indirect=True)
@pytest.mark.parametrize("model", ["unheard", "unheard/of", "/", "/demo", "Demo/demo", "demo\0/x"])
@pytest.mark.usefixtures("unchanged")
def test_an_unknown_provider(client: FlaskClient, route: Route, model: str) -> None:
    """A model of a provider that is not here is 422, by field."""
    answer = send(client, route, json.dumps({**route.good, "model": model}).encode())
    assert set(is_problem(answer, 422, "unknown_model")["errors"]) == {"model"}


@pytest.mark.parametrize("wanted", ["conv_none", "\0", "😀", "' OR 1=1 --", "%", "FOREIGN"])
@pytest.mark.usefixtures("unchanged")
def test_an_unknown_conversation(client: FlaskClient, foreign: str, wanted: str) -> None:
    """One that is not there and one that is somebody else's are the same 404."""
    details = set()
    for name in CHATS:
        body = {**ASK, "conversation_id": wanted.replace("FOREIGN", foreign)}
        answer = send(client, ROUTES[name], json.dumps(body).encode())
        details.add(is_problem(answer, 404, "not_found")["detail"])
    assert details == {"There is no conversation with this id, or it is not yours."}


@pytest.fixture(scope="module")
def foreign(app: Flask) -> str:
    database = app.extensions["parley"].database
    made = database.write(lambda tx: conversations.create(tx, "eve", "Hers", None))
    return str(made.id)


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_too_large(client: FlaskClient, route: Route) -> None:
    """10 MB are 413, said or streamed without a length."""
    body = json.dumps({**route.good, route.text: "x" * 10_000_000}).encode()
    is_problem(send(client, route, body), 413, "body_too_large")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_not_called_json(
    client: FlaskClient, route: Route, content_type: str | None
) -> None:
    """Only `application/json` is read: what a form of another site can post is 415."""
    body = json.dumps(route.good).encode()
    is_problem(send(client, route, body, content_type=content_type), 415, "unsupported_media_type")


_names = st.sampled_from([*WRONG, "surprise"]) | any_texts
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)


@examples(60)
@given(st.dictionaries(_names, _values, max_size=5) | _values)
def test_no_json_breaks_it(client: FlaskClient, route: Route, body: object) -> None:
    """Any JSON value is answered or refused with a problem, and never breaks the server."""
    answer = send(client, route, json.dumps(body).encode())
    assert answer.status_code in (200, 400, 404, 422)
    if answer.status_code != 200:
        is_problem(answer, answer.status_code, answer.get_json()["code"])


@examples(60)
@given(st.binary(max_size=200))
def test_no_bytes_break_it(client: FlaskClient, route: Route, body: bytes) -> None:
    """Nor do any bytes at all."""
    assert send(client, route, body).status_code in (200, 400, 404, 422)
