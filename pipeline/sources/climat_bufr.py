"""WMO CLIMAT reports in BUFR: monthly values of land stations, templates 3 07 071 and 3 07 073.

A file may hold several messages, each of one or more stations, with the headings of a bulletin
between them. They are decoded by `pipeline.sources.climat_messages`, a program that runs in a
process of its own. Rain is in kg/m2 (mm), -0.1 is a trace; temperature in K. No real message could
be had when this was written: it was tried on messages that ecCodes encoded with values set by hand.
Source: WMO-No. 306, Manual on Codes, volume I.2, and its regulations B/C30.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.sources import apart
from pipeline.sources.text_lines import plain_bytes
from pipeline.stations import days
from pipeline.stations.acceptance import accepted
from pipeline.stations.observations import (
    RECORD_COLUMNS,
    Quantity,
    Quarantined,
    Resolution,
    Station,
    StationFile,
)

START, END = b"BUFR", b"7777"
LENGTH_AT, LENGTH_OCTETS = 4, 3
HEADING_BYTES = 200
"""A bulletin's heading is shorter."""
PROGRAM = "pipeline.sources.climat_messages"
SECONDS_AT_LEAST, SECONDS_PER_KB = 30.0, 1.0
CUT = "expected a whole BUFR message, got one that is cut or broken"
ZERO_CELSIUS_K = 273.15
TRACE_MM = -0.1

VALUES = {
    Quantity.PRECIPITATION: "#1#totalAccumulatedPrecipitation",
    Quantity.TEMPERATURE_MEAN: "#1#airTemperature",
    Quantity.TEMPERATURE_MAX: "#1#maximumTemperatureAtHeightSpecifiedPast24Hours",
    Quantity.TEMPERATURE_MIN: "#1#minimumTemperatureAtHeightSpecifiedPast24Hours",
}
QUALIFIER = "qualifierForNumberOfMissingValuesInCalculationOfStatistic"
MISSING_DAYS = "totalNumberOfMissingEntitiesWithRespectToAccumulationOrAverage"
QUALIFIED = {
    2: (Quantity.TEMPERATURE_MEAN,), 3: (Quantity.TEMPERATURE_MAX, Quantity.TEMPERATURE_MIN),
    5: (Quantity.PRECIPITATION,), 7: (Quantity.TEMPERATURE_MAX,), 8: (Quantity.TEMPERATURE_MIN,),
}  # fmt: skip
"""Code table 0 08 050: of which values days are missing."""
MOST_MISSING_DAYS = 10
"""A monthly mean with more days missing is none (WMO-No. 1203); a total needs every day."""
REMEDY = "fetch the bulletin again; nothing was loaded from it"

Values = dict[str, float | str]
"""One station's report: keys of ecCodes in the order of the message; what is missing is left out."""


@dataclass(frozen=True, slots=True)
class _Report:
    """One station's month, or a message that could not be understood."""

    line: int
    values: Values
    fault: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Decoded:
    """The reports of one message, or why there are none."""

    subsets: list[Values]
    fault: str


def begins_with_message(raw: bytes) -> bool:
    """Return whether a file begins with a BUFR message, or with the heading of a bulletin of them."""
    place = raw[:HEADING_BYTES].find(START)
    return place >= 0 and raw[place + 7 : place + 8] in {b"\x02", b"\x03", b"\x04"}


def read(path: Path) -> StationFile:
    """Read monthly precipitation and temperatures of the stations in a file of CLIMAT reports.

    ``line`` is the number of the report in the file. A value of which the message counts missing
    days is refused: a total for one, a mean for more than 10. A message that is broken, cut, or no
    CLIMAT is unread.

    Raises:
        InputError: no value at all, or more messages unread than values read.
    """
    reports = list(_reports(plain_bytes(path)))
    understood = [_understood(report) for report in reports]
    good = [report for report in understood if not report.fault]
    rows = [row for report in good for row in _rows(report)]
    records = pd.DataFrame(rows, columns=list(RECORD_COLUMNS))
    unread = tuple(
        Quarantined(path.name, report.line, "", report.fault, report.text)
        for report in understood
        if report.fault
    )
    return accepted(
        path.name,
        "CLIMAT reports in BUFR",
        REMEDY,
        StationFile(_stations(good), Resolution.MONTHLY, records, unread),
    )


def _reports(raw: bytes) -> Iterator[_Report]:
    """Every report of the file, those of one message below each other."""
    messages = list(_messages(raw))
    whole = [message for message in messages if message.endswith(END)]
    decoded = dict(zip(whole, _decoded(whole), strict=True))
    line = 0
    for message in messages:
        found = decoded.get(message, _Decoded([], ""))
        fault = found.fault or ("" if found.subsets else CUT)
        for values in found.subsets or [{}]:
            line += 1
            yield _Report(line, values, fault, f"a message of {len(message)} octets")


