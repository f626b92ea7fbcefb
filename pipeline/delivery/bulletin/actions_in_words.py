"""What the plan proposes for the stages that stand: by kind of land, who, and within how many days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.words import Heading
from pipeline.core.ids import DroughtType, LandUse
from pipeline.delivery.bulletin.content import (
    Block,
    Cell,
    Column,
    Entry,
    Listing,
    Paragraph,
    Subheading,
    Table,
)
from pipeline.delivery.bulletin.facts import CountryFacts, LandscapeFacts
from pipeline.delivery.bulletin.naming import landscape_name, quoted_stage
from pipeline.delivery.bulletin.words import BulletinWords
from pipeline.plans.actions import Action
from pipeline.plans.ladders import Stage

Standing = tuple[DroughtType, Stage]
"""A stage of the ladder of one drought type."""


def action_blocks(country: CountryFacts, words: BulletinWords) -> Iterator[Block]:
    """Yield that these are no orders, and for each kind of land its stages and what is proposed."""
    lands = [(use, _standing(country, use)) for use in LandUse]
    if not any(standing for _, standing in lands):
        yield Paragraph(words.actions.none)
        return
    yield Paragraph(words.actions.no_orders)
    for use, standing in lands:
        if standing:
            yield Subheading(capitalised(words.letters.land_uses[use], words.language))
            yield Listing(tuple(_where(standing, words)))
            yield _table(use, standing, words)


def _standing(
    country: CountryFacts, use: LandUse
) -> list[tuple[Standing, tuple[LandscapeFacts, ...]]]:
    """Return the stages that stand on one kind of land, with where; gravest first in each drought."""
    found: list[tuple[int, Standing, list[LandscapeFacts]]] = []
    for landscape in country.landscapes:
        for standing in _stages_of(landscape) if landscape.land_use is use else ():
            places = next((where for _, one, where in found if one == standing), None)
            if places is None:
                rank = landscape.stages[standing[0]].rank
                found.append((rank, standing, places := []))
            places.append(landscape)
    types = list(DroughtType)
    found.sort(key=lambda one: (types.index(one[1][0]), -one[0]))
    return [(standing, tuple(places)) for _, standing, places in found]


def _stages_of(landscape: LandscapeFacts) -> Iterator[Standing]:
    for drought_type, stage in landscape.stages.items():
        ladder = None if landscape.plan is None else landscape.plan.ladders.get(drought_type)
        if stage.rank and ladder is not None:
            yield drought_type, ladder.stages[stage.rank - 1]


def _where(
    standing: Iterable[tuple[Standing, tuple[LandscapeFacts, ...]]], words: BulletinWords
) -> Iterator[Entry]:
    for one, places in standing:
        names = ", ".join(landscape_name(place, words) for place in places)
        yield Entry(f"{names}.", f"{_stage(one, words)}:")


def _stage(standing: Standing, words: BulletinWords) -> str:
    drought_type, stage = standing
    drought = capitalised(words.letters.drought[drought_type], words.language)
    return f"{drought}, {quoted_stage(stage.names, words)}"


def _table(
    use: LandUse,
    standing: Iterable[tuple[Standing, tuple[LandscapeFacts, ...]]],
    words: BulletinWords,
) -> Table:
    proposed: dict[tuple[str, ...], tuple[Action, list[Standing]]] = {}
    for one, places in standing:
        for action in _proposed(one[1], use, places):
            key = tuple(cell.text for cell in _cells(action, words))
            proposed.setdefault(key, (action, []))[1].append(one)
    said, land = words.actions, words.letters.land_uses[use]
    heading = words.letters.headings
    columns = (
        Column(said.action, 42),
        Column(said.who, 22),
        Column(said.within, 10, is_number=True),
        Column(said.stage, 26),
    )
    rows = tuple(
        (*_cells(action, words), _for_stages(stages, words)) for action, stages in proposed.values()
    )
    return Table(f"{heading[Heading.ACTIONS]}: {land}", columns, rows)


def _proposed(stage: Stage, use: LandUse, places: Iterable[LandscapeFacts]) -> Iterator[Action]:
    salts = {place.is_salt_affected for place in places}
    for action in stage.actions:
        if any(action.applies_to(use, is_salt_affected=salt) for salt in salts):
            yield action


def _cells(action: Action, words: BulletinWords) -> tuple[Cell, ...]:
    said, language = words.actions, words.language
    remarks = []
    if action.family is not None:
        remarks.append(words.letters.actions.families[action.family])
    if action.salt_affected is not None:
        remarks.append(said.salt_affected if action.salt_affected else said.not_salt_affected)
    do = capitalised(action.do.in_language(language), language)
    who = "" if action.who is None else action.who.in_language(language)
    days = "" if action.within_days is None else str(action.within_days)
    return Cell(do, tuple(remarks)), Cell(who), Cell(days)


def _for_stages(stages: Iterable[Standing], words: BulletinWords) -> Cell:
    by_name: dict[str, list[str]] = {}
    for drought_type, stage in stages:
        name = quoted_stage(stage.names, words)
        by_name.setdefault(name, []).append(words.stages.columns[drought_type])
    first, *others = [f"{name}: {', '.join(which)}" for name, which in by_name.items()]
    return Cell(first, tuple(others))
