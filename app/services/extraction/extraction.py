"""The use case: a text and a schema in; a run out, or the result itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from app.accounts import Account
from app.errors import BadInput
from app.events import Partial
from app.evidence.locales import Locale, locale
from app.ids import new_id
from app.metering.admission import Admission
from app.metering.limits import Gate
from app.metering.tokens import estimate
from app.runs.reader import Reader
from app.runs.registry import Runs
from app.runs.run import Run
from app.services.chat import permitted
from app.services.composing import Composer
from app.services.extraction.inquiry import Inquiry
from app.services.extraction.journal import Journal
from app.services.extraction.means import Means, capable, settings
from app.services.extraction.named import Registered
from app.services.extraction.pieces import pieces
from app.services.extraction.prompting import Piece, Prompt
from app.services.extraction.request import Request
from app.services.extraction.result import Result
from app.services.extraction.target import Source
from app.services.extraction.targets import Targets
from app.services.extraction.work import Work
from app.services.models import Models

_ANSWER = 500  # tokens that an answer is likely to have


class Extraction:
    """`registered` are the schemas with a name; `most_bytes` bounds what a model may write, and
    `grace` is how long, in seconds, a run that continues may be without a reader.
    """

    def __init__(
        self,
        registered: Mapping[str, Registered],
        models: Models,
        live: Runs,
        composer: Composer,
        gate: Gate,
        *,
        most_bytes: int,
        grace: float,
    ) -> None:
        self.targets = Targets(registered)
        self._models = models
        self._live = live
        self._composer = composer
        self._gate = gate
        self._most_bytes = most_bytes
        self._grace = grace

    def start(self, account: Account, request: Request, *, partials: bool = True) -> Run:
        """Begin it as a run; its log ends with a Done that has the Result, or with a Failure.

        Raises:
            BadInput, UnknownModel, NotAllowed: the request cannot be carried out.
            BudgetSpent, TooMany, Unavailable: it may not be, now.
        """
        return self._start(account, request, partials=partials)[0]

    def extract(
        self,
        account: Account,
        request: Request,
        on_partial: Callable[[Any], None] | None = None,
    ) -> Result:
        """The same, waited for. To kill the greenlet that waits is to stop it.

        `on_partial` hears the data as far as it has come.

        Raises:
            ExtractionFailed: no answer was valid; see its `members`.
            ParleyError: as `start`, and what else ended it; with `members` if a model was asked.
        """
        run, work = self._start(account, request, partials=on_partial is not None)
        reader = Reader(run)
        try:
            for batch in reader.follow():
                for event in batch:
                    if on_partial is not None and isinstance(event, Partial):
                        on_partial(msgspec.json.decode(event.json))
        finally:
            reader.close()
        if isinstance(work.outcome, Result):
            return work.outcome
        raise work.outcome

    def check(self, account: Account, request: Request) -> None:
        """Raises BadInput, UnknownModel, NotAllowed: it cannot be carried out."""
        self._means("", account, request)

    def _start(self, account: Account, request: Request, *, partials: bool) -> tuple[Run, Work]:
        run_id = new_id("run")
        self._composer.moderation.document(request.text)
        means, asked = self._means(run_id, account, request)
        with self._live.place() as start, self._admitted(account, request) as admission:
            run = Run(run_id, account.owner, "", request.on_disconnect, self._grace)
            journal = Journal(run, means.chain[0].model.id, partials=partials)
            work = Work(run, means, journal, self._inquiries(means, journal, asked))
            if len(means.chain) == 1:
                journal.begin()
            start(run, partial(admission.cover, work))
        return run, work

    def _means(
        self, run_id: str, account: Account, request: Request
    ) -> tuple[Means, list[tuple[Piece, Prompt]]]:
        target = self.targets.find(request.schema)
        source = Source(request.text, _locale(request.locale))
        chain = permitted(account, self._models.resolve(request.model))
        how = request.locale, request.instructions
        whole = Prompt(target, Piece(request.text), *how)
        chain = capable(account, request, chain, whole)
        asked = whole.request(chain[0].model, **settings(account, request))
        found = pieces(request.text, chain, asked)
        several = len(found) > 1
        means = Means(
            composer=self._composer,
            account=account,
            request=request,
            target=target,
            source=source,
            chain=chain,
            run_id=run_id,
            deadline=time.monotonic() + self._composer.seconds,
            most_bytes=self._most_bytes,
        )
        return means, [
            (piece, Prompt(target, piece, *how) if several else whole) for piece in found
        ]

    def _inquiries(
        self, means: Means, journal: Journal, asked: list[tuple[Piece, Prompt]]
    ) -> list[tuple[Piece, Inquiry]]:
        """One for each piece; the first question is entered into the ledger."""
        (piece, prompt), *others = asked
        meter = means.meter()
        first = means.attempts(prompt, meter)
        self._composer.endings.begin(means.run_id, first.enter)
        return [
            (piece, Inquiry(means, journal, piece, prompt, meter, first)),
            *((p, Inquiry(means, journal, p, asks, means.meter())) for p, asks in others),
        ]

    @contextmanager
    def _admitted(self, account: Account, request: Request) -> Iterator[Admission]:
        """A place among the account's limits, given back whole if the run does not start."""
        tokens = estimate(request.text) + (request.max_output_tokens or _ANSWER)
        admission = self._gate.admit(account, tokens, stream=True)
        try:
            yield admission
        except BaseException:
            admission.cancel()
            raise


def _locale(tag: str | None) -> Locale | None:
    if tag is None:
        return None
    try:
        return locale(tag)
    except ValueError as error:
        raise BadInput(str(error), errors={"locale": [str(error)]}) from error
