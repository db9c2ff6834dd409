"""Terms that must be accepted before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config, ConfigError
from app.services import Services
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import chat, is_problem, rows

_SENDING = [
    ("/api/chat", {"message": "x"}),
    ("/api/chat/stream", {"message": "x"}),
    ("/api/prompts/summarize", {"variables": {"text": "x"}}),
    ("/api/extract", {"schema": "contact", "text": "x"}),
    ("/api/agent", {"message": "x"}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}]}),
]


class TestWithTerms:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, Any]:
        (tmp_path / "terms.md").write_text("Be kind.")
        return {"terms_file": f"{tmp_path}/terms.md", "admin_key": ADMIN}

    @pytest.mark.parametrize(("path", "body"), _SENDING)
    def test_before(
        self, client: FlaskClient, services: Services, path: str, body: dict[str, Any]
    ) -> None:
        """Until they are accepted nothing is sent, on whichever way, and nothing is stored."""
        answer = client.post(path, json=body, buffered=True)
        assert answer.status_code == 403
        assert "terms_not_accepted" in answer.text
        assert set(rows(services).values()) == {0}

    def test_after(self, client: FlaskClient) -> None:
        """They can be read; whoever accepts them, with their version, is let in."""
        terms = client.get("/api/terms").get_json()
        assert (terms["text"], terms["accepted_at"]) == ("Be kind.", None)
        problem = is_problem(
            client.post("/api/chat", json={"message": "x"}), 403, "terms_not_accepted"
        )
        assert problem["version"] == terms["version"]
        accepted = client.post("/api/terms", json={"version": terms["version"]})
        assert accepted.status_code == 200
        chat(client)
        again = client.get("/api/terms").get_json()
        assert again["accepted_at"] == accepted.get_json()["accepted_at"] is not None

    def test_each_for_themselves(self, client: FlaskClient) -> None:
        """What one has accepted counts for nobody else."""
        version = client.get("/api/terms").get_json()["version"]
        ada, eve = (bearer(issued(client, owner=name)["key"]) for name in ("ada", "eve"))
        client.post("/api/terms", json={"version": version}, headers=ada)
        for headers, status in ((ada, 200), (eve, 403)):
            said = client.post("/api/chat", json={"message": "x"}, headers=headers, buffered=True)
            assert said.status_code == status

    def test_another_version(self, client: FlaskClient) -> None:
        """Only what is in force can be accepted."""
        answer = client.post("/api/terms", json={"version": "2020-01-01"})
        assert "version" in is_problem(answer, 422, "invalid_request")["errors"]

    def test_deleted_data_is_deleted_consent(self, client: FlaskClient) -> None:
        """Whoever has all deleted is asked anew."""
        version = client.get("/api/terms").get_json()["version"]
        client.post("/api/terms", json={"version": version})
        client.delete("/api/me/data")
        is_problem(client.post("/api/chat", json={"message": "x"}), 403, "terms_not_accepted")


def test_a_new_version_is_accepted_anew(tmp_path: Path) -> None:
    """Who accepted the old text has not accepted the new one; a restart forgets nobody."""
    file = tmp_path / "terms.md"
    file.write_text("Be kind.")
    for text, version, status in (("Be kind.", None, 200), ("Be kinder.", None, 403)):
        file.write_text(text)
        with application(tmp_path, terms_file=str(file), terms_version=version) as app:
            client = app.test_client()
            if status == 200:
                known = client.get("/api/terms").get_json()["version"]
                client.post("/api/terms", json={"version": known})
        with application(tmp_path, terms_file=str(file), terms_version=version) as app:
            said = app.test_client().post("/api/chat", json={"message": "x"}, buffered=True)
            assert said.status_code == status


def test_without_terms(client: FlaskClient) -> None:
    """Where there are none nobody is asked, and there is nothing to accept."""
    chat(client)
    terms = client.get("/api/terms").get_json()
    assert terms == {"version": None, "text": None, "accepted_at": None}
    is_problem(client.post("/api/terms", json={"version": "1"}), 422, "invalid_request")


def test_terms_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is no text stops the start."""
    (tmp_path / "terms.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="TERMS_FILE"):
        create_app(Config(terms_file=f"{tmp_path}/terms.md"))
