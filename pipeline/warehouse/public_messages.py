"""CAP messages that left: those of one chain, and those that may be public."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from pipeline.alerts.cap_chain import Told
from pipeline.alerts.cap_reading import read_message
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


def read_told_chain(connection: Connection, chain_id: str) -> list[Told]:
    """Return the CAP messages of a chain that left, in the order of their decisions.

    Two alerts of a chain that are let go at once wait for each other here: each must know of the
    other's message.
    """
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"CAP chain {chain_id}"},
    )
    rows = connection.execute(
        text(
            "SELECT t.alert_id, t.month, m.body FROM alert.message AS m "
            "JOIN alert.transition AS t USING (alert_id) "
            "WHERE t.chain_id = :chain_id AND m.form = 'cap' AND m.body IS NOT NULL "
            "ORDER BY t.alert_id"
        ),
        {"chain_id": chain_id},
    )
    return [
        Told(row.alert_id, Month.of(row.month), read_message(row.body.encode())) for row in rows
    ]


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
