"""What is kept of a caller: all of it as a file, and none of it any more."""

from __future__ import annotations

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import any_key
from app.schemas.privacy import DeletedSchema, ExportSchema

blueprint = Blueprint("privacy", __name__, url_prefix="/api/me", description="What is kept of you")


@blueprint.get("/export")
@blueprint.response(200, ExportSchema)
@any_key
def export() -> Response:
    """Take away all that is kept of you: conversations with every branch, runs, calls, feedback."""
    pieces = services().safeguards.privacy.export(caller())
    answer = Response(pieces, content_type="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename="parley-export.json")
    return answer


@blueprint.delete("/data")
@blueprint.response(200, DeletedSchema)
@any_key
def delete() -> object:
    """Delete all that is kept of you, for good; what runs is stopped, and sessions end.

    The ledger keeps what was paid, without a word of text.
    """
    return services().safeguards.privacy.delete(caller())
