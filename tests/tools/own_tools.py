"""A user's own tools, as a module that TOOLS_MODULES names."""

from __future__ import annotations

from app.tools.own import tool


@tool(scope="admin", approval=True)
def close_shop(reason: str) -> str:
    """Close the shop."""
    return f"closed: {reason}"


@tool(name="greet-someone")
def greet(name: str) -> str:
    """Greet."""
    return f"Hello, {name}."


def not_a_tool(name: str) -> str:
    return name
