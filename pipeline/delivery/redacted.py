"""Texts without the secrets of a channel: keys, passwords, and the address of a reader.

In many URLs of chats the token stands where others have the host, so every part of the URL counts as
a secret unless it is known to be none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pipeline.delivery.channels import ADDRESS, OPEN_HOSTS, Channel

HIDDEN = "***"
_SHORTEST = 4
"""Shorter parts of a URL are words of many texts, such as `to` or `v2`."""
_NO_SECRETS = frozenset(
    {"address", "message", "subject", "title", "https", "http", "method", "post", "true", "false",
     "send", "format", "text", "overflow", "verify", "version", "type"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Redaction:
    """Takes secrets out of texts."""

    secrets: tuple[str, ...]
    """Longest first."""

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)
        return text


def redaction(channel: Channel, address: str) -> Redaction:
    """Return what takes a channel's secrets and a reader's address out of a text."""
    _, _, rest = channel.url.partition("://")
    start = re.match(r"(?:(?P<login>[^/?#]*)@)?(?P<host>[^/?#]*)", rest)
    hosts = {start["host"], start["host"].partition(":")[0]} if start else set()
    secrets = {part for part in re.split(r"[/?&=:@#,;+]+", rest) if len(part) >= _SHORTEST}
    about_reader = {address, address.lstrip("@#+"), re.sub(r"\D", "", address)}
    secrets |= {rest, *(one for one in about_reader if len(one) >= _SHORTEST)}
    # A short password is one all the same.
    secrets |= set((start["login"] or "").split(":")[1:]) if start else set()
    if channel.scheme in OPEN_HOSTS:
        secrets -= hosts | {part for host in hosts for part in re.split(r"[:.]", host)}
    return Redaction(tuple(sorted(_spellings(secrets), key=lambda one: (-len(one), one))))


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret as it is written, quoted and unquoted; without words that are none."""
    spelt = {
        spelling
        for secret in secrets
        for spelling in (
            secret, quote(secret, safe=""), quote_plus(secret), unquote(secret), unquote_plus(secret)
        )
    }  # fmt: skip
    is_none = _NO_SECRETS | {ADDRESS, quote(ADDRESS), ""}
    return {one for one in spelt if one.lower() not in is_none}
