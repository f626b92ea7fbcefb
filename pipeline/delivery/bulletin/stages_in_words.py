"""The stages of one country in words: the situation, the table, and what is not known for what reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pipeline.alerts.figures import (
    month_after_since,
    month_in_words,
    threshold_in_words,
    value_in_words,
)
from pipeline.alerts.indices_in_words import gap_in_words, short_index
from pipeline.alerts.letter_case import capitalised
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
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
from pipeline.delivery.bulletin.facts import (
    AreaFacts,
    CountryFacts,
    LandscapeFacts,
    StageFacts,
    Standing,
)
from pipeline.delivery.bulletin.naming import (
    SHOWN,
    landscape_name,
    listed,
    quoted_stage,
    state,
)
from pipeline.delivery.bulletin.words import BulletinWords, Move, sentence
from pipeline.delivery.stage_colours import NOT_KNOWN, colour_of_rank


def situation(
    landscapes: Sequence[LandscapeFacts], words: BulletinWords, *, is_brief: bool = False
) -> str:
    """Return one sentence: in how many landscapes a stage stands, the gravest, and what is unsure.

    Brief, it names no stage and no landscape.
    """
    said, all_of_them = words.situation, landscapes
    stand = [one for one in all_of_them if one.rank]
    total = len(all_of_them)
    parts = [
        said.some.format(number=len(stand), total=total) if stand else said.none.format(total=total)
    ]
    before = [one for one in all_of_them if any(map(_stood, one.stages.values()))]
    if any(stage.before for one in all_of_them for stage in one.stages.values()):
        parts.append(said.before.format(number=len(before)))
    if stand and not is_brief:
        parts.append(_gravest(stand, words))
    unsure = sum(not one.is_sure for one in all_of_them)
    if unsure:
        parts.append(said.unsure.format(number=unsure))
    return sentence(parts)


def _stood(stage: StageFacts) -> bool:
    return stage.before is not None and stage.before.rank > 0


def _gravest(stand: Iterable[LandscapeFacts], words: BulletinWords) -> str:
    ranked = list(stand)
    rank = max(one.rank for one in ranked)
    gravest = [one for one in ranked if one.rank == rank]
    standings = [stage.now for one in gravest for stage in one.stages.values() if stage.now]
    names = dict.fromkeys(
        quoted_stage(one.names, words) for one in standings if one.rank == rank and one.names
    )
    return words.situation.gravest.format(
        stage=", ".join(names),
        number=len(gravest),
        names=listed((landscape_name(one, words) for one in gravest), words, SHOWN),
    )


def stage_blocks(country: CountryFacts, month: Month, words: BulletinWords) -> Iterator[Block]:
    """Yield the counts by stage, the table of what there is to tell, the quiet, and the unknown."""
    summary = words.landscapes(len(country.landscapes))
    yield Paragraph(words.stages.summary.format(landscapes=summary))
    yield Listing(tuple(_counts(country, one, words) for one in DroughtType))
    ranked = sorted(country.landscapes, key=lambda one: _gravest_first(one, words))
    told = [one for one in ranked if not is_quiet(one)]
    if told:
        yield _table(told, month, words)
    quiet = [landscape_name(one, words) for one in ranked if is_quiet(one)]
    if quiet:
        yield Paragraph(words.stages.quiet.format(names=", ".join(quiet)))
    reasons = missing(country, month, words)
    if reasons:
        yield Subheading(words.stages.missing)
        yield Listing(
            tuple(
                Entry(f"{', '.join(names)}.", f"{capitalised(reason, words.language)}:")
                for reason, names in reasons.items()
            )
        )


def is_quiet(landscape: LandscapeFacts) -> bool:
    """Return whether it is known that no stage stands and that none did a month before."""
    return all(not one.has_ladder or _is_quiet(one) for one in landscape.stages.values())


def _is_quiet(stage: StageFacts) -> bool:
    both = [one for one in (stage.now, stage.before) if one is not None]
    heard = [one for one in both if one.is_confirmed and not one.silent_months]
    return len(heard) == 2 and not any(one.rank for one in heard)


def _gravest_first(landscape: LandscapeFacts, words: BulletinWords) -> tuple[int, bool, str]:
    return -landscape.rank, not landscape.is_sure, landscape_name(landscape, words)


def _counts(country: CountryFacts, one: DroughtType, words: BulletinWords) -> Entry:
    lead = capitalised(words.letters.drought[one], words.language)
    return Entry(f"{', '.join(counted_states(country, one, words))}.", f"{lead}:")


def counted_states(country: CountryFacts, one: DroughtType, words: BulletinWords) -> list[str]:
    """Return each state with the number of landscapes in it, gravest first."""
    stages = [landscape.stages[one] for landscape in country.landscapes]
    found = Counter((stage.rank, stage.is_sure, _state(stage, words)) for stage in stages)
    return [f"{said}: {number}" for (_, _, said), number in sorted(found.items(), reverse=True)]


def _state(stage: StageFacts, words: BulletinWords) -> str:
    return state(stage.now, words) if stage.has_ladder else words.stages.not_in_plan


def _table(told: Iterable[LandscapeFacts], month: Month, words: BulletinWords) -> Table:
    said = words.stages
    columns = [Column(said.landscape, 28)]
    columns += [Column(said.columns[one], 24) for one in DroughtType]
    return Table(
        said.caption.format(month=month_in_words(month, words.letters)),
        tuple(columns),
        tuple(_row(one, words) for one in told),
    )


def _row(landscape: LandscapeFacts, words: BulletinWords) -> tuple[Cell, ...]:
    name = Cell(landscape_name(landscape, words), (land_in_words(landscape, words),))
    return name, *(stage_cell(landscape.stages[one], words) for one in DroughtType)


def land_in_words(landscape: LandscapeFacts, words: BulletinWords) -> str:
    """Return what kind of land it is, whether salt-affected, and whether that was derived."""
    letters = words.letters
    land = letters.land_uses[landscape.land_use]
    if landscape.is_salt_affected:
        land = f"{land}, {letters.salt_affected}"
    return words.stages.derived.format(land=land) if landscape.is_derived else land


def stage_cell(stage: StageFacts, words: BulletinWords) -> Cell:
    """Return a stage with since when, how long without a value, and the change since last month."""
    now = stage.now
    if not stage.has_ladder or now is None:
        colour = NOT_KNOWN if stage.has_ladder else None
        return Cell(_state(stage, words), colour=colour, is_sure=stage.is_sure)
    colour = NOT_KNOWN if not now.is_known else colour_of_rank(now.rank) if now.rank else None
    return Cell(
        state(now, words), tuple(filter(None, _remarks(stage, now, words))), colour, stage.is_sure
    )


def _remarks(stage: StageFacts, now: Standing, words: BulletinWords) -> Iterator[str]:
    said = words.stages
    if now.is_known:
        yield said.since.format(month=month_after_since(now.since, words.letters))
        if now.silent_months:
            yield said.held.format(months=words.letters.months(now.silent_months))
    yield from (_area(one, words) for one in stage.areas)
    yield change(now, stage.before, words)


def change(now: Standing, before: Standing | None, words: BulletinWords) -> str:
    """Return what is different from the month before; nothing where no stage stood and none does."""
    said = words.stages.change
    if before is None:
        return said.first
    moved = move(now, before)
    if moved is None:
        return said.same if now.rank else ""
    was = state(before, words)
    if moved is Move.OTHER and before.rank and before.is_confirmed > now.is_confirmed:
        was = said.confirmed.format(stage=was)
    texts = {
        Move.NEW: said.new,
        Move.GRAVER: said.graver,
        Move.MILDER: said.milder,
        Move.ENDED: said.ended,
        Move.OTHER: said.was,
    }
    return texts[moved].format(stage=was)


def move(now: Standing, before: Standing) -> Move | None:
    """Return how a stage differs from that of the month before; None where it does not."""
    if (now.names, now.rank, now.is_confirmed) == (before.names, before.rank, before.is_confirmed):
        return None
    same_plan = (now.plan_id, now.plan_version) == (before.plan_id, before.plan_version)
    if not same_plan or now.rank == before.rank or not (now.is_known and before.is_known):
        return Move.OTHER
    if now.rank > before.rank:
        return Move.GRAVER if before.rank else Move.NEW
    return Move.MILDER if now.rank else Move.ENDED


def _area(area: AreaFacts, words: BulletinWords) -> str:
    """Return the share, as a letter says it, beside the threshold of the present stage."""
    measure, letters = area.measure, words.letters
    index = measure.index
    said = letters.indices.on_area.format(
        share=value_in_words(area.share, measure, letters, area.enter_at),
        index=short_index(index, area.month.month, letters),
        limit=threshold_in_words(measure.at_or_below, index, letters),
        by="",
    )
    threshold = threshold_in_words(area.enter_at, measure, letters)
    return words.stages.area.format(said=f"{said[0].lower()}{said[1:]}", threshold=threshold)


def missing(country: CountryFacts, month: Month, words: BulletinWords) -> dict[str, list[str]]:
    """Return the landscapes whose stage is not known or not confirmed, by the reason."""
    found: dict[str, list[str]] = {}
    for landscape in country.landscapes:
        reasons: dict[str, list[DroughtType]] = {}
        for drought_type, stage in landscape.stages.items():
            if not stage.is_sure:
                reasons.setdefault(_reason(stage, month, words), []).append(drought_type)
        for reason, types in reasons.items():
            which = ", ".join(words.letters.drought[one] for one in types)
            named = reason if len(types) == len(DroughtType) else f"{reason} ({which})"
            found.setdefault(named, []).append(landscape_name(landscape, words))
    return found


def _reason(stage: StageFacts, month: Month, words: BulletinWords) -> str:
    if stage.gaps:
        said = {gap_in_words(g, one, month.month, words.letters) for one, g in stage.gaps.items()}
        return "; ".join(sorted(said))
    if stage.now is None:
        return words.stages.no_stage_worked_out
    return words.stages.nothing_heard
