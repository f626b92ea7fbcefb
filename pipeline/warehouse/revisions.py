"""What later data changed: values and stages that were shown and are shown no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.ids import Country
from pipeline.core.months import Month

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which revisions; None does not restrict."""

    since: datetime | None = None
    """Changes made then or later, with an offset."""
    first: Month | None = None
    last: Month | None = None
    country: Country | None = None

    def values(self) -> dict[str, object]:
        return {
            "since": self.since,
            "first": self.first.first_day if self.first else None,
            "last": self.last.first_day if self.last else None,
            "country": self.country,
        }


_IS_WANTED = """
    r.changed_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
    AND r.month BETWEEN coalesce(CAST(:first AS date), '-infinity')
    AND coalesce(CAST(:last AS date), 'infinity')
    AND l.country_code = coalesce(CAST(:country AS text), l.country_code)
"""
_VALUES = f"""
WITH change AS (
    -- Of a value that changed more than once: from the first it was to the last it became.
    SELECT
        r.landscape_id, r.month, r.source, r.quantity,
        (array_agg(r.old_value ORDER BY r.changed_at))[1] AS old_value,
        (array_agg(r.old_gap ORDER BY r.changed_at))[1] AS old_gap,
        (array_agg(r.old_release ORDER BY r.changed_at))[1] AS old_release,
        (array_agg(r.new_value ORDER BY r.changed_at DESC))[1] AS new_value,
        (array_agg(r.new_gap ORDER BY r.changed_at DESC))[1] AS new_gap,
        (array_agg(r.new_release ORDER BY r.changed_at DESC))[1] AS new_release
    FROM mart.revision_value AS r JOIN mart.landscape AS l USING (landscape_id)
    WHERE r.quantity IN ('precipitation_mm', 'spi_3')
    AND coalesce(r.calibration, :calibration) = :calibration AND {_IS_WANTED}
    GROUP BY r.landscape_id, r.month, r.source, r.quantity
)
SELECT
    month, source, quantity,
    count(*) AS landscapes,
    count(*) FILTER (WHERE old_value IS NULL) AS filled,
    count(*) FILTER (WHERE new_value IS NULL) AS lost,
    count(*) FILTER (WHERE old_release = 'preliminary' AND new_release = 'final') AS settled,
    avg(new_value - old_value) AS mean_change,
    (array_agg(new_value - old_value ORDER BY abs(new_value - old_value) DESC NULLS LAST))[1]
    AS largest_change
FROM change
WHERE (old_value, old_gap) IS DISTINCT FROM (new_value, new_gap)
GROUP BY month, source, quantity ORDER BY source, month, quantity
"""  # noqa: S608 - conditions written above
_STAGES = f"""
SELECT
    l.country_code, r.landscape_id, l.name_en, r.month, r.drought_type, r.old_stage, r.new_stage,
    (r.old_plan_id, r.old_plan_version) IS DISTINCT FROM (r.new_plan_id, r.new_plan_version)
    AS is_new_plan,
    r.changed_at, r.alert_id, r.approval
FROM mart.revision_stage AS r JOIN mart.landscape AS l USING (landscape_id)
WHERE {_IS_WANTED}
ORDER BY l.country_code, l.name_en, r.landscape_id, r.drought_type, r.changed_at, r.month
"""  # noqa: S608 - conditions written above


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def read_value_revisions(connection: Connection, wanted: Wanted, calibration: str) -> Rows:
    """Return, by source, month and quantity (rain, SPI-3), how many landscapes changed and how far.

    Changes are new less old, in mm and in units of SPI; a value that changed back is no change.
    `filled` counts values that were gaps, `lost` gaps that were values, `settled` preliminary
    values that became final.
    """
    return _rows(connection, _VALUES, calibration=calibration, **wanted.values())


def read_stage_revisions(connection: Connection, wanted: Wanted) -> Rows:
    """Return each month of a landscape whose stage changed, with the alert that corrected it."""
    return _rows(connection, _STAGES, **wanted.values())
