"""The environment, read once: what it may say, and what it may not."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.config import Config, ConfigError
from app.servers import KNOWN, CompatibleServer
from app.tariffs import Tariff

_NAMES = [f.name.upper() for f in fields(Config) if f.name != "compatible"]
_SECRET = "hunter2-hunter2-hunter2"


@pytest.fixture(autouse=True)
def nothing_set(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also undoes what a `.env` file adds, which no test could."""
    for name in _NAMES:
        for variable in (name, f"{name}_FILE"):
            monkeypatch.setenv(variable, "")
            monkeypatch.delenv(variable)


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Config:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Config.from_env()


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(monkeypatch, **environment)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def test_nothing_need_be_set() -> None:
    """An empty environment is the defaults: open on loopback, SQLite, the demo model."""
    config = Config.from_env()
    assert config == Config()
    assert (config.open, config.bind) == (True, "127.0.0.1:8000")
    assert config.database_url.startswith("sqlite:///")


_TRUST = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


@pytest.mark.parametrize("name", _TRUST)
def test_certificates_by_every_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Whichever library a variable was made for, it is the certificates; a missing file is bad."""
    assert read(monkeypatch, **{name: str(tmp_path)}).certificates == str(tmp_path)
    assert len(refused(monkeypatch, **{name: f"{tmp_path}/missing.pem"})) == 1


@pytest.mark.parametrize("name", _NAMES)
def test_empty_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """`NAME=` is what a form or a template leaves behind, and means the default."""
    assert read(monkeypatch, **{name: ""}) == Config()


_BAD = [
    ("APP_ENV", "prod"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "eighty"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "2"),
    ("WEB_CONCURRENCY", "1.5"),
    ("DATABASE_URL", "mysql://host/base"),
    ("DATABASE_URL", f"postgres://ada:{_SECRET}@host:port/base"),
    ("ADMIN_KEY", "short"),
    ("ADMIN_KEY", f"{_SECRET}\nX: y"),
    ("SECRET_KEY", "fifteen-letters"),
    ("SECRET_KEY", f"{_SECRET}\nX: y"),
    ("SECRET_KEY_FALLBACKS", f"{_SECRET}, short"),
    ("SECRET_KEY_FALLBACKS", _SECRET),
    ("SESSION_IDLE_MINUTES", "0"),
    ("SESSION_HOURS", "for ever"),
    ("HTTPS_ONLY", "perhaps"),
    ("HSTS_SECONDS", "-1"),
    ("JWT_JWKS_URL", "http://id.example/jwks"),
    ("JWT_JWKS_URL", "id.example"),
    ("JWT_SECRET", "x" * 31),
    ("JWT_ALGORITHM", "none"),
    ("JWT_KEY_ID", "parley_x"),
    ("LIMIT_USER_STREAMS", "0"),
    ("BUDGET_USER_DAY_USD", "-1"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "all"),
    ("CHAT_MODEL", "unheard/of"),
    ("TITLE_MODEL", "unheard/of"),
    ("PROMPTS_DIR", "/no/such/folder"),
    ("OPENAI_API_KEY", f"{_SECRET}\nX: y"),
    ("ANTHROPIC_API_KEY", f"{_SECRET}ü"),
    ("OPENAI_BASE_URL", "host/v1"),
    ("OPENAI_BASE_URL", "ftp://host/v1"),
    ("OPENAI_BASE_URL", "https://"),
    ("OPENAI_BASE_URL", "http://["),
    ("ANTHROPIC_BASE_URL", "https://host:99999"),
    ("OLLAMA_BASE_URL", "localhost:11434"),
    ("COMPATIBLE_GROQ_BASE_URL", "host"),
    ("COMPATIBLE_DEMO_BASE_URL", "https://host/v1"),
    ("COMPATIBLE_MISTRAL_API_KEY", f"{_SECRET}ü"),
    ("COMPATIBLE_UNHEARD_API_KEY", _SECRET),
    ("MODEL_PROFILES", "{"),
    ("MODEL_PROFILES", '{"openai": {}}'),
    ("MODEL_PROFILES", '{"openai/gpt-5*": {"vision": true}}'),
    ("MODEL_PROFILES", '{"openai/gpt-5*": {"images": "yes"}}'),
    ("MODEL_PRICES", "{"),
    ("MODEL_PRICES", '{"gpt-5": {"input": 1, "output": 2}}'),
    ("MODEL_PRICES", '{"openai/gpt-5": {"input": "1"}}'),
    ("MODEL_PRICES", '{"openai/gpt-5": {"input": "-1", "output": "2"}}'),
    ("LIMIT_REQUESTS_PER_MINUTE", "0"),
    ("LIMIT_TOKENS_PER_MINUTE", "-1"),
    ("LIMIT_STREAMS", "many"),
    ("LIMIT_TEAM_REQUESTS_PER_MINUTE", "1.5"),
    ("LIMIT_TEAM_TOKENS_PER_MINUTE", "10000000000"),
    ("LIMIT_TEAM_STREAMS", "0"),
    ("CONNECT_TIMEOUT", "0"),
    ("READ_TIMEOUT", "-1"),
    ("READ_TIMEOUT", "nan"),
    ("RUN_TIMEOUT", "inf"),
    ("DRAIN_TIMEOUT", "soon"),
    ("MAX_BODY_BYTES", "1"),
    ("MAX_IMAGE_BYTES", "-1"),
    ("DEMO_TOKENS_PER_SECOND", "0"),
    ("LOG_LEVEL", "loud"),
    ("BUDGET_TIME_ZONE", "Mars/Olympus"),
    ("BUDGET_TIME_ZONE", "Europe"),
]


@pytest.mark.parametrize(("name", "value"), _BAD)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A bad value stops the start with one sentence that names it and keeps its secret."""
    [problem] = refused(monkeypatch, **{name: value})
    assert problem.startswith(f"{name}: ")
    assert problem.endswith(".")
    assert _SECRET not in problem


