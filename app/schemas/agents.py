"""Bodies and answers of agents, and of approvals."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Dollars, Moment, Number
from app.schemas.chat import ChatAnswer, ChatBody, UsageSchema


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class AgentBody(ChatBody):
    """A message, and how far to go for it. Limits can be lowered; a higher one is the server's."""

    class Meta(ChatBody.Meta):
        exclude = ("cache",)

    tools = fields.List(
        fields.Str(validate=Length(1, 64)),
        allow_none=True,
        validate=Length(max=128),
        metadata=_described("names of tools that may be called; default: all that you may use"),
    )
    max_steps = fields.Int(
        allow_none=True,
        strict=True,
        validate=Range(1, 100),
        metadata=_described("rounds of asking and calling, before the answer is asked for"),
    )
    max_tool_calls = fields.Int(
        allow_none=True, strict=True, validate=Range(1, 10_000), metadata=_described("in all")
    )
    max_tokens = fields.Int(
        allow_none=True,
        strict=True,
        validate=Range(1, 1_000_000_000),
        metadata=_described("of input and output, in all calls to models together"),
    )
    max_cost_usd = Dollars(
        1_000_000,
        allow_none=True,
        metadata={
            "type": ["string", "number"],
            **_described("of all calls to models; never exceeded"),
        },
    )
    timeout = Number(
        allow_none=True,
        allow_nan=False,
        validate=Range(0.1, 86_400),
        metadata=_described("seconds in all, without the time that is waited for a person"),
    )


class CalledSchema(Schema):
    """A call. Texts are shortened; there is an output, or an error, or neither yet."""

    call_id = fields.Str(required=True)
    name = fields.Str(required=True)
    arguments = fields.Str(required=True, metadata=_described("JSON"))
    output = fields.Str()
    error = fields.Str()
    seconds = fields.Float(required=True)


class StepSchema(Schema):
    """A round: what a model was asked and said, what it called, how long it took, its cost."""

    index = fields.Int(required=True)
    summary = fields.Str(required=True)
    model = fields.Str(required=True)
    asked = fields.Str(required=True)
    said = fields.Str(required=True)
    calls = fields.List(fields.Nested(CalledSchema), required=True)
    seconds = fields.Float(required=True)
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(required=True, allow_none=True)
    last = fields.Bool(
        required=True, metadata=_described("the answer was asked for, because of a limit")
    )


class WaitingSchema(Schema):
    """A call that a person has to decide about."""

    call_id = fields.Str(required=True)
    name = fields.Str(required=True)
    arguments = fields.Str(required=True, metadata=_described("JSON"))


class AgentAnswer(ChatAnswer):
    """With `stop_reason` approval the run waits for a person: `waiting` says for what."""

    stop_reason = fields.Str(
        required=True,
        metadata=_described(
            "answered, length, content_filter, max_steps, max_tool_calls, max_tokens, max_cost, "
            "timeout, too_many_errors, budget_spent, stopped or approval"
        ),
    )
    steps = fields.List(fields.Nested(StepSchema), required=True)
    waiting = fields.List(fields.Nested(WaitingSchema))
    expires_at = fields.Str(metadata={"format": "date-time"})


class StepsSchema(Schema):
    run_id = fields.Str(required=True)
    state = fields.Str(required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    waiting = fields.List(fields.Nested(WaitingSchema), required=True)
    expires_at = Moment(
        required=True, allow_none=True, metadata={"type": "string", "format": "date-time"}
    )


class ApprovalBody(Body):
    decision = fields.Str(required=True, validate=OneOf(["approve", "edit", "deny"]))
    arguments = fields.Dict(
        keys=fields.Str(),
        allow_none=True,
        metadata=_described("with edit: what the tool is called with instead"),
    )
