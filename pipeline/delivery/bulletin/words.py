"""The words of the monthly bulletin, one typed view for each language.

Names of countries, land uses, droughts, indices and months are those of the letters: `letters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pipeline.alerts.catalogue import Counted, Domain, shipped_catalogue
from pipeline.alerts.catalogue_view import texts_of
from pipeline.alerts.words import Words, words_of
from pipeline.core.ids import DroughtType, Release
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import SourceKind


class Part(StrEnum):
    """The parts of a bulletin."""

    SITUATION = "situation"
    NOTE = "note"
    MAP = "map"
    STAGES = "stages"
    YEAR = "year"
    DATA = "data"
    THRESHOLDS = "thresholds"
    ALERTS = "alerts"
    READING = "reading"
    SIGNATURE = "signature"


class Caution(StrEnum):
    """Why the thresholds are not law; the first that applies."""

    AGENCY = "agency"
    GENERIC = "generic"
    TEMPLATE = "template"


class Answer(StrEnum):
    """What became of alerts."""

    APPROVED = "approved"
    WAITING = "waiting"
    REFUSED = "refused"
    EXPIRED = "expired"
    WAITING_ON_OTHERS = "waiting_on_others"


class Line(StrEnum):
    """The lines of a signature."""

    NUMBER = "number"
    DAY = "day"
    NAME = "name"
    OFFICE = "office"
    BASIS = "basis"
    SIGNATURE = "signature"


class Ending(StrEnum):
    """How a step ended that did not end well."""

    FAILED = "failed"
    NOT_PUBLISHED = "not_published"


class Limit(StrEnum):
    """How to read a bulletin, one paragraph each."""

    STAGES = "stages"
    NONE = "none"
    HELD = "held"
    DERIVED = "derived"
    DROUGHTS = "droughts"
    INDICES = "indices"
    MAP = "map"


class Move(StrEnum):
    """How a stage differs from that of the month before."""

    NEW = "new"
    GRAVER = "graver"
    MILDER = "milder"
    ENDED = "ended"
    OTHER = "other"
    """What was not known, not confirmed or decided by another plan cannot be compared."""


@dataclass(frozen=True, slots=True)
class HeadWords:
    """The top of the document."""

    title: str
    draft: str
    region: str
    not_alerts: str
    working_paper: str
    issued: str
    cautions: Mapping[Caution, str]
    unchecked: str
    made: str


@dataclass(frozen=True, slots=True)
class SituationWords:
    """Parts of one sentence, joined by semicolons."""

    some: str
    none: str
    before: str
    gravest: str
    unsure: str
    and_more: str


@dataclass(frozen=True, slots=True)
class WarningWords:
    late: str
    revised: str
    corrections: str
    no_corrections: str


@dataclass(frozen=True, slots=True)
class NoteWords:
    other_language: str


@dataclass(frozen=True, slots=True)
class MapWords:
    title: str
    described: str
    colours: str
    boundaries: str
    hatched: str


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """What is different from the month before; in cells of the table."""

    new: str
    graver: str
    milder: str
    ended: str
    was: str
    confirmed: str
    same: str
    first: str


@dataclass(frozen=True, slots=True)
class StageWords:
    caption: str
    landscape: str
    columns: Mapping[DroughtType, str]
    not_known: str
    not_in_plan: str
    unconfirmed: str
    derived: str
    since: str
    held: str
    area: str
    change: ChangeWords
    summary: str
    quiet: str
    missing: str
    no_stage_worked_out: str
    nothing_heard: str
    side_by_side: str
    country: str
    landscapes: str
    moves_since: str
    moves: Mapping[Move, str]
    no_moves: str


@dataclass(frozen=True, slots=True)
class YearWords:
    span: str
    first: str
    caption: str
    land: str
    whole: str
    millimetres: str
    percent: str
    percent_twelve: str
    between: str
    without: str
    explained: str
    driest: str
    missing: str
    nothing: str
    small: str


@dataclass(frozen=True, slots=True)
class ActionWords:
    no_orders: str
    none: str
    in_countries: str
    salt_affected: str
    not_salt_affected: str
    action: str
    who: str
    within: str
    stage: str


@dataclass(frozen=True, slots=True)
class DataWords:
    source: str
    otherwise: str
    release: str
    calibration: str
    no_schedule: str
    newest: str
    releases: Mapping[Release, str]
    newer: str
    none_yet: str
    late: str
    settling: str
    late_reading: str
    of_headwater: str
    unfinished: str
    endings: Mapping[Ending, str]


@dataclass(frozen=True, slots=True)
class RuleWords:
    none: str
    stage: str
    begins: str
    ends: str
    source: str
    kinds: Mapping[SourceKind, str]
    also_silence: str
    groups: Mapping[Form, str]
    only_months: str
    only_land: str
    sources: str


@dataclass(frozen=True, slots=True)
class AlertWords:
    counts: str
    answers: Mapping[Answer, str]
    caption: str
    what: str
    approved: str
    by_plan: str


@dataclass(frozen=True, slots=True)
class BulletinWords:
    """Everything a bulletin says in one language."""

    letters: Words
    has_unchecked: bool
    """Whether no speaker has checked some of these texts."""
    head: HeadWords
    headings: Mapping[Part, str]
    situation: SituationWords
    warnings: WarningWords
    note: NoteWords
    map: MapWords
    stages: StageWords
    year: YearWords
    actions: ActionWords
    data: DataWords
    rules: RuleWords
    alerts: AlertWords
    reading: Mapping[Limit, str]
    signature: Mapping[Line, str]
    landscapes: Counted
    """So many landscapes."""

    @property
    def language(self) -> str:
        return self.letters.language

    def quoted(self, text: str) -> str:
        """Return `text` in the quotation marks of the language."""
        return self.letters.quoted.format(text=text)


_FROM_ELSEWHERE = frozenset({"letters", "has_unchecked"})


@cache
def bulletin_words(language: str) -> BulletinWords:
    """Return the words of `language`.

    Raises:
        InputError: there is no such catalogue, or it does not fit the English.
    """
    letters = words_of(language)
    catalogue = shipped_catalogue(language, Domain.BULLETIN)
    return BulletinWords(
        letters=letters,
        has_unchecked=letters.has_unchecked or bool(catalogue.unchecked),
        **texts_of(BulletinWords, catalogue, _FROM_ELSEWHERE),
    )


def sentence(parts: Iterable[str]) -> str:
    """Return `parts` as one sentence, with one full stop."""
    said = "; ".join(part for part in parts if part)
    return said if said.endswith((".", "…")) else f"{said}."
