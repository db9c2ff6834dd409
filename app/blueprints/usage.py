"""What was used and what it cost: a caller's own, and everybody's for whoever runs the server."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import any_key, needs
from app.schemas.usage import AllUsageQuery, AllUsageReportSchema, UsageQuery, UsageReportSchema
from app.services import usage_export
from app.services.usage import Asked, Report

blueprint = Blueprint("usage", __name__, url_prefix="/api", description="Tokens and cost")

_JSON, _CSV = "application/json", "text/csv"
_TEXT: Final = {"type": "string"}


@blueprint.get("/usage")
@blueprint.arguments(UsageQuery, location="query")
@blueprint.response(200, UsageReportSchema)
@blueprint.alt_response(200, schema=_TEXT, content_type=_CSV)
@any_key
def own(query: dict[str, Any]) -> Response:
    """Sum up the caller's own calls, as JSON or CSV; a key's with those of its users.

    At most 400 days and 10,000 rows; what would be more is refused.
    """
    return _answer({**query, "owner": caller().payer, "user": caller().user})


@blueprint.get("/admin/usage")
@blueprint.arguments(AllUsageQuery, location="query")
@blueprint.response(200, AllUsageReportSchema)
@blueprint.alt_response(200, schema=_TEXT, content_type=_CSV)
@needs("admin")
def everybodys(query: dict[str, Any]) -> Response:
    """Sum up all owners' calls, as JSON or CSV.

    At most 400 days and 10,000 rows; what would be more is refused.
    """
    return _answer(query)


def _answer(query: dict[str, Any]) -> Response:
    wanted = query.pop("format") or request.accept_mimetypes.best_match([_JSON, _CSV], _JSON)
    report = services().usage.report(Asked(**query))
    if wanted in ("csv", _CSV):
        answer = _file(report)
    else:
        answer = Response(usage_export.json(report), content_type=_JSON)
    answer.vary.add("Accept")
    return answer


def _file(report: Report) -> Response:
    answer = Response(usage_export.as_csv(report), content_type=f"{_CSV}; charset=utf-8")
    name = f"usage-{report.first}-{report.last}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
