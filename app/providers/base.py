"""What a provider of models is to the rest of Parley."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from app.events import ModelEvent
from app.messages import Message


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a model. `model` is the provider's own name for it; the last message is new.

    A None leaves the choice to the provider.
    """

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None


class Provider(Protocol):
    """An adapter: requests in, typed events out, every failure a ProviderError."""

    @property
    def name(self) -> str: ...

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        """Yield the answer's events, as many at once as arrived at once.

        The last one is a Finish; a stream that ends without it raises. Closing the iterator, or
        an exception thrown into the greenlet that reads it, closes the connection upstream.

        Raises:
            ProviderError: for everything that the vendor, its SDK or the network can do.
        """
        ...

    def models(self) -> Sequence[str]:
        """The names of the models that the provider says it has. Raises ProviderError."""
        ...

    def default_model(self) -> str:
        """The name of the model to use where nobody chose one. Raises ProviderError."""
        ...

    def context_window(self, model: str) -> int:
        """How many tokens of input and output together the model can hold."""
        ...

    def close(self) -> None:
        """Close the connections that are kept open between calls."""
        ...
