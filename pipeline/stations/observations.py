"""What a station file holds once it is read: stations, observations, and what was refused.

Observations are a pandas DataFrame, one row per value, columns `OBSERVATION_COLUMNS`. A row may
cover several days: a dekad, a month, or rain that was measured after days without a reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

OBSERVATION_COLUMNS = ("station_id", "quantity", "last_day", "n_days", "value", "is_rejected")
"""`station_id` text · `quantity` a `Quantity` · `last_day` datetime64, the last day covered ·
`n_days` how many days the value covers · `value` total in mm, or mean in degrees C, NaN where
missing · `is_rejected` a value came and a check refused it (`value` is then NaN)."""


class Quantity(StrEnum):
    """What a station measures; the unit is in the name."""

    PRECIPITATION = "precipitation_mm"
    TEMPERATURE_MEAN = "temperature_mean_c"


class Resolution(StrEnum):
    """The step at which the provider keeps its record."""

    DAILY = "daily"
    DEKADAL = "dekadal"
    MONTHLY = "monthly"


class Disclosure(StrEnum):
    """Who may see a station's values."""

    OPEN = "open"
    """Anyone: analysts, exports, letters, the site."""
    AGENCY = "agency"
    """The agency that runs this installation."""
    RESTRICTED = "restricted"
    """The computation only."""


class TemperatureMean(StrEnum):
    """How the daily mean temperature of a record is formed; one record never mixes two ways."""

    HALF_SUM = "half_sum"
    """(maximum + minimum) / 2."""
    PROVIDER = "provider"
    """As the provider gives it."""


@dataclass(frozen=True, slots=True)
class Station:
    """A gauge. What its file does not say is None."""

    station_id: str
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    elevation_m: float | None = None
    disclosure: Disclosure = Disclosure.RESTRICTED
    temperature_mean: TemperatureMean = TemperatureMean.PROVIDER


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A value that was refused: where it stood, why, and the record as it came."""

    file: str
    line: int
    station_id: str
    reason: str
    record: str


@dataclass(frozen=True, slots=True)
class StationFile:
    """One file, read: `observations` has the columns `OBSERVATION_COLUMNS`."""

    stations: tuple[Station, ...]
    resolution: Resolution
    observations: pd.DataFrame
    quarantined: tuple[Quarantined, ...]
