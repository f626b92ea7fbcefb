"""The rules of a plan in words: when each stage begins and ends, and whose number each threshold is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipeline.alerts.figures import calendar_month_in_words, threshold_in_words
from pipeline.alerts.indices_in_words import short_measure
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.outcomes import Outcome
from pipeline.alerts.reasons import stands_behind
from pipeline.core.area_shares import AreaShare
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
from pipeline.delivery.bulletin.facts import CountryFacts
from pipeline.delivery.bulletin.naming import quoted_stage, stage_or_none
from pipeline.delivery.bulletin.words import BulletinWords
from pipeline.plans.conditions import NO_STAGE, Form, Group
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import ALL_YEAR, Rule, Source, SourceKind, Where

_DEEPER = "– "


@dataclass(slots=True)
class Sources:
    """The sources of one plan's numbers, each with the number of its note."""

    words: BulletinWords
    notes: dict[str, int] = field(default_factory=dict)
    """Source in words to number."""

    def cited(self, rule: Rule) -> str:
        """Return whose numbers those of a rule are, with their notes: ``generic [1, 2]``."""
        by_kind: dict[SourceKind, dict[int, None]] = {}
        for source in _sources(rule):
            said = stands_behind(source, self.words.letters)
            number = self.notes.setdefault(said, len(self.notes) + 1)
            by_kind.setdefault(source.kind, {})[number] = None
        kinds = self.words.rules.kinds
        return "; ".join(
            f"{kinds[kind]} [{', '.join(map(str, numbers))}]" for kind, numbers in by_kind.items()
        )

    def as_listing(self) -> Listing:
        return Listing(tuple(Entry(f"{said}.", f"[{n}]") for said, n in self.notes.items()))


def _sources(rule: Rule) -> Iterator[Source]:
    yield rule.source.threshold
    yield rule.source.exit
    if max(rule.enter_after, rule.exit_after) > 1:
        yield rule.source.persistence


def rule_blocks(
    country: CountryFacts, calendar_month: int, words: BulletinWords
) -> Iterator[Block]:
    """Yield each plan in force, its rules by drought, the gravest stage first, and their sources."""
    if not country.plans:
        yield Paragraph(words.rules.none)
    for plan in country.plans:
        yield Paragraph(plan_in_words(plan, words))
        sources = Sources(words)
        for drought_type, ladder in _in_order(plan):
            yield Table(
                capitalised(words.letters.drought[drought_type], words.language),
                _columns(words),
                tuple(_rows(ladder, calendar_month, sources)),
            )
        yield Paragraph(words.rules.sources)
        yield sources.as_listing()


def rules_in_short(
    countries: Iterable[CountryFacts], calendar_month: int, words: BulletinWords
) -> Iterator[Block]:
    """Yield each country's plan with one line for each drought, and the sources of its numbers."""
    for country in countries:
        yield Subheading(words.letters.countries[country.country])
        if not country.plans:
            yield Paragraph(words.rules.none)
        for plan in country.plans:
            yield Paragraph(plan_in_words(plan, words))
            sources = Sources(words)
            yield Listing(
                tuple(
                    Entry(
                        f"{_in_short(ladder, calendar_month, sources, words)}.",
                        f"{capitalised(words.letters.drought[one], words.language)}:",
                    )
                    for one, ladder in _in_order(plan)
                )
            )
            yield sources.as_listing()


def _in_order(plan: Plan) -> list[tuple[DroughtType, Ladder]]:
    return [(one, plan.ladders[one]) for one in DroughtType if one in plan.ladders]


def plan_in_words(plan: Plan, words: BulletinWords) -> str:
    """Return the title of a plan, its version, and whether anyone has adopted it."""
    letters = words.letters
    title = plan.title.in_language(words.language)
    named = letters.plan.format(title=title, plan_id=plan.plan_id, version=plan.version)
    if plan.authority is None:
        return f"{named} {letters.template}"
    return f"{named} {letters.adopted.format(authority=plan.authority)}"


def _columns(words: BulletinWords) -> tuple[Column, ...]:
    said = words.rules
    return (
        Column(said.stage, 20),
        Column(said.begins, 34),
        Column(said.ends, 26),
        Column(said.source, 20),
    )


