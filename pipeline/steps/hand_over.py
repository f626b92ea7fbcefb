"""One letter to one reader, by whichever channel: the only place that knows all channels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from pipeline.alerts.cap import validate
from pipeline.alerts.recipients import FILE, MAIL
from pipeline.core.errors import ChannelDownError, DeliveryError, InputError
from pipeline.delivery.channel_calls import CALL_SECONDS, call_channel
from pipeline.delivery.channels import Channel, read_channels
from pipeline.delivery.files import write_to_folder
from pipeline.delivery.letter import Letter, Reader
from pipeline.delivery.mail import TIMEOUT_SECONDS, Mailer
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.warehouse.deliveries import QueuedDelivery
from pipeline.warehouse.recipients import Registered

_log = logging.getLogger(__name__)

Channels = Mapping[str, Channel]


def hand_over(
    settings: Settings,
    channels: Channels,
    channel: str,
    letter: Letter,
    reader: Reader,
    *,
    seconds: float = CALL_SECONDS,
) -> None:
    """Hand a letter to a channel for one reader.

    Args:
        settings: of mail.
        channels: those besides mail.
        channel: which.
        letter: what is said.
        reader: to whom.
        seconds: how long the other side may keep us waiting.

    Raises:
        ChannelDownError: the channel does not answer, or there is none of this name.
        DeliveryError: it does not take this letter.
    """
    if channel == MAIL:
        mailer = mailer_of(settings, seconds)
        if mailer is None:
            raise ChannelDownError(
                "mail: no mail server is set; set DROUGHT_SMTP_HOST and run `drought deliver` again"
            )
        _shielded(channel, lambda: mailer.send(letter, reader))
    elif channel not in channels:
        raise ChannelDownError(
            f"channel {channel}: expected it in the file DROUGHT_CHANNELS, got "
            f"{', '.join(channels) or 'none there'}; add it, or end the recipients who use it"
        )
    else:
        _shielded(channel, lambda: call_channel(channels[channel], letter, reader, seconds=seconds))


def lay_down(settings: Settings, delivery: QueuedDelivery) -> None:
    """Write a message into the folder `outgoing`; a CAP message only if the schema takes it.

    Raises:
        DeliveryError: it does not, or the folder cannot be written to.
    """
    if delivery.form == "cap":
        try:
            validate(delivery.body.encode())
        except InputError as error:
            raise DeliveryError(str(error)) from error
    folder = settings.outgoing / str(delivery.month)
    _shielded(FILE, lambda: write_to_folder(folder, delivery.file_name, delivery.body))


def _shielded(channel: str, call: Callable[[], object]) -> None:
    """Let no defect that one message brings to light hold up the next one."""
    try:
        call()
    except DeliveryError:
        raise
    except Exception as error:
        _log.exception("channel %s", channel)
        raise DeliveryError(
            f"channel {channel}: {type(error).__name__}, which nobody foresaw; see the log, and "
            "report it"
        ) from error


def send_test(installation: Installation, registered: Registered, letter: Letter) -> None:
    """Hand one letter to one recipient now, whatever waits and whatever the hour is.

    Raises:
        DeliveryError: the channel does not take it.
        InputError: the file of channels is wrong.
    """
    settings, recipient = installation.settings, registered.recipient
    reader = Reader(recipient.address, recipient.name, str(registered.token))
    hand_over(settings, read_channels(settings.channels), recipient.channel, letter, reader)


def mailer_of(settings: Settings, seconds: float = TIMEOUT_SECONDS) -> Mailer | None:
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
        unsubscribe=settings.mail_operator[0] if settings.mail_operator else None,
        timeout_seconds=seconds,
    )
