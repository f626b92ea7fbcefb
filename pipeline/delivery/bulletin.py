"""The monthly bulletin: plain text, and one page for a browser. Pure wording, English only.

Both are internal: they show stages as computed, whether or not an alert about them was approved.
A stage's name is always in quotes, because it is the plan's word; `none` is said only where a
value was heard.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.alerts.figures import (
    day_in_words,
    month_in_words,
    threshold_in_words,
    value_in_words,
)
from pipeline.alerts.indices_in_words import gap_in_words, short_index, short_measure
from pipeline.alerts.words import words_of
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.delivery.bulletin_facts import (
    AreaFacts,
    BulletinFacts,
    CountryFacts,
    Freshness,
    LandscapeFacts,
    StageFacts,
    Standing,
    kinds_not_national,
)
from pipeline.plans.document import Plan
from pipeline.plans.lateness import LateReading, late_together
from pipeline.plans.rule_document import OfHeadwater, SourceKind

WIDTH = 72
NOT_KNOWN = "not known"
NOT_IN_PLAN = "not in the plan"

HOW_TO_READ = (
    "A stage begins when an index, the share of the area at which an index is low, or an indicator of "
    "the agency has crossed the plan's threshold, and stays until the plan's threshold for ending is "
    "crossed. Names of stages in quotes are the plan's own words; to show one here announces nothing.",
    "Since: first month of the stage, or of the record. Without a word on a change the stage is the "
    "same as the month before.",
    "None: values came, and no rule of the plan is active. Not known: no value came; it does not "
    "mean that there is no drought.",
    "Held: no value came, and the stage stays as it was. Unconfirmed: held for longer than the plan "
    "allows.",
    "Derived: the land use was derived from land cover, not stated by an agency.",
    "Meteorological, agricultural and hydrological drought are judged by different indices and "
    "spans of months, as the plan says. Indices see the rain, snow, soil and evaporation of the land "
    "itself, not river water or irrigation; where the plan says so, irrigated land also follows the "
    "index of its headwater.",
)

_COLUMN_HEADS = {
    DroughtType.METEOROLOGICAL: "Meteoro\N{SOFT HYPHEN}logical",
    DroughtType.AGRICULTURAL: "Agri\N{SOFT HYPHEN}cultural",
    DroughtType.HYDROLOGICAL: "Hydro\N{SOFT HYPHEN}logical",
}
"""A phone is narrower than these words."""

_WORDS = words_of("en")
_NO_SCHEDULE = "No schedule is set for this source: whether its data are late cannot be said."


@dataclass(frozen=True, slots=True)
class Cell:
    """One drought type of one landscape, in words."""

    state: str
    remarks: tuple[str, ...]
    """Since when, how long without a value, and the change against the month before."""
    rank: int
    is_sure: bool
    """False where the stage is unconfirmed or not known."""


@dataclass(frozen=True, slots=True)
class Row:
    """One landscape, in words."""

    name: str
    land_use: str
    cells: Mapping[DroughtType, Cell]
    has_ended: bool
    """Whether a stage of the month before is gone."""

    @property
    def rank(self) -> int:
        return max(cell.rank for cell in self.cells.values())

    @property
    def is_sure(self) -> bool:
        return all(cell.is_sure for cell in self.cells.values())


def bulletin_name(month: Month) -> str:
    """Return the file name of the bulletin in plain text."""
    return f"bulletin-{month}.txt"


def bulletin_text(facts: BulletinFacts) -> str:
    """Return the bulletin as plain text, 72 columns; it ends with a newline."""
    return _rendered("bulletin.txt.j2", facts)


def bulletin_page(facts: BulletinFacts) -> str:
    """Return the page: one HTML file that needs no other."""
    return _rendered("page.html.j2", facts)


def situation(country: CountryFacts) -> str:
    """Return one sentence: how many landscapes stand in each stage of each drought type."""
    told = "; ".join(_situation_of(country, drought_type) for drought_type in DroughtType)
    return f"Of {_counted(len(country.landscapes), 'landscape')}: {told}."


def change(now: Standing, before: Standing | None) -> str:
    """Return what is different from the month before; nothing where nothing is."""
    if before is None:
        return "nothing to compare with"
    if (now.stage, now.rank, now.is_confirmed) == (before.stage, before.rank, before.is_confirmed):
        return ""
    same_plan = (now.plan_id, now.plan_version) == (before.plan_id, before.plan_version)
    if not same_plan or now.rank == before.rank or not (now.is_known and before.is_known):
        confirmed = ", confirmed" if before.rank and before.is_confirmed > now.is_confirmed else ""
        return f"was {_state(before)}{confirmed}"
    if before.rank == 0:
        return "new"
    if now.rank == 0:
        return f"ended, was {_state(before)}"
    return f"{'up' if now.rank > before.rank else 'down'} from {_state(before)}"


def months_overdue(facts: BulletinFacts) -> int:
    """Return how many later months should have stages by now, by the source's schedule."""
    if facts.expected_month is None:
        return 0
    return max(0, facts.expected_month.ordinal - facts.month.ordinal)


