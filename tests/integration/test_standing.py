"""`drought status` and `drought metrics` for a monitoring system: true whatever is away."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as older_format
from sqlalchemy import text

from pipeline.core.ids import Origin
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import settings_from_environment
from pipeline.steps.check import check
from pipeline.steps.checkup import Verdict
from pipeline.steps.installation import Installation
from pipeline.steps.machine import BackupState
from pipeline.steps.metrics import as_openmetrics, families, write_metrics
from pipeline.steps.months import tell_of_months
from pipeline.steps.standing import Standing, stand
from pipeline.steps.status import status
from tests.integration.little_world import told
from tests.integration.postbox import free_port
from tests.integration.watched_world import FEBRUARY, OPERATOR, Watched, watched

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "status.schema.json").read_text(encoding="utf-8"))
SECRET = "hemlock-and-nightshade"  # noqa: S105 - of nothing


@pytest.fixture
def world(installation: Installation) -> Iterator[Watched]:
    with watched(installation) as world:
        yield world


def drought(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("drought")), *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def environment_of(place: Installation, url: str) -> dict[str, str]:
    return {"DROUGHT_VAR": str(place.settings.var), "DROUGHT_DATABASE_URL": url}


def by_the_schema(facts: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(facts)
    assert facts.keys() == SCHEMA["properties"].keys()
    return facts


def stand_of(place: Installation) -> Standing:
    return stand(lambda: place.settings, lambda: place, clock=place.clock)


def samples(content: bytes) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample by name and labels, read as OpenMetrics and as the older format."""
    text_ = content.decode()
    found = [_samples(parse(text_)) for parse in (openmetrics, older_format)]
    assert found[0] == found[1]
    return found[0]


def _samples(families: Iterator[Metric]) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        for sample in family.samples:
            assert sample.timestamp is None  # the textfile collector refuses them
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


