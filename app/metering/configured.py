"""What the configuration allows: limits and budgets of the installation, of teams and of users."""

from __future__ import annotations

from collections.abc import Callable

from app.accounts import Limits
from app.config import Config
from app.metering.admission import Limit
from app.metering.budgets import Budgets, installation, of_users
from app.metering.counters import Counters
from app.metering.limits import Gate


def gate(config: Config, counters: Counters, denied: Callable[[Limit], None]) -> Gate:
    """`denied` hears of each limit that turns a request away."""
    installation = Limits(
        requests_per_minute=config.limit_requests_per_minute,
        tokens_per_minute=config.limit_tokens_per_minute,
        streams=config.limit_streams,
    )
    team = Limits(
        requests_per_minute=config.limit_team_requests_per_minute,
        tokens_per_minute=config.limit_team_tokens_per_minute,
        streams=config.limit_team_streams,
    )
    user = Limits(
        requests_per_minute=config.limit_user_requests_per_minute,
        tokens_per_minute=config.limit_user_tokens_per_minute,
        streams=config.limit_user_streams,
    )
    return Gate(counters, team, installation, denied, user)


def budgets(config: Config) -> Budgets:
    own = installation(
        request=config.budget_request_usd,
        day=config.budget_day_usd,
        month=config.budget_month_usd,
    )
    users = of_users(
        request=config.budget_user_request_usd,
        day=config.budget_user_day_usd,
        month=config.budget_user_month_usd,
    )
    return Budgets(own, config.budget_time_zone, users)
