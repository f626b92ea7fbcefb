"""Many messages to one reader as one: made and committed before it is sent, under its own id."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.digest import DigestItem, digest
from pipeline.alerts.recipients import Form
from pipeline.delivery.letter import Enclosure, Letter
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.deliveries import take_deliveries
from pipeline.warehouse.digests import QueuedDigest, save_digest

_RULE = "=" * 72
_FEWEST = 2


def make_digest(installation: Installation, delivery_ids: Sequence[int]) -> str | None:
    """Put these deliveries, which are of one recipient, into one digest; return its id.

    Committed before anything is sent: a crash after it sends the same digest, with the same id.
    None where too few of them are left to be taken now; the next delivery sees to them.
    """
    with installation.warehouse.begin() as connection:
        taken = take_deliveries(connection, delivery_ids)
        if len(taken) < _FEWEST:
            return None
        first = taken[0]
        facts = read_alerts(connection, [one.alert_id for one in taken])
        said = digest([DigestItem(one) for one in facts], first.language, Form(first.form))
        return save_digest(connection, taken, said.subject, said.body)


def letter_of(queued: QueuedDigest) -> Letter:
    """Return a digest as a letter; one of whole letters encloses them, as they were approved."""
    enclosures: tuple[Enclosure, ...] = ()
    if queued.form == "letter":
        texts = [f"{one.subject}\n\n{one.body.rstrip()}\n" for one in queued.contents]
        together = f"\n{_RULE}\n\n".join(texts)
        enclosures = (Enclosure(f"letters.{queued.language}.txt", together),)
    return Letter(
        queued.digest_id, queued.subject, queued.body, queued.language, queued.form, enclosures
    )