def _decoded(messages: Sequence[bytes]) -> list[_Decoded]:
    """What each message holds; one over which ecCodes breaks down is found by halves."""
    if not messages:
        return []
    seconds = SECONDS_AT_LEAST + SECONDS_PER_KB * sum(map(len, messages)) / 1e3
    given = json.dumps([message.hex() for message in messages]).encode()
    try:
        told = apart.ask(PROGRAM, seconds=seconds, given=given)
    except apart.UnansweredError as error:
        if len(messages) == 1:
            return [_Decoded([], str(error))]
        middle = len(messages) // 2
        return _decoded(messages[:middle]) + _decoded(messages[middle:])
    return [_Decoded(**found) for found in json.loads(told)]


def _messages(raw: bytes) -> Iterator[bytes]:
    """The messages, by the length that each states; a broken one ends where the next begins."""
    start = raw.find(START)
    while start >= 0:
        length = int.from_bytes(raw[start + LENGTH_AT : start + LENGTH_AT + LENGTH_OCTETS], "big")
        is_whole = raw[start : start + length].endswith(END) and length > len(START + END)
        following = raw.find(START, start + length if is_whole else start + len(START))
        stop = start + length if is_whole else (following if following >= 0 else len(raw))
        message = raw[start:stop]
        yield message if is_whole else message.removesuffix(END)
        start = following


def _understood(report: _Report) -> _Report:
    """The report, with a fault where its station or month is missing."""
    if report.fault:
        return report
    fault = ""
    if not _station_id(report.values):
        fault = "expected a WMO block and station number, got none"
    elif not days.is_day(*_month(report.values), np.array([1])).all():
        fault = "expected a year and a month, got none"
    return _Report(report.line, report.values, fault, report.text)


def _station_id(values: Values) -> str:
    block, station = values.get("#1#blockNumber"), values.get("#1#stationNumber")
    return "" if block is None or station is None else f"{int(block):02d}{int(station):03d}"


def _month(values: Values) -> tuple[days.Integers, days.Integers]:
    year, month = values.get("#1#year", 0), values.get("#1#month", 0)
    return np.array([int(year)]), np.array([int(month)])


def _rows(report: _Report) -> Iterator[tuple[object, ...]]:
    years, months = _month(report.values)
    (length,) = days.month_lengths(years, months)
    (last_day,) = days.as_days(years, months, np.array([length]))
    missing = _missing_days(report.values)
    for quantity, key in VALUES.items():
        if key in report.values:
            raw = float(report.values[key])
            n_missing = missing.get(quantity, 0)
            yield (
                report.line, _station_id(report.values), quantity.value, pd.Timestamp(last_day),
                length, _in_our_units(quantity, raw), _reason(quantity, n_missing), f"{raw:g}",
            )  # fmt: skip


def _missing_days(values: Values) -> dict[Quantity, int]:
    """How many days are missing of which value, as far as the message says; its first word counts."""
    missing: dict[Quantity, int] = {}
    for key, code in values.items():
        rank = key.removeprefix("#").partition("#")[0]
        counted = values.get(f"#{rank}#{MISSING_DAYS}")
        if key.endswith(f"#{QUALIFIER}") and counted is not None:
            for quantity in QUALIFIED.get(int(code), ()):
                missing.setdefault(quantity, int(counted))
    return missing


def _in_our_units(quantity: Quantity, raw: float) -> float:
    if quantity is not Quantity.PRECIPITATION:
        return round(raw - ZERO_CELSIUS_K, 2)
    return 0.0 if round(raw, 1) == TRACE_MM else round(raw, 1)


def _reason(quantity: Quantity, n_missing: int) -> str:
    most = 0 if quantity is Quantity.PRECIPITATION else MOST_MISSING_DAYS
    return f"the report misses {n_missing} days of the month" if n_missing > most else ""


def _stations(reports: list[_Report]) -> tuple[Station, ...]:
    """The stations in the order of their ids; the last report of each says where it is."""
    found: dict[str, Station] = {}
    for values in (report.values for report in reports):
        station = _station_id(values)
        found[station] = Station(
            station_id=station,
            name=str(values.get("#1#stationOrSiteName", "")).strip() or None,
            latitude=_number(values, "#1#latitude"),
            longitude=_number(values, "#1#longitude"),
            elevation_m=_number(values, "#1#heightOfStationGroundAboveMeanSeaLevel"),
        )
    return tuple(found[station] for station in sorted(found))


def _number(values: Values, key: str) -> float | None:
    return float(values[key]) if key in values else None
