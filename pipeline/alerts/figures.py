"""Months and numbers as a reader writes them, by the rules of the language."""

from __future__ import annotations

from babel.dates import format_date
from babel.numbers import format_decimal

from pipeline.alerts.words import Words
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.indicators import Measure
from pipeline.core.months import Month


def month_in_words(month: Month, words: Words) -> str:
    """Return the month on its own: ``June 2021``, ``июнь 2021 г.``."""
    return str(format_date(month.first_day, words.month, locale=words.locale))


def month_after_since(month: Month, words: Words) -> str:
    """Return the month as it stands after "since": ``June 2021``, ``июня 2021 г.``."""
    return str(format_date(month.first_day, words.since_month, locale=words.locale))


def value_in_words(value: float, measure: Measure, words: Words, *thresholds: float) -> str:
    """Return a value with as many decimals as keep it on its side of every threshold.

    -0.996 is not shown as -1.00 beside a threshold of -1. A share of the area is in percent.
    """
    if isinstance(measure, AreaShare):
        percent, limits = _percent(value), tuple(map(_percent, thresholds))
        return _number(percent, _decimals(percent, 0, limits), words) + words.percent
    unit = _unit(measure, words)
    return _number(value, _decimals(value, 1 if unit else 2, thresholds), words) + unit


def threshold_in_words(value: float, measure: Measure, words: Words) -> str:
    """Return a threshold as the plan writes it, with at least one decimal unless it has a unit."""
    unit = _unit(measure, words)
    value = _percent(value) if isinstance(measure, AreaShare) else value
    pattern = "0.###" if unit else "0.0##"
    return str(format_decimal(value, pattern, locale=words.locale)) + unit


def _unit(measure: Measure, words: Words) -> str:
    """Return what stands behind a number: nothing for SPI and SPEI."""
    if isinstance(measure, AreaShare):
        return words.percent
    if isinstance(measure, IndexCode):
        return words.percent if measure.family is IndexFamily.PERCENT_OF_NORMAL else ""
    return words.percent if measure.unit.is_percent else words.amounts[measure.unit]


def share_in_words(fraction: float, words: Words) -> str:
    """Return a fraction of one in whole percent."""
    return _number(100 * fraction, 0, words) + words.percent


def _percent(fraction: float) -> float:
    # 0.29 of one is 28.999999999999996 percent.
    return round(100 * fraction, 9)


def _decimals(value: float, least: int, thresholds: tuple[float, ...]) -> int:
    def side(number: float) -> list[tuple[bool, bool]]:
        return [(number < t, number > t) for t in thresholds]

    fitting = (n for n in range(least, 9) if side(round(value, n)) == side(value))
    return next(fitting, 9)


def _number(value: float, decimals: int, words: Words) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    pattern = "0." + "0" * decimals if decimals else "0"
    return str(format_decimal(round(value, decimals) + 0.0, pattern, locale=words.locale))
