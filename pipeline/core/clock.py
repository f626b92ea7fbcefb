"""Whether the clock of this machine can be right. After a power cut it may show another year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""This software is younger: no clock that is right shows an earlier time."""
BACK = timedelta(hours=1)
"""How far a right clock may lie behind what was written down: servers differ a little."""
APART = timedelta(days=1)
"""How far a right clock may lie from the clocks of others."""

_REMEDY = "set the clock (`timedatectl` shows it; it needs the time server, or a new battery)"


def implausible(
    now: datetime, newest_commit: datetime | None, others: Mapping[str, datetime] | None = None
) -> str | None:
    """Return why the time `now` cannot be right, and what to do; None where it can be.

    Args:
        now: the time by the clock of this machine.
        newest_commit: when something was last written down; None in a new warehouse.
        others: the time by other clocks, by what is said of them, such as ``the data store``.
    """
    if now < WRITTEN:
        return f"clock: it shows {_shown(now)}, before this software was written; {_REMEDY}"
    if newest_commit is not None and now < newest_commit - BACK:
        return (
            f"clock: it shows {_shown(now)}, but the warehouse holds what was written at "
            f"{_shown(newest_commit)}; {_REMEDY}. If the clock is right now and was wrong then, set "
            "DROUGHT_TRUST_CLOCK=true until that time has passed"
        )
    for whose, theirs in (others or {}).items():
        if abs(now - theirs) > APART:
            return f"clock: it shows {_shown(now)}, and {whose} {_shown(theirs)}; {_REMEDY}"
    return None


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
