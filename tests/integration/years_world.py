"""Three years of monthly runs over a small country, with all that may change in three years.

Each month brings its preliminary values and, two months late, the final ones of an earlier month,
which differ. On the way a month comes late, an agency corrects an issue, a boundary and a land use
change, a new version of the plan takes effect, and the calibration moves on by a year.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from shapely import box
from sqlalchemy import Engine, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month, months_between
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.compute import compute
from pipeline.steps.deliver import deliver_all
from pipeline.steps.evaluate import Evaluation, evaluate
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.ingest_indicator import ingest_indicator
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.maps import bring_maps
from pipeline.steps.plans import load_plan
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.desk import appoint
from tests.integration.gauged_world import database
from tests.unit.alerts.cases import APPROVAL
from tests.unit.grids.raw import raw

SOURCE = "grid"
LATITUDES, LONGITUDES = (41.0, 40.0, 39.0, 38.0), (60.0, 61.0, 62.0, 63.0)
FIRST, HISTORY_TO = Month(1991, 1), Month(2020, 12)
BEGAN, ENDED = Month(2021, 1), Month(2023, 12)
FINAL_AFTER = 2
"""Months from a month's first values to its final ones."""

LATE = Month(2021, 9)
"""Its first values never come, so that it is a gap until its final ones do."""
LIVE_FROM = Month(2021, 3)
FORECAST, FORECAST_CORRECTED = Month(2021, 5), Month(2021, 7)
NEW_BOUNDARY, NEW_LAND_USE = Month(2021, 10), Month(2022, 4)
NEW_PLAN, PLAN_IN_FORCE = Month(2023, 8), Month(2023, 6)
MAPPED = (NEW_PLAN, NEW_PLAN + 2, ENDED)
"""Maps of each cell take longest: the plan hears of the months between when they come."""
NEW_CALIBRATION = Month(2023, 2)
LATER = CalibrationPeriod(1992, 2021)
DRY = (Month(2021, 3), Month(2022, 2))
DRY_AGAIN = (Month(2023, 1), Month(2023, 8))


def landscape(name: str, west: float, south: float, east: float, north: float) -> Landscape:
    boundary = box(west, south, east, north)
    return Landscape(
        name, Country.UZBEKISTAN, name, {}, LandUse.RAINFED, False, False, None, boundary
    )


LANDSCAPES = (
    landscape("west", 59.5, 38.5, 61.5, 41.5),
    landscape("east", 61.5, 39.5, 63.5, 41.5),
    landscape("south", 59.5, 37.5, 63.5, 38.5),
)
WIDER_WEST = landscape("west", 59.5, 38.5, 62.0, 41.5)
PASTURE = replace(LANDSCAPES[1], land_use=LandUse.PASTORAL)

INDICATORS = (
    "landscape_id;issued_on;period_from;period_to;value;unit;document_number;issued_by;indicator;"
    "disclosure\n"
    "south;2021-05-10;2021-04;2021-09;{};percent_of_norm;{};Uzhydromet;water_availability_forecast;"
    "open\n"
)


def plan(version: str) -> dict[str, Any]:
    """The shipped plan, its hydrological ladder on the agency's forecast; the second version asks
    for drier months and, of agricultural drought, how much of the land is dry."""
    shipped = next(one for one in shipped_plans() if one.country is Country.UZBEKISTAN)
    said: dict[str, Any] = copy.deepcopy(shipped.as_json())
    said |= {"plan_id": "uz-trial", "version": version, "effective_from": "1950-02"}
    said |= {"supersedes": None}
    forecast: dict[str, object] = {"indicator": "water_availability_forecast"}
    forecast |= {"unit": "percent_of_norm", "calendar_months": list(range(1, 10))}
    _turn(said["ladders"]["hydrological"], forecast, (85, 70, 50), 95)
    if version == "2":
        said |= {"effective_from": str(PLAN_IN_FORCE), "supersedes": "1"}
        _turn(said["ladders"]["meteorological"], {"index": "spi_3"}, (-1.2, -1.7, -2.2), 0)
        share = {"area_share": {"index": "spi_6", "at_or_below": -1.0}}
        _turn(said["ladders"]["agricultural"], share, (0.4, 0.6, 0.8), 0.2)
    return said


def _turn(
    ladder: Sequence[dict[str, Any]],
    measure: Mapping[str, object],
    enter_at: Sequence[float],
    exit_at: float,
) -> None:
    """Let the rules of a ladder hear another measure."""
    for stage, threshold in zip(ladder, enter_at, strict=True):
        for rule in stage["rules"]:
            del rule["index"]
            rule |= {**measure, "enter_at": threshold, "exit_at": exit_at}


