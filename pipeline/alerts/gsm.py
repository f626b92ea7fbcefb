"""How long a text is as one SMS, and Latin letters folded so that more of it fits.

A message in the GSM 7 bit default alphabet holds 160 septets, any other 70 UTF-16 code units.
The alphabet and its extension table: 3GPP TS 23.038, section 6.2.1.
"""

from __future__ import annotations

import unicodedata

SEPTETS = 160
"""Room of one SMS in the GSM alphabet."""
CODE_UNITS = 70
"""Room of one SMS in UCS-2."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Written with an escape before them: two septets each."""

_NEAREST = {
    **dict.fromkeys("ʻʼ‘’‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "№": "No",
    "ı": "i",
    "ə": "a",
    "Ə": "A",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "·": ".",
    "→": ">",
}
"""What Unicode does not take apart into a letter of the alphabet and its mark."""


def septets(text: str) -> int | None:
    """Return the length of `text` in the GSM alphabet; None where a character is not in it."""
    if not all(one in _BASIC or one in _EXTENSION for one in text):
        return None
    return len(text) + sum(one in _EXTENSION for one in text)


def code_units(text: str) -> int:
    """Return the length of `text` in UTF-16 code units; an emoji counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits_one_sms(text: str) -> bool:
    """Return whether `text` goes as a single SMS, in whichever alphabet it needs."""
    length = septets(text)
    return code_units(text) <= CODE_UNITS if length is None else length <= SEPTETS


def folded(text: str) -> str:
    """Return `text` with each Latin letter and sign outside the GSM alphabet as the nearest in it.

    ``Oʻzbekiston, Iğdır, Daşoguz`` becomes ``O'zbekiston, Igdir, Dasoguz``; ``Türkiye`` stays. A
    text that holds letters of another script comes back unchanged: it goes as UCS-2 anyway, which
    has all letters.
    """
    found = "".join(_folded(one) for one in unicodedata.normalize("NFC", text))
    return text if septets(found) is None else found


def _folded(character: str) -> str:
    if character in _BASIC or character in _EXTENSION:
        return character
    if character in _NEAREST:
        return _NEAREST[character]
    parts = unicodedata.normalize("NFKD", character)
    return "".join(_NEAREST.get(one, one) for one in parts if not unicodedata.combining(one))
