"""What a provider of models is to the rest of Parley."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from app.events import ModelEvent
from app.messages import Message
from app.profiles import Profile as Profile

Effort = Literal["minimal", "low", "medium", "high"]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that a model may call. `parameters` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool = False


class Patience(msgspec.Struct, frozen=True):
    """Seconds that one model may take to its first byte and between two; None: the server's."""

    first_byte: float | None = None
    read: float | None = None


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """That the answer is to be JSON: an object, and where there is a `schema`, one that fits it.

    It is a wish; whoever asks looks at what comes. `strict`: the vendor is to hold the model to it.
    """

    name: str = "answer"
    description: str = ""
    schema: dict[str, Any] | None = None
    strict: bool = False


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a model. `model` is the provider's own name for it; the last message is new.

    A None leaves the choice to the provider.
    """

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: Effort | None = None
    tools: tuple[Tool, ...] = ()
    # "auto" leaves it to the model, "required" asks for some call, a tool's name for that one,
    # "none" for an answer without one.
    tool_choice: str = "auto"
    parallel_tools: bool = True
    # Texts at which the answer ends, without them.
    stop: tuple[str, ...] = ()
    # Anthropic takes neither, and they are left out there.
    top_p: float | None = None
    seed: int | None = None
    output: Output | None = None
    patience: Patience = Patience()


class Provider(Protocol):
    """An adapter: requests in, typed events out, every failure a ProviderError."""

    @property
    def name(self) -> str: ...

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        """Yield the answer's events, as many at once as arrived at once.

        An empty batch says that the request has gone out: from there on it may be billed. The
        last one holds a Finish; a stream that ends without it raises. Closing the iterator, or
        an exception thrown into the greenlet that reads it, closes the connection upstream.

        Raises:
            ProviderError: for everything that the vendor, its SDK or the network can do.
        """
        ...

    def count(self, request: ModelRequest) -> int | None:
        """Tokens of input as the provider would count them; None where it offers no count.

        Raises ProviderError.
        """
        ...

    def models(self) -> Sequence[str]:
        """The names of the models that the provider says it has. Raises ProviderError."""
        ...

    def default_model(self) -> str:
        """The name of the model to use where nobody chose one. Raises ProviderError."""
        ...

    def profile(self, model: str) -> Profile:
        """What the model can do, as far as anybody knows. Asks nobody; any name will do."""
        ...

    def close(self) -> None:
        """Close the connections that are kept open between calls."""
        ...


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to be turned into vectors. A None leaves the choice to the provider."""

    model: str
    texts: tuple[str, ...]
    dimensions: int | None = None
    encoding: Literal["float", "base64"] | None = None


class Embedded(msgspec.Struct, frozen=True):
    """The vectors as the provider wrote them, a JSON list; None: it did not count the tokens."""

    data: msgspec.Raw
    input_tokens: int | None


@runtime_checkable
class Embedder(Protocol):
    """A provider that has vectors as well."""

    def embed(self, request: EmbeddingRequest) -> Embedded:
        """Raises ProviderError."""
        ...


CircuitState = Literal["closed", "open", "half_open"]


class Call(Protocol):
    """A call that a breaker has admitted."""

    __slots__ = ()

    def heard(self) -> None:
        """The model has begun to answer."""
        ...


class Breakers(Protocol):
    """Keeps calls away from a model that fails, however many processes share the knowledge."""

    def call(self, provider: str, model: str) -> AbstractContextManager[Call]:
        """Admit one call and note how the block ends. Raises Paused: it is not admitted now."""
        ...

    def states(self) -> Mapping[tuple[str, str], CircuitState]:
        """By provider and model, of those that were called lately."""
        ...
