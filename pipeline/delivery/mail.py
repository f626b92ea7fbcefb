"""Mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from pipeline.core.errors import ChannelDownError, DeliveryError
from pipeline.delivery.letter import Letter

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Mailer:
    """One mail server and the account to use it with."""

    host: str
    port: int
    user: str | None
    password: str | None
    starttls: bool
    sender: str

    def send(self, letter: Letter, recipient: str) -> None:
        """Hand `letter` to the server for one recipient.

        Raises:
            ChannelDownError: the server is away, or lets nobody in.
            DeliveryError: it does not take this letter; what it said is in the message.
        """
        with closing(self._connected()) as server:
            try:
                server.send_message(self._message(letter, recipient))
            # `email` raises ValueError for an address that cannot be one.
            except (smtplib.SMTPException, OSError, ValueError) as error:
                raise DeliveryError(self._said(error)) from error
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
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
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

    def _said(self, error: Exception) -> str:
        return f"mail server {self.host}:{self.port}: {error}; it is tried again next time"

    def _message(self, letter: Letter, recipient: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = recipient
        message["Subject"] = letter.subject
        message["Date"] = formatdate(localtime=False)
        # Stable: a repeat after a crash is one mail to the reader's program.
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        message["Message-ID"] = f"<{letter.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body, cte="quoted-printable")
        return message
