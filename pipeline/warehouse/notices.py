"""Mail inside the agency, written together with what it tells and sent by the next delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

from pipeline.core.months import Month


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """A notice on its way to one recipient."""

    notice_id: str
    recipient_id: str
    subject: str
    body: str
    attempts: int


def save_notice(connection: Connection, recipients: Iterable[str], subject: str, body: str) -> None:
    """Queue a notice for each recipient."""
    for recipient in recipients:
        connection.execute(
            text(
                "INSERT INTO alert.notice (recipient_id, subject, body) "
                "VALUES (:recipient, :subject, :body)"
            ),
            {"recipient": recipient, "subject": subject, "body": body},
        )


class NoticeKind(StrEnum):
    """What a notice says that is told once."""

    MONTH_CLOSED = "month_closed"
    MONTH_STUCK = "month_stuck"
    LATE_BY_PLAN = "late_by_plan"
    STEP_FAILING = "step_failing"


def save_notice_once(
    connection: Connection,
    recipients: Iterable[str],
    kind: NoticeKind,
    about: str,
    subject: str,
    body: str,
    *,
    month: Month | None = None,
) -> int:
    """Queue a notice for each recipient who was not told the same before; return for how many.

    Two processes that say the same at once say it once.
    """
    told = 0
    for recipient in recipients:
        done = connection.execute(
            text(
                "INSERT INTO alert.notice (recipient_id, subject, body, kind, month, about) "
                "VALUES (:recipient, :subject, :body, :kind, :month, :about) "
                "ON CONFLICT (recipient_id, kind, about) WHERE kind <> 'unanswered' DO NOTHING"
            ),
            {
                "recipient": recipient,
                "subject": subject,
                "body": body,
                "kind": str(kind),
                "month": month.first_day if month else None,
                "about": about,
            },
        )
        told += done.rowcount
    return told


def read_told_months(connection: Connection) -> dict[Month, bool]:
    """Return the months anybody was told of, each with whether it was closed."""
    rows = connection.execute(
        text(
            "SELECT month, bool_or(kind = 'month_closed') AS is_closed FROM alert.notice "
            "WHERE kind IN ('month_closed', 'month_stuck') GROUP BY month"
        )
    )
    return {Month.of(row.month): row.is_closed for row in rows}


def read_unsent_notices(connection: Connection, at: datetime | None) -> list[str]:
    """Return the ids of notices that are to leave `at` a moment, oldest first; None: of all."""
    query = (
        "SELECT notice_id FROM alert.notice WHERE state <> 'sent' AND (CAST(:at AS timestamptz) "
        "IS NULL OR next_attempt_at IS NULL OR next_attempt_at <= :at) "
        "ORDER BY attempts, written_at, notice_id"
    )
    return [str(notice_id) for notice_id in connection.execute(text(query), {"at": at}).scalars()]


def take_notice(connection: Connection, notice_id: str) -> QueuedNotice | None:
    """Lock and return a notice; None where it has left, or another process holds it."""
    row = connection.execute(
        text(
            "SELECT * FROM alert.notice WHERE notice_id = CAST(:id AS uuid) AND state <> 'sent' "
            "FOR UPDATE SKIP LOCKED"
        ),
        {"id": notice_id},
    ).one_or_none()
    if row is None:
        return None
    return QueuedNotice(str(row.notice_id), row.recipient_id, row.subject, row.body, row.attempts)


def save_notice_sent(connection: Connection, notice_id: str, sent_at: datetime) -> None:
    """Write down that the mail server took a notice."""
    connection.execute(
        text(
            "UPDATE alert.notice SET state = 'sent', attempts = attempts + 1, sent_at = :sent_at, "
            "error = NULL, next_attempt_at = NULL WHERE notice_id = CAST(:id AS uuid)"
        ),
        {"id": notice_id, "sent_at": sent_at},
    )


def save_notice_failed(
    connection: Connection, notice_id: str, error: str, next_attempt_at: datetime
) -> None:
    """Write down what the mail server said instead of taking a notice, and when it is tried again."""
    connection.execute(
        text(
            "UPDATE alert.notice SET state = 'failed', attempts = attempts + 1, error = :error, "
            "next_attempt_at = :next WHERE notice_id = CAST(:id AS uuid)"
        ),
        {"id": notice_id, "error": error, "next": next_attempt_at},
    )
