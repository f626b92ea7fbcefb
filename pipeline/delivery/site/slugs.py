"""Names of files from landscape ids: whatever an id holds, the name stays inside its folder.

A name is of small Latin letters, digits and hyphens, so that it is the same on any disk and needs no
escaping in a link.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

_LONGEST = 60
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""Names that Windows keeps for devices."""


def slugs(landscape_ids: Iterable[str]) -> dict[str, str]:
    """Return a name for each id, no two alike.

    A plain id keeps its letters: ``UZ-AN`` is ``uz-an``. Any other gets a hash behind what is left of
    it, so that its name does not depend on what else there is; two ids that differ by capitals alone
    both do.
    """
    ids = list(dict.fromkeys(landscape_ids))
    plain = {one: _plain(one) for one in ids}
    taken = Counter(plain.values())
    return {
        one: name if name and name == one.lower() and taken[name] == 1 else _with_hash(one, name)
        for one, name in plain.items()
    }


def _plain(landscape_id: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", landscape_id.lower()).strip("-")[:_LONGEST].rstrip("-")
    # `i` and a dot above is two letters in small; such an id is not its own name.
    return "" if _RESERVED.fullmatch(name) else name


def _with_hash(landscape_id: str, name: str) -> str:
    digest = hashlib.sha256(landscape_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{name}--{digest}" if name else f"id--{digest}"
