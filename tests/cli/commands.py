"""How the tests call a command."""

from __future__ import annotations

from click.testing import Result
from flask import Flask

SECRET = "sk-made-up-and-secret"


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=list(args))