def rain_mm_a_day(month: Month, *, is_final: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rain of every cell; final values differ from the first ones by up to a third."""
    shape = (len(LATITUDES), len(LONGITUDES))
    rain = np.random.default_rng(month.ordinal).gamma(3.0, 0.6, shape)
    if any(first <= month <= last for first, last in (DRY, DRY_AGAIN)):
        rain *= 0.35
    if month >= BEGAN and not is_final:
        rain *= np.random.default_rng(month.ordinal + 7).uniform(0.75, 1.35, shape)
    return rain


def write_grid(path: Path, months: Sequence[Month], *, is_final: bool) -> Path:
    """Write rain, and the weather that PET is computed from, of some months."""
    warmth = [-np.cos(2 * np.pi * (month.month - 1) / 12) for month in months]
    rain = np.stack([rain_mm_a_day(month, is_final=is_final) for month in months]) / 1000
    raw(
        {
            "tp": rain,
            "t2m": [
                285.0 + 12.0 * w + month.ordinal % 7
                for w, month in zip(warmth, months, strict=True)
            ],
            "d2m": [275.0 + 4.0 * w for w in warmth],
            "u10": 1.5,
            "v10": 1.0,
            "ssrd": [1.6e7 + 9e6 * w for w in warmth],
        },
        [f"{month}-01" for month in months],
        latitudes=LATITUDES,
        longitudes=LONGITUDES,
        expver="0001" if is_final else "0005",
    ).to_netcdf(path)
    return path


Answers = Mapping[str, tuple[int, int]]
"""Of each as-of function of mart, how many rows it gave and a sum of their hashes."""


def answers(warehouse: Engine, at: datetime) -> Answers:
    """Ask every as-of function what was known at a moment."""
    functions = text(
        "SELECT p.proname, bool_or(a.attname = 'month') FROM pg_proc AS p "
        "JOIN pg_type AS t ON p.prorettype = t.oid "
        "LEFT JOIN pg_attribute AS a ON a.attrelid = t.typrelid "
        "WHERE p.pronamespace = 'mart'::regnamespace AND p.proname LIKE '%\\_as\\_of' "
        "GROUP BY p.proname"
    )
    with warehouse.connect() as connection:
        found = {}
        for name, has_months in connection.execute(functions).all():
            # What changes lies in the years of the test; the wide form is asked for all years.
            late = has_months and name != "index_month_wide_as_of"
            where = "WHERE month >= '2018-01-01'" if late else ""
            count, total = connection.execute(
                text(
                    "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) "  # noqa: S608 - names of ours
                    f"FROM mart.{name}(:at) AS t {where}"
                ),
                {"at": at},
            ).one()
            found[str(name)] = (int(count), int(total))
        return found


@dataclass
class Story:
    """What was done, and what was answered at the time."""

    installation: Installation
    evaluations: dict[Month, Evaluation] = field(default_factory=dict)
    moments: dict[Month, datetime] = field(default_factory=dict)
    """A moment after the run of each month."""
    asked: dict[tuple[str, datetime], Answers] = field(default_factory=dict)
    """What was answered at a moment then, by when it was asked for."""

    def now(self) -> datetime:
        with self.installation.warehouse.connect() as connection:
            found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return found

    def ask(self, when: str) -> datetime:
        """Ask for what is known now, and keep the answer."""
        at = self.now()
        self.asked[when, at] = answers(self.installation.warehouse, at)
        return at

    def in_the_midst(self, of: str) -> Callable[[str, int, int], None]:
        """Give a listener that asks once while the transaction it listens to is open."""
        told: list[str] = []

        def listen(what: str, done: int, out_of: int) -> None:
            if not told and what.startswith(("stages", "indices")):
                told.append(what)
                self.ask(f"in the midst of {of}")

        return listen


@contextmanager
def three_years(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Story]:
    """Run them all."""
    with database(postgres, TEMPLATE) as (_, engine):
        story = Story(Installation(Settings(var=folder / "var"), engine, clock=lambda: NOW))
        place = story.installation
        appoint(place.warehouse, APPROVAL)
        load_landscapes(place, LANDSCAPES)
        history = list(months_between(FIRST, HISTORY_TO))
        _ingest(place, write_grid(folder / "history.nc", history, is_final=True))
        _load_plan(place, folder, "1")
        for month in months_between(BEGAN, ENDED):
            _run(story, folder, month)
        yield story


def _run(story: Story, folder: Path, month: Month) -> None:
    """One monthly run, with what else happened in that month."""
    _happen(story, folder, month)
    place = story.installation
    if month != LATE:
        _ingest(place, write_grid(folder / f"{month}.nc", [month], is_final=False))
    earlier = month - FINAL_AFTER
    if earlier >= BEGAN:
        _ingest(place, write_grid(folder / f"{earlier}-final.nc", [earlier], is_final=True))
    compute(place, advance=story.in_the_midst(f"computing {month}"))
    if month in MAPPED:
        bring_maps(place)
    done = evaluate(place, advance=story.in_the_midst(f"deciding {month}"))
    story.evaluations[month] = done
    story.moments[month] = story.ask(f"after {month}")
    pending = pending_alerts(place)
    if pending:
        approve(place, pending[:2], APPROVAL, accepts_unchecked=True)
        deliver_all(place)


def _happen(story: Story, folder: Path, month: Month) -> None:
    place = story.installation
    if month == LIVE_FROM:
        golive(place, month)
    elif month == FORECAST:
        _say_forecast(place, folder / "forecast.csv", 78, "1/21")
    elif month == FORECAST_CORRECTED:
        _say_forecast(place, folder / "corrected.csv", 65, "1/21")
    elif month == NEW_BOUNDARY:
        load_landscapes(place, [WIDER_WEST])
    elif month == NEW_LAND_USE:
        load_landscapes(place, [PASTURE])
    elif month == NEW_PLAN:
        _load_plan(place, folder, "2")
    elif month == NEW_CALIBRATION:
        settings = place.settings.model_copy(update={"calibration": LATER})
        story.installation = replace(place, settings=settings)


def _ingest(place: Installation, path: Path) -> None:
    ingest_grid(place, path, source=SOURCE, product="monthly-mean")


def _load_plan(place: Installation, folder: Path, version: str) -> None:
    path = folder / f"plan-{version}.yaml"
    path.write_text(yaml.safe_dump(plan(version), allow_unicode=True), encoding="utf-8")
    load_plan(place, path)


def _say_forecast(place: Installation, path: Path, percent: int, document: str) -> None:
    path.write_text(INDICATORS.format(percent, document), encoding="utf-8")
    ingest_indicator(place, path)
