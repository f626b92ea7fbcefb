"""What is on its way to a recipient who got another address."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from pipeline.warehouse.recipients import Registered

# Who gets another address is entered anew at the very moment at which the old row ends.
_MOVE = """
UPDATE alert.delivery AS d SET
    recipient_key = new.recipient_key, attempts = 0, next_attempt_at = NULL, error = NULL,
    state = CASE d.state WHEN 'failed' THEN 'queued' ELSE d.state END
FROM alert.recipient AS old
JOIN alert.recipient AS new
    ON old.recipient_id = new.recipient_id AND old.channel = new.channel AND old.ended_at = new.added_at
    AND old.recipient_key < new.recipient_key
WHERE d.recipient_key = old.recipient_key AND d.state IN ('waiting', 'queued', 'failed')
AND (CAST(:key AS bigint) IS NULL OR old.recipient_key = :key)
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is on its way to a recipient and leaves for its new address."""

    deliveries: int
    digests: int


def move_to_new_address(connection: Connection, ended: Registered) -> Moved:
    """Let what has not left yet for a row that was ended leave for the row that took its place.

    Attempts begin anew: what was refused at the old address says nothing of the new one, and what was
    said of the old one may quote it.
    """
    # In the order in which who sends a digest writes.
    digests = connection.execute(
        text(
            "UPDATE alert.digest SET state = 'queued', attempts = 0, next_attempt_at = NULL, "
            "error = NULL WHERE recipient_id = :id AND state IN ('queued', 'failed')"
        ),
        {"id": ended.recipient.recipient_id},
    ).rowcount
    deliveries = connection.execute(text(_MOVE), {"key": ended.recipient_key}).rowcount
    return Moved(deliveries, digests)


def follow_new_addresses(connection: Connection) -> None:
    """Move what an approval queued that had read the register before an address was changed.

    Address by address, where it was changed again before anything was delivered.
    """
    while connection.execute(text(_MOVE), {"key": None}).rowcount:
        pass
