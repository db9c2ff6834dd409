"""What the demo model extracts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Finish, ToolCall, ToolInputDelta
from app.messages import user
from app.providers.base import ModelRequest, Tool
from app.providers.demo import Demo
from app.providers.demo_extraction import arguments
from tests.properties import examples

_NULLABLE = {"type": ["string", "null"]}
_NAMES = [
    *("vendor_name", "due_date", "invoice_date", "amount", "tax", "currency", "email", "phone"),
    *("website", "start_time", "title", "organizer", "address"),
]
_FIELDS = {
    "type": "object",
    "properties": dict.fromkeys(_NAMES, _NULLABLE),
    "required": [],
}


def found(text: str, parameters: dict[str, Any] = _FIELDS) -> dict[str, Any]:
    tool = Tool(name="extract", description="", parameters=parameters)
    said: dict[str, Any] = json.loads(arguments(f"= 1 =\n{text}\n= 1 =", tool))
    return said


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Due: 2026-12-02", "due_date", "2026-12-02"),
        ("Payable by 2 December 2026, thanks", "due_date", "2026-12-02"),
        ("Invoice date: March 5, 2026. Due May 4, 2026", "due_date", "2026-05-04"),
        ("Rechnung vom 5. März 2026", "invoice_date", "2026-03-05"),
        ("Due: 03/04/2026", "due_date", "03/04/2026"),
        ("Items 3\nTotal EUR 1,250.00", "amount", "1,250.00"),
        ("Gesamtbetrag: 1.250,00 €", "amount", "1.250,00"),
        ("Tax: 12.50", "tax", "12.50"),
        ("Only 12.50 here", "amount", "12.50"),
        ("12,50 €", "currency", "EUR"),
        ("Write to ada@example.org.", "email", "ada@example.org"),
        ("Tel. +49 (30) 123-4567", "phone", "+49 (30) 123-4567"),
        ("See https://example.org/a?b=1.", "website", "https://example.org/a?b=1"),
        ("Doors open at 7:05", "start_time", "07:05"),
        ("Organizer: Grace Hopper", "organizer", "Grace Hopper"),
        ("\n\nACME Ltd.\nInvoice", "vendor_name", "ACME Ltd."),
    ],
)
def test_what_it_finds(text: str, name: str, value: str) -> None:
    """Simple patterns, behind their labels; a date that can be read in two ways stays as it is."""
    assert found(text)[name] == value


@pytest.mark.parametrize("text", ["12.50 and 13.50", "Phone home", "1 USD is 0.9 EUR", "at 25:00"])
def test_what_it_does_not_find(text: str) -> None:
    """Where there are two, or none, it says nothing."""
    said = found(text)
    assert set(said) <= {"vendor_name", "title"}


@examples(60)
@given(st.text(max_size=400))
def test_it_says_what_stands_there(text: str) -> None:
    """Whatever the text, what it finds is in it, or is a day or a time or a code of it."""
    for name, value in found(text).items():
        if name not in ("due_date", "invoice_date", "start_time", "currency"):
            assert value in text


def test_it_calls_only_what_it_must() -> None:
    """Told to call a tool it streams the arguments, and the limit cuts them; else it talks."""
    tool = Tool(name="extract", description="", parameters=_FIELDS)
    request = ModelRequest(model="demo", messages=(user("= 1 =\nTotal 12.50\n= 1 ="),))
    plain = [event for batch in Demo(1e6).stream(request) for event in batch]
    assert not any(isinstance(event, (ToolCall, ToolInputDelta)) for event in plain)
    for limit, reason in ((None, "tool_calls"), (1, "length")):
        called = ModelRequest(
            model="demo",
            messages=request.messages,
            tools=(tool,),
            tool_choice="extract",
            max_output_tokens=limit,
        )
        events = [event for batch in Demo(1e6).stream(called) for event in batch]
        written = "".join(e.text for e in events if isinstance(e, ToolInputDelta))
        assert [e.arguments for e in events if isinstance(e, ToolCall)] == [written]
        assert events[-1] == Finish(reason)  # type: ignore[arg-type]


def test_other_shapes() -> None:
    """Numbers, choices, lists and objects get what their schema has."""
    parameters = {
        "type": "object",
        "properties": {
            "total": {"type": "number"},
            "kind": {"enum": ["invoice", "receipt"]},
            "lines": {"type": "array", "items": {"type": "string"}},
            "more": {"type": "object", "properties": {"email": {"type": "string"}}},
            "confidence": {"type": "number"},
            "name": {"type": "string"},
        },
        "required": ["total", "kind", "lines", "name"],
    }
    said = found("Receipt. Total: 1,250.00 a@b.example", parameters)
    assert said == {
        "total": 1250.0,
        "kind": "receipt",
        "lines": [],
        "more": {"email": "a@b.example"},
        "confidence": 0.3,
        "name": None,
    }
