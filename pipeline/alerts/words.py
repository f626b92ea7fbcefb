"""The words of letters and CAP messages, one typed view for each language.

The texts themselves lie in `catalogues/`, for translators to edit. No word there claims more than
the plan does: an index crosses a threshold, actions are proposed for consideration, and nothing is
proclaimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from babel import Locale

from pipeline.alerts.catalogue import Catalogue, Counted, shipped_catalogue
from pipeline.alerts.catalogue_view import texts_of
from pipeline.alerts.evidence import Verdict
from pipeline.alerts.facts import Change
from pipeline.alerts.index_words import IndexWords
from pipeline.alerts.outcomes import Outcome
from pipeline.alerts.short_words import DigestWords, ShortWords
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Release
from pipeline.core.indicators import IndicatorCode, IndicatorUnit
from pipeline.plans.actions import Family
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import SourceKind

LANGUAGES = ("en", "ru", "kk", "ky", "tg", "tk", "uz", "tr")
"""English, and those with a catalogue."""

COMMON_LANGUAGES = ("en", "ru")
"""The languages of the letters of a plan that names none."""

_LOCALES = {"en": "en_GB"}
"""Where the rules for dates are not simply those of the language."""


class Heading(StrEnum):
    """The parts of a letter."""

    WHY = "why"
    DATA = "data"
    PLAN = "plan"
    ACTIONS = "actions"
    NOTES = "notes"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class ActionWords:
    """What stands in brackets behind a proposed action."""

    families: Mapping[Family, str]
    by_whom: str
    within: str
    days_counted: str
    """A line behind them all."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """How it stands with a condition of the plan, and with several of them together."""

    met: str
    not_met: str
    yes: str
    no: str
    not_known: str


@dataclass(frozen=True, slots=True)
class Words:
    """Everything a letter says in one language. Braces are filled in by `alerts.letters`."""

    language: str
    locale: Locale
    has_unchecked: bool
    """Whether no speaker has checked some of these texts."""
    percent: str
    """How a number is written as a percentage."""
    references: Mapping[str, str]
    """Sources of the shipped plans that are plain words, by their English."""
    month: str
    """CLDR pattern of a month that stands alone."""
    since_month: str
    """CLDR pattern of a month after "since": Russian needs the genitive."""
    month_name: str
    """CLDR pattern of a calendar month that stands alone."""
    since_month_name: str
    day: str
    months: Counted
    """So many months."""
    days: Counted
    quoted: str
    exercise: str
    trial: str
    """All that a message says which only tries a channel out."""
    banner: str
    headings: Mapping[Heading, str]
    countries: Mapping[Country, str]
    land_uses: Mapping[LandUse, str]
    salt_affected: str
    drought: Mapping[DroughtType, str]
    of_drought: Mapping[DroughtType, str]
    """The same after "stage": Russian needs the genitive."""
    gaps: Mapping[Gap, str]
    no_stage: str
    a_stage: str
    own_words: str
    """How the plan calls the stages in a language of its own."""
    happened: Mapping[Change, str]
    by_conditions: Mapping[Change, str]
    """The same, where the stage has rules in groups."""
    let_go: Mapping[Change, str]
    """The same, where rules let go for want of values."""
    unruled: str
    """The same, where no rule asks any more."""
    untold: Mapping[Change, str]
    """The same, where no message said what is corrected."""
    in_short: Mapping[Change, str]
    since: str
    none_since: str
    unconfirmed: str
    held: str
    """A ladder with a memory could not move."""
    reviewed: str
    """Behind a reminder by the plan."""
    indices: IndexWords
    an_index: str
    an_indicator: str
    an_area_share: str
    indicators: Mapping[IndicatorCode, str]
    units: Mapping[IndicatorUnit, str]
    """After the name of an indicator."""
    amounts: Mapping[IndicatorUnit, str]
    """A number with its unit, where it is not a percentage."""
    document: str
    headwater_measure: str
    value_data: str
    """What one value rests on, where that is not what the others do."""
    withheld: str
    no_value: str
    reached: str
    """How a value ends a stage, with a dead band."""
    passed: str
    """The same without one."""
    not_reached: str
    not_passed: str
    compared: Mapping[Outcome, str]
    """How a value lies to the threshold; only where there is a value."""
    consequences: Mapping[Outcome, str]
    """What follows for the stage."""
    group_consequences: Mapping[Outcome, str]
    """The same where the rule stands in a group."""
    path: str
    groups: Mapping[Form, str]
    coming_from: str
    path_rule: str
    states: StateWords
    runs: str
    """Added where more than one month in a row is needed."""
    threshold_source: str
    exit_source: str
    persistence_source: str
    kinds: Mapping[SourceKind, str]
    data: str
    simulated_source: str
    releases: Mapping[Release, str]
    coverage: str
    coverage_unknown: str
    blended_source: str
    gauges_reported: str
    """Instead of `coverage`, where gauges decide."""
    gauges_beside: Mapping[Verdict, str]
    """What gauges say beside the grid that decides."""
    grid_beside: Mapping[Verdict, str]
    """What the grid says beside the gauges that decide."""
    assumed_dry: str
    suspect: str
    plan: str
    template: str
    adopted: str
    not_orders: str
    actions: ActionWords
    not_adopted: str
    no_authority: str
    irrigated: str
    lacks_headwater: str
    unchecked: str
    reference: str
    evidence: str
    approved: str
    automatic: str
    """Instead of it, where the plan lets messages leave by themselves."""
    legal_basis: str
    no_legal_basis: str
    protocol: str
    protocol_undated: str
    remark: str
    short: ShortWords
    digest: DigestWords


_FROM_ELSEWHERE = frozenset({"language", "locale", "has_unchecked", "percent", "references"})


@cache
def words_of(language: str) -> Words:
    """Return the words of `language`.

    Raises:
        InputError: there is no such catalogue, or it does not fit the English.
    """
    if language not in LANGUAGES:
        raise InputError(
            f"letter: expected a language among {', '.join(LANGUAGES)}, got {language!r}; add its "
            "catalogue to pipeline/alerts/catalogues"
        )
    return words_from(shipped_catalogue(language), language)


def words_from(catalogue: Catalogue, language: str) -> Words:
    """Return the words of `language` that `catalogue` holds."""
    locale = Locale.parse(_LOCALES.get(language, language))
    return Words(
        language=language,
        locale=locale,
        has_unchecked=bool(catalogue.unchecked),
        percent=_percent(locale),
        references=_references(catalogue),
        **texts_of(Words, catalogue, _FROM_ELSEWHERE),
    )


def _percent(locale: Locale) -> str:
    pattern = locale.percent_formats[None]
    return f"{pattern.prefix[0]}{{number}}{pattern.suffix[0]}"


def _references(catalogue: Catalogue) -> dict[str, str]:
    """Return the sources in words by their English, which is what a plan document holds."""
    source = shipped_catalogue("en").texts
    return {
        text: catalogue.texts[key] for key, text in source.items() if key.startswith("references.")
    }
