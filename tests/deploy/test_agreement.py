"""What the files of deploy/ say together, and what docs/ and the defaults say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.pool import QueuePool

from app.config import Config
from app.storage.database import connect
from tests.deploy.written import (
    DEPLOY,
    block,
    compose,
    directive,
    image_variables,
    instances,
    manifests,
    pod,
    seconds,
    variables,
)
from tests.docs.pages import section
from tests.server.process import ROOT

_CONFIG = Config()
_TABLES = section("docs/operating.md", "Configuration")
_DEPLOYING = (ROOT / "docs" / "deploying.md").read_text()
_GUNICORN = (ROOT / "gunicorn.conf.py").read_text()
# gunicorn's patience beyond the drain.
_BEYOND = int(
    re.findall(r"graceful_timeout = int\(_config\.drain_timeout\) \+ (\d+)", _GUNICORN)[0]
)
_KEEPALIVE = int(re.findall(r"(?m)^keepalive = (\d+)", _GUNICORN)[0])
_HEARTBEAT = 10  # seconds; callers rely on it
_NOT_OURS = {"PATH", "PYTHONUNBUFFERED"}
_SECRET = re.compile(r"(_|^)(KEY|SECRET|PASSWORD|TOKEN)(_|$)|^DATABASE_URL$")


@pytest.mark.parametrize("name", sorted(set(variables()) - _NOT_OURS))
def test_every_variable_is_known(name: str) -> None:
    """A variable of deploy/ stands in the tables of docs/operating.md."""
    assert f"`{name}`" in _TABLES


@pytest.mark.parametrize("name", sorted(instances()))
def test_compose_waits_for_the_drain(name: str) -> None:
    """An instance gets more time to stop than it takes to drain, and so does nginx before it."""
    drain = seconds(instances()[name]["environment"]["DRAIN_TIMEOUT"])
    assert drain + _BEYOND < seconds(instances()[name]["stop_grace_period"])
    before = seconds(directive("worker_shutdown_timeout"))
    assert drain + _BEYOND < before < seconds(compose()["services"]["nginx"]["stop_grace_period"])


def test_kubernetes_waits_for_the_drain() -> None:
    """A pod's time holds its pause, its drain and gunicorn's patience."""
    spec = pod("Deployment")["spec"]
    words = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    drain = seconds(manifests()["ConfigMap"]["data"]["DRAIN_TIMEOUT"])
    assert words[0] == "sleep"
    assert int(words[1]) + drain + _BEYOND < spec["terminationGracePeriodSeconds"]


def test_no_secret_has_a_default() -> None:
    """No file says what a secret is: each comes from a file that must be made, or is refused."""
    for name, it in compose()["services"].items():
        named = [word for word in it.get("environment", {}) if _SECRET.search(word)]
        assert [word for word in named if not word.endswith("_FILE")] == [], name
    assert [word for word in manifests()["ConfigMap"]["data"] if _SECRET.search(word)] == []
    assert set(manifests()["Secret"]["stringData"].values()) == {"…"}
    for file in DEPLOY.rglob("*.yaml"):
        assert re.search(r"://[^/\s]*:[^/\s$]+@", _without_remarks(file.read_text())) is None


def test_the_port_is_one() -> None:
    """The image, nginx, the Service's pods and the ConfigMap agree on where Parley listens."""
    port = image_variables()["PORT"]
    assert set(re.findall(r"server parley-\d:(\d+)", block("upstream parley"))) == {port}
    assert manifests()["ConfigMap"]["data"]["PORT"] == port
    container = pod("Deployment")["spec"]["containers"][0]
    assert [str(it["containerPort"]) for it in container["ports"]] == [port]


def test_one_proxy_is_trusted() -> None:
    """Where nginx or an Ingress stands before Parley, its word on the caller's address counts."""
    assert {it["environment"]["TRUSTED_PROXIES"] for it in instances().values()} == {"1"}
    assert manifests()["ConfigMap"]["data"]["TRUSTED_PROXIES"] == "1"


