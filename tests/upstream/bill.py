"""The tokens that an answer is billed at, as each format writes them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Bill(NamedTuple):
    """All of the input, and what of it was read from a cache and written to one."""

    input: int
    cached: int
    written: int
    output: int

    def chat_completions(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.input,
            "completion_tokens": self.output,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }

    def messages_api(self) -> dict[str, int]:
        """What a cache was read or written for is not part of the input here."""
        return {
            "input_tokens": self.input - self.cached - self.written,
            "cache_read_input_tokens": self.cached,
            "cache_creation_input_tokens": self.written,
            "output_tokens": 1,
        }
