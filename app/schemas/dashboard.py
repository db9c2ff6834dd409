"""Answers about the whole server, for whoever runs it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.schemas.base import Moment
from app.schemas.keys import BudgetsSchema, LimitsSchema


def _described(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


_TIME = {"type": "string", "format": "date-time"}


class TodaySchema(Schema):
    calls = fields.Int(required=True, metadata=_described("to models, that have ended"))
    failed = fields.Int(required=True, metadata=_described("of the calls"))
    unpriced = fields.Int(required=True, metadata=_described("of the calls: not in the cost"))
    input_tokens = fields.Int(required=True)
    output_tokens = fields.Int(required=True)
    cost_usd = fields.Float(required=True)
    first_token_ms = fields.Int(
        required=True, allow_none=True, metadata=_described("mean; null: none was heard")
    )


class HourSchema(TodaySchema):
    hour = fields.Int(required=True, metadata=_described("counted from the day's first moment"))


class ModelTodaySchema(TodaySchema):
    model = fields.Str(required=True)


class KeyTodaySchema(TodaySchema):
    key_id = fields.Str(required=True, allow_none=True, metadata=_described("null: it needed none"))


class QuotaSchema(Schema):
    kind = fields.Str(required=True, metadata=_described("requests or tokens, a minute"))
    limit = fields.Int(required=True)
    left = fields.Int(required=True)


class KeyLeftSchema(Schema):
    """A key's own limits, and what is left of them."""

    id = fields.Str(required=True)
    shown = fields.Str(required=True)
    name = fields.Str(required=True)
    owner = fields.Str(required=True)
    limits = fields.Nested(LimitsSchema, required=True)
    budgets = fields.Nested(BudgetsSchema, required=True)
    left = fields.Nested(BudgetsSchema, required=True, metadata=_described("of the budgets"))
    quotas = fields.List(fields.Nested(QuotaSchema), required=True)


class CircuitSchema(Schema):
    model = fields.Str(required=True)
    state = fields.Str(required=True, metadata=_described("closed, open or half_open"))


class FailedCallSchema(Schema):
    created_at = Moment(required=True, metadata=_TIME)
    run_id = fields.Str(required=True)
    model = fields.Str(required=True)
    attempt = fields.Int(required=True)
    code = fields.Str(required=True, allow_none=True)


class NotedSchema(Schema):
    at = Moment(required=True, metadata=_TIME)
    request_id = fields.Str(required=True, allow_none=True)
    status = fields.Int(required=True)
    code = fields.Str(required=True)
    run_id = fields.Str(required=True, allow_none=True)


class OverviewSchema(Schema):
    """Today, by the ledger of all workers. `errors` are this worker's since its start."""

    at = Moment(required=True, metadata=_TIME)
    day = fields.Date(required=True)
    time_zone = fields.Str(required=True)
    asked = fields.Int(required=True, metadata=_described("runs that called a model"))
    totals = fields.Nested(TodaySchema, required=True)
    hours = fields.List(fields.Nested(HourSchema), required=True)
    models = fields.List(fields.Nested(ModelTodaySchema), required=True)
    keys = fields.List(fields.Nested(KeyTodaySchema), required=True)
    limits = fields.List(fields.Nested(KeyLeftSchema), required=True)
    circuits = fields.List(fields.Nested(CircuitSchema), required=True)
    failed = fields.List(fields.Nested(FailedCallSchema), required=True)
    errors = fields.List(fields.Nested(NotedSchema), required=True)


class OpenRunSchema(Schema):
    id = fields.Str(required=True)
    owner = fields.Str(required=True)
    model = fields.Str(required=True)
    state = fields.Str(required=True, metadata=_described("running, or waiting for a person"))
    created_at = Moment(required=True, metadata=_TIME)
    expires_at = Moment(
        required=True, allow_none=True, metadata=_described("of one that waits", **_TIME)
    )


class OpenRunsSchema(Schema):
    """The newest first, at most 200."""

    runs = fields.List(fields.Nested(OpenRunSchema), required=True)


class StoppedSchema(Schema):
    id = fields.Str(required=True)
    state = fields.Str(
        required=True, metadata=_described("as GET /api/runs/ID says; or stopping, elsewhere")
    )
