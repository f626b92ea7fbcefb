"""A mail server on this machine that keeps what it takes, and can be as difficult as a real one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class Drop(Enum):
    """When the server ends the connection without a word."""

    IN_DATA = "before it has the whole mail"
    BEFORE_ANSWER = "when it has kept the mail, and before it says so"


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
    to_recipient: str = "250 OK"
    """What it says to a recipient it does not refuse."""
    to_data: str = "250 OK"
    """What it says when it has a mail; one it does not say 250 of is not kept."""
    dislikes: str = ""
    """Words in the subject of a mail that it never takes, unless empty."""
    delay_seconds: float = 0
    """How long it thinks before it says so."""
    drops: Drop | None = None

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
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        if not self.to_data.startswith("250"):
            return self.to_data
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        if self.dislikes and self.dislikes in str(letter["Subject"]):
            return "554 5.7.1 looks like spam"
        self.letters += [(recipient, letter) for recipient in envelope.rcpt_tos]
        self.after_taking()
        if self.drops is Drop.BEFORE_ANSWER:
            server.transport.abort()
        await asyncio.sleep(self.delay_seconds)
        return self.to_data

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return self.farewell


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Server(SMTP):
    """The server of a postbox, which can go away in the middle of a mail."""

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if self.event_handler.drops is Drop.IN_DATA:
            await self.push("354 go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def listening(postbox: Postbox) -> Iterator[Postbox]:
    """Open the postbox on its port for a while."""
    controller = _Controller(postbox, hostname=HOST, port=postbox.port)
    controller.start()
    try:
        yield postbox
    finally:
        controller.stop()
