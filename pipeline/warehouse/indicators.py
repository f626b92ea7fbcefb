"""Issues of agencies' indicators. A correction replaces the same issue; another issue stands beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.files import storable
from pipeline.core.indicators import Indicator, IndicatorCode, IndicatorUnit
from pipeline.core.months import Month
from pipeline.plans.issue_table import GivenIssue, RefusedRow
from pipeline.plans.issues import Issue
from pipeline.stations.observations import Disclosure
from pipeline.warehouse.known import rows_at
from pipeline.warehouse.upsert import save_rows

Issues = Mapping[str, Mapping[Indicator, Sequence[Issue]]]
"""Issues by landscape id and indicator, in no order."""

_KEYS = ("landscape_key", "indicator", "unit", "period_from", "period_to", "issued_on")
_SAID = ("value", "document_number", "issued_by", "note", "disclosure")
_MOST_CHARACTERS = 500
"""Of a refused row: what a lost quotation mark swallowed is in the archive."""


def save_issues(
    connection: Connection, given: Sequence[GivenIssue], keys: Mapping[str, int], file_id: int
) -> int:
    """Save issues; return how many are new or corrected.

    Of two files that speak of one issue the one that came first for the last time is the truth:
    an old file that is ingested once more undoes no correction.

    Args:
        connection: the caller's transaction.
        given: no issue twice.
        keys: landscape id to key.
        file_id: the file they stand in.
    """
    rows = [
        (
            keys[one.landscape_id],
            str(one.indicator.code),
            str(one.indicator.unit),
            one.issue.period_from.first_day,
            one.issue.period_to.first_day,
            one.issue.issued_on,
            one.issue.value,
            one.issue.document_number,
            one.issue.issued_by,
            one.note,
            str(one.disclosure),
            file_id,
        )
        for one in given
    ]
    return save_rows(
        connection,
        ("series", "indicator"),
        _KEYS,
        (*_KEYS, *_SAID, "file_id"),
        rows,
        incidental=("file_id",),
        unless="held.file_id > excluded.file_id",
    )


def save_refused_rows(connection: Connection, refused: Sequence[RefusedRow], file_id: int) -> None:
    """Put rows into quarantine; the same row of the same file is kept once."""
    rows = [
        {
            "file_id": file_id,
            "line": row.line,
            "reason": storable(row.reason)[:_MOST_CHARACTERS],
            "record": storable(row.text)[:_MOST_CHARACTERS],
        }
        for row in refused
    ]
    if rows:
        connection.execute(
            text(
                "INSERT INTO series.quarantine (file_id, line, reason, record) "
                "VALUES (:file_id, :line, :reason, :record) ON CONFLICT DO NOTHING"
            ),
            rows,
        )


def read_issues(connection: Connection, at: datetime | None = None) -> Issues:
    """Return all issues as this installation knew them `at` a moment; None: now."""
    rows = connection.execute(
        text(
            "SELECT l.landscape_id, i.indicator, i.unit, i.period_from, i.period_to, i.issued_on, "  # noqa: S608 - a table
            "i.value, i.document_number, i.issued_by, i.disclosure "
            f"FROM {rows_at('series.indicator', at)} AS i "
            "JOIN landscape.landscape AS l USING (landscape_key)"
        )
    )
    found: defaultdict[str, defaultdict[Indicator, list[Issue]]]
    found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        indicator = Indicator(IndicatorCode(row.indicator), IndicatorUnit(row.unit))
        found[row.landscape_id][indicator].append(
            Issue(
                issued_on=row.issued_on,
                period_from=Month.of(row.period_from),
                period_to=Month.of(row.period_to),
                value=row.value,
                document_number=row.document_number,
                issued_by=row.issued_by,
                is_open=row.disclosure == Disclosure.OPEN,
            )
        )
    return found
