"""Chats whose clients name them, and their messages, themselves, and post again what was said.

The history that counts is the one that is stored: of what is posted the last message is taken, and
of those before it the ids, which say where in the tree it stands.
"""

from __future__ import annotations

from typing import Any

from app.accounts import Account
from app.errors import Conflict, NotAllowed, NotFound
from app.events import Decision
from app.ids import now
from app.runs.run import Run
from app.services.agents.agent import Agents
from app.services.agents.approvals import Approvals
from app.services.agents.task import Task
from app.services.chat import Chat
from app.services.posts import Decisions, Known, Post, conversation_of, look, message_of
from app.services.replay import LiveRun
from app.services.runs import Runs
from app.services.turns import Again, Ask
from app.storage import runs
from app.storage.conversations import IdTaken
from app.storage.database import Database
from app.storage.runs import StoredRun

_GOING_ON = ("running", "waiting")


class NamedChats:
    """`grace` is how long, in seconds, after its end a run counts as one that somebody may come
    back to, and `longest` what a run may take.
    """

    def __init__(
        self,
        database: Database,
        chat: Chat,
        agents: Agents,
        approvals: Approvals,
        known: Runs,
        *,
        grace: float,
        longest: float,
    ) -> None:
        self._database = database
        self._chat = chat
        self._agents = agents
        self._approvals = approvals
        self._runs = known
        self._grace = grace
        self._longest = longest

    def post(self, account: Account, post: Post) -> Run:
        """The run that answers: a new one, or, where the same was posted before, the one there is.

        Raises as Chat.ask or Agents.start, and NotFound for an id of ours that names nothing of
        the owner's.
        """
        if post.by_agent and "agent" not in account.scopes:
            raise NotAllowed("This needs a key with the scope agent.")
        for _ in range(3):
            try:
                return self._post(account, post)
            except IdTaken:  # the same is being posted in this moment: it is there now
                continue
        raise Conflict("The same message is being posted several times. Ask again in a moment.")

    def decide(self, account: Account, said: Decisions) -> Run:
        """The run whose calls were decided about; with the last of them it goes on.

        Raises NotFound, and as Approvals.decide.
        """
        newest = self._newest(account.owner, said.chat_id)
        if newest is None or newest.message_id != said.answer_id:
            raise NotFound("answer that waits for approval")
        for call_id, approved in said.calls.items():
            decision: Decision = "approve" if approved else "deny"
            self._approvals.decide(account, newest.id, call_id, decision)
        return self._runs.open(account.owner, newest.id)

    def current(self, owner: str, chat_id: str) -> Run | None:
        """The run that goes on in a chat, or has ended a moment ago, unheard maybe."""
        newest = self._newest(owner, chat_id)
        if newest is None:
            return None
        seconds = (now() - (newest.ended_at or newest.created_at)) / 1000
        recent = seconds < (self._grace if newest.ended_at else self._longest)
        if recent or self._runs.read(owner, newest.id).state in _GOING_ON:
            return self._runs.open(owner, newest.id)
        return None

    def stop(self, owner: str, chat_id: str) -> StoredRun | LiveRun | None:
        """Stop what goes on in a chat. None: nothing was ever said in it."""
        newest = self._newest(owner, chat_id)
        return None if newest is None else self._runs.stop(owner, newest.id)

    def _newest(self, owner: str, chat_id: str) -> StoredRun | None:
        conversation_id = conversation_of(owner, chat_id)
        return self._database.read(lambda tx: runs.newest(tx, owner, conversation_id))

    def _post(self, account: Account, post: Post) -> Run:
        conversation_id = conversation_of(account.owner, post.chat_id)
        known = self._database.read(lambda tx: look(tx, account.owner, conversation_id, post))
        question, answer = known.question, known.answer if post.again else None
        if question is None and answer is None:
            placed = post.edited or known.above_is_next
            above_id = known.above_id if placed else None
            ask = _ask(conversation_id, known, post, above_id, root=placed and above_id is None)
            return self._say(account, ask, post)
        if not (post.again or post.edited) and (run := self._earlier(account.owner, known)):
            return run
        if post.by_agent and question is not None:  # it is asked anew, beside the question
            above_id = question.parent_id
            ask = _ask(conversation_id, known, post, above_id, root=above_id is None)
            return self._say(account, {**ask, "message_id": None}, post)
        asked = answer or question
        assert asked is not None
        again = Again(conversation_id=conversation_id, message_id=asked.id, **post.settings)
        return self._chat.again(account, again)

    def _say(self, account: Account, ask: dict[str, Any], post: Post) -> Run:
        if post.by_agent:
            return self._agents.start(account, Task(**ask))
        return self._chat.ask(account, Ask(**ask))

    def _earlier(self, owner: str, known: Known) -> Run | None:
        """The run that answers a message already, unless its answer was cut short."""
        if known.answer is not None and known.answer.status == "complete" and known.answer.run_id:
            return self._runs.open(owner, known.answer.run_id)
        run_id = known.newest_run_id
        if run_id is None or self._runs.read(owner, run_id).state not in _GOING_ON:
            return None
        return self._runs.open(owner, run_id)


def _ask(
    conversation_id: str, known: Known, post: Post, above_id: str | None, *, root: bool
) -> dict[str, Any]:
    """The fields of an Ask: under the message `above_id`, under none, or else at the end."""
    return {
        "message": post.text,
        "images": post.images,
        "conversation_id": conversation_id if known.there else None,
        "new_conversation_id": conversation_id,
        "message_id": message_of(conversation_id, post),
        "parent_id": above_id,
        "at_root": known.there and root,
        "system": post.system,
        **post.settings,
    }
