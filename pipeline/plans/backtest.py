"""What a plan said, month by month, beside what was reported: hits, misses, lead, flicker, alarms.

Stages are told per landscape, droughts per country or province, so a stage is taken to stand where a
share of the land reported on stands in it or in a graver one. `docs/backtest.md` argues each choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.core.panels import Floats
from pipeline.plans.reports import Episode, Report

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST_KNOWN = 0.5
"""Of the land that ever has a stage; with less of it known, the country's state is not known."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What counts as what; every number is an option of the command."""

    least_share: float = 0.25
    """Of the area reported on, in the stage or a graver one: then the stage stands."""
    window_months: int = 6
    """A stage entered so many months before the reported start, or fewer, is a warning of it."""
    flicker_months: int = 3
    """A stage entered again after so many months out of it, or fewer, flickers."""

    def __post_init__(self) -> None:
        if not 0.0 < self.least_share <= 1.0:
            raise InputError(
                f"share: expected more than 0 and at most 1, got {self.least_share:g}; 0.25 is a "
                "quarter of the area"
            )
        for name, months in (("window", self.window_months), ("flicker", self.flicker_months)):
            if months < 0:
                raise InputError(f"{name}: expected 0 months or more, got {months}")


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The stages of some landscapes under one ladder, dims ``(month, landscape)``."""

    first_month: Month
    stages: tuple[str, ...]
    """Names, mildest first."""
    ranks: Ints
    """0 for none."""
    is_known: Mask
    """False before the landscape's stage was confirmed for the first time: `none` is then no
    knowledge. A stage that is held through silence still stands."""
    area_km2: Floats
    """Dims ``(landscape,)``."""

    @property
    def last_month(self) -> Month:
        return self.first_month + (len(self.ranks) - 1)

    @property
    def is_reached(self) -> Mask:
        """Which landscapes ever have a stage that is known."""
        return np.asarray(self.is_known.any(axis=0))

    def part(self, chosen: Mask) -> History:
        """Return the history of some of the landscapes."""
        return History(
            self.first_month,
            self.stages,
            self.ranks[:, chosen],
            self.is_known[:, chosen],
            self.area_km2[chosen],
        )

    def between(self, first: Month | None, last: Month | None) -> History:
        """Return the months from `first` to `last`; None: from the beginning, to the end.

        Raises:
            InputError: there are none.
        """
        start = 0 if first is None else max(0, first.ordinal - self.first_month.ordinal)
        stop = len(self.ranks) if last is None else last.ordinal - self.first_month.ordinal + 1
        if start >= min(stop, len(self.ranks)):
            raise InputError(
                f"months: expected some from {self.first_month} to {self.last_month}, the record, "
                f"got {first or self.first_month} to {last or self.last_month}"
            )
        return History(
            self.first_month + start,
            self.stages,
            self.ranks[start:stop],
            self.is_known[start:stop],
            self.area_km2,
        )


def shares(history: History, rank: int) -> Floats:
    """Return the share of the area in stage `rank` or graver, dims ``(month,)``.

    Of the area whose stage is known; NaN in months where that is less than half of the area that
    ever has one.
    """
    area = np.where(history.is_known, history.area_km2, 0.0)
    known = area.sum(axis=1)
    dry = np.where(history.ranks >= rank, area, 0.0).sum(axis=1)
    reached = float(history.area_km2[history.is_reached].sum())
    enough = (known > 0.0) & (known >= LEAST_KNOWN * reached - _ROUNDING)
    found: Floats = np.full(len(known), np.nan)
    np.divide(dry, known, out=found, where=enough)
    return found


@dataclass(frozen=True, slots=True)
class Spell:
    """Months in a row in which a stage stands."""

    first: Month
    last: Month
    was_entered: bool
    """False where it stood already in the first month known: nobody saw it begin."""


def spells(share: Floats, first_month: Month, least_share: float) -> list[Spell]:
    """Return the runs of months with at least `least_share`, oldest first; NaN ends a run."""
    stands = share >= least_share - _ROUNDING
    edges = np.diff(np.concatenate([[False], stands, [False]]).astype(np.int8))
    return [
        Spell(first_month + int(start), first_month + int(stop) - 1, _was_entered(share, start))
        for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    ]


def _was_entered(share: Floats, start: np.intp) -> bool:
    return bool(start > 0 and not np.isnan(share[start - 1]))


class Verdict(StrEnum):
    """What a stage had to say of an episode."""

    HIT = "hit"
    """It was entered in the window before the start, or later, until the end."""
    STOOD = "stood"
    """It stood, but from before the window on: no news of this drought."""
    MISS = "miss"
    NOT_KNOWN = "not known"
    """The record does not hold the start, or too little of the land that ever has a stage."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage said of an episode."""

    verdict: Verdict
    entered: Month | None = None
    """Of a hit the entry that counts, by the month of the data: the first whose stage still stands at
    the reported start, or that comes later; else the last one before it. Of a stage that stood the
    first month in which it did; None of the others."""
    lead_months: int | None = None
    """From the month in which that could be known to the reported start; below 0 is late."""
    is_taken_back: bool = False
    """Of a hit: the stage had ended again before the reported start, and was not entered later."""


