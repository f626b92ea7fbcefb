"""One mail: plain text first, then the same words as HTML, under headers that stay the same.

A subject or a name cannot add a header: whatever could end a line is a space there.
"""

from __future__ import annotations

from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import formatdate, parseaddr
from urllib.parse import quote

from pipeline.delivery.letter import Letter, Reader, single_line
from pipeline.delivery.letter_html import letter_html


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header that stays in one line as it is written.

    Python would encode an address longer than a line, and no mail program decodes it there.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("List-Unsubscribe", _WholeHeader)
_POLICY = EmailPolicy(header_factory=_headers)


def mail_message(
    letter: Letter, reader: Reader, *, sender: str, unsubscribe: str | None = None
) -> EmailMessage:
    """Return the mail for one reader.

    Args:
        letter: what is said.
        reader: who is told.
        sender: address of the sender, with or without a name.
        unsubscribe: address that takes unsubscriptions; None: there is none.

    Raises:
        ValueError: an address cannot be one.
        MessageError: likewise.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    name = single_line(reader.name or "")
    message["To"] = Address(name, addr_spec=reader.address) if name else reader.address
    message["Subject"] = single_line(letter.subject)
    message["Date"] = formatdate(localtime=False)
    # Stable: a repeat after a crash is one mail to the reader's program.
    message["Message-ID"] = f"<{letter.message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe and reader.unsubscribe_token:
        subject = quote(f"unsubscribe {reader.unsubscribe_token}")
        message["List-Unsubscribe"] = f"<mailto:{unsubscribe}?subject={subject}>"
    message.set_content(letter.body, cte="quoted-printable")
    message.add_alternative(
        letter_html(letter.subject, letter.body, letter.language),
        subtype="html",
        cte="quoted-printable",
    )
    for enclosure in letter.enclosures:
        message.add_attachment(
            enclosure.text, subtype="plain", cte="quoted-printable", filename=enclosure.name
        )
    # Last: what is said of the content goes with the first part when others join it.
    message["Content-Language"] = letter.language
    return message
