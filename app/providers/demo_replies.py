"""What the demo model says: a pure function of what the user has said so far."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = re.compile(r"\bmy name is\s+([^\s.,!?;:]+)", re.IGNORECASE)
_ASKS_NAME = re.compile(r"\b(what('s| is) my name|who am i)\b", re.IGNORECASE)
_SHOWN = 400  # characters of an earlier message that are quoted

_INTRODUCTION = (
    "I am Parley's built-in **demo model**: no provider is configured, so I only show that "
    "everything works. Set `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `OLLAMA_BASE_URL` to talk to "
    "a real one."
)

_CODE = """Here is some code, as a model would send it:

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

And `inline code` too."""

_TABLE = """Here is a table:

| word | meaning |
| --- | --- |
| run | one generation |
| turn | a message and its answer |
| hold | money set aside |"""

_LIST = """Here is a list:

1. A question arrives.
2. The answer is streamed, *token by token*.
3. Both are **remembered**."""

_SAMPLES = {"code": _CODE, "table": _TABLE, "list": _LIST}


def reply(said: Sequence[str], system: str | None) -> str:
    """The answer to the last of the user's messages. `said` has them all, oldest first."""
    *earlier, new = said
    parts = [_INTRODUCTION] if not earlier else []
    if system:
        parts.append(f"My instructions are: {_quoted(system)}")
    parts.append(_answer(earlier, new))
    if earlier:
        parts.append(_memory(earlier))
    return "\n\n".join(parts)


def _answer(earlier: Sequence[str], new: str) -> str:
    if _ASKS_NAME.search(new):
        return _recall_name([*earlier, new])
    samples = [text for word, text in _SAMPLES.items() if re.search(rf"\b{word}\b", new.lower())]
    return "\n\n".join([f"You said: {_quoted(new)}", *samples])


def _recall_name(said: Sequence[str]) -> str:
    names = [found[1] for text in said for found in _NAME.finditer(text)]
    return f"Your name is {names[-1]}." if names else "You have not told me your name yet."


def _memory(earlier: Sequence[str]) -> str:
    listed = "\n".join(f"{n}. {_quoted(text)}" for n, text in enumerate(earlier, 1))
    return f"Before that you said:\n\n{listed}"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
