"""What there is to order, and what Parley makes of it."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """`code` is the error's that the caller ends with; None: the answer comes whole."""

    model: str
    does: str
    code: str | None = None


ANSWERS = [
    Entry("mock-200-50000", "200 tokens, one every 50,000 µs"),
    Entry("reasoning-5", "thinks aloud, then 5 tokens"),
    Entry("tool-1", "calls a tool; its arguments come in pieces of 1 to 3 characters"),
    Entry("tools-2", "two calls at once"),
    Entry("length-5", "stops at the limit after 5 tokens"),
    Entry("filtered-5", "is stopped by the vendor's filter after 5 tokens"),
    Entry("bare-5", "no usage"),
    Entry("pings-5", "pings and comments between the tokens"),
    Entry("drip-5", "the whole answer in writes of 2 bytes"),
    Entry("crlf-5", "lines end in CRLF"),
    Entry("plain-5", "not chunked: the body ends with the connection"),
    Entry("surrogates-0", "an emoji cut in two, as JSON escapes in two frames"),
    Entry("slow-0.2-mock-5", "headers only after 0.2 seconds; goes before every name"),
    Entry("flaky-2-mock-5", "503 at the first 2 calls; goes before every name"),
]

BROKEN = [
    Entry("cut-3", "the connection is closed after 3 tokens, without an end", "provider_cut_off"),
    Entry("reset-3", "…is reset", "provider_cut_off"),
    Entry("broken-3", "…goes on with a frame that is not JSON", "provider_protocol"),
    Entry("chunk-3", "…goes on with a chunk that has no length", "provider_protocol"),
    Entry("error-3", "…goes on with an error event, in a 200", "provider_overloaded"),
    Entry("error-0", "an error event is all that comes, in a 200", "provider_overloaded"),
    Entry("stall-3", "falls silent for as long as the client stays", "provider_timeout"),
    Entry("pinging-3", "…but for pings; ends with RUN_TIMEOUT", "provider_timeout"),
    Entry("silent-0", "not even headers", "provider_timeout"),
    Entry("gone-0", "closes the connection at once", "provider_cut_off"),
    Entry("garbage-0", "answers in another protocol", "provider_protocol"),
    Entry("html-200", "an HTML page, with 200", "provider_protocol"),
    Entry("html-502", "an HTML page, with 502", "provider_overloaded"),
]

STATUSES = [
    Entry("status-202", "any status; this one promises an answer for later", "provider_protocol"),
    Entry("status-307", "a redirection", "provider_misconfigured"),
    Entry("status-400", "a bad request", "provider_refused"),
    Entry("status-401", "a wrong key", "provider_misconfigured"),
    Entry("status-402", "no money", "provider_misconfigured"),
    Entry("status-403", "not allowed", "provider_misconfigured"),
    Entry("status-404", "no such model", "model_not_found"),
    Entry("status-405", "a wrong address", "provider_misconfigured"),
    Entry("status-408", "too slow", "provider_overloaded"),
    Entry("status-409", "a conflict", "provider_error"),
    Entry("status-413", "too large", "context_too_long"),
    Entry("status-422", "an invalid request", "provider_refused"),
    Entry("status-429", "too many requests", "provider_rate_limited"),
    Entry("status-500", "a fault inside", "provider_error"),
    Entry("status-502", "a bad gateway", "provider_overloaded"),
    Entry("status-503", "unavailable", "provider_overloaded"),
    Entry("status-504", "a gateway's timeout", "provider_overloaded"),
    Entry("status-529", "overloaded", "provider_overloaded"),
]

_LIMITED = "provider_rate_limited"

WAITS = [
    Entry("status-429-wait-1", "Retry-After: 1; goes after every status", _LIMITED),
    Entry("status-429-wait-4294967", "…136 years", _LIMITED),
    Entry("status-429-wait-1.5", "…with a fraction", _LIMITED),
    Entry("status-429-wait-ms-1500", "…in milliseconds, as OpenAI has it", _LIMITED),
    Entry("status-429-wait-date-2", "…a date in 2 seconds", _LIMITED),
    Entry("status-429-wait-date--60", "…a date a minute ago", _LIMITED),
    Entry("status-429-wait--5", "…a negative number", _LIMITED),
    Entry("status-429-wait-soon", "…a word", _LIMITED),
]

VENDORS = [
    Entry("overlong", "too long for the model, in the vendor's own form", "context_too_long"),
    Entry("overlong-bytes", "…as Anthropic's 413", "context_too_long"),
    Entry("overlong-llamacpp", "…as llama.cpp says it", "context_too_long"),
    Entry("overlong-vllm", "…as vLLM says it", "context_too_long"),
    Entry("overlong-gemini", "…as Gemini says it", "context_too_long"),
    Entry("refused", "against the vendor's policy", "content_refused"),
    Entry("refused-azure", "…as Azure says it", "content_refused"),
    Entry("refused-openrouter", "…as OpenRouter says it, with 403", "content_refused"),
    Entry(
        "unpaid", "the account is empty: OpenAI's 429, Anthropic's 400", "provider_misconfigured"
    ),
    Entry("unpaid-tier", "…Anthropic's monthly limit, with 429", "provider_misconfigured"),
    Entry("badkey", "a wrong key, in the vendor's own form", "provider_misconfigured"),
    Entry("badkey-xai", "…as xAI says it, with 400", "provider_misconfigured"),
    Entry("badkey-gemini", "…as Gemini says it, with 400", "provider_misconfigured"),
]

CATALOGUE = [*ANSWERS, *BROKEN, *STATUSES, *WAITS, *VENDORS]
