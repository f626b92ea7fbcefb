"""The forecaster's notes on bulletins, and the bulletins that were issued. Rows are only added.

A scope is a country's code, such as ``UZ``, or ``region``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError
from pipeline.core.ids import Country
from pipeline.core.months import Month

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Note:
    """What a forecaster wrote for the bulletin of a month and scope, in one language."""

    month: Month
    scope: str
    language: str
    body: str
    """Plain text; an empty line parts paragraphs."""
    author: str
    login: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedBulletin:
    """A bulletin as it was issued."""

    month: Month
    scope: str
    number: str
    """Of the agency's register of outgoing papers."""
    dated: date
    name: str
    """Who issued it."""
    office: str
    login: str
    legal_basis: str
    accepts_unchecked: bool
    files: Mapping[str, str]
    """SHA-256 of each file, by its name."""
    issued_at: datetime


def save_note(connection: Connection, note: Note) -> None:
    """Add a note; the newest counts.

    Raises:
        ConflictError: the bulletin was issued.
    """
    issued = read_issue(connection, note.month, note.scope)
    if issued is not None:
        raise ConflictError(
            f"bulletin {note.scope} {note.month}: expected one that is not issued yet, got No. "
            f"{issued.number} of {issued.dated:%Y-%m-%d}; what it says stays as it was issued"
        )
    connection.execute(
        text(
            "INSERT INTO alert.bulletin_note (month, scope, language, body, login, author, written_at) "
            "VALUES (:month, :scope, :language, :body, :login, :author, :written_at)"
        ),
        {
            "month": note.month.first_day,
            "scope": note.scope,
            "language": note.language,
            "body": note.body,
            "login": note.login,
            "author": note.author,
            "written_at": note.written_at,
        },
    )


def read_note(connection: Connection, month: Month, scope: str, language: str) -> Note | None:
    """Return the note that counts; None where nobody wrote one."""
    row = connection.execute(
        text(
            "SELECT * FROM alert.bulletin_note WHERE month = :month AND scope = :scope "
            "AND language = :language ORDER BY note_id DESC LIMIT 1"
        ),
        {"month": month.first_day, "scope": scope, "language": language},
    ).one_or_none()
    if row is None:
        return None
    return Note(month, scope, language, row.body, row.author, row.login, row.written_at)


def read_notes(connection: Connection, month: Month) -> Rows:
    """Return the notes of a month that count: scope in small letters, language, body, author, when."""
    return _rows(
        connection,
        "SELECT DISTINCT ON (scope, language) lower(scope) AS scope, language, body, author, "
        "written_at FROM alert.bulletin_note WHERE month = :month "
        "ORDER BY scope, language, note_id DESC",
        month=month.first_day,
    )


def save_issue(connection: Connection, issued: IssuedBulletin) -> None:
    """Add the issue of a bulletin.

    The table refuses a second one, a number that the register has given, and who holds no role for it.
    """
    connection.execute(
        text(
            "INSERT INTO alert.bulletin (month, scope, outgoing_number, outgoing_date, issued_by, "
            "office, login, legal_basis, accepts_unchecked, files, issued_at) VALUES (:month, :scope, "
            ":number, :dated, :name, :office, :login, :legal_basis, :accepts_unchecked, "
            "CAST(:files AS jsonb), :issued_at)"
        ),
        {
            "month": issued.month.first_day,
            "scope": issued.scope,
            "number": issued.number,
            "dated": issued.dated,
            "name": issued.name,
            "office": issued.office,
            "login": issued.login,
            "legal_basis": issued.legal_basis,
            "accepts_unchecked": issued.accepts_unchecked,
            "files": json.dumps(dict(issued.files), sort_keys=True),
            "issued_at": issued.issued_at,
        },
    )


def read_issue(connection: Connection, month: Month, scope: str) -> IssuedBulletin | None:
    """Return the issue of a bulletin; None where it was not issued."""
    found = (one for one in read_issued(connection, month) if one.scope == scope)
    return next(found, None)


def read_issued(connection: Connection, month: Month | None = None) -> list[IssuedBulletin]:
    """Return the bulletins that were issued, of one month or of all; the newest month first."""
    rows = connection.execute(
        text(
            "SELECT * FROM alert.bulletin WHERE month = coalesce(CAST(:month AS date), month) "
            "ORDER BY month DESC, scope"
        ),
        {"month": month and month.first_day},
    )
    return [
        IssuedBulletin(
            Month.of(row.month),
            row.scope,
            row.outgoing_number,
            row.outgoing_date,
            row.issued_by,
            row.office,
            row.login,
            row.legal_basis,
            row.accepts_unchecked,
            row.files,
            row.issued_at,
        )
        for row in rows
    ]


def read_issues(connection: Connection, month: Month) -> Rows:
    """Return what the issues of a month say: scope in small letters, number, date, who, by what order."""
    return _rows(
        connection,
        "SELECT lower(scope) AS scope, outgoing_number AS number, outgoing_date AS issued_on, "
        "issued_by, office, legal_basis, accepts_unchecked FROM alert.bulletin WHERE month = :month ORDER BY scope",
        month=month.first_day,
    )


def read_countries(connection: Connection) -> set[Country]:
    """Return the countries with landscapes."""
    rows = connection.execute(text("SELECT DISTINCT country_code FROM landscape.current"))
    return {Country(code) for code in rows.scalars()}


def read_changed_since(connection: Connection, issued: IssuedBulletin) -> int:
    """Return of how many landscapes something was replaced that the bulletin shows.

    That is the stages of its month and of the month before, and values of the hydrological year
    so far.
    """
    year = issued.month.year - (issued.month.month < 10)
    return int(
        connection.execute(
            text(
                "WITH changed AS ("
                "SELECT landscape_id FROM mart.revision_stage "
                "WHERE changed_at > :issued_at AND month BETWEEN :before AND :month "
                "UNION SELECT landscape_id FROM mart.revision_value "
                "WHERE changed_at > :issued_at AND month BETWEEN :october AND :month) "
                "SELECT count(*) FROM changed JOIN landscape.current USING (landscape_id) "
                "WHERE :scope IN (country_code, 'region')"
            ),
            {
                "issued_at": issued.issued_at,
                "month": issued.month.first_day,
                "before": (issued.month - 1).first_day,
                "october": date(year, 10, 1),
                "scope": issued.scope,
            },
        ).scalar_one()
    )


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
