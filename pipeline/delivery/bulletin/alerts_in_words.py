"""The alerts of the month in words: what became of them, and those that were approved."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.local_time import local_day
from pipeline.delivery.bulletin.content import Block, Cell, Column, Entry, Listing, Paragraph, Table
from pipeline.delivery.bulletin.facts import AlertCounts, BulletinFacts, ToldAlert
from pipeline.delivery.bulletin.naming import landscape_name, stage_or_none
from pipeline.delivery.bulletin.words import Answer, BulletinWords
from pipeline.plans.texts import LocalText


def alert_blocks(facts: BulletinFacts, words: BulletinWords) -> Iterator[Block]:
    """Yield the counts for each country, and in the bulletin of one country each approved alert."""
    month = month_in_words(facts.month, words.letters)
    yield Paragraph(words.alerts.counts.format(month=month))
    yield Listing(tuple(_counts(facts, words)))
    if len(facts.countries) == 1 and facts.countries[0].alerts.approved:
        said = words.alerts
        yield Table(
            said.caption.format(month=month),
            (Column(words.stages.landscape, 26), Column(said.what, 46), Column(said.approved, 28)),
            tuple(_rows(facts, words)),
        )


def _counts(facts: BulletinFacts, words: BulletinWords) -> Iterator[Entry]:
    for country in facts.countries:
        lead = words.letters.countries[country.country]
        is_alone = len(facts.countries) == 1
        yield Entry(f"{'; '.join(_told(country.alerts, words))}.", "" if is_alone else f"{lead}:")


def _told(counts: AlertCounts, words: BulletinWords) -> Iterator[str]:
    numbers = {
        Answer.APPROVED: len(counts.approved),
        Answer.WAITING: counts.waiting,
        Answer.REFUSED: counts.refused,
        Answer.EXPIRED: counts.expired,
        Answer.WAITING_ON_OTHERS: counts.waiting_on_others,
    }
    always = {Answer.APPROVED, Answer.WAITING}
    for answer, number in numbers.items():
        if number or answer in always:
            yield words.alerts.answers[answer].format(number=number)


def _rows(facts: BulletinFacts, words: BulletinWords) -> Iterator[tuple[Cell, ...]]:
    names = {one.landscape_id: landscape_name(one, words) for one in facts.landscapes}
    for alert in facts.countries[0].alerts.approved:
        drought = capitalised(words.letters.drought[alert.drought_type], words.language)
        yield (
            Cell(names.get(alert.landscape_id, alert.landscape_id)),
            Cell(f"{drought}: {_what(alert, words)}"),
            Cell(
                alert.approved_by or words.alerts.by_plan,
                (day_in_words(local_day(alert.answered_at, facts.country), words.letters),),
            ),
        )


def _what(alert: ToldAlert, words: BulletinWords) -> str:
    old, new = stage_or_none(alert.before, words), stage_or_none(alert.after, words)
    return words.letters.in_short[alert.change].format(
        old=old,
        new=new,
        a_old=_a_stage(alert.before, old, words),
        a_new=_a_stage(alert.after, new, words),
    )


def _a_stage(names: LocalText | None, said: str, words: BulletinWords) -> str:
    return said if names is None else words.letters.a_stage.format(stage=said)
