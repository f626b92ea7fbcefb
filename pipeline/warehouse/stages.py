"""The stage of each landscape, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, text

from pipeline.alerts.transitions import HeldStage
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.stages import StageMonth
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


def read_held_stages(
    connection: Connection,
) -> dict[tuple[int, DroughtType], dict[Month, HeldStage]]:
    """Return the stages held, by landscape key and drought type."""
    held: dict[tuple[int, DroughtType], dict[Month, HeldStage]] = defaultdict(dict)
    # A few hundred months and a handful of stages stand for a million rows: make each once.
    month_of, stage_of, type_of = cache(Month.of), cache(HeldStage), cache(DroughtType)
    rows = connection.execute(
        text("SELECT landscape_key, drought_type, month, stage, stage_rank FROM plan.stage_month")
    )
    for key, drought_type, month, stage, rank in rows:
        held[key, type_of(drought_type)][month_of(month)] = stage_of(stage, rank)
    return held
