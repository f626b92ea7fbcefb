"""Gathering what the site shows, at one moment of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Connection

from pipeline.alerts.words import LANGUAGES
from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.ids import INDEX_CODES, Country, DroughtType, Origin, Release
from pipeline.core.months import Month
from pipeline.delivery.site.facts import (
    FreshnessFacts,
    IndexHistory,
    LandscapeFacts,
    Newest,
    SiteFacts,
    StageAt,
    StageHistory,
    StageNow,
    Standing,
    Told,
    months_of,
)
from pipeline.delivery.site.slugs import slugs
from pipeline.delivery.site.speech import built_languages
from pipeline.plans.cautions import unchecked_languages
from pipeline.plans.timetable import Timetable
from pipeline.steps.installation import ENGINE, Installation, deciding_sources
from pipeline.steps.late_readings import read_late_readings
from pipeline.steps.site_bulletins import bulletins_on_disk
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.site import (
    IndexColumns,
    StageArrays,
    read_answers,
    read_aridity,
    read_index_columns,
    read_indicators,
    read_last_changes,
    read_shares,
    read_stage_arrays,
)
from pipeline.warehouse.status import (
    Rows,
    read_freshness,
    read_newest_stage_month,
    read_stages,
)

TOLD_MONTHS = 60
"""Of the alerts on the pages; older ones stay in the warehouse."""


def internal_facts(installation: Installation, connection: Connection) -> SiteFacts:
    """Return all that there is to show inside the agency.

    Raises:
        InputError: there are no stages yet.
    """
    month = read_newest_stage_month(connection)
    if month is None:
        raise InputError(
            "publish: expected stages in the warehouse, got none; run `drought evaluate` first "
            "(after `drought ingest` and `drought compute`)"
        )
    shown = read_shown(installation, connection, month)
    sources = deciding_sources(connection, installation.settings)
    now = installation.clock()
    late = read_late_readings(connection, sources, installation.settings.calibration, now)
    changes = read_alerts(connection, read_last_changes(connection))
    history = _histories(read_stage_arrays(connection))
    return SiteFacts(
        is_public=False,
        origin=shown.origin,
        made_at=now,
        software=ENGINE,
        month=month,
        calibration=shown.calibration,
        languages=built_languages(spoken(shown, month), frozenset(), accepts_unchecked=True),
        unchecked=unchecked(shown),
        landscapes=shown.landscapes,
        plans=shown.plans,
        now=_stages_now(read_stages(connection, month)),
        months=months_of(history.values(), month),
        history=history,
        changes={(one.landscape_id, one.drought_type): one for one in changes},
        told=_told(connection, month),
        indices=shown.indices,
        newest=shown.newest,
        freshness=tuple(map(_freshness, read_freshness(connection, now))),
        late=tuple(late),
        withheld={},
        bulletins=tuple(bulletins_on_disk(installation.settings.bulletins, connection)),
        feed={},
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What both builds are made of, before the public one is cut."""

    origin: Origin | None
    calibration: str
    landscapes: tuple[LandscapeFacts, ...]
    plans: Mapping[Country, Timetable]
    indices: Mapping[str, IndexHistory]
    newest: Newest


def read_shown(
    installation: Installation,
    connection: Connection,
    month: Month,
    countries: Iterable[Country] = Country,
) -> Shown:
    """Return the landscapes of `countries` with their open values, and the plans."""
    settings, wanted = installation.settings, set(countries)
    calibration = str(settings.calibration)
    sources = deciding_sources(connection, settings)
    stored = [one for one in read_landscapes(connection) if one.landscape.country in wanted]
    aridity = read_aridity(connection, sources[-1], calibration)
    landscapes = landscape_facts(stored, aridity)
    plans = {name: one for name, one in read_plans(connection).items() if name in wanted}
    names = {one.landscape_id for one in landscapes}
    columns = read_index_columns(connection, month, sources, calibration)
    indices = {name: index_history(one) for name, one in columns.items() if name in names}
    newest = _newest(connection, month, sources[-1], calibration, plans)
    origin = read_identity(connection).origin
    return Shown(origin, calibration, landscapes, plans, indices, newest)


