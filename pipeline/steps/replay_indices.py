"""Indices computed once more from the series and fits that were known at a moment.

Landscapes go through in blocks, as when they were computed first, so that memory is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import INDEX_CODES, IndexCode, Release
from pipeline.core.months import Month
from pipeline.core.panels import Panel
from pipeline.landscapes.staleness import LONGEST_WINDOW_MONTHS
from pipeline.steps.differences import Difference, Kind
from pipeline.steps.landscape_indices import judged_blocks, preliminary_months
from pipeline.steps.progress import Advance
from pipeline.warehouse.calibrations import (
    Series,
    read_calibrations,
    read_fit_times,
    read_hargreaves,
)
from pipeline.warehouse.climate import read_climate
from pipeline.warehouse.index_panels import (
    HeldIndices,
    IndexSpan,
    Times,
    read_climate_times,
    read_first_month,
    read_held_indices,
    read_index_spans,
    reason_in_words,
)

LANDSCAPE_MONTHS_AT_ONCE = 200_000
"""Bounds memory: all indices of a landscape-month take some kilobyte while they are compared."""

RELEASE = "release"
"""Told of like an index: whether a row of indices is preliminary or final."""

Mask = npt.NDArray[np.bool_]
Tell = Callable[[Difference], None]


@dataclass
class Tally:
    """How the values of one index compare; changed as blocks come."""

    index: str
    compared: int = 0
    differing: int = 0
    waiting: int = 0
    """Of an older series: see `Difference.is_waiting`; not among those differing."""
    largest: float = 0.0
    """The largest difference between two values."""
    example: Difference | None = None
    """The value that differs most, or the first that differs."""

    def add(self, difference: Difference, size: float) -> None:
        """Count a difference; `size` is NaN where one of the two is a gap."""
        if difference.is_waiting:
            self.waiting += 1
            return
        self.differing += 1
        if self.example is None or size > self.largest:
            self.example = difference
        self.largest = max(self.largest, 0.0 if np.isnan(size) else size)


@dataclass(frozen=True)
class ReplayedIndices:
    """All values of one source, by index."""

    source: str
    tallies: Mapping[str, Tally] = field(
        default_factory=lambda: {name: Tally(name) for name in (*map(str, INDEX_CODES), RELEASE)}
    )


@dataclass(frozen=True, slots=True)
class WereKnown:
    """Which indices to compute once more."""

    source: str
    period: CalibrationPeriod
    at: datetime
    """As series, fits and indices were known at this moment."""
    names: Mapping[int, str]
    """Landscape id by key."""
    may_be_stale: bool
    """Whether a value may have been of an older series, not computed anew yet."""


def replay_indices(
    connection: Connection, known: WereKnown, tell: Tell, advance: Advance
) -> ReplayedIndices:
    """Compute the indices of a source once more and compare them with those that were held.

    Args:
        connection: the caller's transaction.
        known: which.
        tell: told of each difference.
        advance: told of the progress.
    """
    found = ReplayedIndices(known.source)
    start = read_first_month(connection, known.source, known.at)
    spans = read_index_spans(connection, known.source, known.period, known.at)
    if start is None:
        return found
    for done, some in _at_once(spans):
        advance(f"indices of {known.source}, once more", done, len(spans))
        _block(connection, known, some, start).compare(found.tallies, tell)
    return found


def _at_once(spans: Sequence[IndexSpan]) -> Iterator[tuple[int, Sequence[IndexSpan]]]:
    """Yield landscapes in blocks, no landscape twice in one, and how many came before."""
    done, some = 0, list[IndexSpan]()
    for span in spans:
        months = span.last.ordinal - span.first.ordinal + LONGEST_WINDOW_MONTHS
        is_full = (len(some) + 1) * months > LANDSCAPE_MONTHS_AT_ONCE
        if some and (is_full or some[-1].landscape_key == span.landscape_key):
            yield done, some
            done, some = done + len(some), []
        some.append(span)
    if some:
        yield done, some


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some landscapes: what was held, and what comes out now."""

    connection: Connection
    known: WereKnown
    series: Series
    first: Month
    start: Month
    """The first month of what the indices are computed from."""
    held: HeldIndices
    now: Mapping[IndexCode, Panel]
    is_preliminary: Mask

    def compare(self, tallies: Mapping[str, Tally], tell: Tell) -> None:
        """Count what was compared and tell of what differs."""
        is_held = self.held.is_held
        apart: dict[str, Mask] = {str(code): is_held & self._differs(code) for code in INDEX_CODES}
        apart[RELEASE] = is_held & (self.held.is_preliminary != self.is_preliminary)
        waiting = self._waiting() if any(map(np.any, apart.values())) else {}
        for name, differs in apart.items():
            tallies[name].compared += int(is_held.sum())
            for row, place in np.argwhere(differs).tolist():
                key = self.series.landscape_keys[place]
                was, now, size = self._told(name, row, place)
                difference = Difference(
                    Kind.INDEX, self.known.names[key], self.first + row, name, was, now,
                    is_waiting=bool(waiting[name][row, place]), source=self.known.source,
                )  # fmt: skip
                tallies[name].add(difference, size)
                tell(difference)

    def _differs(self, code: IndexCode) -> Mask:
        panel = self.now[code]
        differs: Mask = (self.held.gaps[code] != panel.gaps) | ~(
            (self.held.values[code] == panel.values)
            | (np.isnan(self.held.values[code]) & np.isnan(panel.values))
        )
        return differs

    def _told(self, name: str, row: int, place: int) -> tuple[str, str, float]:
        if name == RELEASE:
            was, now = self.held.is_preliminary[row, place], self.is_preliminary[row, place]
            return _release(was), _release(now), np.nan
        code = IndexCode.parse(name)
        value, new = self.held.values[code][row, place], self.now[code].values[row, place]
        was = _said(value, self.held.gaps[code][row, place])
        return was, _said(new, self.now[code].gaps[row, place]), abs(float(new - value))

    def _waiting(self) -> dict[str, Mask]:
        """Which values are older than a month in their window, or than their fit, by index."""
        if not self.known.may_be_stale:
            none = np.zeros_like(self.held.is_preliminary)
            return dict.fromkeys((*map(str, INDEX_CODES), RELEASE), none)
        at, last = self.known.at, self.first + (len(self.held.known_from) - 1)
        climate = read_climate_times(self.connection, self.series, self.start, last, at)
        newest = _newest_in_window(climate)[-len(self.held.known_from) :]
        is_older = self.held.known_from < newest
        fitted = read_fit_times(self.connection, self.series, at)
        calendar = (np.arange(len(newest)) + self.first.month - 1) % 12
        found = {
            str(code): is_older | (self.held.known_from < fitted[code][calendar])
            for code in INDEX_CODES
        }
        return found | {RELEASE: is_older}


