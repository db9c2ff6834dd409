"""Whom an error is about."""

from __future__ import annotations

from typing import Any

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Which provider and model an error is about."""

    provider: str
    model: str | None = None

    def kwargs(self) -> dict[str, Any]:
        return {"provider": self.provider, "model": self.model}

    @property
    def of_model(self) -> str:
        return f" of {self.model}" if self.model else ""
