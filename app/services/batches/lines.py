"""Results as JSON Lines: the digest of what was asked, and the outcome as it goes over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.errors import BadInput
from app.services.batches.batch import Outcome, Status
from app.services.batches.results import Row

_encoder = msgspec.json.Encoder(decimal_format="number")


class _Line(msgspec.Struct):
    id: str
    digest: str
    status: Status


_decoder = msgspec.json.Decoder(_Line)


class Lines:
    head = b""

    def row(self, digest: str, outcome: Outcome) -> bytes:
        rest = {n: v for n, v in msgspec.structs.asdict(outcome).items() if v is not msgspec.UNSET}
        return _encoder.encode({"id": rest.pop("id"), "digest": digest, **rest}) + b"\n"

    def rows(self, content: bytes) -> Iterator[Row]:
        """Of a last line that was interrupted nothing is given. Raises BadInput."""
        lines = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                found = _decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                if number == len(lines):
                    return
                raise BadInput(f"Its line {number} is no result of flask extract.") from error
            yield Row((found.id, found.digest), found.status, line + b"\n")
