"""What can be configured, and what holds where nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.chains import Step
from app.profiles import Table
from app.servers import CompatibleServer
from app.tariffs import Tariffs
from app.tool_servers import ToolServer

# Where what workers share is out of reach: each counts by itself, or nobody is let in.
WithoutRedis = Literal["local", "refuse"]
Environment = Literal["development", "staging", "production"]
# With which the tokens of a frontend's own users are signed.
Algorithm = Literal["RS256", "ES256", "EdDSA", "HS256"]

# What can be kept for some days only.
KEPT = ("conversations", "runs", "feedback", "ledger")


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
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    session_idle_minutes: float = 120.0
    session_hours: float = 24.0
    https_only: bool | None = None  # None: in production, behind proxies of our own
    hsts_seconds: int = 31_536_000
    jwt_jwks_url: str | None = None
    jwt_secret: str | None = field(default=None, repr=False)
    jwt_algorithm: Algorithm | None = None  # None: RS256, or HS256 with a secret
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_key_id: str | None = None
    trusted_proxies: int = 0
    cors_origins: tuple[str, ...] = ()  # exact ones, or * alone
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
    budget_user_request_usd: Decimal | None = None
    budget_user_day_usd: Decimal | None = None
    budget_user_month_usd: Decimal | None = None
    budget_time_zone: str = "UTC"
    webhook_secret: str | None = field(default=None, repr=False)
    limit_requests_per_minute: int | None = None
    limit_tokens_per_minute: int | None = None
    limit_streams: int | None = None
    limit_team_requests_per_minute: int | None = None
    limit_team_tokens_per_minute: int | None = None
    limit_team_streams: int | None = None
    limit_user_requests_per_minute: int | None = None
    limit_user_tokens_per_minute: int | None = None
    limit_user_streams: int | None = None
    drain_timeout: float = 30.0
    reader_grace: float = 30.0
    replay_seconds: float = 600.0
    max_open_runs: int = 5_000
    max_output_bytes: int = 4_194_304
    max_body_bytes: int = 1_048_576
    max_image_bytes: int = 7_864_320
    demo_tokens_per_second: float = 25.0
    tools: tuple[str, ...] = ("calculator", "current_time", "search_conversations")
    tools_modules: tuple[str, ...] = ()
    tool_fetch_url: bool = False
    agent_max_steps: int = 10
    agent_max_tool_calls: int = 30
    agent_max_tool_errors: int = 5
    agent_max_tokens: int = 200_000
    agent_max_cost_usd: Decimal | None = None  # None: one dollar, where the price is known
    agent_timeout: float = 300.0
    agent_approval_seconds: float = 3600.0
    mcp_servers: tuple[ToolServer, ...] = ()
    prometheus_multiproc_dir: str | None = None
    otel_exporter_otlp_endpoint: str | None = None
    anomaly_factor: float = 3.0  # 0: nobody looks
    anomaly_min_usd: Decimal = Decimal(1)
    anomaly_min_calls: int = 50
    filter_rules: str | None = None  # a file, or the rules themselves
    terms_file: str | None = None
    terms_version: str | None = None
    retention_days_conversations: int | None = None
    retention_days_runs: int | None = None
    retention_days_feedback: int | None = None
    retention_days_ledger: int | None = None
    log_level: str = "INFO"

    @property
    def open(self) -> bool:
        """Whether callers need no key: on loopback only."""
        return self.port is None

    @property
    def https_demanded(self) -> bool:
        """Whether what came without TLS is turned away."""
        if self.https_only is None:
            return self.app_env == "production" and self.trusted_proxies > 0
        return self.https_only

    @property
    def retention_days(self) -> dict[str, int]:
        """By what is kept; what is kept for ever is not among it."""
        kept = {name: getattr(self, f"retention_days_{name}") for name in KEPT}
        return {name: days for name, days in kept.items() if days is not None}

    @property
    def bind(self) -> str:
        return "127.0.0.1:8000" if self.port is None else f"0.0.0.0:{self.port}"

    @property
    def max_chat_bytes(self) -> int:
        """The largest body that may hold images: they come in base64, three bytes in four."""
        return self.max_body_bytes + -(-self.max_image_bytes // 3) * 4
