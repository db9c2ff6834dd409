"""An API that writes its description when somebody asks for it.

To read it off the schemas takes longer than all else that an application does at its start, and
commands and tests never look at it.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_smorest import Api


class LateApi(Api):  # type: ignore[misc]  # smorest has no types
    """smorest's, whose `spec` is completed when it is read."""

    _spec: Any = None
    _untold: tuple[Blueprint, ...] = ()

    @property
    def spec(self) -> Any:
        untold, self._untold = self._untold, ()
        for blueprint in untold:
            self._tell(blueprint)
        return self._spec

    @spec.setter
    def spec(self, made: Any) -> None:
        self._spec = made

    def register_blueprint(self, blueprint: Any) -> None:
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._untold += (blueprint,)

    def _tell(self, blueprint: Any) -> None:
        blueprint.register_views_in_doc(
            self, self._app, self._spec, name=blueprint.name, parameters=None
        )
        self._spec.tag({"name": blueprint.name, "description": blueprint.description})
