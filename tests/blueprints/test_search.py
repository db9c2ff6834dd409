"""Looking for what was said."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.keeping import listed, planted
from tests.blueprints.talk import chat


@pytest.mark.parametrize(
    ("said", "search"),
    [
        ("Grüße aus KÖLN", "köln"),
        ("ПРИВЕТ", "привет"),
        ("Straße", "STRASSE"),
        ("100% sure", "0% S"),
        ("snake_case", "e_C"),
        ("it's", "T'S"),
        ('say "hi"', '"HI"'),
        ("a\\b", "A\\"),
        ("今天天气很好", "天气"),
    ],
)
def test_search_over_http(client: FlaskClient, services: Services, said: str, search: str) -> None:
    """Titles and texts are searched without case, signs taken as they are, the owner's alone."""
    in_text = planted(services, "local", "Title", said)
    in_title = planted(services, "local", said)
    planted(services, "local", "Other", "nothing of it")
    planted(services, "eve", said, said)
    found = listed(client, q=search, limit=1)
    assert {made["id"] for made in found} == {in_text, in_title}


def test_what_a_model_said_is_found(client: FlaskClient) -> None:
    """Answers are searched as well as questions."""
    chat(client, "Hi")
    assert len(listed(client, q="BUILT-IN")) == 1
    assert listed(client, q="not said by anybody") == []
