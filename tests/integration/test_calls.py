"""What a mail server and a webhook can answer, and what is made of it: nothing here needs a warehouse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape

import pytest

from pipeline.alerts.recipients import Form
from pipeline.core.errors import ChannelDownError, DeliveryError, InputError
from pipeline.delivery.bounded import within
from pipeline.delivery.channel_calls import call_channel, refuse_unusable
from pipeline.delivery.channels import Channel
from pipeline.delivery.letter import Letter, Reader
from pipeline.delivery.mail import Mailer
from tests.integration.postbox import HOST, Drop, Postbox, free_port, listening
from tests.integration.webhook import DROP, HANG, TAKE_AND_DROP, Webhook, answering

PATIENCE = 0.8
READER = Reader("committee@example.org", "Committee", "0b7e")
BOT = f"tgram://123456789:{'AbCdEfGh' * 4}"
GATE = f"twilio://AC{'1' * 32}:AbCdEfGh@15551234567"
LETTER = Letter("3f1c", "Subject", "First line.\n\nSecond line.\n")


@pytest.fixture(scope="module")
def open_postbox() -> Iterator[Postbox]:
    with listening(Postbox(free_port())) as one:
        yield one


@pytest.fixture
def postbox(open_postbox: Postbox) -> Postbox:
    """A postbox in its usual mood."""
    vars(open_postbox).update(vars(Postbox(open_postbox.port)))
    return open_postbox


@pytest.fixture(scope="module")
def open_hook() -> Iterator[Webhook]:
    with answering(Webhook()) as one:
        yield one


@pytest.fixture
def hook(open_hook: Webhook) -> Webhook:
    """A webhook in its usual mood."""
    open_hook.status, open_hook.says = 200, "{}"
    open_hook.calls.clear()
    return open_hook


def mailer(port: int, **said: str) -> Mailer:
    return Mailer(
        HOST, port, None, None, starttls=False, sender="Drought desk <drought@hydromet.example>",
        timeout_seconds=PATIENCE, **said,
    )  # fmt: skip


class TestMail:
    def test_a_mail_as_it_arrives(self, postbox: Postbox) -> None:
        mailer(postbox.port, unsubscribe="operator@hydromet.example").send(LETTER, READER)
        ((recipient, mail),) = postbox.letters
        assert recipient == "committee@example.org"
        assert {name: mail[name].strip() for name in mail if name != "Date"} | {
            "Content-Type": mail.get_content_type()
        } == {
            "From": "Drought desk <drought@hydromet.example>",
            "To": "Committee <committee@example.org>",
            "Subject": "Subject",
            "Message-ID": "<3f1c@hydromet.example>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": "en",
            "List-Unsubscribe": "<mailto:operator@hydromet.example?subject=unsubscribe%200b7e>",
            "MIME-Version": "1.0",
            "Content-Type": "multipart/alternative",
        }
        parts = [part.get_content_type() for part in mail.iter_parts()]
        assert parts == ["text/plain", "text/html"]
        plain = next(mail.iter_parts())
        assert isinstance(plain, EmailMessage)
        assert plain.get_content().replace("\r\n", "\n") == LETTER.body

    @pytest.mark.parametrize(
        ("trouble", "kind"),
        [
            pytest.param({"to_recipient": "450 4.2.0 x"}, DeliveryError, id="greylisted"),
            pytest.param({"to_recipient": "550 5.1.1 x"}, DeliveryError, id="recipient refused"),
            pytest.param({"to_recipient": "421 4.3.2 x"}, ChannelDownError, id="closing"),
            pytest.param({"to_data": "451 4.3.0 x"}, DeliveryError, id="mail put off"),
            pytest.param({"to_data": "554 5.6.0 x"}, DeliveryError, id="mail refused"),
            pytest.param({"to_data": "421 4.3.2 x"}, ChannelDownError, id="closing at the mail"),
            pytest.param({"drops": Drop.IN_DATA}, ChannelDownError, id="gone in the mail"),
            pytest.param({"drops": Drop.BEFORE_ANSWER}, ChannelDownError, id="gone after it"),
            pytest.param({"delay_seconds": 2.0}, ChannelDownError, id="an answer too late"),
        ],
    )
    def test_a_refused_mail_is_told_from_a_server_that_went_away(
        self, postbox: Postbox, trouble: dict[str, object], kind: type[DeliveryError]
    ) -> None:
        vars(postbox).update(trouble)
        with pytest.raises(DeliveryError) as caught:
            mailer(postbox.port).send(LETTER, READER)
        assert type(caught.value) is kind
        assert "committee@" not in str(caught.value)

    def test_a_server_that_is_away_is_down(self) -> None:
        with pytest.raises(ChannelDownError, match="Connection refused"):
            mailer(free_port()).send(LETTER, READER)

    def test_a_server_that_wants_a_password_is_down_for_everybody(self, postbox: Postbox) -> None:
        asked = Mailer(HOST, postbox.port, "user", "pa55w0rd", starttls=False, sender="a@b.example")
        with pytest.raises(ChannelDownError) as caught:
            asked.send(LETTER, READER)
        assert "pa55w0rd" not in str(caught.value)


def channel(hook: Webhook, scheme: str = "json", more: str = "") -> Channel:
    return Channel("hook", f"{scheme}://{HOST}:{hook.port}/in/t0psecret?-to={{address}}{more}")


def call(channel: Channel, letter: Letter = LETTER, seconds: float = PATIENCE) -> None:
    call_channel(channel, letter, Reader("+998901234567"), seconds=seconds)


class TestWebhooks:
    @pytest.mark.parametrize("scheme", ["json", "xml", "form"])
    def test_each_kind_gets_the_id_of_the_message(self, hook: Webhook, scheme: str) -> None:
        call(channel(hook, scheme, "&+X-Own=kept"))
        (got,) = hook.calls
        assert got.headers["Idempotency-Key"] == "3f1c"
        assert got.headers["X-Own"] == "kept"
        assert "Second" in got.body

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            pytest.param(400, DeliveryError, id="a message refused"),
            pytest.param(401, DeliveryError, id="a key refused"),
            pytest.param(404, DeliveryError, id="an address unknown"),
            pytest.param(302, DeliveryError, id="a redirect"),
            pytest.param(408, ChannelDownError, id="too slow for the server"),
            pytest.param(425, ChannelDownError, id="too early"),
            pytest.param(429, ChannelDownError, id="too many"),
            pytest.param(500, ChannelDownError, id="an error of the server"),
            pytest.param(503, ChannelDownError, id="a busy server"),
            pytest.param(HANG, ChannelDownError, id="no answer"),
            pytest.param(DROP, ChannelDownError, id="a dropped connection"),
            pytest.param(TAKE_AND_DROP, ChannelDownError, id="dropped when taken"),
        ],
    )
    def test_a_refused_message_is_told_from_a_server_that_takes_nothing(
        self, hook: Webhook, status: int, kind: type[DeliveryError]
    ) -> None:
        hook.status, hook.says = status, "says: /in/T0PSECRET, +998901234567"
        with pytest.raises(DeliveryError) as caught:
            call(channel(hook))
        assert type(caught.value) is kind
        said = str(caught.value)
        assert said.startswith("channel hook:")
        assert str(status) in said or status < 0
        assert "t0psecret" not in said.lower()
        assert "998901234567" not in said

    def test_nothing_listens(self) -> None:
        with pytest.raises(ChannelDownError):
            call(Channel("hook", f"json://{HOST}:{free_port()}/in?-to={{address}}"))

    def test_a_wait_that_the_url_asks_for_ends_with_ours(self, hook: Webhook) -> None:
        hook.status = HANG
        start = time.monotonic()
        with pytest.raises(ChannelDownError, match="expected an answer within 1 s"):
            call(channel(hook, more="&rto=15"))
        assert time.monotonic() - start < 3

    def test_a_long_letter_leaves_whole(self, hook: Webhook) -> None:
        body = "\n".join(f"line {n}" for n in range(2_000))
        call(channel(hook), Letter("3f1c", "Subject", body))
        assert json.loads(hook.calls[0].body)["message"] == body


class TestTextMessages:
    def test_a_text_message_is_never_cut(self) -> None:
        gate = Channel("gate", "twilio://AC123:t0k@15551234567/{address}", Form.SMS)
        with pytest.raises(
            DeliveryError, match="expected a text of 160 characters at most, got 161"
        ):
            call(gate, Letter("3f1c", "Subject", "x" * 161, form="sms"))

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            pytest.param("tgram://{address}", "998901234567", id="a URL that is none with it"),
            # apprise would drop it, and text the number that sends.
            pytest.param(f"{GATE}/{{address}}", "no number", id="an address that is dropped"),
            pytest.param(f"{BOT}/{{address}}", "99887766,99887755", id="two addresses in one"),
            pytest.param(f"{BOT}/99887755/{{address}}", "99887766", id="two readers in the URL"),
        ],
    )
    def test_a_message_goes_to_its_reader_or_to_nobody(self, url: str, address: str) -> None:
        chat = Channel("chat", url)
        with pytest.raises(
            InputError, match=r"expected an address that \w+:// takes for one reader"
        ):
            refuse_unusable(chat, address)
        with pytest.raises(DeliveryError) as caught:
            call_channel(chat, LETTER, Reader(address))
        assert address not in str(caught.value)
        assert "AbCdEfGh" not in str(caught.value)

    def test_an_address_that_is_taken_is_not_called_to_see_that(self) -> None:
        refuse_unusable(Channel("chat", f"{BOT}/{{address}}"), "99887766")
        refuse_unusable(Channel("gate", f"{GATE}/{{address}}"), "+998901234567")


def test_a_name_is_no_markup_in_a_chat_that_knows_some(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called directly, the plugin of Telegram takes a text for HTML: links and losses in it."""
    from apprise.plugins.telegram import NotifyTelegram

    monkeypatch.setattr(NotifyTelegram, "notify_url", f"http://{HOST}:{hook.port}/bot")
    hook.says = '{"ok": true}'
    name = '<a href="https://example.org">Steppe</a> <script>x</script> & Sons'
    chat, reader = Channel("chat", f"{BOT}/{{address}}"), Reader("99887766")
    call_channel(chat, Letter("3f1c", "", name), reader)
    # A chat that has no titles gets the subject of a whole letter in bold, above it.
    call_channel(chat, Letter("3f1d", name, name), reader)
    brief, whole = (json.loads(got.body) for got in hook.calls)
    assert brief["parse_mode"] == whole["parse_mode"] == "HTML"
    assert "<" not in brief["text"]
    assert unescape(brief["text"]) == name
    title, _, body = whole["text"].partition("</b>")
    assert "<" not in title.removeprefix("<b>") + body
    assert unescape(title.removeprefix("<b>")) == unescape(body.strip()) == name


def test_what_a_bounded_call_raises_is_raised_and_what_it_returns_returned() -> None:
    def fail() -> None:
        raise DeliveryError("no")

    assert within(5, "here", lambda: 42) == 42
    with pytest.raises(DeliveryError, match=r"^no$"):
        within(5, "here", fail)
