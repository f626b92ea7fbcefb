"""An index as a reader is told of it: its name, what it compares, and the months it looks back on."""

from __future__ import annotations

from pipeline.alerts.figures import (
    calendar_month_after_since,
    calendar_month_in_words,
    threshold_in_words,
)
from pipeline.alerts.words import Words
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, Season
from pipeline.core.indicators import Measure, index_behind


def index_in_words(index: IndexCode, calendar_month: int, calibration: str, words: Words) -> str:
    """Return the index with what it compares, over which months, and how to read its values.

    Outside the season of an index the months are those of the whole season.
    """
    said = words.indices
    window = index.window
    name = index.family.upper()
    if isinstance(window, Season):
        label = said.season_labels[window].format(name=name)
    else:
        label = said.label.format(name=name, number=window)
    return said.full[index.family].format(
        label=label, window=_window(index, calendar_month, words), calibration=calibration
    )


def short_index(index: IndexCode, calendar_month: int, words: Words) -> str:
    """Return the index as it stands before a value: ``SPI-3``, ``SPI since 1 October (5 months)``."""
    said, window = words.indices, index.window
    name, months = index.family.upper(), _months(index, calendar_month, words)
    if isinstance(window, Season):
        label = said.short_season_labels[window].format(
            name=name, months=months, span=_span(window, _last(index, calendar_month), words)
        )
    else:
        label = said.label.format(name=name, number=window)
    return said.short[index.family].format(label=label, months=months)


def short_measure(measure: Measure, calendar_month: int, words: Words) -> str:
    """Return any measure in a few words."""
    if isinstance(measure, IndexCode):
        return short_index(measure, calendar_month, words)
    if isinstance(measure, AreaShare):
        return words.indices.short_area_share.format(
            index=short_index(measure.index, calendar_month, words),
            limit=threshold_in_words(measure.at_or_below, measure.index, words),
        )
    return words.indicators[measure.code].format(unit=words.units[measure.unit])


def gap_in_words(gap: Gap, measure: Measure, calendar_month: int, words: Words) -> str:
    """Return why `measure` has no value in a month; an index may not exist in it, or be blind."""
    index = index_behind(measure)
    if isinstance(measure, AreaShare) and gap is Gap.NOT_PUBLISHED:
        return words.indices.no_map
    if gap is not Gap.NOT_APPLICABLE or index is None:
        return words.gaps[gap]
    window = index.window
    if isinstance(window, Season) and not index.months_back(calendar_month):
        span = _span(window, window.calendar_months[-1], words)
        return words.indices.out_of_season.format(span=span)
    return words.indices.blind[index.family]


def _window(index: IndexCode, calendar_month: int, words: Words) -> str:
    said, window = words.indices, index.window
    if not isinstance(window, Season):
        chosen = said.window_of_one if window == 1 else said.window
        return chosen.format(months=_months(index, calendar_month, words))
    last = _last(index, calendar_month)
    is_first = last == window.calendar_months[0]
    chosen = said.season_window_of_one if is_first else said.season_window
    months = _months(index, calendar_month, words)
    return chosen.format(months=months, span=_span(window, last, words))


def _last(index: IndexCode, calendar_month: int) -> int:
    """Return the last calendar month of the window; outside a season the season's last."""
    if isinstance(index.window, Season) and not index.months_back(calendar_month):
        return index.window.calendar_months[-1]
    return calendar_month


def _months(index: IndexCode, calendar_month: int, words: Words) -> str:
    return words.months(index.months_back(_last(index, calendar_month)))


def _span(season: Season, last: int, words: Words) -> str:
    """Return the months of a season up to `last`: ``April to August``, or the first one alone."""
    first = season.calendar_months[0]
    if last == first:
        return calendar_month_in_words(first, words)
    return words.indices.span.format(
        first=calendar_month_after_since(first, words),
        last=calendar_month_in_words(last, words),
    )
