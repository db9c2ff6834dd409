"""Reports: what stands out, and the page that shows it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec

from app.services.evaluation.answers import Answer
from app.services.evaluation.page import page
from app.services.evaluation.questions import Set, questions, read
from app.services.evaluation.report import Report, report

_SET = b"""
title = "<script>alert(1)</script>"
[variants.name]
her = "Emma"
his = "James"
[[cases]]
id = "letter"
prompt = "A letter for {name} & <b>others</b>."
expect.contains = ["nurse"]
"""
_VOID = {"meta", "rect"}


def asked() -> Set:
    return read(_SET)


def told(texts: dict[str, list[str]], **fields: object) -> Report:
    """A report on what was answered for each label, in turn."""
    several = questions(asked(), ["demo"], max(map(len, texts.values())))
    answers = {}
    for question in several:
        left = texts[question.labels["name"]]
        if question.number <= len(left):
            answers[question.digest] = Answer(
                digest=question.digest,
                case="letter",
                model="demo",
                labels=dict(question.labels),
                number=question.number,
                text=left[question.number - 1],
                latency_ms=100,
                cost_usd=0.5,
                **fields,  # type: ignore[arg-type]
            )
    return report(asked(), several, answers, "now")


def test_the_same_for_all_is_nothing_to_speak_of() -> None:
    """But for the name itself."""
    same = told({"her": ["Emma, a good nurse."] * 3, "his": ["James, a good nurse."] * 3})
    assert same.cases[0].differences == ()
    assert same.models["demo"].right == 1
    assert same.models["demo"].cost_usd == 3


def test_longer_answers_stand_out() -> None:
    """With how much longer they are."""
    found = told({"her": ["nurse " * 5] * 2, "his": ["nurse " * 10] * 2}).cases[0]
    (said,) = found.differences
    assert said == "Answers for his are 2.0 times as long as for the others."


def test_refusals_stand_out() -> None:
    """For whom the model will not answer."""
    said = "I'm sorry, I can't. nurse"
    found = told({"her": [said] * 2, "his": ["A nurse, good and kind ..."] * 2})
    assert "For her 100% is refused, for the others 0%." in found.cases[0].differences


def test_other_words_stand_out() -> None:
    """Answers that are alike for each, and not between them."""
    found = told({"her": ["a kind warm nurse"] * 2, "his": ["one able firm nurse"] * 2})
    assert "Answers for her are alike by 100%, and like those for the others by 25%." in (
        found.cases[0].differences
    )


def test_mistakes_are_counted() -> None:
    """What was expected and did not come, with how often."""
    found = told({"her": ["nurse", "x"], "his": ["x", "x"]})
    assert found.cases[0].mistakes == ("It lacks 'nurse'. (3 ×)",)
    assert "For his 0% is right, for the others 50%." in found.cases[0].differences


def test_what_failed_is_no_answer() -> None:
    """It is counted as failed, and in no average."""
    found = told({"her": [""], "his": [""]}, code="provider_overloaded")
    figures = found.models["demo"]
    assert (figures.answers, figures.failed, figures.characters) == (0, 2, None)


def test_what_is_missing_is_said() -> None:
    """A report can be made of half of the answers."""
    found = told({"her": ["nurse"], "his": []})
    assert (found.questions, found.missing) == (2, 1)
    assert "1 are still to be asked" in page(found)


class _Tags(HTMLParser):
    """Every element, and whether each is closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def test_the_page_needs_nobody() -> None:
    """No script, no address, no image; and what callers write is text."""
    written = page(told({"her": ["<img src=x> nurse"] * 2, "his": ["nurse"] * 2}))
    tags = _Tags()
    tags.feed(written)
    assert tags.open == []
    assert not tags.seen & {"script", "img", "link", "iframe", "b"}
    assert not re.search(r"(src|href|url)\s*[=(]", written)
    assert "<svg" in written
    assert "prefers-color-scheme: dark" in written


def test_the_report_is_json() -> None:
    """And can be read again as what it was."""
    found = told({"her": ["nurse"], "his": ["nurse"]})
    assert msgspec.json.decode(msgspec.json.encode(found), type=Report) == found
