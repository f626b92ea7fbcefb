"""The map of a bulletin: landscapes by their gravest stage, with the number of its rank on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from pipeline.alerts.figures import month_in_words
from pipeline.delivery.bulletin.content import LegendEntry, Map, fit_for_xml
from pipeline.delivery.bulletin.facts import BulletinFacts, LandscapeFacts
from pipeline.delivery.bulletin.naming import landscape_name, quoted_stage
from pipeline.delivery.bulletin.words import BulletinWords
from pipeline.delivery.outlines import Outline, OutlineMap
from pipeline.delivery.stage_colours import NOT_KNOWN, Colour, colour_of_rank

_BORDER = "#55565a"
_MARK = "#7a0016"
_HATCH = "hatch"
_LARGEST, _SMALLEST = 45, 110
"""So many numbers of the largest and the smallest size would stand side by side across the map."""


def stage_map(facts: BulletinFacts, words: BulletinWords, mark: str | None) -> Map | None:
    """Return the map; None where no landscape has a boundary.

    Args:
        facts: of one country or the region.
        words: of the language.
        mark: what is written across the map; None: nothing.
    """
    if facts.outlines is None or not facts.outlines.outlines:
        return None
    title = words.map.title.format(month=month_in_words(facts.month, words.letters))
    described = words.map.described.format(counts=_counts(facts, words))
    return Map(
        _svg(facts, facts.outlines, (title, described, mark), words),
        title,
        described,
        tuple(_legend(facts, words)),
        (words.map.colours, words.map.boundaries),
    )


def names_of_rank(facts: BulletinFacts, rank: int, words: BulletinWords) -> str:
    """Return what the plans in force call the stage of a rank; each name once."""
    if rank == 0:
        return words.letters.no_stage
    ladders = [ladder for plan in facts.plans for ladder in plan.ladders.values()]
    found: dict[str, str] = {}
    for names in (one.stages[rank - 1].names for one in ladders if rank <= len(one.stages)):
        name, said = names.in_language(words.language), quoted_stage(names, words)
        found[name] = max(said, found.get(name, ""), key=len)
    return " / ".join(found.values())


def _is_unknown(landscape: LandscapeFacts) -> bool:
    return landscape.rank == 0 and not landscape.is_sure


def _counts(facts: BulletinFacts, words: BulletinWords) -> str:
    known = Counter(one.rank for one in facts.landscapes if not _is_unknown(one))
    told = [f"{names_of_rank(facts, rank, words)}: {known[rank]}" for rank in sorted(known)[::-1]]
    unknown = sum(map(_is_unknown, facts.landscapes))
    if unknown:
        told.append(f"{words.stages.not_known}: {unknown}")
    return "; ".join(told)


def _legend(facts: BulletinFacts, words: BulletinWords) -> Iterator[LegendEntry]:
    longest = max((len(one.stages) for p in facts.plans for one in p.ladders.values()), default=0)
    for rank in range(longest, 0, -1):
        named = names_of_rank(facts, rank, words)
        yield LegendEntry(f"{rank}: {named}", colour_of_rank(rank))
    yield LegendEntry(words.letters.no_stage, colour_of_rank(0))
    if any(map(_is_unknown, facts.landscapes)):
        yield LegendEntry(words.stages.not_known, NOT_KNOWN, is_hatched=True)
    if any(one.rank and not one.is_sure for one in facts.landscapes):
        yield LegendEntry(words.map.hatched, colour_of_rank(1), is_hatched=True)


def _svg(
    facts: BulletinFacts,
    outlines: OutlineMap,
    said: tuple[str, str, str | None],
    words: BulletinWords,
) -> str:
    title, described, mark = said
    step = round(outlines.width / 120)
    shapes = [
        _shape(landscape, outlines.outlines[landscape.landscape_id], words)
        for landscape in facts.landscapes
        if landscape.landscape_id in outlines.outlines
    ]
    numbers = [
        _number(landscape, outlines.outlines[landscape.landscape_id], outlines.width)
        for landscape in facts.landscapes
        if landscape.rank and landscape.landscape_id in outlines.outlines
    ]
    return fit_for_xml(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{outlines.view_box}" role="img" '
        f'aria-labelledby="map-title map-text">'
        f'<title id="map-title">{escape(title)}</title>'
        f'<desc id="map-text">{escape(described)}</desc>'
        f'<defs><pattern id="{_HATCH}" width="{step}" height="{step}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="{max(1, step // 5)}" height="{step}" '
        f'fill="#1a1a1a"/></pattern></defs>'
        f'<g fill-rule="evenodd" stroke="{_BORDER}" stroke-width="{outlines.width / 1000:g}" '
        f'stroke-linejoin="round">{"".join(shapes)}</g>'
        f"{_mark(mark, outlines)}"
        f'<g font-family="sans-serif" font-weight="bold" text-anchor="middle">'
        f"{''.join(numbers)}</g></svg>"
    )


def _shape(landscape: LandscapeFacts, outline: Outline, words: BulletinWords) -> str:
    name = quoteattr(landscape.landscape_id)
    path = f'<path d="{outline.path}" fill="{_colour(landscape).fill}" data-landscape={name}>'
    drawn = f"{path}<title>{escape(landscape_name(landscape, words))}</title></path>"
    if landscape.is_sure:
        return drawn
    return f'{drawn}<path d="{outline.path}" fill="url(#{_HATCH})"/>'


def _colour(landscape: LandscapeFacts) -> Colour:
    return NOT_KNOWN if _is_unknown(landscape) else colour_of_rank(landscape.rank)


def _number(landscape: LandscapeFacts, outline: Outline, width: int) -> str:
    """Return the rank inside a landscape; nothing where it would not be read or not fit."""
    (x, y), (left, top, right, bottom) = outline.point, outline.bounds
    size = min(width / _LARGEST, 0.55 * (right - left), 0.55 * (bottom - top))
    if size < width / _SMALLEST:
        return ""
    return (
        f'<text x="{x}" y="{y}" dy=".35em" font-size="{size:.0f}" '
        f'fill="{_colour(landscape).text}">{landscape.rank}</text>'
    )


def _mark(mark: str | None, outlines: OutlineMap) -> str:
    if mark is None:
        return ""
    x, y = outlines.width / 2, outlines.height / 2
    size = min(outlines.width / (0.75 * len(mark)), outlines.height / 3)
    return (
        f'<text x="{x:g}" y="{y:g}" dy=".35em" text-anchor="middle" font-family="sans-serif" '
        f'font-weight="bold" font-size="{size:.0f}" fill="{_MARK}" fill-opacity=".28" '
        f'transform="rotate(-18 {x:g} {y:g})">{escape(mark)}</text>'
    )
