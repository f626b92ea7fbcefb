"""What the plans in force expect to have been read by now, and what of it is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, IndexCode, LandUse
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.lateness import (
    Expected,
    LateReading,
    Place,
    expected_readings,
    late_readings,
)
from pipeline.plans.rule_document import Land, OfHeadwater
from pipeline.steps.heard import read_heard
from pipeline.warehouse.events import read_decided_landscapes
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.status import Rows, read_index_gaps, read_landscape_names


def read_late_readings(
    connection: Connection, sources: Sequence[str], period: CalibrationPeriod, now: datetime
) -> list[LateReading]:
    """Return what is late by the plans, by country and measure.

    Nothing where plans say no days, nor before anything was decided.

    Args:
        connection: the caller's transaction.
        sources: by which stages are decided; the last one is the grid.
        period: what their indices are calibrated over.
        now: the moment, with an offset; days begin at midnight UTC.
    """
    decided = read_decided_landscapes(connection)
    if not decided:
        return []
    places = list(_places(read_landscape_names(connection), decided))
    today = now.astimezone(UTC).date()
    expected = list(expected_readings(places, read_plans(connection), today))
    by_month: dict[Month, list[Expected]] = defaultdict(list)
    for one in expected:
        by_month[one.month].append(one)
    missing = [
        one
        for month, of_month in by_month.items()
        for one in _missing(connection, sources, period, month, of_month)
    ]
    return late_readings(expected, missing)


def _places(rows: Rows, decided: set[str]) -> Iterator[Place]:
    for row in rows:
        above = row["headwater_landscape_id"]
        is_known = above in decided and above != row["landscape_id"]
        land = Land(LandUse(row["land_use"]), row["is_salt_affected"], is_known)
        country = Country(row["country_code"])
        yield Place(row["landscape_id"], country, land, above if is_known else None)


def _missing(
    connection: Connection,
    sources: Sequence[str],
    period: CalibrationPeriod,
    month: Month,
    expected: Iterable[Expected],
) -> Iterator[Expected]:
    """Yield what has no reading in `month`, as nothing came; other gaps are no lateness."""
    wanted = [(one, _measure(one)) for one in expected]
    measures = {measure for _, measure in wanted}
    rows = {
        row["landscape_id"]: row for row in read_index_gaps(connection, month, sources, str(period))
    }
    nothing = {str(one): str(Gap.NOT_PUBLISHED) for one in measures if isinstance(one, IndexCode)}
    asked = [
        rows.get(name, {"landscape_id": name, "gaps": nothing})
        for name in sorted({one.read_of for one, _ in wanted})
    ]
    heard = read_heard(connection, month, asked, measures, sources[-1], period)
    for one, measure in wanted:
        if heard[one.read_of].gaps.get(str(measure)) is Gap.NOT_PUBLISHED:
            yield one


def _measure(one: Expected) -> Measure:
    return one.heard.measure if isinstance(one.heard, OfHeadwater) else one.heard
