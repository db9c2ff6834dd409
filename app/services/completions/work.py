"""What the owner of a completion's run does: relay, judge, end, book. Nothing said is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import structlog

from app.errors import OutputInvalid
from app.events import Answer, Failure, Terminal, ToolInputDelta, Usage, collect
from app.services.completions.judging import Judge
from app.services.generation import Generation

log = structlog.get_logger()


class Work(Generation):
    """Call it once, in a greenlet of its own."""

    def __init__(self, *args: Any, judge: Judge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._judge = judge

    def _generate(self) -> Failure | None:
        failed = super()._generate()
        finish = self._relay.figures.finish
        if failed is not None or finish is None:
            return failed
        try:
            self._judge(collect(self._run.events), finish.reason)
        except OutputInvalid as error:
            return self._failure(error)
        return None

    def _cost(self, answer: Answer) -> tuple[Usage, Decimal | None]:
        """What was written of a call counts, where nobody else has counted."""
        written = [e.text for e in self._run.events if isinstance(e, ToolInputDelta)]
        said = answer.text + "".join(written) if written else answer.text
        return super()._cost(msgspec.structs.replace(answer, text=said))

    def _keep(
        self,
        answer: Answer,
        end: Terminal,
        failed: Failure | None,
        usage: Usage,
        cost: Decimal | None,
    ) -> Terminal:
        """The calls alone are booked."""
        try:
            self._endings.settle(self._run.id, [self._meter.bill()])
        except Exception:
            # Its lease runs out, and it is booked at what was set aside for it.
            log.exception("calls_not_booked", run_id=self._run.id)
        return end
