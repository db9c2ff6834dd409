"""What was said, taken away as a file."""

from __future__ import annotations

import json

from flask.testing import FlaskClient

from tests.blueprints.talk import chat
from tests.blueprints.talk import messages as read_messages


def test_export_as_markdown(client: FlaskClient) -> None:
    """A file with the title and, in order, who said what on the newest branch."""
    first = chat(client, "one", system="Be brief")
    chat(client, "two", conversation_id=first["conversation_id"])
    chat(client, "three", conversation_id=first["conversation_id"], parent_id=None)
    path = f"/api/conversations/{first['conversation_id']}/export"
    for address in (path, f"{path}?format=md"):
        answer = client.get(address)
        assert answer.content_type == "text/markdown; charset=utf-8"
        name = f"{first['conversation_id']}.md"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert answer.text.startswith("# one\n")
        assert "Be brief" in answer.text
        assert "## You\n\nthree\n" in answer.text
        assert "## demo/demo\n" in answer.text
        assert "## You\n\ntwo\n" not in answer.text


def test_export_as_json(client: FlaskClient) -> None:
    """A file with everything, all branches, and the texts as they are."""
    first = chat(client, "one 😀")
    chat(client, "two", conversation_id=first["conversation_id"], parent_id=None)
    path = f"/api/conversations/{first['conversation_id']}"
    answer = client.get(f"{path}/export?format=json")
    assert answer.content_type == "application/json"
    assert answer.headers["Content-Disposition"].endswith(f"{first['conversation_id']}.json")
    kept = json.loads(answer.data)
    shown = read_messages(client, first["conversation_id"])
    assert [m["id"] for m in kept["messages"]] == [m["id"] for m in shown]
    texts = ["".join(p["text"] for p in m["parts"]) for m in kept["messages"]]
    assert texts == [message["content"] for message in shown]
    assert kept["title"] == "one 😀"
    assert kept["created_at"] == client.get(path).get_json()["created_at"]
