"""From preliminary to final by itself: what a month's final values change, and what stays known.

Three months of the simulated climate, fetched from the simulated store as its newest month moves on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import create_engine

from pipeline.core.gaps import Gap
from pipeline.core.ids import ERA5_LAND, Country, Release
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import REGION
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local import simulated_files
from pipeline.local.data_store import DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.simulated_climate import DEFAULT_SEED, FIRST_MONTH
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.check import check
from pipeline.steps.compute import compute
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.revisions import Change, Revisions, revisions
from pipeline.steps.run import Ran, run
from pipeline.steps.settling import months_to_settle
from pipeline.terminal import print_revisions
from pipeline.warehouse.landscapes import read_landscapes as read_stored
from pipeline.warehouse.landscapes import save_landscapes
from pipeline.warehouse.revisions import Wanted
from tests.integration.bulletin import facts_of
from tests.integration.conftest import TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.little_world import grid_file, landscape, say_climate, told

pytestmark = pytest.mark.postgres

JANUARY, FEBRUARY, MARCH, APRIL = (Month(2021, n) for n in range(1, 5))
"""A drought of the simulated climate: stages are near their thresholds."""
COUNTRIES = (Country.KYRGYZSTAN, Country.TAJIKISTAN, Country.UZBEKISTAN)
AREA = [46.0, 55.5, 36.0, 81.0]
"""Around them."""
IN_MARCH, IN_MAY = (datetime(2021, month, 8, 6, tzinfo=UTC) for month in (3, 5))

CLIMATE = "SELECT landscape_id, month, precipitation_mm, release FROM mart.climate_month"
INDEX = (
    "SELECT landscape_id, month, index_code, value, gap FROM mart.index_month{} "
    "WHERE month >= '2020-06-01'"
)
STAGE = (
    "SELECT landscape_id, month, drought_type, stage FROM mart.stage_month{} "
    "WHERE month >= '2020-06-01'"
)

ALL = Wanted()

Known = dict[tuple[Any, ...], Any]


@dataclass(frozen=True)
class Story:
    """An installation in May, with what it knew in March."""

    installation: Installation
    moment: datetime
    """Between the two, by the database's clock."""
    settled_in_march: list[Month]
    settled_in_may: list[Month]
    ran: tuple[Ran, Ran]
    climate: Known
    index: Known
    stages: Known

    def now(self, query: str) -> Known:
        return known(self.installation, query)


def known(installation: Installation, query: str, key: int = 2) -> Known:
    rows = told(installation.warehouse, query)
    return {row[:key]: row[key:] for row in rows}


def history(folder: Path) -> Path:
    """What the store answers while February is its newest month, without February."""
    asked: dict[str, Any] = {"product_type": [simulated_files.MONTHS], "area": AREA}
    asked |= {"variable": list(simulated_files.VARIABLES)}
    asked |= {"month": [f"{number:02d}" for number in range(1, 13)]}
    years = [str(year) for year in range(FIRST_MONTH.year, FEBRUARY.year)]
    chosen = simulated_files.selection({**asked, "year": years})
    chosen = replace(chosen, months=(*chosen.months, JANUARY))
    path = folder / "history.nc"
    path.write_bytes(simulated_files.answer(chosen, FEBRUARY, DEFAULT_SEED))
    return path


