"""The feeds of public CAP messages and the messages themselves, as files of the public site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.cap import validate
from pipeline.alerts.cap_reading import read_message
from pipeline.core.errors import InputError
from pipeline.delivery.feed import ARCHIVE, FEED, Channel, PublicMessage, in_force, rss
from pipeline.warehouse.public_messages import SentCap, read_sent_cap

LANGUAGE = "en"
_TITLE = "Drought alerts in force (CAP 1.2)"
_ABOUT = (
    "The newest public message on each drought: that the index has crossed a threshold of the "
    "national drought plan, what is proposed for consideration, and when it is over."
)
_ARCHIVE_TITLE = "All drought alerts (CAP 1.2)"
_ABOUT_ARCHIVE = "Every public message that left, also those that another one has replaced."


def public_messages(connection: Connection) -> list[PublicMessage]:
    """Return every message that may be public, in the order of their decisions.

    What a message says of itself counts: `Actual` and `Public` in its own XML; and that its alert is
    approved.

    Raises:
        InputError: a message in the warehouse is not as it was written: nothing of it may be shown.
    """
    found = map(_read, read_sent_cap(connection))
    return [one for one in found if one.message.is_public]


def _read(sent: SentCap) -> PublicMessage:
    body = sent.body.encode()
    try:
        validate(body)
    except InputError as error:
        raise InputError(f"alert {sent.alert_id}: {error}") from error
    message = read_message(body)
    if message.identifier != sent.identifier:
        raise InputError(
            f"alert {sent.alert_id}: CAP message: expected the identifier given with the decision, "
            f"{sent.identifier}, got {message.identifier}; somebody changed it in the warehouse"
        )
    return PublicMessage(sent.alert_id, sent.chain_id, sent.landscape_id, message, body)


def feed_files(
    messages: Sequence[PublicMessage], *, site_url: str, now: datetime
) -> dict[str, bytes]:
    """Return the files of the public site that services read, by their path from its root.

    `feed.xml` holds what counts now, `archive.xml` all; without messages both are valid and empty.
    """
    feed = Channel(_TITLE, _ABOUT, LANGUAGE, site_url)
    archive = Channel(_ARCHIVE_TITLE, _ABOUT_ARCHIVE, LANGUAGE, site_url)
    return {
        FEED: rss(feed, in_force(messages, now), FEED),
        ARCHIVE: rss(archive, messages, ARCHIVE),
        **{one.path: one.body for one in messages},
    }
