"""What a value means to a reader who is no climatologist: in how many of a hundred years it is drier.

SPI, SPEI, SMRI and SWEI are scaled so that over the calibration period each calendar month follows
the standard normal distribution (WMO-No. 1090); the shares below are read from it.
"""

from __future__ import annotations

from statistics import NormalDist

from pipeline.alerts.figures import share_in_words, value_in_words
from pipeline.alerts.words import Words
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.indicators import Measure

SAMPLING_ERROR = 0.3
"""Of an index fitted to thirty years, at -1.5 (docs/method.md, simulated)."""

_USUAL = 0.5
"""Within so much of 0 an index is near normal (the mildest class of the maps begins there)."""

_SCALED = frozenset({IndexFamily.SPI, IndexFamily.SPEI, IndexFamily.SMRI, IndexFamily.SWEI})


def is_scaled(measure: Measure) -> bool:
    """Return whether the values of `measure` follow the normal distribution by construction."""
    return isinstance(measure, IndexCode) and measure.family in _SCALED


def rarity(value: float, measure: Measure, calibration: str, words: Words) -> str:
    """Return in a sentence how unusual `value` is; nothing where the measure says so itself.

    Args:
        value: in the measure's own unit.
        measure: what it is of.
        calibration: the years compared with, such as ``1991-2020``.
        words: for the way numbers are written.
    """
    if isinstance(measure, AreaShare):
        usual = share_in_words(NormalDist().cdf(measure.at_or_below), words)
        return f"Over {calibration} as a whole some {usual} of the area is that low."
    if not isinstance(measure, IndexCode):
        return ""
    if measure.family is IndexFamily.PERCENT_OF_NORMAL:
        return f"Where 100 mm is usual, {value:.0f} mm fell."
    if measure.family is IndexFamily.SMA:
        side = "below" if value < 0 else "above"
        return f"That is {value_in_words(abs(value), measure, words)} standard deviations {side} usual."
    return _of_scaled(value, calibration)


def _of_scaled(value: float, calibration: str) -> str:
    """Say a rank among years, and how far the years themselves can show it."""
    drier = NormalDist().cdf(value)
    if abs(value) < _USUAL:
        return f"That is about usual: some {100 * drier:.0f} of 100 years are drier."
    share, side = (1 - drier, "drier") if value < 0 else (drier, "wetter")
    first, last = map(int, calibration.split("-"))
    years = last - first + 1
    said = (
        f"That is {side} than about {_out_of(share)} years, by the normal distribution to which the "
        "index is scaled."
    )
    if (1 - share) * years < 1:
        said += f" The {years} years alone cannot show so rare a value: it is read off the fitted curve."
    return said


def _out_of(share: float) -> str:
    return f"{1000 * share:.0f} of 1000" if share > 0.99 else f"{100 * share:.0f} of 100"
