"""What the simulated data store takes and gives: a request, checked, and the file that answers it.

The layout is that of the Climate Data Store for ERA5-Land monthly means; every file says in its
attributes that it is simulated.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.local import simulated_climate, simulated_water
from pipeline.local.simulated_hours import HOURS, hourly_temperature_k

DATASET = "reanalysis-era5-land-monthly-means"
MONTHS = "monthly_averaged_reanalysis"
HOURS_OF_DAY = "monthly_averaged_reanalysis_by_hour_of_day"
"""Here of temperature alone; the real store has it of all variables."""
PRELIMINARY_MONTHS = 2
"""The newest months are preliminary, all others final."""

_EXPVER = {Release.FINAL: "0001", Release.PRELIMINARY: "0005"}

_DIMS = ("valid_time", "latitude", "longitude")

StepType = Literal["avgad", "avgua"]
Cube = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the dataset, under its name in requests."""

    short_name: str
    long_name: str
    units: str
    step_type: StepType
    """``avgad``: accumulated over each day, then averaged; ``avgua``: averaged from hours."""


VARIABLES = {
    "total_precipitation": Variable("tp", "Total precipitation", "m", "avgad"),
    "2m_temperature": Variable("t2m", "2 metre temperature", "K", "avgua"),
    "2m_dewpoint_temperature": Variable("d2m", "2 metre dewpoint temperature", "K", "avgua"),
    "10m_u_component_of_wind": Variable("u10", "10 metre U wind component", "m s**-1", "avgua"),
    "10m_v_component_of_wind": Variable("v10", "10 metre V wind component", "m s**-1", "avgua"),
    "surface_solar_radiation_downwards": Variable(
        "ssrd", "Surface short-wave (solar) radiation downwards", "J m**-2", "avgad"
    ),
    "surface_pressure": Variable("sp", "Surface pressure", "Pa", "avgua"),
    **{
        f"volumetric_soil_water_layer_{layer}": Variable(
            f"swvl{layer}", f"Volumetric soil water layer {layer}", "m**3 m**-3", "avgua"
        )
        for layer in (1, 2, 3)
    },
    "snow_depth_water_equivalent": Variable(
        "sd", "Snow depth water equivalent", "m of water equivalent", "avgua"
    ),
    "snowmelt": Variable("smlt", "Snowmelt", "m of water equivalent", "avgad"),
    "snowfall": Variable("sf", "Snowfall", "m of water equivalent", "avgad"),
}

_STEP_HOURS: dict[StepType, int] = {"avgad": 6, "avgua": 0}
"""The hour of `valid_time` in a file that holds one step type only."""

_ATTRIBUTES = {
    "title": "SIMULATED climate: neither observed nor reanalysed; for trials and tests only",
    "origin": "simulated",
    "Conventions": "CF-1.7",
    "source": "random anomalies about the mean seasonal cycle of ERA5; contains modified "
    "Copernicus Climate Change Service information",
}
_STREAMS = {MONTHS: "moda", HOURS_OF_DAY: "mnth"}

_CHOICES: dict[str, frozenset[str] | None] = {
    "product_type": frozenset(_STREAMS),
    "variable": frozenset(VARIABLES),
    "year": None,
    "month": frozenset(f"{number:02d}" for number in range(1, 13)),
    "time": frozenset(f"{hour:02d}:00" for hour in HOURS),
    "data_format": frozenset({"netcdf"}),
    "download_format": frozenset({"unarchived", "zip"}),
}
_REQUIRED = ("product_type", "variable", "year", "month")


@dataclass(frozen=True, slots=True)
class Selection:
    """A valid request."""

    product_type: str
    variables: tuple[str, ...]
    months: tuple[Month, ...]
    area: tuple[float, float, float, float]
    """North, west, south, east, in degrees."""
    hours: tuple[int, ...]
    is_zip: bool

    @property
    def cost(self) -> int:
        """Number of fields asked for."""
        return len(self.variables) * len(self.months) * len(self.hours)


