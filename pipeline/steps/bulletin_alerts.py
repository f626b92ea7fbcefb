"""The alerts of a bulletin: those of its month by the answer to them, and how many wait."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from pipeline.alerts.facts import Change, Door
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import AlertCounts, ToldAlert
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.document import Plan
from pipeline.plans.texts import LocalText
from pipeline.warehouse.bulletin_facts import read_answered_alerts
from pipeline.warehouse.plans import read_plan
from pipeline.warehouse.status import Rows


def read_alert_counts(connection: Connection, month: Month) -> Mapping[Country, AlertCounts]:
    """Return what became of the alerts on `month`, by country; a country without any has zeros."""
    rows = read_answered_alerts(connection, month)
    by_country: dict[Country, Rows] = defaultdict(list)
    for row in rows:
        by_country[Country(row["country_code"])].append(row)
    keys = {(r["plan_id"], r["plan_version"]) for r in rows if r["approval"] == "approved"}
    plans = {key: read_plan(connection, *key) for key in sorted(keys)}
    return {one: _counts(by_country[one], month, plans) for one in Country}


def _counts(rows: Rows, month: Month, plans: Mapping[tuple[str, str], Plan]) -> AlertCounts:
    ours = [row for row in rows if Month.of(row["month"]) == month]
    answers = Counter(row["approval"] for row in ours)
    return AlertCounts(
        approved=tuple(
            _told(row, plans[row["plan_id"], row["plan_version"]])
            for row in ours
            if row["approval"] == "approved"
        ),
        refused=answers["refused"],
        expired=answers["expired"],
        waiting=answers["pending"],
        waiting_on_others=len(rows) - len(ours),
    )


def _told(row: Mapping[str, Any], plan: Plan) -> ToldAlert:
    drought_type = DroughtType(row["drought_type"])
    return ToldAlert(
        row["landscape_id"],
        drought_type,
        Change(row["change"]),
        _names(row["from_stage"], drought_type, plan),
        _names(row["to_stage"], drought_type, plan),
        None if row["door"] == Door.PLAN else row["approved_by"],
        row["answered_at"],
    )


def _names(stage: str, drought_type: DroughtType, plan: Plan) -> LocalText | None:
    """Return what the plan calls a stage; one that only the plan before had keeps its plain name."""
    if stage == NO_STAGE:
        return None
    ladder = plan.ladders.get(drought_type)
    named = [one.names for one in ladder.stages if one.stage == stage] if ladder else []
    return named[0] if named else LocalText(texts={"en": stage})