def available_in(month: Month, latency_days: int) -> Month:
    """Return the month in which the data of `month` are there: its last day and so many more.

    >>> str(available_in(Month(1999, 12), 7)), str(available_in(Month(1999, 12), 0))
    ('2000-01', '1999-12')
    """
    last_day = (month + 1).first_day - timedelta(days=1)
    return Month.of(last_day + timedelta(days=latency_days))


def judged(
    history: History, rank: int, episode: Episode, yardstick: Yardstick, latency_days: int
) -> Outcome:
    """Return what stage `rank` said of an episode.

    Args:
        history: of the landscapes reported on, by indices that do not know the episode.
        rank: the stage; graver ones count as it.
        episode: the reported drought.
        yardstick: what counts as an entry in time.
        latency_days: from the last day of a month to its data.
    """
    share = shares(history, rank)
    at = episode.start.ordinal - history.first_month.ordinal
    if not 0 <= at < len(share) or np.isnan(share[at]):
        return Outcome(Verdict.NOT_KNOWN)
    opens = episode.start - yardstick.window_months
    found = spells(share, history.first_month, yardstick.least_share)
    entries = [one for one in found if one.was_entered and opens <= one.first <= episode.end]
    if entries:
        # A warning that was taken back before the start is one only if no other was given.
        lasting = (one for one in entries if one.last >= episode.start)
        told = next(lasting, entries[-1])
        lead = episode.start.ordinal - available_in(told.first, latency_days).ordinal
        return Outcome(Verdict.HIT, told.first, lead, told.last < episode.start)
    standing = [one for one in found if one.last >= opens and one.first <= episode.end]
    return Outcome(Verdict.STOOD, standing[-1].first) if standing else Outcome(Verdict.MISS)


@dataclass(frozen=True, slots=True)
class Alarms:
    """The spells of a stage over a whole country, by what was reported beside them."""

    entered: int
    """All that were entered inside the record."""
    reported: int
    """Those that stood during an episode or in the window before it."""
    unreported: tuple[Spell, ...]
    """No report beside them: that is not the same as no drought."""
    false: tuple[Spell, ...]
    """Those of the unreported that stood in months a source says had no drought."""


def alarms(
    history: History,
    rank: int,
    reported: Sequence[Episode],
    without: Sequence[Report],
    yardstick: Yardstick,
) -> Alarms:
    """Return the spells of stage `rank` over all landscapes.

    Args:
        history: of the whole country.
        rank: the stage; graver ones count as it.
        reported: its episodes.
        without: months that a source says had no drought.
        yardstick: share and window.
    """
    share = shares(history, rank)
    found = [s for s in spells(share, history.first_month, yardstick.least_share) if s.was_entered]
    unreported = tuple(
        one
        for one in found
        if not any(
            one.first <= e.end and one.last >= e.start - yardstick.window_months for e in reported
        )
    )
    false = tuple(
        one
        for one in unreported
        if any(one.first <= quiet.end and one.last >= quiet.start for quiet in without)
    )
    return Alarms(len(found), len(found) - len(unreported), unreported, false)


@dataclass(frozen=True, slots=True, eq=False)
class Years:
    """What happened in each calendar year, added up over the landscapes."""

    years: Ints
    landscape_months: Ints
    """Whose stage is known."""
    in_stage: Ints
    """Landscape-months in each stage, dims ``(year, stage)``."""
    changes: Ints
    """Changes of stage."""
    flickers: Ints
    """Entries into a stage or a graver one soon after it was left, dims ``(year, stage)``."""


def years(history: History, flicker_months: int) -> Years:
    """Return the yearly sums, oldest year first; months whose stage is not known are left out."""
    months = np.arange(len(history.ranks)) + history.first_month.ordinal
    of_year = months // 12
    names = np.unique(of_year)
    place = np.searchsorted(names, of_year)
    ranks, is_known = history.ranks, history.is_known
    steps = range(1, len(history.stages) + 1)
    in_stage = [(ranks == rank) & is_known for rank in steps]
    flickers = [_flickers(history, rank, flicker_months) for rank in steps]
    changed = np.zeros(ranks.shape, dtype=np.bool_)
    changed[1:] = (ranks[1:] != ranks[:-1]) & is_known[1:] & is_known[:-1]

    def summed(mask: Mask) -> Ints:
        return np.bincount(place, mask.sum(axis=1), len(names)).astype(np.int64)

    return Years(
        names,
        summed(is_known),
        np.stack([summed(mask) for mask in in_stage], axis=1),
        summed(changed),
        np.stack([summed(mask) for mask in flickers], axis=1),
    )


def _flickers(history: History, rank: int, most_months_out: int) -> Mask:
    """Return where stage `rank` is entered again after so few months out of it."""
    stands = (history.ranks >= rank) & history.is_known
    last_in = np.full(stands.shape[1], -1)
    found = np.zeros(stands.shape, dtype=np.bool_)
    for month, row in enumerate(stands):
        months_out = month - last_in - 1
        found[month] = row & (last_in >= 0) & (months_out >= 1) & (months_out <= most_months_out)
        last_in[row] = month
    return found


def stage_shares(history: History) -> Iterator[tuple[str, Floats]]:
    """Yield each stage with the share of the area in it or a graver one, mildest first."""
    for rank, stage in enumerate(history.stages, start=1):
        yield stage, shares(history, rank)
