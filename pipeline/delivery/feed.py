"""Feeds of public CAP messages: RSS 2.0, an item for each message, with a link to its XML.

A reader of feeds takes what stands in a title or a description for HTML: no name of a landscape may
become a tag there.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree
from lxml.etree import SubElement

from pipeline.alerts.cap_reading import CapMessage
from pipeline.alerts.sending import MessageKind

FEED, ARCHIVE = "feed.xml", "archive.xml"
CAP_FOLDER = "cap"
_ATOM = "http://www.w3.org/2005/Atom"
_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
_KIND_DOMAIN = "urn:oasis:names:tc:emergency:cap:1.2:msgType"
_NO_TAGS = str.maketrans("<>", "‹›")


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A CAP message that says of itself that it is public."""

    alert_id: int
    chain_id: str
    landscape_id: str
    message: CapMessage
    body: bytes
    """The XML, as it left."""

    @property
    def path(self) -> str:
        """Where it lies in the public site, from its root; it never changes."""
        name = "".join(c if c.isalnum() or c in ".-" else "_" for c in self.message.identifier)
        return f"{CAP_FOLDER}/{name}.xml"


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of itself."""

    title: str
    description: str
    language: str
    """Of the items too, where a message speaks it."""
    site_url: str
    """Of the public site; items link below it."""


def in_force(messages: Sequence[PublicMessage], now: datetime) -> list[PublicMessage]:
    """Return what a service has to know now: the newest message of each chain, until it expires.

    The end of a drought and a Cancel stay as long as the messages they end would have counted: who
    took one of those must hear that it is over.
    """
    replaced = {name for one in messages for name in one.message.references}
    return [
        one
        for one in messages
        if one.message.identifier not in replaced and one.message.expires > now
    ]


def rss(channel: Channel, messages: Iterable[PublicMessage], own_path: str) -> bytes:
    """Return a feed of `messages`, newest first, as UTF-8 XML; the same messages, the same bytes."""
    root = etree.Element("rss", nsmap={"atom": _ATOM, "dc": _DUBLIN_CORE}, version="2.0")
    head = SubElement(root, "channel")
    site = channel.site_url.rstrip("/")
    SubElement(head, "title").text = channel.title.translate(_NO_TAGS)
    SubElement(head, "link").text = f"{site}/"
    SubElement(head, "description").text = _in_html(channel.description)
    SubElement(head, "language").text = channel.language
    SubElement(
        head,
        f"{{{_ATOM}}}link",
        href=f"{site}/{own_path}",
        rel="self",
        type="application/rss+xml",
    )
    newest_first = sorted(messages, key=lambda one: (one.message.sent_at, one.alert_id))[::-1]
    if newest_first:
        newest = newest_first[0].message.sent_at
        SubElement(head, "lastBuildDate").text = format_datetime(newest)
    for one in newest_first:
        _add_item(head, one, site, channel.language)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add_item(head: etree._Element, one: PublicMessage, site: str, language: str) -> None:
    said = one.message.text_in(language)
    item = SubElement(head, "item")
    SubElement(item, "title").text = _title(one.message, said.headline)
    SubElement(item, "link").text = f"{site}/{one.path}"
    lines = map(_in_html, said.description.splitlines())
    SubElement(item, "description").text = "<br/>".join(lines)
    SubElement(item, "category").text = _in_html(said.event)
    SubElement(item, "category", domain=_KIND_DOMAIN).text = one.message.kind
    SubElement(item, f"{{{_DUBLIN_CORE}}}language").text = said.language
    SubElement(item, "guid", isPermaLink="false").text = one.message.identifier
    SubElement(item, "pubDate").text = format_datetime(one.message.sent_at)


def _title(message: CapMessage, headline: str) -> str:
    """Return the headline; a reader who sees only titles must not take a Cancel for an alert."""
    said = headline.translate(_NO_TAGS)
    return f"{message.kind}: {said}" if message.kind is MessageKind.CANCEL else said


def _in_html(text: str) -> str:
    return html.escape(text, quote=False)
