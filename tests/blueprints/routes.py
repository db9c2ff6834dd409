"""Every route: who may call it, and what it could give away. A new one is entered here.

An entry says which scopes open it (`PUBLIC`: it needs no key), whose things it is about, and what
to post so that it would reach for somebody else's, where `{conversation_id}` and the like stand for
Ada's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.accounts import SCOPES

# What an address is about: something of one person's, that others are to find absent; the caller's
# own, and for each another; or nobody's.
About = Literal["somebody's", "the caller's", "nobody's"]
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """`absent` is how a stranger learns that what he asks for is not there. Of its scopes a thing
    may ask for a certain one: `narrower`.
    """

    scopes: frozenset[str]
    about: About
    bodies: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    absent: frozenset[int] = frozenset({404})
    narrower: bool = False


def _open(about: About = "nobody's", **more: Any) -> Entry:
    return Entry(PUBLIC, about, **more)


def _for(scopes: str, about: About, **more: Any) -> Entry:
    return Entry(frozenset(scopes.split()), about, **more)


_ANY = " ".join(SCOPES)
_TALK = "chat extract agent"
_SAY = {"message": "x", "conversation_id": "{conversation_id}"}
_TEXT = {"schema": "contact", "text": "Ada"}
_USER = [{"role": "user", "content": "x"}]
_UI = {
    "id": "{conversation_id}",
    "messages": [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "x"}]}],
}

ROUTES: dict[str, Entry] = {
    # Pages and probes
    "/": _open(),
    "/docs": _open(),
    "/openapi.json": _open(),
    "/static/<path:filename>": _open(),
    "/parley.js": _open(),
    "/parley.json": _open(),
    "/healthz": _open(),
    "/readyz": _open(),
    "/metrics": _for("admin", "nobody's"),
    "/render": _for("chat", "nobody's", bodies={"POST": {"text": "*x*"}}),
    # Who one is
    "/api/me": _for(_ANY, "the caller's"),
    "/api/me/export": _for(_ANY, "the caller's"),
    "/api/me/data": _for(_ANY, "the caller's"),
    "/api/terms": _for(_ANY, "the caller's"),
    "/api/models": _for(_ANY, "nobody's"),
    "/api/usage": _for(_ANY, "the caller's", query="group_by=key,conversation,user"),
    # Whoever signs in has no key before; what is posted is one.
    "/api/session": Entry(frozenset(SCOPES), "the caller's"),
    # Talking
    "/api/chat": _for("chat", "somebody's", bodies={"POST": _SAY}),
    "/api/chat/stream": _for("chat", "somebody's", bodies={"POST": _SAY}),
    # Who one is, a socket's first message says.
    "/api/chat/ws": _open(),
    "/api/conversations": _for("chat", "the caller's", query="q=marker"),
    "/api/conversations/<conversation_id>": _for(
        "chat", "somebody's", bodies={"PATCH": {"title": "x"}}
    ),
    "/api/conversations/<conversation_id>/export": _for("chat", "somebody's"),
    "/api/conversations/<conversation_id>/messages": _for("chat", "somebody's"),
    "/api/conversations/<conversation_id>/regenerate": _for(
        "chat", "somebody's", bodies={"POST": {}}
    ),
    "/api/conversations/<conversation_id>/regenerate/stream": _for(
        "chat", "somebody's", bodies={"POST": {}}
    ),
    "/api/feedback": _for(
        "chat",
        "somebody's",
        bodies={"POST": {"message_id": "{message_id}", "rating": "up"}},
        query="conversation_id={conversation_id}",
        absent=frozenset({404, 200}),  # 200: a list, and it is empty
    ),
    # What is not there is gone already.
    "/api/feedback/<message_id>": _for("chat", "somebody's", absent=frozenset({204, 404})),
    "/api/tokens": _for("chat", "somebody's", bodies={"POST": _SAY}),
    "/api/prompts": _for("chat extract", "nobody's"),
    "/api/prompts/<name>": _for("chat extract", "the caller's", narrower=True),
    "/api/prompts/<name>/stream": _for("chat extract", "the caller's", narrower=True),
    "/api/ui/chat": _for("chat", "somebody's", bodies={"POST": _UI}),
    "/api/ui/chat/<chat_id>/stream": _for("chat", "somebody's", absent=frozenset({204, 404})),
    "/api/ui/chat/<chat_id>/stop": _for("chat", "somebody's", absent=frozenset({200, 204, 404})),
    # Runs and tools
    "/api/runs": _for(
        _TALK,
        "somebody's",
        query="conversation_id={conversation_id}",
        absent=frozenset({200}),  # a list, and it is empty
    ),
    "/api/runs/<run_id>": _for(_TALK, "somebody's"),
    "/api/runs/<run_id>/events": _for(_TALK, "somebody's"),
    "/api/runs/<run_id>/steps": _for(_TALK, "somebody's"),
    "/api/runs/<run_id>/stop": _for(_TALK, "somebody's"),
    "/api/runs/<run_id>/approvals/<call_id>": _for(
        "agent", "somebody's", bodies={"POST": {"decision": "approve"}}
    ),
    "/api/agent": _for("agent", "somebody's", bodies={"POST": _SAY}),
    "/api/agent/stream": _for("agent", "somebody's", bodies={"POST": _SAY}),
    "/api/tools": _for("agent", "nobody's"),
    # Extraction
    "/api/schemas": _for("extract", "nobody's"),
    "/api/extract": _for("extract", "the caller's", bodies={"POST": _TEXT}),
    "/api/extract/stream": _for("extract", "the caller's", bodies={"POST": _TEXT}),
    "/api/extract/batch": _for(
        "extract",
        "the caller's",
        bodies={"POST": {"schema": "contact", "documents": [{"id": "1", "text": "Ada"}]}},
    ),
    # Other vendors' doors
    "/v1/chat/completions": _for(
        "chat",
        "somebody's",
        bodies={
            "POST": {
                "model": "demo/demo",
                "messages": _USER,
                "metadata": {"conversation_id": "{conversation_id}"},
            }
        },
    ),
    "/v1/responses": _for(
        "chat",
        "somebody's",
        bodies={
            "POST": {
                "model": "demo/demo",
                "input": "x",
                "metadata": {"conversation_id": "{conversation_id}"},
            }
        },
    ),
    "/v1/embeddings": _for(
        "chat", "the caller's", bodies={"POST": {"model": "demo/demo", "input": "x"}}
    ),
    "/v1/models": _for(_ANY, "nobody's"),
    "/v1/models/<path:model>": _for(_ANY, "nobody's"),
    "/v1/messages": _for(
        "chat",
        "the caller's",
        bodies={"POST": {"model": "demo/demo", "max_tokens": 9, "messages": _USER}},
    ),
    "/v1/messages/count_tokens": _for(
        "chat", "the caller's", bodies={"POST": {"model": "demo/demo", "messages": _USER}}
    ),
    # For administrators
    "/api/admin/keys": _for("admin", "somebody's"),
    "/api/admin/keys/<key_id>": _for("admin", "somebody's"),
    "/api/admin/keys/<key_id>/rotate": _for("admin", "somebody's"),
    "/api/admin/teams": _for("admin", "somebody's"),
    "/api/admin/teams/<name>": _for("admin", "somebody's"),
    "/api/admin/usage": _for("admin", "somebody's"),
    "/api/admin/overview": _for("admin", "somebody's"),
    "/api/admin/runs": _for("admin", "somebody's"),
    "/api/admin/runs/<run_id>/stop": _for("admin", "somebody's"),
}

# Methods of a route that need no key, though its others do.
PUBLIC_METHODS = {("/api/session", "POST"), ("/api/session", "OPTIONS")}


def is_public(rule: str, method: str) -> bool:
    return not ROUTES[rule].scopes or (rule, method) in PUBLIC_METHODS
