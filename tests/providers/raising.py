"""What becomes of an exception in a call to a provider."""

from __future__ import annotations

import pytest

from app.errors import ProviderError, ProviderTimeout
from app.providers.faults import Origin, translated

ORIGIN = Origin("own", "mock")


def raised(error: Exception) -> ProviderError:
    with pytest.raises(ProviderError) as caught, translated(ORIGIN):
        raise error
    return caught.value


def told(error: ProviderError) -> str:
    """Its kind, and of a timeout the limit."""
    kind = type(error).__name__
    return f"{kind} {error.limit}" if isinstance(error, ProviderTimeout) else kind
