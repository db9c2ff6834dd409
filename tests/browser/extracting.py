"""The extraction view as a person uses it, and a server of extractions that a test holds."""

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.screen import answering

EXTRACT = "/#/extract"
STREAM = "**/api/extract/stream"
TEXT = "🙂 Kestrel & Moor Ltd\nGrüße! Total due: £1,250.00\nDue: 17 November 2026\n"
USAGE = {"input_tokens": 640, "cached_input_tokens": 0, "output_tokens": 58, "reasoning_tokens": 0}
INVOICE = {
    "description": "An invoice.",
    "properties": {
        "amount": {"type": ["number", "string", "null"], "description": "the total to be paid"},
        "line_items": {"type": ["array", "null"], "items": {"$ref": "#/$defs/LineItem"}},
    },
    "$defs": {"LineItem": {"properties": {"quantity": {"type": "number"}}}},
}
SCHEMAS = {
    "schemas": [
        {"name": name, "version": "1", "description": f"A text of {name}.", "json_schema": INVOICE}
        for name in ("event", "invoice")
    ]
}
START = {"run_id": "run_1", "model": "demo/demo"}


class Extracting:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.text = page.get_by_label("Text", exact=True)
        self.marked = page.get_by_role("region", name="The text, with what was found")
        self.schema = page.get_by_label("What to extract")
        self.model = page.locator("#extract-model")
        self.locale = page.get_by_label("Locale")
        self.start = page.get_by_role("button", name="Extract", exact=True)
        self.stop = page.get_by_role("button", name="Stop", exact=True)
        self.findings = page.get_by_role("region", name="What was found", exact=True)
        self.verdict = page.locator("#verdict")
        self.fields = page.locator("#fields .found")
        self.remarks = page.get_by_role("list", name="Remarks").get_by_role("listitem")
        self.lit = self.marked.locator("mark.lit")
        self.notice = page.locator("#notice")

    def open(self) -> "Extracting":
        self.page.goto(EXTRACT)
        expect(self.text).to_be_visible()
        expect(self.schema).not_to_have_value("")
        return self

    def ask(self, text: str = TEXT, schema: str = "invoice") -> None:
        self.schema.select_option(schema)
        self.text.fill(text)
        self.start.click()

    def wait(self) -> None:
        expect(self.findings).to_have_attribute("aria-busy", "false")
        expect(self.start).to_be_visible()

    def field(self, name: str) -> Locator:
        """The button of a field, by how its name begins."""
        return self.fields.get_by_role("button").filter(has_text=name)


class Stream:
    """What one request of the page gets, event by event."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.left = threading.Event()
        self._waiting: queue.Queue[bytes | None] = queue.Queue()
        self._number = 0

    def send(self, event: str, data: Mapping[str, Any] | str) -> None:
        """`data` as text is sent as it is, with its digits."""
        self._number += 1
        text = data if isinstance(data, str) else json.dumps(data)
        self._waiting.put(f"id: {self._number}\nevent: {event}\ndata: {text}\n\n".encode())

    def end(self) -> None:
        self._waiting.put(None)

    def pieces(self) -> Iterator[bytes]:
        while not self.left.is_set():
            try:
                piece = self._waiting.get(timeout=0.05)
            except queue.Empty:
                piece = b": hb\n"
            if piece is None:
                return
            yield piece


class Extractions:
    """Takes the place of `/api/extract/stream`; a test gets each request as a Stream."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked: queue.Queue[Stream] = queue.Queue()

    def stand_in(self, page: Page) -> None:
        page.route(STREAM, self._lead)
        page.route("**/api/schemas", answering("application/json", json.dumps(SCHEMAS)))

    def next(self) -> Stream:
        return self.asked.get(timeout=20)

    def _lead(self, route: Route) -> None:
        route.continue_(url=f"http://127.0.0.1:{self._port}/")


@contextmanager
def extractions() -> Iterator[Extractions]:
    """A real server, so that the page gets the pieces one by one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stream = Stream(json.loads(body))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            held.asked.put(stream)
            try:
                for piece in stream.pieces():
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                stream.left.set()

        def log_message(self, *_: object) -> None:
            """Not wanted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held = Extractions(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield held
    finally:
        while not held.asked.empty():
            held.asked.get().end()
        server.shutdown()
        server.server_close()
        thread.join()


def field(
    path: list[str | int], status: str, place: tuple[str, int] | None = None, **more: object
) -> dict[str, object]:
    """One of `fields`; place: the quote and where it begins, in code points."""
    quote, start = place or (None, None)
    end = start + len(quote) if quote is not None and start is not None else None
    found = {"path": path, "quote": quote, "start": start, "end": end, "status": status}
    return {**found, "confidence": 0.9, "confidence_from": "evidence", **more}


def in_text(path: list[str | int], quote: str, **more: object) -> dict[str, object]:
    """A field whose quote stands in TEXT."""
    return field(path, "supported", (quote, TEXT.index(quote)), **more)


def result(**more: object) -> dict[str, object]:
    """What `done` carries, for TEXT and the schema `invoice`."""
    attempt = {"number": 1, "part": 1, "model": "demo/demo", "usage": USAGE, "issues": []}
    return {
        "run_id": "run_1",
        "data": {
            "vendor_name": "Kestrel & Moor Ltd",
            "due_date": "2026-11-17",
            "currency": "GBP",
            "amount": 1250,
            "tax": None,
            "line_items": [{"description": "Desk lamp", "amount": 1200}],
        },
        "fields": [
            in_text(["vendor_name"], "Kestrel & Moor Ltd"),
            in_text(["due_date"], "17 November 2026"),
            in_text(["currency"], "£"),
            in_text(["amount"], "1,250.00", confidence=0.999),
            field(["tax"], "absent", confidence=None, confidence_from=None),
            field(["line_items", 0, "description"], "unsupported", confidence=0.2),
            field(["line_items", 0, "amount"], "unsupported", confidence_from="rule"),
        ],
        "issues": [],
        "attempts": [{**attempt, "cost_usd": 0.0042}],
        "missing_ranges": [],
        "model": "demo/demo",
        "schema": {"name": "invoice", "version": "1", "loosened": []},
        "flags": [],
        "usage": USAGE,
        "cost_usd": 0.0042,
        **more,
    }
