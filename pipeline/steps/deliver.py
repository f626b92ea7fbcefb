"""Empty the outbox of what is approved. A mail server can never change a stage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline import logs
from pipeline.alerts.due import FAILURES_COUNTED, Parcel, Waiting, parcels, pause
from pipeline.alerts.recipients import FILE, MAIL
from pipeline.core.components import Component
from pipeline.core.errors import ChannelDownError, DeliveryError, InputError, NotCalledError
from pipeline.core.secrets import hidden
from pipeline.delivery.channel_calls import CALL_SECONDS
from pipeline.delivery.channels import read_channels
from pipeline.delivery.letter import Letter, Reader
from pipeline.steps.digests import letter_of, make_digest
from pipeline.steps.hand_over import Channels, hand_over, lay_down
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.warehouse.channels import DownChannel, read_down, save_answering, save_down
from pipeline.warehouse.deliveries import (
    QueuedDelivery,
    cancel_of_ended_recipients,
    read_waiting,
    save_failed,
    save_sent,
    take_deliveries,
)
from pipeline.warehouse.digests import save_digest_failed, save_digest_sent, take_digest
from pipeline.warehouse.notices import (
    read_unsent_notices,
    save_notice_failed,
    save_notice_sent,
    take_notice,
)
from pipeline.warehouse.readdressed import follow_new_addresses

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a round of deliveries came to."""

    sent: int
    """Messages that were taken; those of a digest count each."""
    failures: tuple[str, ...]
    """One line for each that its channel refused now; it will be tried again."""
    resting: tuple[str, ...] = ()
    """One line for each channel that did not answer lately and was left alone."""


@dataclass
class _Round:
    """One round: what it works with, and what it came to so far."""

    installation: Installation
    ignores_pauses: bool
    seconds: float
    channels: Channels
    down: dict[str, DownChannel]
    sent: int = 0
    failures: list[str] = field(default_factory=list)
    resting: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.installation.clock()


@acts_as(Component.DELIVER)
def deliver(
    installation: Installation, *, ignores_pauses: bool = False, seconds: float = CALL_SECONDS
) -> Delivered:
    """Hand every approved message to its channel, once.

    Each delivery commits on its own, after its channel has accepted; only a crash between the two
    repeats one, with the same message id. A refusal is written down and tried again after a pause
    that doubles; it holds up no other, but for about a day what follows it in its chain. A channel that does not
    answer ends its own turn and rests likewise. The folder is served first, then mail, then others.

    Args:
        installation: the installation.
        ignores_pauses: try everything now. The readers' hours are kept all the same.
        seconds: how long a channel may keep us waiting for one answer.
    """
    with recorded(installation.warehouse, "deliver") as report:
        with installation.warehouse.begin() as connection:
            follow_new_addresses(connection)
            cancel_of_ended_recipients(connection)
            waiting, down = read_waiting(connection), read_down(connection)
        now = _Round(installation, ignores_pauses, seconds, {}, down)
        for channel in _usable_channels(now, waiting):
            _serve(now, channel, waiting.get(channel, []))
        report.rows = now.sent
        said = [f"{now.sent} sent", f"{len(now.failures)} refused", *now.resting]
        report.message = "; ".join(said)
    return Delivered(now.sent, tuple(now.failures), tuple(now.resting))


def deliver_all(installation: Installation) -> int:
    """Deliver, and fail if a channel refused something now; return how many messages were sent.

    Raises:
        DeliveryError: at least one refusal; the others were sent.
    """
    done = deliver(installation)
    if done.failures:
        raise DeliveryError("; ".join(done.failures))
    return done.sent


def _usable_channels(now: _Round, waiting: dict[str, list[Waiting]]) -> list[str]:
    """Return the channels in the order in which they are served, and read the file of channels.

    Where that is wrong, the folder and mail are served all the same.
    """
    others = sorted(set(waiting) - {FILE, MAIL})
    try:
        if others:
            now.channels = read_channels(now.installation.settings.channels)
    except InputError as error:
        now.failures.append(str(error))
        others = []
    return [FILE, MAIL, *others]


def _serve(now: _Round, channel: str, waiting: Sequence[Waiting]) -> None:
    """Hand over what is due by one channel, until it does not answer."""
    held = now.down.get(channel)
    if held is not None and held.next_attempt_at > now.now() and not now.ignores_pauses:
        now.resting.append(
            f"{channel} has not answered since {held.failing_since:%Y-%m-%d %H:%M} UTC, tried again "
            f"after {held.next_attempt_at:%Y-%m-%d %H:%M}"
        )
        return
    try:
        for parcel in parcels(waiting, now.now(), ignores_pauses=now.ignores_pauses):
            _send(now, channel, parcel)
        if channel == MAIL:
            _send_notices(now)
    except ChannelDownError as error:
        with now.installation.warehouse.begin() as connection:
            held = now.down.get(channel)
            attempts = 1 if held is None else held.attempts + 1
            save_down(connection, channel, now.now(), now.now() + pause(attempts), str(error))


