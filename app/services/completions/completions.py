"""The use case: a whole request in, a run out. It is what the doors for other clients open on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from app.accounts import Account
from app.errors import BadInput
from app.ids import new_id
from app.messages import Message
from app.metering.meter import Meter
from app.providers.base import ModelRequest
from app.runs.run import Run
from app.services.attempts import Attempts, Composed
from app.services.chat import Chat
from app.services.completions.completion import Completion, filled, pictures
from app.services.completions.judging import Judge
from app.services.completions.requests import fitted, whole
from app.services.completions.work import Work
from app.services.composing import able
from app.services.generation import Degraded
from app.services.models import Candidate, permitted
from app.services.premises import Premises
from app.services.relay import Relay


class Completions:
    """`chat` has the conversations that are kept."""

    def __init__(self, premises: Premises, degraded: Degraded, chat: Chat) -> None:
        self._premises = premises
        self._degraded = degraded
        self._chat = chat

    def start(self, account: Account, asked: Completion) -> Run:
        """Begin the answer; when its last reader leaves it ends.

        Raises:
            BadInput, UnknownModel, NotAllowed, NotFound: it cannot be carried out.
            BudgetSpent, TooMany, Unavailable: it may not be, now.
        """
        if asked.conversation_id is not None:
            return self._chat.ask(account, asked.as_turn())
        judge = Judge(asked)
        request, chain = self.request(account, asked)
        run_id = new_id("run")
        with (
            self._premises.live.place() as start,
            self._premises.admitted(account, asked.estimated_tokens) as admission,
        ):
            run = Run(run_id, account.owner, "")
            run.kept = asked.kept
            meter = Meter(
                self._premises.composer.ledger,
                self._premises.composer.database,
                account,
                "",
                run_id,
            )
            attempts = self._attempts(request, chain, meter)
            self._premises.composer.endings.begin(run_id, attempts.enter)
            relay = Relay(
                run, None, attempts, self._premises.most_bytes, self._premises.composer.metrics
            )
            if len(chain) == 1:
                relay.announce()
            work = self._work(run, relay, meter, judge)
            start(run, partial(admission.cover, work.run))
        return run

    def request(
        self, account: Account, asked: Completion
    ) -> tuple[ModelRequest, Sequence[Candidate]]:
        """The whole request, for no model yet, and who can be asked it. Raises as `start`."""
        chain = permitted(account, self._premises.models.resolve(asked.model))
        request = whole(account, asked, self._messages(asked))
        request = self._premises.composer.moderation.brought(request)
        return request, able(chain, lambda candidate: fitted(request, candidate))

    def _messages(self, asked: Completion) -> tuple[Message, ...]:
        try:
            return filled(asked.messages, self._premises.images.load(pictures(asked.messages)))
        except BadInput as error:  # which counts the images, and not the messages
            raise BadInput(error.detail, errors={"messages": [error.detail]}) from error

    def _attempts(
        self, request: ModelRequest, chain: Sequence[Candidate], meter: Meter
    ) -> Attempts:
        composer = self._premises.composer
        return Attempts(
            chain,
            lambda candidate: Composed(fitted(request, candidate), 0),
            composer.breakers,
            composer.budget,
            meter,
            composer.metrics,
            deadline=time.monotonic() + composer.seconds,
        )

    def _work(self, run: Run, relay: Relay, meter: Meter, judge: Judge) -> Work:
        return Work(
            run,
            relay,
            meter,
            endings=self._premises.composer.endings,
            metrics=self._premises.composer.metrics,
            seconds=self._premises.composer.seconds,
            degraded=self._degraded,
            judge=judge,
        )
