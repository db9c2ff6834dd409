"""One application for a whole module, where its tests only add to what is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import Config, create_app
from tests.storage.databases import fresh
from tests.upstream import Upstream


def against(upstream: Upstream) -> dict[str, Any]:
    """Settings under which `openai/…` and `anthropic/…` are asked of the model server."""
    return {
        "openai_base_url": f"{upstream.url}/v1",
        "anthropic_base_url": upstream.url,
        "first_byte_timeout": 0.25,
        "read_timeout": 0.25,
        "max_retry_wait": 0.0,
    }


@contextmanager
def application(folder: Path, **settings: Any) -> Iterator[Flask]:
    """On a database of its own, blind to a developer's proxies."""
    url, spool = fresh(folder), f"{folder}/spool"
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                patch.delenv(name)
        made = create_app(
            Config(
                database_url=url,
                spool_dir=spool,
                demo_tokens_per_second=1e5,
                log_level="ERROR",
                **settings,
            )
        )
    yield made
    made.extensions["parley"].close()
