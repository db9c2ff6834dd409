"""How many tokens a text is likely to be, before a provider has counted it."""

from __future__ import annotations

# Read off public tokenizers: English runs at 4 to 5 characters a token and code at 3, while
# other scripts cost about one token for every 2 bytes of UTF-8. Erring high cuts a history a
# little early; erring low makes the provider refuse it.
_ASCII_PER_TOKEN = 3
_BYTES_PER_TOKEN = 2
# What an image costs as a rule, whatever its size: Anthropic scales to 1,568 patches at most
# (its newest models to 4,784), OpenAI to 1,445 or 1,536 tokens.
IMAGE = 1_600


def estimate(text: str) -> int:
    """An estimate on the high side, not a bound."""
    if text.isascii():
        return -(-len(text) // _ASCII_PER_TOKEN)
    other = "".join(ch for ch in text if not ch.isascii())
    size = len(other.encode("utf-8", "surrogatepass"))
    return -(-(len(text) - len(other)) // _ASCII_PER_TOKEN) + -(-size // _BYTES_PER_TOKEN)
