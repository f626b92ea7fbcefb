"""What is asked of the Copernicus Climate Data Store, by whom, and in pieces of what size.

Source: https://cds.climate.copernicus.eu/datasets/reanalysis-era5-land-monthly-means
The store takes every pair of the years and months of a request, and weighs a request before it
takes it; `cds_jobs` submits what is put together here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

import cdsapi

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month

DATASET = "reanalysis-era5-land-monthly-means"
VARIABLES = (
    "total_precipitation",
    "2m_temperature",
    "2m_dewpoint_temperature",
    "10m_u_component_of_wind",
    "10m_v_component_of_wind",
    "surface_solar_radiation_downwards",
    "surface_pressure",
    "volumetric_soil_water_layer_1",
    "volumetric_soil_water_layer_2",
    "volumetric_soil_water_layer_3",
    "snow_depth_water_equivalent",
    "snowmelt",
    "snowfall",
)
KEY_PAGE = "https://cds.climate.copernicus.eu/profile"
DATASET_PAGE = f"https://cds.climate.copernicus.eu/datasets/{DATASET}"

Request = dict[str, Any]
"""The ``inputs`` of a request, as the store's own page words them."""

Parts = tuple[Request, ...]
"""One request as the store takes it: as it is, or a few variables at a time."""


class ProductType(StrEnum):
    """The kinds of product of the data set, as the store names them."""

    MONTHS = "monthly_averaged_reanalysis"
    """One field a month."""
    HOURS_OF_DAY = "monthly_averaged_reanalysis_by_hour_of_day"
    """A field for each hour of the day: the daily range of temperature, in months without what
    Penman-Monteith needs."""


_ASKED = {
    ProductType.MONTHS: (VARIABLES, ("00:00",)),
    ProductType.HOURS_OF_DAY: (
        ("2m_temperature",),
        tuple(f"{hour:02d}:00" for hour in range(24)),
    ),
}
"""What is asked for of each: variables, and times of the day."""


@dataclass(frozen=True, slots=True)
class Area:
    """A bounding box in degrees."""

    north: float
    west: float
    south: float
    east: float

    def holds(self, other: Area) -> bool:
        """Whether all of `other` lies inside."""
        return (
            self.north >= other.north
            and self.south <= other.south
            and self.west <= other.west
            and self.east >= other.east
        )


COUNTRY_AREAS = {
    Country.KAZAKHSTAN: Area(55.5, 46.0, 40.5, 87.5),
    Country.KYRGYZSTAN: Area(43.5, 69.0, 39.0, 80.5),
    Country.TAJIKISTAN: Area(41.5, 67.0, 36.5, 75.5),
    Country.TURKMENISTAN: Area(43.0, 52.0, 35.0, 67.0),
    Country.UZBEKISTAN: Area(46.0, 55.5, 37.0, 73.5),
    Country.TURKIYE: Area(42.5, 25.5, 35.5, 45.0),
}
"""Land borders rounded outwards to half a degree."""


@dataclass(frozen=True, slots=True)
class CdsAccess:
    """Where the store is, who asks, and how patiently."""

    url: str
    key: str = field(repr=False)
    timeout_seconds: float = 60.0
    pause_seconds: float = 30.0
    """The longest pause between two questions. So long, too, a submission whose answer was lost
    may take to show in the store's list of jobs."""
    wait_seconds: float = 3 * 3600.0
    """How long a command waits for the queue while nothing comes."""
    tries: int = 4
    """How often in a row the store may fail to answer before a command gives up."""

    def client(self) -> cdsapi.Client:
        """Return a client of the store, quiet, without a progress bar, that repeats nothing.

        Left alone it repeats a call 500 times, two minutes apart. A submission must not be
        repeated at all before it is known that the first one did not arrive.

        Raises:
            InputError: URL or key cannot be right.
        """
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"CDSAPI_URL: expected a URL ending in /api, got {self.url!r}")
        if not self.key or ":" in self.key:
            form = "the retired form UID:key" if self.key else "nothing"
            raise InputError(
                f"CDSAPI_KEY: expected the store's token of 36 characters, got {form}; "
                f"copy yours from {KEY_PAGE}"
            )
        with warnings.catch_warnings():
            # It warns when the store's notices cannot be read; the request says so better.
            warnings.simplefilter("ignore", UserWarning)
            return cdsapi.Client(
                url=self.url,
                key=self.key,
                quiet=True,
                progress=False,
                timeout=self.timeout_seconds,
                retry_max=1,
                sleep_max=0,
                wait_until_complete=False,
            )


