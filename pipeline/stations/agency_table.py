"""An agency's table as stations and records.

Values come in one column a quantity, in one row a quantity (`quantity`, `value`, `unit`), or side
by side.
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.acceptance import accepted, unread_rows
from pipeline.stations.agency_fields import REMEDY
from pipeline.stations.agency_layout import About, Layout
from pipeline.stations.agency_periods import dated, require_daily, resolution_of
from pipeline.stations.agency_rows import Sheet, table_of
from pipeline.stations.agency_units import default_unit, in_our_units, is_unit_of
from pipeline.stations.numerals import numbers
from pipeline.stations.observations import (
    RECORD_COLUMNS,
    Quantity,
    Quarantined,
    Station,
    StationFile,
)
from pipeline.stations.positions import said_of_stations

QUANTITIES = {
    "p": Quantity.PRECIPITATION, "t": Quantity.TEMPERATURE_MEAN,
    **{quantity.value: quantity for quantity in Quantity},
}  # fmt: skip
"""What the field `quantity` may say, in lower case."""


def station_file(sheet: Sheet, layout: Layout) -> StationFile:
    """Return an agency's table as what a station file holds.

    An empty cell, or one with a missing code of the layout, is a missing value, never zero; a
    trace word counts 0 mm. A row without a station or a day, and a cell that is no number, is
    unread.

    Raises:
        InputError: columns that are not there, no value at all, or more unread than read.
    """
    table = table_of(sheet, layout)
    values = _without_missing(table.values, layout)
    resolution, contradictions = resolution_of(sheet.file, values)
    timed = _with_row_faults(dated(values, resolution, layout), contradictions)
    measured = _with_values(timed, layout, decimal_comma=sheet.decimal_comma)
    records = measured[(measured["fault"] == "") & (measured["cell_fault"] == "")]
    require_daily(sheet.file, records)
    about = table.about[table.about["station_id"].isin(records["station_id"])]
    stations, unplaced = said_of_stations(
        sheet.file, about, decimal_comma=sheet.decimal_comma, default=layout.disclosure
    )
    return accepted(
        sheet.file,
        "rows of an agency's table",
        REMEDY,
        StationFile(
            stations=tuple(
                _completed(one, layout.stations.get(one.station_id)) for one in stations
            ),
            resolution=resolution,
            records=records.assign(reason="", text=records["value_text"])[list(RECORD_COLUMNS)],
            unread=(*table.unread, *_unread(sheet.file, measured), *unplaced),
            assumed="; ".join(table.assumed),
        ),
    )


def _without_missing(values: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """The values without those that a missing code of the layout stands for.

    A code that is a number means that number, however it is written.
    """
    codes = pd.Series(layout.missing, dtype="str")
    as_numbers = numbers(codes, decimal_comma=True).dropna()
    is_word = values["value"].str.casefold().isin(list(codes.str.casefold()))
    is_number = numbers(values["value"], decimal_comma=True).isin(list(as_numbers))
    return values[~is_word & ~is_number].reset_index(drop=True)


def _with_row_faults(values: pd.DataFrame, contradictions: pd.Series) -> pd.DataFrame:
    """Faults of the row come first: its station, its day, what it says of the resolution."""
    fault = pd.Series("station_id: expected a station's id", values.index)
    fault = fault.where(values["station_id"] == "", values["fault"])
    return values.assign(fault=fault.where(fault != "", contradictions))


def _with_values(values: pd.DataFrame, layout: Layout, *, decimal_comma: bool) -> pd.DataFrame:
    """The values in mm and degrees C, ``value_text`` as they stood, ``cell_fault`` where none."""
    words = {**QUANTITIES, **{word.casefold(): one for word, one in layout.quantities.items()}}
    quantity = (
        values["quantity"].str.casefold().map({word: one.value for word, one in words.items()})
    )
    is_known = quantity.notna()
    quantity = quantity.fillna("")
    unit = _units(values, quantity, layout)
    is_unit = pd.Series(
        [is_unit_of(one, what) for one, what in zip(unit, quantity, strict=True)],
        values.index,
        dtype=bool,
    )
    text = values["value"]
    traces = [word.casefold() for word in layout.trace]
    is_trace = text.str.casefold().isin(traces) & (quantity == Quantity.PRECIPITATION)
    number = numbers(text, decimal_comma=decimal_comma).mask(is_trace, 0.0)
    place = values["place"] + ", " + quantity if "place" in values else quantity
    fault = (place + ": expected a number, or nothing where the value is missing").where(
        number.isna(), ""
    )
    fault = fault.mask(~is_unit, "unit: expected a unit of " + quantity + ", got " + unit)
    fault = fault.mask(~is_known, "quantity: expected one of " + ", ".join(words))
    return values.assign(
        quantity=quantity, value=in_our_units(number, unit), value_text=text, cell_fault=fault
    )


def _units(values: pd.DataFrame, quantity: pd.Series, layout: Layout) -> pd.Series:
    """The unit of each value: as its row says, else as the layout says, else ours."""
    ours = {one.value: str(layout.units.get(one, default_unit(one))) for one in Quantity}
    usual = quantity.map(ours).fillna("")
    return values["unit"].where(values["unit"] != "", usual) if "unit" in values else usual


def _unread(file: str, measured: pd.DataFrame) -> tuple[Quarantined, ...]:
    """Rows that could not be understood, once each, and cells that could not."""
    rows = measured.drop_duplicates(["line", "fault"])
    cells = measured[measured["fault"] == ""]
    return (
        *unread_rows(file, rows, rows["fault"]),
        *unread_rows(file, cells, cells["cell_fault"], record="value_text"),
    )


def _completed(station: Station, about: About | None) -> Station:
    """The station, with what the layout says of it in place of what the file does not."""
    if about is None:
        return station
    return Station(
        station_id=station.station_id,
        name=station.name or about.name,
        latitude=about.latitude if station.latitude is None else station.latitude,
        longitude=about.longitude if station.longitude is None else station.longitude,
        elevation_m=about.elevation_m if station.elevation_m is None else station.elevation_m,
        disclosure=about.disclosure or station.disclosure,
    )
