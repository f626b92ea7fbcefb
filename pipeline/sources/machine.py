"""What this machine has to give to who reads what others wrote."""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container finds what it may take."""


def memory(root: Path = Path("/")) -> int:
    """Return the bytes of memory of this machine, or what this container may take of them.

    It is what there is at all and not what is free just now: a file that is refused today should
    not be taken tomorrow.
    """
    own = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([own, *filter(None, map(_limit, (root / place for place in _LIMITS)))])


def _limit(path: Path) -> int | None:
    """What the file says; None where there is none, or no limit."""
    try:
        said = path.read_text().strip()
    except OSError:
        return None
    return int(said) if said.isdecimal() else None
