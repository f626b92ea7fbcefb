"""What was let go of one chain, and the CAP messages that may be public."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.alerts.cap_chain import Told, turn
from pipeline.alerts.cap_reading import read_message
from pipeline.alerts.facts import Change
from pipeline.core.months import Month


@dataclass(frozen=True, slots=True)
class SentCap:
    """A CAP message as it left."""

    alert_id: int
    chain_id: str
    landscape_id: str
    identifier: str
    """As it was given with the decision."""
    body: str


def wait_for_chains(connection: Connection, chain_ids: Iterable[str]) -> None:
    """Keep others from letting go of alerts of these chains until the transaction's end.

    Of two alerts of a chain let go at once, one must know of the other's message. In one order for
    all, so that no two wait for each other.
    """
    for chain_id in sorted(set(chain_ids)):
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"CAP chain {chain_id}"},
        )


_TOLD = text("""
SELECT t.alert_id, t.change, t.month, t.evidence ->> 'since' AS since, m.body
FROM alert.message AS m
JOIN alert.transition AS t USING (alert_id)
JOIN alert.approval AS a USING (alert_id)
WHERE t.chain_id = :chain_id AND m.form = 'cap' AND a.state = 'approved'
    AND (m.body IS NOT NULL OR EXISTS (
        SELECT FROM alert.delivery AS d
        WHERE d.message_id = m.message_id AND d.state = 'cancelled'
    ))
""")
"""Alerts let go whose CAP message has its last words, or will have none."""


def read_told_chain(connection: Connection, chain_id: str) -> list[Told]:
    """Return what was let go of a chain, by turns.

    What others have committed by now is there too, where the caller's transaction looks at the
    warehouse as it was when it began: the caller has waited for the chain (`wait_for_chains`).
    """
    asked = {"chain_id": chain_id}
    rows = {row.alert_id: row for row in connection.execute(_TOLD, asked)}
    if connection.get_isolation_level() != "READ COMMITTED":
        with connection.engine.connect() as now:
            rows |= {row.alert_id: row for row in now.execute(_TOLD, asked)}
    return sorted(map(_told, rows.values()), key=lambda one: one.turn)


def _told(row: Row[Any]) -> Told:
    message = None if row.body is None else read_message(row.body.encode())
    first = min(Month.of(row.month), Month.parse(row.since))
    return Told(turn(Change(row.change), row.alert_id), first, message)


def read_sent_cap(connection: Connection) -> list[SentCap]:
    """Return every CAP message of an approved alert that says `Actual`, oldest decision first.

    What it says besides is for its reader to see: this only leaves aside those that cannot be
    public.
    """
    rows = connection.execute(
        text(
            "SELECT t.alert_id, t.chain_id, l.landscape_id, m.cap_identifier, m.body "
            "FROM alert.message AS m JOIN alert.transition AS t USING (alert_id) "
            "JOIN alert.approval AS a USING (alert_id) "
            "JOIN landscape.landscape AS l USING (landscape_key) "
            "WHERE m.form = 'cap' AND a.state = 'approved' "
            "AND m.body LIKE '%<status>Actual</status>%' ORDER BY t.alert_id"
        )
    )
    return [
        SentCap(row.alert_id, row.chain_id, row.landscape_id, row.cap_identifier, row.body)
        for row in rows
    ]
