"""Commands for the terminal: `flask ask`, `flask doctor`, `flask keys`, `flask usage`, …"""

from __future__ import annotations

from flask import Flask

from app.cli import agent, ask, doctor, evaluate, extract, keys, migrate, models, usage


def install(app: Flask) -> None:
    for room in (agent, ask, doctor, evaluate, extract, keys, migrate, models, usage):
        app.cli.add_command(room.command)