class TestStatus:
    def test_of_a_new_installation_and_of_one_at_work_it_keeps_the_contract(
        self, installation: Installation, warehouse_url: str
    ) -> None:
        environment = environment_of(installation, warehouse_url)
        done = drought(environment, "status", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        facts = by_the_schema(json.loads(done.stdout))
        assert (facts["verdict"], facts["reasons"], facts["stages"]) == ("ok", [], [])
        with watched(installation) as world:
            world.whole(FEBRUARY, spi=-1.2)
            tell_of_months(world.on("2021-03-20"))
            check(world.place)
        facts = by_the_schema(json.loads(drought(environment, "status", "--json").stdout))
        assert facts["verdict"] == "attention"
        assert {reason["what"] for reason in facts["reasons"]} == {"late", "pending", "backup"}
        assert [row["country_code"] for row in facts["pending"]] == ["UZ"]
        assert facts["channels"][0]["channel"] == "mail"
        assert facts["checks"]["found"]["error"] == {"checks": 0, "rows": 0}
        assert {row["stage"] for row in facts["stages"]} == {"none", "watch"}

    def test_as_a_check_the_exit_code_says_how_all_stands(
        self, world: Watched, warehouse_url: str
    ) -> None:
        environment = environment_of(world.place, warehouse_url)
        done = drought(environment, "status", "--check")
        assert done.returncode == 1
        assert done.stdout.startswith("DROUGHT ATTENTION - ")
        assert "late: UZ era5-land: " in done.stdout
        assert done.stdout.endswith("| pending=0 undelivered=0 late=3 failing=0\n")
        with world.place.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ops.outcome (step, state, seconds, message, ended_at) VALUES "
                    "('compute', 'failed', 1, 'MemoryError', now() - interval '3 days')"
                )
            )
        done = drought(environment, "status", "--json", "--check")
        assert done.returncode == 2
        assert by_the_schema(json.loads(done.stdout))["failing"][0]["step"] == "compute"
        assert drought(environment, "status").returncode == 0

    def test_a_database_that_is_away_is_said_and_no_secret_with_it(
        self, installation: Installation
    ) -> None:
        url = f"postgresql://drought:{SECRET}@127.0.0.1:{free_port()}/none"
        environment = environment_of(installation, url)
        (installation.settings.var / "units").mkdir(parents=True)
        (installation.settings.var / "units" / "drought-run.service").touch()
        done = drought(environment, "status", "--json")
        assert (done.returncode, done.stderr) == (1, "")
        facts = by_the_schema(json.loads(done.stdout))
        assert facts["verdict"] == "broken"
        assert "expected Postgres to answer" in facts["reasons"][0]["said"]
        assert facts["pending"] is None
        assert [disk["trouble"] for disk in facts["disks"]] == [None] * 4
        assert drought(environment, "status", "--check").returncode == 2
        plain = drought(environment, "status")
        assert plain.returncode == 1
        assert plain.stderr.startswith("error: database: ")
        assert SECRET not in done.stdout + plain.stdout + plain.stderr

    def test_settings_that_are_wrong_are_said(self, installation: Installation) -> None:
        done = drought(
            {"DROUGHT_VAR": str(installation.settings.var), "DROUGHT_SMTP_PORT": "x"},
            *("status", "--json"),
        )
        assert done.returncode == 1
        facts = by_the_schema(json.loads(done.stdout))
        assert [reason["what"] for reason in facts["reasons"]] == ["settings"]

    def test_a_folder_of_secrets_that_cannot_be_looked_at_is_said(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", f"/{'x' * 300}")
        found = stand(settings_from_environment, lambda: installation)
        (reason,) = found.reasons
        assert (reason.what, reason.verdict) == ("settings", Verdict.BROKEN)
        assert "File name too long" in reason.said

    def test_a_server_of_ours_is_not_started_to_look(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / "var" / "postgres")
        server.start()
        server.stop()
        environment = {"DROUGHT_VAR": str(tmp_path / "var")}
        for command in (["status", "--json"], ["status"], ["metrics"]):
            done = drought(environment, *command)
            assert done.returncode == 1
            assert "start it: `drought db up`" in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
        assert not server.is_running()

    def test_tables_of_another_version_are_said(
        self, installation: Installation, warehouse_url: str
    ) -> None:
        with installation.warehouse.begin() as connection:
            connection.execute(text("DELETE FROM public.applied_migration WHERE name ~ '^0031'"))
        done = drought(environment_of(installation, warehouse_url), "status", "--json")
        assert done.returncode == 1
        facts = by_the_schema(json.loads(done.stdout))
        assert "drought db migrate" in facts["reasons"][0]["said"]


class TestVerdict:
    def reasons(self, place: Installation) -> dict[str, Verdict]:
        return {reason.what: reason.verdict for reason in stand_of(place).reasons}

    def test_check_findings_in_error_are_broken(self, world: Watched) -> None:
        place = world.on("2021-02-08")
        assert "checks" not in self.reasons(place)
        with world.place.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ops.outcome (step, state, seconds, facts) VALUES ('check', 'failed', 1, "
                    """'{"found": {"error": {"checks": 1, "rows": 7}}, "not_run": 0}')"""
                )
            )
        assert self.reasons(place)["checks"] is Verdict.BROKEN

    def test_a_clock_that_went_back_is_broken(self, world: Watched) -> None:
        assert self.reasons(world.on("2021-03-08"))["clock"] is Verdict.BROKEN

    @pytest.mark.parametrize("days", [-3, 3])
    def test_a_clock_apart_from_the_databases_is_broken_as_commands_refuse_it(
        self, world: Watched, days: int
    ) -> None:
        place = replace(world.place, clock=lambda: datetime.now(UTC) + timedelta(days=days))
        said = [reason.said for reason in stand_of(place).reasons if reason.what == "clock"]
        assert len(said) == 1
        if days > 0:
            assert "and the database " in said[0]
        trusting = place.settings.model_copy(update={"trust_clock": True})
        assert "clock" not in self.reasons(replace(place, settings=trusting))

    def test_within_a_day_of_the_databases_it_is_not(self, world: Watched) -> None:
        place = replace(world.place, clock=lambda: datetime.now(UTC) + timedelta(hours=20))
        assert "clock" not in self.reasons(place)

    def test_a_live_installation_in_which_nothing_runs_is_broken(self, world: Watched) -> None:
        later = replace(
            world.place,
            clock=lambda: status(world.place).newest_outcome_at.replace(year=2038),  # type: ignore[union-attr]
        )
        assert self.reasons(later)["idle"] is Verdict.BROKEN


