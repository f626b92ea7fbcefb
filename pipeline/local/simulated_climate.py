"""A simulated climate of the six countries: a pure function of seed, month and release.

Built on the mean seasonal cycle of ERA5 (`era5_climatology.nc`), with random anomalies that
hang together in space and time, and with the region's known droughts written in. Every formula
is in `docs/simulated_climate.md`. It is for trials and tests; no number here was observed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.core.units import J_PER_MJ, KELVIN_AT_ZERO_C, MM_PER_M, PA_PER_KPA

Field = NDArray[np.float64]
"""One value a cell, dims ``(latitude, longitude)``."""

DEFAULT_SEED = 7
FIRST_MONTH = Month(1991, 1)
CLIMATOLOGY = Path(__file__).with_name("era5_climatology.nc")

_KM_PER_DEGREE = 111.2
_CORRELATION_LENGTHS_KM = (500.0, 200.0, 80.0)
_WAVES_PER_LENGTH = 32
_MEMORIES = ((0.3, 6, 0.9), (0.9, 36, 0.1))
"""Decay a month, months remembered, share of the variance: weather, and slow swings beneath it."""
_REVISION = 0.2
"""Standard deviation of what a preliminary rain anomaly misses by, in those of a month's rain."""
_MONTHS_KEPT = 192
"""Computed months that are kept, for what looks back on those before."""
_MEASURABLE_MM = 0.1
"""A month with less rain than this counts as rainless."""


@dataclass(frozen=True, slots=True)
class Drought:
    """A drought written into the climate: an ellipse of degrees, and the months it lasts.

    At its centre random anomalies are damped to three tenths, and `shift` (in standard deviations
    of a month's rain) is added.
    """

    name: str
    first: Month
    last: Month
    latitude: float
    longitude: float
    radius_latitude: float
    radius_longitude: float
    shift: float


DROUGHTS = (
    Drought("2000-01, Amu Darya", Month(1999, 10), Month(2001, 9), 38.5, 63.5, 5.0, 9.0, -0.85),
    Drought("2000-01, Syr Darya", Month(1999, 10), Month(2001, 8), 43.5, 71.0, 4.0, 8.0, -0.4),
    Drought("2007-08, Türkiye", Month(2006, 12), Month(2008, 10), 38.5, 34.0, 4.0, 9.0, -0.7),
    Drought(
        "2008, Amu and Syr Darya", Month(2007, 10), Month(2008, 9), 40.0, 69.0, 4.5, 8.0, -0.75
    ),
    Drought(
        "2012, northern Kazakhstan", Month(2012, 4), Month(2012, 9), 52.0, 68.0, 4.0, 9.0, -1.1
    ),
    Drought("2013-14, Türkiye", Month(2013, 10), Month(2014, 3), 38.5, 34.0, 4.0, 9.0, -1.1),
    Drought("2021, Central Asia", Month(2020, 10), Month(2021, 9), 41.5, 65.0, 5.0, 12.0, -0.75),
    Drought("2021, Türkiye", Month(2021, 1), Month(2021, 12), 38.0, 35.0, 3.5, 8.0, -0.85),
    Drought("2024-25, Türkiye", Month(2024, 10), Month(2025, 8), 38.8, 33.0, 4.0, 9.0, -0.9),
)


@dataclass(frozen=True, slots=True)
class Climatology:
    """Mean seasonal cycle, dims ``(calendar_month, latitude, longitude)``; latitude descends."""

    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    precipitation_mm: NDArray[np.float64]
    temperature_c: NDArray[np.float64]
    elevation_m: Field
    """Not surveyed: the height at which the warmest month would be as cool as it is."""


@dataclass(frozen=True, slots=True)
class Weather:
    """The month's rain and mean temperature, from which the rest follows."""

    rain_mm: Field
    temperature_c: Field


def fields(
    month: Month, *, seed: int = DEFAULT_SEED, release: Release = Release.FINAL
) -> dict[str, Field]:
    """Return one month of the simulated climate, in the names and units of the CDS.

    Preliminary values miss the final ones: their rain anomaly by a field of its own, and all that
    follows from rain with it. Wind and pressure are the same in both.

    Returns:
        On the grid of `climatology`: ``tp`` (m per *day*), ``t2m`` and ``d2m`` (K), ``u10`` and
        ``v10`` (m s-1), ``ssrd`` (J m-2 per day), ``sp`` (Pa). No gaps: the sea has values too.

    Raises:
        InputError: `month` is before 1991-01.
    """
    if month < FIRST_MONTH:
        raise InputError(f"simulated climate: it begins in {FIRST_MONTH}, got {month}")
    now = weather(month, seed=seed, release=release)
    u10, v10 = _wind_m_s(month)
    return {
        "tp": now.rain_mm / MM_PER_M / month.days,
        "t2m": now.temperature_c + KELVIN_AT_ZERO_C,
        "d2m": dewpoint_c(now.temperature_c, now.rain_mm) + KELVIN_AT_ZERO_C,
        "u10": u10,
        "v10": v10,
        "ssrd": solar_radiation_mj_m2_day(month.month, now.rain_mm) * J_PER_MJ,
        "sp": pressure_kpa(climatology().elevation_m) * PA_PER_KPA,
    }


