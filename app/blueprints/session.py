"""Signing in and out, for a page: the key is sent once, and a cookie that no script reads stands
for it from then on.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import after_this_request

from app.accounts import Account
from app.blueprints import cookie
from app.blueprints.bodies import Blueprint
from app.blueprints.callers import address
from app.blueprints.context import caller, services, session
from app.blueprints.guards import acting, any_key, public
from app.schemas.session import SessionSchema, SignInBody, SignOutQuery
from app.services.sessions import SignedIn, csrf_token

blueprint = Blueprint("session", __name__, url_prefix="/api", description="Signing in and out")


@blueprint.post("/session")
@blueprint.arguments(SignInBody)
@blueprint.response(200, SessionSchema)
@public
def sign_in(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a key. The answer sets a cookie, in the place of one that there was.

    With X-User-ID, which needs a key with the scope users, as this user.
    """
    cookie.refuse_other_sites()
    identity, sessions = services().identity, services().sessions
    account = acting(identity.of(body["key"], address(services().config.trusted_proxies)))
    if old := cookie.sent():
        sessions.end(old)
    begun = sessions.begin(body["key"], account)
    after_this_request(partial(cookie.keep, token=begun.token))
    return _shown(account, begun)


@blueprint.get("/session")
@blueprint.response(200, SessionSchema)
@any_key
def current() -> dict[str, Any]:
    """Tell who is signed in, until when, and what has to be sent besides the cookie."""
    token = session()
    return _shown(caller(), services().sessions.read(token) if token else None)


@blueprint.delete("/session")
@blueprint.arguments(SignOutQuery, location="query")
@blueprint.response(204)
@any_key
def sign_out(query: dict[str, Any]) -> None:
    """Sign out, or end all sessions of the key. A second time there is nobody to sign out."""
    token = session()
    if query["everywhere"]:
        services().sessions.end_all(caller())
    elif token is not None:
        services().sessions.end(token)
    after_this_request(cookie.drop)


def _shown(account: Account, found: SignedIn | None) -> dict[str, Any]:
    return {
        **vars(account),
        "owner": account.payer,
        "csrf_token": found and csrf_token(found.token),
        "idle_until": found and found.idle_until,
        "expires_at": found and found.expires_at,
    }
