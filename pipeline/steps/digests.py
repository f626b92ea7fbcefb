"""Many messages to one reader as one: made and committed before it is sent, under its own id."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pipeline.alerts.digest import digest
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.letters import Letter as Said
from pipeline.alerts.recipients import Form
from pipeline.core.errors import DeliveryError
from pipeline.delivery.letter import Enclosure, Letter
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.deliveries import QueuedDelivery, take_deliveries
from pipeline.warehouse.digests import QueuedDigest, save_digest

_log = logging.getLogger(__name__)

_RULE = "=" * 72
_FEWEST = 2


def make_digest(installation: Installation, delivery_ids: Sequence[int]) -> str | None:
    """Put these deliveries, which are of one recipient, into one digest; return its id.

    Committed before anything is sent: a crash after it sends the same digest, with the same id.
    None where too few of them may be taken now: another process holds them, or they follow others.

    Raises:
        DeliveryError: they cannot be worded as one.
    """
    with installation.warehouse.begin() as connection:
        taken = take_deliveries(connection, delivery_ids)
        if len(taken) < _FEWEST:
            return None
        first = taken[0]
        facts = read_alerts(connection, [one.alert_id for one in taken])
        said = _worded(facts, first)
        return save_digest(connection, taken, said.subject, said.body)


def _worded(facts: Sequence[AlertFacts], first: QueuedDelivery) -> Said:
    """Word a digest; a defect that these alerts bring to light holds up nothing else."""
    try:
        return digest(facts, first.language, Form(first.form))
    except Exception as error:
        _log.exception("digest for %s", first.recipient_id)
        raise DeliveryError(
            f"digest for {first.recipient_id}: {type(error).__name__}, which nobody foresaw; its "
            "messages leave one by one; see the log, and report it"
        ) from error


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