class TestMetrics:
    def test_they_say_what_status_says(self, world: Watched) -> None:
        world.whole(FEBRUARY, spi=-1.2)
        check(world.place)
        place = world.on("2021-03-20")
        tell_of_months(place)
        found = samples(as_openmetrics(stand_of(place)))
        assert found["drought_up"] == {(): 1}
        assert found["drought_metrics_written_timestamp_seconds"] == {(): place.clock().timestamp()}
        assert found["drought_newest_month_timestamp_seconds"] == {
            ("UZ", "era5-land"): 1612137600.0  # 2021-02-01
        }
        assert found["drought_months_late"] == {("UZ", "era5-land"): 0}
        assert found["drought_landscapes_in_stage"] == {
            ("UZ", "meteorological", "none"): 1,
            ("UZ", "meteorological", "watch"): 1,
        }
        assert found["drought_alerts_pending"] == {("UZ",): 1}
        ((asked,),) = told(
            world.place.warehouse,
            "SELECT extract(epoch FROM requested_at)::float FROM alert.approval WHERE state = 'pending'",
        )
        assert found["drought_alerts_pending_oldest_timestamp_seconds"][()] == pytest.approx(asked)
        assert found["drought_messages_undelivered"] == {("file",): 0, ("mail",): 1}
        assert found["drought_checks_rows"][("error",)] == 0
        assert ("evaluate",) in found["drought_step_last_success_timestamp_seconds"]
        assert found["drought_step_failures"][("check",)] == 0
        assert found["drought_exercise"] == {(): 0}

    def test_no_person_no_landscape_and_no_address_is_in_them(self, world: Watched) -> None:
        world.whole(FEBRUARY, spi=-1.2)
        tell_of_months(world.on("2021-03-20"))
        content = as_openmetrics(stand_of(world.on("2021-03-20"))).decode()
        for secret in (OPERATOR, "District", '"A"', str(world.place.settings.var)):
            assert secret not in content

    def test_the_documents_and_the_example_rules_know_each_of_them(self, world: Watched) -> None:
        world.whole(FEBRUARY, spi=-1.2)
        check(world.place)
        now = world.place.clock()
        found = replace(stand_of(world.place), backups=BackupState(1, now, now, 1, now))
        written = {family.name for family in families(found)}
        document = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
        rules = (ROOT / "docs" / "prometheus_rules.yaml").read_text(encoding="utf-8")
        named = set(re.findall(r"`(drought_[a-z_]+)`", document))
        assert named == written
        groups = yaml.safe_load(rules)["groups"]
        asked = {
            name
            for group in groups
            for rule in group["rules"]
            for name in re.findall(r"\bdrought_[a-z_]+", rule["expr"])
        }
        assert asked - written == set()
        assert "drought_metrics_written_timestamp_seconds" in asked

    def test_simulated_data_are_an_exercise(self, installation: Installation) -> None:
        with watched(installation, Origin.SIMULATED) as world:
            found = samples(as_openmetrics(stand_of(world.on("2021-02-08"))))
            assert found["drought_exercise"] == {(): 1}

    def test_the_command_writes_them_and_so_does_a_delivery(
        self, world: Watched, warehouse_url: str, tmp_path: Path
    ) -> None:
        environment = environment_of(world.place, warehouse_url)
        target = tmp_path / "drought.prom"
        assert drought(environment, "metrics", "--to", str(target)).stdout == f"{target}\n"
        assert samples(target.read_bytes())["drought_up"] == {(): 1}
        assert target.stat().st_mode & 0o777 == 0o644
        assert drought(environment, "deliver").returncode == 0
        own = world.place.settings.metrics
        assert ("deliver",) in samples(own.read_bytes())[
            "drought_step_last_success_timestamp_seconds"
        ]
        assert [path.name for path in own.parent.iterdir()] == ["drought.prom"]

    def test_a_database_that_is_away_leaves_a_file_that_says_so(
        self, installation: Installation
    ) -> None:
        url = f"postgresql://drought:{SECRET}@127.0.0.1:{free_port()}/none"
        done = drought(environment_of(installation, url), "metrics")
        assert done.returncode == 1
        found = samples(installation.settings.metrics.read_bytes())
        assert found["drought_up"] == {(): 0}
        assert found["drought_verdict"][("broken",)] == 1
        assert "drought_alerts_pending" not in found  # not known is not none
        assert found["drought_disk_free_bytes"]
        assert SECRET not in done.stdout + done.stderr

    def test_a_folder_that_cannot_be_written_keeps_no_delivery_from_being_done(
        self, world: Watched, warehouse_url: str
    ) -> None:
        world.place.settings.metrics.parent.parent.mkdir(parents=True, exist_ok=True)
        world.place.settings.metrics.parent.write_text("in the way", encoding="utf-8")
        done = drought(environment_of(world.place, warehouse_url), "deliver")
        assert (done.returncode, done.stdout) == (0, "delivered: 0; refused by a channel: 0\n")
        assert "warning: metrics were not written: DeliveryError" in done.stderr

    def test_nor_does_an_escalation_that_fails_and_it_is_named(
        self, world: Watched, warehouse_url: str
    ) -> None:
        with world.place.warehouse.begin() as connection:
            connection.execute(
                text("REVOKE UPDATE (expired_at) ON alert.approval FROM drought_decide")
            )
        done = drought(environment_of(world.place, warehouse_url), "deliver")
        assert done.returncode == 1
        assert done.stdout == "delivered: 0; refused by a channel: 0\n"
        assert "permission denied for table approval" in done.stderr

    def test_it_is_named_too_where_delivering_fails_as_well(
        self, world: Watched, warehouse_url: str
    ) -> None:
        with world.place.warehouse.begin() as connection:
            for right in (
                "UPDATE (expired_at) ON alert.approval FROM drought_decide",
                "SELECT ON alert.delivery FROM drought_deliver",
            ):
                connection.execute(text(f"REVOKE {right}"))
        done = drought(environment_of(world.place, warehouse_url), "deliver")
        assert (done.returncode, done.stdout) == (1, "")
        for table in ("approval", "delivery"):
            assert f"permission denied for table {table}" in done.stderr

    def test_another_user_may_read_them_whatever_the_mask_of_the_service(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        target = tmp_path / "metrics" / "drought.prom"
        before = os.umask(0o077)
        try:
            write_metrics(stand_of(installation), target)
        finally:
            os.umask(before)
        assert target.parent.stat().st_mode & 0o777 == 0o755
        assert target.stat().st_mode & 0o777 == 0o644

    def test_who_reads_meanwhile_reads_a_whole_file(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        target = tmp_path / "drought.prom"
        found = stand_of(installation)
        write_metrics(found, target)
        old = target.read_bytes()
        with target.open("rb") as reader:
            write_metrics(replace(found, at=found.at + timedelta(days=1)), target)
            assert reader.read() == old
        new = target.read_bytes()
        assert new != old
        assert new.endswith(b"# EOF\n")
