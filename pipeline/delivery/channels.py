"""The file of channels: chat, SMS and webhooks, each an apprise URL with `{address}` in it.

The URLs hold keys and passwords, so the file is its owner's alone, and no error quotes a URL. What may
be a key is hidden in all that this process says from then on.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.alerts.recipients import FILE, MAIL, Form
from pipeline.core.careful_yaml import careful_yaml
from pipeline.core.errors import InputError
from pipeline.core.secrets import know, looks_like_key, secrets_of_url
from pipeline.delivery.apprise_log import catching

ADDRESS = "{address}"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_KEYS = ("url", "form")
OPEN_HOSTS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Of these schemes the host is a host, and may be named."""
_BETWEEN = re.compile(r"[/?&=:@#,;+ ]+")
_END_OF_HOST = re.compile(r"[/?#]")
_HOST = re.compile(r"localhost|[a-z0-9.-]+\.[a-z]{2,}|[^:]+:\d+")
"""As a name with dots, or with a port."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach readers besides mail."""

    name: str
    url: str = field(repr=False)
    """An apprise URL; `{address}` stands for the reader's."""
    form: Form = Form.BRIEF
    """What its readers get unless they say otherwise."""

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0].lower()

    def url_to(self, address: str) -> str:
        """Return the URL with the reader's address in it, which can add nothing to the URL."""
        return self.url.replace(ADDRESS, quote(address, safe=""))


def read_channels(path: Path | None) -> Mapping[str, Channel]:
    """Return the channels of a file by name; none where there is no file.

    Raises:
        InputError: the file is not there, others than its owner may read it, or something in it
            cannot be meant. No URL is quoted.
    """
    if path is None:
        return {}
    written = careful_yaml(_text(path), str(path))
    if not isinstance(written.values, dict):
        raise InputError(
            f"{path}: expected channels, each a name with url and form under it, got "
            f"{'nothing' if written.values is None else 'something else'}; see docs/operator.md"
        )
    channels = {
        name: _channel(name, told, f"{path}: line {written.line((name,))}")
        for name, told in written.values.items()
    }
    for channel in channels.values():
        know(_secrets(channel))
    return channels


def _secrets(channel: Channel) -> set[str]:
    """Return what may be a key in a URL: of many chats any part is one, and none has a name.

    A host is no key where it is written as one: an error that does not say which host is of no use.
    """
    rest = channel.url.partition("://")[2].replace(ADDRESS, "")
    host = _END_OF_HOST.split(rest)[0].rpartition("@")[2]
    parts = {host, *_BETWEEN.split(rest)}
    if channel.scheme in OPEN_HOSTS or _HOST.fullmatch(host):
        parts -= {host, host.partition(":")[0]}
    keys = {one for one in parts if looks_like_key(one) and not _HOST.fullmatch(one)}
    return {*secrets_of_url(channel.url), *keys}


def _text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(
                f"{path}: expected a file that only its owner may read, for it holds keys, got mode "
                f"{stat.S_IMODE(mode):o}; chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: expected the file of channels, got: {error.strerror}; correct DROUGHT_CHANNELS"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected text in UTF-8, got other bytes; save it so") from error


def _channel(name: object, told: Any, where: str) -> Channel:  # noqa: ANN401 - YAML's
    if not isinstance(name, str) or _NAME.fullmatch(name) is None or name in {MAIL, FILE}:
        raise InputError(
            f"{where}: expected a name of small letters, digits, - and _ that is neither {MAIL} nor "
            f"{FILE}; choose another"
        )
    where = f"{where}: {name}"
    if not isinstance(told, dict) or "url" not in told:
        raise InputError(f"{where}: expected a url and a form under the name; write them")
    unknown = [str(key) for key in told if key not in _KEYS]
    if unknown:
        raise InputError(
            f"{where}: expected no keys but {' and '.join(_KEYS)}, got {len(unknown)} more; correct "
            "the spelling"
        )
    form = told.get("form", Form.BRIEF)
    if form not in list(Form):
        raise InputError(
            f"{where}: form: expected one of {', '.join(Form)}, got another word; correct it"
        )
    channel = Channel(name, _url(told["url"], where), Form(form))
    _refuse_unknown_scheme(channel.scheme, where)
    return channel


def _url(url: object, where: str) -> str:
    if not isinstance(url, str) or _SCHEME.fullmatch(url) is None:
        raise InputError(
            f"{where}: url: expected an apprise URL, such as tgram://TOKEN/{ADDRESS}; write one"
        )
    if ADDRESS not in url:
        raise InputError(
            f"{where}: url: expected {ADDRESS} where the reader's address belongs, got none; put it "
            "there, as in tgram://TOKEN/{address}"
        )
    return url


def _refuse_unknown_scheme(scheme: str, where: str) -> None:
    with catching():
        from apprise.manager_plugins import NotificationManager

        known = NotificationManager()  # type: ignore[no-untyped-call]
        is_known = scheme in known and known[scheme].enabled
    if not is_known:
        raise InputError(
            f"{where}: url: expected a scheme that apprise knows, such as tgram, slack, twilio or "
            f"jsons, got {scheme}://; correct it, or install what apprise needs for it"
        )
