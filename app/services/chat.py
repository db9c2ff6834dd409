"""Chat with memory: a message in, a run out, both kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from app.errors import BadInput
from app.events import Start
from app.ids import new_id, now
from app.metrics import Metrics
from app.providers.base import ModelRequest
from app.runs.registry import Runs
from app.runs.run import OnDisconnect, Run
from app.services.context import fit
from app.services.generation import Generation, Limits
from app.services.idempotency import Idempotency
from app.services.models import Model, Models
from app.services.runs import Runs as Known
from app.storage import conversations, messages, runs
from app.storage.database import Database, Transaction
from app.storage.messages import StoredMessage
from app.storage.runs import Once

_TITLE = 60  # characters of the first message that name a conversation


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to ask. A None leaves the choice to the server or the provider."""

    model: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    on_disconnect: OnDisconnect = "cancel"
    idempotency_key: str | None = None

    @property
    def once(self) -> Once | None:
        """The key with a fingerprint of everything that is asked."""
        if self.idempotency_key is None:
            return None
        return Once(self.idempotency_key, sha256(repr(self).encode()).hexdigest())


@dataclass(frozen=True, kw_only=True)
class Ask(Settings):
    """A user's message, under `parent_id` (default: the newest) or, `at_root`, under nothing."""

    message: str
    conversation_id: str | None = None
    parent_id: str | None = None
    at_root: bool = False
    system: str | None = None


@dataclass(frozen=True, kw_only=True)
class Again(Settings):
    """Another answer: to what `message_id` (default: the newest message) answers or says."""

    conversation_id: str
    message_id: str | None = None


@dataclass(frozen=True)
class Turn:
    """What a model is about to be asked: the branch up to the user's message, which is its last."""

    conversation_id: str
    system: str | None
    branch: Sequence[StoredMessage]


class Chat:
    """The use case. Every method checks that the conversation is the owner's."""

    def __init__(
        self,
        database: Database,
        models: Models,
        live: Runs,
        known: Known,
        metrics: Metrics,
        limits: Limits,
        grace: float,
    ) -> None:
        self._database = database
        self._models = models
        self._live = live
        self._idempotency = Idempotency(database, known)
        self._metrics = metrics
        self._limits = limits
        self._grace = grace

    def ask(self, owner: str, ask: Ask) -> Run:
        """Store the message and start the answer.

        Raises:
            UnknownModel, NotFound, Conflict: and nothing is stored.
            Unavailable: the house is full or going down, or the database does not answer.
        """
        return self._start(owner, ask, lambda tx: _said(tx, owner, ask))

    def again(self, owner: str, again: Again) -> Run:
        """Start another answer beside the one there is. Raises as `ask`, and BadInput."""
        return self._start(owner, again, lambda tx: _repeated(tx, owner, again))

    def _start(
        self, owner: str, settings: Settings, open_turn: Callable[[Transaction], Turn]
    ) -> Run:
        model = self._models.resolve(settings.model)
        return self._idempotency.once(
            owner, settings.once, lambda: self._begin(owner, settings, model, open_turn)
        )

    def _begin(
        self, owner: str, settings: Settings, model: Model, open_turn: Callable[[Transaction], Turn]
    ) -> Run:
        run_id, message_id = new_id("run"), new_id("msg")

        def write(tx: Transaction) -> Turn:
            turn = open_turn(tx)
            row = _row(run_id, message_id, turn.conversation_id, model)
            runs.add(tx, owner, row, settings.once)
            return turn

        with self._live.place() as start:
            turn = self._database.write(write)
            conversation_id = turn.conversation_id
            run = Run(run_id, owner, conversation_id, settings.on_disconnect, self._grace)
            start(run, self._generation(run, message_id, turn, model, settings))
        return run

    def _generation(
        self, run: Run, message_id: str, turn: Turn, model: Model, settings: Settings
    ) -> Generation:
        system = turn.system
        window = model.provider.context_window(model.name)
        said = [stored.message for stored in turn.branch]
        kept, cut = fit(said, system, window, settings.max_output_tokens)
        request = ModelRequest(
            model=model.name,
            messages=kept,
            system=system,
            temperature=settings.temperature,
            max_output_tokens=settings.max_output_tokens,
        )
        question = turn.branch[-1]
        start = Start(
            run_id=run.id,
            conversation_id=run.conversation_id,
            message_id=message_id,
            user_message_id=question.id,
            parent_id=question.parent_id,
            model=model.id,
            truncated_turns=cut,
        )
        return Generation(
            run,
            start,
            model,
            request,
            database=self._database,
            metrics=self._metrics,
            limits=self._limits,
        )


def _said(tx: Transaction, owner: str, ask: Ask) -> Turn:
    """Add the user's message to its conversation, which is made if none is named."""
    if ask.conversation_id is None:
        if ask.parent_id is not None:
            said = "parent_id needs the conversation_id that it belongs to."
            raise BadInput(said, errors={"parent_id": [said]})
        conversation = conversations.create(tx, owner, _title(ask.message), ask.system)
        above: Sequence[StoredMessage] = []
    else:
        conversation = conversations.find(tx, owner, ask.conversation_id)
        conversations.touch(tx, conversation.id, ask.system)
        above = messages.path(tx, conversation.id, _parent(tx, conversation.id, ask))
    message = messages.said_by_user(above[-1].id if above else None, ask.message)
    messages.add(tx, conversation.id, message)
    system = conversation.system if ask.system is None else ask.system
    return Turn(conversation.id, system, [*above, message])


def _parent(tx: Transaction, conversation_id: str, ask: Ask) -> str | None:
    if ask.at_root:
        return None
    if ask.parent_id is None:
        return messages.newest(tx, conversation_id)
    return messages.find(tx, conversation_id, ask.parent_id).id


def _repeated(tx: Transaction, owner: str, again: Again) -> Turn:
    conversation = conversations.find(tx, owner, again.conversation_id)
    leaf = again.message_id or messages.newest(tx, conversation.id)
    if leaf is None:
        raise BadInput("This conversation has no message yet that could be answered again.")
    branch = messages.path(tx, conversation.id, messages.find(tx, conversation.id, leaf).id)
    if branch[-1].role == "assistant":
        branch = branch[:-1]
    return Turn(conversation.id, conversation.system, branch)


def _row(run_id: str, message_id: str, conversation_id: str, model: Model) -> runs.StoredRun:
    return runs.StoredRun(
        id=run_id,
        conversation_id=conversation_id,
        message_id=message_id,
        model=model.id,
        state="running",
        created_at=now(),
    )


def _title(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
