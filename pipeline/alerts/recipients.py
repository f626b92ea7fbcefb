"""Recipients: who is told of alerts, where, in which form and language, and at which hours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from enum import StrEnum

from pipeline.alerts.wishes import Wishes
from pipeline.alerts.words import LANGUAGES
from pipeline.core.errors import InputError
from pipeline.core.ids import Country

MAIL = "mail"
"""The channel that needs no entry in the file of channels."""
FILE = "file"
"""The folder `outgoing`: no recipient's channel."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]*")


class Form(StrEnum):
    """How much of an alert a recipient reads."""

    LETTER = "letter"
    """The whole letter."""
    BRIEF = "brief"
    """About 1,000 characters."""
    SMS = "sms"
    """One text message."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When messages may come, by the reader's clock."""

    first: int = 9
    """Hour from which they may, 0 to 23."""
    until: int = 18
    """Hour before which they may; 24: midnight."""
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    """ISO days of the week, 1 Monday to 7 Sunday."""

    def __str__(self) -> str:
        """Return them as the command takes them, such as ``mon-fri 09-18``."""
        days = sorted(self.weekdays)
        named = [WEEKDAYS[day - 1] for day in days]
        is_run = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        said = f"{named[0]}-{named[-1]}" if is_run else ",".join(named)
        return f"{said} {self.first:02d}-{self.until:02d}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told of alerts."""

    recipient_id: str
    """Short name, as deliveries show it."""
    name: str
    """Person or body."""
    channel: str
    """`mail`, or a channel of the operator's file of channels."""
    address: str
    form: Form
    language: str
    clock: Country
    """Whose local time the hours are in."""
    wishes: Wishes = field(default_factory=Wishes)
    hours: Hours = field(default_factory=Hours)
    digest_from: int = 4
    """So many messages due at once leave as one digest."""


def checked(new: Recipient) -> Recipient:
    """Return a recipient that can be meant.

    Raises:
        InputError: its name, channel, address or language cannot be one.
    """
    if _ID.fullmatch(new.recipient_id) is None:
        raise InputError(
            "id: expected small Latin letters, digits, dots, - and _, beginning with a letter or digit, "
            f"such as committee-uz, got {new.recipient_id!r}; choose another"
        )
    if _CHANNEL.fullmatch(new.channel) is None or new.channel == FILE:
        raise InputError(
            f"channel: expected {MAIL}, or a name in the file of channels (DROUGHT_CHANNELS), got "
            f"{new.channel!r}; the folder of outgoing letters needs no recipient"
        )
    for what, text in (
        ("name", new.name),
        ("address", new.address),
        *(("province", one) for one in new.wishes.provinces),
    ):
        if not text.strip() or not text.isprintable():
            raise InputError(f"{what}: expected a text in one line, got {text!r}; write one")
    if new.channel == MAIL and not _is_mail_address(new.address):
        raise InputError(
            f"address: expected one mail address, such as committee@example.org, got {new.address!r}; "
            "correct it, and write a name in other letters as its xn--… form"
        )
    if new.language not in LANGUAGES:
        raise InputError(
            f"language: expected one of {', '.join(LANGUAGES)}, got {new.language!r}; choose one"
        )
    return new


def _is_mail_address(text: str) -> bool:
    try:
        parsed = Address(addr_spec=text)
    # In these ways the parser of the standard library fails on what is no address.
    except (MessageError, ValueError, IndexError, AttributeError):
        return False
    is_plain = text.isascii() and not any(one.isspace() or one in '<>,;"' for one in text)
    return is_plain and bool(parsed.username and parsed.domain)


def hours_from(text: str) -> tuple[int, int]:
    """Return the hours written as ``09-18``.

    Raises:
        InputError: they are written otherwise, or end before they begin.
    """
    first, _, until = text.partition("-")
    if first.strip().isdecimal() and until.strip().isdecimal():
        hours = int(first), int(until)
        if hours[0] < hours[1] <= _MIDNIGHT:
            return hours
    raise InputError(
        f"hours: expected full hours of one day, such as 09-18 or 00-24, got {text!r}; for "
        "hours over midnight choose 00-24, as two recipients of one address are told twice"
    )


def weekdays_from(text: str) -> frozenset[int]:
    """Return the ISO days of the week written as ``mon-fri`` or ``mon,wed,sat``.

    Raises:
        InputError: they are written otherwise.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise InputError(
                f"weekdays: expected days such as mon-fri or mon,wed,sat, got {text!r}; each is one of "
                f"{', '.join(WEEKDAYS)}"
            )
        begin = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - begin) % 7 if dash else 0
        found |= {(begin + n) % 7 + 1 for n in range(length + 1)}
    return frozenset(found)
