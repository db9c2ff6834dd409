"""The page of the API, drawn from its own description."""

from __future__ import annotations

from typing import Any, cast

import flask
from flask import Response, current_app, render_template

from app.blueprints.guards import public

blueprint = flask.Blueprint("docs", __name__, template_folder="../web/templates")

_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


@blueprint.get("/docs")
@public
def page() -> Response:
    """Every route with its parameters, body and answers."""
    response = Response(render_template("docs.html", spec=_spec()), content_type="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _spec() -> dict[str, Any]:
    api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return cast(dict[str, Any], api.spec.to_dict())
