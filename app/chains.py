"""How the configuration writes a chain of models: who is asked, and who if that fails.

    openai/gpt-5.4-mini, anthropic/claude-haiku-5-5?first_byte=5&read=20, groq/big?longer=yes

A model may be followed by its own limits in seconds (`first_byte`, `read`), and by `longer=yes`:
it is asked as well where a conversation was too long for those before it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of a chain. `model` is `provider/name`; limits are in seconds, None: the usual."""

    model: str
    first_byte: float | None = None
    read: float | None = None
    longer: bool = False

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("It names no model")
        for seconds in (self.first_byte, self.read):
            if seconds is not None and not 0.05 <= seconds <= 3600:
                raise ValueError("A limit is 0.05 to 3600 seconds")


def chain(text: str) -> tuple[Step, ...]:
    """Read a chain. Raises ValueError with a sentence."""
    steps = tuple(_step(part.strip()) for part in text.split(",") if part.strip())
    if not steps:
        raise ValueError("A chain names at least one model, as provider/name.")
    return steps


def aliases(text: str) -> dict[str, tuple[Step, ...]]:
    """Read `name = chain; name = chain`. Raises ValueError with a sentence."""
    found: dict[str, tuple[Step, ...]] = {}
    for line in filter(None, (line.strip() for line in text.replace("\n", ";").split(";"))):
        name, equals, models = (part.strip() for part in line.partition("="))
        if not equals or not name or "/" in name:
            raise ValueError(f"{line!r} is not an alias; write name = provider/model, ….")
        if name in found:
            raise ValueError(f"The alias {name!r} is there twice.")
        found[name] = chain(models)
    return found


def _step(text: str) -> Step:
    model, _, options = text.partition("?")
    said = dict(parse_qsl(options, keep_blank_values=True))
    try:
        return msgspec.convert({**said, "model": model, **_longer(said)}, Step, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"{text!r}: {error}.") from error


def _longer(said: dict[str, str]) -> dict[str, bool]:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if "longer" not in said:
        return {}
    if said["longer"] not in words:
        raise ValueError("`longer` is yes or no.")
    return {"longer": words[said["longer"]]}
