"""The one layout behind those of the store: stamps, latitude from the north, longitude from the west.

A stamp is a field at one time in one release. Coordinates are rounded to 1e-4 degree (11 m), because
single precision turns 47.1 into 47.09999847.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.grids.stamps import (
    UNKNOWN_RELEASE,
    Months,
    least_settled,
    months_of_stamps,
    release_of,
    stamp_of_each_month,
)

Floats = npt.NDArray[np.float64]

_DEGREE_DECIMALS = 4


def laid_out(raw: xr.Dataset, where: str) -> xr.Dataset:
    """Return `raw` with dims ``(stamp, latitude, longitude)``, each stamp with its time's coordinates.

    These are ``month``, ``hour`` (of the day, UTC) and ``release``.

    Raises:
        InputError: another layout, or a latitude or longitude twice.
    """
    known = _with_stamps(raw, *months_of_stamps(raw, where))
    known = known.isel({dim: 0 for dim, size in known.sizes.items() if _is_idle(dim, size)})
    if set(known.dims) != {"stamp", "latitude", "longitude"}:
        raise InputError(
            f"{where}: expected dims valid_time (or time), latitude, longitude, got "
            f"{', '.join(map(str, raw.sizes))}; ask the store for one member and one level"
        )
    return _north_up(known, where).transpose("stamp", "latitude", "longitude")


def _is_idle(dim: Hashable, size: int) -> bool:
    return size == 1 and dim not in {"stamp", "latitude", "longitude"}


def _with_stamps(raw: xr.Dataset, time: str, months: Months) -> xr.Dataset:
    """Time as dim ``stamp``, with what is known of each stamp as coordinates."""
    hours = _hours_of_day(raw[time])
    known = raw.drop_vars("expver", errors="ignore").reset_coords(drop=True)
    releases = _releases(raw.get("expver"))
    if "expver" in known.dims:
        # The layout before 2024 kept both releases side by side along a dim of their own.
        known = known.stack(stamp=("expver", time), create_index=False)
        releases = [release for release in releases for _ in months]
        times = known.sizes["stamp"] // months.size
        months, hours = np.tile(months, times), np.tile(hours, times)
    else:
        known = known.rename({time: "stamp"})
    kept = known.drop_vars(["expver", time, "stamp"], errors="ignore")
    return kept.assign_coords(
        month=("stamp", months.astype("datetime64[ns]")),
        hour=("stamp", hours),
        release=("stamp", np.broadcast_to(releases, months.size)),
    )


def _hours_of_day(times: xr.DataArray) -> npt.NDArray[np.int64]:
    stamps: Months = times.to_numpy()
    since_midnight = stamps - stamps.astype("datetime64[D]")
    hours: npt.NDArray[np.int64] = since_midnight.astype("timedelta64[h]").astype(np.int64)
    return hours


def _releases(expver: xr.DataArray | None) -> list[str]:
    """One release for all, or one for each value of `expver`."""
    if expver is None:
        return [UNKNOWN_RELEASE]
    return [release_of(value) for value in np.atleast_1d(expver.to_numpy())]


def _north_up(known: xr.Dataset, where: str) -> xr.Dataset:
    latitude = _rounded(known["latitude"])
    longitude = _rounded(known["longitude"])
    # A longitude of exactly 180 stays where it is, so that a grid reaching it is not torn.
    wrapped = np.where(longitude > 180.0, longitude - 360.0, longitude)
    for name, values in (("latitude", latitude), ("longitude", wrapped)):
        if not np.isfinite(values).all() or np.unique(values).size != values.size:
            raise InputError(
                f"{where}: expected each {name} once, got {values.size} of which "
                f"{np.unique(values).size} differ; the file is damaged, download it again"
            )
    placed = known.assign_coords(latitude=latitude, longitude=wrapped.round(_DEGREE_DECIMALS))
    # Sorting copies every field, and the store's files are in order already.
    if (np.diff(latitude) > 0.0).any():
        placed = placed.sortby("latitude", ascending=False)
    return placed.sortby("longitude") if (np.diff(wrapped) < 0.0).any() else placed


def _rounded(axis: xr.DataArray) -> Floats:
    values: Floats = axis.to_numpy().astype(np.float64)
    return values.round(_DEGREE_DECIMALS)


def one_stamp_a_month(stamped: xr.Dataset, where: str) -> xr.Dataset:
    """Return the stamp that speaks for each month, months ascending, with its ``release``.

    The release of a month is the least settled of its variables.

    Raises:
        InputError: a month has two stamps of one release: not monthly data.
    """
    months: Months = stamped["month"].to_numpy()
    releases = [str(release) for release in stamped["release"].to_numpy()]
    fields: dict[str, xr.DataArray] = {}
    chosen: list[list[str]] = []
    for code, field in stamped.drop_vars(["month", "hour", "release"]).items():
        has_values = field.notnull().any(("latitude", "longitude")).to_numpy()
        stamps = stamp_of_each_month(months, releases, has_values, f"{where}: {code}")
        # Most files have their months in order, and choosing copies the field.
        is_as_it_was = np.array_equal(stamps, np.arange(months.size))
        chosen_stamps = field if is_as_it_was else field.isel(stamp=stamps)
        fields[str(code)] = chosen_stamps.rename(stamp="month")
        chosen.append([releases[stamp] for stamp in stamps])
    return xr.Dataset(fields).assign_coords(
        month=np.unique(months),
        release=("month", [least_settled(month) for month in zip(*chosen, strict=True)]),
    )
