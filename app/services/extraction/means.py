"""What all the questions of one extraction share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts import Account
from app.errors import BadInput, ProviderTimeout
from app.metering.meter import Meter
from app.services.attempts import Attempts, Composed
from app.services.capabilities import check
from app.services.composing import Composer
from app.services.extraction.prompting import Prompt, Refused
from app.services.extraction.request import Request
from app.services.extraction.target import Source, Target
from app.services.models import Candidate


@dataclass(frozen=True)
class Means:
    """`deadline` is by the monotonic clock, for everything together."""

    composer: Composer
    account: Account
    request: Request
    target: Target
    source: Source
    chain: Sequence[Candidate]
    run_id: str
    deadline: float
    most_bytes: int

    def meter(self) -> Meter:
        """For questions that are asked one after the other."""
        prompt = self.request.prompt
        return Meter(
            self.composer.ledger, self.composer.database, self.account, "", self.run_id, prompt
        )

    def attempts(self, prompt: Prompt, meter: Meter, refused: Refused | None = None) -> Attempts:
        more = settings(self.account, self.request)
        return Attempts(
            self.chain,
            lambda c: Composed(prompt.request(c.model, refused, patience=c.patience, **more), 0),
            self.composer.breakers,
            self.composer.budget,
            meter,
            self.composer.metrics,
            deadline=self.deadline,
        )

    @property
    def seconds(self) -> float:
        """That are left."""
        return max(0.0, self.deadline - time.monotonic())

    def too_late(self) -> ProviderTimeout:
        model = self.chain[0].model
        return ProviderTimeout(
            f"The extraction took longer than the {self.composer.seconds:g} seconds that one may "
            "take. Send a shorter text, or ask a faster model.",
            limit="deadline",
            provider=model.provider.name,
            model=model.name,
        )


def settings(account: Account, request: Request) -> dict[str, Any]:
    limits = [n for n in (request.max_output_tokens, account.max_output_tokens) if n is not None]
    return {
        "temperature": request.temperature,
        "max_output_tokens": min(limits, default=None),
    }


def capable(
    account: Account, request: Request, chain: Sequence[Candidate], prompt: Prompt
) -> Sequence[Candidate]:
    """Those of the chain that can be asked. Raises BadInput: none can, and why the first can't."""
    able, problems = [], []
    for candidate in chain:
        model = candidate.model
        try:
            if not model.profile.tools:
                said = (
                    f"The model {model.id} cannot call tools, and an extraction is the call of one."
                )
                raise BadInput(said, errors={"model": [said]})
            check(prompt.request(model, **settings(account, request)), model.profile)
            able.append(candidate)
        except BadInput as problem:
            problems.append(problem)
    if not able:
        raise problems[0]
    return able