def caution(facts: BulletinFacts) -> str | None:
    """Return what a reader must know before anything else; None if all thresholds are law."""
    if facts.is_simulated:
        return _WORDS.banner
    plans = [plan for country in facts.countries for plan in country.plans]
    kinds = {kind for plan in plans for kind in kinds_not_national(plan)}
    draft = "not adopted by national law; draft, not for public release"
    if SourceKind.AGENCY in kinds:
        return f"Generic thresholds and an agency's table, {draft}"
    if kinds:
        return f"Generic thresholds, {draft}"
    if any(plan.status != "adopted" for plan in plans):
        return f"Thresholds of a template, {draft}"
    return None


def missing(country: CountryFacts, month: Month) -> dict[str, list[str]]:
    """Return the landscapes whose stage of `month` is not known or not confirmed, by the reason."""
    found: dict[str, list[str]] = {}
    for landscape in country.landscapes:
        reasons: dict[str, list[DroughtType]] = {}
        for drought_type, stage in landscape.stages.items():
            if not _cell(stage).is_sure:
                reasons.setdefault(_reason(stage, month), []).append(drought_type)
        for reason, types in reasons.items():
            which = "" if len(types) == len(DroughtType) else f" ({' and '.join(types)} drought)"
            found.setdefault(f"{reason}{which}", []).append(landscape.name)
    return found


