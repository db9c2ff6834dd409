"""Problems in OpenAI's shape."""

from __future__ import annotations

import pytest

from app import errors
from app.encoders.openai_errors import Form

_ALL = [
    (errors.ParleyError(), 500, "server_error", "internal_error"),
    (errors.BadInput("No."), 400, "invalid_request_error", "invalid_request"),
    (errors.MalformedBody("No."), 400, "invalid_request_error", "malformed_body"),
    (errors.UnknownModel("No."), 404, "invalid_request_error", "model_not_found"),
    (errors.OutputInvalid("No."), 422, "invalid_request_error", "output_invalid"),
    (errors.BudgetSpent("No."), 402, "insufficient_quota", "insufficient_quota"),
    (errors.NotAuthenticated("No."), 401, "authentication_error", "invalid_api_key"),
    (errors.NotAllowed("No."), 403, "permission_error", "not_allowed"),
    (errors.NotFound("thing"), 404, "invalid_request_error", "not_found"),
    (errors.Conflict("No."), 409, "invalid_request_error", "conflict"),
    (errors.TooMany("No."), 429, "rate_limit_error", "rate_limit_exceeded"),
    (errors.Unavailable("No."), 503, "server_error", "unavailable"),
    (errors.ContextTooLong("No.", provider="openai"), 400, "invalid_request_error", None),
    (
        errors.ModelNotFound("No.", provider="openai"),
        404,
        "invalid_request_error",
        "model_not_found",
    ),
    (errors.RateLimited("No.", provider="openai"), 503, "server_error", "provider_rate_limited"),
    (errors.CutOff("No.", provider="openai"), 502, "server_error", "provider_cut_off"),
]


@pytest.mark.parametrize(("error", "status", "kind", "code"), _ALL)
def test_status_type_and_code(
    error: errors.ParleyError, status: int, kind: str, code: str | None
) -> None:
    """Each has the status by which an SDK chooses its class, and a code to branch on."""
    found, said = Form({})(error.problem())
    assert found == status
    assert said["error"]["type"] == kind
    assert said["error"]["code"] == code or code is None
    assert said["error"]["message"] == error.detail


def test_the_parameter_is_named() -> None:
    """In the words of the API that was spoken, however deep it lies."""
    unfit = "It is no schema."
    nested = {"response_format": {"json_schema": {"schema": ["Must be an object."]}}}
    deep = {"messages": {"2": {"content": {"0": {"type": ["Must be text."]}}}}}
    form = Form({"output": "response_format"})
    said = form(errors.BadInput(unfit, errors={"output": [unfit]}).problem())[1]["error"]
    assert (said["param"], said["message"]) == ("response_format", unfit)
    said = form(errors.BadInput("Wrong.", errors=nested).problem())[1]["error"]
    assert said["param"] == "response_format.json_schema.schema"
    assert said["message"] == "response_format.json_schema.schema: Must be an object."
    said = form(errors.BadInput("Wrong.", errors=deep).problem())[1]["error"]
    assert said["param"] == "messages[2].content[0].type"


def test_a_sentence_is_not_said_twice() -> None:
    """Where the problem's own sentence is the field's, it is said once."""
    said = "There are no tools."
    told = Form({})(errors.BadInput(said, errors={"tools": [said]}).problem())[1]["error"]
    assert (told["message"], told["param"]) == (said, "tools")
