"""Empty the outbox of what is approved. A mail server can never change a stage."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.errors import ChannelDownError, DeliveryError
from pipeline.delivery.files import write_to_folder
from pipeline.delivery.letter import Letter
from pipeline.delivery.mail import Mailer
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse.notices import read_unsent_notices, save_notice_sent, take_notice
from pipeline.warehouse.outbox import QueuedDelivery, save_delivery, take_queued_delivery

CHANNELS = ("file", "mail")
"""In the order in which they are served."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a round of deliveries came to."""

    sent: int
    failures: tuple[str, ...]
    """One line for each delivery its channel refused; it will be tried again."""


def deliver(installation: Installation) -> Delivered:
    """Hand every approved message to its channel, once.

    Each delivery commits on its own, after its channel has accepted; only a crash between the two
    repeats one, with the same message id. A refusal is written down and tried again next time; it
    holds up no other. A channel that does not answer is left alone for the rest of the round, and
    files go before mail, so that it holds up no other channel.
    """
    failures: list[str] = []
    sent = 0
    with recorded(installation.warehouse, "deliver") as report:
        for channel in CHANNELS:
            sent += _empty(installation, channel, failures)
        sent += _send_notices(installation, failures)
        report.rows = sent
        report.message = f"{sent} sent, {len(failures)} refused"
    return Delivered(sent, tuple(failures))


def _empty(installation: Installation, channel: str, failures: list[str]) -> int:
    """Empty one channel's part of the outbox; return how many were sent, note who was refused."""
    sent = last = 0
    while True:
        with installation.warehouse.begin() as connection:
            delivery = take_queued_delivery(connection, channel, last)
            if delivery is None:
                return sent
            last = delivery.delivery_id
            try:
                _hand_over(delivery, installation.settings)
            except DeliveryError as error:
                save_delivery(connection, last, None, str(error))
                failures.append(f"alert {delivery.alert_id} to {delivery.recipient_id}: {error}")
                is_down = isinstance(error, ChannelDownError)
            else:
                save_delivery(connection, last, installation.clock(), None)
                sent, is_down = sent + 1, False
        if is_down:
            return sent


def _send_notices(installation: Installation, failures: list[str]) -> int:
    """Send what the operator is to be told; return how many left, note what was refused."""
    mailer = mailer_of(installation.settings)
    if mailer is None:
        return 0
    with installation.warehouse.connect() as connection:
        unsent = read_unsent_notices(connection)
    sent = 0
    for notice_id in unsent:
        with installation.warehouse.begin() as connection:
            notice = take_notice(connection, notice_id)
            if notice is None:
                continue
            try:
                mailer.send(Letter(notice_id, notice.subject, notice.body), notice.recipient_id)
            except DeliveryError as error:
                save_notice_sent(connection, notice_id, None, str(error))
                failures.append(f"notice to {notice.recipient_id}: {error}")
                is_down = isinstance(error, ChannelDownError)
            else:
                save_notice_sent(connection, notice_id, installation.clock(), None)
                sent, is_down = sent + 1, False
        if is_down:
            break
    return sent


def deliver_all(installation: Installation) -> int:
    """Deliver, and fail if a channel refused something; return how many messages were sent.

    Raises:
        DeliveryError: at least one refusal; the others were sent.
    """
    done = deliver(installation)
    if done.failures:
        raise DeliveryError("; ".join(done.failures))
    return done.sent


def _hand_over(delivery: QueuedDelivery, settings: Settings) -> None:
    letter = Letter(delivery.message_id, delivery.subject, delivery.body)
    if delivery.channel == "file":
        write_to_folder(settings.outgoing / str(delivery.month), delivery.file_name, delivery.body)
        return
    mailer = mailer_of(settings)
    if mailer is None:
        raise ChannelDownError(
            "mail: no mail server is set; set DROUGHT_SMTP_HOST and run `drought deliver` again"
        )
    mailer.send(letter, delivery.recipient_id)


def mailer_of(settings: Settings) -> Mailer | None:
    """Return the mail server of the settings, or None where there is none."""
    if settings.smtp_host is None:
        return None
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        starttls=settings.smtp_starttls,
        sender=settings.mail_from,
    )
