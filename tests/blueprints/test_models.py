"""What can be asked, over HTTP."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from gevent.server import StreamServer

from app.servers import KNOWN, CompatibleServer
from app.services import Services, models
from tests.blueprints.talk import chat, rows
from tests.browser.pictures import png
from tests.providers.announcing import Announcing
from tests.upstream import Upstream

_PIXEL = b64encode(png()).decode()


def test_the_demo_model_is_always_there(client: FlaskClient) -> None:
    """With nothing configured it is the one model, and the default."""
    listed = client.get("/api/models").get_json()
    assert listed["default"] == "demo/demo"
    assert listed["models"] == [
        {
            "id": "demo/demo",
            "provider": "demo",
            "context_window": 8192,
            "max_output_tokens": None,
            "images": True,
            "tools": True,
            "strict_schema": False,
            "reasoning": False,
            "reasoning_with_tools": True,
            "temperature": "ignored",
            "deprecated": False,
            "retires": None,
            "circuit": "closed",
        }
    ]


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


class TestWithANamedServer:
    """Its list says what its models can do, and what they cannot do is not asked of them."""

    @pytest.fixture
    def server(self) -> Iterator[Announcing]:
        entry = {
            "id": "small",
            "max_context_length": 2_000,
            "capabilities": {"vision": False, "function_calling": True},
        }
        with Announcing(listed={"data": [entry, {"id": "big"}]}) as server:
            yield server

    @pytest.fixture
    def settings(self, server: Announcing) -> dict[str, Any]:
        there = replace(KNOWN["mistral"], base_url=f"{server.url}/v1", api_key="sk-secret")
        return {
            "compatible": (there,),
            "model_profiles": {
                "mistral/big": {
                    "max_output_tokens": 100,
                    "temperature": "no",
                    "reasoning": False,
                    "retires": date(2031, 2, 3),
                }
            },
        }

    def test_it_is_listed_with_what_it_can_do(self, client: FlaskClient) -> None:
        """The server's word, and over it the configuration's."""
        small, big, _ = client.get("/api/models").get_json()["models"]
        assert (small["id"], small["context_window"]) == ("mistral/small", 2_000)
        assert (small["images"], small["tools"], small["reasoning"]) == (False, True, True)
        assert (big["id"], big["max_output_tokens"]) == ("mistral/big", 100)
        assert (big["temperature"], big["retires"]) == ("no", "2031-02-03")

    def test_it_answers(self, client: FlaskClient, server: Announcing) -> None:
        """Without the field that it refuses, and as its own default."""
        said = chat(client, model="mistral", max_output_tokens=5)
        assert said["model"] == "mistral/small"
        assert set(server.bodies[0]) == {"model", "messages", "stream", "max_tokens"}

    @pytest.mark.parametrize(
        ("model", "asked"),
        [
            ("mistral/small", {"images": [f"data:image/png;base64,{_PIXEL}"]}),
            ("mistral/big", {"max_output_tokens": 101}),
            ("mistral/big", {"temperature": 0.5}),
            ("mistral/big", {"reasoning_effort": "low"}),
            ("mistral/big", {"reasoning_effort": "low", "temperature": 0, "cache": True}),
        ],
    )
    @pytest.mark.parametrize("path", ["/api/chat", "/api/chat/stream"])
    def test_what_it_cannot_do_is_refused_here(
        self,
        client: FlaskClient,
        server: Announcing,
        services: Services,
        path: str,
        model: str,
        asked: dict[str, Any],
    ) -> None:
        """A 422 names the fields, before anything is stored or sent."""
        client.get("/api/models")
        before = sum(rows(services).values())
        answer = client.post(path, json={"message": "Look", "model": model, **asked})
        assert answer.status_code == 422
        problem = answer.get_json()
        assert set(problem["errors"]) == set(asked) - {"cache"}
        assert (problem["code"], problem["retryable"]) == ("invalid_request", False)
        assert server.bodies == []
        assert sum(rows(services).values()) == before
