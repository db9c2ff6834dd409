"""What everything that asks models stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.accounts import Account
from app.metering.admission import Admission
from app.metering.limits import Gate
from app.runs.registry import Runs
from app.services.composing import Composer
from app.services.images import Images
from app.services.models import Models


@dataclass(frozen=True)
class Premises:
    """`most_bytes` bounds what a model may write, and `grace` is how long, in seconds, a run that
    continues may be without a reader.
    """

    models: Models
    live: Runs
    images: Images
    composer: Composer
    gate: Gate
    most_bytes: int
    grace: float

    @contextmanager
    def admitted(self, account: Account, tokens: int) -> Iterator[Admission]:
        """A place among the account's limits, given back whole if the run does not start.

        Raises TooMany.
        """
        admission = self.gate.admit(account, tokens, stream=True)
        try:
            yield admission
        except BaseException:
            admission.cancel()
            raise
