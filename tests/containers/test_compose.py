"""The compose file: every service restarts, is watched, bounded, without root, and meets no more than it needs.

No engine runs here: this is what can be known without one.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.airflow_server import RUNNABLE
from pipeline.cli import app
from pipeline.settings import FILES_VARIABLE
from tests.containers.conftest import CHECKOUT, DOCKER, compose
from tests.containers.test_image import instructions, project_version

COMPONENTS = ("api-server", "scheduler", "dag-processor", "worker", "worker-office")
OURS = ("setup", "tidy", *COMPONENTS)
OTHERS = ("postgres", "redis", "web", "mail")
WITH_DATA = ("postgres", "redis")


def services(composed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed["services"]
    assert set(found) == {*OURS, *OTHERS}
    return found


def test_compose_reads_it_without_a_word(installed: Path) -> None:
    done = compose(installed, "config", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_a_service_is_without_root_and_cannot_become_it(
    composed: dict[str, Any], name: str
) -> None:
    service = services(composed)[name]
    assert int(service["user"].split(":")[0]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert not service.get("privileged", False)
    assert "cap_add" not in service
    assert "network_mode" not in service


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_a_service_comes_back_and_is_watched(composed: dict[str, Any], name: str) -> None:
    service = services(composed)[name]
    if name == "setup":  # it ends, and the others wait for its end
        assert service["restart"].startswith("on-failure")
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_a_service_is_bounded(composed: dict[str, Any], name: str) -> None:
    service = services(composed)[name]
    assert int(service["mem_limit"]) <= 4 * 2**30
    assert service["pids_limit"] <= 500
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_an_image_is_pinned(composed: dict[str, Any], name: str) -> None:
    _, _, tag = services(composed)[name]["image"].partition(":")
    assert re.search(r"\d+[.-]\d+", tag), tag


def test_our_image_bears_the_version_of_the_project(composed: dict[str, Any]) -> None:
    version = project_version()
    assert {services(composed)[name]["image"] for name in OURS} == {f"cacilm-drought:{version}"}


def test_only_the_public_site_is_open_to_other_machines(composed: dict[str, Any]) -> None:
    open_to_all = {
        (name, port["target"])
        for name, service in services(composed).items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    }
    assert open_to_all == {("web", 8080)}


def test_databases_are_published_nowhere_and_have_no_way_out(composed: dict[str, Any]) -> None:
    for name in WITH_DATA:
        service = services(composed)[name]
        assert "ports" not in service
        assert set(service["networks"]) == {"inside"}
    assert composed["networks"]["inside"]["internal"] is True


def test_the_web_server_meets_no_service_of_ours_and_has_the_public_site_alone(
    composed: dict[str, Any],
) -> None:
    web = services(composed)["web"]
    assert set(web["networks"]) == {"web"}
    for name in (*OURS, *WITH_DATA):
        assert "web" not in services(composed)[name]["networks"]
    volumes = {(v["source"], v["read_only"]) for v in web["volumes"] if v["type"] == "volume"}
    assert volumes == {("public", True)}
    assert "secrets" not in web


def secrets_of(service: dict[str, Any]) -> set[str]:
    return {one["source"] for one in service.get("secrets", [])}


def test_who_works_has_the_secrets_of_its_work_and_nobody_else(composed: dict[str, Any]) -> None:
    of_the_work = {"drought_database_url", "drought_smtp_password", "cdsapi_key"}
    has = {name: secrets_of(service) & of_the_work for name, service in services(composed).items()}
    assert has.pop("worker-office") == of_the_work
    assert has.pop("worker") == {"drought_database_url", "cdsapi_key"}
    assert has.pop("setup") == {"drought_database_url"}
    assert not any(has.values())


def test_who_looks_on_has_no_folder_of_the_work(composed: dict[str, Any]) -> None:
    """Letters, raw files and backups are the workers', as the sites are the office's."""
    can_write = {
        name: {v["source"] for v in service.get("volumes", []) if not v.get("read_only", False)}
        for name, service in services(composed).items()
    }
    assert can_write["worker-office"] == {"var", "airflow", "public", "site"}
    assert can_write["worker"] == {"var", "airflow"}
    for name in ("api-server", "scheduler", "dag-processor", "tidy"):
        assert can_write[name] == {"airflow"}
    assert not can_write["web"]


def test_the_owner_of_the_server_is_known_to_the_server_alone(composed: dict[str, Any]) -> None:
    assert [n for n, s in services(composed).items() if "postgres_password" in secrets_of(s)] == [
        "postgres"
    ]


def test_every_secret_is_a_file_that_the_script_makes(
    composed: dict[str, Any], installed: Path
) -> None:
    used = set[str]().union(*(secrets_of(one) for one in services(composed).values()))
    assert used == set(composed["secrets"])
    for told in composed["secrets"].values():
        path = Path(told["file"])
        assert path.parent == installed / "secrets"
        assert path.is_file()


def test_no_secret_stands_in_the_environment_or_in_the_file(
    composed: dict[str, Any], installed: Path
) -> None:
    for service in services(composed).values():
        for name in service.get("environment", {}):
            is_secret = re.search(r"PASSWORD|SECRET|KEY|_CONN|BROKER|BACKEND", name)
            assert not is_secret or name.endswith(("_FILE", "_CMD")), name
    told = compose(installed, "--profile", "*", "config").stdout
    values = [path.read_text().strip() for path in (installed / "secrets").iterdir()]
    for value in filter(None, values):
        assert value not in told
    assert not re.search(r"://[^/\s]*:[^/\s]*@", (DOCKER / "compose.yaml").read_text())


def test_what_reads_a_secret_has_it(composed: dict[str, Any]) -> None:
    for name, service in services(composed).items():
        told = [*service.get("environment", {}).values(), *(service.get("command") or [])]
        read = set(re.findall(r"/run/secrets/([\w.]+)", " ".join(map(str, told))))
        assert read <= secrets_of(service), name


def test_airflow_knows_every_setting_of_its_own(composed: dict[str, Any]) -> None:
    spec = find_spec("airflow")
    if spec is None or spec.origin is None:
        pytest.skip("Airflow is not installed")
    airflow = Path(spec.origin).parent  # read, not imported: that takes seconds
    sections = yaml.safe_load((airflow / "config_templates" / "config.yml").read_text())
    of_celery = run_path(str(airflow / "providers" / "celery" / "get_provider_info.py"))
    sections |= of_celery["get_provider_info"]()["config"]
    known = {
        f"AIRFLOW__{section}__{key}".upper()
        for section, about in sections.items()
        for key in about["options"]
    }
    given = {
        name.removesuffix("_CMD")
        for service in services(composed).values()
        for name in service.get("environment", {})
        if name.startswith("AIRFLOW__")
    }
    assert len(given) > 10
    assert given <= known


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_service_runs_a_component_that_there_is(composed: dict[str, Any], name: str) -> None:
    service = services(composed)[name]
    assert service["command"][:2] == ["airflow", "run"]
    assert service["command"][2] in RUNNABLE
    assert service["entrypoint"] is None


def test_old_runs_are_forgotten_each_week_by_a_command_that_there_is(
    composed: dict[str, Any],
) -> None:
    service = services(composed)["tidy"]
    assert service["entrypoint"] == ["sh", "-euc"]
    [line] = service["command"]
    assert line == "while :; do drought airflow tidy; sleep 7d; done"
    assert CliRunner().invoke(app, ["airflow", "tidy", "--help"]).exit_code == 0
    assert secrets_of(service) == secrets_of(services(composed)["scheduler"])


def test_the_work_of_one_machines_folders_has_one_worker(composed: dict[str, Any]) -> None:
    from pipeline.orchestration import OFFICE

    queues = {
        name: set(service["command"][-1].split(","))
        for name, service in services(composed).items()
        if "--queues" in (service["command"] or [])
    }
    assert queues == {"worker-office": {"default", OFFICE}, "worker": {"default"}}


def test_nothing_starts_before_the_set_up_ended_well(composed: dict[str, Any]) -> None:
    for name in (*(n for n in OURS if n != "setup"), "web"):
        waits = services(composed)[name]["depends_on"]["setup"]
        assert waits["condition"] == "service_completed_successfully"


def test_volumes_lie_where_the_image_made_room_for_them(composed: dict[str, Any]) -> None:
    """Elsewhere they would belong to root, and nobody of ours could write them."""
    made = " ".join(instructions("RUN"))
    for name in OURS:
        for volume in services(composed)[name]["volumes"]:
            assert f"{volume['target']} " in f"{made} ", volume["target"]


def test_settings_that_are_files_are_where_compose_lays_them() -> None:
    (environment,) = [one for one in instructions("ENV") if FILES_VARIABLE in one]
    assert f"{FILES_VARIABLE}=/run/secrets" in environment


def test_the_files_it_names_are_there() -> None:
    told = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    for service in told["services"].values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (DOCKER / volume.split(":")[0]).is_file()


def test_what_is_private_is_kept_out_of_the_repository() -> None:
    assert (DOCKER / ".gitignore").read_text().split() == ["/secrets/", "/drought.env", "/.env"]
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"
