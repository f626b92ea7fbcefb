"""The short forms of a letter: a text message that fits one SMS, and a message for a chat.

Pure wording. What is left out stands in the letter; nothing here says more than it does.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.alerts.actions_in_words import action_in_short, proposed_actions
from pipeline.alerts.changes_in_words import (
    as_sure,
    change_in_short,
    change_in_words,
    is_sure,
    standing_in_words,
)
from pipeline.alerts.evidence import Comparison
from pipeline.alerts.facts import AlertFacts, Approval, Change, Door
from pipeline.alerts.figures import (
    day_in_words,
    month_after_since,
    month_in_words,
    short_month_in_words,
)
from pipeline.alerts.gsm import fits_one_sms, folded
from pipeline.alerts.indices_in_words import short_measure
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.letters import adoption_in_words, notes_in_words, unchecked_texts
from pipeline.alerts.naming import cut, headwater, landscape_name, one_line, place, quoted_stage
from pipeline.alerts.outcomes import lines_to_tell
from pipeline.alerts.reasons import comparison_in_words
from pipeline.alerts.records_in_words import value_or_gap
from pipeline.alerts.words import Words, words_of
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.rule_document import Where

BRIEF = 1000
"""Characters of a chat message, with who let it go."""
SIGNATURE = 120
"""Characters kept free for that."""
Actions = tuple[list[str], int]
"""Lines, and how many of them are told."""
_LEAST = 40
"""Characters that a line of it keeps."""
UNSURE = "?"
"""Behind a stage that is held for want of values, where there is no room for the word."""
UNCHECKED = "*"
"""Behind a text message with words that no speaker has checked, where there is no room to say so."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The parts of a text message, before they are put together."""

    mark: str
    name: str
    drought: str
    change: str
    month: str
    number: str
    comma: str = ", "
    """Before the month and the number."""

    def __str__(self) -> str:
        changed = ", ".join(part for part in (self.drought, self.change) if part)
        told = self.comma.join([changed, self.month, self.number])
        return folded(_printable(f"{self.mark}{self.name}: {told}"))


def sms(facts: AlertFacts, language: str) -> str:
    """Return one line that fits one SMS: 160 characters in Latin letters, 70 in Cyrillic.

    It names, as far as there is room in this order: that it is an exercise, or a draft by thresholds
    nobody has adopted; the landscape; the stage; the month; the number; then what changed, which
    drought, and the country. Letters that would halve the room are folded (`gsm.folded`).

    Raises:
        InputError: there are no words in `language`.
    """
    lines = (str(line) for line in _ever_shorter(facts, language))
    return next(line for line in lines if fits_one_sms(line))


def _ever_shorter(facts: AlertFacts, language: str) -> Iterator[_Line]:
    words = words_of(language)
    name, drought = landscape_name(facts, language), words.short.drought[facts.drought_type]
    change = as_sure(change_in_short(facts, language), facts, words)
    month, number = short_month_in_words(facts.month, words), _number(facts, words)
    line = _Line(mark(facts, words), name, drought, change, month, number)
    longest = replace(line, drought=words.drought[facts.drought_type])
    with_country = replace(longest, name=place(facts, language))
    yield replace(with_country, number=_number(facts, words, f" ({words.short.unchecked})"))
    yield with_country
    yield longest
    yield line
    line = replace(line, change=_change(facts, words))
    yield line
    line = replace(line, name=abbreviated(name, words))
    yield line
    bare = replace(line, change=_stage(facts, words))
    for drought in (line.drought, words.short.any_drought, ""):
        yield replace(bare, drought=drought)
        yield replace(bare, drought=drought, comma=" ")
    for most in range(max(len(bare.name), len(bare.change)), 0, -1):
        change = _stage(facts, words, most)
        shortened = cut(bare.name, most)
        yield replace(bare, drought="", name=shortened, change=change, comma=" ")


