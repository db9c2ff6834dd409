"""What is known about models beforehand. The data is genai-prices', which comes in its wheel."""

from __future__ import annotations

from functools import lru_cache

from genai_prices import data_snapshot


@lru_cache(maxsize=1024)
def context_window(provider: str, model: str, *, default: int) -> int:
    """Tokens that the model can hold, input and output together; `default` if nobody knows."""
    try:
        _, info = data_snapshot.get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return default
    return info.context_window or default
