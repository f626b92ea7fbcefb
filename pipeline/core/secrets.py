"""Secrets of this process, taken out of every text that is printed, logged or written down as an error.

Readers of settings hand them in once; whoever passes on what another program said asks `hidden`.
What a channel's own URL holds is known only when it is called: see `delivery.redacted`.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"
_SHORTEST = 6
"""Shorter ones are parts of ordinary words, and would make holes in them."""
_known: set[str] = set()


def know(secrets: Iterable[str]) -> None:
    """Remember texts that may not be shown, in every spelling of a URL."""
    for secret in secrets:
        spelt = {secret, quote(secret, safe=""), quote_plus(secret), unquote(secret)}
        _known.update(one for one in spelt if len(one) >= _SHORTEST)


def hidden(text: str) -> str:
    """Return a text with `***` in place of every secret that is known."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
