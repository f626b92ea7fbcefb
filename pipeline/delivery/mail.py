"""Mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage

from pipeline.core.errors import ChannelDownError, DeliveryError, NotCalledError
from pipeline.delivery.bounded import within
from pipeline.delivery.letter import Letter, Reader, single_line
from pipeline.delivery.mail_message import mail_message

TIMEOUT_SECONDS = 30.0
"""For each answer of the server."""
SLOWEST_BYTES_PER_SECOND = 4_000
"""Of a line on which letters still leave: what is sent adds to the time that it may take."""
_ANSWERS = 4
"""So many slow answers of a conversation are borne with."""
_CLOSING = 421
"""The server ends the conversation, whatever was said last."""
_TOO_LARGE = 552


@dataclass(frozen=True, slots=True)
class Mailer:
    """One mail server and the account to use it with."""

    host: str
    port: int
    user: str | None
    password: str | None
    starttls: bool
    sender: str
    unsubscribe: str | None = None
    """Address that takes unsubscriptions."""
    timeout_seconds: float = TIMEOUT_SECONDS

    def send(self, letter: Letter, reader: Reader) -> None:
        """Hand `letter` to the server for one reader.

        Raises:
            ChannelDownError: the server is away, lets nobody in, or ended the conversation.
            NotCalledError: no mail can be made of it, such as for an address that cannot be one.
            DeliveryError: it does not take this letter; what it said is in the message.
        """
        try:
            message = mail_message(letter, reader, sender=self.sender, unsubscribe=self.unsubscribe)
            size = len(bytes(message))
        # `email` raises them for an address that cannot be one.
        except (ValueError, MessageError) as error:
            raise NotCalledError(self._said(error)) from error
        sending_seconds = self.timeout_seconds + size / SLOWEST_BYTES_PER_SECOND
        within(
            _ANSWERS * self.timeout_seconds + sending_seconds,
            f"mail server {self.host}:{self.port}",
            lambda: self._send(message, reader.address, sending_seconds),
        )

    def _send(self, message: EmailMessage, address: str, sending_seconds: float) -> None:
        with closing(self._connected()) as server:
            try:
                if server.sock is not None:
                    server.sock.settimeout(sending_seconds)
                server.send_message(message, to_addrs=[address])
            except (smtplib.SMTPException, OSError, ValueError) as error:
                raise self._refusal(error) from error
            # It was taken: how the server parts must not make it go twice.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def knock(self) -> None:
        """Connect and sign in as for a letter, and send none.

        Raises:
            ChannelDownError: the server is away, or lets nobody in.
        """
        with closing(self._connected()) as server, suppress(smtplib.SMTPException, OSError):
            server.quit()

    def _connected(self) -> smtplib.SMTP:
        """Return the server, ready to take letters: what fails here, fails for every letter."""
        try:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        # The resolver raises ValueError for a name that cannot be one.
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise ChannelDownError(self._said(error)) from error
        try:
            if self.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.user is not None:
                server.login(self.user, self.password or "")
        except (smtplib.SMTPException, OSError, ValueError) as error:
            server.close()
            raise ChannelDownError(self._said(error)) from error
        return server

    def _refusal(self, error: Exception) -> DeliveryError:
        kind = DeliveryError if is_about_one_letter(error) else ChannelDownError
        return kind(self._said(error))

    def _said(self, error: Exception) -> str:
        said = single_line(_in_words(error))
        return f"mail server {self.host}:{self.port}: {said}; it is tried again later"


def is_about_one_letter(error: Exception) -> bool:
    """Return whether the server refused this letter only, and may take the next one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code != _CLOSING for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPSenderRefused):
        return error.smtp_code == _TOO_LARGE
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code != _CLOSING
    is_end = isinstance(error, smtplib.SMTPServerDisconnected) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )
    return not is_end


def _in_words(error: Exception) -> str:
    """Return what the server said; the address it said it of is no part of that."""
    answers: list[tuple[int, object]] = []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [*error.recipients.values()]
    elif isinstance(error, smtplib.SMTPResponseException):
        answers = [(error.smtp_code, error.smtp_error)]
    return "; ".join(f"{code} {_text(said)}" for code, said in answers) or str(error)


def _text(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
