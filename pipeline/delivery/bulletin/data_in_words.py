"""The data behind a bulletin in words: what was used, what is late by schedule or plan, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.indices_in_words import short_measure
from pipeline.core.ids import BLENDED
from pipeline.core.months import Month
from pipeline.delivery.bulletin.content import Entry, Listing
from pipeline.delivery.bulletin.facts import BulletinFacts, CountryFacts, Freshness, Revised
from pipeline.delivery.bulletin.words import BulletinWords, Ending, sentence
from pipeline.plans.lateness import LateReading, late_together
from pipeline.plans.rule_document import OfHeadwater


def data_listing(facts: BulletinFacts, words: BulletinWords) -> Listing:
    """Return the lines on the data, of the region each with the name of its country."""
    return Listing(tuple(_entries(facts, words)))


def _entries(facts: BulletinFacts, words: BulletinWords) -> Iterator[Entry]:
    said = words.data
    yield Entry(said.source.format(source=_sources(facts, words)))
    yield Entry(said.calibration.format(calibration=facts.calibration))
    if facts.expected_month is None:
        yield Entry(said.no_schedule)
    for country in facts.countries:
        name = words.letters.countries[country.country]
        lead = f"{name}:" if len(facts.countries) > 1 else ""
        yield from (Entry(line, lead) for line in _of_country(facts, country, words))
    for step, ending in facts.unfinished.items():
        yield Entry(said.unfinished.format(step=step, ending=said.endings[Ending(ending)]))


def _sources(facts: BulletinFacts, words: BulletinWords) -> str:
    letters, (*gauges, grid) = words.letters, facts.sources
    named = letters.simulated_source.format(source=grid) if facts.is_simulated else grid
    if gauges != [BLENDED]:
        return named
    blended = letters.blended_source.format(grid=grid)
    return words.data.otherwise.format(first=blended, second=named)


def _of_country(facts: BulletinFacts, country: CountryFacts, words: BulletinWords) -> Iterator[str]:
    letters = words.letters
    for release, number in sorted(country.releases.items()):
        yield words.data.release.format(release=letters.releases[release], number=number)
    if facts.is_newest:
        # What is fresh is a matter of the day it is made, and says nothing of an older month.
        yield from (_fresh(one, facts.month, words) for one in country.freshness)
        yield from (_late(some, words) for some in late_together(country.late_readings))


def _fresh(one: Freshness, stages_to: Month, words: BulletinWords) -> str:
    said, letters = words.data, words.letters
    if one.newest_month is None or one.release is None:
        return sentence([said.none_yet.format(source=one.source, total=one.landscapes)])
    parts = [
        said.newest.format(
            source=one.source,
            month=month_in_words(one.newest_month, letters),
            release=said.releases[one.release],
            number=one.landscapes_with_values,
            total=one.landscapes,
        )
    ]
    if one.newest_month > stages_to:
        parts.append(said.newer)
    if one.oldest_late_month is not None and one.late_since is not None:
        parts.append(
            said.late.format(
                months=letters.months(one.months_late),
                month=month_in_words(one.oldest_late_month, letters),
                day=day_in_words(one.late_since, letters),
            )
        )
    if one.preliminary_overdue:
        parts.append(said.settling.format(months=letters.months(one.preliminary_overdue)))
    return sentence(parts)


def _late(some: Sequence[LateReading], words: BulletinWords) -> str:
    """Say what came later than a plan allows: which figures, of which month, where, due by when."""
    one, letters = some[0], words.letters
    said = words.data.late_reading.format(
        figures=", ".join(_figure(late, words) for late in some),
        month=month_in_words(one.month, letters),
        number=one.landscapes,
        total=one.asked,
        days=letters.days(one.days),
        due=day_in_words(one.due, letters),
    )
    return sentence([f"{said[0].upper()}{said[1:]}"])


def _figure(one: LateReading, words: BulletinWords) -> str:
    said = short_measure(one.measure, one.month.month, words.letters)
    is_headwater = isinstance(one.heard, OfHeadwater)
    return words.data.of_headwater.format(measure=said) if is_headwater else said


def warnings(facts: BulletinFacts, words: BulletinWords) -> tuple[str, ...]:
    """Return what is said right below the title: months overdue, and stages changed since."""
    late = [_overdue(facts, words)] if facts.months_overdue else []
    revised = [
        _revised(country.revised, facts, country, words)
        for country in facts.countries
        if country.revised is not None
    ]
    return (*late, *revised)


def _overdue(facts: BulletinFacts, words: BulletinWords) -> str:
    letters = words.letters
    return words.warnings.late.format(
        stages=month_in_words(facts.month, letters),
        due=month_in_words(facts.month + facts.months_overdue, letters),
        months=letters.months(facts.months_overdue),
    )


def _revised(
    revised: Revised, facts: BulletinFacts, country: CountryFacts, words: BulletinWords
) -> str:
    said, letters = words.warnings, words.letters
    told = said.no_corrections
    if revised.alerts:
        told = said.corrections.format(number=revised.alerts)
    span = [month_in_words(month, letters) for month in (revised.first, revised.last)]
    line = said.revised.format(
        month=month_in_words(facts.month, letters),
        number=revised.landscapes,
        span=" – ".join(dict.fromkeys(span)),
        told=told,
    )
    if len(facts.countries) == 1:
        return line
    return f"{letters.countries[country.country]}. {line}"
