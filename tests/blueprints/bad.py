"""Bad bodies, and the routes that they are sent to."""

from __future__ import annotations

from typing import Any, NamedTuple


class Route(NamedTuple):
    """`good` is a body that it takes, `text` a field of it that is a text."""

    method: str
    path: str
    text: str
    good: dict[str, Any]


ASK = {"message": "Hello"}
ROUTES = {
    "chat": Route("POST", "/api/chat", "message", ASK),
    "stream": Route("POST", "/api/chat/stream", "message", ASK),
    "again": Route("POST", "/api/conversations/{}/regenerate", "model", {}),
    "again-stream": Route("POST", "/api/conversations/{}/regenerate/stream", "model", {}),
    "tokens": Route("POST", "/api/tokens", "message", ASK),
    "rename": Route("PATCH", "/api/conversations/{}", "title", {"title": "New"}),
}
CHATS = ["chat", "stream"]
RUNS = [*CHATS, "again", "again-stream"]


NO_JSON = {
    "nothing": b"",
    "malformed": b'{"TEXT": }',
    "single quotes": b"{'TEXT': 'x'}",
    "truncated": b'{"TEXT": "Hel',
    "two documents": b'{"TEXT": "x"}{"TEXT": "x"}',
    "byte order mark": b'\xef\xbb\xbf{"TEXT": "x"}',
    "invalid UTF-8": b'{"TEXT": "\xff\xfe"}',
    "UTF-16": '{"TEXT": "x"}'.encode("utf-16"),
    "surrogate in UTF-8": b'{"TEXT": "\xed\xa0\xbd"}',
    "half a surrogate pair": b'{"TEXT": "\\ud83d"}',
    "the other half": b'{"TEXT": "\\ude00"}',
    "half a pair as a name": b'{"\\ud83d": "x"}',
    "NUL": b'{"TEXT": "a\0b"}',
    "NaN": b'{"temperature": NaN}',
    "infinity": b'{"temperature": -Infinity}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


_NO_TEXTS = [5, True, [], {}, ["x"], 1.5]
WRONG: dict[str, list[Any]] = {
    "message": [None, "", " ", "\n\t\u2003\u3000", *_NO_TEXTS],
    "images": ["x", 5, True, {}, ["https://a.test/"] * 9],
    "conversation_id": ["", "x" * 41, *_NO_TEXTS],
    "parent_id": ["", "x" * 41, *_NO_TEXTS],
    "system": _NO_TEXTS,
    "model": ["", "x" * 201, *_NO_TEXTS],
    "temperature": [-0.1, 2.1, 1e308, "hot", "0.5", True, [], {}],
    "max_output_tokens": [0, -1, 1_000_001, 1.5, 5.0, "5", True, [], {}],
    "on_disconnect": ["maybe", "", 5, True, []],
    "message_id": ["", "x" * 41, *_NO_TEXTS],
    "title": [None, "", " ", "x" * 201, *_NO_TEXTS],
}
_SETTINGS = ["model", "temperature", "max_output_tokens", "on_disconnect"]
_PLACE = ["conversation_id", "parent_id"]
FIELDS = {
    **dict.fromkeys([*CHATS, "tokens"], ("message", "images", *_PLACE, "system", *_SETTINGS)),
    **dict.fromkeys(("again", "again-stream"), ("message_id", *_SETTINGS)),
    "rename": ("title",),
}
