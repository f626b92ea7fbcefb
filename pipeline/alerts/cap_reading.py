"""A CAP message read back from its own XML: what left says what it is, whatever we think of it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from pipeline.alerts.cap_info import NAMESPACE
from pipeline.alerts.sending import MessageKind, Reference
from pipeline.core.errors import InputError


@dataclass(frozen=True, slots=True)
class CapText:
    """What a message says in one language."""

    language: str
    event: str
    headline: str
    description: str
    area: str


@dataclass(frozen=True, slots=True)
class CapMessage:
    """A message that left."""

    identifier: str
    sender: str
    sent: str
    """As it stands there."""
    status: str
    scope: str
    kind: MessageKind
    references: tuple[str, ...]
    """Identifiers of the messages it takes the place of, or takes back."""
    expires: datetime
    texts: tuple[CapText, ...]

    @property
    def is_public(self) -> bool:
        return (self.status, self.scope) == ("Actual", "Public")

    @property
    def sent_at(self) -> datetime:
        return datetime.fromisoformat(self.sent)

    @property
    def reference(self) -> Reference:
        """It, as a later message refers to it."""
        return Reference(self.sender, self.identifier, self.sent, self.expires)

    def text_in(self, language: str) -> CapText:
        """Return its text in `language`, or else in the first it has."""
        return next((one for one in self.texts if one.language == language), self.texts[0])


def parse(content: bytes) -> etree._Element:
    """Return the XML of a message, with nothing loaded that it points to.

    Raises:
        InputError: it is no XML.
    """
    # A message is data from outside as soon as it lies in a file.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"CAP message: expected XML, got {error}; write it again") from error


def read_message(content: bytes) -> CapMessage:
    """Read back a message as `cap.cap_message` writes them.

    Raises:
        InputError: it is no XML, or an element is missing.
    """
    alert = parse(content)
    infos = alert.findall(f"{{{NAMESPACE}}}info")
    if not infos:
        raise InputError("CAP message: expected an info, got none; write it again")
    references = (alert.findtext(f"{{{NAMESPACE}}}references") or "").split()
    return CapMessage(
        identifier=_said(alert, "identifier"),
        sender=_said(alert, "sender"),
        sent=_said(alert, "sent"),
        status=_said(alert, "status"),
        scope=_said(alert, "scope"),
        kind=MessageKind(_said(alert, "msgType")),
        references=tuple(one.split(",")[1] for one in references),
        expires=datetime.fromisoformat(_said(infos[0], "expires")),
        texts=tuple(map(_text, infos)),
    )


def _text(info: etree._Element) -> CapText:
    area = info.find(f"{{{NAMESPACE}}}area")
    return CapText(
        language=_said(info, "language"),
        event=_said(info, "event"),
        headline=_said(info, "headline"),
        description=_said(info, "description"),
        area="" if area is None else _said(area, "areaDesc"),
    )


def _said(parent: etree._Element, name: str) -> str:
    text = parent.findtext(f"{{{NAMESPACE}}}{name}")
    if text is None:
        raise InputError(f"CAP message: expected the element {name}, got none; write it again")
    return text