def landscape_facts(
    stored: Sequence[StoredLandscape], aridity: Mapping[str, float]
) -> tuple[LandscapeFacts, ...]:
    """Return landscapes by country and English name, numbered in that order."""
    order = sorted(
        (one.landscape for one in stored),
        key=lambda land: (land.country, land.name_en, land.landscape_id),
    )
    names = slugs(land.landscape_id for land in order)
    return tuple(
        LandscapeFacts(
            number=number,
            slug=names[land.landscape_id],
            landscape_id=land.landscape_id,
            names={**land.names, "en": land.name_en},
            country=land.country,
            land_use=land.land_use,
            is_salt_affected=land.is_salt_affected,
            is_derived=land.is_derived,
            area_km2=land.area_km2,
            aridity_index=aridity.get(land.landscape_id),
            headwater_landscape_id=(
                land.headwater_landscape_id if land.headwater_landscape_id in names else None
            ),
            geometry=land.geometry,
        )
        for number, land in enumerate(order)
    )


def index_history(columns: IndexColumns) -> IndexHistory:
    """Return the history of a landscape's indices."""
    month_of = cache(Month.of)
    return IndexHistory(
        [month_of(day) for day in columns.months],
        {code: columns.values[str(code)] for code in INDEX_CODES},
        columns.gaps,
        columns.sources,
        [Release(one) for one in columns.releases],
    )


def spoken(shown: Shown, month: Month) -> set[str]:
    """Return the languages of the plans in force where there are landscapes."""
    countries = {one.country for one in shown.landscapes} & shown.plans.keys()
    found = (shown.plans[country].in_force(month) for country in countries)
    return {language for plan in found if plan is not None for language in plan.spoken}


def unchecked(shown: Shown) -> frozenset[str]:
    """Return the languages in which unchecked words of a plan are read; earlier ones stand in the history."""
    found = {one.country for one in shown.landscapes} & shown.plans.keys()
    plans = (plan for country in found for _, plan in shown.plans[country].plans)
    return frozenset[str]().union(*(unchecked_languages(plan, LANGUAGES) for plan in plans))


def _newest(
    connection: Connection,
    month: Month,
    grid: str,
    calibration: str,
    plans: Mapping[Country, Timetable],
) -> Newest:
    in_force = (one.in_force(month) for one in plans.values())
    measures = {measure for plan in in_force if plan is not None for measure in plan.measures}
    mapped = sorted({str(one.index) for one in measures if isinstance(one, AreaShare)})
    shares = read_shares(connection, month, grid, calibration, mapped)
    return Newest(shares, read_indicators(connection, month))


def _stages_now(rows: Rows) -> dict[Standing, StageNow]:
    return {
        (row["landscape_id"], DroughtType(row["drought_type"])): StageNow(
            row["stage"],
            row["stage_rank"],
            Month.of(row["since_month"]),
            row["is_confirmed"],
            row["silent_months"],
        )
        for row in rows
    }


def _histories(arrays: Iterable[StageArrays]) -> dict[Standing, StageHistory]:
    # A few hundred months and a handful of stages stand for a million rows: make each once.
    month_of, stage_of = cache(Month.of), cache(StageAt)
    return {
        (one.landscape_id, one.drought_type): {
            month_of(day): stage_of(stage, rank, is_confirmed)
            for day, stage, rank, is_confirmed in zip(
                one.months, one.stages, one.ranks, one.confirmed, strict=True
            )
        }
        for one in arrays
    }


def _told(connection: Connection, month: Month) -> tuple[Told, ...]:
    answers = read_answers(connection, month - TOLD_MONTHS)
    facts = {one.alert_id: one for one in read_alerts(connection, [a.alert_id for a in answers])}
    return tuple(Told(facts[one.alert_id], one.state, one.approval) for one in answers)


def _freshness(row: Mapping[str, object]) -> FreshnessFacts:
    return FreshnessFacts(
        country=Country(str(row["country_code"])),
        source=str(row["source"]),
        newest_month=_month(row["newest_month"]),
        release=Release(str(row["release"])) if row["release"] else None,
        landscapes_with_values=int(str(row["landscapes_with_values"])),
        landscapes=int(str(row["landscapes"])),
        months_late=int(str(row["months_late"] or 0)),
        oldest_late_month=_month(row["oldest_late_month"]),
        late_since=_day(row["late_since"]),
    )


def _month(day: object) -> Month | None:
    found = _day(day)
    return None if found is None else Month.of(found)


def _day(value: object) -> date | None:
    return (
        value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
    )
