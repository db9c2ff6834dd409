"""What can be said of an answer without asking another model: is it right, is it a refusal, how
alike are two.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from app.services.evaluation.questions import Expected
from app.structure.schema import Schema

# How refusals begin, in the languages that sets are often written in. Only the beginning counts:
# further on these words may be about anything.
_REFUSAL = re.compile(
    r"\W*(i(['’]m| am)? (sorry|afraid|unable|not able|not comfortable)|i (can['’]t|cannot|won['’]t)"
    r"|as an ai|unfortunately,? i|sorry,"
    r"|(es )?tut mir leid|ich (kann|darf) .{0,24}nicht|leider kann ich"
    r"|je (suis désolée?|ne (peux|puis))|désolée?|lo siento|no puedo|desculpe|não posso)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def refused(text: str, finish_reason: str | None, code: str | None) -> bool:
    """Whether the model, or its provider, would not answer."""
    if finish_reason == "content_filter" or code == "content_refused":
        return True
    return _REFUSAL.match(text) is not None


def wrong(expected: Expected, schema: Schema | None, text: str, refusal: bool) -> list[str]:
    """A sentence for each thing that is not as it should be; [] if all is."""
    found = []
    if expected.equals is not None and text.strip() != expected.equals.strip():
        found.append(f"It should be exactly {expected.equals.strip()!r}.")
    folded = text.casefold()
    found += [f"It lacks {x!r}." for x in expected.contains if x.casefold() not in folded]
    found += [f"It should not say {x!r}." for x in expected.lacks if x.casefold() in folded]
    if expected.refuses is not None and expected.refuses != refusal:
        found.append("It should refuse." if expected.refuses else "It should not refuse.")
    if schema is not None:
        found += _violations(schema, text)
    return found


def _violations(schema: Schema, text: str) -> list[str]:
    try:
        value = msgspec.json.decode(_unfenced(text))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ["It is not JSON."]
    return [f"{'.'.join(map(str, v.path)) or 'JSON'}: {v.sentence}" for v in schema.validate(value)]


def _unfenced(text: str) -> str:
    """Models like to put JSON between the marks of Markdown."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") : -3].strip()
    return text


def similarity(one: Sequence[Counter[str]], other: Sequence[Counter[str]]) -> float | None:
    """How alike answers are on average, 0 to 1, each of one side beside each of the other.

    Beside itself nothing is put. None: there is nothing to compare.
    """
    same = one is other
    pairs = [
        _cosine(a, b) for i, a in enumerate(one) for j, b in enumerate(other) if not same or i < j
    ]
    return sum(pairs) / len(pairs) if pairs else None


def words(text: str, values: Iterable[str]) -> Counter[str]:
    """The words of an answer with how often each comes, without those of the variant itself: that
    an answer for Emma says Emma is no difference.
    """
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(re.escape(value), " ", text, flags=re.IGNORECASE)
    return Counter(_WORD.findall(text.casefold()))


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    if not a or not b:
        return 1.0 if a == b else 0.0
    common = sum(count * b[word] for word, count in a.items())
    sizes = sum(n * n for n in a.values()) * sum(n * n for n in b.values())
    return min(1.0, common / math.sqrt(sizes))
