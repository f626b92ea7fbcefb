"""Whether a file as a whole is in its format: a few lines may be unread, not most of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations.observations import RECORD_COLUMNS, Quarantined, StationFile


def accepted(file: str, format_: str, remedy: str, read: StationFile) -> StationFile:
    """Return what was read, its records and its unread lines in the order of the file.

    Raises:
        InputError: no record at all, or more unread than read, by lines or by values; the first
            of the unread lines is named.
    """
    records = read.records.sort_values("line", kind="stable").reset_index(drop=True)
    unread = tuple(sorted(read.unread, key=lambda refused: refused.line))
    read_lines = set(records["line"])
    lost_lines = {refused.line for refused in unread} - read_lines
    if records.empty or len(lost_lines) > len(read_lines) or len(unread) > len(records):
        raise InputError(
            f"{file}: expected {format_}, got {len(records)} values that can be read and "
            f"{len(unread)} that cannot{_first(unread)}; {remedy}"
        )
    typed = records[list(RECORD_COLUMNS)].astype({"line": int, "n_days": int})
    return replace(read, records=typed, unread=unread)


def without_days_to_come(file: str, read: StationFile, received: date) -> StationFile:
    """Return the file with the values of periods that were not over when it came as unread.

    A year misprinted into the future would draw the record out to it, and a total of a month that
    still runs would pass for the whole. One day more is let through: where the clock says today, it
    may be tomorrow at the gauge.
    """
    is_to_come = read.records["last_day"] > pd.Timestamp(received + timedelta(days=1))
    expected = f"expected a day, dekad or month that was over on {received}, when the file came"
    reasons = pd.Series("", read.records.index).mask(is_to_come, expected)
    return replace(
        read,
        records=read.records[~is_to_come],
        unread=(*read.unread, *unread_rows(file, read.records, reasons)),
    )


def unread_rows(
    file: str, rows: pd.DataFrame, reasons: pd.Series, *, record: str = "text"
) -> tuple[Quarantined, ...]:
    """Return one unread record for each row with a reason.

    Args:
        file: the name of the file.
        rows: has the columns ``line`` and the one that `record` names; ``station_id`` if known.
        reasons: why each row cannot be understood; empty where it can.
        record: the column that holds the record as it came.
    """
    lost = rows[reasons != ""]
    stations = lost["station_id"] if "station_id" in lost else pd.Series("", lost.index)
    return tuple(
        Quarantined(file, int(line), str(station), reason, text)
        for line, station, reason, text in zip(
            lost["line"], stations, reasons[lost.index], lost[record], strict=True
        )
    )


def _first(unread: Iterable[Quarantined]) -> str:
    for refused in unread:
        return f" (line {refused.line}: {refused.reason}, got {refused.record[:80]!r})"
    return ""
