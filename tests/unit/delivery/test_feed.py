"""The feeds as an external reader (feedparser) sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
from lxml import etree

from pipeline.alerts.cap import cap_message
from pipeline.alerts.cap_reading import read_message
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.sending import MessageKind, Reference, Sending
from pipeline.delivery.feed import ARCHIVE, FEED, PublicMessage
from pipeline.steps.feed import feed_files
from tests.unit.alerts import cases

SITE = "https://drought.example.org/public/"
SENT = datetime(2021, 7, 8, 5, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> & ]]>"


def left(
    number: int,
    facts: AlertFacts,
    *,
    kind: MessageKind = MessageKind.ALERT,
    after: Sequence[PublicMessage] = (),
    languages: tuple[str, ...] = ("en", "ru"),
) -> PublicMessage:
    references: tuple[Reference, ...] = tuple(one.message.reference for one in after)
    sending = Sending(
        identifier=f"urn:oid:2.49.0.1.398.0.7.2021.6.{number}.5",
        sender="drought@example.org",
        sent=SENT + timedelta(days=number),
        addresses=("desk",),
        kind=kind,
        references=references,
        authority="XX",
        languages=languages,
    )
    body = cap_message(replace(facts, alert_id=number), cases.APPROVAL, sending)
    return PublicMessage(number, facts.chain_id, facts.landscape_id, read_message(body), body)


def ended() -> AlertFacts:
    return replace(cases.adopted(), to_stage="none", from_stage="warning")


def read(
    messages: Sequence[PublicMessage], path: str, *, days: int = 10
) -> feedparser.FeedParserDict:
    """The feed so many days after the first message, as a reader of feeds sees it."""
    files = feed_files(messages, site_url=SITE, now=SENT + timedelta(days=days))
    found = feedparser.parse(files[path])
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "rss20"
    return found


def names(found: feedparser.FeedParserDict) -> list[int]:
    """The numbers of the messages of a feed, as it lists them."""
    return [int(entry.id.split(".")[-2]) for entry in found.entries]


def test_an_item_says_what_the_message_says_and_where_it_lies() -> None:
    message = left(1, cases.adopted())
    files = feed_files([message], site_url=SITE, now=SENT)
    found = read([message], FEED)
    (entry,) = found.entries
    assert entry.id == message.message.identifier
    assert entry.guidislink is False
    assert entry.title == message.message.text_in("en").headline
    assert entry.link == f"https://drought.example.org/public/{message.path}"
    assert files[message.path] == message.body
    # The eighth of July and one day, 05:00 UTC, by the clocks of Kazakhstan.
    assert entry.published == "Fri, 09 Jul 2021 10:00:00 +0500"
    assert [tag.term for tag in entry.tags] == ["Agricultural drought", "Alert"]
    assert "plan's threshold" in entry.description
    assert found.feed.language == "en"
    (own,) = [link for link in found.feed.links if link.rel == "self"]
    assert own.href == "https://drought.example.org/public/feed.xml"


def test_no_file_has_a_name_that_a_usb_stick_refuses() -> None:
    files = feed_files([left(1, cases.adopted())], site_url=SITE, now=SENT)
    assert sorted(files) == [
        "archive.xml",
        "cap/urn_oid_2.49.0.1.398.0.7.2021.6.1.5.xml",
        "feed.xml",
    ]


def test_without_messages_both_feeds_are_valid_and_empty() -> None:
    for path in (FEED, ARCHIVE):
        found = read([], path)
        assert found.feed.title
        assert found.entries == []


def test_the_newest_of_each_chain_counts_and_the_archive_keeps_all() -> None:
    began = left(1, cases.adopted())
    other = left(2, replace(cases.adopted(), chain_id="other", landscape_id="KZ-AKM"))
    graver = left(3, cases.adopted(), kind=MessageKind.UPDATE, after=[began])
    messages = [began, other, graver]
    assert names(read(messages, FEED)) == [3, 2]
    assert names(read(messages, ARCHIVE)) == [3, 2, 1]


def test_the_end_is_told_as_long_as_what_it_ends_would_have_counted() -> None:
    began = left(1, cases.adopted())
    end = left(2, ended(), kind=MessageKind.UPDATE, after=[began])
    until = (began.message.expires - SENT).days
    assert end.message.expires == began.message.expires
    assert names(read([began, end], FEED, days=until - 1)) == [2]
    assert names(read([began, end], FEED, days=until + 1)) == []
    assert names(read([began, end], ARCHIVE, days=until + 1)) == [2, 1]


def test_what_is_taken_back_is_gone_and_the_title_says_so() -> None:
    began = left(1, cases.adopted())
    back = left(2, ended(), kind=MessageKind.CANCEL, after=[began])
    (entry,) = read([began, back], FEED).entries
    assert entry.title.startswith("Cancel: ")
    assert [tag.term for tag in entry.tags][-1] == "Cancel"


def test_a_message_without_english_is_listed_in_its_own_language() -> None:
    message = left(1, cases.adopted(), languages=("ru",))
    (entry,) = read([message], FEED).entries
    assert entry.title == message.message.text_in("ru").headline
    assert entry.language == "ru"


def test_the_same_messages_give_the_same_bytes() -> None:
    messages = [left(1, cases.adopted())]
    first = feed_files(messages, site_url=SITE, now=SENT)
    assert feed_files(messages, site_url=SITE, now=SENT + timedelta(hours=1)) == first


def test_a_hostile_name_is_no_tag_in_xml_nor_in_the_html_of_a_reader() -> None:
    facts = replace(cases.adopted(), landscape_names={"en": HOSTILE, "ru": HOSTILE})
    files = feed_files([left(1, facts)], site_url=SITE, now=SENT)
    item = etree.fromstring(files[FEED]).find("channel/item")
    assert item is not None
    # What a reader takes for HTML is what stands there after the XML is read.
    for name in ("title", "description", "category"):
        assert "<script" not in (item.findtext(name) or "")
    shown = etree.HTML(item.findtext("description") or "")
    assert list(shown.iter("script")) == []
    assert "<script>alert(1)</script> & ]]>" in "".join(shown.itertext())