def _release(is_preliminary: np.bool_) -> str:
    return str(Release.PRELIMINARY if is_preliminary else Release.FINAL)


def _said(value: float, gap: int) -> str:
    return reason_in_words(gap) if np.isnan(value) else repr(float(value))


def _newest_in_window(times: Times) -> Times:
    padded = np.pad(times, ((LONGEST_WINDOW_MONTHS - 1, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, LONGEST_WINDOW_MONTHS, axis=0)
    return np.asarray(windows.max(axis=-1))


def _block(
    connection: Connection, known: WereKnown, spans: Sequence[IndexSpan], start: Month
) -> Block:
    at, source = known.at, known.source
    first, last = min(s.first for s in spans), max(s.last for s in spans)
    lead = max(min(start, first), first - (LONGEST_WINDOW_MONTHS - 1))
    months = last.ordinal - first.ordinal + 1
    keys, versions = [s.landscape_key for s in spans], [s.version for s in spans]
    series = Series(source, known.period, keys, versions)
    climate = read_climate(connection, source, keys, lead, last, at=at)
    hargreaves = read_hargreaves(connection, series, at)
    is_hargreaves = np.array([hargreaves.get(key, False) for key in keys])
    fits = read_calibrations(connection, series, at=at)
    parts = [values for _, values in judged_blocks(fits, climate, is_hargreaves, months)]
    return Block(
        connection,
        known,
        series,
        first,
        lead,
        read_held_indices(connection, series, first, last, at),
        {code: _joined([part[code] for part in parts]) for code in INDEX_CODES},
        preliminary_months(climate.is_preliminary)[-months:],
    )


def _joined(parts: Sequence[Panel]) -> Panel:
    if len(parts) == 1:
        return parts[0]
    return Panel(
        parts[0].first_month,
        np.concatenate([part.values for part in parts], axis=1),
        np.concatenate([part.gaps for part in parts], axis=1),
    )
