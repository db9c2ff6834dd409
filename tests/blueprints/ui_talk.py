"""How the tests post as a transport of the AI SDK does, with the history that it would have."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.encoders.ui_reader import Message, message


def said(some_id: str, text: str, role: str = "user") -> dict[str, Any]:
    """A message of the AI SDK."""
    return {"id": some_id, "role": role, "parts": [{"type": "text", "text": text}]}


class Chat:
    """`messages` is what its client shows."""

    def __init__(self, client: FlaskClient, chat_id: str = "chat-1", **body: Any) -> None:
        self.client = client
        self.id = chat_id
        self.body = body
        self.messages: list[dict[str, Any]] = []
        self._count = 0

    def say(self, text: str) -> Message:
        self._count += 1
        self.messages.append(said(f"u{self._count}", text))
        return self.post()

    def edit(self, index: int, text: str) -> Message:
        """Say the message at `index` in other words; what followed it is gone."""
        old = self.messages[index]["id"]
        self.messages[index:] = [said(old, text)]
        return self.post(messageId=old)

    def again(self, answer_id: str | None = None) -> Message:
        """Have the last answer given again."""
        self.messages.pop()
        return self.post(trigger="regenerate-message", messageId=answer_id)

    def post(self, **more: Any) -> Message:
        body = {"id": self.id, "messages": self.messages, "trigger": "submit-message"}
        answer = self.client.post("/api/ui/chat", json={**self.body, **body, **more}, buffered=True)
        assert answer.status_code == 200, answer.text[:300]
        assert answer.content_type == "text/event-stream; charset=utf-8"
        assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
        found = message(answer.data)
        self.messages.append(said(str(found.id), found.text(), "assistant"))
        return found
