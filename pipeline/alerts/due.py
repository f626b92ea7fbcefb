"""What leaves now: by the reader's hours, by how often it was refused, and how much waits at once.

Within a chain nothing overtakes what came before it on its way to the same recipient, unless that
is refused for good: then it is tried before what follows it, and no longer holds that back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count

from pipeline.alerts.local_time import zone_of
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
    """Whether the plan lets it come at any hour, and with it what it follows in its chain."""
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
    local = moment.astimezone(zone_of(clock))
    return local.isoweekday() in hours.weekdays and hours.first <= local.hour < hours.until


def pause(attempts: int) -> timedelta:
    """Return how long is waited after so many attempts that failed: 5 minutes, doubling, 6 hours."""
    # The exponent is bounded: after years of trying a power of two fits no timedelta.
    doubled: int = 1 << min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


FAILURES_COUNTED = next(n for n in count(1) if pause(n) == LONGEST_PAUSE)
"""8. So often at most a channel that does not answer counts against the message it was tried with: it
says nothing against that, however long it lasts, and more would not lengthen the pause."""
REFUSALS_THAT_HOLD = FAILURES_COUNTED + timedelta(days=1) // LONGEST_PAUSE
"""12. What was refused so often holds back nothing any more. Those beyond `FAILURES_COUNTED` were said of
the message itself, and their pauses fill a day."""


def is_refused_for_good(one: Waiting) -> bool:
    """Return whether a message was refused so often that what follows it waits no longer for it."""
    return one.attempts >= REFUSALS_THAT_HOLD


def parcels(
    waiting: Sequence[Waiting], moment: datetime, *, ignores_pauses: bool = False
) -> list[Parcel]:
    """Return what leaves by one channel at `moment`, in the order in which it is to be tried.

    What was refused most often is tried last: should one message bring the channel down, it holds
    up no other. Of one recipient and chain the order of decision stays, and so does a digest that
    was made. What is refused for good is tried by itself, and each time before what follows it.

    Args:
        waiting: every approved message of the channel that has not left.
        moment: now.
        ignores_pauses: try again now what was refused. Hours are kept all the same.
    """
    made = _grouped([one for one in waiting if one.digest_id], lambda one: one.digest_id)
    alone = [[one] for one in waiting if one.digest_id is None]
    urgent = _last_at_once(waiting)

    def may_come(together: Sequence[Waiting]) -> bool:
        is_urgent = any(one.alert_id <= urgent.get(_line(one), -1) for one in together)
        return is_urgent or _is_awake(together[0].manner, moment)

    coming = [one for one in (*made, *alone) if may_come(one)]
    let_go = _last_let_go([*chain.from_iterable(coming)], moment)

    def is_due(together: Sequence[Waiting]) -> bool:
        goes_before = any(one.alert_id < let_go.get(_line(one), -1) for one in together)
        return ignores_pauses or goes_before or not _rests(together[0], moment)

    going = [one for one in coming if is_due(one)]
    found = [one for one in going if one[0].digest_id]
    due = [one for one in chain.from_iterable(going) if one.digest_id is None]
    held = _first_held(waiting, {one.delivery_id for one in chain(due, *found)})
    free = [one for one in due if one.alert_id <= held.get(_line(one), one.alert_id)]
    found += [[one] for one in free if is_refused_for_good(one)]
    for together in _grouped([one for one in free if not is_refused_for_good(one)], _reader):
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


def _last_at_once(waiting: Sequence[Waiting]) -> dict[Hashable, int]:
    """Return the last alert of each line that may come at any hour; what it follows comes with it."""
    found: dict[Hashable, int] = {}
    for one in waiting:
        if one.is_at_once:
            found[_line(one)] = max(one.alert_id, found.get(_line(one), one.alert_id))
    return found


def _last_let_go(coming: Sequence[Waiting], moment: datetime) -> dict[Hashable, int]:
    """Return the last alert of each line that leaves if all before it were tried, whatever came of it.

    Only what is refused for good can rest before it: that is tried with it. Hours let all of them come.
    """
    found: dict[Hashable, int] = {}
    held: set[Hashable] = set()
    for one in sorted(coming, key=lambda one: one.alert_id):
        if is_refused_for_good(one):
            continue
        if _rests(one, moment):
            held.add(_line(one))
        elif _line(one) not in held:
            found[_line(one)] = one.alert_id
    return found


def _rests(one: Waiting, moment: datetime) -> bool:
    """Whether a message was refused a short while ago."""
    return one.next_attempt_at is not None and one.next_attempt_at > moment


def _is_awake(manner: Manner | None, moment: datetime) -> bool:
    """Whether the hours of a recipient let messages come."""
    return manner is None or is_open(manner.hours, manner.clock, moment)


def _first_held(waiting: Sequence[Waiting], going: Collection[int]) -> dict[Hashable, int]:
    """Return the first alert of each line that does not leave now."""
    held: dict[Hashable, int] = {}
    for one in waiting:
        if one.delivery_id not in going:
            held[_line(one)] = min(one.alert_id, held.get(_line(one), one.alert_id))
    return held


def _in_order(found: Sequence[Parcel]) -> list[Parcel]:
    """Sort by how often the most refused message of a line was tried, then by decision.

    A digest may hold what follows a message and begin before it: what is refused for good goes first.
    """
    worst: dict[Hashable, int] = defaultdict(int)
    for one in chain.from_iterable(parcel.contents for parcel in found):
        worst[_line(one)] = max(worst[_line(one)], one.attempts)
    return sorted(
        found,
        key=lambda parcel: (
            max(worst[_line(one)] for one in parcel.contents),
            not any(map(is_refused_for_good, parcel.contents)),
            parcel.contents[0].alert_id,
            parcel.contents[0].delivery_id,
        ),
    )
