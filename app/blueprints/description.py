"""What /openapi.json says of every operation: how it is opened, and how its errors look."""

from __future__ import annotations

from typing import Any

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api

from app.blueprints import guards, problems
from app.blueprints.late_description import LateApi
from app.schemas.anthropic_messages import AnthropicError
from app.schemas.base import ProblemSchema
from app.schemas.openai_chat import OpenAIError

_ABOUT = "The AI backend between a browser and the model providers."
_JSON = "application/json"
# Ways in. The page's session is its own; on loopback without a key nobody needs any.
_WAYS = {
    "key": {"type": "http", "scheme": "bearer"},
    "keyInHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
# How each API says what went wrong, by how its paths begin: the longest that fits counts.
_ERRORS = {
    "/v1/messages": ("AnthropicError", AnthropicError, _JSON),
    "/v1/": ("OpenAIError", OpenAIError, _JSON),
    "/": ("Problem", ProblemSchema, problems.MEDIA_TYPE),
}


class _Operations(BasePlugin):
    """Completes the operations that smorest has read off the views."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def operation_helper(
        self, path: str | None = None, operations: Any = None, rule: Any = None, **_: Any
    ) -> None:
        view = self._app.view_functions[rule.endpoint]
        name = next(said[0] for start, said in _ERRORS.items() if rule.rule.startswith(start))
        for operation in operations.values():
            if guards.is_public(view):
                operation["security"] = []
            answers = operation["responses"]
            answers["default"] = name
            # A body that is not right is a 422 with us and a 400 with the others.
            if answers.pop(422, answers.pop("422", None)):
                answers["422" if name == "Problem" else "400"] = name


def described(app: Flask) -> Api:
    """The API, which tells of itself at /openapi.json."""
    app.config.update(
        API_TITLE="Parley",
        API_VERSION="0.1.0",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": _ABOUT},
            "security": [{way: []} for way in _WAYS],
        },
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = LateApi(app, spec_kwargs={"extra_plugins": [_Operations(app)]})
    for name, way in _WAYS.items():
        api.spec.components.security_scheme(name, way)
    for name, schema, media_type in _ERRORS.values():
        said = {"description": "What went wrong", "content": {media_type: {"schema": schema}}}
        api.spec.components.response(name, said)
    return api


def complete(app: Flask) -> None:
    """Read it off the schemas now, and not when somebody looks at it: that takes a moment."""
    assert app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec is not None
