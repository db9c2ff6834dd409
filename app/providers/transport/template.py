"""The request that a vendor's SDK, or requests, would send, learnt from itself.

Building one through an SDK costs 0.8 ms of CPU, and its stream another 50 to 200 µs a token. So
each SDK builds one request when the server starts, against a transport that only writes it down:
address, authentication and every header stay the SDK's, and only the body is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import httpx2

# What depends on one body or one connection, and compression, which would hold tokens back.
_OURS = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


class Template(NamedTuple):
    """Where to post, and the header lines to post with."""

    url: str
    headers: bytes


class _Recorder(httpx2.BaseTransport):
    request: httpx2.Request

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.request = request
        return httpx2.Response(200)


def template(sdk: Any, path: str) -> Template:
    """What `sdk` (a client of openai or anthropic) would post a stream's body to `path` with."""
    recorder = _Recorder()
    with httpx2.Client(transport=recorder) as http_client:
        sdk.with_options(http_client=http_client).post(
            path, body={"stream": True}, cast_to=httpx2.Response
        )
    return template_of(str(recorder.request.url), recorder.request.headers.multi_items())


def template_of(url: str, headers: Iterable[tuple[str, str]]) -> Template:
    lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _OURS]
    return Template(url, "".join(lines).encode("ascii"))
