"""Channels that do not answer: since when, what was heard last, when they are tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.warehouse.checks import read_checks


@dataclass(frozen=True, slots=True)
class DownChannel:
    """A channel that did not answer when it was last tried."""

    channel: str
    failing_since: datetime
    attempts: int
    next_attempt_at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class ChannelWaiting:
    """How a channel stands that has something to send, or does not answer."""

    channel: str
    waiting: int
    """Approved messages that have not left."""
    refused: int
    """Those of them that were tried, and not taken."""
    failing_since: datetime | None
    """Since when the channel does not answer; None: it does, or was not tried."""
    said: str | None
    """What was heard last of the channel, or of a message it refused."""
    next_attempt_at: datetime | None
    """When it is tried again; None: with the next delivery, or when its readers' hours begin."""
    overdue: int = 0
    """Those that nobody tried, for more than a day, though the readers' hours would have let them leave."""


# {stuck}: the check deliveries_stuck, which knows the hours of readers.
_STANDING = """
WITH approved AS (
    SELECT d.channel, d.state, d.error, d.next_attempt_at, d.delivery_id
    FROM alert.delivery AS d
    JOIN alert.message AS m ON d.message_id = m.message_id
    JOIN alert.approval AS a ON m.alert_id = a.alert_id
    WHERE d.state IN ('queued', 'failed') AND a.state = 'approved'
),
notices AS (
    SELECT 'mail' AS channel, state, error, next_attempt_at, NULL::bigint AS delivery_id
    FROM alert.notice WHERE state <> 'sent'
),
by_channel AS (
    SELECT
        channel,
        count(*) AS waiting,
        count(*) FILTER (WHERE state = 'failed') AS refused,
        (array_agg(error ORDER BY next_attempt_at DESC NULLS LAST) FILTER (WHERE error IS NOT NULL))[1]
            AS said,
        min(next_attempt_at) AS next_attempt_at
    FROM (SELECT * FROM approved UNION ALL SELECT * FROM notices) AS everything GROUP BY channel
),
untried AS (
    SELECT channel, count(*) AS messages FROM (
        SELECT stuck.channel FROM ({stuck}) AS stuck WHERE stuck.state = 'queued'
        UNION ALL
        SELECT 'mail' FROM alert.notice WHERE state = 'queued' AND written_at < now() - interval '1 day'
    ) AS everything GROUP BY channel
)
SELECT
    channel,
    coalesce(w.waiting, 0) AS waiting,
    coalesce(w.refused, 0) AS refused,
    c.failing_since,
    coalesce(c.said, w.said) AS said,
    coalesce(c.next_attempt_at, CASE WHEN w.waiting = w.refused THEN w.next_attempt_at END)
        AS next_attempt_at,
    coalesce(u.messages, 0) AS overdue
FROM by_channel AS w FULL JOIN alert.channel AS c USING (channel) LEFT JOIN untried AS u USING (channel)
ORDER BY channel
"""


def read_standing(connection: Connection) -> list[ChannelWaiting]:
    """Return how the channels stand that have something to send, or do not answer."""
    (stuck,) = read_checks(["deliveries_stuck"])
    query = text(_STANDING.format(stuck=stuck.query))
    return [ChannelWaiting(**row) for row in connection.execute(query).mappings()]


def read_down(connection: Connection) -> dict[str, DownChannel]:
    """Return the channels that did not answer when last tried, by name."""
    rows = connection.execute(text("SELECT * FROM alert.channel")).mappings()
    return {row["channel"]: DownChannel(**row) for row in rows}


def save_down(
    connection: Connection, channel: str, at: datetime, next_attempt_at: datetime, said: str
) -> None:
    """Write down that a channel did not answer."""
    connection.execute(
        text(
            "INSERT INTO alert.channel AS c (channel, failing_since, attempts, next_attempt_at, said) "
            "VALUES (:channel, :at, 1, :next, :said) ON CONFLICT (channel) DO UPDATE SET "
            "attempts = c.attempts + 1, next_attempt_at = excluded.next_attempt_at, "
            "said = excluded.said"
        ),
        {"channel": channel, "at": at, "next": next_attempt_at, "said": said},
    )


def save_answering(connection: Connection, channel: str) -> None:
    """Write down that a channel answers."""
    connection.execute(
        text("DELETE FROM alert.channel WHERE channel = :channel"), {"channel": channel}
    )