def area_of(countries: Iterable[Country]) -> Area:
    """Return the smallest box around `countries`.

    Raises:
        InputError: there is none.
    """
    boxes = [COUNTRY_AREAS[country] for country in countries]
    if not boxes:
        raise InputError(f"countries: expected at least one of {', '.join(Country)}, got none")
    return Area(
        north=max(box.north for box in boxes),
        west=min(box.west for box in boxes),
        south=min(box.south for box in boxes),
        east=max(box.east for box in boxes),
    )


def request(
    months: Sequence[Month],
    area: Area,
    variables: Sequence[str] | None = None,
    *,
    product_type: ProductType = ProductType.MONTHS,
) -> Request:
    """Return the request for `months` of one year; all variables we use, unless they are given.

    Raises:
        InputError: no month, or months of several years: the store would take every pair of
            year and month.
    """
    years = {month.year for month in months}
    if len(years) != 1:
        raise InputError(f"request: expected months of one year, got {', '.join(map(str, months))}")
    usual, times = _ASKED[product_type]
    return {
        "product_type": [product_type.value],
        "variable": list(variables or usual),
        "year": [f"{years.pop()}"],
        "month": [f"{month.month:02d}" for month in months],
        "time": list(times),
        "area": [area.north, area.west, area.south, area.east],
        "data_format": "netcdf",
        "download_format": "unarchived",
    }


def yearly_requests(
    months: Iterable[Month], area: Area, product_type: ProductType = ProductType.MONTHS
) -> list[Request]:
    """Return one request a year for `months`, oldest first."""
    years = groupby(sorted(set(months)), key=lambda month: month.year)
    return [request(list(of_year), area, product_type=product_type) for _, of_year in years]


def months_of(asked: Mapping[str, Any]) -> list[Month]:
    """Return the months a request of one year asks for."""
    return [Month(int(asked["year"][0]), int(month)) for month in asked["month"]]


def fitting(asked: Request, fits: Callable[[Request], bool]) -> list[Parts]:
    """Split a request until the store takes each piece: by months, and a month by variables.

    Together the pieces ask for the same fields, each once. A single field is never split, whatever
    `fits` says of it.
    """
    if fits(asked):
        return [(asked,)]
    if len(asked["month"]) > 1:
        return [piece for half in _halves(asked, "month") for piece in fitting(half, fits)]
    return [_parts(asked, fits)]


def smaller(asked: Request) -> list[Parts]:
    """Return a request that was too large as two: half the months, or half the variables.

    Raises:
        InputError: it asks for one variable of one month.
    """
    if len(asked["month"]) > 1:
        return [(half,) for half in _halves(asked, "month")]
    if len(asked["variable"]) > 1:
        return [_halves(asked, "variable")]
    raise InputError(
        f"data store: one variable of {months_of(asked)[0]} is too large for it, expected a smaller "
        "area; ask for fewer countries"
    )


def is_same(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether `theirs` asks for what `ours` asks for.

    The store may add keys, sort lists, and write numbers in another way.
    """
    return all(_plain(value) == _plain(theirs.get(key)) for key, value in ours.items())


def _halves(asked: Request, key: str) -> tuple[Request, Request]:
    middle = len(asked[key]) // 2
    return {**asked, key: asked[key][:middle]}, {**asked, key: asked[key][middle:]}


def _parts(asked: Request, fits: Callable[[Request], bool]) -> Parts:
    if fits(asked) or len(asked["variable"]) == 1:
        return (asked,)
    return tuple(part for half in _halves(asked, "variable") for part in _parts(half, fits))


def _plain(value: object) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return sorted(map(_number_or_text, values))


def _number_or_text(value: object) -> str:
    try:
        return str(float(str(value)))
    except ValueError:
        return str(value)
