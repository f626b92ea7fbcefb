"""Messages by chat, SMS and webhook: one call of apprise for one reader.

apprise answers true or false and tells its log why; what is passed on of that log is stripped of
every secret before.
"""

from __future__ import annotations

import http.client
import math
import re
from typing import TYPE_CHECKING

from pipeline.core.errors import ChannelDownError, DeliveryError, InputError, NotCalledError
from pipeline.delivery.apprise_log import catching
from pipeline.delivery.bounded import within
from pipeline.delivery.channels import Channel
from pipeline.delivery.letter import Letter, Reader, single_line
from pipeline.delivery.redacted import Redaction, redaction

if TYPE_CHECKING:
    from apprise import NotifyFormat
    from apprise.plugins.base import NotifyBase

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
CALL_SECONDS = 30.0
"""For a whole call, whatever the other side does."""

_WEBHOOKS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""They take headers of ours."""
_TELLS = 300
"""So many characters of what was said are kept."""
_NOT_NOW = frozenset({408, 425, 429})
"""Answers of the 400s that say nothing against the message."""
_SERVER_ERRORS = 500
_CODE = re.compile(r"\berror=(?P<code>[1-5]\d\d)\b")
_OUT_OF_REACH = ("connection error", "socket exception", "timed out", "timeout")


def call_channel(
    channel: Channel, letter: Letter, reader: Reader, *, seconds: float = CALL_SECONDS
) -> None:
    """Hand `letter` to a channel for one reader.

    Args:
        channel: which way.
        letter: an sms is never cut and never split; a longer form leaves in parts where the channel
            takes no more at once.
        reader: for whom.
        seconds: how long the call may take, besides the pauses between parts.

    Raises:
        ChannelDownError: it does not answer, or takes nothing now.
        NotCalledError: it could not be called for this address, or with so long a text message.
        DeliveryError: it does not take this message; what it said is in the error, without secrets.
    """
    where, hidden = f"channel {channel.name}", redaction(channel, reader.address)
    try:
        service = _service(channel, reader.address)
    except InputError as error:
        raise NotCalledError(f"{error}; it is tried again later") from error
    parts = _parts(service, letter, where)
    _prepare(service, channel, letter, seconds)
    pauses = (parts - 1) * service.request_rate_per_sec
    within(seconds + pauses, where, lambda: _call(service, letter, where, hidden))


def refuse_unusable(channel: Channel, address: str) -> None:
    """Check, without calling anybody, that a channel could be called for an address.

    Raises:
        InputError: apprise does not take the URL with this address, or takes it for several.
    """
    _service(channel, address)


def _service(channel: Channel, address: str) -> NotifyBase:
    """Return what calls the channel for one reader, and for nobody else.

    Raises:
        InputError: the URL with this address is not that. Some plugins drop an address that they do
            not take, and then call whoever pays for the gateway; some take several out of one.
    """
    with catching() as heard:
        from apprise import Apprise, AppriseAsset

        # A redirect would turn a POST into a GET, which a server may well answer with 200.
        asset = AppriseAsset(app_id="drought", http_redirects=False, async_mode=False)
        service = Apprise.instantiate(channel.url_to(address), asset=asset)
        readers = 0 if service is None else len(service) // (service.retry + 1)
    if service is None or heard or readers != 1:
        raise InputError(
            f"channel {channel.name}: expected an address that {channel.scheme}:// takes for one "
            f"reader{_said(heard, redaction(channel, address))}; correct the recipient, or the URL "
            "of the channel"
        )
    return service


def _prepare(service: NotifyBase, channel: Channel, letter: Letter, seconds: float) -> None:
    """Set timeouts where the URL has none of its own, and the id by which a webhook knows a repeat."""
    if service.socket_connect_timeout == type(service).socket_connect_timeout:
        service.socket_connect_timeout = min(CONNECT_SECONDS, seconds)
    if service.socket_read_timeout == type(service).socket_read_timeout:
        service.socket_read_timeout = min(ANSWER_SECONDS, seconds)
    if channel.scheme in _WEBHOOKS:
        headers: dict[str, str] = vars(service)["headers"]
        headers["Idempotency-Key"] = letter.message_id


def _parts(service: NotifyBase, letter: Letter, where: str) -> int:
    """Return in how many parts a letter leaves.

    Raises:
        NotCalledError: it is a text message, and longer than the channel takes.
    """
    longest = service.body_maxlen
    if longest <= 0 or len(letter.body) <= longest:
        return 1
    if letter.form == "sms":
        raise NotCalledError(
            f"{where}: expected a text of {longest} characters at most, got {len(letter.body)}: it "
            "would be cut; nothing was sent"
        )
    return math.ceil(len(letter.body) / longest) + 1


def _call(service: NotifyBase, letter: Letter, where: str, hidden: Redaction) -> None:
    from apprise import OverflowMode

    with catching() as heard:
        try:
            # The short forms say all in their text; a title would be put in front of it.
            is_titled = service.title_maxlen > 0 or letter.form == "letter"
            title = single_line(letter.subject) if is_titled else ""
            body, body_format = _in_its_format(service, letter.body)
            if service.title_maxlen <= 0:  # it becomes a part of the body as it stands
                title, _ = _in_its_format(service, title)
            is_taken = service.notify(
                body=body,
                title=title,
                body_format=body_format,
                overflow=OverflowMode.UPSTREAM if letter.form == "sms" else OverflowMode.SPLIT,
            )
        except Exception as error:  # noqa: BLE001 - each of its plugins has errors of its own
            heard.append(f"{type(error).__name__}: {error}")
            is_taken = False
            if isinstance(error, OSError):  # those of requests are
                heard.append(_OUT_OF_REACH[0])
    if not is_taken:
        raise _refusal(heard, where, hidden)


def _in_its_format(service: NotifyBase, text: str) -> tuple[str, NotifyFormat]:
    """Return a plain text as the channel writes texts, and how that is.

    Not left to the plugin: that of Telegram takes a text for HTML when it is called directly, so that
    a name in it could become a link, and what stands in angle brackets would be lost.
    """
    from apprise import NotifyFormat
    from apprise.conversion import convert_between

    written = service.resolve_format(NotifyFormat.TEXT)
    converted: str = convert_between(NotifyFormat.TEXT, written, text)  # type: ignore[no-untyped-call]
    return converted, written


def _refusal(heard: list[str], where: str, hidden: Redaction) -> DeliveryError:
    """Return whether one message was refused or the channel is down, with what was said."""
    code = _code(heard)
    if code is None:
        is_down = any(word in line.lower() for line in heard for word in _OUT_OF_REACH)
    else:
        is_down = code in _NOT_NOW or code >= _SERVER_ERRORS
    answer = "" if code is None else f" {code} {http.client.responses.get(code, '')}".rstrip()
    kind = ChannelDownError if is_down else DeliveryError
    return kind(f"{where}:{answer or ' it did not take the message'}{_said(heard, hidden)}; "
                "it is tried again later")  # fmt: skip


def _code(heard: list[str]) -> int | None:
    """The code of HTTP that the other side answered with; the last one, where there were several."""
    found = [match["code"] for line in heard for match in _CODE.finditer(line)]
    return int(found[-1]) if found else None


def _said(heard: list[str], hidden: Redaction) -> str:
    said = single_line(hidden(" ".join(heard)))
    return f" ({said if len(said) <= _TELLS else said[:_TELLS] + '…'})" if said else ""
