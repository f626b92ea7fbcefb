"""Which readings ought to be there by now, as the plan in force says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.core.forecasts import ForecastProbability
from pipeline.core.ids import Country
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import Land, OfHeadwater
from pipeline.plans.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Place:
    """A landscape, as far as rules ask for it."""

    landscape_id: str
    country: Country
    land: Land
    headwater: str | None
    """Landscape id; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One reading that ought to be there."""

    country: Country
    """Of the plan that expects it."""
    heard: Measure | OfHeadwater
    month: Month
    """The newest whose days are over."""
    days: int
    """After the last day of the month, by the plan."""
    landscape_id: str
    """The landscape, not its headwater."""
    read_of: str
    """The landscape whose reading it is."""

    @property
    def due(self) -> date:
        """The last day on which it was in time."""
        return _due(self.month, self.days)


@dataclass(frozen=True, slots=True)
class LateReading:
    """A measure that landscapes of a country lack."""

    country: Country
    heard: Measure | OfHeadwater
    month: Month
    days: int
    due: date
    landscapes: int
    """Those without a reading."""
    asked: int
    """All for which the plan expects it."""

    @property
    def measure(self) -> Measure:
        """What is lacking, of whichever landscape."""
        return self.heard.measure if isinstance(self.heard, OfHeadwater) else self.heard


def expected_readings(
    places: Iterable[Place], timetables: Mapping[Country, Timetable], today: date
) -> Iterator[Expected]:
    """Yield what ought to be there at the beginning of `today`, by landscape and measure.

    Nothing of a plan that says no days, and nothing of months in which no rule speaks.
    """
    for place in places:
        timetable = timetables.get(place.country)
        for plan in [] if timetable is None else _ruling(timetable):
            for (heard, month), days in _allowed(plan, place.land, today).items():
                if timetable is not None and timetable.in_force(month) is plan:
                    above = place.headwater if isinstance(heard, OfHeadwater) else None
                    yield Expected(
                        place.country,
                        heard,
                        month,
                        days,
                        place.landscape_id,
                        above or place.landscape_id,
                    )


def late_readings(expected: Iterable[Expected], missing: Iterable[Expected]) -> list[LateReading]:
    """Count by country and measure which of the `expected` readings are `missing`."""
    asked: dict[tuple[str, str, Month, int], list[Expected]] = {}
    for one in expected:
        asked.setdefault((one.country, str(one.heard), one.month, one.days), []).append(one)
    lacking = set(missing)
    return [
        LateReading(some[0].country, some[0].heard, month, days, some[0].due, late, len(some))
        for (_, _, month, days), some in sorted(asked.items())
        if (late := sum(one in lacking for one in some))
    ]


def late_together(readings: Iterable[LateReading]) -> list[list[LateReading]]:
    """Put together what is late alike, and would be brought alike: indices, maps, documents."""
    groups: dict[tuple[object, ...], list[LateReading]] = {}
    for one in readings:
        kind = type(one.measure)
        alike = (one.country, kind, one.month, one.days, one.landscapes, one.asked)
        groups.setdefault(alike, []).append(one)
    return list(groups.values())


def _ruling(timetable: Timetable) -> list[Plan]:
    return list({(plan.plan_id, plan.version): plan for _, plan in timetable.plans}.values())


def _allowed(plan: Plan, land: Land, today: date) -> dict[tuple[Measure | OfHeadwater, Month], int]:
    """The days after which each measure is late in its newest month, by the strictest rule."""
    found: dict[tuple[Measure | OfHeadwater, Month], int] = {}
    for rule in (rule for ladder in plan.ladders.values() for rule in ladder.every_rule):
        days = plan.late_after_days if rule.late_after_days is None else rule.late_after_days
        heard = rule.heard
        if days is None or isinstance(heard, ForecastProbability) or not rule.applies_to(land):
            continue
        month = _newest_overdue(today, days)
        if month.month in rule.speaking_months:
            found[heard, month] = min(days, found.get((heard, month), days))
    return found


def _due(month: Month, days: int) -> date:
    return (month + 1).first_day + timedelta(days=days - 1)


def _newest_overdue(today: date, days: int) -> Month:
    month = Month.of(today - timedelta(days=days))
    while _due(month, days) >= today:
        month -= 1
    return month
