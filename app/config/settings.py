"""What can be configured, and what holds where nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.chains import Step
from app.profiles import Table
from app.servers import CompatibleServer
from app.tariffs import Tariffs

# Where what workers share is out of reach: each counts by itself, or nobody is let in.
WithoutRedis = Literal["local", "refuse"]
Environment = Literal["development", "staging", "production"]


@dataclass(frozen=True)
class Settings:
    """What the environment says. Times are in seconds, sizes in bytes."""

    app_env: Environment = "development"
    port: int | None = None
    web_concurrency: int = 1
    database_url: str = field(default="sqlite:///parley.db", repr=False)  # may hold a password
    spool_dir: str | None = None
    redis_url: str | None = field(default=None, repr=False)  # may hold a password
    redis_prefix: str = "parley"
    redis_required: bool = False
    redis_tls_verify: bool = True
    limits_without_redis: WithoutRedis = "local"
    admin_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    chat_model: str | None = None
    title_model: str | None = None
    prompts_dir: str | None = None
    fallback_models: tuple[Step, ...] = ()
    model_aliases: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    model_profiles: Table = field(default_factory=dict)
    model_prices: Tariffs = field(default_factory=dict)
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    anthropic_api_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str | None = None
    ollama_base_url: str | None = None
    compatible: tuple[CompatibleServer, ...] = ()
    certificates: str | None = None  # whom to trust: a file or a folder, None is the system's
    connect_timeout: float = 5.0
    first_byte_timeout: float = 120.0
    read_timeout: float = 60.0
    run_timeout: float = 600.0
    max_upstream_calls: int = 4
    max_retry_wait: float = 30.0
    cache_seconds: float = 3600.0
    degraded_message: str | None = None
    webhook_url: str | None = None
    lease_seconds: float = 60.0
    budget_request_usd: Decimal | None = None
    budget_day_usd: Decimal | None = None
    budget_month_usd: Decimal | None = None
    budget_time_zone: str = "UTC"
    webhook_secret: str | None = field(default=None, repr=False)
    limit_requests_per_minute: int | None = None
    limit_tokens_per_minute: int | None = None
    limit_streams: int | None = None
    limit_team_requests_per_minute: int | None = None
    limit_team_tokens_per_minute: int | None = None
    limit_team_streams: int | None = None
    drain_timeout: float = 30.0
    reader_grace: float = 30.0
    replay_seconds: float = 600.0
    max_open_runs: int = 5_000
    max_output_bytes: int = 4_194_304
    max_body_bytes: int = 1_048_576
    max_image_bytes: int = 7_864_320
    demo_tokens_per_second: float = 25.0
    log_level: str = "INFO"

    @property
    def open(self) -> bool:
        """Whether callers need no key: on loopback only."""
        return self.port is None

    @property
    def bind(self) -> str:
        return "127.0.0.1:8000" if self.port is None else f"0.0.0.0:{self.port}"

    @property
    def max_chat_bytes(self) -> int:
        """The largest body that may hold images: they come in base64, three bytes in four."""
        return self.max_body_bytes + -(-self.max_image_bytes // 3) * 4
