"""Rate limits: of a key, of its user and its team, and of the whole installation, all or nothing.

A request is counted in a sliding minute, its tokens are reserved by an estimate and corrected by
the truth, and a stream takes a place until it has ended. What is denied has cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.accounts import Account, Limits
from app.errors import BadInput, TooMany, Unavailable
from app.metering.admission import Admission, Kind, Limit
from app.metering.counters import Counters, Reached, Taken

# Seconds after which to ask again where all places are taken: nobody knows when one will be free.
_NEXT_PLACE = 2.0
_NONE = Limits()


@dataclass(frozen=True)
class Quota:
    """What is left of a limit a minute; the minute that is counted ends in `seconds`."""

    kind: Kind
    limit: int
    left: int
    seconds: float


class Gate:
    """`installation` is for all together, `team` for each team that has no limit of its own, and
    `user` for each user whose key has none for its users.

    `denied` hears of each limit that turns a request away.
    """

    def __init__(
        self,
        counters: Counters,
        team: Limits,
        installation: Limits,
        denied: Callable[[Limit], None] = lambda limit: None,
        user: Limits = _NONE,
    ) -> None:
        self._user = user
        self._denied = denied
        self._counters = counters
        self._team = team
        self._installation = installation
        self._shared = _any(team) or _any(installation)
        # It has taken nothing, and so gives nothing back.
        self._free = Admission(counters, (), 0, Taken((), 0.0))

    def admit(self, account: Account, tokens: int, stream: bool) -> Admission:
        """Let a request in that may use so many tokens.

        Raises:
            TooMany: a limit is reached; its `retry_after` is when it will no longer be.
            BadInput: it asks for more tokens than a whole minute has.
            Unavailable: what the workers share is away, and limits are not to be passed without.
        """
        if not self._concern(account):
            return self._free
        limits = [x for x in self._limits(account) if stream or x.kind != "streams"]
        for limit in limits:
            if limit.kind == "tokens" and tokens > limit.amount:
                raise _too_large(limit, tokens)
        taken = self._counters.take([limit.want(tokens) for limit in limits])
        if isinstance(taken, Reached):
            reached = next(x for x in limits if x.name == taken.want.name)
            self._denied(reached)
            raise _too_many(reached, taken.seconds)
        return Admission(self._counters, limits, tokens, taken)

    def quotas(self, account: Account) -> Sequence[Quota]:
        """Of requests and of tokens, what the tightest limit leaves.

        Empty where there is no limit, and where nobody can tell just now.
        """
        if not self._concern(account):
            return []
        limits = [x for x in self._limits(account) if x.kind != "streams"]
        try:
            windows = self._counters.windows([limit.want(0) for limit in limits])
        except Unavailable:
            return []
        tightest: dict[Kind, Quota] = {}
        for limit, window in zip(limits, windows, strict=True):
            quota = Quota(limit.kind, limit.amount, window.left, window.seconds)
            tightest[limit.kind] = min(tightest.get(limit.kind, quota), quota, key=lambda q: q.left)
        return list(tightest.values())

    def _concern(self, account: Account) -> bool:
        """Whether there is any limit: most often there is none, and this is all that is done."""
        if self._shared or _any(account) or _any(account.team_limits):
            return True
        return account.user is not None and (_any(account.user_limits) or _any(self._user))

    def _limits(self, account: Account) -> Iterator[Limit]:
        yield from _of("key", account.key_id or account.payer, account)
        if account.user is not None:
            own, usual = account.user_limits, self._user
            yield from _of("user", account.owner, own if _any(own) else usual)
        if account.team is not None:
            own, usual = account.team_limits, self._team
            yield from _of("team", account.team, own if _any(own) else usual)
        yield from _of("all", "", self._installation)


def _of(whose: str, subject: str, limits: Limits) -> Iterator[Limit]:
    name = f"{whose}:{subject}"
    if limits.streams is not None:
        yield Limit(whose, f"{name}:streams", "streams", limits.streams)
    if limits.requests_per_minute is not None:
        yield Limit(whose, f"{name}:requests", "requests", limits.requests_per_minute)
    if limits.tokens_per_minute is not None:
        yield Limit(whose, f"{name}:tokens", "tokens", limits.tokens_per_minute)


def _any(limits: Limits) -> bool:
    return not (
        limits.requests_per_minute is None
        and limits.tokens_per_minute is None
        and limits.streams is None
    )


def _too_many(limit: Limit, seconds: float) -> TooMany:
    wait = max(seconds, _NEXT_PLACE) if limit.kind == "streams" else seconds
    return TooMany(f"{limit}.", retry_after=math.floor(wait) + 1)


def _too_large(limit: Limit, tokens: int) -> BadInput:
    said = (
        f"This request may take {tokens} tokens. {limit}, so it can never pass: shorten it, or "
        "lower max_output_tokens."
    )
    return BadInput(said, errors={"max_output_tokens": [said]})
