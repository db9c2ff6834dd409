"""What an agent may call."""

from __future__ import annotations

from typing import Any

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.schemas.tools import ToolsSchema

blueprint = Blueprint("tools", __name__, url_prefix="/api/tools", description="Tools of agents")


@blueprint.get("")
@blueprint.response(200, ToolsSchema)
@needs("agent")
def tools() -> dict[str, Any]:
    """List the tools that this key may let a model call, with the form of their arguments."""
    return {"tools": services().tools.granted(caller(), None)}
