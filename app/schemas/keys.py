"""Bodies and answers about keys and teams."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import ContainsNoneOf, Length, OneOf, Range

from app.accounts import SCOPES
from app.schemas.base import Body, Dollars, FutureMoment, Moment, not_blank, one_line

_NAME: list[Callable[[str], object]] = [not_blank, one_line, Length(max=80)]
_LONGEST_METADATA = 4_096
_LONGEST_OVERLAP = 30 * 86_400
# What fits into 64 bits of 10^-12 dollars, and some room.
_MOST_DOLLARS = 9_000_000
_TIME = {"type": "string", "format": "date-time"}


def _described(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


def _no_user(owner: str) -> None:
    if re.fullmatch("user_[0-9a-f]{32}", owner):
        raise ValidationError("This is how a key's user is kept; choose another owner.")


def _small(metadata: dict[str, Any]) -> None:
    try:
        size = len(msgspec.json.encode(metadata))
    except (OverflowError, ValueError, RecursionError) as error:
        raise ValidationError("Holds what JSON cannot.") from error
    if size > _LONGEST_METADATA:
        raise ValidationError(f"Must not be longer than {_LONGEST_METADATA} bytes as JSON.")


def _limit(most: int, text: str) -> fields.Int:
    return fields.Int(
        strict=True, allow_none=True, validate=Range(1, most), metadata=_described(text)
    )


def _dollars(text: str) -> Dollars:
    form = {"type": ["string", "number"]}
    return Dollars(_MOST_DOLLARS, allow_none=True, metadata=_described(text, **form))


class LimitsBody(Body):
    """null is no limit."""

    requests_per_minute = _limit(1_000_000, "in any 60 seconds")
    tokens_per_minute = _limit(1_000_000_000, "input and output, in any 60 seconds")
    streams = _limit(100_000, "answers under way at once")
    max_output_tokens = _limit(1_000_000, "of one answer")


class BudgetsBody(Body):
    """US dollars, as a text or a number; null is no limit."""

    request = _dollars("for one call to a model")
    day = _dollars("for each day")
    month = _dollars("for each month")


class KeyChanges(Body):
    """What is not named stays. Of limits and budgets, null takes one away."""

    name = fields.Str(validate=[one_line, Length(max=200)], metadata=_described("for people"))
    scopes = fields.List(
        fields.Str(validate=OneOf(SCOPES)),
        validate=Length(min=1, max=len(SCOPES)),
        metadata=_described("what it may be used for"),
    )
    models = fields.List(
        fields.Str(validate=[*_NAME[:2], Length(max=200)]),
        allow_none=True,
        validate=Length(min=1, max=100),
        metadata=_described("what it may ask, as openai/*; null is all"),
    )
    expires_at = FutureMoment(allow_none=True, metadata=_described("null is never", **_TIME))
    metadata = fields.Dict(keys=fields.Str(), validate=_small, metadata=_described("your own"))
    limits = fields.Nested(LimitsBody)
    budgets = fields.Nested(BudgetsBody)
    user_limits = fields.Nested(LimitsBody, metadata=_described("for each of its users"))
    user_budgets = fields.Nested(BudgetsBody, metadata=_described("for each of its users"))


class KeyBody(KeyChanges):
    owner = fields.Str(
        required=True,
        validate=[*_NAME, _no_user],
        metadata=_described("whose conversations it opens", example="ada"),
    )
    team = fields.Str(
        allow_none=True,
        validate=[*_NAME, ContainsNoneOf("/", error="Must not hold a slash.")],
        metadata=_described("with whose other keys it shares the team's limits and budgets"),
    )
    scopes = fields.List(
        fields.Str(validate=OneOf(SCOPES)),
        load_default=lambda: ["chat"],
        validate=Length(min=1, max=len(SCOPES)),
        metadata=_described("what it may be used for; default: chat"),
    )


class RotateBody(Body):
    overlap_seconds = fields.Int(
        strict=True,
        load_default=0,
        validate=Range(0, _LONGEST_OVERLAP),
        metadata=_described("how long the key that it has now is taken as well"),
    )


class KeysQuery(Body):
    limit = fields.Int(load_default=30, validate=Range(1, 100))
    cursor = fields.Str(load_default=None, validate=Length(max=200))


class TeamBody(Body):
    """All that the team is to have; what is not named is not limited."""

    limits = fields.Nested(LimitsBody, load_default=dict)
    budgets = fields.Nested(BudgetsBody, load_default=dict)


class TeamName(Body):
    name = fields.Str(required=True, validate=_NAME)


class LimitsSchema(Schema):
    requests_per_minute = fields.Int(required=True, allow_none=True)
    tokens_per_minute = fields.Int(required=True, allow_none=True)
    streams = fields.Int(required=True, allow_none=True)
    max_output_tokens = fields.Int(required=True, allow_none=True)


class BudgetsSchema(Schema):
    """US dollars, exact; what is not there is not limited."""

    request = Dollars(_MOST_DOLLARS, metadata={"type": "string"})
    day = Dollars(_MOST_DOLLARS, metadata={"type": "string"})
    month = Dollars(_MOST_DOLLARS, metadata={"type": "string"})


class KeySchema(Schema):
    id = fields.Str(required=True)
    shown = fields.Str(required=True, metadata=_described("the key's beginning"))
    name = fields.Str(required=True)
    owner = fields.Str(required=True)
    team = fields.Str(required=True, allow_none=True)
    scopes = fields.List(fields.Str(), required=True)
    models = fields.List(fields.Str(), required=True, allow_none=True)
    metadata = fields.Dict(required=True)
    limits = fields.Nested(LimitsSchema, required=True)
    budgets = fields.Nested(BudgetsSchema, required=True)
    user_limits = fields.Nested(LimitsSchema, required=True)
    user_budgets = fields.Nested(BudgetsSchema, required=True)
    state = fields.Str(required=True, validate=OneOf(["active", "expired", "revoked"]))
    created_at = Moment(required=True, metadata=_TIME)
    expires_at = Moment(required=True, allow_none=True, metadata=_TIME)
    revoked_at = Moment(required=True, allow_none=True, metadata=_TIME)
    previous_until = Moment(
        required=True,
        allow_none=True,
        metadata=_described("until then the key before its rotation is taken as well", **_TIME),
    )


class NewKeySchema(KeySchema):
    key = fields.Str(required=True, metadata=_described("the key itself, which is shown only now"))


class KeyPageSchema(Schema):
    keys = fields.List(fields.Nested(KeySchema), required=True)
    next_cursor = fields.Str(required=True, allow_none=True)


class TeamSchema(Schema):
    name = fields.Str(required=True)
    limits = fields.Nested(LimitsSchema, required=True)
    budgets = fields.Nested(BudgetsSchema, required=True)


class TeamsSchema(Schema):
    teams = fields.List(fields.Nested(TeamSchema), required=True)
