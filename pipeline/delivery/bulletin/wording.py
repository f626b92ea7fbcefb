"""A bulletin as data: all that it says, in one language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from babel import Locale

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.local_time import local_day, zone_of
from pipeline.alerts.words import Heading
from pipeline.delivery.bulletin.actions_in_words import action_blocks
from pipeline.delivery.bulletin.alerts_in_words import alert_blocks
from pipeline.delivery.bulletin.content import (
    Block,
    BulletinContent,
    Entry,
    Listing,
    Note,
    Paragraph,
    Section,
    Signature,
    SignatureLine,
)
from pipeline.delivery.bulletin.data_in_words import data_listing, warnings
from pipeline.delivery.bulletin.facts import (
    BulletinFacts,
    IssueFacts,
    kinds_not_national,
)
from pipeline.delivery.bulletin.map_in_words import stage_map
from pipeline.delivery.bulletin.naming import scope_in_words
from pipeline.delivery.bulletin.region_in_words import region_blocks
from pipeline.delivery.bulletin.rules_in_words import rule_blocks, rules_in_short
from pipeline.delivery.bulletin.stages_in_words import situation, stage_blocks
from pipeline.delivery.bulletin.words import BulletinWords, Caution, Line, Part, bulletin_words
from pipeline.delivery.bulletin.year_in_words import year_blocks
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import SourceKind
from pipeline.plans.texts import LocalText


def bulletin_content(facts: BulletinFacts, language: str) -> BulletinContent:
    """Return the bulletin in `language`.

    Raises:
        InputError: there are no words in `language`.
    """
    words = bulletin_words(language)
    month = month_in_words(facts.month, words.letters)
    place = scope_in_words(facts.scope, words)
    issue = _issue(facts, language)
    mark = _mark(facts, words)
    named = f"{words.head.title}, {place}, {month}"
    return BulletinContent(
        language=language,
        is_exercise=facts.is_simulated,
        cautions=tuple(cautions(facts, words)),
        title=named if mark is None else f"{mark}: {named}",
        heading=words.head.title,
        place=place,
        month=month,
        standing=_standing(issue, words),
        is_issued=issue is not None,
        situation_heading=words.headings[Part.SITUATION],
        situation=tuple(_situation(facts, words)),
        note=_note(facts, words),
        map=stage_map(facts, words, mark),
        sections=tuple(_sections(facts, words)),
        signature=_signature(issue, words),
        made=words.head.made.format(time=_local(facts.made_at, facts), software=facts.software),
        warnings=warnings(facts, words),
    )


def has_unchecked(facts: BulletinFacts, language: str) -> bool:
    """Return whether the bulletin in `language` holds words that no speaker has checked.

    Raises:
        InputError: there are no words in `language`.
    """
    texts = (text for plan in facts.plans for text in _texts(plan))
    return bulletin_words(language).has_unchecked or any(language in t.unchecked for t in texts)


def _texts(plan: Plan) -> Iterator[LocalText]:
    yield plan.title
    for stage in (stage for ladder in plan.ladders.values() for stage in ladder.stages):
        yield stage.names
        for action in stage.actions:
            yield from (text for text in (action.do, action.who) if text is not None)


def caution(plans: Iterable[Plan]) -> Caution | None:
    """Return why the thresholds of `plans` are not law; None where all are."""
    held = list(plans)
    kinds = {kind for plan in held for kind in kinds_not_national(plan)}
    if SourceKind.AGENCY in kinds:
        return Caution.AGENCY
    if kinds:
        return Caution.GENERIC
    return None if all(plan.status == "adopted" for plan in held) else Caution.TEMPLATE


def cautions(facts: BulletinFacts, words: BulletinWords) -> Iterator[str]:
    """Yield what a reader must know before anything else, the gravest first."""
    if facts.is_simulated:
        yield words.letters.banner
    because = caution(facts.plans)
    if because is not None:
        yield words.head.cautions[because]
    if has_unchecked(facts, words.language):
        yield words.head.unchecked


def _mark(facts: BulletinFacts, words: BulletinWords) -> str | None:
    """Return the word before the title and across the map; None where nothing must be said."""
    if facts.is_simulated:
        return words.letters.exercise
    return None if caution(facts.plans) is None else words.head.draft


def _issue(facts: BulletinFacts, language: str) -> IssueFacts | None:
    """Return the issue that holds for this language: unchecked ones may have stayed behind."""
    issue = facts.issue
    if issue is None or issue.accepts_unchecked or not has_unchecked(facts, language):
        return issue
    return None


def _standing(issue: IssueFacts | None, words: BulletinWords) -> str:
    if issue is None:
        return words.head.working_paper
    day = day_in_words(issue.day, words.letters)
    return words.head.issued.format(number=issue.number, day=day)


def _situation(facts: BulletinFacts, words: BulletinWords) -> Iterator[str]:
    if len(facts.countries) == 1:
        yield situation(facts.landscapes, words)
        return
    yield situation(facts.landscapes, words, is_brief=True)
    for country in facts.countries:
        name = words.letters.countries[country.country]
        yield f"{name}. {situation(country.landscapes, words)}"


def _local(moment: datetime, facts: BulletinFacts) -> str:
    """Return a time by the clocks of the country, of the region by UTC, with its offset."""
    zone = UTC if facts.country is None else zone_of(facts.country)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _note(facts: BulletinFacts, words: BulletinWords) -> Note | None:
    """Return the note in the language of the bulletin, or in the first that there is."""
    by_language = {note.language: note for note in facts.notes}
    first = next(iter(by_language.values()), None)
    note = by_language.get(words.language, first)
    if note is None:
        return None
    day = local_day(note.written_at, facts.country)
    signed = f"{note.author}, {day_in_words(day, words.letters)}"
    if note.language != words.language:
        name = Locale.parse(note.language).get_display_name(words.letters.locale) or note.language
        signed = words.note.other_language.format(signed=signed, language=name)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", note.body))
    return Note(words.headings[Part.NOTE], tuple(filter(None, paragraphs)), signed)


def _sections(facts: BulletinFacts, words: BulletinWords) -> Iterator[Section]:
    calendar_month, is_region = facts.month.month, len(facts.countries) != 1
    stages, rules = _of_scope(facts, calendar_month, words)
    actions: Iterable[Block] = [Paragraph(words.actions.in_countries)]
    if not is_region:
        actions = action_blocks(facts.countries[0], words)
    headings, reading = words.headings, words.reading.values()
    yield Section(headings[Part.STAGES], tuple(stages), Part.STAGES)
    yield Section(headings[Part.YEAR], tuple(year_blocks(facts, words)), Part.YEAR)
    yield Section(words.letters.headings[Heading.ACTIONS], tuple(actions), Heading.ACTIONS)
    yield Section(headings[Part.ALERTS], tuple(alert_blocks(facts, words)), Part.ALERTS)
    yield Section(headings[Part.DATA], (data_listing(facts, words),), Part.DATA)
    yield Section(headings[Part.THRESHOLDS], tuple(rules), Part.THRESHOLDS)
    limits = Listing(tuple(Entry(said) for said in (words.head.not_alerts, *reading)))
    yield Section(headings[Part.READING], (limits,), Part.READING)


def _of_scope(
    facts: BulletinFacts, calendar_month: int, words: BulletinWords
) -> tuple[Iterator[Block], Iterator[Block]]:
    """Return the stages and the rules, of one country at length, of several side by side."""
    if len(facts.countries) == 1:
        (country,) = facts.countries
        stages = stage_blocks(country, facts.month, words)
        return stages, rule_blocks(country, calendar_month, words)
    stages = region_blocks(facts.countries, facts.month, words)
    return stages, rules_in_short(facts.countries, calendar_month, words)


def _signature(issue: IssueFacts | None, words: BulletinWords) -> Signature:
    values = dict.fromkeys(Line, "")
    if issue is not None:
        values |= {
            Line.NUMBER: issue.number,
            Line.DAY: day_in_words(issue.day, words.letters),
            Line.NAME: issue.name,
            Line.OFFICE: issue.office,
            Line.BASIS: issue.legal_basis,
        }
    lines = tuple(SignatureLine(words.signature[one], values[one]) for one in Line)
    return Signature(words.headings[Part.SIGNATURE], issue is not None, lines)
