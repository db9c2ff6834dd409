"""What a key may be used for, where none is demanded; test_authorisation.py has the rest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.issuing import bearer
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem


def test_a_key_of_ours_is_honoured_where_none_is_needed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Open on this machine, a key of ours says who one is, a wrong one of ours is refused, and
    what clients send because they must send something is nobody's.
    """
    with application(tmp_path_factory.mktemp("open")) as made:
        client = made.test_client()

        def me(headers: dict[str, str]) -> Any:
            return client.get("/api/me", headers=headers)

        assert me({}).get_json()["owner"] == "local"
        assert me(bearer("sk-any")).get_json()["owner"] == "local"
        is_problem(me(bearer("parley_" + "x" * 43)), 401, "not_authenticated")
        body = {"owner": "ada", "scopes": ["extract"]}
        key = client.post("/api/admin/keys", json=body).get_json()["key"]
        assert me(bearer(key)).get_json()["owner"] == "ada"
        said = client.post("/api/chat", json={"message": "Hi"}, headers=bearer(key))
        is_problem(said, 403, "not_allowed")
