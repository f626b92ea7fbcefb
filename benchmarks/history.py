"""A made-up history of a warehouse: indices of every landscape and month, and what rests on them.

Indices have gaps where real ones do: out of season, before their first window, and a month in
fifty throughout. What the marts read besides (rain, fits, stages, droughts, alerts) is put in place
with foreign keys and triggers asleep, since only reading it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from benchmarks.climate import NEWEST
from benchmarks.fresh import SOURCE
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import CELL_INDEX_CODES, INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.installation import Installation
from pipeline.steps.landscape_fits import LANDSCAPE_MONTHS_AT_ONCE
from pipeline.warehouse.area_shares import MonthShares, save_area_shares
from pipeline.warehouse.binary import Column, Numbers, Words
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.events import save_deciding_series, sum_areas
from pipeline.warehouse.indices import index_columns, save_index_values
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.plans import save_plan
from pipeline.warehouse.upsert import save_columns

PERIOD = CalibrationPeriod(1991, 2020)
COUNTRY = "KZ"
SNOWLESS = (6, 7, 8, 9)
SHARE_MONTHS = 24
ALERT_MONTHS = 36
STAGES = ("none", "watch", "warning", "severe")
LIMITS = (1.0, 1.5, 2.0)
DROUGHT_TYPES = ("meteorological", "agricultural", "hydrological")

Mask = npt.NDArray[np.bool_]


def series_of(installation: Installation) -> Series:
    """The series of all its landscapes."""
    with installation.warehouse.connect() as connection:
        held = read_landscapes(connection)
    keys, versions = zip(*((one.landscape_key, one.version) for one in held), strict=True)
    return Series(SOURCE, PERIOD, keys, versions)


@dataclass(frozen=True)
class History:
    """Values of every index, panels of the same months and landscapes."""

    series: Series
    values: dict[IndexCode, Panel]

    @classmethod
    def of(cls, series: Series, months: int) -> History:
        """So many months up to the newest."""
        rng = np.random.default_rng(7)
        shape = (months, len(series.landscape_keys))
        first = NEWEST + (1 - months)
        unpublished = rng.random(months) < 0.02
        values = {}
        for code in INDEX_CODES:
            why = np.array([_gap(code, first, n) for n in range(months)], np.uint8)
            why[unpublished] = gap_code(Gap.NOT_PUBLISHED)
            gaps = np.broadcast_to(why[:, None], shape).copy()
            drawn = np.clip(np.abs(rng.standard_normal(shape)), 0.0, 3.0)
            values[code] = Panel(first, np.where(gaps > 0, np.nan, drawn), gaps)
        return cls(series, values)

    @property
    def first(self) -> Month:
        return self.values[INDEX_CODES[0]].first_month

    @property
    def last(self) -> Month:
        return self.values[INDEX_CODES[0]].last_month

    @property
    def is_preliminary(self) -> Mask:
        return np.zeros(self.values[INDEX_CODES[0]].values.shape, np.bool_)

    def part(self, month: Month, months: int, *, more: float = 0.0) -> History:
        """So many of its months from `month` on, their values raised."""
        start = month.ordinal - self.first.ordinal
        return History(
            self.series,
            {
                code: Panel(
                    month,
                    panel.values[start : start + months] + more,
                    panel.gaps[start : start + months],
                )
                for code, panel in self.values.items()
            },
        )

    def revised(self, month: Month, *, more: float) -> History:
        """Three months from `month` on, after its rain was revised.

        Other values have the indices whose windows reach back to it.
        """
        part = self.part(month, 3)
        for code, panel in part.values.items():
            for n in range(3):
                if code.months_back((month + n).month) > n:
                    panel.values[n] += more
        return part

    def columns(self) -> dict[str, Column]:
        """The columns of index.value_month."""
        return index_columns(self.series, self.values, self.is_preliminary, Origin.SIMULATED)

    def save(self, connection: Connection) -> int:
        """Save them as the pipeline does: as many landscapes together as it takes at once."""
        months, landscapes = self.is_preliminary.shape
        step = max(1, LANDSCAPE_MONTHS_AT_ONCE // months)
        saved = 0
        for start in range(0, landscapes, step):
            places = slice(start, min(start + step, landscapes))
            values = {
                code: Panel(panel.first_month, panel.values[:, places], panel.gaps[:, places])
                for code, panel in self.values.items()
            }
            part = self.series.part(places)
            saved += save_index_values(
                connection, part, values, self.is_preliminary[:, places], Origin.SIMULATED
            )
        return saved


def _gap(code: IndexCode, first: Month, position: int) -> int:
    calendar_month = (first + position).month
    window = code.months_back(calendar_month)
    if window == 0 or (str(code) == "swei_1" and calendar_month in SNOWLESS):
        return gap_code(Gap.NOT_APPLICABLE)
    return gap_code(Gap.SHORT_HISTORY) if position + 1 < window else 0


def save_what_rests_on_it(connection: Connection, history: History) -> None:
    """Fill in rain, fits, shares of area, stages, droughts, areas in drought and alerts."""
    series = history.series
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    plan = next(plan for plan in shipped_plans() if plan.country == COUNTRY)
    save_plan(connection, plan, is_shipped=True)
    of = {
        "source": series.source,
        "calibration": str(series.period),
        "plan_id": plan.plan_id,
        "plan_version": plan.version,
        "first": history.first.first_day,
        "last": history.last.first_day,
        "alerts_from": (history.last + (1 - ALERT_MONTHS)).first_day,
    }
    _save_stages(connection, history, plan.plan_id, plan.version)
    for statement in (_CLIMATE, _CALIBRATION, _EVENTS, _TRANSITIONS, _APPROVALS, *_KEPT):
        connection.execute(text(statement), of)
    connection.execute(text("SET LOCAL session_replication_role = origin"))
    for calibration in ("", str(series.period)):
        connection.execute(
            text("SELECT ops.give_series_number(:source, :calibration)"),
            {"source": series.source, "calibration": calibration},
        )
    save_area_shares(connection, series, _shares(history), Origin.SIMULATED)
    save_deciding_series(
        connection, str(series.period), dict.fromkeys(series.landscape_keys, series.source)
    )
    sum_areas(connection)


def _shares(history: History) -> list[MonthShares]:
    rng = np.random.default_rng(8)
    places = len(history.series.landscape_keys)
    one = np.sort(rng.random((len(CELL_INDEX_CODES), places, 8)).astype(np.float32))[:, :, ::-1]
    gaps = np.zeros((len(CELL_INDEX_CODES), places), np.uint8)
    first = history.last + (1 - SHARE_MONTHS)
    return [MonthShares(first + n, one, gaps, Release.FINAL, n) for n in range(SHARE_MONTHS)]


def _save_stages(connection: Connection, history: History, plan_id: str, version: str) -> None:
    rng = np.random.default_rng(9)
    months, places = history.is_preliminary.shape
    days = np.datetime64(str(history.first), "M") + np.arange(months)
    for drought_type in DROUGHT_TYPES:
        dryness = np.empty((months, places))
        dryness[0] = rng.standard_normal(places)
        for n in range(1, months):
            dryness[n] = 0.9 * dryness[n - 1] + 0.44 * rng.standard_normal(places)
        rank = np.digitize(dryness, LIMITS).astype(np.int32)
        begins = np.ones(rank.shape, np.bool_)
        begins[1:] = rank[1:] != rank[:-1]
        since = np.maximum.accumulate(np.where(begins, np.arange(months)[:, None], 0))
        rows = rank.size
        columns: dict[str, Column] = {
            "landscape_key": Numbers(
                np.tile(np.array(history.series.landscape_keys, np.int32), months)
            ),
            "month": Numbers(np.repeat(days.astype("datetime64[D]"), places)),
            "drought_type": Words.same(drought_type, rows),
            "plan_id": Words.same(plan_id, rows),
            "plan_version": Words.same(version, rows),
            "stage": Words(rank.ravel(), STAGES),
            "stage_rank": Numbers(rank.ravel()),
            "since_month": Numbers(days[since.ravel()].astype("datetime64[D]")),
            "is_confirmed": Numbers(np.ones(rows, np.bool_)),
            "silent_months": Numbers(np.zeros(rows, np.int32)),
        }
        keys = ("landscape_key", "month", "drought_type")
        save_columns(connection, ("plan", "stage_month"), keys, columns, are_new=True)


_MONTHS = """
(SELECT landscape_key, version FROM landscape.current) AS l CROSS JOIN
(SELECT month::date FROM generate_series(
    CAST(:first AS timestamp), CAST(:last AS timestamp), interval '1 month') AS month) AS m
