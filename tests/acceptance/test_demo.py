"""`make demo` as a newcomer sees it: the whole job by the real parts, twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from pipeline.alerts.cap import validate
from pipeline.core.ids import Country
from pipeline.local.postgres import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.airflow]

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
LANDSCAPES = {"KG": 8, "KZ": 16, "TJ": 5, "TM": 5, "TR": 81, "UZ": 14}
BANNER = "EXERCISE - SIMULATED DATA - no real drought"


@dataclass(frozen=True)
class Demonstration:
    """What two runs of the demonstration left."""

    var: Path
    first: str
    second: str

    @property
    def cap_files(self) -> list[Path]:
        return sorted((self.var / "outgoing").glob("*/*.cap.xml"))


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    var = tmp_path_factory.mktemp("demo")
    # A shell set up for a real installation: the demonstration must leave all of it alone.
    environment = {
        **os.environ,
        "DROUGHT_VAR": str(var / "real"),
        "DROUGHT_SMTP_HOST": "mail.example.org",
        "DROUGHT_MAIL_OPERATOR": "operator@example.org",
        "AIRFLOW_HOME": str(var / "real" / "airflow"),
        "HOME": str(var / "home"),
        "COLUMNS": "120",
    }
    (var / "home").mkdir()

    def run() -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("drought"), "demo", "--folder", str(var)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        yield Demonstration(var, run(), run())
    finally:
        EmbeddedPostgres(var / "postgres").stop()


@pytest.mark.parametrize(("country", "count"), LANDSCAPES.items())
def test_every_landscape_of_each_country_has_its_stages(
    demonstration: Demonstration, country: str, count: int
) -> None:
    rows = [line for line in demonstration.first.splitlines() if f"│ {country} " in line]
    assert len(rows) == count
    assert all("-" not in row.split("│")[4:7] for row in rows)


def test_every_dag_of_the_month_ran(demonstration: Demonstration) -> None:
    ran = re.findall(r"DAG (\w+): \d+ tasks? done", demonstration.first)
    assert ran == [
        "ingest_era5_land",
        "compute_indices",
        "evaluate_plans",
        "approve_alerts",
        "deliver_alerts",
        "publish_bulletin",
        "check_warehouse",
    ]


def test_a_letter_is_shown_and_says_twice_that_it_is_an_exercise(
    demonstration: Demonstration,
) -> None:
    shown = demonstration.first.split("letters of ")[1].split("where to look")[0]
    assert shown.count(BANNER) == 2
    assert "Approved for sending by demo forecaster (exercise)" in shown


def test_cap_files_are_valid_exercises(demonstration: Demonstration) -> None:
    assert demonstration.cap_files
    for path in demonstration.cap_files:
        message = path.read_bytes()
        validate(message)
        assert etree.fromstring(message).findtext(f"{CAP}status") == "Exercise"
    shown = re.search(r"such as (\S+\.cap\.xml)", demonstration.first)
    assert shown is not None
    assert Path(shown[1]) in demonstration.cap_files


def test_the_page_and_the_bulletin_carry_the_banner(demonstration: Demonstration) -> None:
    bulletins = sorted((demonstration.var / "bulletins").glob("*/*.en.txt"))
    assert len(bulletins) == len(Country) + 1  # and the region
    pages = [demonstration.var / "site" / "en" / "index.html", *bulletins]
    assert all(BANNER in page.read_text(encoding="utf-8") for page in pages)


def test_the_installation_of_the_shell_is_left_alone(demonstration: Demonstration) -> None:
    assert not (demonstration.var / "real").exists()
    assert "mail.example.org" not in demonstration.first


def test_a_second_run_sends_nothing_twice(demonstration: Demonstration) -> None:
    first, second = (
        re.search(r"sent so far\s+(\d+) messages", text)
        for text in (demonstration.first, demonstration.second)
    )
    assert first is not None
    assert second is not None
    assert int(first[1]) == int(second[1]) > 0
    assert "approved as demo forecaster (exercise): 0 alerts" in demonstration.second