def test_the_images_have_the_projects_version() -> None:
    """Every image of ours is tagged with the version of pyproject.toml, none with `latest`."""
    version = re.findall(r'(?m)^version = "(.+)"', (ROOT / "pyproject.toml").read_text())[0]
    files = [file for file in DEPLOY.rglob("*") if file.suffix in (".yaml", "") and file.is_file()]
    tags = [tag for file in files for tag in re.findall(r"\bparley:([\w.-]+)", file.read_text())]
    assert set(tags) == {version}


def test_patience_is_longer_than_silence() -> None:
    """nginx waits longer than a JSON answer may take, and than two heartbeats of a stream."""
    whole, stream = block("location /"), block("location ~ (/stream|/events)$")
    assert seconds(directive("proxy_read_timeout", whole)) > _CONFIG.run_timeout
    assert seconds(directive("proxy_read_timeout", stream)) > 2 * _HEARTBEAT
    notes = manifests()["Ingress"]["metadata"]["annotations"]
    for prefix in ("nginx.ingress.kubernetes.io", "nginx.org"):
        assert seconds(notes[f"{prefix}/proxy-read-timeout"]) > _CONFIG.run_timeout


def test_nginx_hangs_up_first() -> None:
    """A connection that rests is closed by nginx before Parley closes it."""
    assert seconds(directive("keepalive_timeout")) < _KEEPALIVE


def test_bodies_pass() -> None:
    """The largest body that Parley takes is not too large for who stands before it."""
    notes = manifests()["Ingress"]["metadata"]["annotations"]
    sizes = [
        directive("client_max_body_size"),
        notes["nginx.ingress.kubernetes.io/proxy-body-size"],
        notes["nginx.org/client-max-body-size"],
    ]
    for size in sizes:
        assert int(size.removesuffix("m")) * 1024 * 1024 > _CONFIG.max_chat_bytes


def test_a_post_is_never_repeated() -> None:
    """Nowhere is nginx told to send a post again."""
    notes = manifests()["Ingress"]["metadata"]["annotations"]
    told = [value for name, value in notes.items() if name.endswith("/proxy-next-upstream")]
    assert {directive("proxy_next_upstream"), *told} == {"error timeout"}


def test_no_worker_is_alone_with_its_memory() -> None:
    """Where there is more than one worker there is a Redis, and a database that all can reach."""
    for it in instances().values():
        assert int(it["environment"]["WEB_CONCURRENCY"]) == 2
        assert {"REDIS_URL", "DATABASE_URL_FILE"} <= set(it["environment"])
    assert {"REDIS_URL", "DATABASE_URL"} <= set(manifests()["Secret"]["stringData"])


def test_what_waits_for_the_database_outlasts_a_container() -> None:
    """Where temporary files go is a volume, and not in memory, wherever Parley runs."""
    folder = str(Path(image_variables()["SPOOL_DIR"]).parent)
    for it in instances().values():
        assert it["volumes"] == [f"spool:{folder}"]
    spec = pod("Deployment")["spec"]
    mounts = {it["mountPath"]: it["name"] for it in spec["containers"][0]["volumeMounts"]}
    (volume,) = [it for it in spec["volumes"] if it["name"] == mounts[folder]]
    assert "medium" not in volume["emptyDir"]


def test_the_database_has_room() -> None:
    """All workers together fit into the hundred connections that a PostgreSQL has by default."""
    pool = connect("postgresql://ada@nowhere.test/parley").engine.pool
    assert isinstance(pool, QueuePool)
    each = pool.size() + pool._max_overflow
    workers = sum(int(it["environment"]["WEB_CONCURRENCY"]) for it in instances().values())
    # One more for `release`; three are kept for its administrator.
    assert (workers + 1) * each <= 97
    assert f"up to {each} connections" in _DEPLOYING


def _without_remarks(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)
