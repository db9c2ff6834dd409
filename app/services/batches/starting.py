"""Where a batch begins."""

from __future__ import annotations

from dataclasses import replace

from app.accounts import Account
from app.services.batches.batch import Batch
from app.services.batches.work import Work
from app.services.extraction.extraction import Extraction
from app.services.extraction.request import Request


class Batches:
    """The use case. What is wrong with all documents is told before the first is asked about."""

    def __init__(self, extraction: Extraction) -> None:
        self._extraction = extraction

    def begin(self, account: Account, batch: Batch) -> Work:
        """Raises as `check`."""
        self.check(account, batch.asked)
        return Work(self._extraction, account, batch)

    def check(self, account: Account, asked: Request) -> None:
        """Raises BadInput, UnknownModel, NotAllowed: nothing can come of it, whatever the text."""
        self._extraction.check(account, replace(asked, text="."))
