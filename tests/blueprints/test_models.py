"""What can be asked, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from gevent.server import StreamServer

from app.config import CompatibleServer
from app.services import models
from tests.blueprints.talk import chat
from tests.upstream import Upstream


def test_the_demo_model_is_always_there(client: FlaskClient) -> None:
    """With nothing configured it is the one model, and the default."""
    assert client.get("/api/models").get_json() == {
        "default": "demo/demo",
        "models": [{"id": "demo/demo", "provider": "demo"}],
    }


class TestWithProviders:
    """What the providers list is listed."""

    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any], upstream: Upstream) -> dict[str, Any]:
        return {**with_upstream, "ollama_base_url": upstream.url, "chat_model": "ollama/mock-2"}

    def test_all_are_listed(self, client: FlaskClient) -> None:
        """Each provider's models are there by the names that `model` takes."""
        listed = client.get("/api/models").get_json()
        assert listed["default"] == "ollama/mock-2"
        assert {model["id"]: model["provider"] for model in listed["models"]} == {
            "openai/mock-5-0": "openai",
            "anthropic/mock-5-0": "anthropic",
            "ollama/mock-5-0": "ollama",
            "demo/demo": "demo",
        }

    def test_what_is_listed_can_be_asked(self, client: FlaskClient) -> None:
        """Every listed name is taken, and the answer says the same name."""
        for model in client.get("/api/models").get_json()["models"]:
            assert chat(client, model=model["id"])["model"] == model["id"]
        assert chat(client)["model"] == "ollama/mock-2"

    def test_a_provider_that_is_away_is_left_out(
        self, client: FlaskClient, upstream: Upstream
    ) -> None:
        """The list is still a list, with what there is."""
        upstream.__exit__()
        listed = client.get("/api/models").get_json()
        assert [model["id"] for model in listed["models"]] == ["demo/demo"]


class TestWithASilentProvider:
    """One that takes every connection and never says a word."""

    @pytest.fixture
    def settings(self) -> Iterator[dict[str, Any]]:
        server = StreamServer(("127.0.0.1", 0), lambda sock, _: sock.recv(65_536) and sock.recv(1))
        server.start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        yield {"compatible": (CompatibleServer("own", url),)}
        server.stop(timeout=0)

    def test_it_does_not_hold_up_the_list(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page that asks for the list has it in time, without a default if need be."""
        monkeypatch.setattr(models, "_PATIENCE", 0.1)
        with gevent.Timeout(5):
            listed = client.get("/api/models").get_json()
        assert [model["id"] for model in listed["models"]] == ["demo/demo"]
