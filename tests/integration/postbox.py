"""A mail server on this machine that keeps what it takes, and can be as difficult as a real one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


@dataclass
class Postbox:
    """What came, for whom, and how the server behaves."""

    port: int
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """Recipient and mail, in the order they were taken."""
    refuses: set[str] = field(default_factory=set)
    after_taking: Callable[[], None] = lambda: None
    """Called once the mail is kept and before the sender hears of it."""
    farewell: str = "221 Bye"

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.letters]

    @property
    def message_ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for _, letter in self.letters]

    async def handle_RCPT(  # noqa: N802 - the names of aiosmtpd
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters += [(recipient, letter) for recipient in envelope.rcpt_tos]
        self.after_taking()
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return self.farewell


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def listening(postbox: Postbox) -> Iterator[Postbox]:
    """Open the postbox on its port for a while."""
    controller = Controller(postbox, hostname=HOST, port=postbox.port)
    controller.start()
    try:
        yield postbox
    finally:
        controller.stop()
