"""A text in pieces of which each is one question to a model."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.errors import BadInput
from app.evidence.splitting import split
from app.metering.tokens import estimate
from app.providers.base import ModelRequest
from app.services.extraction.prompting import Piece
from app.services.models import Candidate

# Tokens: what an answer may need where the caller names no limit, but never over a quarter of the
# window; what is said of a wrong one; a part of the document that is worth asking about; and what
# neighbours share at most.
_ANSWER, _CORRECTION, _LEAST, _OVERLAP = 4_096, 1_500, 200, 200


def pieces(text: str, chain: Sequence[Candidate], request: ModelRequest) -> Sequence[Piece]:
    """`request` is what would be asked of the whole text.

    Each fits into every model of the chain, with an answer and a second question about it. Raises
    BadInput: the schema alone is too long.
    """
    # By bytes: no text has more tokens, and most need no more than this.
    room = min(_room(each, request, text) for each in chain)
    if len(text) <= room // 2 or estimate(text) <= room:
        return [Piece(text)]
    if room < _LEAST:
        said = "This schema leaves no room for the text in what the model can read at once."
        raise BadInput(said, errors={"schema": [said]})
    ranges = split(text, room, estimate, min(_OVERLAP, room // 10))
    return [
        Piece(text[start:end], start, number, len(ranges))
        for number, (start, end) in enumerate(ranges, 1)
    ]


def _room(candidate: Candidate, request: ModelRequest, text: str) -> int:
    profile = candidate.model.profile
    window = profile.context_window
    answer = request.max_output_tokens or min(_ANSWER, window // 4)
    answer = min(answer, profile.max_output_tokens or answer)
    tools = estimate(msgspec.json.encode(request.tools).decode())
    return window - 2 * answer - _CORRECTION - tools - estimate(request.system or "")
