"""What the rules of the plans heard in one month, for the bulletin: shares of area, and gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.core.area_shares import AreaShare
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.indicators import Indicator, Measure
from pipeline.core.months import Month
from pipeline.plans.areas import area_readings
from pipeline.plans.indicators import indicator_readings
from pipeline.plans.rules import Reading
from pipeline.warehouse.area_shares import read_area_shares
from pipeline.warehouse.indicators import read_issues
from pipeline.warehouse.landscapes import read_landscape_keys
from pipeline.warehouse.status import Rows


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one landscape in one month."""

    gaps: Mapping[str, Gap]
    """Name of an index or another measure to the reason why it has no value."""
    shares: Mapping[AreaShare, float]


def read_heard(
    connection: Connection,
    month: Month,
    indices: Rows,
    measures: set[Measure],
    grid: str,
    period: CalibrationPeriod,
) -> dict[str, Heard]:
    """Return by landscape id what was heard of `measures` and which indices have no value.

    Args:
        connection: to the warehouse.
        month: the month.
        indices: a row for each landscape, with the gaps of its indices.
        measures: all that the plans hear.
        grid: the source of the maps.
        period: what the indices are calibrated over.
    """
    indicators = [one for one in measures if isinstance(one, Indicator)]
    areas = [one for one in measures if isinstance(one, AreaShare)]
    issues = read_issues(connection) if indicators else {}
    mapped = read_area_shares(connection, grid, period, areas, since=month, until=month)
    keys = read_landscape_keys(connection) if areas else {}
    found: dict[str, Heard] = {}
    for row in indices:
        landscape_id = row["landscape_id"]
        given = issues.get(landscape_id, {})
        readings: dict[Measure, Sequence[Reading]] = {
            one: indicator_readings(given.get(one, ()), [month]) for one in indicators
        }
        shares = mapped.get(keys[landscape_id], {}).get(month, {}) if areas else {}
        readings |= {one: area_readings(one, {month: shares.get(one)}, [month]) for one in areas}
        found[landscape_id] = _heard(row["gaps"], readings)
    return found


def _heard(index_gaps: Mapping[str, str], readings: Mapping[Measure, Sequence[Reading]]) -> Heard:
    told = {measure: reading for measure, (reading,) in readings.items()}
    return Heard(
        {name: Gap(gap) for name, gap in index_gaps.items()}
        | {str(measure): one.gap for measure, one in told.items() if one.gap is not None},
        {
            measure: one.value
            for measure, one in told.items()
            if isinstance(measure, AreaShare) and one.value is not None
        },
    )
