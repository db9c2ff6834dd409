"""What nobody may ask of a key, each told by its field; and nothing comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.services import Services
from tests.blueprints.bad import NO_JSON
from tests.blueprints.issuing import ADMIN, KEYS, as_admin, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem, rows
from tests.properties import examples

_NO_TEXTS: list[Any] = [5, True, [], {}]
_NAMES: list[Any] = [*_NO_TEXTS, "", " ", "\t", "a\0b", "a\nb", "a\x85b", "a\u2028b", "x" * 81]
_NO_NUMBERS: list[Any] = [0, -1, 1.5, 5.0, "5", True, [], {}, 10**10, 10**30]
_NO_SUMS: list[Any] = [
    *[-1, "-1", "-0", -0.5, "1e3", "1,5", "", " 1", "NaN", "Infinity", "٣", "1.", ".5"],
    *["0.0000000000001", 1e-13, 9_000_001, "9000000.1", 1e300, 10**30, "9" * 5_000],
    *[True, [], {}],
]
_WRONG: dict[str, list[Any]] = {
    "owner": [None, *_NAMES],
    "team": [*_NAMES, "a/b"],
    "name": [None, 5, [], "a\0b", "x" * 201],
    "scopes": [None, [], ["root"], ["chat", "Admin"], "chat", [5], ["chat"] * 6],
    "models": [[], [""], ["a\nb"], "openai/*", [5], ["x" * 201], ["x"] * 101],
    "expires_at": ["", "soon", 5, "2020-01-01T00:00:00Z", "2100-01-01", "2100-01-01T00:00:00",
                   "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", [], True],
    "metadata": [None, [], "x", {"a": "x" * 4_096}],
    **{f"limits.{n}": _NO_NUMBERS for n in
       ("requests_per_minute", "tokens_per_minute", "streams", "max_output_tokens")},
    "limits.tokens": [5],
    "limits": [5, "x", []],
    **{f"budgets.{period}": _NO_SUMS for period in ("request", "day", "month")},
    "budgets.year": ["1"],
    "budgets": [5, "x", []],
    "digest": ["x"],
    "id": ["x"],
}  # fmt: skip
_CASES = [(field, value) for field, values in _WRONG.items() for value in values]
_FIXED = {"owner", "team"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("keys"), port=8000, admin_key=ADMIN) as made:
        yield made


@pytest.fixture(scope="module")
def key_id(app: Flask) -> str:
    return str(issued(app.test_client())["id"])


def body(field: str, value: Any) -> dict[str, Any]:
    above, _, name = field.rpartition(".")
    return {above: {name: value}} if above else {field: value}


def at(errors: Any, field: str) -> Any:
    for name in field.split("."):
        errors = errors.get(name)
    return errors


@pytest.mark.parametrize(("field", "value"), _CASES)
def test_it_is_told_by_its_field(
    client: FlaskClient, services: Services, key_id: str, field: str, value: Any
) -> None:
    """A new key, a changed one and a team are refused, with the field's name; nothing changes."""
    before = rows(services), services.keys.read(key_id)
    sent = [("POST", KEYS, {"owner": "ada", **body(field, value)})]
    sent.append(("PATCH", f"{KEYS}/{key_id}", body(field, value)))
    if field.partition(".")[0] in ("limits", "budgets"):
        sent.append(("PUT", "/api/admin/teams/red", body(field, value)))
    for method, path, said in sent:
        problem = is_problem(as_admin(client, method, path, json=said), 422, "invalid_request")
        assert at(problem["errors"], field), problem["errors"]
    assert (rows(services), services.keys.read(key_id)) == before


@pytest.mark.parametrize("field", sorted(_FIXED))
def test_what_a_key_is_stays(client: FlaskClient, key_id: str, field: str) -> None:
    """Its owner and team cannot be changed: what was said with it would change hands."""
    answer = as_admin(client, "PATCH", f"{KEYS}/{key_id}", json={field: "eve"})
    assert is_problem(answer, 422, "invalid_request")["errors"] == {field: ["Unknown field."]}


@pytest.mark.parametrize("value", [-1, 2_592_001, 1.5, "5", True, None, []])
def test_a_strange_overlap(client: FlaskClient, key_id: str, value: Any) -> None:
    """An overlap is whole seconds, and 30 days at most."""
    path = f"{KEYS}/{key_id}/rotate"
    answer = as_admin(client, "POST", path, json={"overlap_seconds": value})
    assert "overlap_seconds" in is_problem(answer, 422, "invalid_request")["errors"]


@pytest.mark.parametrize("name", ["%20", "a%00b", "a%0Ab", "x" * 81])
def test_a_strange_team(client: FlaskClient, services: Services, name: str) -> None:
    """A team's name is as a key would name it."""
    before = rows(services)
    answer = as_admin(client, "PUT", f"/api/admin/teams/{name}", json={})
    assert "name" in is_problem(answer, 422, "invalid_request")["errors"]
    assert rows(services) == before


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"q": "x"}])
def test_a_strange_page(client: FlaskClient, query: dict[str, Any]) -> None:
    """What is wrong with a query is told by its name."""
    answer = as_admin(client, "GET", KEYS, query_string=query)
    assert set(is_problem(answer, 422, "invalid_request")["errors"]) == set(query)


@pytest.mark.parametrize("kind", sorted(NO_JSON))
def test_no_json(client: FlaskClient, services: Services, kind: str) -> None:
    """A body that is not JSON makes no key."""
    before = rows(services)
    answer = client.post(
        KEYS, data=NO_JSON[kind], content_type="application/json", headers=bearer(ADMIN)
    )
    is_problem(answer, 400, "malformed_body")
    assert rows(services) == before


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@examples(100)
@given(st.dictionaries(st.sampled_from(sorted({f.partition(".")[0] for f in _WRONG})), _anything))
def test_whatever_is_sent(client: FlaskClient, sent: dict[str, Any]) -> None:
    """Every body is a key or a refusal with its fields, and never a fault of ours."""
    try:
        answer = as_admin(client, "POST", KEYS, json=sent)
    except UnicodeEncodeError:
        return
    assert answer.status_code in (201, 400, 422), answer.text[:300]
