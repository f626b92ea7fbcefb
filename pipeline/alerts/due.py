"""What leaves now: by the reader's hours, by how often it was refused, and how much waits at once.

Within a chain nothing overtakes what came before it on its way to the same recipient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import chain

from pipeline.alerts.local_time import UTC_OFFSET_HOURS
from pipeline.alerts.recipients import Hours
from pipeline.core.ids import Country

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a recipient wants to be told."""

    hours: Hours
    clock: Country
    """Whose local time the hours are in."""
    digest_from: int
    """So many messages due at once leave as one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An approved message that has not left, and for whom it is."""

    delivery_id: int
    alert_id: int
    chain_id: str
    recipient: str
    """Tells recipients of one channel apart."""
    form: str
    language: str
    attempts: int = 0
    next_attempt_at: datetime | None = None
    digest_id: str | None = None
    """The digest it was put into."""
    is_at_once: bool = False
    """Whether the plan lets it come at any hour."""
    manner: Manner | None = None
    """None: at any hour, each by itself."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over in one go: one message, or those of one digest."""

    contents: tuple[Waiting, ...]

    @property
    def digest_id(self) -> str | None:
        return self.contents[0].digest_id

    @property
    def is_new_digest(self) -> bool:
        return len(self.contents) > 1 and self.digest_id is None

    @property
    def delivery_ids(self) -> list[int]:
        return [one.delivery_id for one in self.contents]


def is_open(hours: Hours, clock: Country, moment: datetime) -> bool:
    """Return whether messages may come at `moment`, by the local time of a country."""
    local = moment.astimezone(timezone(timedelta(hours=UTC_OFFSET_HOURS[clock])))
    return local.isoweekday() in hours.weekdays and hours.first <= local.hour < hours.until


def pause(attempts: int) -> timedelta:
    """Return how long is waited after so many attempts that failed: 5 minutes, doubling, 6 hours."""
    # The exponent is bounded: after years of trying a power of two fits no timedelta.
    doubled: int = 1 << min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def parcels(
    waiting: Sequence[Waiting], moment: datetime, *, ignores_pauses: bool = False
) -> list[Parcel]:
    """Return what leaves by one channel at `moment`, in the order in which it is to be tried.

    What was refused most often is tried last: should one message bring the channel down, it holds
    up no other. Of one recipient and chain the order of decision stays, and so does a digest that
    was made.

    Args:
        waiting: every approved message of the channel that has not left.
        moment: now.
        ignores_pauses: try again now what was refused. Hours are kept all the same.
    """
    alone = [one for one in waiting if one.digest_id is None]
    digests = _grouped([one for one in waiting if one.digest_id], lambda one: one.digest_id)
    found = [one for one in digests if _is_due(one, moment, ignores_pauses)]
    due = [one for one in alone if _is_due([one], moment, ignores_pauses)]
    held = _first_held(waiting, {one.delivery_id for one in chain(due, *found)})
    free = [one for one in due if one.alert_id <= held.get(_line(one), one.alert_id)]
    for together in _grouped(free, _reader):
        manner = together[0].manner
        is_digest = manner is not None and len(together) >= manner.digest_from
        found += [together] if is_digest else [[one] for one in together]
    return _in_order([Parcel(tuple(one)) for one in found])


def _grouped(waiting: Sequence[Waiting], key: Callable[[Waiting], Hashable]) -> list[list[Waiting]]:
    """Return what belongs together, each group in the order of decision."""
    groups: dict[Hashable, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: (one.alert_id, one.delivery_id)):
        groups[key(one)].append(one)
    return list(groups.values())


def _reader(one: Waiting) -> Hashable:
    """What can be read as one: of one recipient, in one form and language."""
    return one.recipient, one.form, one.language


def _line(one: Waiting) -> Hashable:
    """The messages among which the order stays."""
    return one.recipient, one.chain_id


def _is_due(together: Sequence[Waiting], moment: datetime, ignores_pauses: bool) -> bool:
    """Whether a message, or those of one digest, may be tried."""
    one = together[0]
    if not ignores_pauses and one.next_attempt_at is not None and one.next_attempt_at > moment:
        return False
    if one.manner is None or any(peer.is_at_once for peer in together):
        return True
    return is_open(one.manner.hours, one.manner.clock, moment)


def _first_held(waiting: Sequence[Waiting], going: Collection[int]) -> dict[Hashable, int]:
    """Return the first alert of each line that does not leave now."""
    held: dict[Hashable, int] = {}
    for one in waiting:
        if one.delivery_id not in going:
            held[_line(one)] = min(one.alert_id, held.get(_line(one), one.alert_id))
    return held


def _in_order(found: Sequence[Parcel]) -> list[Parcel]:
    """Sort by how often the most refused message of a line was tried, then by decision."""
    worst: dict[Hashable, int] = defaultdict(int)
    for one in chain.from_iterable(parcel.contents for parcel in found):
        worst[_line(one)] = max(worst[_line(one)], one.attempts)
    return sorted(
        found,
        key=lambda parcel: (
            max(worst[_line(one)] for one in parcel.contents),
            parcel.contents[0].alert_id,
            parcel.contents[0].delivery_id,
        ),
    )