def _rows(ladder: Ladder, calendar_month: int, sources: Sources) -> Iterator[tuple[Cell, ...]]:
    for stage in reversed(ladder.stages):
        name = quoted_stage(stage.names, sources.words)
        for one in stage.rules:
            for cells in _condition(one, 0, ladder, calendar_month, sources):
                yield Cell(name), *cells


def _condition(
    one: Rule | Group, depth: int, ladder: Ladder, calendar_month: int, sources: Sources
) -> Iterator[tuple[Cell, Cell, Cell]]:
    indent, words = _DEEPER * depth, sources.words
    if isinstance(one, Rule):
        begins = f"{indent}{begin_in_words(one, calendar_month, words)}"
        yield (
            Cell(begins, tuple(_only(one, words))),
            Cell(_end(one, words), _silence(one, words)),
            Cell(sources.cited(one)),
        )
        return
    yield Cell(f"{indent}{_head(one, ladder, words)}"), Cell(""), Cell("")
    for member in one.members:
        yield from _condition(member, depth + 1, ladder, calendar_month, sources)


def _head(group: Group, ladder: Ladder, words: BulletinWords) -> str:
    said = words.rules.groups[group.form]
    if group.form is Form.AT_LEAST:
        said = said.format(needed=group.at_least)
    if not group.coming_from:
        return said
    names = [None if one == NO_STAGE else ladder.stage(one).names for one in group.coming_from]
    stages = ", ".join(stage_or_none(one, words) for one in names)
    return f"{said} {words.letters.coming_from.format(stages=stages)}"


def _in_short(ladder: Ladder, calendar_month: int, sources: Sources, words: BulletinWords) -> str:
    told: dict[str, str] = {}
    for stage in reversed(ladder.stages):
        rules = [begin_in_words(rule, calendar_month, words) for rule in stage.every_rule]
        cited = "; ".join(dict.fromkeys(map(sources.cited, stage.every_rule)))
        told[quoted_stage(stage.names, words)] = f"{', '.join(dict.fromkeys(rules))} ({cited})"
    return "; ".join(f"{stage} – {rules}" for stage, rules in told.items())


def begin_in_words(rule: Rule, calendar_month: int, words: BulletinWords) -> str:
    """Return what a rule hears, and where it lies when the rule is on: ``SPI-3: at or below -1.0``."""
    letters, measure = words.letters, rule.measure
    is_share = isinstance(measure, AreaShare)
    compared = (letters.indices.area_compared if is_share else letters.compared)[Outcome.BEGAN]
    heard = short_measure(measure, calendar_month, letters)
    if rule.where is Where.HEADWATER:
        heard = words.data.of_headwater.format(measure=heard)
    limit = threshold_in_words(rule.enter_at, measure, letters)
    return f"{heard}: {compared.format(enter=limit, runs=_runs(rule.enter_after, words))}"


def _end(rule: Rule, words: BulletinWords) -> str:
    letters, has_dead_band = words.letters, rule.thresholds.has_dead_band
    limit = threshold_in_words(rule.exit_at, rule.measure, letters)
    runs = _runs(rule.exit_after, words)
    if rule.area_share is not None:
        reached = letters.indices.area_reached if has_dead_band else letters.indices.area_passed
        return f"{reached} {limit}{runs}"
    reached = letters.reached if has_dead_band else letters.passed
    return letters.compared[Outcome.ENDED].format(reached=reached, exit=limit, runs=runs)


def _runs(needed: int, words: BulletinWords) -> str:
    return f" {words.letters.runs.format(needed=needed)}" if needed > 1 else ""


def _silence(rule: Rule, words: BulletinWords) -> tuple[str, ...]:
    silence = rule.ends_after_silence
    if silence is None:
        return ()
    return (words.rules.also_silence.format(months=words.letters.months(silence)),)


def _only(rule: Rule, words: BulletinWords) -> Iterator[str]:
    letters, said = words.letters, words.rules
    if rule.calendar_months != ALL_YEAR:
        months = [calendar_month_in_words(one, letters) for one in sorted(rule.calendar_months)]
        yield said.only_months.format(months=", ".join(months))
    if rule.land_uses != frozenset(LandUse):
        uses = [letters.land_uses[use] for use in LandUse if use in rule.land_uses]
        yield said.only_land.format(land=", ".join(uses))
    if rule.salt_affected is not None:
        actions = words.actions
        yield actions.salt_affected if rule.salt_affected else actions.not_salt_affected
