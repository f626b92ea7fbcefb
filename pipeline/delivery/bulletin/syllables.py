"""Where long words may break in a narrow column: neither browsers nor Typst know it for all languages."""

from __future__ import annotations

import re

_LONG = 9
"""Letters of a word that may be broken."""
_VOWELS = "aeiouyаеёиоуыэюяәөүұіўӣӯöüıäý"
_SYLLABLE = re.compile(rf"(?<=\w)(?=[^\W\d_{_VOWELS}ьъйʻʼ][{_VOWELS}])", re.IGNORECASE)
"""Before the last consonant that stands before a vowel, as all of our languages allow."""
_ONE_SOUND = frozenset({"sh", "ch", "th", "ph", "kh", "gh", "zh", "ng"})
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def breakable(text: str) -> str:
    """Return the text with soft hyphens between the syllables of its long words."""
    return " ".join(map(_breakable, text.split(" ")))


def _breakable(word: str) -> str:
    if len(word) < _LONG:
        return word
    ends = range(3, len(word) - 2)
    found = [match.start() for match in _SYLLABLE.finditer(word) if match.start() in ends]
    cuts = [at for at in found if word[at - 1 : at + 1].lower() not in _ONE_SOUND]
    return _SOFT_HYPHEN.join(word[a:b] for a, b in zip([0, *cuts], [*cuts, len(word)], strict=True))