"""
_KEPT = ("SELECT series.make_months_held()", "SELECT plan.make_latest_stages()")
"""What triggers keep, which are asleep."""
_CLIMATE = f"""
WITH file AS (
    INSERT INTO ops.file (sha256, archive_key, kind, source, origin, size_bytes, name)
    VALUES (repeat('0', 64), 'none', 'grid', :source, 'simulated', 1, 'none') RETURNING file_id
)
INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, temperature_mean_c, pet_mm,
    coverage_fraction, release, origin, file_id)
SELECT landscape_key, month, :source, version, 30 + 20 * random(), 12, 80, 1, 'final', 'simulated',
    file_id
FROM {_MONTHS} CROSS JOIN file ORDER BY month, landscape_key
"""
_CALIBRATION = """
INSERT INTO index.calibration (
    landscape_key, landscape_version, source, calibration, index_code, calendar_month,
    distribution, parameters, probability_of_zero, n_years, pet_method)
SELECT landscape_key, version, :source, :calibration, index_code, month, 'gamma',
    '{"alpha": 1.5, "beta": 20.25}', 0, 30,
    CASE family WHEN 'spei' THEN 'penman_monteith' END
FROM landscape.current CROSS JOIN index.code CROSS JOIN generate_series(1, 12) AS month
"""
# A drought is a run of months in a stage; they are told apart by how many months without one went
# before.
_EVENTS = """
INSERT INTO plan.drought_event (
    landscape_key, drought_type, onset, plan_id, plan_version, ended, duration_months,
    highest_stage, highest_stage_rank, is_confirmed, source, calibration, index_code,
    severity, intensity, peak_value, peak_month, months_with_gap)
