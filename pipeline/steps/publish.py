"""The bulletin and the page of the newest month: what is known, what is late, what is missing.

Both are internal. Reads only; the warehouse gains an outcome and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pipeline.alerts.naming import own_words
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Release
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_name, bulletin_page, bulletin_text
from pipeline.delivery.bulletin_facts import (
    AreaFacts,
    BulletinFacts,
    CountryFacts,
    Freshness,
    LandscapeFacts,
    Revised,
    StageFacts,
    Standing,
)
from pipeline.delivery.files import write_to_folder
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land, Rule
from pipeline.plans.texts import LocalText
from pipeline.settings import Settings
from pipeline.steps.heard import Heard, read_heard
from pipeline.steps.installation import Installation, deciding_sources
from pipeline.steps.late_readings import read_late_readings
from pipeline.steps.outcome import recorded
from pipeline.warehouse.outcomes import read_identity, read_latest_outcomes
from pipeline.warehouse.plans import read_plan
from pipeline.warehouse.revisions import read_revised_since
from pipeline.warehouse.status import (
    Rows,
    read_freshness,
    read_index_gaps,
    read_landscape_names,
    read_newest_stage_month,
    read_pending,
    read_stages,
)

PlanKey = tuple[str, str]
StageKey = tuple[str, DroughtType]
"""Landscape id and drought type."""
_NOTHING = Heard({}, {})


def publish(installation: Installation) -> list[Path]:
    """Write the bulletin of the newest month with stages, and the page, into the site's folder.

    Raises:
        InputError: there are no stages yet, or the indices behind them are not those of the
            settings.
        DeliveryError: the folder cannot be written to.
    """
    with recorded(installation.warehouse, "publish") as report:
        facts = bulletin_facts(installation)
        texts = {
            bulletin_name(facts.month): bulletin_text(facts),
            "index.html": bulletin_page(facts),
        }
        paths = [
            write_to_folder(installation.settings.site, name, text) for name, text in texts.items()
        ]
        report.rows = len(paths)
        report.message = f"{facts.month}: {', '.join(texts)}"
        return paths


def bulletin_facts(installation: Installation) -> BulletinFacts:
    """Return what there is to say about the newest month with stages.

    Raises:
        InputError: as `publish`.
    """
    # One snapshot: an evaluation that commits meanwhile cannot show half its work.
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        month = read_newest_stage_month(connection)
        if month is None:
            raise InputError(
                "publish: expected stages in the warehouse, got none; run `drought evaluate` first "
                "(after `drought ingest` and `drought compute`)"
            )
        return _facts(installation, connection, month)


def _facts(installation: Installation, connection: Connection, month: Month) -> BulletinFacts:
    sources = deciding_sources(connection, installation.settings)
    source = ", else ".join(sources)
    calibration = str(installation.settings.calibration)
    now = installation.clock()
    indices = read_index_gaps(connection, month, sources, calibration)
    if not indices:
        raise InputError(
            f"publish: expected indices of {month} from {source} calibrated {calibration}, got none; "
            "set DROUGHT_SOURCE and DROUGHT_CALIBRATION as they were for `drought evaluate`"
        )
    fresh = read_freshness(connection, now)
    due = {row["expected_month"] for row in fresh if row["source"] in sources} - {None}
    return BulletinFacts(
        month=month,
        made_at=now,
        origin=read_identity(connection).origin,
        source=source,
        calibration=calibration,
        releases=Counter(Release(row["release"]) for row in indices),
        countries=_countries(connection, installation.settings, month, indices, sources[-1]),
        freshness=tuple(map(_freshness, fresh)),
        expected_month=Month.of(max(due)) if due else None,
        revised=_revised(connection, month),
        unfinished={
            outcome.step: outcome.state.replace("_", " ")
            for outcome in read_latest_outcomes(connection)
            if outcome.state != "done" and outcome.step != "publish"
        },
        pending=len(read_pending(connection)),
        late_readings=tuple(
            read_late_readings(connection, sources, installation.settings.calibration, now)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of the month and of the month before, and the plans they follow from."""

    month: Month
    now: Mapping[StageKey, Standing]
    before: Mapping[StageKey, Standing]
    plans: Mapping[PlanKey, Plan]
    heard: Mapping[str, Heard]
    """By landscape id."""

    def of_landscape(self, landscape_id: str, land: Land) -> dict[DroughtType, StageFacts]:
        plan = self.plan_of(landscape_id)
        return {one: self._stage(landscape_id, land, one, plan) for one in DroughtType}

    def plan_of(self, landscape_id: str) -> Plan | None:
        """Return the plan in force for a landscape; None where no stage was worked out."""
        standings = (self.now.get((landscape_id, one)) for one in DroughtType)
        found = [s for s in standings if s is not None]
        return self.plans[found[0].plan_id, found[0].plan_version] if found else None

    def _stage(
        self, landscape_id: str, land: Land, one: DroughtType, plan: Plan | None
    ) -> StageFacts:
        key, ladder = (landscape_id, one), None if plan is None else plan.ladders.get(one)
        now, heard = self.now.get(key), self.heard.get(landscape_id, _NOTHING)
        rules = () if ladder is None or now is None else _rules(ladder, now.rank, land)
        return StageFacts(
            now,
            self.before.get(key),
            {} if ladder is None else _gaps(ladder, heard),
            has_ladder=plan is None or ladder is not None,
            areas=tuple(_areas(rules, heard, self.month)),
        )


