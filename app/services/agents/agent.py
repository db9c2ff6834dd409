"""The use case: a message in, a run out that calls tools until it has an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.accounts import Account
from app.events import AgentStep
from app.ids import new_id, now
from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.services.agents.course import Course
from app.services.agents.journal import Journal
from app.services.agents.limits import Tally
from app.services.agents.making import Making
from app.services.agents.means import Errand
from app.services.agents.step import Round
from app.services.agents.task import Task
from app.services.composing import able
from app.services.idempotency import Idempotency
from app.services.images import Images
from app.services.models import Models, permitted
from app.services.relay import Place
from app.services.runs import Runs
from app.services.turns import Turn, said
from app.storage import runs
from app.storage.database import Transaction
from app.tools.toolbox import Toolbox


class Agents:
    """Every method checks that the conversation, or the run, is the owner's."""

    def __init__(
        self,
        making: Making,
        models: Models,
        live: Live,
        known: Runs,
        images: Images,
        toolbox: Toolbox,
    ) -> None:
        self._making = making
        self._models = models
        self._live = live
        self._known = known
        self._idempotency = Idempotency(making.database, known)
        self._images = images
        self._toolbox = toolbox

    def start(self, account: Account, task: Task) -> Run:
        """Store the message and begin. The log ends with Done, Failure or, for a time, Parked.

        Raises:
            UnknownModel, BadInput, ContentFiltered, NotFound, Conflict, NotAllowed: nothing is
                stored.
            BudgetSpent, TooMany, Unavailable: it may not begin, now.
        """
        task = self._making.around.composer.moderation.asked(task)
        granted = self._toolbox.granted(account, task.tools)
        chain = permitted(account, self._models.resolve(task.model))
        nothing = Turn("", task.system, ())
        errand = Errand(account=account, task=task, turn=nothing, chain=chain, granted=granted)
        return self._idempotency.once(account.owner, task.once, lambda: self._begin(errand))

    def steps(self, owner: str, run_id: str) -> Sequence[AgentStep]:
        """What it has done so far, or did. None for a chat. Raises NotFound."""
        live = self._live.find(owner, run_id)
        events = live.events if live is not None else self._known.log(owner, run_id)
        return [event for event in events if isinstance(event, AgentStep)]

    def _begin(self, errand: Errand) -> Run:
        account, task = errand.account, errand.task
        run_id, message_id = new_id("run"), new_id("msg")
        images = self._images.load(task.images)

        def write(tx: Transaction) -> Errand:
            turn = said(tx, account.owner, task, images)
            asked = replace(errand, turn=turn)
            asked = replace(asked, chain=able(errand.chain, lambda _: asked.request()))
            runs.add(tx, account.owner, self._row(run_id, message_id, asked), task.once)
            self._making.check(tx, run_id, asked)
            return asked

        with self._making.place(errand) as begin:
            asked = self._making.around.composer.endings.begin(run_id, write)
            turn, grace = asked.turn, self._making.house.grace
            run = Run(run_id, account.owner, turn.conversation_id, task.on_disconnect, grace)
            question = turn.branch[-1]
            place = Place(message_id, question.id, question.parent_id)
            journal = Journal(run, place, self._making.database)
            if len(asked.chain) == 1:
                journal.begin(asked.chain[0].model.id)
            course = Course([], Round(1, question.message.text), [])
            begin(run, asked, journal, Tally(), course)
        return run

    def _row(self, run_id: str, message_id: str, errand: Errand) -> runs.StoredRun:
        return runs.StoredRun(
            id=run_id,
            conversation_id=errand.turn.conversation_id,
            message_id=message_id,
            model=errand.chain[0].model.id,
            state="running",
            created_at=now(),
            process=self._making.house.process,
        )
