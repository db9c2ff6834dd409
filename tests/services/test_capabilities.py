"""A request that a model cannot serve, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from app.errors import BadInput
from app.messages import ImagePart, Message, TextPart, user
from app.profiles import Profile
from app.providers.base import ModelRequest, Tool
from app.services.capabilities import check
from tests.properties import examples

_ALL = Profile(context_window=1000)
_PLAIN = ModelRequest(model="m", messages=(user("Hello"),))
_SEEN = Message("user", (TextPart("What is it?"), ImagePart("image/png", "AAAA")))
_TOOL = Tool(name="look", description="Looks.", parameters={})
_STRICT = replace(_TOOL, strict=True)

_PROFILES = st.builds(
    Profile,
    context_window=st.just(1000),
    max_output_tokens=st.sampled_from([None, 100]),
    images=st.booleans(),
    tools=st.booleans(),
    strict_schema=st.booleans(),
    reasoning=st.booleans(),
    reasoning_with_tools=st.booleans(),
    temperature=st.sampled_from(["yes", "no", "without_reasoning", "ignored"]),
)
_REQUESTS = st.builds(
    ModelRequest,
    model=st.just("m"),
    messages=st.sampled_from([(user("Hello"),), (_SEEN, user("And now?"))]),
    temperature=st.sampled_from([None, 0, 0.0, 1, 1.0, 1.5]),
    max_output_tokens=st.sampled_from([None, 100, 101]),
    reasoning_effort=st.sampled_from([None, "minimal", "high"]),
    tools=st.sampled_from([(), (_TOOL,), (_TOOL, _STRICT)]),
)


def refused(request: ModelRequest, profile: Profile) -> dict[str, Any]:
    """The fields that are named; none, if it is let through."""
    try:
        check(request, profile)
    except BadInput as error:
        return dict(error.errors or {"none": "at all"})
    return {}


@pytest.mark.parametrize(
    ("asked", "able", "fields"),
    [
        ({"messages": (_SEEN,)}, {"images": False}, {"images"}),
        ({"messages": (_SEEN, user("And now?"))}, {"images": False}, {"images"}),
        ({"tools": (_TOOL,)}, {"tools": False}, {"tools"}),
        ({"tools": (_STRICT,)}, {"strict_schema": False}, {"tools"}),
        ({"tools": (_TOOL,)}, {"strict_schema": False}, set()),
        ({"max_output_tokens": 101}, {"max_output_tokens": 100}, {"max_output_tokens"}),
        ({"max_output_tokens": 100}, {"max_output_tokens": 100}, set()),
        ({"temperature": 0.0}, {"temperature": "no"}, {"temperature"}),
        ({"temperature": 1.0}, {"temperature": "no"}, set()),
        ({"temperature": 0.0}, {"temperature": "ignored"}, set()),
        ({"temperature": 0.0}, {"temperature": "without_reasoning"}, set()),
        (
            {"temperature": 0.0, "reasoning_effort": "low"},
            {"temperature": "without_reasoning"},
            {"temperature"},
        ),
        ({"reasoning_effort": "low"}, {"reasoning": False}, {"reasoning_effort"}),
        ({"reasoning_effort": "minimal"}, {"minimal_effort": False}, set()),
        (
            {"reasoning_effort": "low", "tools": (_TOOL,)},
            {"reasoning_with_tools": False},
            {"reasoning_effort"},
        ),
        ({"tools": (_TOOL,)}, {"reasoning_with_tools": False}, set()),
        (
            {"messages": (_SEEN,), "tools": (_TOOL,), "temperature": 0.5, "max_output_tokens": 9},
            {"images": False, "tools": False, "temperature": "no", "max_output_tokens": 8},
            {"images", "tools", "temperature", "max_output_tokens"},
        ),
    ],
)
def test_the_field_is_named(asked: dict[str, Any], able: dict[str, Any], fields: set[str]) -> None:
    """Each field that asks too much is named, all at once, and no other."""
    assert set(refused(replace(_PLAIN, **asked), replace(_ALL, **able))) == fields


def test_it_is_told_in_sentences() -> None:
    """It is a 422; whoever asked for too many tokens learns how many there may be."""
    asked = replace(_PLAIN, max_output_tokens=5000, temperature=0.5)
    with pytest.raises(BadInput) as caught:
        check(asked, replace(_ALL, max_output_tokens=4096, temperature="no"))
    limit, heat = "This model writes 4096 tokens at most.", "This model takes no temperature but 1."
    assert (caught.value.status, caught.value.detail) == (422, f"{limit} {heat}")
    assert caught.value.errors == {"max_output_tokens": [limit], "temperature": [heat]}


@examples(200)
@given(_REQUESTS)
def test_nothing_is_refused_by_ignorance(request: ModelRequest) -> None:
    """A model of which nothing is known may be asked for everything."""
    assert refused(request, _ALL) == {}


@examples(200)
@given(_REQUESTS, _PROFILES)
def test_what_is_refused_goes_without_the_named_fields(
    request: ModelRequest, profile: Profile
) -> None:
    """A caller who takes back what is named is let through, and one who asks for nothing special
    always is.
    """
    without: dict[str, Any] = {
        "images": {"messages": (user("Hello"),)},
        "tools": {"tools": ()},
        "max_output_tokens": {"max_output_tokens": None},
        "temperature": {"temperature": None},
        "reasoning_effort": {"reasoning_effort": None},
    }
    taken_back = {k: v for name in refused(request, profile) for k, v in without[name].items()}
    assert refused(replace(request, **taken_back), profile) == {}
    assert refused(_PLAIN, profile) == {}


@examples(200)
@given(_REQUESTS, _PROFILES)
def test_who_can_more_refuses_nothing_more(request: ModelRequest, profile: Profile) -> None:
    """To be able to do one thing more never costs another."""
    before = set(refused(request, profile))
    for name, value in asdict(profile).items():
        if value is False and name != "deprecated":
            better = replace(profile, **{name: True})
            assert set(refused(request, better)) <= before
