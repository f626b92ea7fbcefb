from __future__ import annotations

from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.delivery.letter import Enclosure, Letter, Reader
from pipeline.delivery.mail_message import mail_message

SENDER = "Drought desk <drought@hydromet.example>"
READER = Reader("committee@example.org")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
}
INJECTED = "Hello\r\nBcc: everybody@example.org\r\n\r\nanother body"


def sent(letter: Letter, reader: Reader = READER, unsubscribe: str | None = None) -> EmailMessage:
    """The mail as it is read by who gets it."""
    mail = mail_message(letter, reader, sender=SENDER, unsubscribe=unsubscribe)
    read = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def letter(subject: str = "Subject", body: str = "Body\n", **said: object) -> Letter:
    return Letter("3f1c", subject, body, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(INJECTED, id="line ends"),
        pytest.param("a\nBcc: b@example.org", id="a newline"),
        pytest.param("a\rBcc: b@example.org", id="a carriage return"),
        pytest.param("a\x0bBcc: b@example.org\x00\x1b[31m\x7f", id="control characters"),
        pytest.param("a\x85Bcc: b@example.org\u2028Cc: c@example.org", id="other line ends"),
    ],
)
def test_no_subject_and_no_name_adds_a_header(hostile: str) -> None:
    mail = sent(letter(hostile), Reader("committee@example.org", hostile))
    assert set(mail.keys()) == HEADERS
    (address,) = mail["To"].addresses
    assert address.addr_spec == "committee@example.org"
    for text in (str(mail["Subject"]), address.display_name):
        assert "Bcc: " in text
        assert text.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "a@b@c",
    ],
)
def test_an_address_that_cannot_be_one_is_no_mail(address: str) -> None:
    with pytest.raises((ValueError, MessageError)):
        sent(letter(), Reader(address, "Name"))


@pytest.mark.parametrize(
    "subject",
    [
        "[EXERCISE] Джизакская область, Узбекистан: метеорологическая засуха, начало стадии «Угроза»",
        "Қостанай облысы, Қазақстан: ауыл шаруашылығы құрғақшылығы, «Ескерту» кезеңі басталды",
        "Şırnak, Türkiye: meteorolojik kuraklık, “İzleme” aşaması başladı, Ağustos 2021",
        "Farg‘ona viloyati, Oʻzbekiston: gidrologik qurgʻoqchilik",
        "x" * 300,
        "",
    ],
)
def test_subjects_of_all_languages_arrive(subject: str) -> None:
    mail = mail_message(letter(subject), READER, sender=SENDER)
    raw = mail.as_bytes(policy=policy.SMTP)
    assert raw.isascii()
    # Read by the older half of the library, which knows nothing of what wrote it.
    old = message_from_bytes(raw, policy=policy.compat32)
    assert str(make_header(decode_header(old["Subject"]))) == subject


@given(subject=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_subject_is_one_header(subject: str) -> None:
    mail = sent(letter(subject))
    assert set(mail.keys()) == HEADERS
    assert str(mail["Subject"]).isprintable() or not subject.isprintable()


def test_plain_text_comes_first_and_the_html_says_the_same() -> None:
    mail = sent(letter(body="Засуха <b>\n", language="ru"))
    assert mail.get_content_type() == "multipart/alternative"
    plain, page = (part for part in mail.iter_parts() if isinstance(part, EmailMessage))
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().splitlines() == ["Засуха <b>"]
    assert page.get_content_type() == "text/html"
    assert "<p>Засуха &lt;b&gt;</p>" in page.get_content()


def test_what_is_enclosed_comes_behind_both() -> None:
    mail = sent(letter(enclosures=(Enclosure("letters.ru.txt", "Письмо\n"),), language="ru"))
    assert mail.get_content_type() == "multipart/mixed"
    assert mail["Content-Language"] == "ru"
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["multipart/alternative", "text/plain"]
    (enclosed,) = mail.iter_attachments()
    assert isinstance(enclosed, EmailMessage)
    assert enclosed.get_filename() == "letters.ru.txt"
    assert enclosed.get_content().splitlines() == ["Письмо"]


@pytest.mark.parametrize(
    ("token", "operator", "expected"),
    [
        pytest.param(
            "0b7e",
            "op@example.org",
            "<mailto:op@example.org?subject=unsubscribe%200b7e>",
            id="both",
        ),
        pytest.param(None, "op@example.org", None, id="no token, for whom is inside the agency"),
        pytest.param("0b7e", None, None, id="nobody to write to"),
    ],
)
def test_a_reader_can_unsubscribe_where_somebody_takes_it(
    token: str | None, operator: str | None, expected: str | None
) -> None:
    reader = Reader("committee@example.org", None, token)
    found = sent(letter(), reader, operator)["List-Unsubscribe"]
    assert (found and found.strip()) == expected


def test_the_address_for_unsubscribing_is_one_line_however_long() -> None:
    """Folded or encoded, as Python does with a long word, no mail program would know it."""
    unsubscribing = "a7694681-4a4a-4cf9-8285-0f2bbf98c605"
    reader = Reader("committee@example.org", None, unsubscribing)
    operator = "desk-of-the-drought-centre@agency-of-hydrometeorology.example"
    mail = mail_message(letter(), reader, sender=SENDER, unsubscribe=operator)
    line = f"List-Unsubscribe: <mailto:{operator}?subject=unsubscribe%20{unsubscribing}>"
    assert line.encode() in mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")).splitlines()


def test_a_repeat_has_the_same_id() -> None:
    assert sent(letter())["Message-ID"] == sent(letter("other"))["Message-ID"]
    assert sent(letter())["Message-ID"] == "<3f1c@hydromet.example>"
