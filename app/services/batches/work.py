"""Carrying out a batch: some documents at once, and each ends in an outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import gevent
import structlog
from gevent.queue import Empty, Full, Queue

from app.accounts import Account
from app.errors import BudgetSpent, ParleyError, ShuttingDown, TooMany
from app.metering.purse import Purse, Share
from app.services.batches.batch import Batch, Document, Outcome, Status
from app.services.extraction.extraction import Extraction
from app.services.extraction.result import Result

log = structlog.get_logger()

# Seconds that a document waits for the limits of its caller to have room again.
_PATIENCE = 300.0
_NEXT_TRY = 2.0


class Work:
    """One batch under way, from its making until the last outcome, or until it is `stopped`."""

    def __init__(self, extraction: Extraction, account: Account, batch: Batch) -> None:
        self.stopped = False
        self._extraction = extraction
        self._account = account
        self._batch = batch
        self._documents = iter(batch.documents)
        self._purse = None if batch.budget_usd is None else Purse(batch.budget_usd)
        self._over: ParleyError | None = None  # why no more documents are begun
        # Bounded, so that a slow reader slows the work. None wakes it at the end.
        self._outcomes: Queue[Outcome | None] = Queue(batch.at_once)
        self._open = batch.at_once
        self._workers = [gevent.spawn(self._work) for _ in range(batch.at_once)]

    def outcomes(self, idle: float | None = None) -> Iterator[Outcome | None]:
        """Yield them as documents finish, and None after `idle` seconds of silence."""
        while self._open or not self._outcomes.empty():
            try:
                outcome = self._outcomes.get(timeout=idle)
            except Empty:
                yield None
                continue
            if outcome is not None:
                yield outcome

    def stop(self) -> None:
        """Ask no more, and let go of the models that are asked. From whichever greenlet.

        When the last outcome is there it changes nothing.
        """
        if not self._open:
            return
        self.stopped, self._open = True, 0
        gevent.killall(self._workers, block=False)
        self._wake()

    def _wake(self) -> None:
        with suppress(Full):  # who is not waiting needs no waking
            self._outcomes.put_nowait(None)

    def _work(self) -> None:
        for document in self._documents:
            self._outcomes.put(self._outcome(document))
        self._open -= 1
        if not self._open:
            self._wake()

    def _outcome(self, document: Document) -> Outcome:
        if self._over is not None:
            return _without(document, "skipped", self._over)
        if isinstance(document.text, ParleyError):
            return _without(document, "failed", document.text)
        share = Share(self._purse) if self._purse else None
        try:
            return Outcome(id=document.id, status="ok", result=self._asked(document.text, share))
        except ParleyError as error:
            return _without(document, self._status(error, share), error)
        except Exception:
            log.exception("document_broke")
            return _without(document, "failed", ParleyError())
        finally:
            if share is not None:
                share.close()

    def _asked(self, text: str, share: Share | None) -> Result:
        """Waits where the caller's limits leave no room at the moment. Raises ParleyError."""
        account = replace(self._account, allowance=share)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._extraction.extract(account, self._batch.request(text))
            except TooMany as error:
                pause = error.retry_after or _NEXT_TRY
                if time.monotonic() + pause > deadline:
                    raise
                gevent.sleep(pause)

    def _status(self, error: ParleyError, share: Share | None) -> Status:
        """What failed is no reason to stop; money that is spent is, and a server going down."""
        asked = error.members.get("attempts") or (share and share.calls)
        empty = isinstance(error, BudgetSpent) and share and share.refused
        if asked or not (empty or isinstance(error, ShuttingDown)):
            return "failed"
        self._over = self._over or error
        return "skipped"


def _without(document: Document, status: Status, error: ParleyError) -> Outcome:
    return Outcome(id=document.id, status=status, problem=error.problem().document())
