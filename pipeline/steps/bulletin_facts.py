"""What there is to say in the bulletins of a month: of each country with landscapes, and of the region.

Read once for all of them. The caller holds the transaction: one snapshot, so that an evaluation that
commits meanwhile cannot show half its work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, Release
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import (
    REGION,
    BulletinFacts,
    CountryFacts,
    Freshness,
    IssueFacts,
    LandscapeFacts,
    NoteFacts,
    Revised,
    Scope,
    scope_name,
)
from pipeline.delivery.outlines import outlines
from pipeline.steps.bulletin_alerts import read_alert_counts
from pipeline.steps.bulletin_landscapes import plans_in_force, read_landscape_facts
from pipeline.steps.installation import ENGINE, Installation, deciding_sources
from pipeline.steps.late_readings import read_late_readings
from pipeline.warehouse.bulletin_facts import read_revised_since
from pipeline.warehouse.bulletins import read_issues, read_notes
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.outcomes import read_identity, read_latest_outcomes
from pipeline.warehouse.status import (
    Rows,
    read_freshness,
    read_index_gaps,
    read_newest_stage_month,
)

_OURS = frozenset({"publish", "publish_one", "bulletins", "issue_bulletin"})
"""Steps that write this very thing."""
_BESIDE = frozenset({"compute_beside", "maps_beside"})
"""Steps of which no month needs anything."""
_COUNTRY_WIDTH, _COUNTRY_BYTES = 1200, 40_000
_REGION_WIDTH, _REGION_BYTES = 2400, 60_000


def bulletin_facts(
    installation: Installation, connection: Connection, month: Month | None, scope: Scope
) -> BulletinFacts:
    """Return what there is to say about `month` in one country or the region.

    Raises:
        InputError: as `read_bulletin_facts`; or there are no landscapes in `scope`.
    """
    found = read_bulletin_facts(installation, connection, month)
    if scope not in found:
        raise InputError(
            f"bulletin: expected one of {', '.join(map(scope_name, found))}, got {scope_name(scope)}; "
            "load its landscapes first"
        )
    return found[scope]


def read_bulletin_facts(
    installation: Installation, connection: Connection, month: Month | None = None
) -> dict[Scope, BulletinFacts]:
    """Return what there is to say about `month`, or the newest, in each country and in the region.

    Raises:
        InputError: there are no stages of the month, or the indices behind them are not those of the
            settings.
    """
    newest = read_newest_stage_month(connection)
    if newest is None:
        raise InputError(
            "bulletin: expected stages in the warehouse, got none; run `drought evaluate` first "
            "(after `drought ingest` and `drought compute`)"
        )
    ground = _ground(installation, connection, month or newest, newest)
    countries = tuple(_countries(installation, connection, ground))
    scopes: dict[Scope, tuple[CountryFacts, ...]] = {one.country: (one,) for one in countries}
    scopes[REGION] = countries
    shapes = {
        one.landscape.landscape_id: one.landscape.geometry for one in read_landscapes(connection)
    }
    notes, issues = _notes(connection, ground.month), _issues(connection, ground.month)
    return {
        scope: BulletinFacts(
            scope=scope,
            month=ground.month,
            is_newest=ground.month == newest,
            made_at=installation.clock(),
            software=ENGINE,
            origin=read_identity(connection).origin,
            sources=ground.sources,
            calibration=str(installation.settings.calibration),
            countries=chosen,
            expected_month=ground.expected({one.country for one in chosen}),
            unfinished=ground.unfinished,
            outlines=outlines(
                {one.landscape_id: shapes[one.landscape_id] for one in _landscapes(chosen)},
                width=_REGION_WIDTH if scope is REGION else _COUNTRY_WIDTH,
                most_bytes=_REGION_BYTES if scope is REGION else _COUNTRY_BYTES,
            ),
            notes=notes.get(scope_name(scope), ()),
            issue=issues.get(scope_name(scope)),
        )
        for scope, chosen in scopes.items()
    }


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all scopes share."""

    month: Month
    sources: tuple[str, ...]
    indices: Rows
    """Release and gaps of each landscape's indices in the month."""
    fresh: Rows
    unfinished: Mapping[str, str]

    def expected(self, countries: set[Country]) -> Month | None:
        """Return the newest month that the deciding sources should have brought to `countries`."""
        due = {
            row["expected_month"]
            for row in self.fresh
            if row["source"] in self.sources and row["country_code"] in countries
        } - {None}
        return Month.of(max(due)) if due else None


def _ground(
    installation: Installation, connection: Connection, month: Month, newest: Month
) -> _Ground:
    settings = installation.settings
    if month > newest:
        raise InputError(
            f"bulletin: expected a month with stages, at the latest {newest}, got {month}; run "
            "`drought evaluate` first"
        )
    sources = deciding_sources(connection, settings)
    calibration = str(settings.calibration)
    indices = read_index_gaps(connection, month, sources, calibration)
    if not indices:
        raise InputError(
            f"bulletin: expected indices of {month} from {', else '.join(sources)} calibrated "
            f"{calibration}, got none; name a month that has them, or set DROUGHT_SOURCE and "
            "DROUGHT_CALIBRATION as they were for `drought evaluate`"
        )
    unfinished = {
        outcome.step: outcome.state
        for outcome in read_latest_outcomes(connection)
        if outcome.state != "done" and outcome.step not in _OURS | _BESIDE
    }
    fresh = read_freshness(connection, installation.clock())
    return _Ground(month, sources, indices, fresh, unfinished)


def _countries(
    installation: Installation, connection: Connection, ground: _Ground
) -> list[CountryFacts]:
    month, period = ground.month, installation.settings.calibration
    landscapes = read_landscape_facts(connection, month, ground.indices, ground.sources, period)
    late = read_late_readings(connection, ground.sources, period, installation.clock())
    revised = {row["country_code"]: _revised(row) for row in read_revised_since(connection, month)}
    alerts = read_alert_counts(connection, month)
    released = {row["landscape_id"]: Release(row["release"]) for row in ground.indices}
    return [
        CountryFacts(
            country=country,
            plans=plans_in_force(of_country),
            landscapes=of_country,
            releases=Counter(
                released[one.landscape_id] for one in of_country if one.landscape_id in released
            ),
            freshness=tuple(_freshness(r) for r in ground.fresh if r["country_code"] == country),
            late_readings=tuple(one for one in late if one.country is country),
            revised=revised.get(country),
            alerts=alerts[country],
        )
        for country, of_country in landscapes.items()
    ]


def _landscapes(countries: tuple[CountryFacts, ...]) -> list[LandscapeFacts]:
    return [one for country in countries for one in country.landscapes]


def _freshness(row: Mapping[str, Any]) -> Freshness:
    return Freshness(
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


def _revised(row: Mapping[str, Any]) -> Revised:
    first, last = Month.of(row["first_month"]), Month.of(row["last_month"])
    return Revised(row["landscapes"], first, last, row["alerts"])


def _notes(connection: Connection, month: Month) -> dict[str, tuple[NoteFacts, ...]]:
    found: dict[str, tuple[NoteFacts, ...]] = {}
    for row in read_notes(connection, month):
        note = NoteFacts(row["language"], row["body"], row["author"], row["written_at"])
        found[row["scope"]] = (*found.get(row["scope"], ()), note)
    return found


def _issues(connection: Connection, month: Month) -> dict[str, IssueFacts]:
    return {
        row["scope"]: IssueFacts(
            row["number"],
            row["issued_on"],
            row["issued_by"],
            row["office"],
            row["legal_basis"],
            row["accepts_unchecked"],
        )
        for row in read_issues(connection, month)
    }