def selection(inputs: Mapping[str, Any]) -> Selection:
    """Return what the ``inputs`` of a request select.

    Raises:
        InputError: an unknown key or value, a missing key, or an impossible area.
    """
    unknown = sorted(set(inputs) - set(_CHOICES) - {"area"})
    if unknown:
        raise InputError(f"request: unknown keys {unknown}, expected among {sorted(_CHOICES)}")
    chosen = {key: _chosen(key, inputs.get(key, [])) for key in _CHOICES}
    for key in _REQUIRED:
        if not chosen[key]:
            raise InputError(f"request: expected at least one value for {key!r}, got none")
    months = {
        Month.parse(f"{year}-{month}") for year in chosen["year"] for month in chosen["month"]
    }
    (product_type,) = _one_type(chosen)
    return Selection(
        product_type=product_type,
        variables=tuple(name for name in VARIABLES if name in chosen["variable"]),
        months=tuple(sorted(months)),
        area=_area(inputs.get("area", [90, -180, -90, 180])),
        hours=tuple(sorted({int(time[:2]) for time in chosen["time"]})) or (0,),
        is_zip="zip" in chosen["download_format"],
    )


def _one_type(chosen: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The real store would send both in one ZIP; nobody here asks it to."""
    types, variables, times = (chosen[key] for key in ("product_type", "variable", "time"))
    if len(types) != 1:
        raise InputError(f"request: product_type: expected one, got {list(types)}")
    if types == (HOURS_OF_DAY,) and variables != ("2m_temperature",):
        raise InputError(
            f"request: {HOURS_OF_DAY}: expected 2m_temperature alone, got {list(variables)}"
        )
    if types == (MONTHS,) and set(times) - {"00:00"}:
        raise InputError(f"request: {MONTHS}: expected the time 00:00, got {list(times)}")
    return types


def published(chosen: Selection, newest_month: Month) -> tuple[Month, ...]:
    """Return the months of a selection that exist; as the store does, without saying which not.

    Raises:
        NotPublishedError: none of them does.
    """
    first = simulated_climate.FIRST_MONTH
    months = tuple(month for month in chosen.months if first <= month <= newest_month)
    if not months:
        raise NotPublishedError(
            "None of the data you have requested is available yet, please revise the period "
            f"requested. The latest date available for this dataset is: {newest_month}-01 00:00"
        )
    return months


def release_of(month: Month, newest_month: Month) -> Release:
    """Return in which release the store has a month while `newest_month` is its newest."""
    is_settled = month <= newest_month - PRELIMINARY_MONTHS
    return Release.FINAL if is_settled else Release.PRELIMINARY


def answer(chosen: Selection, newest_month: Month, seed: int) -> bytes:
    """Return the file that answers a selection: NetCDF, or a ZIP of one NetCDF a step type.

    Raises:
        NotPublishedError: no month of the selection is published.
        InputError: the area holds no grid point.
    """
    months = published(chosen, newest_month)
    cube = _cube(chosen, months, newest_month, seed)
    return _zipped(cube, _STREAMS[chosen.product_type]) if chosen.is_zip else _netcdf(cube)


def _chosen(key: str, value: object) -> tuple[str, ...]:
    values = tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
    choices = _CHOICES[key]
    wrong = sorted(set(values) - choices) if choices is not None else []
    if wrong:
        raise InputError(f"request: {key}: expected among {sorted(choices or ())}, got {wrong}")
    return values


def _area(value: object) -> tuple[float, float, float, float]:
    wrong = f"request: area: expected [north, west, south, east] in degrees, got {value}"
    if not isinstance(value, list) or len(value) != 4:
        raise InputError(wrong)
    try:
        north, west, south, east = (float(edge) for edge in value)
    except (TypeError, ValueError) as error:
        raise InputError(wrong) from error
    if not (-90 <= south <= north <= 90 and west <= east):
        raise InputError(wrong)
    return north, west, south, east


def _cube(chosen: Selection, months: tuple[Month, ...], newest: Month, seed: int) -> xr.Dataset:
    """Return the selected fields, dims ``(valid_time, latitude, longitude)``, float32."""
    grid = simulated_climate.climatology()
    north, west, south, east = chosen.area
    rows = (grid.latitude <= north) & (grid.latitude >= south)
    columns = (grid.longitude >= west) & (grid.longitude <= east)
    if not (rows.any() and columns.any()):
        raise InputError(f"request: area {list(chosen.area)}: no grid point inside, enlarge it")
    fields = [_fields(chosen, month, release_of(month, newest), seed) for month in months]
    names = [VARIABLES[name].short_name for name in chosen.variables]
    stacks = {
        name: np.concatenate([field[name][:, rows][:, :, columns] for field in fields])
        for name in names
    }
    cube = xr.Dataset(
        {name: (_DIMS, stack.astype(np.float32)) for name, stack in stacks.items()},
        coords={
            "valid_time": _stamps(chosen, months),
            "latitude": grid.latitude[rows],
            "longitude": grid.longitude[columns],
            "number": 0,
            "expver": _expver(chosen, months, newest),
        },
    )
    return _described(cube, chosen)


def _fields(chosen: Selection, month: Month, release: Release, seed: int) -> dict[str, Cube]:
    """Return the fields of one month, dims ``(stamp, latitude, longitude)``."""
    if chosen.product_type == HOURS_OF_DAY:
        hourly = hourly_temperature_k(month, seed=seed, release=release)
        return {"t2m": hourly[list(chosen.hours)]}
    held = simulated_climate.fields(month, seed=seed, release=release)
    if any(VARIABLES[name].short_name not in held for name in chosen.variables):
        held |= simulated_water.fields(month, seed=seed, release=release)
    return {name: field[np.newaxis] for name, field in held.items()}


def _stamps(chosen: Selection, months: tuple[Month, ...]) -> NDArray[np.datetime64]:
    days = np.array([month.first_day for month in months], dtype="datetime64[ns]")
    hours = np.array(chosen.hours, dtype="timedelta64[h]")
    return np.asarray((days[:, np.newaxis] + hours).ravel())


def _expver(
    chosen: Selection, months: tuple[Month, ...], newest: Month
) -> str | tuple[str, list[str]]:
    """A scalar where all months are of one release, else one a stamp: as the store lays it out."""
    codes = [_EXPVER[release_of(month, newest)] for month in months for _ in chosen.hours]
    return codes[0] if len(set(codes)) == 1 else ("valid_time", codes)


def _described(cube: xr.Dataset, chosen: Selection) -> xr.Dataset:
    for variable in (VARIABLES[name] for name in chosen.variables):
        cube[variable.short_name].attrs = {
            "GRIB_shortName": variable.short_name,
            "long_name": variable.long_name,
            "units": variable.units,
        }
    cube["latitude"].attrs = {"units": "degrees_north", "standard_name": "latitude"}
    cube["longitude"].attrs = {"units": "degrees_east", "standard_name": "longitude"}
    cube["valid_time"].attrs = {"standard_name": "time"}
    cube["number"].attrs = {"standard_name": "realization", "units": "1"}
    history = (
        'simulated, laid out as by GRIB to CDM+CF with {"filter_by_keys": '
        f'{{"stream": ["{_STREAMS[chosen.product_type]}"]}}}}'
    )
    return cube.assign_attrs(_ATTRIBUTES, history=history)


def _netcdf(cube: xr.Dataset) -> bytes:
    encoding = {name: {"zlib": True, "complevel": 1} for name in cube.data_vars}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.nc"
        cube.to_netcdf(path, engine="netcdf4", encoding=encoding)
        return path.read_bytes()


def _zipped(cube: xr.Dataset, stream: str) -> bytes:
    """One file a step type, whose times of day differ: a trap of the real store."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for step_type, part in _by_step_type(cube):
            archive.writestr(f"data_stream-{stream}_stepType-{step_type}.nc", _netcdf(part))
    return buffer.getvalue()


def _by_step_type(cube: xr.Dataset) -> Iterator[tuple[StepType, xr.Dataset]]:
    for step_type, hours in _STEP_HOURS.items():
        names = [v.short_name for v in VARIABLES.values() if v.step_type == step_type]
        present = [name for name in names if name in cube]
        if present:
            times = cube["valid_time"] + np.timedelta64(hours, "h")
            part = cube[present].assign_coords(valid_time=times)
            for name in present:
                part[name].attrs["GRIB_stepType"] = step_type
            yield step_type, part