@pytest.fixture(scope="module")
def story(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("revisions")
    copy_database(postgres, "revisions", TEMPLATE)
    engine = create_engine(postgres.url("revisions"))
    store = DataStore(FEBRUARY, behaviour=Behaviour(queue_polls=0))
    settings = Settings(
        var=folder / "var", cdsapi_url=store.url, cdsapi_key=store.key, cds_pause_seconds=0.02
    )
    march = Installation(settings, engine, clock=lambda: IN_MARCH)
    may = replace(march, clock=lambda: IN_MAY)
    landscapes = read_landscapes(default_landscapes_file())
    load_landscapes(march, [one for one in landscapes if one.country in COUNTRIES])
    ingest_grid(march, history(folder), source=ERA5_LAND, product="monthly-mean")
    compute(march)
    golive(march, FEBRUARY)
    with store:
        settled_in_march = months_to_settle(march)
        first = run(march, FEBRUARY, FEBRUARY)
        before = [known(march, CLIMATE)]
        before += [known(march, query.format(""), 3) for query in (INDEX, STAGE)]
        ((moment,),) = told(engine, "SELECT clock_timestamp()")
        assert isinstance(moment, datetime)
        settled_in_may = months_to_settle(may)
        store.desk.newest_month = APRIL
        second = run(may, MARCH, APRIL)
        yield Story(may, moment, settled_in_march, settled_in_may, (first, second), *before)
    engine.dispose()


def test_the_monthly_run_asks_for_final_values_when_they_are_due(story: Story) -> None:
    assert story.settled_in_march == []
    assert story.settled_in_may == [JANUARY, FEBRUARY]
    assert [ran.fetched for ran in story.ran] == [1, 4]
    assert months_to_settle(story.installation) == []


def test_the_newest_months_are_preliminary_and_the_others_final(story: Story) -> None:
    releases = {
        (str(Month.of(month)), release)
        for (_, month), (_, release) in story.now(CLIMATE).items()
        if month >= JANUARY.first_day
    }
    final = {(str(month), "final") for month in (JANUARY, FEBRUARY)}
    assert releases == final | {(str(month), "preliminary") for month in (MARCH, APRIL)}
    of_february = {story.climate[key][1] for key in story.climate if key[1] == FEBRUARY.first_day}
    assert of_february == {"preliminary"}


def test_values_change_and_the_old_ones_stay_known(story: Story) -> None:
    now = story.now(CLIMATE)
    february = [key for key in now if key[1] == FEBRUARY.first_day]
    assert len(february) == 27
    assert all(now[key][0] != story.climate[key][0] for key in february)
    superseded = known(
        story.installation,
        "SELECT landscape_id, month, precipitation_mm, release "
        "FROM series.climate_month_superseded JOIN landscape.landscape USING (landscape_key)",
    )
    assert {key: superseded[key] for key in february} == {
        key: story.climate[key] for key in february
    }


@pytest.mark.parametrize("query", [INDEX, STAGE], ids=["indices", "stages"])
def test_what_was_known_in_march_can_be_asked_for_in_may(story: Story, query: str) -> None:
    as_of = query.format(f"_as_of('{story.moment.isoformat()}')")
    was = story.index if query is INDEX else story.stages
    assert known(story.installation, as_of, 3) == was
    assert known(story.installation, query.format(""), 3) != was


def test_the_view_of_values_holds_each_change_and_nothing_else(story: Story) -> None:
    rain = known(
        story.installation,
        "SELECT landscape_id, month, old_value, new_value, old_release, new_release "
        "FROM mart.revision_value WHERE quantity = 'precipitation_mm'",
    )
    now = story.now(CLIMATE)
    expected = {
        key: (was[0], now[key][0], was[1], now[key][1])
        for key, was in story.climate.items()
        if was[0] != now[key][0]
    }
    assert rain == expected
    assert {str(Month.of(month)) for _, month in rain} == {"2021-01", "2021-02"}
    indices = known(
        story.installation,
        "SELECT landscape_id, month, quantity, old_value, old_gap, new_value, new_gap "
        "FROM mart.revision_value WHERE calibration IS NOT NULL AND month <= '2021-02-01'",
        3,
    )
    held = known(story.installation, INDEX.format(""), 3)
    assert indices == {
        key: (*was, *held[key]) for key, was in story.index.items() if was != held[key]
    }


def test_the_view_of_stages_holds_each_change_and_the_alert_that_says_so(story: Story) -> None:
    found = known(
        story.installation,
        "SELECT landscape_id, month, drought_type, old_stage, new_stage, alert_id, approval "
        "FROM mart.revision_stage",
        3,
    )
    now = known(story.installation, STAGE.format(""), 3)
    changed = {key: (*was, *now[key]) for key, was in story.stages.items() if was != now[key]}
    assert changed
    assert {key: row[:2] for key, row in found.items()} == changed
    corrections = known(
        story.installation,
        "SELECT alert_id, from_stage, to_stage, approval FROM mart.alert "
        "WHERE change = 'corrected'",
        1,
    )
    for row in found.values():
        assert corrections[row[2:3]] == (row[0], row[1], row[3])
    # A correction of January is told where the drought was, as one in force on going live.
    assert {row[3] for row in found.values()} <= {"pending", "not_needed"}
    assert "pending" in {row[3] for key, row in found.items() if key[1] == FEBRUARY.first_day}


def reported(story: Story, wanted: Wanted = ALL) -> Revisions:
    return revisions(story.installation, wanted)


def test_the_report_adds_up_what_changed(story: Story) -> None:
    found = {one.month: one for one in reported(story).months}
    assert sorted(found) == [JANUARY, FEBRUARY]
    now = story.now(CLIMATE)
    changes = [
        now[key][0] - was[0]
        for key, was in story.climate.items()
        if key[1] == FEBRUARY.first_day and was[0] is not None
    ]
    rain = found[FEBRUARY].precipitation_mm
    assert (rain.landscapes, rain.filled, rain.lost) == (27, 0, 0)
    assert rain.mean == pytest.approx(sum(changes) / len(changes))
    assert rain.largest == pytest.approx(max(changes, key=abs))
    assert found[FEBRUARY].settled == 27
    assert 0 < found[FEBRUARY].spi_3.landscapes <= 27
    assert abs(found[FEBRUARY].spi_3.largest or 0) < 1.5


def test_the_report_is_of_one_country_or_of_some_months_or_days(story: Story) -> None:
    of_tajikistan = reported(story, Wanted(country=Country.TAJIKISTAN))
    assert {one.precipitation_mm.landscapes for one in of_tajikistan.months} == {5}
    assert {one.country for one in of_tajikistan.stages} <= {Country.TAJIKISTAN}
    assert [one.month for one in reported(story, Wanted(last=JANUARY)).months] == [JANUARY]
    assert [one.month for one in reported(story, Wanted(first=FEBRUARY)).months] == [FEBRUARY]
    assert reported(story, Wanted(since=story.moment)) == reported(story)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert reported(story, Wanted(since=tomorrow)) == Revisions((), ())


def test_the_report_reads_well_on_paper(story: Story) -> None:
    paper = Console(width=150)
    with paper.capture() as printed:
        print_revisions(paper, reported(story))
    text = printed.get()
    assert re.search(r"2021-02 │ era5-land │ 27 +│ [+-]\d+\.\d +│ [+-]\d+\.\d +│ 27 ", text)
    assert re.search(r"waits for approval \(alert \d+\)", text)


def test_the_bulletin_says_that_stages_were_revised(story: Story) -> None:
    facts = facts_of(story.installation, REGION)
    assert facts.month == APRIL
    rows = told(
        story.installation.warehouse,
        "SELECT l.country_code, count(DISTINCT r.landscape_id), min(r.month), max(r.month), "
        "count(DISTINCT r.alert_id) FILTER (WHERE r.approval = 'pending') "
        "FROM mart.revision_stage AS r JOIN mart.landscape AS l USING (landscape_id) "
        "GROUP BY l.country_code ORDER BY l.country_code",
    )
    assert rows
    assert rows == [
        (
            one.country,
            one.revised.landscapes,
            one.revised.first.first_day,
            one.revised.last.first_day,
            one.revised.alerts,
        )
        for one in facts.countries
        if one.revised is not None
    ]


def test_all_is_in_time_and_nothing_contradicts_itself(story: Story) -> None:
    facts = facts_of(story.installation, REGION)
    assert facts.expected_month == APRIL
    assert {one.months_late for country in facts.countries for one in country.freshness} == {0}
    check(story.installation)


def test_the_same_again_brings_nothing_and_changes_nothing(story: Story) -> None:
    report = reported(story)
    again = run(story.installation, MARCH, APRIL)
    assert (again.fetched, again.told) == (0, 0)
    assert reported(story) == report


RAIN = (
    "SELECT old_value, old_gap, old_release, new_value, new_gap, new_release "
    "FROM mart.revision_value WHERE quantity = 'precipitation_mm' ORDER BY changed_at"
)
OCTOBER = Month(2026, 10)


class TestOneValueAfterAnother:
    """A landscape, a month, and what is said of its rain, each word a transaction of its own."""

    @pytest.fixture
    def place(self, installation: Installation) -> Installation:
        with installation.warehouse.begin() as connection:
            save_landscapes(connection, [landscape("A")])
            grid_file(connection)
        return installation

    @staticmethod
    def say(place: Installation, *words: float | Gap, release: Release) -> None:
        """Say rain, or a gap; several words in one transaction."""
        with place.warehouse.begin() as connection:
            (stored,) = read_stored(connection)
            for word in words:
                say_climate(
                    connection, stored.landscape_key, OCTOBER, word, release=release, file_id=1
                )

    def test_each_change_stands_beside_what_took_its_place(self, place: Installation) -> None:
        self.say(place, Gap.NOT_PUBLISHED, release=Release.PRELIMINARY)
        self.say(place, 12.0, release=Release.PRELIMINARY)
        self.say(place, 10.0, release=Release.PRELIMINARY)
        self.say(place, 15.0, release=Release.FINAL)
        assert told(place.warehouse, RAIN) == [
            (None, "not_published", "preliminary", 12.0, None, "preliminary"),
            (12.0, None, "preliminary", 10.0, None, "preliminary"),
            (10.0, None, "preliminary", 15.0, None, "final"),
        ]
        (month,) = revisions(place, ALL).months
        assert month.precipitation_mm == Change(landscapes=1, filled=1)
        assert month.settled == 1

    def test_of_two_changes_the_report_tells_the_sum(self, place: Installation) -> None:
        for rain in (12.0, 10.0, 15.0):
            self.say(place, rain, release=Release.PRELIMINARY)
        (month,) = revisions(place, ALL).months
        assert month.precipitation_mm == Change(1, 0, 0, 3.0, 3.0)

    def test_a_value_that_changed_back_is_no_change(self, place: Installation) -> None:
        for rain in (12.0, 10.0, 12.0):
            self.say(place, rain, release=Release.PRELIMINARY)
        assert len(told(place.warehouse, RAIN)) == 2
        assert revisions(place, ALL).months == ()

    def test_the_same_value_as_final_is_no_change(self, place: Installation) -> None:
        self.say(place, 12.0, release=Release.PRELIMINARY)
        self.say(place, 12.0, release=Release.FINAL)
        assert told(place.warehouse, "SELECT release FROM mart.climate_month") == [("final",)]
        assert told(place.warehouse, RAIN) == []

    def test_what_was_never_shown_is_no_change(self, place: Installation) -> None:
        self.say(place, 12.0, release=Release.PRELIMINARY)
        self.say(place, 11.0, 10.0, release=Release.PRELIMINARY)
        assert told(place.warehouse, RAIN) == [
            (12.0, None, "preliminary", 10.0, None, "preliminary")
        ]

    def test_a_value_that_is_lost_is_counted(self, place: Installation) -> None:
        self.say(place, 12.0, release=Release.PRELIMINARY)
        self.say(place, Gap.REJECTED, release=Release.FINAL)
        (month,) = revisions(place, ALL).months
        assert month.precipitation_mm == Change(landscapes=1, lost=1)
