"""The closed vocabulary of an agency's own indicators, and all that a plan's rule may hear.

An indicator is a number that an agency publishes in a document of its own. Of every one of them
less means drier, so that a plan's rule reads it as it reads an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias

from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode


class IndicatorCode(StrEnum):
    """What an agency says of the water that is there or to come, and of what grows by it."""

    WATER_AVAILABILITY_FORECAST = "water_availability_forecast"
    """The flow expected of the rivers, as a rule in the vegetation season."""
    SNOW_SURVEY = "snow_survey"
    """Snow water equivalent: the water that the snow holds."""
    RESERVOIR_STORAGE = "reservoir_storage"
    SOIL_MOISTURE = "soil_moisture"
    VEGETATION_ANOMALY = "vegetation_anomaly"
    """How green the land is, as satellites see it, against other years at that time of the year."""


class IndicatorUnit(StrEnum):
    """The unit of an indicator; the same words stand in files, plans and the warehouse."""

    PERCENT_OF_NORM = "percent_of_norm"
    PERCENT_OF_FULL = "percent_of_full"
    """Of the full reservoir."""
    PERCENT_OF_FIELD_CAPACITY = "percent_of_field_capacity"
    PERCENT_OF_AVAILABLE_WATER = "percent_of_available_water"
    """Of the water a soil can hold for plants."""
    MM = "mm"
    MILLION_M3 = "million_m3"
    STANDARD_DEVIATIONS = "standard_deviations"
    """Of the years it is compared with, 0 for their mean."""

    @property
    def is_percent(self) -> bool:
        return self.value.startswith("percent")


_Code, _Unit = IndicatorCode, IndicatorUnit
LIMITS: dict[tuple[IndicatorCode, IndicatorUnit], tuple[float, float]] = {
    (_Code.WATER_AVAILABILITY_FORECAST, _Unit.PERCENT_OF_NORM): (5.0, 500.0),
    (_Code.SNOW_SURVEY, _Unit.PERCENT_OF_NORM): (0.0, 1000.0),
    (_Code.SNOW_SURVEY, _Unit.MM): (0.0, 5000.0),
    (_Code.RESERVOIR_STORAGE, _Unit.PERCENT_OF_FULL): (0.0, 130.0),
    (_Code.RESERVOIR_STORAGE, _Unit.PERCENT_OF_NORM): (0.0, 1000.0),
    (_Code.RESERVOIR_STORAGE, _Unit.MILLION_M3): (0.0, 100_000.0),
    (_Code.SOIL_MOISTURE, _Unit.PERCENT_OF_FIELD_CAPACITY): (0.0, 250.0),
    (_Code.SOIL_MOISTURE, _Unit.PERCENT_OF_AVAILABLE_WATER): (0.0, 250.0),
    (_Code.SOIL_MOISTURE, _Unit.MM): (0.0, 1500.0),
    (_Code.VEGETATION_ANOMALY, _Unit.STANDARD_DEVIATIONS): (-10.0, 10.0),
}
"""The units each indicator may come in, and the least and most that can be meant."""


@dataclass(frozen=True, order=True, slots=True)
class Indicator:
    """An indicator in one unit, written ``reservoir_storage_million_m3``.

    The unit belongs to it: a rule in percent hears no value in cubic metres.

    >>> str(Indicator(IndicatorCode.SNOW_SURVEY, IndicatorUnit.MM))
    'snow_survey_mm'
    """

    code: IndicatorCode
    unit: IndicatorUnit

    @classmethod
    def parse(cls, code: str, unit: str | None) -> Self:
        """Return the indicator of these words.

        Raises:
            InputError: an unknown word, or a unit this indicator does not come in.
        """
        if code not in set(IndicatorCode):
            raise InputError(f"indicator: expected one of {', '.join(IndicatorCode)}, got {code!r}")
        units = [each for one, each in LIMITS if one == code]
        if unit not in units:
            got = "none" if unit is None else repr(str(unit))
            raise InputError(f"unit of {code}: expected {' or '.join(units)}, got {got}")
        return cls(IndicatorCode(code), IndicatorUnit(unit))

    def demand(self, name: str, value: float) -> None:
        """Refuse a value that cannot be meant in this unit; `name` says whose it is.

        A cell formatted as a percentage holds 0.85 where a person reads 85 %: in percent nothing
        between 0 and 1 passes.

        Raises:
            InputError: it is outside the limits of the unit.
        """
        least, most = LIMITS[self.code, self.unit]
        is_share = self.unit.is_percent and 0 < value < 1
        if is_share or not least <= value <= most:
            from_ = "0, or from 1" if self.unit.is_percent and least == 0 else f"{least:g}"
            remedy = "; write 85 for 85 percent" if is_share else ""
            raise InputError(
                f"{name}: expected {from_} to {most:g} {self.unit}, got {value:g}{remedy}"
            )

    def __str__(self) -> str:
        return f"{self.code}_{self.unit}"


Measure: TypeAlias = IndexCode | Indicator | AreaShare
"""What a plan's rule hears: an index that we compute, an indicator that an agency publishes, or the
share of the area at which an index is low."""


def measure_of(
    index: IndexCode | None,
    indicator: IndicatorCode | None,
    unit: IndicatorUnit | None,
    area_share: AreaShare | None = None,
) -> Measure:
    """Return the one measure that is named.

    Raises:
        InputError: none or several are named, or the unit is not one of the measure's own.
    """
    given = {"index": index, "indicator": indicator, "area_share": area_share}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        got = f"{' and '.join(named)}; make a rule of each" if named else "none; add one"
        raise InputError(
            "expected one of 'index', such as spi_3, 'indicator' with its 'unit', such as "
            "water_availability_forecast in percent_of_norm, and 'area_share', such as "
            f"{{index: spi_3, at_or_below: -1.0}}, got {got}"
        )
    if indicator is not None:
        return Indicator.parse(indicator, unit)
    if unit is not None:
        raise InputError(f"only an indicator has a 'unit', got {unit}; remove it")
    measure = index or area_share
    assert measure is not None  # noqa: S101 - for the type checker: one of them is named
    return measure


def index_behind(measure: Measure) -> IndexCode | None:
    """Return the index that is heard, itself or by the area it is low at; None for an indicator."""
    if isinstance(measure, AreaShare):
        return measure.index
    return measure if isinstance(measure, IndexCode) else None