@lru_cache(maxsize=_MONTHS_KEPT)
def weather(month: Month, *, seed: int, release: Release) -> Weather:
    """Return the rain and the temperature of a month; there is one before 1991-01, too."""
    wetness = _with_droughts(month, _anomaly(month, seed, "rain"))
    if release is Release.PRELIMINARY:
        wetness = wetness + _REVISION * _anomaly(month, seed, "revision")
    normal_mm = climatology().precipitation_mm[month.month - 1]
    return Weather(precipitation_mm(normal_mm, wetness), _temperature_c(month, seed, wetness))


@cache
def climatology() -> Climatology:
    """Return the climatology that ships with the package."""
    with xr.open_dataset(CLIMATOLOGY, engine="netcdf4") as file:
        latitude = file["latitude"].to_numpy().astype(np.float64)
        temperature = file["temperature_c"].to_numpy().astype(np.float64)
        return Climatology(
            latitude=latitude,
            longitude=file["longitude"].to_numpy().astype(np.float64),
            precipitation_mm=file["precipitation_mm"].to_numpy().astype(np.float64),
            temperature_c=temperature,
            elevation_m=_elevation_m(latitude, temperature.max(axis=0)),
        )


def precipitation_mm(normal_mm: Field, wetness: Field) -> Field:
    """Turn a standard normal anomaly into rain around its normal, both in mm a month.

    A gamma variate of mean 1 by the cube of Wilson and Hilferty (1931); its shape grows with
    the normal, so dry places are the more erratic, and rainless where the cube is negative.
    """
    shape = np.clip(0.15 + normal_mm / 18.0, 0.15, 5.0)
    ratio = np.maximum(1 - 1 / (9 * shape) + wetness / (3 * np.sqrt(shape)), 0.0) ** 3
    rain = normal_mm * ratio
    return np.where(rain < _MEASURABLE_MM, 0.0, rain)


def dewpoint_c(temperature_c: Field, rain_mm: Field) -> Field:
    """Return the dewpoint: relative humidity from warmth and rain, then FAO-56 equation 11."""
    humidity = np.clip(
        0.78 - 0.0165 * np.maximum(temperature_c, 0.0) + 0.15 * np.minimum(rain_mm / 60.0, 1.0),
        0.15,
        0.95,
    )
    exponent = np.log(humidity) + 17.27 * temperature_c / (temperature_c + 237.3)
    return 237.3 * exponent / (17.27 - exponent)


def solar_radiation_mj_m2_day(calendar_month: int, rain_mm: Field) -> Field:
    """Return solar radiation by FAO-56 equation 35, rainy months taken to be the cloudy ones."""
    sunshine = 0.85 - 0.55 * (1 - np.exp(-rain_mm / 50.0))
    above = extraterrestrial_radiation_mj_m2_day(calendar_month, climatology().latitude)
    return (0.25 + 0.50 * sunshine) * above[:, np.newaxis]


