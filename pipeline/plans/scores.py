"""Scores of a plan against reported droughts, and how far the years at hand carry them.

Probability of detection, false alarm ratio and critical success index (Wilks 2011, chapter 8) are
told only where there is enough to tell them of. Confidence is by a moving-block bootstrap of years
(Künsch 1989), blocks laid around the end of the record so that each year counts alike (Politis and
Romano 1992): droughts last for years, and years drawn one by one would look too sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError
from pipeline.core.panels import Floats
from pipeline.plans.backtest import Verdict
from pipeline.plans.reports import Report

MIN_EPISODES = 5
"""Fewer independent episodes give counts and no ratio."""
MIN_QUIET_MONTHS = 12
"""Of documented months without drought inside the record: a year of them."""
MIN_YEARS = 10
"""Fewer years are not resampled."""

Picks = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How confidence is worked out; the same numbers give the same interval."""

    block_years: int = 3
    """Some third root of 35 years, and as long as most droughts here last."""
    draws: int = 2000
    seed: int = 1989
    level: float = 0.9

    def __post_init__(self) -> None:
        if self.block_years < 1 or self.draws < 100:
            raise InputError(
                "bootstrap: expected blocks of 1 year or more and at least 100 draws, got "
                f"{self.block_years} and {self.draws}"
            )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A ratio of two sums over years, with its interval; without one where it is not resampled."""

    value: float
    low: float | None = None
    high: float | None = None


def estimate(
    counted: npt.NDArray[np.number], of: npt.NDArray[np.number], resampling: Resampling
) -> Estimate | None:
    """Return the sum of `counted` by the sum of `of`; None where there is nothing to divide by.

    Args:
        counted: one number a year.
        of: the same years: landscape-years, episodes, alarms.
        resampling: how the interval is worked out. Draws in which `of` adds up to 0 say nothing
            and are left out. There is no interval with fewer than ten years.
    """
    total = float(of.sum())
    if total == 0.0:
        return None
    value = float(counted.sum()) / total
    if len(of) < MIN_YEARS:
        return Estimate(value)
    picks = block_picks(len(of), resampling)
    sums = of[picks].sum(axis=1).astype(float)
    is_told = sums > 0.0
    ratios: Floats = counted[picks].sum(axis=1)[is_told] / sums[is_told]
    tail = 50.0 * (1.0 - resampling.level)
    low, high = np.percentile(ratios, [tail, 100.0 - tail])
    return Estimate(value, float(low), float(high))


def block_picks(years: int, resampling: Resampling) -> Picks:
    """Return which years each draw is made of, dims ``(draw, year)``.

    Blocks of years in a row begin anywhere with equal chance; the year after the last is the first.
    The last block is cut to the length of the record.
    """
    block = min(resampling.block_years, years)
    blocks = -(-years // block)
    chance = np.random.default_rng(resampling.seed)
    starts = chance.integers(0, years, size=(resampling.draws, blocks))
    picks = (starts[:, :, np.newaxis] + np.arange(block)) % years
    return np.asarray(picks.reshape(resampling.draws, -1)[:, :years])


@dataclass(frozen=True, slots=True)
class Counts:
    """Episodes by what a stage had to say of them, and alarms where no drought was."""

    hits: int
    stood: int
    misses: int
    not_known: int
    false_alarms: int

    @classmethod
    def of(cls, verdicts: Sequence[Verdict], false_alarms: int) -> Counts:
        """Count them."""
        return cls(
            verdicts.count(Verdict.HIT),
            verdicts.count(Verdict.STOOD),
            verdicts.count(Verdict.MISS),
            verdicts.count(Verdict.NOT_KNOWN),
            false_alarms,
        )

    @property
    def known(self) -> int:
        """Episodes that could be judged. One in which the stage merely stood is no hit."""
        return self.hits + self.stood + self.misses


@dataclass(frozen=True, slots=True)
class Scores:
    """The three ratios; one is None where there is nothing to divide by."""

    pod: Estimate | None
    """Hits by episodes judged."""
    far: Estimate | None
    """False alarms by hits and false alarms."""
    csi: Estimate | None
    """Hits by episodes judged and false alarms."""


def scores(
    hits: npt.NDArray[np.int64],
    known: npt.NDArray[np.int64],
    false_alarms: npt.NDArray[np.int64],
    resampling: Resampling,
) -> Scores:
    """Return the ratios of yearly counts: by the year an episode or an alarm began in."""
    return Scores(
        _ratio(hits, known, resampling),
        _ratio(false_alarms, hits + false_alarms, resampling),
        _ratio(hits, known + false_alarms, resampling),
    )


def _ratio(
    counted: npt.NDArray[np.int64], of: npt.NDArray[np.int64], resampling: Resampling
) -> Estimate | None:
    """Return a ratio of counts, without an interval where all say the same: five of five prove little."""
    found = estimate(counted, of, resampling)
    if found is not None and found.value in (0.0, 1.0):
        return Estimate(found.value)
    return found


def quiet_months(without: Sequence[Report], first: int, last: int) -> int:
    """Return how many months from `first` to `last` (ordinals) are documented as without drought."""
    said = {
        month
        for report in without
        for month in range(max(first, report.start.ordinal), min(last, report.end.ordinal) + 1)
    }
    return len(said)


def lacking(episodes: int, quiet: int) -> list[str]:
    """Return what keeps the ratios from being told, in words; nothing: they may be told."""
    found = []
    if episodes < MIN_EPISODES:
        found.append(f"at least {MIN_EPISODES} independent reported droughts, got {episodes}")
    if quiet < MIN_QUIET_MONTHS:
        found.append(
            f"at least {MIN_QUIET_MONTHS} months documented as without drought, got {quiet}"
        )
    return found
