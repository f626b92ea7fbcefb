"""What files and persons say about gauges: disclosure and places."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.cli import main
from pipeline.commands.options import screen
from pipeline.stations.observations import Disclosure
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation
from pipeline.steps.stations import disclose, load_stations
from tests.integration.conftest import NOW
from tests.integration.little_world import told
from tests.unit.sources.station_lines import STATION, dly_line

pytestmark = pytest.mark.postgres

Say = Callable[[str, str], None]


@pytest.fixture
def say(installation: Installation, tmp_path: Path) -> Say:
    """Ingest a monthly value of gauge S1 from a file that says `what` in the column `column`."""
    months = iter(range(1, 13))

    def said(column: str, what: str) -> None:
        path = tmp_path / "gauge.csv"
        path.write_text(
            f"station_id,month,precipitation_mm,{column}\nS1,2020-{next(months):02d},10,{what}\n"
        )
        ingest_stations(installation, path)

    return said


def held(installation: Installation) -> object:
    return told(installation.warehouse, "SELECT disclosure FROM series.station")[0][0]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([""], "restricted", id="a file that says nothing"),
        pytest.param(["open"], "open", id="a first file that opens"),
        pytest.param(["", "open"], "restricted", id="a later file opens nothing"),
        pytest.param(["open", ""], "open", id="a silent file closes nothing"),
        pytest.param(["open", "agency"], "agency", id="a later file may restrict"),
        pytest.param(["agency", "restricted", "open"], "restricted", id="and no other opens again"),
        pytest.param(["restricted", "agency"], "restricted", id="not even to the agency"),
    ],
)
def test_of_files_the_strictest_word_holds(
    installation: Installation, say: Say, said: list[str], expected: str
) -> None:
    for word in said:
        say("disclosure", word)
    assert held(installation) == expected


@pytest.mark.parametrize("word", ["restricted", "open", ""])
@pytest.mark.parametrize("decided", [Disclosure.OPEN, Disclosure.RESTRICTED])
def test_no_file_changes_what_a_person_decided(
    installation: Installation, say: Say, decided: Disclosure, word: str
) -> None:
    say("disclosure", "agency")
    disclose(installation, ["S1"], decided, by="A. Karimova", reason="Order No. 7")
    say("disclosure", word)
    assert held(installation) == decided


def test_an_unread_line_that_names_no_gauge_is_shown_of_public_records_only(
    installation: Installation, tmp_path: Path
) -> None:
    """It may hold the values of a gauge that no other line of the file names."""
    (tmp_path / "agency.csv").write_text(
        "station_id,month,precipitation_mm,disclosure\n"
        "S1,2020-01,1,open\nS1,2020-02,2,open\nHIDDEN,2020-01,99.9\n"
    )
    (tmp_path / "public.dly").write_text(
        dly_line(2001, 4, "PRCP", {}, rest=10) + "\nTU000000001200105PRCP   10  S\n"
    )
    for name in ("agency.csv", "public.dly"):
        ingest_stations(installation, tmp_path / name)
    unread = "SELECT count(*) FROM series.quarantine WHERE station_id IS NULL"
    shown = "SELECT file_name FROM mart.quarantine"
    assert told(installation.warehouse, unread) == [(2,)]
    assert told(installation.warehouse, shown) == [("public.dly",)]
    disclose(installation, [STATION], Disclosure.AGENCY, by="A. Karimova", reason="Order No. 7")
    assert told(installation.warehouse, shown) == []


def places(installation: Installation) -> list[tuple[object, ...]]:
    return told(
        installation.warehouse,
        "SELECT nullif(valid_from, '-infinity')::text, latitude FROM series.station_position "
        "ORDER BY valid_from",
    )


def test_a_gauge_that_stands_elsewhere_in_a_later_file_has_moved(
    installation: Installation, say: Say
) -> None:
    say("longitude,latitude", "70.3653,41.9147")
    say("longitude,latitude", "70.37,41.91")
    assert places(installation) == [(None, 41.9147)]
    say("longitude,latitude", "70.3653,41.95")
    assert places(installation) == [(None, 41.9147), (str(NOW.date()), 41.95)]
    assert told(installation.warehouse, "SELECT latitude FROM series.station") == [(41.95,)]


def test_a_list_tells_when_gauges_moved(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "station_id,latitude,longitude,valid_from\nS1,41.9,70.4,\nS1,41.95,70.4,1999-04-01\n"
    )
    assert load_stations(installation, path).stored == 2
    assert places(installation) == [(None, 41.9), ("1999-04-01", 41.95)]
    assert load_stations(installation, path).unchanged == 2
    path.write_text("station_id,latitude,longitude,valid_from\nS1,41.96,70.4,1999-04-01\n")
    load_stations(installation, path)
    assert places(installation) == [(None, 41.9), ("1999-04-01", 41.96)]
    corrected = "SELECT latitude FROM series.station_position_superseded"
    assert told(installation.warehouse, corrected) == [(41.95,)]


# --- the commands -----------------------------------------------------------------------------

Drought = Callable[..., tuple[int, str]]


@pytest.fixture
def drought(
    warehouse_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Drought]:
    """Run a command in this process; return its exit code and what it printed."""

    def run(*command: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["drought", *command])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, "".join(capfd.readouterr())

    for name in [name for name in os.environ if name.startswith("DROUGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DROUGHT_DATABASE_URL", warehouse_url)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(screen, "width", 200)
    monkeypatch.chdir(tmp_path)
    wiring.settings.cache_clear()
    yield run
    wiring.settings.cache_clear()


def test_the_commands_say_what_they_did(drought: Drought, tmp_path: Path) -> None:
    (tmp_path / "gauge.csv").write_text("station_id,month,precipitation_mm\nS1,2020-01,10\n")
    (tmp_path / "list.csv").write_text("station_id,latitude,longitude\nS1,41.9147,70.3653\n")
    assert drought("ingest", "stations", "gauge.csv") == (
        0,
        "gauge.csv: 1 stations; 1 records read = 1 stored + 0 quarantined + 0 unchanged; their "
        "records hold 1 months, 0 of them gaps\n",
    )
    assert drought("stations", "load", "list.csv") == (
        0,
        "list.csv: 1 records read = 1 stored + 0 quarantined + 0 unchanged\n",
    )
    assert drought("stations", "policy", "S1", "dekads_complete") == (
        0,
        "dekads_complete: 1 months, 1 with a total, 1 new or different\n",
    )
    said = ("--by", "A. Karimova", "--reason", "Order No. 7")
    assert drought("stations", "disclose", "S1", "agency", *said) == (0, "agency: S1\n")
    code, listed = drought("stations", "list")
    assert code == 0
    row = next(line for line in listed.splitlines() if "S1" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [
        "S1", "", "41.915 70.365", "2020-01", "2020-01", "dekads_complete", "1 of 1", "0.0 %",
        "agency",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        pytest.param(("policy", "S9", "wmo_1203"), 1, "got S9", id="an unknown gauge"),
        pytest.param(("policy", "S9", "some_days"), 2, "got some_days", id="an unknown policy"),
        pytest.param(
            ("disclose", "S9", "secret", "--by", "A", "--reason", "B"),
            2,
            "got secret",
            id="an unknown class",
        ),
        pytest.param(
            ("disclose", "S9", "open", "--by", "A"), 2, "--reason", id="a decision without a reason"
        ),
    ],
)
def test_bad_words_are_refused(
    drought: Drought, command: tuple[str, ...], code: int, said: str
) -> None:
    ended, printed = drought("stations", *command)
    assert ended == code
    assert said in printed
