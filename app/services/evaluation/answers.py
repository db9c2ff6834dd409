"""The file that answers are written to while they come, and that the same command goes on with."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from app.errors import BadInput, Conflict


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a question: a text, or a problem's `code` and `detail`."""

    digest: str
    case: str
    model: str
    labels: dict[str, str]
    number: int
    text: str = ""
    finish_reason: str | None = None
    code: str | None = None
    detail: str | None = None
    latency_ms: int = 0
    first_token_ms: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    @property
    def counts(self) -> bool:
        """Whether there is nothing to be asked again: a refusal is an answer, too."""
        return self.code in (None, "content_refused")


_decoder = msgspec.json.Decoder(Answer)
_encoder = msgspec.json.Encoder()


class Answers:
    """`known` are the answers that are there, by the digest of what was asked.

    Raises BadInput: the file holds something else. Conflict: another process writes to it.
    """

    def __init__(self, path: Path) -> None:
        self.known: dict[str, Answer] = {}
        self._file = path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read(path.name)
        except BlockingIOError as error:
            self._file.close()
            said = f"Another process is writing to {path.name}. Name another file with --out."
            raise Conflict(said) from error
        except BaseException:
            self._file.close()
            raise

    def add(self, answer: Answer) -> None:
        """Return when it is on the disk."""
        self._file.write(_encoder.encode(answer) + b"\n")
        os.fsync(self._file.fileno())
        self.known[answer.digest] = answer

    def close(self) -> None:
        self._file.close()

    def _read(self, name: str) -> None:
        self._file.seek(0)
        *lines, rest = self._file.read().split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                answer = _decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                said = (
                    f"Line {number} of {name} is no answer of ours. Name another file with --out."
                )
                raise BadInput(said) from error
            self.known[answer.digest] = answer
        if rest:  # an answer that was interrupted while it was written
            self._file.truncate(sum(len(line) + 1 for line in lines))


def due(answers: Mapping[str, Answer], digest: str) -> bool:
    """Whether a question is still to be asked."""
    known = answers.get(digest)
    return known is None or not known.counts
