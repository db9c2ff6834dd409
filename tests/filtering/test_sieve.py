"""Of a text that comes in chunks nothing goes on that should not, and all the rest does."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filtering.grammar import longest, parse
from app.filtering.rules import Rule
from app.filtering.sieve import Screen
from tests.filtering.streaming import Told, cut, every_cut, screen
from tests.properties import examples

_WORDS = ("alpha", "be", "gamma ray", "Zürich", "naïve", "日本", "don't", "\U0001f600", "x-y", "12")
# A pattern, and how to make what it matches.
_SECRETS = (
    (r"sk-[A-Za-z0-9]{8,40}", lambda r: "sk-" + _letters(r, 8, 40)),
    (r"\d{3}-\d{2}-\d{4}", lambda r: f"{r.randrange(1000):03}-{r.randrange(100):02}-{1234}"),
    (r"(?:top|most) secret(?: \w{1,12})?", lambda r: r.choice(["top secret", "most secret plan"])),
    (r"[A-Z]{2}\d{6}[A-Z]?", lambda r: f"QQ{r.randrange(10**6):06}" + r.choice(["", "C"])),
    ("日本{1,3}語", lambda r: "日" + "本" * r.randrange(1, 4) + "語"),
    ("a{2,30}b", lambda r: "a" * r.randrange(2, 31) + "b"),
)


def _letters(chance: random.Random, least: int, most: int) -> str:
    return "".join(chance.choices("abcXYZ019", k=chance.randrange(least, most + 1)))


def _fuzz(count: int) -> Iterator[tuple[str, str, int, int]]:
    """A pattern, a text that holds a match of it, and where the first one begins and ends."""
    chance = random.Random(20261121)
    for number in range(count):
        pattern, make = _SECRETS[number % len(_SECRETS)]
        words = [chance.choice(_WORDS) for _ in range(chance.randrange(12))]
        words.insert(chance.randrange(len(words) + 1), make(chance))
        # Beginnings of matches that come to nothing are what makes it hard.
        words.insert(chance.randrange(len(words) + 1), make(chance)[: chance.randrange(1, 4)])
        text = chance.choice(["", " ", "\n"]).join(words)
        found = re.search(pattern, text)
        assert found is not None
        yield pattern, text, found.start(), found.end()


def _check(count: int) -> int:
    """How many streams that were."""
    streams, screens = 0, dict[str, Screen]()
    for pattern, text, start, end in _fuzz(count):
        screened = screens.setdefault(pattern, screen(patterns=[pattern], ignore_case=False))
        most = longest(parse(pattern))
        for chunks in every_cut(text, start, end):
            told = Told(screened, chunks)
            assert told.blocked, (pattern, chunks)
            assert text[:start].startswith(told.text), (pattern, chunks)
            assert told.held <= most
            streams += 1
    return streams


def test_not_one_character_of_a_match_gets_out() -> None:
    """A blocked pattern, cut at every position over chunks, ends the text before its first letter;
    what is held back at a time is never longer than a match can be.
    """
    assert _check(500) > 5_000


@pytest.mark.prove
def test_not_one_character_of_a_match_gets_out_at_full_size() -> None:
    """The same for 10,000 texts."""
    assert _check(10_000) > 100_000


@given(
    text=st.text("ab1@. -sk", max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=12),
)
@examples(300)
def test_cuts_change_nothing(text: str, cuts: Sequence[int]) -> None:
    """However a text is cut, it comes out as it does in one piece, with as much found in it."""
    rules = [
        Rule(name="mask", action="mask", patterns=("a{1,5}b", "k1"), personal=("email",)),
        Rule(name="flag", action="flag", patterns=("s{1,3}k?",)),
        Rule(name="block", action="block", patterns=("@@{1,3}a",), words=("ba a",)),
    ]
    screened = Screen(rules)
    whole = Told(screened, [text])
    pieces = Told(screened, cut(text, [c for c in cuts if c < len(text)]))
    assert pieces.blocked == whole.blocked
    if not whole.blocked:
        assert pieces.text == whole.text
        assert pieces.tally == whole.tally


@given(text=st.text(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=8))
@examples(200)
def test_what_holds_nothing_is_not_changed(text: str, cuts: Sequence[int]) -> None:
    """A text in which nothing matches comes out letter for letter."""
    screened = screen(patterns=["#{3}never#{3}"], words=["a phrase that is not there"])
    told = Told(screened, cut(text, cuts))
    assert (told.text, told.blocked) == (text, False)


def test_what_cannot_begin_a_match_is_not_held() -> None:
    """Of an ordinary text next to nothing is held back: what could not be a match goes on."""
    screened = screen(patterns=["sk-[a-z]{20,90}"])
    told = Told(screened, list("An answer that speaks of skis and of sky, but not of keys."))
    assert told.held <= len("sk")


def test_the_longest_match_is_masked() -> None:
    """A mask takes the place of all that belongs to a match, wherever it is cut."""
    screened = screen("mask", patterns=["a{1,9}"], mask="#")
    for chunks in every_cut("xaaaay a", 0, 8):
        assert Told(screened, chunks).text == "x#y #"


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("a bad word", True),
        ("BAD WORD!", True),
        ("(bad word)", True),
        ("bad words", False),
        ("abad word", False),
        ("bad  word", False),
        ("bad wor", False),
        ("bad_word bad word", True),
    ],
)
def test_words_are_whole_words(text: str, *, blocked: bool) -> None:
    """A word is found where it stands by itself, in whatever case, however it is cut."""
    screened = screen(words=["bad word"])
    for chunks in every_cut(text, 0, len(text)):
        told = Told(screened, chunks)
        assert told.blocked == blocked
        assert blocked or told.text == text


def test_blocking_comes_before_masking() -> None:
    """What is blocked is blocked, though a mask would have hidden it."""
    rules = [
        Rule(name="hide", action="mask", patterns=("x[a-z]{1,20}x",)),
        Rule(name="stop", action="block", patterns=("secret",)),
    ]
    for chunks in every_cut("well, xthesecretx.", 6, 17):
        told = Told(Screen(rules), chunks)
        assert told.blocked
        assert "well, ".startswith(told.text)


def test_a_flag_lets_through_and_counts() -> None:
    """What is flagged goes on as it is, at once, and is counted by its rule."""
    told = Told(screen("flag", words=["acme", "umbrella corp"]), list("Acme and Umbrella Corp."))
    assert told.text == "Acme and Umbrella Corp."
    assert told.held == 0
    assert told.tally == {("it", "flag"): 2}
