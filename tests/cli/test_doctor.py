"""`flask doctor`: what is wrong, in plain words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.chains import chain
from app.profiles import today
from app.services import Services
from tests.cli.commands import SECRET, run
from tests.upstream import Upstream


def test_doctor_is_content(app: Flask) -> None:
    """Where everything answers, each thing has its line and the exit code is 0."""
    result = run(app, "doctor")
    assert result.exit_code == 0
    checked = re.findall(r"^✓ ([^:]+):", result.stdout, re.MULTILINE)
    assert checked == ["configuration", "database", "own", "demo", "default model"]


def test_doctor_names_who_does_not_answer(app: Flask, upstream: Upstream) -> None:
    """A provider that cannot be reached has a line that says so, and the exit code is 1."""
    upstream.__exit__()
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert re.findall(r"^✗ ([^:]+):", result.stdout, re.MULTILINE) == ["own"]
    assert "✓ demo:" in result.stdout
    assert SECRET not in result.output


def test_doctor_sees_the_database(app: Flask, services: Services) -> None:
    """A database that lacks its tables is found out and said how to mend."""
    services.database.write(lambda tx: tx.exec_driver_sql("DELETE FROM alembic_version") and None)
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert "✗ database: " in result.stdout
    assert "flask migrate" in result.stdout


class TestOfModelsThatEnd:
    """The default's chain and the aliases' are looked at; other models are nobody's business."""

    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        day = date(2020, 1, 1)
        return {
            **settings,
            "chat_model": "own/gone",
            "fallback_models": chain("own/fine, own/going"),
            "model_aliases": {"fast": chain("own/old, own/gone")},
            "model_profiles": {
                "own/gone": {"retires": day},
                "own/going": {"retires": today() + timedelta(days=60)},
                "own/fine": {"retires": today() + timedelta(days=61)},
                "own/old": {"deprecated": True},
                "own/unused": {"retires": day},
            },
        }

    def test_doctor_warns_of_them(self, app: Flask) -> None:
        """Each is named once with its day; it is a warning, for everything still works."""
        result = run(app, "doctor")
        assert result.exit_code == 0
        assert re.findall(r"^! (.*)$", result.stdout, re.MULTILINE) == [
            "own/gone: it was to be retired on 2020-01-01; choose another.",
            f"own/going: it retires on {today() + timedelta(days=60)}; choose another.",
            "own/old: it is deprecated; choose another.",
        ]


def test_doctor_does_not_warn_without_a_reason(app: Flask) -> None:
    """Models that stay are not spoken of."""
    assert "!" not in run(app, "doctor").stdout
