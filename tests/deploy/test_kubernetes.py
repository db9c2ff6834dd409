"""The manifests, by Kubernetes' own schemas and by what Parley needs of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import kubernetes_validate
import pytest

from app.config import Config, ConfigError
from tests.deploy.written import MANIFESTS, manifests, pod, the

# The first that has every field that is used, and the newest that the schemas are there for.
_VERSIONS = ["1.31", kubernetes_validate.latest_version()]
_PODS = ["Deployment", "Job"]


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("kind", sorted(manifests()))
def test_it_is_valid(kind: str, version: str) -> None:
    """Each manifest passes the schema of its kind, which knows every field."""
    kubernetes_validate.validate(manifests()[kind], version, strict=True)


def _misspell(it: dict[str, Any]) -> None:
    it["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}


def _number(it: dict[str, Any]) -> None:
    it["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PORT", "value": 8000}]


def _forget(it: dict[str, Any]) -> None:
    del it["spec"]["selector"]


@pytest.mark.parametrize("spoil", [_misspell, _number, _forget])
def test_the_schema_is_not_blind(spoil: Callable[[dict[str, Any]], None]) -> None:
    """A wrong name, a number for a text and a missing field are each refused."""
    spoiled = copy.deepcopy(manifests()["Deployment"])
    spoil(spoiled)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoiled, _VERSIONS[-1], strict=True)


@pytest.mark.parametrize("kind", _PODS)
def test_a_container_may_nothing(kind: str) -> None:
    """No root, no capability, no new privilege, no writing but to what is mounted, no token."""
    spec = pod(kind)["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert f"{spec['securityContext']['runAsUser']}:10001" == the("USER").text
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]


def test_the_probes_ask_the_right_questions() -> None:
    """Whether it lives decides about a restart, and whether it can work about its callers."""
    (container,) = pod("Deployment")["spec"]["containers"]
    asked = {name: container[name]["httpGet"]["path"] for name in container if "Probe" in name}
    assert asked == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }


def test_callers_come_to_the_web_alone() -> None:
    """Service, budget and Deployment select the pods that serve, and not the migration's."""
    labels = {kind: pod(kind)["metadata"]["labels"].items() for kind in _PODS}
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        selector = manifests()[kind]["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert wanted <= labels["Deployment"]
        assert not wanted <= labels["Job"]


def test_the_parts_find_each_other() -> None:
    """The Ingress names the Service, and pods the ConfigMap and the Secret, as they are called."""
    names = {kind: it["metadata"]["name"] for kind, it in manifests().items()}
    (rule,) = manifests()["Ingress"]["spec"]["rules"]
    service = rule["http"]["paths"][0]["backend"]["service"]
    (port,) = manifests()["Service"]["spec"]["ports"]
    assert service == {"name": names["Service"], "port": {"name": port["name"]}}
    for kind in _PODS:
        (container,) = pod(kind)["spec"]["containers"]
        sources = [(*source,)[0] for source in container["envFrom"]]
        assert sources == ["configMapRef", "secretRef"]
        assert {it["name"] for source in container["envFrom"] for it in source.values()} == {
            names["ConfigMap"],
            names["Secret"],
        }


def test_one_replica_can_go() -> None:
    """An update and a drained node leave at least one pod that answers."""
    spec = manifests()["Deployment"]["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["replicas"] > manifests()["PodDisruptionBudget"]["spec"]["maxUnavailable"]


def test_the_migration_is_the_procfiles() -> None:
    """The Job runs the command that the Procfile's `release` is."""
    assert pod("Job")["spec"]["containers"][0]["command"] == ["flask", "--app", "wsgi", "migrate"]


def test_the_example_is_not_applied_with_the_rest() -> None:
    """`kubectl apply -f` on the folder passes over the Secret's example, by its ending."""
    (example,) = [file for file in MANIFESTS if file.suffix != ".yaml"]
    assert "kind: Secret" in example.read_text()
    assert example.suffix == ".example"


def test_the_examples_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts Parley with a placeholder still in it is told of each one."""
    secrets = manifests()["Secret"]["stringData"]
    for name, value in (manifests()["ConfigMap"]["data"] | secrets).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        Config.from_env()
    refused = {problem.partition(":")[0] for problem in caught.value.problems}
    assert refused == set(secrets)


def test_the_settings_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the placeholders replaced, Parley starts with what the ConfigMap says."""
    secrets = {
        "ADMIN_KEY": "a-key-made-up-for-tests",
        "SECRET_KEY": "a-secret-made-up-for-tests",
        "DATABASE_URL": "postgresql://ada@database/parley",
        "REDIS_URL": "rediss://redis:6379/0",
        "OPENAI_API_KEY": "sk-made-up",
    }
    assert set(secrets) == set(manifests()["Secret"]["stringData"])
    for name, value in (manifests()["ConfigMap"]["data"] | secrets).items():
        monkeypatch.setenv(name, value)
    config = Config.from_env()
    assert (config.bind, config.web_concurrency) == ("0.0.0.0:8000", 1)
