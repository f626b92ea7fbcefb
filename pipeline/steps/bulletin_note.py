"""The forecaster's own paragraph in a bulletin: plain text, kept as it was written."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.alerts.local_time import local_day
from pipeline.alerts.words import LANGUAGES
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import Scope
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.bulletins import Note, read_note, save_note
from pipeline.warehouse.issuers import read_issuers
from pipeline.warehouse.locks import only_bulletins

MOST_LETTERS = 6000
"""About two pages; the table holds no more."""
_MOST_BYTES = 64 * 1024
_NO_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""What no keyboard writes, or turns the direction of what follows."""


@acts_as(Component.PUBLISH)
def write_note(
    installation: Installation, month: Month, scope: Scope, language: str, body: str, login: str,
    author: str | None = None,
) -> Note | None:  # fmt: skip
    """Save the note of a bulletin in one language, and return the one whose place it takes.

    `body` is as `note_body` returns it. `author` is who wrote it, as the bulletin will say; None: the
    name that the register of issuers has for the account `login`, else the account.

    Raises:
        InputError: there are no bulletins in this language, or the month has not begun; or the author
            has no name.
        ConflictError: the bulletin was issued.
    """
    if author is not None and (not author.strip() or not author.isprintable() or len(author) > 120):
        raise InputError(f"--by: expected the name of who wrote it, got {author!r}; write it")
    if language not in LANGUAGES:
        raise InputError(
            f"--language: expected one that bulletins are written in ({', '.join(LANGUAGES)}), got "
            f"{language!r}; choose one"
        )
    now = Month.of(local_day(installation.clock(), None))
    if month > now:
        raise InputError(
            f"note: expected a month that has begun ({now} at the latest), got {month}; correct it"
        )
    # Not while somebody issues: a note saved meanwhile would stand in no file.
    with only_bulletins(installation.warehouse), installation.warehouse.begin() as connection:
        known = {
            one.appointment.login: one.appointment.name
            for one in read_issuers(connection, installation.clock())
        }
        before = read_note(connection, month, str(scope), language)
        save_note(
            connection,
            Note(
                month,
                str(scope),
                language,
                body,
                author or known.get(login, login),
                login,
                installation.clock(),
            ),
        )
    return before


def note_body(text: str, where: str = "note") -> str:
    """Return a text as a note: its own line breaks, and one empty line between paragraphs.

    `where` is what to call it in a complaint.

    Raises:
        InputError: it is empty, longer than `MOST_LETTERS`, or holds what is no text.
    """
    lines = [line.rstrip() for line in _lines(text)]
    body = re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
    found = _NO_TEXT.search(body)
    if found:
        raise InputError(
            f"{where}: expected plain text, got the character U+{ord(found.group()):04X} after "
            f"{found.start()} letters; save it as plain text in UTF-8"
        )
    if not body:
        raise InputError(f"{where}: expected what the forecaster says, got an empty text; write it")
    if len(body) > MOST_LETTERS:
        raise InputError(
            f"{where}: expected {MOST_LETTERS} letters at most, got {len(body)}; shorten it: a bulletin is "
            "read on a phone too"
        )
    return body


def note_in_file(path: Path) -> str:
    """Return the text of a file as `note_body` does.

    Raises:
        InputError: it is no plain text in UTF-8, or too long.
    """
    with path.open("rb") as file:
        found = file.read(_MOST_BYTES + 1)
    try:
        if len(found) > _MOST_BYTES:
            raise InputError(
                f"{path}: expected a note of {MOST_LETTERS} letters at most, got more than "
                f"{_MOST_BYTES // 1024} KB; shorten it"
            )
        return note_body(found.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: expected plain text in UTF-8, got a byte {found[error.start]:#04x} at "
            f"{error.start}; save it as plain text, not as a document of a word processor"
        ) from error


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
