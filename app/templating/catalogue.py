"""The prompts that there are: those that come with Parley, and a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.config import ConfigError
from app.errors import BadInput, NotFound
from app.templating.prompt import BadPrompt, Prompt

SHIPPED = Path(__file__).parents[1] / "prompts"
_LARGEST = 65_536  # bytes of a file
_TITLED = {"question", "answer"}

# What is wrong with a schema's name or a JSON Schema, in a sentence; None if nothing is.
Refused = Callable[[str | Mapping[str, Any]], str | None]

Versions = Mapping[str, Sequence[Prompt]]


def _no_refusal(_: object) -> None:
    return None


class Catalogue:
    """All prompts by name, each with its versions, the oldest first."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def every(self) -> Sequence[Prompt]:
        """By name, and the newest version of each first."""
        return [p for _, known in sorted(self._versions.items()) for p in reversed(known)]

    def find(self, name: str, version: str | None = None) -> Prompt:
        """The newest where no version is asked for.

        Raises:
            NotFound: there is no such prompt.
            BadInput: not in this version.
        """
        known = self._versions.get(name)
        if known is None:
            raise NotFound("prompt")
        for prompt in reversed(known):
            if version in (None, prompt.about.version):
                return prompt
        there = ", ".join(prompt.about.version for prompt in known)
        said = f"The prompt {name} is not here in this version; there are: {there}."
        raise BadInput(said, errors={"version": [said]})


def read(own: str | None, models: set[str], refused: Refused = _no_refusal) -> Catalogue:
    """The files `*.md` of Parley's folder, and of a user's own, whose names come first.

    `models` are the providers and aliases that there are; `refused` says what is wrong with the
    schema of an answer.

    Raises:
        ConfigError: with every problem of every file.
    """
    problems: list[str] = []
    known = _folder(SHIPPED, models, refused, problems)
    if own is not None:
        known |= _folder(Path(own), models, refused, problems)
    if problems:
        raise ConfigError(problems)
    return Catalogue(known)


@lru_cache(maxsize=256)
def _compiled(source: str) -> Prompt:
    """The applications of a process share it: a prompt never changes."""
    return Prompt(source)


def _folder(
    folder: Path, models: set[str], refused: Refused, problems: list[str]
) -> dict[str, list[Prompt]]:
    found: dict[str, list[Prompt]] = {}
    if not folder.is_dir():
        problems.append(f"PROMPTS_DIR: {folder} is no folder.")
    for path in sorted(folder.glob("*.md")):
        try:
            prompt = _compiled(_text(path))
        except BadPrompt as error:
            problems += [f"{path.name}: {problem}" for problem in error.problems]
            continue
        problems += [f"{path.name}: {p}" for p in _clashes(prompt, found, models)]
        if prompt.about.schema is not None and (why := refused(prompt.about.schema)):
            problems.append(f"{path.name}: schema: {why}")
        found.setdefault(prompt.about.name, []).append(prompt)
    return {name: sorted(versions, key=lambda p: p.order) for name, versions in found.items()}


def _text(path: Path) -> str:
    try:
        read = path.read_bytes()
        if len(read) > _LARGEST:
            raise BadPrompt([f"it is larger than the {_LARGEST:,} bytes that a prompt may be."])
        return read.decode("utf-8-sig")
    except OSError as error:
        raise BadPrompt([f"it cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise BadPrompt(["it is not written in UTF-8."]) from error


def _clashes(
    prompt: Prompt, found: Mapping[str, Sequence[Prompt]], models: set[str]
) -> Iterator[str]:
    model = prompt.about.model
    if model is not None and model not in models and model.partition("/")[0] not in models:
        yield (
            f"model: neither an alias nor a model of a provider that is configured: {model!r}; "
            f"there are {', '.join(sorted(models))}."
        )
    given = {variable.name for variable in prompt.about.variables if variable.required}
    if prompt.about.name == "title" and not given <= _TITLED:
        yield "what finds titles is given question and answer, and may require nothing else."
    if any(other.order == prompt.order for other in found.get(prompt.about.name, ())):
        yield f"another file has the prompt {prompt.id} already."
