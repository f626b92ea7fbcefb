"""One message that stands for many: what changed where, gravest first, in the reader's language.

Pure wording, anew from the alerts themselves. Why each stage changed stands in its own letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pipeline.alerts.actions_in_words import action_in_words, proposed_actions
from pipeline.alerts.changes_in_words import as_sure, change_in_short
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import month_in_words, short_month_in_words
from pipeline.alerts.gsm import fits_one_sms, folded
from pipeline.alerts.letter_case import capitalised, capitals
from pipeline.alerts.letters import Letter, unchecked_texts, wrapped
from pipeline.alerts.naming import cut, landscape_name, quoted_stage
from pipeline.alerts.recipients import Form
from pipeline.alerts.short import BRIEF, UNCHECKED, mark, sms
from pipeline.alerts.words import Words, words_of
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.months import Month

_WIDEST = 160
"""Characters of a line in a chat: however long the names, the frame has room."""
MOST_ACTIONS = 10
"""Proposals told for one land use, those for most landscapes first."""


def digest(alerts: Sequence[AlertFacts], language: str, form: Form) -> Letter:
    """Return one message about all of `alerts`, in whatever order they come.

    In every form: that it is an exercise, or by thresholds nobody has adopted; how many landscapes
    changed; how many stand in which stage. As a letter and for a chat a line for each alert, gravest
    first; a letter also sums up what is proposed, by land use, and its lines are wrapped. A text
    message fits one SMS.

    Raises:
        InputError: there are no words in `language`.
        ValueError: there are no alerts.
    """
    if not alerts:
        raise ValueError("digest: expected alerts, got none")
    words = words_of(language)
    ordered = _in_order(alerts)
    bodies = {Form.LETTER: _letter, Form.BRIEF: _brief, Form.SMS: _sms}
    return Letter(_subject(ordered, words), bodies[form](ordered, words))


def _in_order(alerts: Sequence[AlertFacts]) -> list[AlertFacts]:
    """Return alerts gravest first, those of one landscape and drought together, the oldest first."""
    stands = {_drought(facts): facts for facts in sorted(alerts, key=_age)}

    def place(facts: AlertFacts) -> tuple[object, ...]:
        kind = list(DroughtType).index(facts.drought_type)
        return -_rank(stands[_drought(facts)]), kind, facts.landscape_id, *_age(facts)

    return sorted(alerts, key=place)


def _drought(facts: AlertFacts) -> tuple[str, DroughtType]:
    return facts.landscape_id, facts.drought_type


def _age(facts: AlertFacts) -> tuple[Month, int]:
    return facts.month, facts.alert_id


def _standing(alerts: Iterable[AlertFacts]) -> list[AlertFacts]:
    """Return the newest alert of each landscape and drought type: what stands now."""
    return list({_drought(facts): facts for facts in alerts}.values())


def _rank(facts: AlertFacts) -> int:
    return facts.plan.ladders[facts.drought_type].rank(facts.to_stage)


def _subject(alerts: Sequence[AlertFacts], words: Words) -> str:
    line = words.digest.subject.format(
        landscapes=_landscapes(alerts, words), month=_months(alerts, words)
    )
    return f"[{words.exercise}] {line}" if _is_exercise(alerts) else line


def _letter(alerts: Sequence[AlertFacts], words: Words) -> str:
    sections = [
        [*_intro(alerts, words), words.digest.attached],
        *_by_country(alerts, words),
        _proposals(alerts, words),
        _notes(alerts, words),
    ]
    if _is_exercise(alerts):
        sections = [[words.banner], *sections, [words.banner]]
    return "\n\n".join(wrapped(section) for section in sections if section) + "\n"


def _brief(alerts: Sequence[AlertFacts], words: Words) -> str:
    is_mixed = len(_marks(alerts, words)) > 1
    told_of = _lines(_standing(alerts), words, is_mixed=is_mixed, name_drought=True)
    lines = [cut(line, _WIDEST) for line in told_of]
    intro = [cut(line, _WIDEST) for line in _intro(alerts, words)]

    def told(n: int) -> list[str]:
        more = words.short.more.format(number=len(alerts) - n)
        listed = [*lines[:n], *([f"- {more}"] if n < len(alerts) else [])]
        said = [*intro, *listed, *_notes(alerts, words), words.digest.not_attached]
        return [words.banner, *said, words.exercise] if _is_exercise(alerts) else said

    n = next((n for n in range(len(lines), 0, -1) if _length(told(n)) <= BRIEF), 0)
    return "\n".join(told(n))


def _sms(alerts: Sequence[AlertFacts], words: Words) -> str:
    if len(alerts) == 1:
        return sms(alerts[0], words.language)
    lines = (f"{_mark(alerts, words)}{said}" for said in _ever_shorter(alerts, words))
    return next(line for line in map(folded, lines) if fits_one_sms(line))


def _ever_shorter(alerts: Sequence[AlertFacts], words: Words) -> Iterator[str]:
    """Yield what a text message could say, with ever fewer stages; without any, what it is about."""
    filled = {
        "landscapes": _landscapes(alerts, words),
        "month": short_month_in_words(max(facts.month for facts in alerts), words),
    }
    short, long = (s.format(**filled) for s in (words.digest.in_short, words.digest.subject))
    counts = _counts(_gravest_of_each(_standing(alerts)), words)
    star, unchecked = "", ""
    if _has_unchecked(alerts, words):
        star, unchecked = UNCHECKED, f" ({words.short.unchecked})"
    yield f"{short}{_listed(counts, len(counts))}{unchecked}"
    for n in range(len(counts), 0, -1):
        yield f"{short}{_listed(counts[:n], len(counts))}{star}"
    yield f"{long}{star}"


def _marks(alerts: Iterable[AlertFacts], words: Words) -> set[str]:
    """Return the first words that single text messages would have; one may be empty."""
    return {mark(facts, words) for facts in alerts}


def _mark(alerts: Sequence[AlertFacts], words: Words) -> str:
    """Return the mark that all of them have, or some."""
    return f"{words.exercise}. " if _is_exercise(alerts) else max(_marks(alerts, words))


def _listed(counts: Sequence[str], of: int) -> str:
    """Return how many stand in which stage, with an ellipsis where stages are left out."""
    told = [*counts, *(["…"] if len(counts) < of else [])]
    return f". {', '.join(told)}"


def _gravest_of_each(alerts: Sequence[AlertFacts]) -> list[AlertFacts]:
    """Return one alert for each landscape; `alerts` are in order, gravest first."""
    found: dict[str, AlertFacts] = {}
    for facts in alerts:
        found.setdefault(facts.landscape_id, facts)
    return list(found.values())


def _counts(alerts: Iterable[AlertFacts], words: Words) -> list[str]:
    """Return how many of them stand in which stage, gravest first."""
    counted = Counter(
        (-_rank(facts), quoted_stage(facts.to_stage, facts, words.language)) for facts in alerts
    )
    # Of one rank in two ladders: as the alerts come, so that readers of all languages see the same.
    ordered = sorted(counted.items(), key=lambda pair: pair[0][0])
    return [f"{stage} ({number})" for (_, stage), number in ordered]


def _intro(alerts: Sequence[AlertFacts], words: Words) -> Iterator[str]:
    yield words.digest.intro.format(
        alerts=words.digest.alerts(len(alerts)), landscapes=_landscapes(alerts, words)
    )
    for drought_type in DroughtType:
        of_type = [f for f in _standing(alerts) if f.drought_type is drought_type]
        if of_type:
            drought = capitalised(words.drought[drought_type], words.language)
            yield f"{drought}: {', '.join(_counts(of_type, words))}."


def _by_country(alerts: Sequence[AlertFacts], words: Words) -> Iterator[list[str]]:
    """Yield a section for each country and drought type, its gravest alerts first."""
    is_mixed = len(_marks(alerts, words)) > 1

    def place(facts: AlertFacts) -> tuple[Country, int]:
        return facts.country, list(DroughtType).index(facts.drought_type)

    for _, group in groupby(sorted(alerts, key=place), key=place):
        of_place = list(group)
        country = capitals(words.countries[of_place[0].country], words.language)
        heading = f"{country}, {words.drought[of_place[0].drought_type]}"
        yield [heading, *_lines(of_place, words, is_mixed=is_mixed)]


def _lines(
    alerts: Sequence[AlertFacts], words: Words, *, is_mixed: bool, name_drought: bool = False
) -> Iterator[str]:
    """Yield a line for each alert.

    Args:
        alerts: in the order of the lines.
        words: the reader's.
        is_mixed: some of all alerts have a mark and some have none, so that each needs its own.
        name_drought: no heading names it.
    """
    for facts in alerts:
        first = mark(facts, words) if is_mixed else ""
        name = landscape_name(facts, words.language)
        drought = f"{words.short.drought[facts.drought_type]}, " if name_drought else ""
        change = as_sure(change_in_short(facts, words.language), facts, words)
        month = short_month_in_words(facts.month, words)
        number = words.short.number.format(alert_id=facts.alert_id)
        yield f"- {first}{name}: {drought}{change}, {month}, {number}"


def _proposals(alerts: Sequence[AlertFacts], words: Words) -> list[str]:
    """Return what the plans propose for each land use, with for how many landscapes."""
    told: list[str] = []
    for land_use in LandUse:
        lines = list(_proposed_for(land_use, alerts, words))
        if lines:
            told += [f"{capitalised(words.land_uses[land_use], words.language)}:", *lines]
    return [words.not_orders, *told] if told else []


def _proposed_for(land_use: LandUse, alerts: Sequence[AlertFacts], words: Words) -> Iterator[str]:
    of_use = [facts for facts in _standing(alerts) if facts.land_use is land_use]
    found: dict[str, set[str]] = {}
    for facts in of_use:
        for action in proposed_actions(facts):
            found.setdefault(action_in_words(action, words), set()).add(facts.landscape_id)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    for text, landscapes in ordered[:MOST_ACTIONS]:
        yield f"- {text}: {words.digest.landscapes(len(landscapes))}"
    if len(ordered) > MOST_ACTIONS:
        yield f"- {words.short.more.format(number=len(ordered) - MOST_ACTIONS)}"


def _notes(alerts: Sequence[AlertFacts], words: Words) -> list[str]:
    has_draft = not all(facts.has_only_adopted_thresholds for facts in alerts)
    limits = {
        words.not_adopted: has_draft and not _is_exercise(alerts),
        words.unchecked: _has_unchecked(alerts, words),
    }
    return [text for text, holds in limits.items() if holds]


def _is_exercise(alerts: Iterable[AlertFacts]) -> bool:
    return any(facts.is_simulated for facts in alerts)


def _has_unchecked(alerts: Iterable[AlertFacts], words: Words) -> bool:
    return any(unchecked_texts(facts, words.language) for facts in alerts)


def _landscapes(alerts: Iterable[AlertFacts], words: Words) -> str:
    return words.digest.landscapes(len({facts.landscape_id for facts in alerts}))


def _months(alerts: Sequence[AlertFacts], words: Words) -> str:
    """Return the month of the alerts, or the first and the last."""
    months = [facts.month for facts in alerts]
    ends = dict.fromkeys((min(months), max(months)))
    return " - ".join(month_in_words(month, words) for month in ends)


def _length(lines: Iterable[str]) -> int:
    return len("\n".join(lines))
