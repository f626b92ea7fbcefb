"""The values for the official chart: that they agree with what is ours. No cluster is here to try them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest

from pipeline.airflow_server import RUNNABLE
from pipeline.settings import Settings
from tests.containers.conftest import DOCKER
from tests.containers.test_image import project_version

COMPONENTS = ("apiServer", "scheduler", "dagProcessor", "workers")

TOP = {
    "executor", "airflowVersion", "defaultAirflowRepository", "defaultAirflowTag", "uid", "gid",
    "securityContexts", "dags", "postgresql", "redis", "pgbouncer", "statsd", "data",
    "fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName", "extraEnvFrom", "env",
    "migrateDatabaseJob", "createUserJob", "apiServer", "scheduler", "dagProcessor", "triggerer",
    "workers",
}  # fmt: skip
"""The keys that were looked at; a new one is compared with the chart's schema before it is added."""


def test_it_says_that_it_is_untried() -> None:
    assert "# UNTRIED" in (DOCKER / "helm-values.yaml").read_text()


def test_no_key_is_added_in_passing(helm_values: dict[str, Any]) -> None:
    assert set(helm_values) == TOP


def test_versions_are_those_of_the_checkout(helm_values: dict[str, Any]) -> None:
    pytest.importorskip("airflow")
    assert helm_values["airflowVersion"] == version("apache-airflow")
    assert helm_values["defaultAirflowTag"] == project_version()
    assert helm_values["uid"] == helm_values["gid"] == 10001


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_runs_by_our_command_and_asks_nothing_of_another_image(
    helm_values: dict[str, Any], name: str
) -> None:
    component = helm_values[name]
    assert component["args"][:2] == ["airflow", "run"]
    assert component["args"][2] in RUNNABLE
    assert component["waitForMigrations"]["enabled"] is False
    if name != "apiServer":
        assert component["livenessProbe"]["command"][0] == "healthy"
        assert component["logGroomerSidecar"]["enabled"] is False


def test_no_secret_stands_in_it_and_settings_exist(helm_values: dict[str, Any]) -> None:
    known = {f"DROUGHT_{name.upper()}" for name in Settings.model_fields} | {"CDSAPI_KEY"}
    for holder in (helm_values, helm_values["workers"], helm_values["migrateDatabaseJob"]):
        for one in holder["env"]:
            if not one["name"].startswith("AIRFLOW__"):
                assert one["name"] in known
            is_secret = any(part in one["name"] for part in ("PASSWORD", "KEY", "DATABASE_URL"))
            assert ("value" in one) is not is_secret, one["name"]
