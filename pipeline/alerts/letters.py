"""The letter about one alert, in plain text: what happened, since when, why, and what is proposed.

Pure wording. Who may receive a letter, and when, is decided elsewhere; `signed` adds who let it go.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from babel.dates import format_datetime

from pipeline.alerts.actions_in_words import proposals, proposed_actions
from pipeline.alerts.changes_in_words import (
    change_in_short,
    change_in_words,
    standing_in_words,
)
from pipeline.alerts.facts import AlertFacts, Approval, Door
from pipeline.alerts.figures import day_in_words, month_after_since, month_in_words
from pipeline.alerts.letter_case import capitalised, capitals
from pipeline.alerts.naming import (
    one_line,
    own_stage_words,
    place,
    quoted_stage,
    stages_of_change,
)
from pipeline.alerts.outcomes import (
    hears_headwater,
    hears_only_indicators,
    rests_on_indicators,
)
from pipeline.alerts.reasons import reasons
from pipeline.alerts.records_in_words import (
    coverage_in_words,
    other_record_in_words,
    source_in_words,
)
from pipeline.alerts.words import Heading, Words, words_of
from pipeline.core.ids import LandUse
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE

WIDTH = 72


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter in one language. `body` ends with a newline."""

    subject: str
    body: str


def letter(facts: AlertFacts, language: str) -> Letter:
    """Return the letter about `facts`; what is simulated says so first and last.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    sections = [
        what_happened(facts, language),
        _section(words, Heading.WHY, reasons(facts, language)),
        _section(
            words,
            Heading.DATA,
            [*data_in_words(facts, words), *other_record_in_words(facts, words)],
        ),
        _section(words, Heading.PLAN, plan_in_words(facts, language)),
        _section(words, Heading.ACTIONS, proposals(facts, language)),
        _section(words, Heading.NOTES, notes(facts, language)),
        [
            words.reference.format(alert_id=facts.alert_id, chain_id=facts.chain_id),
            words.evidence.format(alert_id=facts.alert_id),
        ],
    ]
    if facts.is_simulated:
        sections = [[words.banner], *sections, [words.banner]]
    body = "\n\n".join(wrapped(section) for section in sections if section)
    return Letter(subject(facts, language), body + "\n")


def subject(facts: AlertFacts, language: str) -> str:
    """Return one line: where, which drought, what changed, when."""
    words = words_of(language)
    line = (
        f"{place(facts, language)}: {words.drought[facts.drought_type]}, "
        f"{change_in_short(facts, language)}, "
        f"{month_in_words(facts.month, words)}"
    )
    return one_line(f"[{words.exercise}] {line}" if facts.is_simulated else line)


def what_happened(facts: AlertFacts, language: str) -> list[str]:
    """Return the first sentence, since when the stage stands, and what kind of land it is."""
    words = words_of(language)
    sentence = change_in_words(facts, language)
    since = month_after_since(Month.parse(facts.evidence.since), words)
    stands = words.none_since if facts.to_stage == NO_STAGE else words.since
    stage = quoted_stage(facts.to_stage, facts, language)
    lines = [
        f"{place(facts, language)}, {month_in_words(facts.month, words)}: {sentence}",
        stands.format(stage=stage, month=since),
    ]
    own = own_stage_words(facts, language)
    if own:
        stages = ", ".join(f"{stage} = {word}" for stage, word in own.items())
        lines.append(words.own_words.format(stages=stages))
    lines += standing_in_words(facts, words)
    salt = f", {words.salt_affected}" if facts.is_salt_affected else ""
    land = capitalised(words.land_uses[facts.land_use], language)
    return [*lines, f"{land}{salt} ({facts.landscape_id})."]


def data_in_words(facts: AlertFacts, words: Words) -> list[str]:
    """Return the source, release, coverage and calibration of the values.

    Nothing where all that was heard stands in documents of the agency, which `reasons` cites.
    """
    inputs = facts.evidence.inputs
    if hears_only_indicators(facts):
        return []
    said = words.data.format(
        source=source_in_words(facts, words),
        release=words.releases[inputs.release],
        coverage=coverage_in_words(facts, words),
        calibration=inputs.calibration,
    )
    return [said]


def plan_in_words(facts: AlertFacts, language: str) -> list[str]:
    """Return the plan, its version, and whether anyone has adopted it."""
    words, plan = words_of(language), facts.plan
    title = plan.title.in_language(language)
    named = words.plan.format(title=title, plan_id=plan.plan_id, version=plan.version)
    return [named, adoption_in_words(facts, words)]


def adoption_in_words(facts: AlertFacts, words: Words) -> str:
    """Return who adopted the plan, or that nobody has."""
    authority = facts.plan.authority
    return words.template if authority is None else words.adopted.format(authority=authority)


def notes(facts: AlertFacts, language: str) -> list[str]:
    """Return the limits that a reader must know of, as a list."""
    return [f"- {text}" for text in notes_in_words(facts, language)]


def notes_in_words(facts: AlertFacts, language: str) -> list[str]:
    """Return the limits that a reader must know of."""
    words = words_of(language)
    limits = {
        words.not_adopted: not (facts.has_only_adopted_thresholds or facts.is_simulated),
        words.irrigated: facts.land_use is LandUse.IRRIGATED
        and not (rests_on_indicators(facts) or hears_headwater(facts)),
        words.lacks_headwater: facts.evidence.lacks_headwater,
        words.unchecked: unchecked_texts(facts, language),
    }
    return [text for text, holds in limits.items() if holds]


def unchecked_texts(facts: AlertFacts, language: str) -> bool:
    """Return whether a letter in `language` holds words that no speaker has checked.

    Such a letter does not leave unless the approver accepts it.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    texts = [facts.plan.title, *(stage.names for stage in stages_of_change(facts))]
    texts += [text for one in proposed_actions(facts) for text in (one.do, one.who) if text]
    return words.has_unchecked or any(language in text.unchecked for text in texts)