def test_all_bad_values_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start ten times to hear of ten mistakes."""
    bad = {name: value for name, value in _BAD if name != "CHAT_MODEL"}
    problems = refused(monkeypatch, **bad)
    assert {problem.partition(":")[0] for problem in problems} == set(bad)


def test_a_port_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be reached by others without a key in force is refused, with the name of what to set."""
    [problem] = refused(monkeypatch, PORT="8080")
    assert problem.startswith("ADMIN_KEY: ")
    config = read(monkeypatch, ADMIN_KEY=_SECRET)
    assert (config.open, config.bind, config.admin_key) == (False, "0.0.0.0:8080", _SECRET)


def test_compatible_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of servers, by names of one's own, with a key or without."""
    config = read(
        monkeypatch,
        COMPATIBLE_MY_VLLM_BASE_URL="http://vllm/v1",
        COMPATIBLE_GROQ_BASE_URL="https://groq/v1",
        COMPATIBLE_GROQ_API_KEY=_SECRET,
        COMPATIBLE_UNUSED_BASE_URL="",
    )
    assert config.compatible == (
        CompatibleServer("groq", "https://groq/v1", _SECRET),
        CompatibleServer("my_vllm", "http://vllm/v1"),
    )


@pytest.mark.parametrize("name", KNOWN)
def test_a_key_is_enough_for_a_known_server(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Its address is known; one that is given takes its place, and the rest of its row stays."""
    config = read(monkeypatch, **{f"COMPATIBLE_{name.upper()}_API_KEY": _SECRET})
    assert config.compatible == (replace(KNOWN[name], api_key=_SECRET),)
    address = "http://127.0.0.1:8080/v1"
    config = read(monkeypatch, **{f"COMPATIBLE_{name.upper()}_BASE_URL": address})
    assert config.compatible == (replace(KNOWN[name], base_url=address, api_key=_SECRET),)


def test_a_known_server_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file with its key will do as well, and it can be the default's provider."""
    (tmp_path / "key").write_text(f"{_SECRET}\n")
    key_file = {"COMPATIBLE_GROQ_API_KEY_FILE": str(tmp_path / "key")}
    config = read(monkeypatch, CHAT_MODEL="groq/big", **key_file)
    assert config.compatible == (replace(KNOWN["groq"], api_key=_SECRET),)


def test_profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What models can do may be said in the variable, or in a file of any length."""
    text = '{"openai/gpt-5*": {"max_output_tokens": 9, "retires": "2027-01-02"}}'
    said = {"openai/gpt-5*": {"max_output_tokens": 9, "retires": date(2027, 1, 2)}}
    assert read(monkeypatch, MODEL_PROFILES=text).model_profiles == said
    (tmp_path / "profiles.json").write_text(text)
    monkeypatch.delenv("MODEL_PROFILES")
    in_file = {"MODEL_PROFILES_FILE": str(tmp_path / "profiles.json")}
    assert read(monkeypatch, **in_file).model_profiles == said


def test_prices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What models cost may be said in the variable, or in a file."""
    text = '{"openai/my-*": {"input": "0.15", "output": 0.6}}'
    said = {"openai/my-*": Tariff(input=Decimal("0.15"), output=Decimal("0.6"))}
    assert read(monkeypatch, MODEL_PRICES=text).model_prices == said
    (tmp_path / "prices.json").write_text(text)
    monkeypatch.delenv("MODEL_PRICES")
    in_file = {"MODEL_PRICES_FILE": str(tmp_path / "prices.json")}
    assert read(monkeypatch, **in_file).model_prices == said


@pytest.mark.parametrize("text", [_SECRET, f"{_SECRET}\n", f"{_SECRET}\r\n"])
@pytest.mark.parametrize("name", ["ADMIN_KEY", "SECRET_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"])
def test_secrets_from_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str
) -> None:
    """A secret's file may end in a newline, as every file that an editor wrote does."""
    (tmp_path / "secret").write_bytes(text.encode())
    config = read(monkeypatch, **{f"{name}_FILE": str(tmp_path / "secret")})
    assert getattr(config, name.lower()) == _SECRET


