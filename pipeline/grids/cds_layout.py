"""Monthly fields from a raw file as the Climate Data Store lays it out.

The result always has dims ``(month, latitude, longitude)``: months ascending, latitude from
north to south, longitude from -180 to 180 from west to east.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from pipeline.core.ids import Origin, Product
from pipeline.grids.hour_of_day import hour_of_day_codes, range_fields
from pipeline.grids.layout import laid_out, one_stamp_a_month
from pipeline.grids.product import (
    is_by_hour_of_day,
    issue_of,
    refuse_other_streams,
    settled_product,
)
from pipeline.grids.stamps import months_of_stamps, on_time_axis
from pipeline.grids.variables import (
    VARIABLES,
    converted,
    known_codes,
    verify_units,
    without_negatives,
)

DIMS = ("month", "latitude", "longitude")
_WIND_COMPONENTS = ("wind_east_m_s", "wind_north_m_s")
_SOIL_LAYERS_CM = {
    "soil_moisture_1_m3_m3": 7.0,
    "soil_moisture_2_m3_m3": 21.0,
    "soil_moisture_3_m3_m3": 72.0,
}
"""The layers of the model down to 100 cm, and how thick each is."""


def monthly_fields(raw: xr.Dataset, *, product: Product | None, where: str) -> xr.Dataset:
    """Return the variables we know as monthly fields in our units.

    As `part_fields`, completed by what takes several of them.

    Raises:
        InputError: as `part_fields`.
    """
    return completed(part_fields(raw, product=product, where=where))


def part_fields(raw: xr.Dataset, *, product: Product | None, where: str) -> xr.Dataset:
    """Return the variables of one part of a reply as monthly fields in our units.

    Dims ``(month, latitude, longitude)``, float32; ``release`` lies along ``month`` and is
    ``final``, ``preliminary`` or ''. A missing cell stays missing. Means of the hours of the day
    become the mean and the extremes of the month's mean day.
    Attributes: ``origin``; ``issued_at`` where the file says when the store made it; ``product``
    and ``product_from`` where there is an accumulated field; ``negative_precipitation_cells`` and
    the like, the number of cells of a quantity that were raised to 0.

    Raises:
        InputError: not monthly, no known variable, an unknown unit or layout, a value that cannot
            be on Earth, an hour of the day missing, or nothing says what an accumulated field
            stands for. `where` names the file.
    """
    raw = recognised(raw, where)
    attrs: dict[str, str | int] = {"origin": origin_of(raw).value, **_issue(raw)}
    if is_by_hour_of_day(raw):
        return range_fields(laid_out(raw, where), where).assign_attrs(attrs)
    monthly = one_stamp_a_month(laid_out(raw, where), where)
    accumulated = tuple(str(code) for code in monthly if VARIABLES[str(code)].per)
    settled: Product | None = None
    if accumulated:
        settled, reason = settled_product(raw, accumulated, product, where)
        attrs |= {"product": settled.value, "product_from": reason}
    days = monthly["month"].dt.days_in_month
    fields: dict[str, xr.DataArray] = {}
    for code, raw_field in monthly.items():
        variable = VARIABLES[str(code)]
        field, count = without_negatives(raw_field, where)
        fields[variable.name] = converted(field, settled, days, where)
        if variable.least_raw is not None:
            key = negatives_key(variable.name)
            attrs[key] = int(attrs.get(key, 0)) + count
    return xr.Dataset(fields, attrs=attrs)


def negatives_key(name: str) -> str:
    """Return the attribute that counts the cells of a quantity raised to 0; layers count together.

    >>> negatives_key("snow_melt_mm"), negatives_key("soil_moisture_1_m3_m3")
    ('negative_snow_melt_cells', 'negative_soil_moisture_cells')
    """
    quantity = name.removesuffix("_mm").removesuffix("_m3_m3").rstrip("_123")
    return f"negative_{quantity}_cells"


def recognised(raw: xr.Dataset, where: str) -> xr.Dataset:
    """Return the variables we know on a time axis, unchanged, after a look at names alone.

    No value is read, so that a long file can be cut by months before anything is loaded.

    Raises:
        InputError: not monthly, no known variable, an unknown unit, or no time.
    """
    refuse_other_streams(raw, where)
    codes = known_codes(map(str, raw.data_vars), where)
    if is_by_hour_of_day(raw):
        codes = hour_of_day_codes(codes, where)
    verify_units(raw, codes, where)
    known = on_time_axis(raw[codes + [name for name in ("expver",) if name in raw]], where)
    months_of_stamps(known, where)
    return known


def origin_of(raw: xr.Dataset) -> Origin:
    """Return the origin that the content of the file states; without a word it is real."""
    said = str(raw.attrs.get("origin", "")).strip().lower()
    return Origin.SIMULATED if said == Origin.SIMULATED else Origin.REAL


def _issue(raw: xr.Dataset) -> dict[str, str]:
    issued_at = issue_of(raw)
    return {} if issued_at is None else {"issued_at": issued_at.isoformat()}


def completed(fields: xr.Dataset) -> xr.Dataset:
    """Return the fields of a whole reply with those that are made of several of them.

    Wind speed made from monthly mean components is no more than the mean speed, and usually less;
    its attribute says so. Soil moisture is that of the uppermost 100 cm, missing where a layer is.
    Components and layers themselves go.
    """
    if "wind_speed_m_s" not in fields and all(name in fields for name in _WIND_COMPONENTS):
        east, north = (fields[name] for name in _WIND_COMPONENTS)
        speed: xr.DataArray = xr.apply_ufunc(np.hypot, east, north, keep_attrs=True)
        fields["wind_speed_m_s"] = speed.assign_attrs(
            comment="speed of the monthly mean wind vector, no more than the mean speed"
        )
    if all(name in fields for name in _SOIL_LAYERS_CM):
        fields["soil_moisture_m3_m3"] = _soil_moisture(fields)
    return fields.drop_vars([*_WIND_COMPONENTS, *_SOIL_LAYERS_CM], errors="ignore")


def _soil_moisture(fields: xr.Dataset) -> xr.DataArray:
    depth_cm = sum(_SOIL_LAYERS_CM.values())
    parts = [fields[name] * np.float32(cm / depth_cm) for name, cm in _SOIL_LAYERS_CM.items()]
    mean: xr.DataArray = parts[0] + parts[1] + parts[2]
    return mean.assign_attrs(units="m3 m-3", comment=f"mean of the uppermost {depth_cm:g} cm")
