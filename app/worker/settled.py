"""gunicorn's settings as a worker has them."""

from __future__ import annotations

from typing import Any

from gunicorn.config import Config


class Settled(Config):  # type: ignore[misc]  # gunicorn has no types
    """They change no more, and each is looked up once: a request asks for two dozen."""

    def __init__(self, config: Config) -> None:
        self.__dict__.update(config.__dict__)

    def __getattr__(self, name: str) -> Any:
        value = self.__dict__[name] = super().__getattr__(name)
        return value
