"""The register of recipients. Rows are added and ended; nobody is struck off, nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from pipeline.alerts.recipients import Form, Hours, Recipient
from pipeline.alerts.wishes import Wishes
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country, DroughtType, LandUse

UNSUBSCRIBED = "unsubscribed"
"""Stands where otherwise the account stands that ended a recipient."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A recipient as the register holds it."""

    recipient_key: int
    recipient: Recipient
    token: UUID
    """What a reader who wants no more mail sends back."""
    added_at: datetime
    added_by: str
    ended_at: datetime | None
    """None: messages go there."""
    ended_by: str | None


def save_recipient(
    connection: Connection, new: Recipient, *, added_by: str, added_at: datetime | None = None
) -> Registered:
    """Enter a recipient, and return the row.

    Args:
        connection: within a transaction.
        new: who.
        added_by: the account that enters it.
        added_at: when; None: now.

    Raises:
        ConflictError: there is one of this name already.
    """
    wishes = new.wishes
    row = connection.execute(
        text(
            "INSERT INTO alert.recipient (recipient_id, name, channel, address, form, language, "
            "countries, provinces, land_uses, drought_types, from_stage, digest_from, hour_from, "
            "hour_until, weekdays, clock_country, added_by, added_at) "
            "VALUES (:recipient_id, :name, :channel, "
            ":address, :form, :language, :countries, :provinces, :land_uses, :drought_types, "
            ":from_stage, :digest_from, :hour_from, :hour_until, :weekdays, :clock, :added_by, "
            "coalesce(CAST(:added_at AS timestamptz), now())) "
            "ON CONFLICT (recipient_id) WHERE ended_at IS NULL DO NOTHING RETURNING *"
        ),
        {
            "recipient_id": new.recipient_id,
            "name": new.name,
            "channel": new.channel,
            "address": new.address,
            "form": str(new.form),
            "language": new.language,
            "countries": _array(wishes.countries),
            "provinces": _array(wishes.provinces),
            "land_uses": _array(wishes.land_uses),
            "drought_types": _array(wishes.drought_types),
            "from_stage": wishes.from_stage,
            "digest_from": new.digest_from,
            "hour_from": new.hours.first,
            "hour_until": new.hours.until,
            "weekdays": sorted(new.hours.weekdays),
            "clock": str(new.clock),
            "added_by": added_by,
            "added_at": added_at,
        },
    ).one_or_none()
    if row is None:
        raise ConflictError(
            f"{new.recipient_id}: expected a name that no recipient has yet, got one that is taken; "
            "choose another, or end that recipient first: `drought recipients end "
            f"{new.recipient_id}`"
        )
    return _registered(row)


def _array(words: frozenset[Any]) -> list[str] | None:
    return sorted(str(word) for word in words) or None


def _registered(row: Row[Any]) -> Registered:
    return Registered(
        row.recipient_key,
        Recipient(
            recipient_id=row.recipient_id,
            name=row.name,
            channel=row.channel,
            address=row.address,
            form=Form(row.form),
            language=row.language,
            clock=Country(row.clock_country),
            wishes=Wishes(
                countries=frozenset(map(Country, row.countries or ())),
                provinces=frozenset(row.provinces or ()),
                land_uses=frozenset(map(LandUse, row.land_uses or ())),
                drought_types=frozenset(map(DroughtType, row.drought_types or ())),
                from_stage=row.from_stage,
            ),
            hours=Hours(row.hour_from, row.hour_until, frozenset(row.weekdays)),
            digest_from=row.digest_from,
        ),
        row.unsubscribe_token,
        row.added_at,
        row.added_by,
        row.ended_at,
        row.ended_by,
    )


def read_recipients(connection: Connection, *, everybody: bool = False) -> list[Registered]:
    """Return the register by name, oldest row first: those that are told, or everybody."""
    rows = connection.execute(
        text(
            "SELECT * FROM alert.recipient WHERE :everybody OR ended_at IS NULL "
            'ORDER BY recipient_id COLLATE "C", recipient_key'
        ),
        {"everybody": everybody},
    )
    return [_registered(row) for row in rows]


def read_recipient(connection: Connection, recipient_id: str) -> Registered:
    """Return the recipient of a name, as it is told; of one that was ended, the last row.

    Raises:
        InputError: nobody ever had this name.
    """
    rows = [
        one
        for one in read_recipients(connection, everybody=True)
        if one.recipient.recipient_id == recipient_id
    ]
    if not rows:
        raise _unknown(recipient_id)
    return max(rows, key=lambda one: (one.ended_at is None, one.recipient_key))