def signed(body: str, approval: Approval, language: str) -> str:
    """Return `body` with who let it go, in what office and on what basis.

    A banner at the end stays at the end.
    """
    words = words_of(language)
    text = body.rstrip("\n")
    banner = wrapped([words.banner])
    is_exercise = text.endswith(banner)
    text = text.removesuffix(banner).rstrip("\n")
    parts = [text, wrapped(_section(words, Heading.APPROVAL, _approval(approval, words)))]
    return "\n\n".join([*parts, banner] if is_exercise else parts) + "\n"


def _approval(approval: Approval, words: Words) -> Iterator[str]:
    if approval.door is Door.PLAN:
        yield words.automatic.format(order=approval.legal_basis)
        return
    day = day_in_words(approval.answered_at, words)
    clock = format_datetime(approval.answered_at, "HH:mm (xxx)", locale=words.locale)
    yield words.approved.format(name=approval.name, office=approval.office, time=f"{day}, {clock}")
    if approval.legal_basis is None:
        yield words.no_legal_basis
    else:
        yield words.legal_basis.format(basis=approval.legal_basis)
    if approval.protocol is not None and approval.protocol_date is not None:
        day = day_in_words(approval.protocol_date, words)
        yield words.protocol.format(protocol=approval.protocol, date=day)
    elif approval.protocol is not None:
        yield words.protocol_undated.format(protocol=approval.protocol)
    if approval.note is not None:
        yield words.remark.format(note=approval.note)


def _section(words: Words, heading: Heading, lines: Iterable[str]) -> list[str]:
    told = list(lines)
    return [capitals(words.headings[heading], words.language), *told] if told else []


def wrapped(lines: Iterable[str]) -> str:
    """Return lines at most `WIDTH` wide; those of a list hang behind their mark."""
    return "\n".join(_wrapped_line(line) for line in lines)


def _wrapped_line(line: str) -> str:
    text = line.lstrip()
    indent = len(line) - len(text)
    hanging = indent + 2 if text[:2] in {"- ", "* "} else indent
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
