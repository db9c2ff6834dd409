"""What a request can come to at most, in tokens, before anybody has counted it.

Tokenizers of chat models cut UTF-8 into pieces, so each token stands for one byte at least; what
they do not know they cut into single bytes. Some first bring a text into a normal form of Unicode,
which can be longer than the text. So the longest of its forms, in bytes, is a bound for any text.
A quarter of it is what English comes to, half what most other scripts do.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

from app.profiles import Table, fitting

# Frames of roles and turns: OpenAI's cookbook counts 4 for a message, those of Llama
# and Qwen 5 to 7, those of Mistral and Gemma fewer.
_MESSAGE = 16
# What is sent in front of everything: the longest known is the system text that templates of
# gpt-oss, Llama and Qwen add, at some 80 tokens.
_REQUEST = 128
# Instructions for the use of tools: Anthropic's price list has 264 to 530, depending on the model.
_TOOLS = 1024

# The dearest image, whatever its size and detail. Anthropic's newest models take 4,784 patches.
# OpenAI's tiles cost 85 and 8 times 170, 33 times as much with gpt-4o-mini (2,833 and 8 times
# 5,667), and its patches are 10,000 at most. Qwen takes 16,384, and all known others less.
_IMAGES: Table = {
    "*": {"tokens": 16_384},
    "anthropic/*": {"tokens": 4_784},
    "openai/*": {"tokens": 10_000},
    "openai/gpt-4o-mini*": {"tokens": 48_169},
}


def bound(texts: Iterable[str], *, messages: int, images: int = 0, tools: str = "") -> int:
    """Tokens of input that a request cannot exceed.

    `texts` are all that are in it, in whatever role. `messages` counts them with the system
    prompt, `images` is what those are worth in tokens, and `tools` is their JSON.
    """
    said = sum(map(_longest, texts)) + messages * _MESSAGE + _REQUEST + images
    return said + _TOOLS + _longest(tools) if tools else said


@lru_cache(maxsize=1024)
def image(name: str) -> int:
    """Tokens of one image at most. `name` is `provider/model`."""
    return int(fitting(_IMAGES, name)["tokens"])


def clamp(wanted: int | None, profile_max: int | None, key_max: int | None, default: int) -> int:
    """Tokens of output to ask for: what is wanted, or `default`, within what is allowed."""
    limits = [limit for limit in (profile_max, key_max) if limit is not None]
    return min([wanted or default, *limits])


def _longest(text: str) -> int:
    if text.isascii():
        return len(text)
    return max(_size(text), _size(normalize("NFC", text)), _size(normalize("NFKC", text)))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
