"""The terms of this installation: read, accepted, and asked for before anything is sent."""

from __future__ import annotations

from typing import Any

from flask import Flask, g

from app.blueprints.bodies import Blueprint
from app.blueprints.context import asked, asked_view, caller, services
from app.blueprints.guards import any_key
from app.schemas.terms import TermsBody, TermsSchema

blueprint = Blueprint("terms", __name__, url_prefix="/api/terms", description="Terms and consent")


def install(app: Flask) -> None:
    """Let nobody begin a run who has not accepted the terms, where there are some."""
    with app.app_context():
        wanted = services().safeguards.consent.terms is not None
    if wanted:
        app.before_request(_require)


def _require() -> None:
    """Views that begin runs are those whose answers say what is left of the limits."""
    if getattr(asked_view(asked()), "metered", False) and "caller" in g:
        services().safeguards.consent.require(caller().owner)


@blueprint.get("")
@blueprint.response(200, TermsSchema)
@any_key
def read() -> dict[str, Any]:
    """Read the terms, and whether the caller has accepted them."""
    consent = services().safeguards.consent
    terms = consent.terms
    return {
        "version": terms and terms.version,
        "text": terms and terms.text,
        "accepted_at": consent.of(caller().owner),
    }


@blueprint.post("")
@blueprint.arguments(TermsBody)
@blueprint.response(200, TermsSchema)
@any_key
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept the terms that are in force. Before that nothing is sent: `terms_not_accepted`."""
    consent = services().safeguards.consent
    moment = consent.accept(caller().owner, body["version"])
    assert consent.terms is not None
    return {"version": body["version"], "text": consent.terms.text, "accepted_at": moment}
