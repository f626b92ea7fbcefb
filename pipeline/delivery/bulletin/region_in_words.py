"""The countries of the region side by side, and what has changed in each since last month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.alerts.figures import month_in_words
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.delivery.bulletin.content import Block, Cell, Column, Entry, Listing, Paragraph, Table
from pipeline.delivery.bulletin.facts import CountryFacts, LandscapeFacts
from pipeline.delivery.bulletin.naming import landscape_name, listed
from pipeline.delivery.bulletin.stages_in_words import counted_states, move
from pipeline.delivery.bulletin.words import BulletinWords, Move

_SHOWN = 6


def region_blocks(
    countries: tuple[CountryFacts, ...], month: Month, words: BulletinWords
) -> Iterator[Block]:
    """Yield one row for each country, and the landscapes whose stage is another than a month before."""
    said = words.stages
    columns = [Column(said.country, 16), Column(said.landscapes, 14, is_number=True)]
    columns += [Column(said.columns[one], 23) for one in DroughtType]
    yield Table(
        said.side_by_side.format(month=month_in_words(month, words.letters)),
        tuple(columns),
        tuple(_row(country, words) for country in countries),
    )
    before = month_in_words(month - 1, words.letters)
    yield Paragraph(said.moves_since.format(month=before))
    yield Listing(tuple(_moves(country, words) for country in countries))


def _row(country: CountryFacts, words: BulletinWords) -> tuple[Cell, ...]:
    name = Cell(words.letters.countries[country.country])
    cells = [_cell(country, one, words) for one in DroughtType]
    return name, Cell(str(len(country.landscapes))), *cells


def _cell(country: CountryFacts, one: DroughtType, words: BulletinWords) -> Cell:
    # Without a colour: that of the gravest would speak for all landscapes of the country.
    first, *others = counted_states(country, one, words) or [words.stages.not_known]
    return Cell(first, tuple(others))


def _moves(country: CountryFacts, words: BulletinWords) -> Entry:
    """Return how many landscapes have a stage that differs from the month before, and in what way."""
    found: dict[Move, dict[str, int]] = {}
    for landscape in country.landscapes:
        for moved, rank in _moved(landscape):
            ranks = found.setdefault(moved, {})
            ranks[landscape.landscape_id] = max(rank, ranks.get(landscape.landscape_id, 0))
    names = {one.landscape_id: landscape_name(one, words) for one in country.landscapes}
    told = [
        words.stages.moves[one].format(
            number=len(found[one]),
            names=listed((names[each] for each in _gravest_first(found[one])), words, _SHOWN),
        )
        for one in Move
        if one in found
    ]
    name = words.letters.countries[country.country]
    return Entry(f"{'; '.join(told) or words.stages.no_moves}.", f"{name}:")


def _moved(landscape: LandscapeFacts) -> Iterator[tuple[Move, int]]:
    """Yield how each stage differs from the month before, with the graver of the two ranks."""
    for stage in landscape.stages.values():
        if stage.now is not None and stage.before is not None:
            moved = move(stage.now, stage.before)
            if moved is not None:
                yield moved, max(stage.now.rank, stage.before.rank)


def _gravest_first(ranks: Mapping[str, int]) -> list[str]:
    """Return the keys by rank, those of one rank in the order they came in."""
    return sorted(ranks, key=lambda key: -ranks[key])
