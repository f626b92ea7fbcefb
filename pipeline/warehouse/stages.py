"""The stage of each landscape, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, text

from pipeline.alerts.transitions import HeldStage
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.stages import StageMonth
from pipeline.warehouse.known import rows_at
from pipeline.warehouse.upsert import save_rows


@dataclass(frozen=True, slots=True)
class StageRow:
    """One row of `plan.stage_month`."""

    landscape_key: int
    drought_type: DroughtType
    plan_id: str
    plan_version: str
    stage: StageMonth


def save_stages(connection: Connection, rows: Iterable[StageRow]) -> int:
    """Save `rows`; return how many were new or different."""
    return save_rows(
        connection,
        ("plan", "stage_month"),
        ("landscape_key", "month", "drought_type"),
        (
            "landscape_key",
            "month",
            "drought_type",
            "plan_id",
            "plan_version",
            "stage",
            "stage_rank",
            "since_month",
            "is_confirmed",
            "silent_months",
        ),
        (
            (
                row.landscape_key,
                row.stage.month.first_day,
                row.drought_type,
                row.plan_id,
                row.plan_version,
                row.stage.stage,
                row.stage.rank,
                row.stage.since.first_day,
                row.stage.is_confirmed,
                row.stage.silent_months,
            )
            for row in rows
        ),
    )


def withdraw_stages(connection: Connection, gone: Sequence[tuple[int, DroughtType, Month]]) -> int:
    """Take away the stages of landscape keys in months that no ladder rules; return how many.

    As-of questions still see them.
    """
    if not gone:
        return 0
    done = connection.execute(
        text(
            "DELETE FROM plan.stage_month AS s USING unnest(CAST(:keys AS integer[]), "
            "CAST(:types AS text[]), CAST(:months AS date[])) AS g (landscape_key, drought_type, month) "
            "WHERE s.landscape_key = g.landscape_key AND s.month = g.month "
            "AND s.drought_type = g.drought_type"
        ),
        {
            "keys": [key for key, _, _ in gone],
            "types": [str(drought_type) for _, drought_type, _ in gone],
            "months": [month.first_day for _, _, month in gone],
        },
    )
    return done.rowcount


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row of `plan.stage_month` as it was held."""

    row: StageRow
    """Without what the rules heard, which is not stored with a stage."""
    known_from: datetime


def read_stage_rows(
    connection: Connection, landscape_keys: Sequence[int], at: datetime | None = None
) -> dict[int, dict[tuple[Month, DroughtType], HeldRow]]:
    """Return the rows held of these landscapes `at` a moment, None: now, by landscape key."""
    rows = connection.execute(
        text(
            "SELECT landscape_key, month, drought_type, plan_id, plan_version, stage, stage_rank, "  # noqa: S608 - a table
            "since_month, is_confirmed, silent_months, known_from "
            f"FROM {rows_at('plan.stage_month', at)} AS s "
            "WHERE landscape_key = ANY(:keys) ORDER BY month"
        ),
        {"keys": list(landscape_keys)},
    )
    found: dict[int, dict[tuple[Month, DroughtType], HeldRow]] = {k: {} for k in landscape_keys}
    month_of, type_of = cache(Month.of), cache(DroughtType)
    for key, day, name, plan_id, version, stage, rank, since, is_confirmed, silent, known in rows:
        month, drought_type = month_of(day), type_of(name)
        of_month = StageMonth(month, stage, rank, month_of(since), is_confirmed, silent, ())
        row = StageRow(key, drought_type, plan_id, version, of_month)
        found[key][month, drought_type] = HeldRow(row, known)
    return found


def read_held_stages(
    connection: Connection, at: datetime | None = None
) -> dict[tuple[int, DroughtType], dict[Month, HeldStage]]:
    """Return the stages held `at` a moment, None: now, by landscape key and drought type."""
    held: dict[tuple[int, DroughtType], dict[Month, HeldStage]] = defaultdict(dict)
    # A few hundred months and a handful of stages stand for a million rows: make each once.
    month_of, stage_of, type_of = cache(Month.of), cache(HeldStage), cache(DroughtType)
    rows = connection.execute(
        text(
            "SELECT landscape_key, drought_type, month, stage, stage_rank "  # noqa: S608 - a table
            f"FROM {rows_at('plan.stage_month', at)} AS s"
        )
    )
    for key, drought_type, month, stage, rank in rows:
        held[key, type_of(drought_type)][month_of(month)] = stage_of(stage, rank)
    return held