def _unknown(recipient_id: str) -> InputError:
    return InputError(
        f"{recipient_id}: there is no such recipient; `drought recipients list` shows them"
    )


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was on its way to a recipient and does not leave any more."""

    deliveries: int
    digests: int


def end_recipient(
    connection: Connection, recipient_id: str, at: datetime, *, ended_by: str
) -> Cancelled:
    """End a recipient, and cancel what has not left yet.

    Raises:
        InputError: there is none of this name, or it was ended before.
    """
    key = end_row(connection, recipient_id, at, ended_by=ended_by).recipient_key
    # Whoever sends a digest holds it, and then writes to its deliveries: the same order here.
    digests = _cancel_digests(connection, recipient_id)
    return Cancelled(_cancel_deliveries(connection, key), digests)


def end_row(
    connection: Connection, recipient_id: str, at: datetime, *, ended_by: str
) -> Registered:
    """End the row of a recipient, return it, and leave alone what is on its way there.

    Raises:
        InputError: there is none of this name, or it was ended before.
    """
    row = connection.execute(
        text(
            "UPDATE alert.recipient SET ended_at = :at, ended_by = :ended_by "
            "WHERE recipient_id = :id AND ended_at IS NULL RETURNING *"
        ),
        {"id": recipient_id, "at": at, "ended_by": ended_by},
    ).one_or_none()
    if row is None:
        held = read_recipient(connection, recipient_id)
        raise InputError(
            f"{recipient_id}: expected a recipient that is told, got one that was ended on "
            f"{held.ended_at:%Y-%m-%d} by {held.ended_by}"
        )
    return _registered(row)


def _cancel_deliveries(connection: Connection, recipient_key: int) -> int:
    return connection.execute(
        text(
            "UPDATE alert.delivery SET state = 'cancelled' WHERE recipient_key = :key "
            "AND state IN ('waiting', 'queued', 'failed')"
        ),
        {"key": recipient_key},
    ).rowcount


def _cancel_digests(connection: Connection, recipient_id: str) -> int:
    return connection.execute(
        text(
            "UPDATE alert.digest SET state = 'cancelled' WHERE recipient_id = :id "
            "AND state IN ('queued', 'failed')"
        ),
        {"id": recipient_id},
    ).rowcount


def read_by_token(connection: Connection, token: UUID) -> Registered:
    """Return the recipient a token was given to, ended or not.

    Raises:
        InputError: nobody was given it.
    """
    row = connection.execute(
        text("SELECT * FROM alert.recipient WHERE unsubscribe_token = :token"), {"token": token}
    ).one_or_none()
    if row is None:
        raise InputError(
            f"token {token}: expected one that a letter of this installation gives for "
            "unsubscribing, got one that nobody was given; copy it whole"
        )
    return _registered(row)


def read_told_before(connection: Connection, chain_id: str, before: int) -> set[str]:
    """Return to whom an earlier alert of a chain went, or is on its way.

    Names of recipients, and mail addresses that were written to before there was a register.
    """
    rows = connection.execute(
        text(
            "SELECT DISTINCT d.recipient_id FROM alert.delivery AS d "
            "JOIN alert.message AS m USING (message_id) "
            "JOIN alert.transition AS t ON m.alert_id = t.alert_id WHERE t.chain_id = :chain_id "
            "AND t.alert_id < :before AND d.state <> 'cancelled' AND d.channel <> 'file'"
        ),
        {"chain_id": chain_id, "before": before},
    )
    return {row.recipient_id for row in rows}


def read_written_to(connection: Connection, alert_id: int) -> set[str]:
    """Return the mail addresses that an alert goes to which was decided before there was a register."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT d.recipient_id FROM alert.delivery AS d "
            "JOIN alert.message AS m USING (message_id) "
            "WHERE m.alert_id = :alert_id AND d.channel = 'mail' AND d.recipient_key IS NULL"
        ),
        {"alert_id": alert_id},
    )
    return {row.recipient_id for row in rows}


def read_counts(connection: Connection, recipient_key: int) -> dict[str, int]:
    """Return how many deliveries of a recipient are in each state."""
    rows = connection.execute(
        text(
            "SELECT state, count(*) AS n FROM alert.delivery WHERE recipient_key = :key "
            "GROUP BY state ORDER BY state"
        ),
        {"key": recipient_key},
    )
    return {row.state: row.n for row in rows}


@dataclass(frozen=True, slots=True)
class Queued:
    """One alert on its way to one recipient, or there."""

    recipient: Recipient
    language: str
    state: str
    error: str | None


def read_queued(connection: Connection, alert_id: int) -> tuple[str, list[Queued]]:
    """Return the state of an alert's approval, and its deliveries to recipients."""
    approval = connection.execute(
        text("SELECT state FROM alert.approval WHERE alert_id = :id"), {"id": alert_id}
    ).scalar_one()
    rows = connection.execute(
        text(
            "SELECT r.*, m.language AS language_sent, d.state, d.error FROM alert.delivery AS d "
            "JOIN alert.message AS m USING (message_id) "
            "JOIN alert.recipient AS r ON d.recipient_key = r.recipient_key "
            "WHERE d.alert_id = :id"
        ),
        {"id": alert_id},
    )
    return approval, [
        Queued(_registered(row).recipient, row.language_sent, row.state, row.error) for row in rows
    ]
