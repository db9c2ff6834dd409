"""The compose file, by the Compose Specification's schema and by what Parley needs of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from tests.deploy.written import DEPLOY, compose, instances

_FILE = DEPLOY / "compose.yaml"


def _checked(file: Path) -> subprocess.CompletedProcess[str]:
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_is_valid() -> None:
    """The file passes the schema."""
    assert _checked(_FILE).returncode == 0


def test_the_schema_is_not_blind(tmp_path: Path) -> None:
    """A misspelt word is refused."""
    spoiled = tmp_path / "compose.yaml"
    spoiled.write_text(_FILE.read_text().replace("stop_grace_period", "stop_grace_perod"))
    assert "stop_grace_perod" in _checked(spoiled).stdout


def test_there_are_two_instances() -> None:
    """Both are the same but for their address, and each has two workers."""
    one, other = (_without_networks(it) for it in instances().values())
    assert one == other
    assert one["environment"]["WEB_CONCURRENCY"] == "2"


def _without_networks(service: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in service.items() if name != "networks"}


def test_nobody_is_waited_for_in_vain() -> None:
    """Who must be healthy for another to start has a check; of Parley it is in the image."""
    services = compose()["services"]
    for it in services.values():
        for name, how in it.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert name in instances() or "test" in services[name]["healthcheck"]


def test_the_tables_come_first() -> None:
    """No instance starts before `release` has migrated, with the Procfile's words, and ended."""
    for it in instances().values():
        assert it["depends_on"]["release"] == {"condition": "service_completed_successfully"}
    release = compose()["services"]["release"]
    assert release["command"] == ["flask", "--app", "wsgi", "migrate"]
    assert release["restart"] == "no"
    same = ("image", "build", "environment", "env_file", "secrets")
    assert all(release[name] == it[name] for it in instances().values() for name in same)


def test_each_secret_is_a_file_that_must_be_made() -> None:
    """Every `*_FILE` is a secret of the service, and each secret fails with a sentence if unset."""
    declared = compose()["secrets"]
    for it in compose()["services"].values():
        files = {v for name, v in it.get("environment", {}).items() if name.endswith("_FILE")}
        assert files == {f"/run/secrets/{name}" for name in it.get("secrets", [])}
        assert set(it.get("secrets", [])) <= set(declared)
    sentences = set()
    for name, it in declared.items():
        found = re.fullmatch(rf"\${{PARLEY_SECRETS:\?([A-Z][^}}]+\.)}}/{name}", it["file"])
        assert found is not None
        sentences.add(found[1])
    assert len(sentences) == 1


def test_what_it_asks_for_is_told() -> None:
    """The file's own head says how each secret is made."""
    head = _FILE.read_text().partition("\nname:")[0]
    assert [name for name in compose()["secrets"] if name not in head] == []


def test_only_nginx_is_reached_from_outside() -> None:
    """One service publishes a port, on loopback; the database and Redis have no way out at all."""
    services = compose()["services"]
    published = {name: it["ports"] for name, it in services.items() if "ports" in it}
    assert published == {"nginx": ["${PARLEY_LISTEN:-127.0.0.1:8080}:8080"]}
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["inside"]
    assert compose()["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", ["release", *instances(), "nginx"])
def test_a_container_may_nothing(name: str) -> None:
    """No capability, no new privilege, no writing but to memory."""
    it = compose()["services"][name]
    assert (it["cap_drop"], it["read_only"], it["tmpfs"]) == (["ALL"], True, ["/tmp"])
    assert it["security_opt"] == ["no-new-privileges:true"]


def test_every_image_has_a_version() -> None:
    """No image is whatever is newest on that day."""
    for it in compose()["services"].values():
        assert re.search(r":\d+(\.\d+)*(-\w+)?$", it["image"])


def test_the_settings_are_good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the secrets made as the head says, Parley starts with what the instances are given."""
    folder = tmp_path / "deploy"
    folder.mkdir()
    lines = re.findall(r"(?m)^#     (.*)$", _FILE.read_text().partition("docker compose")[0])
    subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=folder, check=True, timeout=20)
    assert (folder / ".env").read_text() == "PARLEY_SECRETS=./secrets\n"
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    for name, value in instances()["parley-1"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/run/", f"{folder}/"))
    config = Config.from_env()
    assert re.fullmatch(r"postgresql://parley:[0-9a-f]{48}@postgres/parley", config.database_url)
    assert (config.web_concurrency, config.openai_api_key) == (2, None)
