"""The server. What a model's name orders is in `names`, what there is to order in `catalogue`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from tests.upstream.answers import Call, cut, offered, vectors
from tests.upstream.bill import Bill
from tests.upstream.formats import format_of
from tests.upstream.names import Order, parse
from tests.upstream.performance import Performance, answer
from tests.upstream.reading import Request, read


def _nobody(model: str, call: int) -> None:
    pass


@dataclass
class Upstream:
    """Start it with `with`; `requests` holds the bodies that came, `open` the streams there are.

    `calls` counts by model what came, and `flaky-…` goes by it. `retry_after` is the header of
    every error that does not bring its own. `listed` are the models that it says it has; with
    `listing` that question is answered as a chat with the model of that name would be. Every
    answer is billed at `bill`, if there is one, and a count of tokens says `counted`; without
    that the model's name decides what comes instead. `tool-1` calls what `calling` makes of the
    request's body: the arguments' text, for the tool that is offered, or a call of another.
    `say-1` says what `saying` makes of it, and `act-1` does what `acting` makes of it: it says a
    text, or calls tools. Vectors are asked for by a model called `vectors`.
    """

    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    open: int = 0
    closed_at: list[float] = field(default_factory=list)
    retry_after: str | None = None
    listed: Sequence[str] = ("mock-5-0",)
    listing: str | None = None
    bill: Bill | None = None
    counted: int | None = None
    calling: Callable[[dict[str, Any]], str | Call] | None = None
    saying: Callable[[dict[str, Any]], str] | None = None
    acting: Callable[[dict[str, Any]], str | Sequence[Call]] | None = None
    address: tuple[str, int] = ("127.0.0.1", 0)
    told: Callable[[str, int], None] = _nobody

    def __enter__(self) -> Self:
        self._server = StreamServer(self.address, self._serve, spawn=Pool())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget what came, so that what is flaky fails anew."""
        for known in (self.requests, self.headers, self.calls, self.closed_at):
            known.clear()

    def _serve(self, sock: socket.socket, _address: object) -> None:
        # A frame must not wait for the frame before it to be acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with sock, sock.makefile("rb") as lines:
            while request := read(lines):
                self.headers.append(request.headers)
                if not request.path.endswith("/models"):
                    self.requests.append(request.body)
                elif self.listing is None:
                    models = [{"id": name, "type": "model"} for name in self.listed]
                    answer(sock, 200, {"data": models, "has_more": False})
                    continue
                if request.path.endswith("/embeddings") and request.model == "vectors":
                    answer(sock, 200, vectors(request.body))
                elif self.counted is not None and request.path.endswith("/count_tokens"):
                    answer(sock, 200, {"input_tokens": self.counted})
                elif not self._play(sock, request):
                    return

    def _play(self, sock: socket.socket, request: Request) -> bool:
        """Send the answer. False if the connection is not to be used again."""
        model = self.listing if request.path.endswith("/models") and self.listing else request.model
        self.calls[model] += 1
        self.told(model, self.calls[model])
        self.open += 1
        try:
            form = format_of(request.path, self.bill)
            order = self._order(model, request)
            return Performance(sock, form, order, self.calls[model], self.retry_after).play(request)
        except OSError:
            return False
        finally:
            self.open -= 1
            self.closed_at.append(time.monotonic())

    def _order(self, model: str, request: Request) -> Order:
        order = parse(model)
        if self.acting is not None and order.kind == "act":
            done = self.acting(request.body)
            if isinstance(done, str):
                return replace(order, texts=tuple(cut(done)) or ("",))
            return replace(order, kind="tools", calls=tuple(done))
        if self.saying is not None and order.kind == "say":
            return replace(order, texts=tuple(cut(self.saying(request.body))))
        if self.calling is None or order.kind != "tool":
            return order
        said = self.calling(request.body)
        if isinstance(said, str):
            said = Call(offered(request.body)[0], cut(said))
        return replace(order, said=said)
