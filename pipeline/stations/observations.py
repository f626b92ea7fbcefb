"""What a station file holds once it is read, and what is kept of it.

Both are pandas DataFrames, one row per value: *records* as a file gives them, columns
`RECORD_COLUMNS`; *observations* as the warehouse holds them, columns `OBSERVATION_COLUMNS`. A row
may cover several days: a dekad, a month, or rain that was measured after days without a reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

RECORD_COLUMNS = (
    "line", "station_id", "quantity", "last_day", "n_days", "value", "reason", "text",
)  # fmt: skip
"""`line` of the file, from 1 (row of the sheet in a workbook) · `station_id` text · `quantity` a
`Quantity` · `last_day` datetime64, the last day covered · `n_days` how many days the value covers ·
`value` total in mm, or temperature in degrees C, never NaN: a missing cell is no record · `reason`
why the provider or the reader refuses the value, empty where it stands · `text` as it stood."""

OBSERVATION_COLUMNS = (
    "station_id", "quantity", "resolution", "last_day", "n_days", "value", "is_rejected",
)  # fmt: skip
"""As `RECORD_COLUMNS`, with the `resolution` of the file · `is_rejected` whether a value came and
does not count (it may be NaN then). One row per station, quantity, resolution and last day."""


class Quantity(StrEnum):
    """What a station measures; the unit is in the name."""

    PRECIPITATION = "precipitation_mm"
    TEMPERATURE_MEAN = "temperature_mean_c"
    TEMPERATURE_MAX = "temperature_max_c"
    TEMPERATURE_MIN = "temperature_min_c"


class Resolution(StrEnum):
    """The step at which the provider keeps its record."""

    DAILY = "daily"
    DEKADAL = "dekadal"
    MONTHLY = "monthly"


class Verdict(StrEnum):
    """What the checks say of an observation."""

    GOOD = "good"
    SUSPECT = "suspect"
    """A check marks it. It counts all the same: the reader is told."""
    REJECTED = "rejected"
    """It does not count."""


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
    disclosure: Disclosure | None = None


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
    """One file, read."""

    stations: tuple[Station, ...]
    resolution: Resolution
    records: pd.DataFrame
    """One row a value that the file gives, in the order of the file; columns `RECORD_COLUMNS`."""
    unread: tuple[Quarantined, ...] = ()
    """Lines that could not be understood."""
    assumed: str = ""
    """What the reader had to assume, for people; empty where the file says all."""
    tells_refusals: bool = True
    """Whether the file says which values its provider refuses; an order without flags does not."""
