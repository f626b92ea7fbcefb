"""Monthly fields from a raw file as the Climate Data Store lays it out.

The result always has dims ``(month, latitude, longitude)``: months ascending, latitude from
north to south, longitude from -180 to 180 from west to east. Coordinates are rounded to
1e-4 degree (11 m), because single precision turns 47.1 into 47.09999847.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Origin, Product
from pipeline.core.units import J_PER_MJ, KELVIN_AT_ZERO_C, MM_PER_M, PA_PER_KPA
from pipeline.grids.product import issue_of, refuse_other_streams, settled_product
from pipeline.grids.stamps import (
    UNKNOWN_RELEASE,
    Months,
    least_settled,
    months_of_stamps,
    on_time_axis,
    release_of,
    stamp_of_each_month,
)

Floats = npt.NDArray[np.float64]

DIMS = ("month", "latitude", "longitude")
MOST_NEGATIVE_TP_M = -1.0e-4
"""Packing makes dry cells a little negative; anything below this is another fault."""
_DEGREE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Field:
    """How one variable of the store becomes one of ours: ``value * factor + offset``."""

    name: str
    unit: str
    raw_units: tuple[str, ...]
    factor: float = 1.0
    offset: float = 0.0
    per: str | None = None
    """What ours accumulates over, ``month`` or ``day``; None for an instantaneous field."""
    between: tuple[float, float] = (-np.inf, np.inf)
    """What can be on Earth, in our unit; beyond lie undeclared fill values and other units."""


_KELVIN = ("K",)
_AIR_C = (-95.0, 65.0)
_WIND_M_S = (-100.0, 100.0)
_SPEED = ("m s**-1", "m s-1", "m/s")
_ENERGY = ("J m**-2", "J m-2", "J/m2")

_FIELDS: dict[str, _Field] = {
    # The wettest month on record brought 9,300 mm.
    "tp": _Field("precipitation_mm", "mm", ("m",), MM_PER_M, per="month", between=(0.0, 10_000.0)),
    "t2m": _Field("temperature_mean_c", "degC", _KELVIN, offset=-KELVIN_AT_ZERO_C, between=_AIR_C),
    "mx2t": _Field("temperature_max_c", "degC", _KELVIN, offset=-KELVIN_AT_ZERO_C, between=_AIR_C),
    "mn2t": _Field("temperature_min_c", "degC", _KELVIN, offset=-KELVIN_AT_ZERO_C, between=_AIR_C),
    "d2m": _Field("dewpoint_c", "degC", _KELVIN, offset=-KELVIN_AT_ZERO_C, between=(-120.0, 50.0)),
    "si10": _Field("wind_speed_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    "u10": _Field("wind_east_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    "v10": _Field("wind_north_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    # Packing makes the polar night a little negative.
    "ssrd": _Field(
        "solar_radiation_mj_m2_day",
        "MJ m-2 day-1",
        _ENERGY,
        1.0 / J_PER_MJ,
        per="day",
        between=(-1.0, 60.0),
    ),
    "sp": _Field("surface_pressure_kpa", "kPa", ("Pa",), 1.0 / PA_PER_KPA, between=(25.0, 115.0)),
}


def monthly_fields(raw: xr.Dataset, *, product: Product | None, where: str) -> xr.Dataset:
    """Return the variables we know as monthly fields in our units.

    Dims ``(month, latitude, longitude)``, float32; ``release`` lies along ``month`` and is
    ``final``, ``preliminary`` or ''. A missing cell stays missing. Wind speed made from monthly
    mean components is no more than the mean speed, and usually less; its attribute says so.
    Attributes: ``origin``; ``issued_at`` where the file says when the store made it; ``product``
    and ``product_from`` where there is an accumulated field; ``negative_precipitation_cells``, the
    number of cells raised to 0.

    Raises:
        InputError: not monthly, no known variable, an unknown unit or layout, a value that cannot
            be on Earth, or nothing says what an accumulated field stands for. `where` names the
            file.
    """
    raw = recognised(raw, where)
    monthly = _one_stamp_a_month(_laid_out(raw, where), where)
    attrs: dict[str, str | int] = {"origin": origin_of(raw).value, **_issue(raw)}
    accumulated = tuple(str(code) for code in monthly if _FIELDS[str(code)].per)
    settled: Product | None = None
    if accumulated:
        settled, reason = settled_product(raw, accumulated, product, where)
        attrs |= {"product": settled.value, "product_from": reason}
    if "tp" in monthly:
        monthly["tp"], count = _without_negatives(monthly["tp"], where)
        attrs["negative_precipitation_cells"] = count
    days = monthly["month"].dt.days_in_month
    fields = {
        _FIELDS[str(code)].name: _converted(raw_field, _FIELDS[str(code)], settled, days, where)
        for code, raw_field in monthly.items()
    }
    return _with_wind_speed(xr.Dataset(fields, attrs=attrs))


def recognised(raw: xr.Dataset, where: str) -> xr.Dataset:
    """Return the variables we know on a time axis, unchanged, after a look at names alone.

    No value is read, so that a long file can be cut by months before anything is loaded.

    Raises:
        InputError: not monthly, no known variable, an unknown unit, or no time.
    """
    refuse_other_streams(raw, where)
    codes = known_codes(map(str, raw.data_vars), where)
    _verify_units(raw, codes, where)
    known = on_time_axis(raw[codes + [name for name in ("expver",) if name in raw]], where)
    months_of_stamps(known, where)
    return known


def known_codes(codes: Iterable[str], where: str) -> list[str]:
    """Return those of the store's short names `codes` that we know, each once.

    Raises:
        InputError: there is none.
    """
    found = list(dict.fromkeys(codes))
    known = [code for code in _FIELDS if code in found]
    if not known:
        raise InputError(
            f"{where}: expected at least one of {', '.join(_FIELDS)}, got "
            f"{', '.join(found) or 'no variable'}; ask the store for tp and t2m"
        )
    return known


def origin_of(raw: xr.Dataset) -> Origin:
    """Return the origin that the content of the file states; without a word it is real."""
    said = str(raw.attrs.get("origin", "")).strip().lower()
    return Origin.SIMULATED if said == Origin.SIMULATED else Origin.REAL


def _laid_out(raw: xr.Dataset, where: str) -> xr.Dataset:
    """The known variables with dims ``(stamp, latitude, longitude)`` and releases by stamp."""
    time, months = months_of_stamps(raw, where)
    known = _with_stamps(raw, time, months)
    known = known.isel({dim: 0 for dim, size in known.sizes.items() if _is_idle(dim, size)})
    if set(known.dims) != {"stamp", "latitude", "longitude"}:
        raise InputError(
            f"{where}: expected dims valid_time (or time), latitude, longitude, got "
            f"{', '.join(map(str, raw.sizes))}; ask the store for one member and one level"
        )
    return _north_up(known, where).transpose("stamp", "latitude", "longitude")


def _is_idle(dim: Hashable, size: int) -> bool:
    return size == 1 and dim not in {"stamp", "latitude", "longitude"}


def _verify_units(raw: xr.Dataset, codes: list[str], where: str) -> None:
    for code in codes:
        unit, expected = raw[code].attrs.get("units"), _FIELDS[code].raw_units
        if unit not in expected:
            raise InputError(
                f"{where}: variable {code!r} is in {unit!r}, expected {expected[0]!r}; convert it, "
                "or correct its attribute 'units'"
            )


def _with_stamps(raw: xr.Dataset, time: str, months: Months) -> xr.Dataset:
    """Time as dim ``stamp``, with the month and the release of each stamp as coordinates."""
    known = raw.drop_vars("expver", errors="ignore").reset_coords(drop=True)
    releases = _releases(raw.get("expver"))
    if "expver" in known.dims:
        # The layout before 2024 kept both releases side by side along a dim of their own.
        known = known.stack(stamp=("expver", time), create_index=False)
        releases = [release for release in releases for _ in months]
        months = np.tile(months, known.sizes["stamp"] // months.size)
    else:
        known = known.rename({time: "stamp"})
    kept = known.drop_vars(["expver", time, "stamp"], errors="ignore")
    return kept.assign_coords(
        month=("stamp", months.astype("datetime64[ns]")),
        release=("stamp", np.broadcast_to(releases, months.size)),
    )


def _issue(raw: xr.Dataset) -> dict[str, str]:
    issued_at = issue_of(raw)
    return {} if issued_at is None else {"issued_at": issued_at.isoformat()}


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


def _one_stamp_a_month(laid_out: xr.Dataset, where: str) -> xr.Dataset:
    months: Months = laid_out["month"].to_numpy()
    releases = [str(release) for release in laid_out["release"].to_numpy()]
    fields: dict[str, xr.DataArray] = {}
    chosen: list[list[str]] = []
    for code, field in laid_out.drop_vars(["month", "release"]).items():
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


def _without_negatives(tp: xr.DataArray, where: str) -> tuple[xr.DataArray, int]:
    lowest = float(tp.min())
    if lowest < MOST_NEGATIVE_TP_M:
        raise InputError(
            f"{where}: 'tp' falls to {lowest:.3g} m, expected no less than {MOST_NEGATIVE_TP_M:g}; "
            "the file is damaged or holds something else: look before loading it"
        )
    return tp.where(~(tp < 0.0), 0.0), int((tp < 0.0).sum())


def _converted(
    raw: xr.DataArray, field: _Field, product: Product | None, days: xr.DataArray, where: str
) -> xr.DataArray:
    """The variable in our unit; accumulations rescaled from what the file holds to ours."""
    value = raw.astype(np.float64) * field.factor + field.offset
    if field.per == "month" and product is Product.MONTHLY_MEAN:
        value = value * days
    if field.per == "day" and product is Product.MONTHLY_TOTAL:
        value = value / days
    _refuse_unearthly(value, field, f"{where}: {raw.name!r}")
    single = value.astype(np.float32)
    single.attrs = {"units": field.unit}
    return single


def _refuse_unearthly(value: xr.DataArray, field: _Field, what: str) -> None:
    least, most = field.between
    for extreme in (float(value.min()), float(value.max())):
        if extreme < least or extreme > most:
            raise InputError(
                f"{what} reaches {extreme:.3g} {field.unit}, expected {least:g} to {most:g}; either "
                "missing cells are not declared (attribute '_FillValue'), or the unit is another "
                "than the file says, or it is damaged: look before loading it"
            )


def _with_wind_speed(fields: xr.Dataset) -> xr.Dataset:
    """Wind speed as given, else from the components; the components themselves go."""
    components = ["wind_east_m_s", "wind_north_m_s"]
    if "wind_speed_m_s" not in fields and all(name in fields for name in components):
        east, north = (fields[name] for name in components)
        speed: xr.DataArray = xr.apply_ufunc(np.hypot, east, north, keep_attrs=True)
        fields["wind_speed_m_s"] = speed.assign_attrs(
            comment="speed of the monthly mean wind vector, no more than the mean speed"
        )
    return fields.drop_vars(components, errors="ignore")