def _countries(
    connection: Connection, settings: Settings, month: Month, indices: Rows, grid: str
) -> tuple[CountryFacts, ...]:
    now, before = read_stages(connection, month), read_stages(connection, month - 1)
    keys = {(row["plan_id"], row["plan_version"]) for row in (*now, *before)}
    plans = {key: read_plan(connection, *key) for key in sorted(keys)}
    measures = {measure for plan in plans.values() for measure in plan.measures}
    stages = _Stages(
        month,
        _standings(now, plans),
        _standings(before, plans),
        plans,
        read_heard(connection, month, indices, measures, grid, settings.calibration),
    )
    by_country: dict[Country, list[LandscapeFacts]] = {}
    for row in read_landscape_names(connection):
        by_country.setdefault(Country(row["country_code"]), []).append(_landscape(row, stages))
    return tuple(
        CountryFacts(country, _plans_in_force(stages, landscapes), tuple(landscapes))
        for country, landscapes in by_country.items()
    )


def _plans_in_force(stages: _Stages, landscapes: Iterable[LandscapeFacts]) -> tuple[Plan, ...]:
    found = (stages.plan_of(one.landscape_id) for one in landscapes)
    by_key = {(plan.plan_id, plan.version): plan for plan in found if plan is not None}
    return tuple(plan for _, plan in sorted(by_key.items()))


def _landscape(row: Mapping[str, Any], stages: _Stages) -> LandscapeFacts:
    land_use = LandUse(row["land_use"])
    return LandscapeFacts(
        row["landscape_id"],
        row["name_en"],
        land_use,
        row["is_derived"],
        stages.of_landscape(row["landscape_id"], Land(land_use, row["is_salt_affected"])),
    )


def _standings(rows: Rows, plans: Mapping[PlanKey, Plan]) -> dict[StageKey, Standing]:
    return {
        (row["landscape_id"], DroughtType(row["drought_type"])): _standing(
            row, plans[row["plan_id"], row["plan_version"]]
        )
        for row in rows
    }


def _standing(row: Mapping[str, Any], plan: Plan) -> Standing:
    names = LocalText(texts={"en": row["stage"]})
    if row["stage_rank"]:
        names = plan.ladders[DroughtType(row["drought_type"])].stage(row["stage"]).names
    return Standing(
        names.in_language("en"),
        own_words(names, "en"),
        row["stage_rank"],
        Month.of(row["since_month"]),
        row["is_confirmed"],
        row["silent_months"],
        plan.plan_id,
        plan.version,
    )


def _rules(ladder: Ladder, rank: int, land: Land) -> tuple[Rule, ...]:
    """Return the rules for `land` of the stage with this rank; of none, nothing."""
    rules = ladder.stages[rank - 1].every_rule if rank else ()
    # Without a headwater: what is told here is of the landscape itself.
    return tuple(rule for rule in rules if rule.applies_to(land))


def _areas(rules: Iterable[Rule], heard: Heard, month: Month) -> Iterator[AreaFacts]:
    for rule in rules:
        share = None if rule.area_share is None else heard.shares.get(rule.area_share)
        if rule.area_share is not None and share is not None:
            yield AreaFacts(rule.area_share, month, share, rule.enter_at)


def _gaps(ladder: Ladder, heard: Heard) -> dict[Measure, Gap]:
    """Return why the measures of a ladder have no value; nothing while one of them has."""
    gaps = {one: heard.gaps[str(one)] for one in ladder.measures if str(one) in heard.gaps}
    return gaps if gaps.keys() == ladder.measures else {}


def _freshness(row: Mapping[str, Any]) -> Freshness:
    return Freshness(
        Country(row["country_code"]),
        row["source"],
        _month(row["newest_month"]),
        Release(row["release"]) if row["release"] else None,
        row["landscapes_with_values"],
        row["landscapes"],
        row["months_late"] or 0,
        _month(row["oldest_late_month"]),
        row["late_since"],
        row["preliminary_overdue"] or 0,
    )


def _month(first_day: date | None) -> Month | None:
    return None if first_day is None else Month.of(first_day)


def _revised(connection: Connection, month: Month) -> Revised | None:
    row = read_revised_since(connection, month)
    if not row["landscapes"]:
        return None
    first, last = Month.of(row["first_month"]), Month.of(row["last_month"])
    return Revised(row["landscapes"], first, last, row["alerts"])