SELECT landscape_key, drought_type, min(month), :plan_id, :plan_version,
    CASE WHEN max(month) < :last THEN (max(month) + interval '1 month')::date END,
    count(*), (ARRAY['watch', 'warning', 'severe'])[max(stage_rank)], max(stage_rank), TRUE,
    :source, :calibration, 'spi_3', count(*), 1, -2, min(month), 0
FROM (
    SELECT *, count(*) FILTER (WHERE stage_rank = 0) OVER (
        PARTITION BY landscape_key, drought_type ORDER BY month) AS quiet_before
    FROM plan.stage_month
) AS s
WHERE stage_rank > 0
GROUP BY landscape_key, drought_type, quiet_before
"""
_TRANSITIONS = """
INSERT INTO alert.transition (
    chain_id, landscape_key, landscape_version, month, drought_type, change, from_stage, to_stage,
    plan_id, plan_version, evidence)
SELECT landscape_key || drought_type, landscape_key, 1, month, drought_type, 'escalated', 'none',
    stage, plan_id, plan_version, '{"comparisons": [{"index": "spi_3", "value": -1.2}]}'
FROM plan.stage_month WHERE since_month = month AND stage_rank > 0 AND month >= :alerts_from
"""
_APPROVALS = """
INSERT INTO alert.approval (alert_id, state) SELECT alert_id, 'pending' FROM alert.transition
"""
