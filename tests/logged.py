"""What a module logs, whatever the applications of other tests have made of the log."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture


def lines_of(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Sequence[Any]:
    """The lines that the module's `log` gets from now on, to the end of the test."""
    capture = LogCapture()
    wrapper = structlog.make_filtering_bound_logger(0)
    log = structlog.wrap_logger(None, processors=[capture], wrapper_class=wrapper)
    monkeypatch.setattr(module, "log", log)
    return capture.entries
