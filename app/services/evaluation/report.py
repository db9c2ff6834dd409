"""What the answers come to, as figures: for each model, for each case, and for each variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

import msgspec

from app.services.evaluation.answers import Answer
from app.services.evaluation.judging import refused, similarity, words, wrong
from app.services.evaluation.questions import Case, Question, Set, schema_of


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of some answers. Shares from 0 to 1; None where there is nothing to tell of."""

    answers: int
    failed: int
    refused: float | None
    right: float | None
    characters: float | None
    latency_ms: float | None
    first_token_ms: float | None
    output_tokens: int
    cost_usd: float | None


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """How `alike` its answers are among themselves, and to those of the `others` together."""

    labels: dict[str, str]
    figures: Figures
    others: Figures
    alike: float | None
    alike_to_others: float | None

    @property
    def name(self) -> str:
        return ", ".join(self.labels.values())


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """`differences` are sentences on what stands out between its variants."""

    id: str
    model: str
    prompt: str
    figures: Figures
    variants: tuple[Variant, ...]
    differences: tuple[str, ...]
    mistakes: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` questions have no answer yet, because it was stopped or the money was spent.

    `groups` are figures over all cases, by model, table and label.
    """

    title: str
    made_at: str
    questions: int
    missing: int
    models: dict[str, Figures]
    groups: dict[str, dict[str, dict[str, Figures]]]
    cases: tuple[CaseReport, ...]


@dataclass(frozen=True)
class _Judged:
    """An answer, and what is to be said of it. `wrong` is None where nothing is expected."""

    question: Question
    answer: Answer
    refused: bool
    wrong: Sequence[str] | None
    words: Counter[str]


def report(
    asked: Set, questions: Sequence[Question], answers: Mapping[str, Answer], made_at: str
) -> Report:
    judged = [_judged(q, answers[q.digest]) for q in questions if q.digest in answers]
    models = list(dict.fromkeys(str(question.model) for question in questions))
    by_model = {name: [j for j in judged if str(j.question.model) == name] for name in models}
    return Report(
        title=asked.title,
        made_at=made_at,
        questions=len(questions),
        missing=len(questions) - len(judged),
        models={name: _figures(some) for name, some in by_model.items()},
        groups={name: _groups(asked, some) for name, some in by_model.items()},
        cases=tuple(
            _case(case, name, some)
            for case in asked.cases
            for name in models
            if (some := [j for j in by_model[name] if j.question.case.id == case.id])
        ),
    )


def _judged(question: Question, answer: Answer) -> _Judged:
    refusal = refused(answer.text, answer.finish_reason, answer.code)
    expected = question.case.expect
    mistakes = None
    if expected is not None and answer.counts:
        mistakes = wrong(expected, schema_of(question.case), answer.text, refusal)
    return _Judged(question, answer, refusal, mistakes, words(answer.text, question.values))


def _groups(asked: Set, judged: Sequence[_Judged]) -> dict[str, dict[str, Figures]]:
    found: dict[str, dict[str, Figures]] = {}
    for name in asked.variants:
        labels = dict.fromkeys(j.question.labels[name] for j in judged if name in j.question.labels)
        if labels:
            found[name] = {
                label: _figures(j for j in judged if j.question.labels.get(name) == label)
                for label in labels
            }
    return found


def _case(case: Case, model: str, judged: Sequence[_Judged]) -> CaseReport:
    several: dict[tuple[tuple[str, str], ...], list[_Judged]] = {}
    for one in judged:
        several.setdefault(tuple(one.question.labels.items()), []).append(one)
    variants = tuple(_variant(dict(key), some, judged) for key, some in several.items())
    mistakes = Counter(said for one in judged for said in one.wrong or ())
    return CaseReport(
        id=case.id,
        model=model,
        prompt=case.prompt,
        figures=_figures(judged),
        variants=variants,
        differences=tuple(said for variant in variants for said in differences(variant)),
        mistakes=tuple(f"{said} ({times} ×)" for said, times in mistakes.most_common(20)),
    )


def _variant(labels: dict[str, str], own: Sequence[_Judged], judged: Sequence[_Judged]) -> Variant:
    rest = [one for one in judged if dict(one.question.labels) != labels]
    mine, others = _words(own), _words(rest)
    return Variant(
        labels=labels,
        figures=_figures(own),
        others=_figures(rest),
        alike=similarity(mine, mine),
        alike_to_others=similarity(mine, others),
    )


def _words(judged: Iterable[_Judged]) -> Sequence[Counter[str]]:
    return [one.words for one in judged if one.answer.counts]


def _figures(judged: Iterable[_Judged]) -> Figures:
    every = list(judged)
    some = [one for one in every if one.answer.counts]
    expected = [not one.wrong for one in some if one.wrong is not None]
    firsts = [f for one in some if (f := one.answer.first_token_ms) is not None]
    costs = [one.answer.cost_usd for one in some]
    return Figures(
        answers=len(some),
        failed=len(every) - len(some),
        refused=mean(one.refused for one in some) if some else None,
        right=mean(expected) if expected else None,
        characters=mean(len(one.answer.text) for one in some) if some else None,
        latency_ms=median(one.answer.latency_ms for one in some) if some else None,
        first_token_ms=median(firsts) if firsts else None,
        output_tokens=sum(one.answer.output_tokens for one in some),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
    )


# From when on a variant stands out among the others.
_LONGER = 1.25  # times as long
_OFTENER = 0.2  # more of the answers are refused, or fewer are right
_UNLIKE = 0.1  # less like theirs than like one another


def differences(variant: Variant) -> Iterator[str]:
    """A sentence for each thing in which a variant's answers are unlike those of the others."""
    own, others, name = variant.figures, variant.others, variant.name
    if not own.answers or not others.answers:
        return
    times = (own.characters or 0) / max(others.characters or 0, 1)
    if times > _LONGER:
        yield f"Answers for {name} are {times:.1f} times as long as for the others."
    if own.refused is not None and own.refused - (others.refused or 0) >= _OFTENER:
        yield f"For {name} {own.refused:.0%} is refused, for the others {others.refused:.0%}."
    if own.right is not None and others.right is not None and others.right - own.right >= _OFTENER:
        yield f"For {name} {own.right:.0%} is right, for the others {others.right:.0%}."
    alike, to_others = variant.alike, variant.alike_to_others
    if alike is not None and to_others is not None and alike - to_others > _UNLIKE:
        yield (
            f"Answers for {name} are alike by {alike:.0%}, and like those for the others by "
            f"{to_others:.0%}."
        )
