"""axe, which looks for what keeps people out of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).resolve().parents[1] / "clients/node_modules/axe-core/axe.min.js"


def complaints(page: Page) -> list[str]:
    """What is serious or worse, each with where it stands. It skips where axe is not installed."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed here (npm ci in tests/clients).")
    page.evaluate(_AXE.read_text() + ";undefined")
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{rule['id']}: {rule['help']} {[node['html'][:120] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
