"""The words of text messages, chat messages and digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.alerts.catalogue import Counted
from pipeline.alerts.facts import Change
from pipeline.core.ids import DroughtType, IndexFamily


@dataclass(frozen=True, slots=True)
class ShortWords:
    """What only short messages say. Braces are filled in by `alerts.short`."""

    draft: str
    """The mark of a message by thresholds that nobody has adopted."""
    month: str
    """CLDR pattern of a month, in few characters."""
    number: str
    drought: Mapping[DroughtType, str]
    any_drought: str
    changes: Mapping[Change, str]
    unconfirmed: str
    """Behind a stage that is held for want of values."""
    unchecked: str
    """Behind a text message with words that no speaker has checked, where there is room."""
    abbreviations: str
    """Pairs such as ``Region=Reg.``, parted by commas."""
    measures: Mapping[IndexFamily, str]
    """An index with how to read it; not those that say so themselves."""
    more: str
    """Ends a list that is cut short."""
    rest: str
    """Where the whole letter is to be had."""


@dataclass(frozen=True, slots=True)
class DigestWords:
    """What a message that stands for many says. Braces are filled in by `alerts.digest`."""

    subject: str
    in_short: str
    landscapes: Counted
    alerts: Counted
    intro: str
    attached: str
    not_attached: str
