"""What a channel is handed, and for whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A plain text that goes with a letter."""

    name: str
    """Name of the file, such as ``letters.en.txt``."""
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its last words. The id is the same in every repeat."""

    message_id: str
    subject: str
    body: str
    language: str = "en"
    form: str = "letter"
    """letter, brief or sms: an sms is never cut and never split."""
    enclosures: tuple[Enclosure, ...] = ()
    """Only mail takes them."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a letter goes."""

    address: str
    name: str | None = None
    unsubscribe_token: str | None = None
    """What the reader sends back to be told no more."""


def single_line(text: str) -> str:
    """Return `text` as one line: no sign in it can begin another line or header."""
    return _CONTROL.sub(" ", text).strip()