def mark(facts: AlertFacts, words: Words) -> str:
    """Return the first word of a text message on an exercise, or by thresholds nobody adopted."""
    if facts.is_simulated:
        return f"{words.exercise}. "
    return "" if facts.has_only_adopted_thresholds else f"{words.short.draft}. "


def _number(facts: AlertFacts, words: Words, unchecked: str = UNCHECKED) -> str:
    number = words.short.number.format(alert_id=facts.alert_id)
    return f"{number}{unchecked}" if unchecked_texts(facts, words.language) else number


def _change(facts: AlertFacts, words: Words) -> str:
    old, new = (quoted_stage(s, facts, words.language) for s in (facts.from_stage, facts.to_stage))
    return as_sure(words.short.changes[facts.change].format(old=old, new=new), facts, words)


def _stage(facts: AlertFacts, words: Words, most: int | None = None) -> str:
    """Return the stage now standing and no more; a correction is still called one."""
    stage = quoted_stage(facts.to_stage, facts, words.language, most)
    if facts.change is Change.CORRECTED:
        stage = words.short.changes[Change.CORRECTED].format(new=stage)
    return stage if is_sure(facts) else f"{stage}{UNSURE}"


def abbreviated(name: str, words: Words) -> str:
    """Return the name of a landscape with words such as "Region" in short."""
    pairs = (pair.partition("=") for pair in words.short.abbreviations.split(", "))
    short = {word: brief for word, _, brief in pairs}
    return " ".join(short.get(word, word) for word in name.split())


def _printable(text: str) -> str:
    # Neither a control character nor one that turns the direction of writing.
    return "".join(one for one in one_line(text) if one.isprintable())


def brief(facts: AlertFacts, language: str) -> str:
    """Return the message for a chat: several lines, at most `BRIEF` characters less `SIGNATURE`.

    What happened, since when, why, what is proposed, by which plan, the limits, and where the rest
    stands. As many proposals as there is room for, then how many more there are. What is simulated
    says so first and last.

    Raises:
        InputError: there are no words in `language`.
    """
    whys, marks = _whys(facts, language), _marks(facts, language)
    more = [note for note in notes_in_words(facts, language) if note not in marks]

    def lines(actions: Actions, n_whys: int = 1, n_notes: int = 0) -> list[str]:
        told = [*_happened(facts, language), *whys[:n_whys]]
        told += _proposed(*actions, words_of(language))
        return _framed([*told, *_standing(facts, language), *more[:n_notes]], facts, language)

    def tried(name_who: bool) -> Actions:
        actions = _actions(facts, language, name_who=name_who)
        return actions, _most(len(actions), lambda n: _fits(lines((actions, n))))

    # Of two that tell as many, the one that says who.
    actions = max(tried(True), tried(False), key=lambda one: one[1])
    n_whys = max(1, _most(len(whys), lambda n: _fits(lines(actions, n))))
    n_notes = _most(len(more), lambda n: _fits(lines(actions, n_whys, n)))
    return "\n".join(_squeezed(lines(actions, n_whys, n_notes), _fixed(facts, language)))