def _rendered(template: str, facts: BulletinFacts) -> str:
    environment = Environment(
        loader=PackageLoader("pipeline.delivery"),
        autoescape=select_autoescape(enabled_extensions=("html", "html.j2"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment.get_template(template).render(_view(facts)).rstrip("\n") + "\n"


def _view(facts: BulletinFacts) -> dict[str, Any]:
    return {
        "month": month_in_words(facts.month, _WORDS),
        "month_before": month_in_words(facts.month - 1, _WORDS),
        "made_at": f"{facts.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "is_simulated": facts.is_simulated,
        "caution": caution(facts),
        "late": _late(facts),
        "revised": _revised(facts),
        "countries": [_country_view(country, facts.month) for country in facts.countries],
        "drought_types": list(DroughtType),
        "column_heads": _COLUMN_HEADS,
        "how_to_read": HOW_TO_READ,
        "freshness": [
            *_freshness(facts),
            *map(_late_readings, late_together(facts.late_readings)),
        ],
        "unfinished": facts.unfinished,
        "pending": f"{_counted(facts.pending, 'alert')} {'waits' if facts.pending == 1 else 'wait'}",
        "data": _data(facts),
        "bulletin_name": bulletin_name(facts.month),
    }


def _country_view(country: CountryFacts, month: Month) -> dict[str, Any]:
    rows = sorted((_row(land) for land in country.landscapes), key=_gravest_first)
    return {
        "name": _WORDS.countries[country.country],
        "situation": situation(country),
        "rows": rows,
        "to_tell": [row for row in rows if row.rank > 0 or row.has_ended],
        "quiet": [row for row in rows if row.rank == 0 and row.is_sure and not row.has_ended],
        "missing": missing(country, month),
        "plans": [_plan_in_words(plan) for plan in country.plans],
    }


def _gravest_first(row: Row) -> tuple[int, bool, str]:
    return (-row.rank, not row.is_sure, row.name)


def _row(landscape: LandscapeFacts) -> Row:
    derived = ", derived" if landscape.is_derived else ""
    stages = landscape.stages.values()
    return Row(
        landscape.name,
        f"{_WORDS.land_uses[landscape.land_use]}{derived}",
        {drought_type: _cell(stage) for drought_type, stage in landscape.stages.items()},
        any(s.now and s.before and s.now.rank == 0 < s.before.rank for s in stages),
    )


def _cell(facts: StageFacts) -> Cell:
    now = facts.now
    if not facts.has_ladder:
        return Cell(NOT_IN_PLAN, (), 0, is_sure=True)
    if now is None:
        return Cell(NOT_KNOWN, (), 0, is_sure=False)
    remarks = []
    if now.is_known:
        remarks.append(f"since {format_date(now.since.first_day, 'MMM y', locale=_WORDS.locale)}")
    if now.is_known and now.silent_months:
        remarks.append(f"held, {_counted(now.silent_months, 'month')} without a value")
    remarks += map(_area, facts.areas)
    remarks.append(change(now, facts.before))
    return Cell(_state(now), tuple(filter(None, remarks)), now.rank, now.is_confirmed)


def _area(area: AreaFacts) -> str:
    """Return the share, as a letter says it, beside the threshold of the present stage."""
    measure, index = area.measure, area.measure.index
    said = _WORDS.indices.on_area.format(
        share=value_in_words(area.share, measure, _WORDS, area.enter_at),
        index=short_index(index, area.month.month, _WORDS),
        limit=threshold_in_words(measure.at_or_below, index, _WORDS),
        by="",
    )
    threshold = threshold_in_words(area.enter_at, measure, _WORDS)
    return f"{said[0].lower()}{said[1:]} (the plan's threshold is {threshold})"


def _state(standing: Standing) -> str:
    if standing.rank == 0:
        return "none" if standing.is_confirmed else NOT_KNOWN
    return _quoted(standing) + ("" if standing.is_confirmed else ", unconfirmed")


def _quoted(standing: Standing) -> str:
    own = "".join(f' ("{word}")' for word in standing.own_words)
    return f'"{standing.stage}"{own}'


def _situation_of(country: CountryFacts, drought_type: DroughtType) -> str:
    stages = [landscape.stages[drought_type] for landscape in country.landscapes]
    named = Counter((s.now.rank, _quoted(s.now)) for s in stages if s.now and s.now.rank)
    unsure = Counter(
        _quoted(s.now) for s in stages if s.now and s.now.rank and not s.now.is_confirmed
    )
    told = [
        f"{name} in {number}" + (f" ({unsure[name]} unconfirmed)" if unsure[name] else "")
        for (_, name), number in sorted(named.items(), reverse=True)
    ]
    others = Counter(_cell(s).state for s in stages if not (s.now and s.now.rank))
    told += [f"{state} in {others[state]}" for state in ("none", NOT_KNOWN) if others[state]]
    if others[NOT_IN_PLAN]:
        told.append(f"no stages in the plan for {others[NOT_IN_PLAN]}")
    return f"{_WORDS.drought[drought_type]} {', '.join(told)}"


def _reason(facts: StageFacts, month: Month) -> str:
    if facts.gaps:
        said = {gap_in_words(gap, one, month.month, _WORDS) for one, gap in facts.gaps.items()}
        return "; ".join(sorted(said))
    if facts.now is None:
        return "no stage was worked out for this month"
    return "no rule of the plan has heard a value yet"


def _late(facts: BulletinFacts) -> str | None:
    overdue = months_overdue(facts)
    if not overdue:
        return None
    due = month_in_words(facts.month + overdue, _WORDS)
    stages = month_in_words(facts.month, _WORDS)
    return (
        f"Late: stages are known up to {stages} and should be up to {due} "
        f"({_counted(overdue, 'month')} missing). What has happened since is not known."
    )


def _revised(facts: BulletinFacts) -> str | None:
    revised = facts.revised
    if revised is None:
        return None
    first, last = (month_in_words(month, _WORDS) for month in (revised.first, revised.last))
    told = "nothing of it had been told"
    if revised.alerts:
        own = "is an alert of its own" if revised.alerts == 1 else "are alerts of their own"
        told = f"{_counted(revised.alerts, 'correction')} {own}"
    return (
        f"Revised: since {month_in_words(facts.month, _WORDS)} came, later values or another boundary "
        f"have changed the stage of {_counted(revised.landscapes, 'landscape')} in "
        f"{first if first == last else f'{first} to {last}'}; {told}. `drought revisions` lists them."
    )


def _freshness(facts: BulletinFacts) -> list[str]:
    return [
        f"{_WORDS.countries[one.country]}, {one.source}: {_newest(one, facts.month)}{_overdue(one)}"
        for one in facts.freshness
    ]


def _late_readings(some: Sequence[LateReading]) -> str:
    """Say what came later than a plan allows: which figures, of which month, where, due by when."""
    one = some[0]
    figures = ", ".join(map(_figure, some))
    return (
        f"{_WORDS.countries[one.country]}, late by the plan: {figures} of "
        f"{month_in_words(one.month, _WORDS)} in {one.landscapes} of "
        f"{_counted(one.asked, 'landscape')}; the plan allows {_counted(one.days, 'day')} after the "
        f"end of a month, here until {day_in_words(one.due, _WORDS)}"
    )


def _figure(one: LateReading) -> str:
    of_headwater = " of the headwater" if isinstance(one.heard, OfHeadwater) else ""
    return f"{short_measure(one.measure, one.month.month, _WORDS)}{of_headwater}"


def _newest(one: Freshness, stages_to: Month) -> str:
    if one.newest_month is None:
        return f"no values of {_counted(one.landscapes, 'landscape')} yet"
    return (
        f"newest month {month_in_words(one.newest_month, _WORDS)} ({one.release}), values for "
        f"{one.landscapes_with_values} of {_counted(one.landscapes, 'landscape')}"
        + (", newer than the stages" if one.newest_month > stages_to else "")
    )


def _overdue(one: Freshness) -> str:
    said = ""
    if one.oldest_late_month is not None and one.late_since is not None:
        said += (
            f"; {_counted(one.months_late, 'month')} late, "
            f"{month_in_words(one.oldest_late_month, _WORDS)} since "
            f"{format_date(one.late_since, 'd MMMM y', locale=_WORDS.locale)}"
        )
    if one.preliminary_overdue:
        said += f"; final values of {_counted(one.preliminary_overdue, 'month')} overdue"
    return said


def _data(facts: BulletinFacts) -> list[str]:
    source = facts.source
    if facts.is_simulated:
        source = _WORDS.simulated_source.format(source=source)
    releases = [
        f"{_WORDS.releases[release]} ({_counted(number, 'landscape')})"
        for release, number in sorted(facts.releases.items())
    ]
    if len(releases) == 1:
        releases = [_WORDS.releases[release] for release in facts.releases]
    unknown = [_NO_SCHEDULE] if facts.expected_month is None else []
    return [f"Source: {source}.", *unknown, *releases, f"Calibration: {facts.calibration}."]


def _plan_in_words(plan: Plan) -> str:
    named = _WORDS.plan.format(
        title=plan.title.in_language("en"), plan_id=plan.plan_id, version=plan.version
    )
    if plan.authority is None:
        return f"{named} {_WORDS.template}"
    return f"{named} {_WORDS.adopted.format(authority=plan.authority)}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _wrapped(text: str, indent: int = 0) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
