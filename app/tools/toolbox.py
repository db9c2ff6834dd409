"""The tools that there are, and who is granted which of them. What is not granted is denied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.accounts import Account
from app.errors import BadInput
from app.tools.tool import Tool


class Source(Protocol):
    """Where tools come and go while the server runs."""

    name: str

    def start(self) -> None:
        """Look after itself from now on; what is asked before that is looked up when it is."""

    def close(self) -> None: ...

    def tools(self) -> Sequence[Tool]:
        """Those that can be called just now; without an error, and at once if it was started."""

    def trouble(self) -> str | None:
        """A sentence on why it has none, None if nothing is wrong."""


class Toolbox:
    """`fixed` are those of this process; theirs are the names that a source has as well."""

    def __init__(self, fixed: Sequence[Tool], sources: Sequence[Source] = ()) -> None:
        self._fixed = tuple(fixed)
        self._sources = tuple(sources)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source.name for source in self._sources)

    def start(self) -> None:
        for source in self._sources:
            source.start()

    def close(self) -> None:
        for source in self._sources:
            source.close()

    def troubles(self) -> dict[str, str | None]:
        """Of each source by its name: what is wrong, None if nothing is."""
        return {source.name: source.trouble() for source in self._sources}

    def every(self) -> tuple[Tool, ...]:
        """All that are on, by name."""
        found = {tool.name: tool for source in self._sources for tool in source.tools()}
        found |= {tool.name: tool for tool in self._fixed}
        return tuple(found[name] for name in sorted(found))

    def granted(self, account: Account, names: Sequence[str] | None) -> tuple[Tool, ...]:
        """Those of `names`, in their order, that the account may use; None stands for all it may.

        Raises BadInput for the field `tools`: one is not there, or not for this account.
        """
        own = {tool.name: tool for tool in self.every() if _may(account, tool)}
        if names is None:
            return tuple(own.values())
        if strange := [name for name in names if name not in own]:
            shown = ", ".join(repr(name[:80]) for name in strange[:10])
            there = ", ".join(own) or "none"
            said = f"There is no tool {shown} for you here. You may use: {there}."
            raise BadInput(said, errors={"tools": [said]})
        return tuple(own[name] for name in dict.fromkeys(names))


def _may(account: Account, tool: Tool) -> bool:
    return tool.scope is None or tool.scope in account.scopes
