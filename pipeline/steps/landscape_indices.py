"""Indices of landscapes brought up to date: all of history where it has to be, else the months due.

Landscapes go through in blocks, so that memory does not grow with how many there are. What comes
out is the same to the last bit however the work is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode, Origin
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Panel
from pipeline.indices.blocks import PLACES_PER_BLOCK, in_parallel
from pipeline.indices.calibration import Calibration
from pipeline.indices.values import index_values
from pipeline.landscapes.staleness import (
    LONGEST_WINDOW_MONTHS,
    Computed,
    Span,
    due,
    left_over,
    may_fit,
)
from pipeline.steps.landscape_fits import Fit, at_once, bring_fits, drivers_of, is_ready
from pipeline.steps.progress import Advance
from pipeline.warehouse.calibrations import read_calibrations, read_hargreaves
from pipeline.warehouse.climate import ClimatePanels, read_climate
from pipeline.warehouse.computed import Record, read_records, save_computed
from pipeline.warehouse.indices import read_newest_index_month, save_index_values
from pipeline.warehouse.outcomes import read_identity

METHOD = "1"
"""Raise it whenever indices come out differently from the same series and fits."""
ALONE_LANDSCAPE_MONTHS = 100_000
"""Less is not worth the trouble of threads."""

Mask = npt.NDArray[np.bool_]
Values = dict[IndexCode, Panel]


@dataclass(frozen=True, slots=True)
class Work:
    """A landscape whose indices are not up to date."""

    record: Record
    due: Span
    done: Span | None
    """The part of `due` that is asked for; None: none of it."""
    is_hargreaves: bool


def bring_indices(
    connection: Connection, fit: Fit, first: Month | None, to: Month | None, advance: Advance
) -> int:
    """Bring the indices of a source up to date; return how many rows were new or different.

    Args:
        connection: the caller's transaction, while no other computes.
        fit: source and calibration period.
        first: do not write months before, but leave no hole; None: all.
        to: do not write months after; None: all.
        advance: told of the progress.

    Raises:
        InputError: the source has no series.
    """
    records = read_records(connection, fit.source, fit.period)
    if not records:
        raise InputError(
            f"{fit.source}: expected months to compute from, got none; ingest some first"
        )
    series = records[0].series
    for record in records:
        series = series.around(record.series)
    ready = is_ready(connection, fit)
    wanted = _wanted(connection, fit, records, series, ready, advance)
    if first is not None:
        newest = read_newest_index_month(connection, fit.series(records))
        first = first if newest is None else min(first, newest + 1)
    work = [
        Work(record, months, months.within(first, to), is_hargreaves)
        for record, months, is_hargreaves in wanted
    ]
    rows = _compute(connection, fit, work, series, advance)
    save_computed(
        connection,
        fit.source,
        fit.period,
        {
            one.record.landscape_key: Computed(
                one.record.version,
                METHOD,
                series,
                ready,
                one.is_hargreaves,
                left_over(one.due, one.done),
            )
            for one in work
        },
    )
    return rows


def _wanted(
    connection: Connection,
    fit: Fit,
    records: Sequence[Record],
    series: Span,
    ready: bool,
    advance: Advance,
) -> list[tuple[Record, Span, bool]]:
    """Return the landscapes that are not up to date, the months due, and whether by Hargreaves.

    What can be fitted now is; all months of a landscape that gained a fit are due.
    """
    wanted = [
        (record, months)
        for record in records
        if (months := due(record.computed, record.version, METHOD, series, is_ready=ready))
    ]
    gained: set[int] = set()
    if ready:
        fitting = [r for r, months in wanted if may_fit(r.computed, months, series, fit.sample)]
        gained = bring_fits(connection, fit, fitting, series, advance)
    wanted = [(r, series if r.landscape_key in gained else months) for r, months in wanted]
    anew = [record for record, months in wanted if months == series]
    stored = read_hargreaves(connection, fit.series(anew)) if anew else {}
    return [
        (r, months, stored.get(r.landscape_key, False) if months == series else _demand(r))
        for r, months in wanted
    ]


def _demand(record: Record) -> bool:
    return record.computed is not None and record.computed.is_hargreaves


def _compute(
    connection: Connection, fit: Fit, work: Sequence[Work], series: Span, advance: Advance
) -> int:
    """Compute and save what is asked for; return how many rows were new or different."""
    origin = read_identity(connection).origin
    assert origin is not None  # noqa: S101 - the first file registered set it
    rows = 0
    for span, some in _together(work):
        lead = Span(max(series.first, span.first - (LONGEST_WINDOW_MONTHS - 1)), span.last)
        records = [one.record for one in some]
        is_hargreaves = np.array([one.is_hargreaves for one in some])
        for before, part in at_once(records, lead.months):
            chosen = is_hargreaves[before : before + len(part)]
            for done, count in _bring_months(connection, fit, part, chosen, lead, span, origin):
                rows += count
                advance(f"indices to {span.last}", before + done, len(records))
    return rows


def _together(work: Sequence[Work]) -> Iterator[tuple[Span, list[Work]]]:
    """Yield landscapes of about the same months together, with the months of all of them."""
    groups: dict[tuple[int, int], tuple[Span, list[Work]]] = {}
    for one in work:
        if one.done is not None:
            years = (one.done.first.year, one.done.last.year)
            span, some = groups.get(years, (one.done, []))
            some.append(one)
            groups[years] = (span.around(one.done), some)
    yield from groups.values()


def _bring_months(
    connection: Connection,
    fit: Fit,
    records: Sequence[Record],
    is_hargreaves: Mask,
    lead: Span,
    span: Span,
    origin: Origin,
) -> Iterator[tuple[int, int]]:
    """Compute and save the months of `span`; `lead` holds their windows too.

    Yields how many landscapes are done, and at the end how many rows differed.
    """
    series = fit.series(records)
    calendar_months = {month.month for month in months_between(span.first, span.last)}
    known = read_calibrations(connection, series, calendar_months)
    climate = read_climate(connection, fit.source, series.landscape_keys, lead.first, lead.last)
    preliminary = preliminary_months(climate.is_preliminary)[-span.months :]
    # Saved together: a month of all of them lies in one stretch, and costs the least to put there.
    blocks: dict[IndexCode, list[Panel]] = {code: [] for code in known}
    for places, judged in judged_blocks(known, climate, is_hargreaves, span.months):
        for code, panel in judged.items():
            blocks[code].append(panel)
        yield places.stop, 0
    values = {code: _side_by_side(blocks.pop(code)) for code in known}
    yield len(records), save_index_values(connection, series, values, preliminary, origin)


def _side_by_side(panels: Sequence[Panel]) -> Panel:
    """One panel of the landscapes of all, which are of the same months."""
    if len(panels) == 1:
        return panels[0]
    return Panel(
        panels[0].first_month,
        np.concatenate([panel.values for panel in panels], axis=1),
        np.concatenate([panel.gaps for panel in panels], axis=1),
    )


def judged_blocks(
    known: dict[IndexCode, Calibration], climate: ClimatePanels, is_hargreaves: Mask, newest: int
) -> Iterator[tuple[slice, Values]]:
    """Yield the newest months of blocks of landscapes."""
    landscapes = len(climate.landscape_keys)

    def judged(places: slice) -> Values:
        drivers = drivers_of(climate, is_hargreaves, places)
        return {
            code: index_values(calibration.part(places), drivers, newest=newest)
            for code, calibration in known.items()
        }

    if landscapes <= PLACES_PER_BLOCK or landscapes * newest <= ALONE_LANDSCAPE_MONTHS:
        everyone = slice(0, landscapes)
        return iter([(everyone, judged(everyone))])
    return in_parallel(judged, landscapes)


def preliminary_months(is_preliminary: Mask) -> Mask:
    """Return which months' indices are preliminary: those with such a month in the longest window."""
    padded = np.pad(is_preliminary, ((LONGEST_WINDOW_MONTHS - 1, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, LONGEST_WINDOW_MONTHS, axis=0)
    return np.asarray(windows.any(axis=-1))
