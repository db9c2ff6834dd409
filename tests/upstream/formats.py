"""The two wire formats behind one protocol: frames for the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tests.upstream.answers import Call
from tests.upstream.bill import Bill
from tests.upstream.chat_completions import ChatCompletions
from tests.upstream.messages_api import MessagesApi

__all__ = ["ChatCompletions", "Format", "MessagesApi", "format_of"]


class Format(Protocol):
    """An answer is an opening (`opening`, `thinking` or `calling`), pieces and a closing."""

    @property
    def vendor(self) -> str: ...

    def opening(self, model: str, *, usage: bool = True) -> bytes: ...

    def piece(self, model: str, text: str, *, block: int = 0) -> bytes: ...

    def closing(
        self, model: str, pieces: int, *, usage: bool, reason: str = "stop", block: int = 0
    ) -> bytes: ...

    def thinking(self, model: str, thoughts: Sequence[str]) -> list[bytes]: ...

    def calling(self, model: str, calls: Sequence[Call]) -> list[bytes]: ...

    def ping(self) -> bytes: ...

    def error(self, kind: str, message: str) -> bytes: ...


def format_of(path: str, bill: Bill | None = None) -> Format:
    return MessagesApi(bill) if "/messages" in path else ChatCompletions(bill)
