"""One stamp a month: final before preliminary, chosen before anything is reduced.

A store may give a month twice (`expver` 0001 is final, 0005 preliminary) or its variables at
different hours (00:00 for instantaneous fields, 06:00 for accumulations), the rest missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.grids.product import is_by_hour_of_day

Months = npt.NDArray[np.datetime64]

TIME_NAMES = ("valid_time", "time")
MOST_STAMPS_A_MONTH = 4
"""Two hours of the day in two releases; more are no monthly data, and are not read."""
MOST_STAMPS_BY_HOUR = 48
"""All hours of the day in two releases."""
UNKNOWN_RELEASE = ""
_BEST_FIRST = (Release.FINAL.value, UNKNOWN_RELEASE, Release.PRELIMINARY.value)
_RELEASES = {"0001": Release.FINAL.value, "0005": Release.PRELIMINARY.value}


def on_time_axis(raw: xr.Dataset, where: str) -> xr.Dataset:
    """Return `raw` with its time as a dim, also where a single month was squeezed to a scalar.

    Raises:
        InputError: there is no time, or it holds no dates.
    """
    time = next((name for name in TIME_NAMES if name in raw.dims), None)
    squeezed = [name for name in TIME_NAMES if name in raw.coords and raw[name].ndim == 0]
    if time is None and squeezed:
        time = squeezed[0]
        raw = raw.expand_dims(time)
    if time is None or not np.issubdtype(raw[time].dtype, np.datetime64):
        raise InputError(
            f"{where}: expected a dim valid_time (or time) of dates, got dims "
            f"{', '.join(map(str, raw.sizes))}; lay the file out as the store does"
        )
    return raw


def months_of_stamps(raw: xr.Dataset, where: str) -> tuple[str, Months]:
    """Return the name of the time dim of `raw` and the month of each stamp on it.

    Raises:
        InputError: a time is missing, or a month has more stamps than monthly data can have.
    """
    time = next(name for name in TIME_NAMES if name in raw.dims)
    months: Months = raw[time].to_numpy().astype("datetime64[M]")
    if np.isnat(months).any():
        raise InputError(f"{where}: a time is missing, expected a date for each field; ask again")
    distinct, counts = np.unique(months, return_counts=True)
    most = MOST_STAMPS_BY_HOUR if is_by_hour_of_day(raw) else MOST_STAMPS_A_MONTH
    if counts.size and counts.max() > most:
        raise InputError(
            f"{where}: {distinct[counts.argmax()]} comes {counts.max()} times, expected one stamp "
            "a month; this is not monthly data, or the hours of the day in a file that does not say "
            "so: ask the store for monthly_averaged_reanalysis"
        )
    return time, months


def calendar_months(stamps: Months) -> list[Month]:
    """Return the month of each date."""
    epoch = Month(1970, 1).ordinal
    ordinals = stamps.astype("datetime64[M]").astype(np.int64)
    return [Month.from_ordinal(epoch + int(ordinal)) for ordinal in ordinals]


def release_of(expver: object) -> str:
    """Return ``final``, ``preliminary``, or '' for an experiment version we do not know."""
    text = expver.decode() if isinstance(expver, bytes) else str(expver)
    return _RELEASES.get(text.strip().removesuffix(".0").zfill(4), UNKNOWN_RELEASE)


def least_settled(releases: Iterable[str]) -> str:
    """Return the release that may be claimed for values of all these releases together."""
    return max(releases, key=_BEST_FIRST.index)


def stamp_of_each_month(
    months: Months,
    releases: Sequence[str],
    has_values: npt.NDArray[np.bool_],
    where: str,
) -> npt.NDArray[np.intp]:
    """Return the position of the stamp that speaks for each distinct month, oldest first.

    `months`, `releases` and `has_values` describe the stamps of one variable. A stamp without
    any value speaks only for a month that has no other; final goes before preliminary.

    Raises:
        InputError: two stamps of one release hold values for one month: not monthly data.
    """
    positions: dict[np.datetime64, list[int]] = {}
    for position, month in enumerate(months):
        positions.setdefault(month, []).append(position)
    return np.array(
        [
            _speaker(month, found, releases, has_values, where)
            for month, found in sorted(positions.items())
        ],
        dtype=np.intp,
    )


def _speaker(
    month: np.datetime64,
    positions: list[int],
    releases: Sequence[str],
    has_values: npt.NDArray[np.bool_],
    where: str,
) -> int:
    filled = [p for p in positions if has_values[p]]
    ranked = sorted(filled or positions, key=lambda p: _BEST_FIRST.index(releases[p]))
    best = [p for p in filled if releases[p] == releases[ranked[0]]]
    if len(best) > 1:
        raise InputError(
            f"{where}: {month.astype('datetime64[M]')} comes {len(best)} times in one release, "
            "expected one stamp a month; this is not monthly data, or two months were joined"
        )
    return ranked[0]
