"""Chat with memory: a message in, a run out, both kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from app.accounts import Account
from app.ids import new_id, now
from app.metering.admission import Admission
from app.metering.meter import Meter
from app.runs.run import Run
from app.services.composing import capable
from app.services.generation import Degraded, Generation
from app.services.idempotency import Idempotency
from app.services.models import Candidate, permitted
from app.services.premises import Premises
from app.services.relay import Origin, Place, Relay
from app.services.runs import Runs as Known
from app.services.turns import Again, Ask, Settings, Turn, repeated, said
from app.storage import runs
from app.storage.database import Database, Transaction

OpenTurn = Callable[[Transaction], Turn]


class Chat:
    """The use case. Every method checks that the conversation is the owner's.

    `on_answer` hears of each run that has ended.
    """

    def __init__(
        self,
        database: Database,
        premises: Premises,
        known: Known,
        degraded: Degraded,
        *,
        process: str,
        on_answer: Callable[[Account, Turn, Run], None],
    ) -> None:
        self._database = database
        self._premises = premises
        self._idempotency = Idempotency(database, known)
        self._degraded = degraded
        self._process = process
        self._on_answer = on_answer

    def ask(self, account: Account, ask: Ask) -> Run:
        """Store the message and start the answer.

        Raises:
            UnknownModel, BadInput, ContentFiltered, NotFound, Conflict: and nothing is stored.
            Unavailable: the house is full or going down, or the database does not answer.
        """
        ask = self._premises.composer.moderation.asked(ask)

        def prepare() -> OpenTurn:
            images = self._premises.images.load(ask.images)
            return lambda tx: said(tx, account.owner, ask, images)

        return self._start(account, ask, prepare)

    def again(self, account: Account, again: Again) -> Run:
        """Start another answer beside the one there is. Raises as `ask`, and BadInput."""
        return self._start(account, again, lambda: lambda tx: repeated(tx, account.owner, again))

    def _start(self, account: Account, settings: Settings, prepare: Callable[[], OpenTurn]) -> Run:
        chain = permitted(account, self._premises.models.resolve(settings.model))
        return self._idempotency.once(
            account.owner,
            settings.once,
            lambda: self._begin(account, settings, chain, prepare()),
        )

    def _begin(
        self,
        account: Account,
        settings: Settings,
        chain: Sequence[Candidate],
        open_turn: OpenTurn,
    ) -> Run:
        run_id, message_id = new_id("run"), new_id("msg")

        def write(tx: Transaction) -> tuple[Turn, bool, Origin, Meter]:
            turn = open_turn(tx)
            able = capable(account, chain, turn, settings)
            row = self._row(run_id, message_id, turn.conversation_id, able[0])
            runs.add(tx, account.owner, row, settings.once)
            origin, meter = self._premises.composer.origin(
                tx, account, run_id, able, turn, settings
            )
            return turn, len(able) == 1, origin, meter

        with (
            self._premises.live.place() as start,
            self._premises.admitted(account, settings.estimated_tokens) as admission,
        ):
            turn, certain, origin, meter = self._premises.composer.endings.begin(
                run_id, write, short=settings.is_short
            )
            conversation_id = turn.conversation_id
            run = Run(
                run_id, account.owner, conversation_id, settings.on_disconnect, self._premises.grace
            )
            question = turn.branch[-1]
            place = Place(message_id, question.id, question.parent_id)
            relay = Relay(
                run, place, origin, self._premises.most_bytes, self._premises.composer.metrics
            )
            if certain:
                relay.announce()
            generation = self._generation(run, relay, meter)
            start(run, partial(self._work, generation, admission, account, turn, run))
        return run

    def _work(
        self, generation: Generation, admission: Admission, account: Account, turn: Turn, run: Run
    ) -> None:
        admission.cover(generation.run)
        self._on_answer(account, turn, run)

    def _row(
        self, run_id: str, message_id: str, conversation_id: str, candidate: Candidate
    ) -> runs.StoredRun:
        return runs.StoredRun(
            id=run_id,
            conversation_id=conversation_id,
            message_id=message_id,
            model=candidate.model.id,
            state="running",
            created_at=now(),
            process=self._process,
        )

    def _generation(self, run: Run, relay: Relay, meter: Meter) -> Generation:
        return Generation(
            run,
            relay,
            meter,
            endings=self._premises.composer.endings,
            metrics=self._premises.composer.metrics,
            seconds=self._premises.composer.seconds,
            degraded=self._degraded,
        )
