"""How properties are tried: the same examples everywhere, and no clock to race against."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_AWKWARD = "\0\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff\u200d\"\\/:%_'\uffff😀🏳️‍🌈ßİÅ"

# What a person can say and a database can keep.
characters = st.characters(codec="utf-8") | st.sampled_from(_AWKWARD)
texts = st.text(characters, max_size=60)
# What a model can send as well: JSON may hold half of a surrogate pair.
halves = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
any_texts = st.text(characters | halves, max_size=60)


def examples(count: int) -> settings:
    """Try a property on so many examples. A fixture may serve all of them."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Split at the places, which may be any numbers."""
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(edges)]