def test_a_compatible_server_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server's address and key may both be in files."""
    (tmp_path / "url").write_text("http://own/v1")
    (tmp_path / "key").write_text(_SECRET)
    config = read(
        monkeypatch,
        COMPATIBLE_OWN_BASE_URL_FILE=str(tmp_path / "url"),
        COMPATIBLE_OWN_API_KEY_FILE=str(tmp_path / "key"),
    )
    assert config.compatible == (CompatibleServer("own", "http://own/v1", _SECRET),)


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """A bad file is one of the bad values: named, with all the others, and no traceback."""
    path = {"missing": tmp_path / "none", "folder": tmp_path, "binary": tmp_path / "binary"}[kind]
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    problems = refused(monkeypatch, OPENAI_API_KEY_FILE=str(path), PORT="0")
    assert any("OPENAI_API_KEY" in problem for problem in problems)
    assert any("PORT" in problem for problem in problems)


def test_a_dotenv_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `.env` in the working directory is read, and the environment wins over it."""
    (tmp_path / ".env").write_text("READ_TIMEOUT=7\nRUN_TIMEOUT=8\n")
    config = read(monkeypatch, RUN_TIMEOUT="9")
    assert (config.read_timeout, config.run_timeout) == (7.0, 9.0)


def test_no_secret_is_shown() -> None:
    """Neither a key nor a database's password is in what a log or a debugger prints."""
    config = Config(
        admin_key=_SECRET,
        secret_key=_SECRET,
        openai_api_key=_SECRET,
        anthropic_api_key=_SECRET,
        database_url=f"postgresql://ada:{_SECRET}@host/base",
        compatible=(CompatibleServer("own", "http://own/v1", _SECRET),),
    )
    assert _SECRET not in repr(config)
    assert _SECRET not in str(config.compatible)


_TOKENS = {
    "JWT_SECRET": "x" * 32,
    "JWT_AUDIENCE": "parley.example",
    "JWT_KEY_ID": f"key_{'0' * 32}",
}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"JWT_SECRET": ""}, "JWT_JWKS_URL"),
        ({"JWT_JWKS_URL": "https://id.example/jwks"}, "JWT_JWKS_URL"),
        ({"JWT_AUDIENCE": ""}, "JWT_AUDIENCE"),
        ({"JWT_KEY_ID": ""}, "JWT_KEY_ID"),
        ({"JWT_ALGORITHM": "RS256"}, "JWT_ALGORITHM"),
        (
            {"JWT_SECRET": "", "JWT_JWKS_URL": "https://id.example/x", "JWT_ALGORITHM": "HS256"},
            "JWT_ALGORITHM",
        ),
    ],
)
def test_tokens_need_all_that_makes_them_safe(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], named: str
) -> None:
    """Who signs, for whom, and under which key: what is missing or contradicts is named."""
    [problem] = refused(monkeypatch, **{**_TOKENS, **changed})
    assert problem.startswith(f"{named}: ")
    monkeypatch.delenv("JWT_JWKS_URL", raising=False)
    monkeypatch.delenv("JWT_ALGORITHM", raising=False)
    assert read(monkeypatch, **_TOKENS).jwt_audience == "parley.example"


def test_secrets_that_were_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several old secrets stand between commas."""
    old = f"{_SECRET}, {_SECRET}-2,"
    config = read(monkeypatch, SECRET_KEY=_SECRET, SECRET_KEY_FALLBACKS=old)
    assert config.secret_key_fallbacks == (_SECRET, f"{_SECRET}-2")
    assert _SECRET not in repr(config)
