"""Dates and numbers as a reader writes them, by the rules of the language."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from pipeline.alerts.words import Words
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.indicators import Measure
from pipeline.core.months import Month


def month_in_words(month: Month, words: Words) -> str:
    """Return the month on its own: ``June 2021``, ``июнь 2021 г.``."""
    return _dated(month.first_day, words.month, words)


def short_month_in_words(month: Month, words: Words) -> str:
    """Return the month in few characters: ``Jun 2021``, ``06.2021``."""
    return _dated(month.first_day, words.short.month, words)


def month_after_since(month: Month, words: Words) -> str:
    """Return the month as it stands after "since": ``June 2021``, ``июня 2021 г.``."""
    return _dated(month.first_day, words.since_month, words)


def calendar_month_in_words(calendar_month: int, words: Words) -> str:
    """Return the name of a calendar month on its own: ``June``, ``июнь``."""
    return _dated(date(2000, calendar_month, 1), words.month_name, words)


def calendar_month_after_since(calendar_month: int, words: Words) -> str:
    """Return the name of a calendar month as it stands after "since": ``June``, ``июня``."""
    return _dated(date(2000, calendar_month, 1), words.since_month_name, words)


def day_in_words(day: date, words: Words) -> str:
    """Return the day: ``8 July 2021``, ``8 июля 2021 г.``."""
    return _dated(day, words.day, words)


def value_in_words(value: float, measure: Measure, words: Words, *thresholds: float) -> str:
    """Return a value with as many decimals as keep it on its side of every threshold.

    -0.996 is not shown as -1.00 beside a threshold of -1. A share of the area is in percent.
    """
    if isinstance(measure, AreaShare):
        percent, limits = _percent(value), tuple(map(_percent, thresholds))
        return words.percent.format(number=_number(percent, _decimals(percent, 0, limits), words))
    unit = _unit(measure, words)
    decimals = _decimals(value, 2 if unit is None else 1, thresholds)
    return _with_unit(_number(value, decimals, words), unit)


def threshold_in_words(value: float, measure: Measure, words: Words) -> str:
    """Return a threshold as the plan writes it, with at least one decimal unless it has a unit."""
    unit = _unit(measure, words)
    value = _percent(value) if isinstance(measure, AreaShare) else value
    pattern = "0.0##" if unit is None else "0.###"
    return _with_unit(str(format_decimal(value, pattern, locale=words.locale)), unit)


def _unit(measure: Measure, words: Words) -> str | None:
    """Return how a number is written with its unit; None for what has none, such as SPI."""
    if isinstance(measure, AreaShare):
        return words.percent
    if isinstance(measure, IndexCode):
        return words.percent if measure.family is IndexFamily.PERCENT_OF_NORMAL else None
    return words.percent if measure.unit.is_percent else words.amounts.get(measure.unit)


def _with_unit(number: str, unit: str | None) -> str:
    return number if unit is None else unit.format(number=number)


def share_in_words(fraction: float, words: Words) -> str:
    """Return a fraction of one in whole percent."""
    return words.percent.format(number=_number(100 * fraction, 0, words))


def _dated(day: date, pattern: str, words: Words) -> str:
    said = str(format_date(day, pattern, locale=words.locale))
    # CLDR knows Tajik months only as they begin a line.
    return said.lower() if words.language == "tg" else said


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
