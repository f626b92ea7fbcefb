"""The agency table as stations and observations.

Values come in one column a quantity, or in one row a quantity (`quantity`, `value`, `unit`).
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.agency_fields import demand, numbers
from pipeline.stations.agency_periods import day_counts, last_days, resolution_of
from pipeline.stations.agency_stations import stations_of
from pipeline.stations.checks import (
    CANDIDATE_COLUMNS,
    quarantined,
    refuse_contradictions,
    refuse_impossible,
    settled,
)
from pipeline.stations.observations import Quantity, StationFile

QUANTITIES = {
    "P": Quantity.PRECIPITATION.value, "T": Quantity.TEMPERATURE_MEAN.value,
    **{quantity.value: quantity.value for quantity in Quantity},
}  # fmt: skip
UNITS = {Quantity.PRECIPITATION.value: "mm", Quantity.TEMPERATURE_MEAN.value: "degC"}


def station_file(file: str, table: pd.DataFrame, *, decimal_comma: bool) -> StationFile:
    """Return the agency table (see `agency_fields`) as what a station file holds.

    An empty field is a missing value, never zero. Impossible values and contradictory repeats are
    refused; a station without a disclosure class is restricted.

    Raises:
        InputError: a row that is not in the format, or two truths about one station.
    """
    demand(file, table, "station_id", table["station_id"] != "", "a station's id")
    resolution = resolution_of(file, table)
    last_day = last_days(file, table, resolution)
    dated = table.assign(last_day=last_day, n_days=day_counts(last_day, resolution), reason="")
    values = _long if "quantity" in table else _wide
    candidates = refuse_contradictions(
        refuse_impossible(values(file, dated, decimal_comma=decimal_comma))
    )
    return StationFile(
        stations=stations_of(file, table, decimal_comma=decimal_comma),
        resolution=resolution,
        observations=settled(candidates),
        quarantined=quarantined(file, candidates),
    )


def _wide(file: str, dated: pd.DataFrame, *, decimal_comma: bool) -> pd.DataFrame:
    parts = [
        dated.assign(
            quantity=quantity.value,
            value=numbers(file, dated, quantity.value, decimal_comma=decimal_comma),
        )
        for quantity in Quantity
        if quantity.value in dated
    ]
    return pd.concat(parts, ignore_index=True)[list(CANDIDATE_COLUMNS)]


def _long(file: str, dated: pd.DataFrame, *, decimal_comma: bool) -> pd.DataFrame:
    quantity = dated["quantity"].map(QUANTITIES)
    demand(file, dated, "quantity", quantity.notna(), f"one of {', '.join(QUANTITIES)}")
    if "unit" in dated:
        is_unit = dated["unit"] == quantity.map(UNITS)
        demand(file, dated, "unit", is_unit, "mm for precipitation, degC for temperature")
    value = numbers(file, dated, "value", decimal_comma=decimal_comma)
    return dated.assign(quantity=quantity, value=value)[list(CANDIDATE_COLUMNS)]