def _send(now: _Round, channel: str, parcel: Parcel) -> None:
    digest_id = parcel.digest_id or _new_digest(now, parcel)
    if digest_id is not None:
        _send_digest(now, channel, digest_id)
        return
    for delivery_id in parcel.delivery_ids:
        _send_one(now, channel, delivery_id)


def _new_digest(now: _Round, parcel: Parcel) -> str | None:
    """Make what is to leave as one, where it can; None: each leaves by itself."""
    if not parcel.is_new_digest:
        return None
    try:
        return make_digest(now.installation, parcel.delivery_ids)
    except DeliveryError as error:
        now.failures.append(str(error))
        return None


def _send_one(now: _Round, channel: str, delivery_id: int) -> None:
    with now.installation.warehouse.begin() as connection:
        taken = take_deliveries(connection, [delivery_id])
        if not taken:
            return
        (delivery,) = taken
        error = _refusal(lambda: _hand_over(now, delivery))
        if error is None:
            save_sent(connection, [delivery_id], now.now())
        else:
            again_at = now.now() + pause(delivery.attempts + 1)
            counts_to = _counts_to(error)
            save_failed(connection, [delivery_id], str(error), again_at, counts_to=counts_to)
    with logs.bound(month=delivery.month, landscape=delivery.landscape_id):
        what = "sent" if error is None else "refused"
        _log.info("alert %s: %s %s by %s", delivery.alert_id, delivery.form, what, channel)
    _heard(now, channel, f"alert {delivery.alert_id} to {delivery.recipient_id}", error)


def _hand_over(now: _Round, delivery: QueuedDelivery) -> None:
    if delivery.channel == FILE:
        lay_down(now.installation.settings, delivery)
        return
    letter = Letter(
        delivery.message_id, delivery.subject, delivery.body, delivery.language, delivery.form
    )
    reader = Reader(delivery.address, delivery.name, delivery.unsubscribe_token)
    _pass_on(now, delivery.channel, letter, reader)


def _send_digest(now: _Round, channel: str, digest_id: str) -> None:
    with now.installation.warehouse.begin() as connection:
        digest = take_digest(connection, digest_id)
        if digest is None:
            return
        reader = Reader(digest.address, digest.name, digest.unsubscribe_token)
        error = _refusal(lambda: _pass_on(now, channel, letter_of(digest), reader))
        if error is None:
            save_digest_sent(connection, digest, now.now())
        else:
            again_at = now.now() + pause(digest.attempts + 1)
            counts_to = _counts_to(error)
            save_digest_failed(connection, digest, str(error), again_at, counts_to=counts_to)
    alerts = len(digest.contents)
    _heard(now, channel, f"digest of {alerts} alerts to {digest.recipient_id}", error, alerts)


def _send_notices(now: _Round) -> None:
    """Send what the operator is to be told, unless there is no mail server."""
    if now.installation.settings.smtp_host is None:
        return
    with now.installation.warehouse.connect() as connection:
        unsent = read_unsent_notices(connection, None if now.ignores_pauses else now.now())
    for notice_id in unsent:
        _send_notice(now, notice_id)


def _send_notice(now: _Round, notice_id: str) -> None:
    with now.installation.warehouse.begin() as connection:
        notice = take_notice(connection, notice_id)
        if notice is None:
            return
        letter = Letter(notice_id, notice.subject, notice.body)
        error = _refusal(lambda: _pass_on(now, MAIL, letter, Reader(notice.recipient_id)))
        if error is None:
            save_notice_sent(connection, notice_id, now.now())
        else:
            again_at = now.now() + pause(notice.attempts + 1)
            save_notice_failed(connection, notice_id, str(error), again_at)
    _heard(now, MAIL, f"notice to {notice.recipient_id}", error)


def _pass_on(now: _Round, channel: str, letter: Letter, reader: Reader) -> None:
    settings = now.installation.settings
    hand_over(settings, now.channels, channel, letter, reader, seconds=now.seconds)


def _refusal(call: Callable[[], None]) -> DeliveryError | None:
    """Return why a channel did not take what it was handed; None: it took it."""
    try:
        call()
    except DeliveryError as error:
        # A server may say again what it was told.
        return type(error)(hidden(str(error)))
    return None


def _counts_to(error: DeliveryError) -> int | None:
    """Return up to how many failures this one counts against its message; None: always."""
    return FAILURES_COUNTED if isinstance(error, ChannelDownError) else None


def _heard(
    now: _Round, channel: str, who: str, error: DeliveryError | None, messages: int = 1
) -> None:
    """Note what became of one attempt, which is committed.

    Raises:
        ChannelDownError: the channel did not answer; its turn is over.
    """
    if error is None:
        now.sent += messages
    else:
        now.failures.append(f"{who}: {error}")
    if isinstance(error, ChannelDownError):
        raise error
    if not isinstance(error, NotCalledError) and now.down.pop(channel, None) is not None:
        with now.installation.warehouse.begin() as connection:
            save_answering(connection, channel)
