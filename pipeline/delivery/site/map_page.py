"""The first page: the map, the list of landscapes beside it, and how many are in which stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.naming import one_line
from pipeline.core.ids import Country, DroughtType
from pipeline.core.languages import nearest
from pipeline.core.months import Month
from pipeline.delivery.outlines import OutlineMap
from pipeline.delivery.site.downloads import feed_downloads
from pipeline.delivery.site.facts import LandscapeFacts, SiteFacts, newest_value
from pipeline.delivery.site.frames import frame
from pipeline.delivery.site.late_lines import late_lines
from pipeline.delivery.site.speech import Speech, month_name
from pipeline.delivery.site.standings import cell, css_of, gravest
from pipeline.delivery.site.views import (
    CountryRows,
    LandscapeRow,
    LegendEntry,
    MapPage,
    MapPicture,
    MapShape,
    Named,
    NothingPage,
    TypeChoice,
    Withheld,
)

ANY = "any"
SLIDER_MONTHS = 24
"""In the first data file; older months come by the year."""


def map_page(facts: SiteFacts, outlines: OutlineMap, said: Speech) -> MapPage:
    """Return the map page in one language; there is a month with stages."""
    month = newest(facts)
    rows = {land.landscape_id: _row(facts, land, said) for land in facts.landscapes}
    return MapPage(
        frame=frame(facts, said, "map", said.texts["map.title"]),
        month=month_name(month, said),
        fresh=_fresh(facts, said),
        years=tuple(sorted({one.year for one in facts.months})),
        types=tuple(_types(facts, said)),
        map=_picture(facts, outlines, rows, said),
        countries=tuple(_countries(facts, rows, said)),
        warnings=tuple(_warnings(facts, said)),
        withheld=withheld(facts, said),
        feeds=feed_downloads(facts, said, "../"),
    )


def nothing_page(facts: SiteFacts, said: Speech) -> NothingPage:
    """Return the only page of a build that has nothing to show."""
    return NothingPage(
        frame(facts, said, "map", said.texts["map.title"]),
        withheld=withheld(facts, said),
        feeds=feed_downloads(facts, said, "../"),
    )


def withheld(facts: SiteFacts, said: Speech) -> tuple[Withheld, ...]:
    """Return each reason for which nothing is shown, with its countries."""
    of_reason: dict[str, list[str]] = {}
    for country, why in sorted(facts.withheld.items()):
        of_reason.setdefault(why, []).append(said.words.countries[country])
    return tuple(
        Withheld(", ".join(countries), said.texts[f"withheld.{why}"])
        for why, countries in of_reason.items()
    )


def newest(facts: SiteFacts) -> Month:
    """Return the newest month; there must be one."""
    assert facts.month is not None  # noqa: S101 - without one there is no page but `nothing`
    return facts.month


def slider_months(facts: SiteFacts) -> Sequence[Month]:
    """Return the months of the first data file, oldest first."""
    return facts.months[-SLIDER_MONTHS:]


def _fresh(facts: SiteFacts, said: Speech) -> str:
    """Return how far the open data go, by country where one is behind, and when the page was made."""
    newest_of: dict[Country, Month] = {}
    for land in facts.landscapes:
        found = facts.indices.get(land.landscape_id)
        last = None if found is None else newest_value(found)
        if last is not None:
            newest_of[land.country] = max(last, newest_of.get(land.country, last))
    last = max(newest_of.values(), default=None)
    if last is None:
        return ""
    behind = [
        f"{said.words.countries[country]}: {month_in_words(month, said.words)}"
        for country, month in newest_of.items()
        if month < last
    ]
    told = month_in_words(last, said.words) + (f" ({'; '.join(behind)})" if behind else "")
    day = day_in_words(facts.made_at.astimezone(UTC).date(), said.words)
    return said.say("map.fresh", month=told, day=day)


def landscape_language(facts: SiteFacts, land: LandscapeFacts, language: str) -> str:
    """Return the language of the page behind a link to a landscape.

    Its own where the plan speaks it; else the one that serves its readers best.
    """
    return nearest(language, facts.languages_of(land.country))


def _row(facts: SiteFacts, land: LandscapeFacts, said: Speech) -> LandscapeRow:
    cells = tuple(cell(facts, land, one, said) for one in DroughtType)
    there = landscape_language(facts, land, said.language)
    name = one_line(land.name_in(said.language))
    others = dict.fromkeys(one_line(text) for text in land.names.values())
    return LandscapeRow(
        number=land.number,
        name=Named(name, said.foreign(land.names)),
        other_names=", ".join(text for text in others if text != name),
        href=f"{'' if there == said.language else f'../{there}/'}landscape/{land.slug}.html",
        hreflang=there,
        country_code=land.country.lower(),
        country=said.words.countries[land.country],
        land_use=said.words.land_uses[land.land_use],
        stages=cells,
        gravest=gravest(cells),
    )


def _picture(
    facts: SiteFacts, outlines: OutlineMap, rows: Mapping[str, LandscapeRow], said: Speech
) -> MapPicture:
    shapes = []
    for land in facts.landscapes:
        row, outline = rows[land.landscape_id], outlines.outlines[land.landscape_id]
        shapes.append(MapShape(land.number, outline.path, row.href, row.gravest.css))
    known = sum(row.gravest.rank is not None for row in rows.values())
    standing = sum(bool(row.gravest.rank) for row in rows.values())
    described = said.say(
        "map.described",
        month=month_in_words(newest(facts), said.words),
        landscapes=len(rows),
        standing=standing,
        unknown=len(rows) - known,
    )
    place = outlines.projection
    return MapPicture(
        outlines.view_box, round(place.west, 6), round(place.north, 6), round(place.scale, 6),
        tuple(shapes), described,
    )  # fmt: skip


def _types(facts: SiteFacts, said: Speech) -> Iterator[TypeChoice]:
    yield TypeChoice(ANY, said.texts["map.any_type"], _legend(facts, list(DroughtType), said))
    for one in DroughtType:
        yield TypeChoice(one, said.words.drought[one], _legend(facts, [one], said))


def _legend(
    facts: SiteFacts, types: Sequence[DroughtType], said: Speech
) -> tuple[LegendEntry, ...]:
    """Return a colour for each rank with all names that plans have for it."""
    names: dict[int, dict[Named, None]] = {}
    for country in facts.countries:
        plan = facts.plan_of(country)
        for ladder in (plan.ladders[t] for t in types if plan and t in plan.ladders):
            for rank, stage in enumerate(ladder.stages, start=1):
                names.setdefault(rank, {})[said.named(stage.names)] = None
    none = said.texts["stage.no_alert"] if facts.is_public else said.words.no_stage
    entries = [LegendEntry(css_of(0), "0", (Named(none),))]
    entries += [
        LegendEntry(css_of(rank), str(rank), tuple(found)) for rank, found in sorted(names.items())
    ]
    entries.append(LegendEntry(css_of(None), "", (Named(said.texts["stage.not_known"]),)))
    if not facts.is_public:
        entries.append(LegendEntry("s1 u", "", (Named(said.texts["stage.unconfirmed"]),)))
    return tuple(entries)


def _countries(
    facts: SiteFacts, rows: Mapping[str, LandscapeRow], said: Speech
) -> Iterator[CountryRows]:
    of_country: dict[Country, list[LandscapeRow]] = {}
    for land in facts.landscapes:
        of_country.setdefault(land.country, []).append(rows[land.landscape_id])
    for country, found in of_country.items():
        name = said.words.countries[country]
        yield CountryRows(country.lower(), name, _situation(found, said), tuple(found))


def _situation(rows: Iterable[LandscapeRow], said: Speech) -> str:
    """Return how many landscapes are in which stage, gravest first."""
    counts = Counter((row.gravest.rank, row.gravest.name.text) for row in rows)
    order = sorted(counts.items(), key=lambda one: -1 if one[0][0] is None else one[0][0])
    told = [f"{name}: {number}" for (_, name), number in reversed(order)]
    return f"{capitalised(', '.join(told), said.language)}."


def _warnings(facts: SiteFacts, said: Speech) -> Iterator[str]:
    if facts.is_public:
        return
    yield from late_lines(facts, said)
    pending = sum(one.state == "pending" for one in facts.told)
    if pending:
        yield said.counted["alerts.pending"](pending)