def extraterrestrial_radiation_mj_m2_day(
    calendar_month: int, latitude: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the radiation above the air in mid-month: FAO-56 equations 21 to 25."""
    angle = 2 * math.pi * int(30.4 * calendar_month - 15) / 365
    phi = np.radians(latitude)
    declination = 0.409 * math.sin(angle - 1.39)
    sunset = np.arccos(-np.tan(phi) * math.tan(declination))
    height = sunset * np.sin(phi) * math.sin(declination)
    height += np.cos(phi) * math.cos(declination) * np.sin(sunset)
    return np.asarray(24 * 60 / math.pi * 0.0820 * (1 + 0.033 * math.cos(angle)) * height)


def pressure_kpa(elevation_m: Field) -> Field:
    """Return the mean pressure at a height: FAO-56 equation 7."""
    return 101.3 * ((293 - 0.0065 * elevation_m) / 293) ** 5.26


def _elevation_m(latitude: NDArray[np.float64], warmest_c: Field) -> Field:
    at_sea_level_c = 33.0 - 0.55 * (latitude[:, np.newaxis] - 37.0)
    return np.clip((at_sea_level_c - warmest_c) / 0.0065, 0.0, 5500.0)


def _temperature_c(month: Month, seed: int, wetness: Field) -> Field:
    """Warmer when drier, and more changeable in winter; no trend."""
    winter = 0.5 + 0.5 * math.cos(2 * math.pi * (month.month - 1) / 12)
    anomaly = 0.9 * _anomaly(month, seed, "warmth") - 0.45 * wetness
    normal = climatology().temperature_c[month.month - 1]
    return np.asarray(normal + (1.2 + 1.3 * winter) * anomaly)


def _wind_m_s(month: Month) -> tuple[Field, Field]:
    """Westerly in January, northerly in July; stronger in the north, in spring and in the plain."""
    normal = climatology()
    north = (normal.latitude[:, np.newaxis] - 36.0) / 20.0
    spring = math.cos(2 * math.pi * (month.month - 4) / 12)
    height = np.minimum(normal.elevation_m / 3000.0, 1.0)
    speed = 2.4 + 1.2 * north + 0.6 * spring - 0.5 * height
    turn = math.pi / 4 * (1 - math.cos(2 * math.pi * (month.month - 1) / 12))
    return speed * math.cos(turn), -speed * math.sin(turn)


def _anomaly(month: Month, seed: int, what: str) -> Field:
    """Return a standard normal anomaly that remembers the months before, and its neighbours."""
    amplitude = sum(
        math.sqrt(share) * _remembered(month, seed, what, decay, length)
        for decay, length, share in _MEMORIES
    )
    north, east = _waves(seed, what)
    north = north * amplitude
    # Not `@`: its threads cost more than so small a product, and round as the machine likes.
    real = np.einsum("yw,wx->yx", north.real, east.real)
    return np.asarray(real - np.einsum("yw,wx->yx", north.imag, east.imag))


def _remembered(
    month: Month, seed: int, what: str, decay: float, length: int
) -> NDArray[np.complex128]:
    """Weigh the noise of the last `length` months, so that no state is carried along."""
    weights = decay ** np.arange(length)
    noise = np.stack(
        [_noise(month.ordinal - lag, seed, f"{what}/{length}") for lag in range(length)]
    )
    return np.asarray(weights @ noise / math.sqrt(float(weights @ weights)))


@lru_cache(maxsize=512)
def _noise(ordinal: int, seed: int, what: str) -> NDArray[np.complex128]:
    """Return one month's white noise: a complex amplitude a wave, parts of unit variance."""
    waves = _WAVES_PER_LENGTH * len(_CORRELATION_LENGTHS_KM)
    parts = np.random.default_rng([seed, ordinal, *what.encode()]).standard_normal((waves, 2))
    return np.asarray(parts[:, 0] - 1j * parts[:, 1])


@lru_cache(maxsize=8)
def _waves(seed: int, what: str) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return plane waves as the product of a part along each axis.

    Dims ``(latitude, wave)`` and ``(wave, longitude)``; a random sum has unit variance. Wave
    vectors drawn from a normal give a Gaussian correlation of each of the lengths.
    """
    normal = climatology()
    north_km = (normal.latitude - 45.0) * _KM_PER_DEGREE
    east_km = (normal.longitude - 55.0) * _KM_PER_DEGREE * math.cos(math.radians(43.0))
    random = np.random.default_rng([seed, *what.encode()])
    vectors = np.concatenate(
        [random.standard_normal((_WAVES_PER_LENGTH, 2)) / km for km in _CORRELATION_LENGTHS_KM]
    )
    north = np.exp(1j * np.outer(north_km, vectors[:, 0])) / math.sqrt(len(vectors))
    return np.asarray(north), np.asarray(np.exp(1j * np.outer(vectors[:, 1], east_km)))


def _with_droughts(month: Month, wetness: Field) -> Field:
    """Add the droughts of `month`; where two overlap, both count."""
    for drought in DROUGHTS:
        if drought.first <= month <= drought.last:
            footprint = _footprint(drought)
            wetness = (1 - 0.7 * footprint) * wetness + drought.shift * footprint
    return wetness


def _footprint(drought: Drought) -> Field:
    """Return 1 in the middle of the ellipse, fading to nothing outside."""
    normal = climatology()
    north = (normal.latitude[:, np.newaxis] - drought.latitude) / drought.radius_latitude
    east = (normal.longitude - drought.longitude) / drought.radius_longitude
    return np.asarray(np.exp(-((north**2 + east**2) ** 2)))