def signed_brief(body: str, approval: Approval, language: str) -> str:
    """Return the message for a chat with who let it go, and in what office; at most `BRIEF` characters.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    if approval.door is Door.PLAN:
        by = words.automatic.format(order=approval.legal_basis)
    else:
        # Russian ends a date with a full stop, and so does the sentence.
        day = day_in_words(approval.answered_at, words).removesuffix(".")
        by = words.approved.format(name=approval.name, office=cut(approval.office, 60), time=day)
    lines = body.split("\n")
    place = len(lines) - 1 if lines[-1] == words.exercise else len(lines)
    lines.insert(place, cut(one_line(by), SIGNATURE - 1))
    return "\n".join(lines)


def _happened(facts: AlertFacts, language: str) -> Iterator[str]:
    words, since = words_of(language), Month.parse(facts.evidence.since)
    month = month_in_words(facts.month, words)
    yield f"{place(facts, language)}, {month}: {change_in_words(facts, language)}"
    if facts.to_stage != NO_STAGE and since != facts.month:
        stage = quoted_stage(facts.to_stage, facts, language)
        yield words.since.format(stage=stage, month=month_after_since(since, words))
    yield from standing_in_words(facts, words)


def _whys(facts: AlertFacts, language: str) -> list[str]:
    """Return the lines of evidence about the stage that came or went, or else all that explain it."""
    told = lines_to_tell(facts)
    comes = facts.change in {Change.BEGAN, Change.ESCALATED}
    stage = facts.to_stage if comes else facts.from_stage
    main = [line for line in told if line.stage == stage and line.is_decisive]
    return list(dict.fromkeys(_why(line, facts, language) for line in main or told))


def _why(line: Comparison, facts: AlertFacts, language: str) -> str:
    words = words_of(language)
    measure = _measure(line.measure, facts.month.month, words)
    if line.where is Where.HEADWATER:
        named = headwater(facts, language)
        measure = words.headwater_measure.format(landscape=named, measure=measure)
    value, came_to = value_or_gap(line, facts, words), comparison_in_words(line, facts, language)
    return capitalised(one_line(f"{measure}: {value}; {came_to}."), language)


def _measure(measure: Measure, calendar_month: int, words: Words) -> str:
    name = short_measure(measure, calendar_month, words)
    if isinstance(measure, IndexCode) and measure.family in words.short.measures:
        return words.short.measures[measure.family].format(label=name)
    return name


def _actions(facts: AlertFacts, language: str, *, name_who: bool) -> list[str]:
    words = words_of(language)
    told = (action_in_short(one, words, name_who=name_who) for one in proposed_actions(facts))
    return [f"- {one_line(text)}" for text in told]


def _proposed(actions: Sequence[str], told: int, words: Words) -> list[str]:
    if not actions:
        return []
    more = words.short.more.format(number=len(actions) - told)
    return [words.not_orders, *actions[:told], *([f"- {more}"] if told < len(actions) else [])]


def _standing(facts: AlertFacts, language: str) -> list[str]:
    """Return the plan with who adopted it, and the notes that never give way."""
    words, plan = words_of(language), facts.plan
    title = words.quoted.format(text=one_line(plan.title.in_language(language)))
    return [f"{title}. {adoption_in_words(facts, words)}", *_marks(facts, language)]


def _marks(facts: AlertFacts, language: str) -> list[str]:
    """Return the notes that never give way."""
    words = words_of(language)
    return [
        note
        for note in notes_in_words(facts, language)
        if note in {words.not_adopted, words.unchecked}
    ]


def _framed(lines: Sequence[str], facts: AlertFacts, language: str) -> list[str]:
    words = words_of(language)
    told = [*lines, words.short.rest.format(alert_id=facts.alert_id)]
    return [words.banner, *told, words.exercise] if facts.is_simulated else told


def _fixed(facts: AlertFacts, language: str) -> set[str]:
    """Return the lines that are told whole or not at all."""
    words = words_of(language)
    return {*_framed([], facts, language), *_marks(facts, language), words.not_orders}


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `count` that fits; 0 if none does."""
    return next((n for n in range(count, 0, -1) if fits(n)), 0)


def _fits(lines: Sequence[str]) -> bool:
    return len("\n".join(lines)) <= BRIEF - SIGNATURE


def _squeezed(lines: list[str], fixed: Container[str]) -> list[str]:
    """Return `lines` with the longest ones cut, none of the `fixed`, until they fit."""
    while not _fits(lines):
        loose = [n for n, line in enumerate(lines) if line not in fixed]
        longest = max(loose, key=lambda n: len(lines[n]))
        excess = len("\n".join(lines)) - (BRIEF - SIGNATURE)
        lines[longest] = cut(lines[longest], max(len(lines[longest]) - excess, _LEAST))
    return lines
