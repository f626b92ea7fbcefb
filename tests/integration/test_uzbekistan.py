"""The main job on real input: Uzbekistan by CFSR and two gauges, through the command itself.

The commands are those of `docs/real_uzbekistan.md`. What is expected of droughts is known from
elsewhere: 2000-01 and 2008 were drought years of the country, 1998 and 2003 were not.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
from sqlalchemy import Engine, create_engine, text

from pipeline.alerts.cap import validate
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month, months_between
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.feed import feed_files, public_messages
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW
from tests.integration.desk import appoint
from tests.unit.alerts.cases import APPROVAL

CHECKOUT = Path(__file__).parents[2]
DROUGHT = Path(sys.executable).with_name("drought")
DATABASE = "uzbekistan"

MIGRATE = "drought db migrate"
LANDSCAPES = (
    "drought landscapes load ../shared/data/boundaries/uzb_adm2_geoboundaries.geojson "
    "--id-field shapeID --name-field shapeName --country UZ --land-use irrigated"
)
GRID = (
    "drought ingest grid ../shared/data/reanalysis/cfsr_uzbekistan_1979_2014_cds_layout.nc "
    "--source cfsr --release final --product monthly-mean"
)
STATIONS = (
    "drought ingest stations ../shared/data/stations/uzhydromet_chirchik_monthly.csv "
    "--format agency"
)
COMPUTE = "drought compute"
EVALUATE = "drought evaluate"
STATUS = "drought status"
COMMANDS = (MIGRATE, LANDSCAPES, GRID, STATIONS, COMPUTE, EVALUATE)

FIRST, LAST = Month(1979, 1), Month(2014, 7)
MISSING_IN_FILE = (Month(1983, 9), Month(1986, 12), Month(1999, 1))
DISTRICTS, REACHED, LOW_COVERAGE, OUTSIDE_GRID = 199, 99, 63, 37

WATCH, WARNING, SEVERE = -1.0, -1.5, -2.0
"""Where the stages of the generic plan begin; each ends at 0."""
HOLD_LIMIT_MONTHS = 3

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@dataclass(frozen=True)
class Uzbekistan:
    """The warehouse after the documented commands, and what each command printed."""

    warehouse: Engine
    environment: Mapping[str, str]
    printed: Mapping[str, str]

    def rows(self, query: str) -> list[Any]:
        with self.warehouse.connect() as connection:
            return list(connection.execute(text(query)))


@pytest.fixture(scope="module")
def uzbekistan(
    postgres: EmbeddedPostgres, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Uzbekistan]:
    postgres.ensure_database(DATABASE)
    url = postgres.url(DATABASE)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DROUGHT_")}
    environment = ours | {
        "DROUGHT_VAR": str(tmp_path_factory.mktemp("uzbekistan")),
        "DROUGHT_DATABASE_URL": url,
        "DROUGHT_CALIBRATION": "1981-2010",
    }
    printed = {command: run(command, environment) for command in COMMANDS}
    engine = create_engine(url)
    yield Uzbekistan(engine, environment, printed)
    engine.dispose()


@pytest.fixture(scope="module")
def gaps(uzbekistan: Uzbekistan) -> dict[str, dict[Month, str | None]]:
    """Why a district has no rain, by district and month; None where it has."""
    found: dict[str, dict[Month, str | None]] = {}
    for landscape_id, month, gap in uzbekistan.rows(
        "SELECT landscape_id, month, gap FROM mart.climate_month ORDER BY month"
    ):
        found.setdefault(landscape_id, {})[Month.of(month)] = gap
    return found


@pytest.fixture(scope="module")
def reached(gaps: dict[str, dict[Month, str | None]]) -> set[str]:
    """The districts of which the grid covers enough."""
    return {landscape_id for landscape_id, found in gaps.items() if found[Month(2000, 12)] is None}


@pytest.fixture(scope="module")
def spi_12(uzbekistan: Uzbekistan, reached: set[str]) -> dict[str, dict[Month, float | None]]:
    """SPI-12 by reached district and month, oldest first."""
    found: dict[str, dict[Month, float | None]] = {landscape_id: {} for landscape_id in reached}
    for landscape_id, month, value in uzbekistan.rows(
        "SELECT landscape_id, month, value FROM mart.index_month WHERE index_code = 'spi_12' "
        "ORDER BY month"
    ):
        if landscape_id in reached:
            found[landscape_id][Month.of(month)] = value
    return found


@pytest.fixture(scope="module")
def stages(uzbekistan: Uzbekistan) -> dict[str, dict[Month, tuple[int, bool]]]:
    """Rank of the hydrological stage and whether it is confirmed, by district and month."""
    found: dict[str, dict[Month, tuple[int, bool]]] = {}
    for landscape_id, month, rank, is_confirmed in uzbekistan.rows(
        "SELECT landscape_id, month, stage_rank, is_confirmed FROM mart.stage_month "
        "WHERE drought_type = 'hydrological' ORDER BY month"
    ):
        found.setdefault(landscape_id, {})[Month.of(month)] = (rank, is_confirmed)
    return found


def run(command: str, environment: Mapping[str, str]) -> str:
    """Run a documented command in the checkout; return what it prints."""
    done = subprocess.run(
        [DROUGHT, *shlex.split(command)[1:]],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def share_in_drought(values: Mapping[str, Mapping[Month, float | None]], month: Month) -> float:
    """Share of the districts with SPI-12 at or below -1; all of them have a value."""
    of_month = [by_month[month] for by_month in values.values()]
    return sum(value <= WATCH for value in of_month if value is not None) / len(of_month)


def mckee_stages(values: Sequence[float | None]) -> list[tuple[int, bool]]:
    """Rank and confirmation after each month, worked out in another way than the rules do.

    An event lasts until the index is back at 0; its stage is that of its lowest value so far. A
    month without a value holds it, confirmed for three of them, and unknown before the first.
    """
    stages: list[tuple[int, bool]] = []
    lowest, silent, is_heard = 0.0, 0, False
    for value in values:
        silent = 0 if value is not None else silent + 1
        if value is not None:
            is_heard = True
            lowest = 0.0 if value >= 0.0 else min(lowest, value)
        rank = sum(lowest <= begins for begins in (WATCH, WARNING, SEVERE))
        stages.append((rank, is_heard and silent <= HOLD_LIMIT_MONTHS))
    return stages


def in_stage(stages: Mapping[str, Mapping[Month, tuple[int, bool]]], month: Month) -> set[str]:
    return {landscape_id for landscape_id, by_month in stages.items() if by_month[month][0] >= 1}


def contents(warehouse: Engine) -> dict[str, tuple[int, int | None]]:
    """Number of rows and a hash of all of them, `known_from` too, for each table of the warehouse."""
    with warehouse.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
                "WHERE table_type = 'BASE TABLE' AND table_name <> 'outcome' AND table_schema IN "
                "('ops', 'landscape', 'series', 'index', 'plan', 'alert')"
            )
        ).scalars()
        query = "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {} AS t"
        return {
            table: tuple(connection.execute(text(query.format(table))).one()) for table in tables
        }


def test_the_document_gives_these_commands() -> None:
    said = (CHECKOUT / "docs" / "real_uzbekistan.md").read_text(encoding="utf-8")
    words = " ".join(said.replace("\\\n", " ").split())
    assert [c for c in (*COMMANDS, STATUS) if c not in words] == []
    assert "DROUGHT_CALIBRATION=1981-2010" in words


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(MIGRATE, "plans loaded: kg-generic version 2, ", id="the shipped plans load"),
        pytest.param(LANDSCAPES, "199 new, 0 changed, 0 unchanged", id="199 districts are new"),
        pytest.param(GRID, "427 months, 1979-01 to 2014-07", id="the file holds 427 months"),
        pytest.param(
            COMPUTE, "maps: 7260 maps of 18 indices, 18 of them fitted", id="maps are made"
        ),
        # 983 + 916 months with rain stand in the file; the rest of 2 x 995 months are gaps.
        pytest.param(
            STATIONS,
            "2 stations; 3800 records read = 3800 stored + 0 quarantined + 0 unchanged; their "
            "records hold 1990 months, 91 of them gaps",
            id="two gauges",
        ),
        pytest.param(COMPUTE, "84973 landscape-months", id="199 x 427 months get indices"),
        # One stage a month for each drought type of the generic plan.
        pytest.param(EVALUATE, "254919 new", id="3 x 199 x 427 stages, nothing is told"),
    ],
)
def test_commands_say_what_the_document_promises(
    uzbekistan: Uzbekistan, command: str, said: str
) -> None:
    assert said in uzbekistan.printed[command]


def test_199_districts_are_loaded(uzbekistan: Uzbekistan) -> None:
    found = uzbekistan.rows(
        "SELECT country_code, land_use, is_derived, count(*) FROM mart.landscape GROUP BY 1, 2, 3"
    )
    assert found == [("UZ", "irrigated", False, DISTRICTS)]


def test_99_districts_are_covered_and_the_others_say_why(
    gaps: dict[str, dict[Month, str | None]],
) -> None:
    assert Counter(found[Month(2000, 12)] for found in gaps.values()) == {
        None: REACHED,
        "low_coverage": LOW_COVERAGE,
        "outside_grid": OUTSIDE_GRID,
    }


def test_a_district_keeps_its_reason_in_all_months_the_file_has(
    gaps: dict[str, dict[Month, str | None]],
) -> None:
    in_file = [m for m in months_between(FIRST, LAST) if m not in MISSING_IN_FILE]
    assert {len({found[month] for month in in_file}) for found in gaps.values()} == {1}


@pytest.mark.parametrize("month", MISSING_IN_FILE, ids=str)
def test_a_month_missing_in_the_file_is_a_gap_with_a_code(
    gaps: dict[str, dict[Month, str | None]], month: Month
) -> None:
    assert Counter(found[month] for found in gaps.values()) == {"not_published": DISTRICTS}


def test_a_missing_month_takes_twelve_values_of_spi_12(
    spi_12: dict[str, dict[Month, float | None]],
) -> None:
    silent = {month for first in MISSING_IN_FILE for month in months_between(first, first + 11)}
    silent |= set(months_between(FIRST, FIRST + 10))  # the first window is not full before
    for by_month in spi_12.values():
        assert {month for month, value in by_month.items() if value is None} == silent


def test_calibrations_rest_on_the_years_that_have_their_windows(
    uzbekistan: Uzbekistan, reached: set[str]
) -> None:
    found = uzbekistan.rows(
        "SELECT landscape_id, index_code, calendar_month, calibration, n_years FROM mart.calibration"
    )
    assert {row.landscape_id for row in found} == reached
    assert {row.calibration for row in found} == {"1981-2010"}
    assert all(24 <= row.n_years <= 30 for row in found)
    years = {(row.index_code, row.calendar_month): row.n_years for row in found}
    # Of 30 years one month misses its own; each of three missing months takes 12 or 24 windows.
    assert {n for (code, month), n in years.items() if (code, month) == ("spi_1", 6)} == {30}
    assert {years["spi_1", missing.month] for missing in MISSING_IN_FILE} == {29}
    assert {n for (code, _), n in years.items() if code == "spi_12"} == {30 - 3}
    assert {n for (code, _), n in years.items() if code == "spi_24"} == {30 - 2 * 3}


@pytest.mark.parametrize(
    ("first", "last", "at_least", "at_most"),
    [
        pytest.param(
            Month(2000, 9), Month(2001, 9), 0.8, 1.0, id="September 2000 to September 2001 is dry"
        ),
        pytest.param(Month(2008, 6), Month(2008, 8), 0.9, 1.0, id="summer 2008 is dry"),
        pytest.param(Month(1998, 6), Month(1998, 8), 0.0, 0.2, id="summer 1998 is not"),
        pytest.param(Month(2003, 6), Month(2003, 8), 0.0, 0.05, id="summer 2003 is not"),
    ],
)
def test_the_share_of_districts_in_drought_is_that_of_the_years(
    spi_12: dict[str, dict[Month, float | None]],
    first: Month,
    last: Month,
    at_least: float,
    at_most: float,
) -> None:
    shares = {month: share_in_drought(spi_12, month) for month in months_between(first, last)}
    assert {m: share for m, share in shares.items() if not at_least <= share <= at_most} == {}


def test_nine_in_ten_districts_are_dry_throughout_2000_01(
    spi_12: dict[str, dict[Month, float | None]],
) -> None:
    months = list(months_between(Month(2000, 9), Month(2001, 9)))
    assert sum(share_in_drought(spi_12, month) for month in months) / len(months) >= 0.9


@pytest.mark.parametrize(
    ("month", "at_least", "at_most"),
    [
        pytest.param(Month(2001, 3), 95, REACHED, id="nearly all in March 2001"),
        pytest.param(Month(2008, 7), 95, REACHED, id="nearly all in July 2008"),
        # A third is still in a stage that began before and has not ended.
        pytest.param(Month(1998, 7), 0, 45, id="less than half in July 1998"),
    ],
)
def test_hydrological_stages_follow_the_drought(
    stages: dict[str, dict[Month, tuple[int, bool]]],
    reached: set[str],
    month: Month,
    at_least: int,
    at_most: int,
) -> None:
    found = in_stage(stages, month)
    assert found <= reached
    assert at_least <= len(found) <= at_most


def test_stages_are_those_of_an_independent_replay(
    stages: dict[str, dict[Month, tuple[int, bool]]],
    spi_12: dict[str, dict[Month, float | None]],
) -> None:
    for landscape_id, by_month in spi_12.items():
        expected = dict(zip(by_month, mckee_stages(list(by_month.values())), strict=True))
        assert stages[landscape_id] == expected, landscape_id


@pytest.mark.parametrize(
    ("if_so", "then", "count", "share"),
    [
        pytest.param(
            "value <= -1", "of_area_10 > 0.5", 6279, 0.977, id="a dry district is dry in most parts"
        ),
        pytest.param("value <= -1", "of_area_05 >= 0.5", 6279, 1.0, id="and nearly so in the rest"),
        pytest.param(
            "of_area_10 > 0.5", "value < 0", 6320, 1.0, id="where most is dry the sign is the same"
        ),
        pytest.param(
            "of_area_10 > 0.5", "value <= -1", 6320, 0.971, id="and mostly the class as well"
        ),
        pytest.param(
            "of_area_05 >= 0.5", "value < 0", 11259, 0.997, id="half dry, and the same sign"
        ),
    ],
)
def test_area_shares_and_the_index_of_the_district_agree(
    uzbekistan: Uzbekistan, if_so: str, then: str, count: int, share: float
) -> None:
    """The figures of the document; an index and a share are worked out on ways of their own."""
    ((found, agreeing, both),) = uzbekistan.rows(
        "WITH spi_12 AS (SELECT landscape_id, month, value FROM mart.index_month "  # noqa: S608 - conditions above
        "WHERE index_code = 'spi_12' AND value IS NOT NULL), "
        "shares AS (SELECT landscape_id, month, max(share) FILTER (WHERE class = -1.0) AS of_area_10,"
        " max(share) FILTER (WHERE class = -0.5) AS of_area_05 FROM mart.area_share "
        "WHERE index_code = 'spi_12' AND share IS NOT NULL GROUP BY 1, 2) "
        f"SELECT count(*) FILTER (WHERE {if_so}), count(*) FILTER (WHERE {if_so} AND {then}), "
        "count(*) FROM spi_12 JOIN shares USING (landscape_id, month)"
    )
    assert both == 37_620
    assert found == pytest.approx(count, abs=5)
    assert agreeing / found == pytest.approx(share, abs=0.001)


def test_districts_have_shares_of_area_where_they_have_an_index(uzbekistan: Uzbekistan) -> None:
    found = uzbekistan.rows(
        "SELECT gap, count(*) FROM mart.area_share WHERE index_code = 'spi_12' AND class = -1.0 "
        "AND month = '2001-06-01' GROUP BY gap"
    )
    assert dict(map(tuple, found)) == {
        None: REACHED,
        "low_coverage": LOW_COVERAGE,
        "outside_grid": OUTSIDE_GRID,
    }


def test_the_drought_of_2001_can_be_drawn(uzbekistan: Uzbekistan) -> None:
    path = Path(uzbekistan.environment["DROUGHT_VAR"]) / "spi_12_2001-06.png"
    run(f"drought map spi_12 2001-06 --to {path}", uzbekistan.environment)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_stages_outlast_the_index_in_2003_because_they_latch(
    stages: dict[str, dict[Month, tuple[int, bool]]],
    spi_12: dict[str, dict[Month, float | None]],
) -> None:
    month = Month(2003, 7)
    assert len(in_stage(stages, month)) / REACHED > 10 * share_in_drought(spi_12, month)


def test_districts_without_rain_have_no_stage_that_is_known(
    uzbekistan: Uzbekistan, reached: set[str]
) -> None:
    found = uzbekistan.rows(
        "SELECT landscape_id, drought_type, stage, stage_rank, is_confirmed, count(*) AS months "
        "FROM mart.stage_month GROUP BY 1, 2, 3, 4, 5"
    )
    others = [tuple(row[1:]) for row in found if row.landscape_id not in reached]
    assert Counter(others) == {
        (drought_type, "none", 0, False, 427): DISTRICTS - REACHED
        for drought_type in ("meteorological", "agricultural", "hydrological")
    }


def test_gauges_are_stored_and_restricted(uzbekistan: Uzbekistan) -> None:
    found = uzbekistan.rows(
        "SELECT station_id, name, disclosure, count(precipitation_mm) FROM series.station_month "
        "INNER JOIN series.station USING (station_id) GROUP BY 1, 2, 3 ORDER BY 1"
    )
    assert found == [
        ("38462", "Pskem Meteo Station", "restricted", 983),
        ("38471", "Chatkal Meteo Station", "restricted", 916),
    ]
    assert uzbekistan.rows("SELECT * FROM mart.station_month") == []


def test_nothing_is_told_before_going_live(uzbekistan: Uzbekistan) -> None:
    approvals = uzbekistan.rows("SELECT DISTINCT approval FROM mart.alert")
    assert approvals == [("not_needed",)]
    assert uzbekistan.rows("SELECT * FROM alert.message") == []


def test_status_says_how_it_stands(uzbekistan: Uzbekistan) -> None:
    found = json.loads(run(f"{STATUS} --json", uzbekistan.environment))
    assert (found["origin"], found["live_from"], found["pending"]) == ("real", None, [])
    assert found["newest_month"] == "2014-07"
    (freshness,) = found["freshness"]
    assert (freshness["source"], freshness["release"]) == ("cfsr", "final")
    assert (freshness["landscapes_with_values"], freshness["landscapes"]) == (REACHED, DISTRICTS)
    assert len(found["stages"]) == 3 * DISTRICTS
    known = {row["landscape_id"] for row in found["stages"] if row["is_confirmed"]}
    assert len(known) == REACHED
    assert {outcome["state"] for outcome in found["outcomes"]} == {"done"}


def test_the_same_again_changes_nothing(uzbekistan: Uzbekistan) -> None:
    before = contents(uzbekistan.warehouse)
    assert before["plan.stage_month"][0] == 3 * DISTRICTS * 427
    again = run(COMPUTE, uzbekistan.environment)
    assert "indices: 0 landscape-months" in again
    assert "maps: 0 maps of 0 indices, 0 of them fitted; area shares of 0 months" in again
    assert "stages: 0 new or different; 0 changes" in run(EVALUATE, uzbekistan.environment)
    # But that it was evaluated is noted, as the end of any step is.
    after = contents(uzbekistan.warehouse)
    for table in ("plan.evaluation", "ops.moment"):
        assert after.pop(table)[0] == before.pop(table)[0] + 1
    assert after == before


def test_a_template_makes_no_public_message_of_real_data(
    uzbekistan: Uzbekistan, tmp_path: Path
) -> None:
    """All that stands in the newest month is told and let go: with an authority, and yet a draft.

    The last test of the file: the others look at a warehouse that has told nothing.
    """
    settings = Settings(
        var=tmp_path,
        calibration=CalibrationPeriod(1981, 2010),
        authority="An authority",
        authority_oid="2.49.0.1.860.0",
    )
    desk = Installation(settings, uzbekistan.warehouse, clock=lambda: NOW)
    appoint(uzbekistan.warehouse, APPROVAL)
    golive(desk, LAST + 1)
    waiting = pending_alerts(desk)
    assert len(waiting) > 10
    approve(desk, waiting, replace(APPROVAL, answered_at=NOW), accepts_unchecked=True)
    bodies = [
        row.body for row in uzbekistan.rows("SELECT body FROM alert.message WHERE form = 'cap'")
    ]
    assert len(bodies) == len(waiting)
    for body in bodies:
        validate(body.encode())
        assert "<status>Draft</status>" in body
        assert "<scope>Private</scope>" in body
    with uzbekistan.warehouse.connect() as connection:
        public = public_messages(connection)
    assert public == []
    files = feed_files(public, site_url="https://drought.example.org", now=NOW)
    assert sorted(files) == ["archive.xml", "feed.xml"]
    assert [feedparser.parse(content).entries for content in files.values()] == [[], []]
