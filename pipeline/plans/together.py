"""Several plan documents seen together: one version in force at a time, and one line of succession."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.core.months import Month
from pipeline.plans.document import Plan

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan, where it is kept, and from which month on it is in force."""

    where: str
    plan: Plan
    first: Month
    gives_way: bool = False
    """Whether any other plan goes before it, as before one that came with the software."""

    @property
    def key(self) -> _Key:
        return (self.plan.plan_id, self.plan.version)

    @property
    def replaced(self) -> _Key | None:
        """The version it replaces."""
        replaced = self.plan.supersedes
        return None if replaced is None else (self.plan.plan_id, replaced)

    def __str__(self) -> str:
        return f"{self.where}: plan {self.plan.plan_id} version {self.plan.version}"


def faults_together(kept: Sequence[Kept]) -> list[str]:
    """Return what keeps these plans from standing side by side, a line each.

    A version twice, a plan of two countries, a cycle in `supersedes`, and two plans of one country
    in force at once of which neither replaces the other, directly or over versions between.
    """
    by_key = {one.key: one for one in kept}
    in_cycles = set(_cycles(by_key))
    return [
        *_twice(kept),
        *_of_two_countries(kept),
        *(_cycle_in_words(cycle, by_key) for cycle in sorted(in_cycles)),
        *_at_once(kept, by_key, {key for cycle in in_cycles for key in cycle}),
    ]


def notes_together(kept: Sequence[Kept]) -> list[str]:
    """Return what is odd but may be meant, a line each."""
    by_key = {one.key: one for one in kept}
    versions = Counter(one.plan.plan_id for one in kept)
    several = [one for one in kept if versions[one.plan.plan_id] > 1]
    return [note for one in several for note in _odd_succession(one, by_key)]


def _odd_succession(one: Kept, by_key: Mapping[_Key, Kept]) -> Iterator[str]:
    if one.replaced is None:
        return
    older = by_key.get(one.replaced)
    if older is None:
        yield (
            f"{one} supersedes version {one.plan.supersedes}, which is not among these: whether the "
            "two fit together was not checked"
        )
    elif one.first < older.first:
        yield (
            f"{one} is in force from {one.first}, before version {older.plan.version}, which it "
            f"supersedes, begins ({older.first}): that one would never rule"
        )


def _twice(kept: Sequence[Kept]) -> Iterator[str]:
    for older, newer in combinations(kept, 2):
        if older.key == newer.key:
            same = older.plan.fingerprint == newer.plan.fingerprint
            yield (
                f"{newer} is in {older.where} too, with {'the same' if same else 'another'} content; "
                "expected each version once; give the changed document a new version, with "
                "'supersedes'"
            )


def _of_two_countries(kept: Sequence[Kept]) -> Iterator[str]:
    first: dict[str, Kept] = {}
    for one in kept:
        other = first.setdefault(one.plan.plan_id, one)
        if other.plan.country is not one.plan.country:
            yield (
                f"{one} is for {one.plan.country}, and version {other.plan.version} in {other.where} "
                f"for {other.plan.country}; expected one country for a plan_id; correct the country, "
                "or choose another plan_id"
            )


def _cycles(by_key: Mapping[_Key, Kept]) -> Iterator[tuple[_Key, ...]]:
    """Yield each cycle of versions that replace one another, from its first in order."""
    for start in by_key:
        line, after = [start], by_key[start].replaced
        while after is not None and after in by_key and after not in line:
            line.append(after)
            after = by_key[after].replaced
        if after == start:
            least = line.index(min(line))
            yield tuple(line[least:] + line[:least])


def _cycle_in_words(cycle: Sequence[_Key], by_key: Mapping[_Key, Kept]) -> str:
    versions = " -> ".join(version for _, version in (*cycle, cycle[0]))
    return (
        f"{by_key[cycle[0]]}: supersedes goes round in a circle ({versions}); expected it to name an "
        "older version; take it out of the oldest"
    )


def _at_once(
    kept: Sequence[Kept], by_key: Mapping[_Key, Kept], in_cycles: set[_Key]
) -> Iterator[str]:
    for pair in combinations(sorted(kept, key=lambda one: one.first), 2):
        older, newer = pair
        if older.plan.country is not newer.plan.country or older.key == newer.key:
            continue
        if older.gives_way or newer.gives_way:
            continue
        if in_cycles & {older.key, newer.key} or not _overlap(older, newer):
            continue
        if not (_follows(older, newer, by_key) or _follows(newer, older, by_key)):
            yield _at_once_in_words(older, newer)


def _overlap(older: Kept, newer: Kept) -> bool:
    return older.plan.effective_to is None or newer.first <= older.plan.effective_to


def _follows(older: Kept, newer: Kept, by_key: Mapping[_Key, Kept]) -> bool:
    """Whether `newer` replaces `older`, or may do so over a version that is not here.

    Two that replace one and the same version are branches: neither replaces the other.
    """
    line, of_older = _line(newer, by_key), _line(older, by_key)
    if older.key in line:
        return True
    is_open = bool(line) and line[-1] not in by_key and line[-1][0] == older.plan.plan_id
    return is_open and not set(line) & set(of_older)


def _line(one: Kept, by_key: Mapping[_Key, Kept]) -> list[_Key]:
    """Return the versions that one replaces, step by step; the last may not be here."""
    line: list[_Key] = []
    key = one.replaced
    while key is not None and key not in line:
        line.append(key)
        key = by_key[key].replaced if key in by_key else None
    return line


def _at_once_in_words(older: Kept, newer: Kept) -> str:
    if older.plan.plan_id == newer.plan.plan_id:
        remedy = f"write 'supersedes: \"{older.plan.version}\"' into the newer one"
    else:
        remedy = "give the newer one the plan_id of the older and let it supersede that"
    return (
        f"{newer} (from {newer.first}) and {older} (from {older.first}) would both be in force in "
        f"{newer.plan.country} in {newer.first}; expected one; {remedy}, or end the older one with "
        f"'effective_to: {newer.first - 1}'"
    )
