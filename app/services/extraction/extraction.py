"""The use case: a text and a schema in; a run out, or the result itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from app.accounts import Account
from app.errors import BadInput
from app.events import Partial
from app.evidence.locales import Locale, locale
from app.ids import new_id
from app.metering.tokens import estimate
from app.runs.reader import Reader
from app.runs.run import Run
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
from app.services.models import permitted
from app.services.premises import Premises

_ANSWER = 500  # tokens that an answer is likely to have


class Extraction:
    """`registered` are the schemas with a name."""

    def __init__(self, registered: Mapping[str, Registered], premises: Premises) -> None:
        self.targets = Targets(registered)
        self._premises = premises

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
        self._premises.composer.moderation.document(request.text)
        means, asked = self._means(run_id, account, request)
        with (
            self._premises.live.place() as start,
            self._premises.admitted(account, _estimated(request)) as admission,
        ):
            run = Run(run_id, account.owner, "", request.on_disconnect, self._premises.grace)
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
        chain = permitted(account, self._premises.models.resolve(request.model))
        how = request.locale, request.instructions
        whole = Prompt(target, Piece(request.text), *how)
        chain = capable(account, request, chain, whole)
        asked = whole.request(chain[0].model, **settings(account, request))
        found = pieces(request.text, chain, asked)
        several = len(found) > 1
        means = Means(
            composer=self._premises.composer,
            account=account,
            request=request,
            target=target,
            source=source,
            chain=chain,
            run_id=run_id,
            deadline=time.monotonic() + self._premises.composer.seconds,
            most_bytes=self._premises.most_bytes,
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
        self._premises.composer.endings.begin(means.run_id, first.enter)
        return [
            (piece, Inquiry(means, journal, piece, prompt, meter, first)),
            *((p, Inquiry(means, journal, p, asks, means.meter())) for p, asks in others),
        ]


def _locale(tag: str | None) -> Locale | None:
    if tag is None:
        return None
    try:
        return locale(tag)
    except ValueError as error:
        raise BadInput(str(error), errors={"locale": [str(error)]}) from error


def _estimated(request: Request) -> int:
    """Tokens, in and out."""
    return estimate(request.text) + (request.max_output_tokens or _ANSWER)
