"""The hydrological year so far in words: rain beside its normal, by country and kind of land."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from babel.numbers import format_decimal

from pipeline.alerts.figures import month_in_words, share_in_words, value_in_words
from pipeline.alerts.letter_case import capitalised
from pipeline.core.ids import IndexCode, LandUse, Season
from pipeline.delivery.bulletin.content import Block, Cell, Column, Paragraph, Table
from pipeline.delivery.bulletin.facts import BulletinFacts, LandscapeFacts
from pipeline.delivery.bulletin.naming import landscape_name, listed
from pipeline.delivery.bulletin.words import BulletinWords
from pipeline.delivery.bulletin.year import (
    SMRI_HY,
    SPI_HY,
    TWELVE,
    Rain,
    has_all_months,
    months_so_far,
    rain,
    values,
)

_DASH = "–"
_DRIEST = 3

Landscapes = Sequence[LandscapeFacts]


def year_blocks(facts: BulletinFacts, words: BulletinWords) -> Iterator[Block]:
    """Yield which months are counted, the table, how to read it, the driest and the missing."""
    said, months = words.year, months_so_far(facts.month)
    first, last = facts.month - (months - 1), facts.month
    span = {
        "first": month_in_words(first, words.letters),
        "last": month_in_words(last, words.letters),
        "months": words.letters.months(months),
    }
    yield Paragraph((said.span if months > 1 else said.first).format(**span))
    lands = [(name, land) for name, land in _lands(facts, words) if land]
    whole = [one for one in facts.landscapes if has_all_months(one, months)]
    if whole or values(facts.landscapes, SPI_HY):
        yield _table(lands, months, facts.calibration, words)
        yield Paragraph(said.explained.format(calibration=facts.calibration))
        yield from _driest(facts.landscapes, words)
    else:
        yield Paragraph(said.nothing, is_caution=True)
    names = [landscape_name(one, words) for one in facts.landscapes if one not in whole]
    if whole and names:
        yield Paragraph(said.missing.format(names=listed(names, words)), is_caution=True)


def _lands(facts: BulletinFacts, words: BulletinWords) -> Iterator[tuple[str, Landscapes]]:
    """Yield the rows: each country as a whole, and the kinds of land of a country by itself."""
    for country in facts.countries:
        name = words.letters.countries[country.country]
        yield words.year.whole.format(country=name), country.landscapes
    if len(facts.countries) == 1:
        for use in LandUse:
            name = capitalised(words.letters.land_uses[use], words.language)
            yield name, [one for one in facts.landscapes if one.land_use is use]


def _table(
    lands: Iterable[tuple[str, Landscapes]], months: int, calibration: str, words: BulletinWords
) -> Table:
    said = words.year
    label = words.letters.indices.season_labels[Season.HYDROLOGICAL]
    columns = (
        Column(said.land, 22),
        Column(words.stages.landscapes, 14, is_number=True),
        Column(said.millimetres, 12, is_number=True),
        Column(said.percent, 12, is_number=True),
        Column(said.percent_twelve, 14, is_number=True),
        Column(label.format(name="SPI"), 13, is_number=True),
        Column(label.format(name="SMRI"), 13, is_number=True),
    )
    return Table(
        said.caption.format(calibration=calibration),
        columns,
        tuple(_row(name, land, months, words) for name, land in lands),
    )


def _row(name: str, land: Landscapes, months: int, words: BulletinWords) -> tuple[Cell, ...]:
    so_far, twelve = rain(land, months), rain(land, TWELVE)
    return (
        Cell(name),
        Cell(str(len(land))),
        _with_gaps(_millimetres(so_far, words), so_far.without, land, words),
        Cell(_percent(so_far, words)),
        _with_gaps(_percent(twelve, words), twelve.without, land, words),
        _between(land, SPI_HY, words),
        _between(land, SMRI_HY, words),
    )


def _with_gaps(text: str, without: int, land: Landscapes, words: BulletinWords) -> Cell:
    is_partly = 0 < without < len(land)
    return Cell(text, (words.year.without.format(number=without),) if is_partly else ())


def _millimetres(one: Rain, words: BulletinWords) -> str:
    if one.precipitation_mm is None:
        return _DASH
    return str(format_decimal(round(one.precipitation_mm), "0", locale=words.letters.locale))


def _percent(one: Rain, words: BulletinWords) -> str:
    if one.percent is not None:
        return share_in_words(one.percent / 100.0, words.letters)
    return words.year.small if one.has_small_normal else _DASH


def _between(land: Landscapes, index: IndexCode, words: BulletinWords) -> Cell:
    found = values(land, index)
    if not found:
        return Cell(_DASH)
    lowest, highest = (value_in_words(one, index, words.letters) for one in (found[0], found[-1]))
    said = words.year.between.format(lowest=lowest, highest=highest)
    return _with_gaps(lowest if lowest == highest else said, len(land) - len(found), land, words)


def _driest(landscapes: Landscapes, words: BulletinWords) -> Iterator[Paragraph]:
    held = [(value, one) for one in landscapes if (value := one.indices.get(SPI_HY)) is not None]
    if len(held) <= _DRIEST:
        return
    lowest = sorted(held, key=lambda pair: pair[0])[:_DRIEST]
    names = [
        f"{landscape_name(one, words)} ({value_in_words(value, SPI_HY, words.letters)})"
        for value, one in lowest
    ]
    label = words.letters.indices.season_labels[Season.HYDROLOGICAL].format(name="SPI")
    yield Paragraph(words.year.driest.format(index=label, names=", ".join(names)))
