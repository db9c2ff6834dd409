"""The questions about one piece of a text, until an answer is valid or it is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from app.errors import ExtractionFailed, ParleyError, ProviderError, ProviderTimeout
from app.events import Usage
from app.evidence.issues import Issue, Path
from app.metering.meter import Ended, Meter
from app.services.attempts import Attempts
from app.services.extraction.hearing import Heard
from app.services.extraction.journal import Journal
from app.services.extraction.means import Means
from app.services.extraction.partials import Partials
from app.services.extraction.prompting import Piece, Prompt, Refused
from app.services.extraction.quotes import taken
from app.services.extraction.reporting import issues
from app.services.extraction.result import Attempt
from app.services.extraction.target import Judged, Source
from app.services.settlement import settled
from app.storage.calls import State
from app.structure.wire import Wire


@dataclass(frozen=True)
class Accepted:
    """A valid answer, with the quotes that the model gave, and who gave it."""

    data: Any
    warnings: Sequence[Issue]
    quoted: Mapping[Path, str]
    wire: Wire
    model: str


class Inquiry:
    """`first` is the question that is entered into the ledger already, if it is."""

    def __init__(
        self,
        means: Means,
        journal: Journal,
        piece: Piece,
        prompt: Prompt,
        meter: Meter,
        first: Attempts | None = None,
    ) -> None:
        self._means = means
        self._journal = journal
        self._piece = piece
        self._prompt = prompt
        self._first = first
        self.meter = meter

    def __call__(self) -> Accepted:
        """Raises ExtractionFailed, and what else ends it."""
        refused: Refused | None = None
        seen: set[bytes] = set()
        for number in count(1):
            heard = Heard(self._means.most_bytes)
            try:
                attempts = self._ask(number, refused, heard)
            except ProviderError as error:
                if self._is_last(number) or not _may_pass(error, heard):
                    raise
                self._again(number, [Issue((), error.code, error.detail)])
                continue
            found = self._accepted(number, attempts, heard)
            if isinstance(found, Accepted):
                return found
            mark = heard.mark()
            if self._is_last(number) or mark in seen:
                raise self._failed(number, repeated=mark in seen)
            seen.add(mark)
            refused = heard.refused(found)
            self._again(number, found)
        raise AssertionError

    def _ask(self, number: int, refused: Refused | None, heard: Heard) -> Attempts:
        attempts = self._first or self._means.attempts(self._prompt, self.meter, refused)
        self._first = None
        try:
            with attempts.answer() as batches:
                model = attempts.answering.model
                self._journal.begin(model.id)
                heard(batches, self._partials(model, number))
        except ParleyError as error:
            if heard.begun or isinstance(error, ProviderError):
                heard.figures.fault = error if isinstance(error, ProviderError) else None
                usage, cost = self._settled(attempts, heard, "failed", error.code)
                wrong = [Issue((), error.code, error.detail)]
                self._record(number, attempts, usage, cost, wrong)
            raise
        except BaseException:
            usage, cost = self._settled(attempts, heard, "stopped", None)
            wrong = [Issue((), "stopped", "It was stopped before the answer was whole.")]
            self._record(number, attempts, usage, cost, wrong)
            raise
        return attempts

    def _accepted(
        self, number: int, attempts: Attempts, heard: Heard
    ) -> Accepted | Sequence[Issue]:
        """The answer, or what is wrong with it."""
        usage, cost = self._settled(attempts, heard, "ok", None)
        model = attempts.answering.model
        wire = self._prompt.wire(model)
        value, wrong = heard.value()
        data, quoted = taken(wire.decode(value))
        judged = Judged(data, wrong) if wrong else self._means.target.judge(data, self.source)
        self._record(number, attempts, usage, cost, judged.issues)
        if judged.issues:
            self._journal.rejected(data, judged.issues)
            return judged.issues
        return Accepted(judged.data, judged.warnings, quoted, wire, model.id)

    @property
    def source(self) -> Source:
        """What the answers are held against."""
        whole = self._piece.whole
        return Source(self._piece.text, self._means.source.locale, whole)

    def _partials(self, model: Any, number: int) -> Partials | None:
        if not self._journal.partials:
            return None
        return Partials(
            self._prompt.wire(model),
            lambda data: self._journal.partial(taken(data)[0], self._piece.number, number),
        )

    def _settled(
        self, attempts: Attempts, heard: Heard, state: State, code: str | None
    ) -> tuple[Usage, Decimal | None]:
        usage = settled(heard.figures, heard.answer, attempts.composed.request)
        model = attempts.answering.model
        cost = self.meter.prices.cost(model.provider.name, model.name, usage)
        finish = heard.figures.finish.reason if heard.figures.finish else None
        self.meter.ended(Ended(state, usage, cost, finish, code))
        return usage, cost

    def _record(
        self,
        number: int,
        attempts: Attempts,
        usage: Usage,
        cost: Decimal | None,
        wrong: Sequence[Issue],
    ) -> None:
        self._journal.attempted(
            Attempt(
                number=number,
                part=self._piece.number,
                model=attempts.answering.model.id,
                usage=usage,
                cost_usd=cost,
                issues=issues(wrong),
            )
        )

    def _is_last(self, number: int) -> bool:
        return number >= self._means.request.max_attempts

    def _again(self, number: int, wrong: Sequence[Issue]) -> None:
        said = f"Attempt {number} was not accepted; asking again. {wrong[0].sentence}"
        self._journal.step(said, self._piece.number, number + 1, wrong[0].code)

    def _failed(self, number: int, *, repeated: bool) -> ExtractionFailed:
        why = "The model repeats itself. " if repeated else ""
        times = "1 attempt" if number == 1 else f"{number} attempts"
        return ExtractionFailed(
            f"No valid data came of {times}. {why}`issues` says what is wrong with the last "
            "candidate; ask another model, or loosen the schema."
        )


def _may_pass(error: ProviderError, heard: Heard) -> bool:
    """Whether what broke in the middle of an answer may go well if it is asked for again."""
    late = isinstance(error, ProviderTimeout) and error.limit == "deadline"
    return heard.begun and error.retryable and not late
