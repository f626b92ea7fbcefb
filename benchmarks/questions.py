"""What analysts ask of the marts, how long the answer takes, and by which way it is found."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Engine, text

TIMES = 7
LANDSCAPE = "'kz-00007'"
MONTH = "'2020-07-01'"

MAIN = {
    "history of a landscape": f"SELECT month, spi_3, spei_6 FROM mart.index_month_wide "
    f"WHERE landscape_id = {LANDSCAPE} ORDER BY month",
    "history, long": f"SELECT month, value, gap FROM mart.index_month "
    f"WHERE landscape_id = {LANDSCAPE} AND index_code = 'spi_3' ORDER BY month",
    "map of a month": f"SELECT landscape_id, spi_3 FROM mart.index_month_wide "
    f"WHERE month = {MONTH}",
    "map, long": f"SELECT landscape_id, value, gap FROM mart.index_month "
    f"WHERE month = {MONTH} AND index_code = 'spi_3'",
    "latest state": "SELECT landscape_id, meteorological_stage, agricultural_stage, "
    "hydrological_stage, spi_3, spei_6 FROM mart.latest_status_wide",
}  # fmt: skip
AS_OF = {
    "history of a landscape": "SELECT month, spi_3, spei_6 FROM mart.index_month_wide_as_of(:at) "
    f"WHERE landscape_id = {LANDSCAPE} ORDER BY month",
    "history, long": "SELECT month, value, gap FROM mart.index_month_as_of(:at) "
    f"WHERE landscape_id = {LANDSCAPE} AND index_code = 'spi_3' ORDER BY month",
    "map of a month": "SELECT landscape_id, spi_3 FROM mart.index_month_wide_as_of(:at) "
    f"WHERE month = {MONTH}",
    "stages of a landscape": "SELECT month, drought_type, stage FROM mart.stage_month_as_of(:at) "
    f"WHERE landscape_id = {LANDSCAPE} ORDER BY month",
    "stages of a month": "SELECT landscape_id, drought_type, stage "
    f"FROM mart.stage_month_as_of(:at) WHERE month = {MONTH}",
}
OTHERS = {
    "stages of a landscape": f"SELECT * FROM mart.stage_month WHERE landscape_id = {LANDSCAPE}",
    "stages of a month, wide": f"SELECT * FROM mart.stage_month_wide WHERE month = {MONTH}",
    "droughts of a landscape": f"SELECT * FROM mart.drought_event WHERE landscape_id = {LANDSCAPE}",
    "the ten longest droughts": "SELECT * FROM mart.drought_event "
    "ORDER BY duration_months DESC LIMIT 10",
    "area in drought of a country": "SELECT * FROM mart.area_in_drought "
    "WHERE country_code = 'KZ' AND drought_type = 'meteorological'",
    "latest status, long": "SELECT * FROM mart.latest_status",
    "alerts of a landscape": f"SELECT * FROM mart.alert WHERE landscape_id = {LANDSCAPE}",
    "fits of a landscape": f"SELECT * FROM mart.calibration WHERE landscape_id = {LANDSCAPE}",
    "fits of a month": "SELECT * FROM mart.calibration "
    "WHERE index_code = 'spi_3' AND calendar_month = 7",
    "inputs behind a landscape's index": f"SELECT * FROM mart.input_quality "
    f"WHERE landscape_id = {LANDSCAPE} AND index_code = 'spi_3'",
    "inputs behind a month's index": f"SELECT * FROM mart.input_quality "
    f"WHERE month = {MONTH} AND index_code = 'spi_3'",
    "rain of a landscape": f"SELECT * FROM mart.climate_month WHERE landscape_id = {LANDSCAPE}",
    "rain of a month, long": f"SELECT * FROM mart.climate_month_long WHERE month = {MONTH}",
    "shares of area of a month": "SELECT * FROM mart.area_share "
    "WHERE month = '2026-07-01' AND index_code = 'spi_3' AND class = -1",
    "what was revised in a landscape": "SELECT * FROM mart.revision_value "
    f"WHERE landscape_id = {LANDSCAPE}",
    "report of a month's revision": "SELECT * FROM mart.revision_report WHERE changed_at > :at",
    "report of all revisions": "SELECT * FROM mart.revision_report",
    "plans over time": "SELECT * FROM mart.plan_timeline",
    "rules of plans": "SELECT * FROM mart.plan_rule",
    "freshness": "SELECT * FROM mart.freshness",
}  # fmt: skip
Answer = tuple[str, int, float, str]


def answers(
    warehouse: Engine, questions: Mapping[str, str], at: datetime | None = None
) -> list[Answer]:
    """Ask each as an analyst; return its name, rows, median milliseconds and the way taken."""
    found = []
    for name, question in questions.items():
        with warehouse.begin() as connection:
            connection.execute(text("SET LOCAL ROLE drought_analyst"))
            rows, ms, by = _asked(connection, question, {"at": at} if at else {})
            if not rows:
                raise RuntimeError(f"{name}: expected rows, got none; nothing was measured")
            found.append((name, rows, ms, by))
    return found


def _asked(
    connection: Connection, question: str, given: Mapping[str, object]
) -> tuple[int, float, str]:
    taken = []
    rows = 0
    while len(taken) < TIMES and sum(taken) < 10:
        start = time.perf_counter()
        rows = len(connection.execute(text(question), given).all())
        taken.append(time.perf_counter() - start)
    return rows, 1000 * median(taken), way(connection, question, given)


def way(connection: Connection, question: str, given: Mapping[str, object] | None = None) -> str:
    """Return the scans of EXPLAIN that are expected to bring the most rows, the most first."""
    plan: list[dict[str, Any]] = connection.execute(
        text(f"EXPLAIN (FORMAT json) {question}"), given or {}
    ).scalar_one()
    scans = sorted(_scans(plan[0]["Plan"]), key=lambda scan: -scan[1])
    return ", ".join(dict.fromkeys(name for name, _ in scans[:2]))


def _scans(node: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    if "Index Name" in node and node["Node Type"] != "Bitmap Heap Scan":
        yield f"{node['Node Type']} {node['Index Name']}", node["Plan Rows"]
    elif node["Node Type"] == "Seq Scan":
        yield f"Seq Scan {node['Relation Name']}", node["Plan Rows"]
    for part in node.get("Plans", ()):
        yield from _scans(part)
