"""Indices brought up to date in any order of arrivals and corrections equal those of one run.

Three landscapes; the series are said outright, so that each case is a few months of work. Fits are
made once and stay: what is compared is the values that follow from them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import DivisionByZero
from sqlalchemy import Engine, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import INDEX_CODES, Origin, Release
from pipeline.core.months import Month, months_between
from pipeline.indices.calibration import Limits
from pipeline.landscapes.choosing import BESIDE, Choice
from pipeline.steps.landscape_fits import Fit
from pipeline.steps.landscape_indices import bring_indices
from pipeline.warehouse.climate import ClimateMonths, save_climate_months
from pipeline.warehouse.files import save_grid_months
from pipeline.warehouse.landscapes import read_landscapes, save_landscapes
from tests.integration.little_world import grid_file, landscape, settle, told

pytestmark = pytest.mark.postgres

PERIOD = CalibrationPeriod(1991, 2020)
FIRST, LAST = Month(1991, 1), Month(2022, 6)
NAMES = ("A", "B", "C")
HELD = (
    "SELECT landscape_key, month, to_jsonb(v) - 'known_from' FROM index.value_month AS v "
    "WHERE source = :source ORDER BY landscape_key, month, calibration"
)
_sources = itertools.count(1)


@dataclass
class Place:
    """A source of its own in a warehouse, whose series are written by hand."""

    warehouse: Engine
    source: str
    file_id: int

    def say(
        self,
        first: Month,
        last: Month,
        *,
        of: str = "ABC",
        draw: int = 0,
        release: str = "final",
        gaps: float = 0.01,
    ) -> None:
        """Draw the series of some landscapes anew; a share of the values are gaps."""
        months = list(months_between(first, last))
        with self.warehouse.begin() as connection:
            stored = [s for s in read_landscapes(connection) if s.landscape.landscape_id in of]
            climate = ClimateMonths(
                self.source,
                Origin.REAL,
                months,
                [s.landscape_key for s in stored],
                [s.version for s in stored],
                _drawn(
                    months, [s.landscape_key for s in stored], draw, self.file_id, release, gaps
                ),
            )
            save_climate_months(connection, climate)

    def bring(
        self,
        *,
        first: Month | None = None,
        to: Month | None = None,
        period: CalibrationPeriod = PERIOD,
        fails: bool = False,
    ) -> int:
        with self.warehouse.begin() as connection:
            fit = Fit(self.source, self.source, period, "these landscapes", Limits())
            rows = bring_indices(connection, fit, first, to, lambda what, done, of: None)
            if fails:
                connection.connection.cursor().execute("SELECT 1 / 0")
            return rows

    def forget(self) -> None:
        """Compute all of history next time."""
        with self.warehouse.begin() as connection:
            connection.execute(
                text("DELETE FROM index.computed WHERE source = :source"), {"source": self.source}
            )

    def held(self) -> list[tuple[object, ...]]:
        return told(self.warehouse, HELD, source=self.source)


def _drawn(
    months: list[Month], keys: list[int], draw: int, file_id: int, release: str, missing: float
) -> Choice:
    shape = (len(months), len(keys))
    chance = np.random.default_rng([draw, months[0].ordinal, *keys])
    rain = chance.gamma(2.0, 20.0, shape).round(6)
    gaps = (chance.random(shape) < missing).astype(np.uint8)
    beside = {name: chance.uniform(1.0, 50.0, shape).round(6) for name in BESIDE}
    beside["soil_moisture_m3_m3"] /= 100.0
    beside["snow_water_equivalent_mm"][chance.random(shape) < missing] = np.nan
    return Choice(
        precipitation_mm=np.where(gaps != 0, np.nan, rain),
        gaps=gaps,
        coverage=np.ones(shape),
        beside=beside,
        is_final=np.full(shape, release == Release.FINAL),
        file_ids=np.full(shape, file_id),
    )


@pytest.fixture
def begin(warehouse: Engine) -> Callable[[], Place]:
    """Begin a new source, all months of the calibration period averaged."""
    settle(warehouse, [landscape(name) for name in NAMES])

    def new() -> Place:
        number = next(_sources) + 1
        source = f"grid-{number}"
        with warehouse.begin() as connection:
            file_id = grid_file(connection, number=number)
            months = months_between(FIRST, LAST)
            save_grid_months(connection, file_id, source, dict.fromkeys(months, Release.FINAL))
            connection.execute(text("UPDATE ops.grid_month SET averaged_over = 'these landscapes'"))
        return Place(warehouse, source, file_id)

    return new


Begin = Callable[[], Place]
Step = tuple[str, int, int, str]
STEPS: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(["newer", "newer", "revised", "older", "settled", "in part", "new version"]),
    st.integers(0, (LAST.ordinal - FIRST.ordinal)),
    st.integers(1, 30),
    st.sampled_from(["A", "B", "C", "AB", "ABC", "ABC"]),
)


def take(place: Place, step: Step, n: int) -> None:
    """Do one of the things that happen to a series, then bring the indices up to date."""
    kind, offset, count, of = step
    month = FIRST + offset
    if kind == "newer":
        place.say(LAST + 1, LAST + count, of=of, draw=n, release="preliminary")
    elif kind == "older":
        place.say(FIRST - (1 + count), FIRST - 1, of=of, draw=n)
    elif kind == "new version":
        with place.warehouse.begin() as connection:
            save_landscapes(connection, [replace(landscape(of[0]), name_en=f"{place.source} {n}")])
        place.say(month, LAST, of=of[0], draw=n)
    else:
        release = "final" if kind == "settled" else "preliminary"
        place.say(month, min(month + count, LAST), of=of, draw=n, release=release)
    if kind == "in part":
        place.bring(first=month, to=month + count)
    else:
        place.bring()


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, min_size=2, max_size=5))
def test_whatever_came_in_whatever_order_all_of_history_comes_out_alike(
    begin: Begin, steps: list[Step]
) -> None:
    place = begin()
    place.say(FIRST, LAST)
    place.bring()
    for n, step in enumerate(steps, start=1):
        take(place, step, n)
    place.bring()
    before = place.held()
    place.forget()
    assert place.bring() == 0
    assert place.held() == before
    assert place.bring() == 0


def test_a_new_month_is_all_that_is_computed_and_equals_a_record_computed_at_once(
    begin: Begin,
) -> None:
    grown, whole = begin(), begin()
    for place in (grown, whole):
        place.say(FIRST, LAST - 1)
    grown.bring()
    for place in (grown, whole):
        place.say(LAST, LAST)
    assert grown.bring() == 3
    assert whole.bring() == 3 * (LAST.ordinal - FIRST.ordinal + 1)
    alike = [[(key, month) for key, month, _ in place.held()] for place in (grown, whole)]
    assert alike[0] == alike[1]
    values = "SELECT landscape_id, month, index_code, value, gap FROM mart.index_month WHERE source = :source ORDER BY 1, 2, 3"
    assert told(grown.warehouse, values, source=grown.source) == told(
        whole.warehouse, values, source=whole.source
    )


def test_a_month_corrected_long_ago_reaches_two_years_and_one_landscape(begin: Begin) -> None:
    place = begin()
    corrected = Month(2021, 2)
    place.say(FIRST, Month(2024, 6), gaps=0.0)
    place.bring()
    place.say(corrected, corrected, of="B", draw=1, gaps=0.0)
    assert place.bring() == 24
    replaced = (
        "SELECT count(DISTINCT landscape_key), min(month), max(month) "
        "FROM index.value_month_superseded"
    )
    assert told(place.warehouse, replaced) == [(1, corrected.first_day, (corrected + 23).first_day)]


def test_a_change_is_known_to_every_calibration_period_and_outlives_a_failed_computation(
    begin: Begin,
) -> None:
    place, other = begin(), CalibrationPeriod(1991, 2021)
    place.say(FIRST, LAST, gaps=0.0)
    for period in (PERIOD, other):
        place.bring(period=period)
    place.say(Month(2020, 1), Month(2020, 3), of="A", draw=1, gaps=0.0)
    with pytest.raises(DivisionByZero):
        place.bring(fails=True)
    assert [place.bring(period=period) for period in (PERIOD, other)] == [26, 26]
    before = place.held()
    place.forget()
    assert [place.bring(period=period) for period in (PERIOD, other)] == [0, 0]
    assert place.held() == before


def test_nothing_new_is_nothing_to_compute(begin: Begin) -> None:
    place = begin()
    place.say(FIRST, LAST)
    place.bring()
    place.say(FIRST, LAST)
    stale = "SELECT count(*) FROM index.computed WHERE stale_from IS NOT NULL"
    assert told(place.warehouse, stale) == [(0,)]
    assert place.bring() == 0


def test_another_version_of_one_landscape_is_computed_anew_and_no_other(begin: Begin) -> None:
    place = begin()
    place.say(FIRST, LAST)
    place.bring()
    with place.warehouse.begin() as connection:
        save_landscapes(connection, [replace(landscape("B"), name_en="Another name")])
    place.say(FIRST, LAST, of="B", draw=2)
    assert place.bring() == LAST.ordinal - FIRST.ordinal + 1
    versions = "SELECT landscape_version, count(DISTINCT landscape_key) FROM index.value_month GROUP BY 1 ORDER BY 1"
    assert told(place.warehouse, versions) == [(1, 2), (2, 1)]


def test_indices_deleted_by_hand_come_back(begin: Begin) -> None:
    place = begin()
    place.say(FIRST, LAST)
    place.bring()
    before = place.held()
    with place.warehouse.begin() as connection:
        connection.execute(text("DELETE FROM index.value_month WHERE month > '2021-12-01'"))
    assert place.bring() == 3 * 6
    assert place.held() == before


def test_a_fit_to_a_part_of_the_period_is_not_made(begin: Begin) -> None:
    place = begin()
    place.say(Month(2000, 1), LAST, gaps=0.0)
    place.bring()
    assert told(place.warehouse, "SELECT count(*) FROM index.calibration") == [(0,)]
    place.say(FIRST, Month(1999, 12), gaps=0.0)
    place.bring()
    fits = told(
        place.warehouse,
        "SELECT index_code, count(DISTINCT landscape_key) FROM index.calibration "
        "WHERE source = :source GROUP BY 1",
        source=place.source,
    )
    assert sorted(fits) == sorted((str(code), 3) for code in INDEX_CODES)
