"""Means of the hours of the day, such as ``monthly_averaged_reanalysis_by_hour_of_day``.

MARS stream ``mnth``: 24 fields of a variable a month, one an hour (UTC). Of temperature they make
the extremes of the month's mean day. Which hour is the warmest does not matter, so local time does
not either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.grids.layout import one_stamp_a_month
from pipeline.grids.stamps import Months, least_settled
from pipeline.grids.variables import converted

HOURS = range(24)
_TEMPERATURE = "t2m"
_COMMENT = (
    "of the month's mean diurnal cycle: the range is no more than the mean of the daily ranges"
)


def hour_of_day_codes(codes: Sequence[str], where: str) -> list[str]:
    """Return those of the store's short names `codes` that are of use by the hour of the day.

    Raises:
        InputError: there is none.
    """
    if _TEMPERATURE not in codes:
        raise InputError(
            f"{where}: means of the hours of the day, expected {_TEMPERATURE!r} (2m_temperature), "
            f"got {', '.join(codes)}; of other variables ask the store for "
            "monthly_averaged_reanalysis"
        )
    return [_TEMPERATURE]


def range_fields(stamped: xr.Dataset, where: str) -> xr.Dataset:
    """Return the mean, the highest and the lowest of the hours of each month's mean day.

    Args:
        stamped: 2 m temperature as `laid_out` gives it, in kelvin.
        where: names the file.

    Returns:
        ``temperature_mean_c``, ``temperature_max_c``, ``temperature_min_c``, dims ``(month,
        latitude, longitude)``, float32, with ``release`` along ``month``. A cell that misses an
        hour is missing.

    Raises:
        InputError: a month misses an hour, an hour comes twice in one release, or a value cannot
            be on Earth.
    """
    hours = stamped["hour"].to_numpy()
    by_hour = {
        hour: one_stamp_a_month(stamped.isel(stamp=np.flatnonzero(hours == hour)), where)
        for hour in HOURS
        if (hours == hour).any()
    }
    _refuse_missing_hours(stamped["month"].to_numpy(), by_hour, where)
    total, highest, lowest = _gathered([by_hour[hour][_TEMPERATURE] for hour in HOURS])
    days = total["month"].dt.days_in_month
    fields = {
        "temperature_mean_c": converted(_named(total / len(HOURS), "t2m"), None, days, where),
        "temperature_max_c": converted(_named(highest, "mx2t"), None, days, where),
        "temperature_min_c": converted(_named(lowest, "mn2t"), None, days, where),
    }
    for name in ("temperature_max_c", "temperature_min_c"):
        fields[name].attrs["comment"] = _COMMENT
    return xr.Dataset(fields).assign_coords(release=_releases(by_hour))


def _named(field: xr.DataArray, code: str) -> xr.DataArray:
    return field.drop_vars("release").rename(code)


def _gathered(hours: Sequence[xr.DataArray]) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Sum, highest and lowest of fields; missing where one is. One after another, to save memory."""
    total = hours[0].astype(np.float64)
    highest = lowest = hours[0]
    for hour in hours[1:]:
        values = hour.to_numpy()
        total = total.copy(data=total.to_numpy() + values)
        highest = highest.copy(data=np.maximum(highest.to_numpy(), values))
        lowest = lowest.copy(data=np.minimum(lowest.to_numpy(), values))
    return total, highest, lowest


def _releases(by_hour: Mapping[int, xr.Dataset]) -> xr.DataArray:
    """A month is as settled as its least settled hour."""
    spoken = np.stack([by_hour[hour]["release"].to_numpy() for hour in HOURS])
    return xr.DataArray([least_settled(map(str, month)) for month in spoken.T], dims="month")


def _refuse_missing_hours(months: Months, by_hour: Mapping[int, xr.Dataset], where: str) -> None:
    for month in np.unique(months):
        missing = [
            hour
            for hour in HOURS
            if hour not in by_hour or month not in by_hour[hour]["month"].to_numpy()
        ]
        if missing:
            raise InputError(
                f"{where}: {month.astype('datetime64[M]')} misses the hours "
                f"{', '.join(f'{hour:02d}:00' for hour in missing)}, expected all 24; ask the "
                "store for them in one request"
            )
