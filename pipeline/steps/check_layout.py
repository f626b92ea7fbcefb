"""Try a layout on a file before anything is loaded: what of it would be understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.sources import agency_tables
from pipeline.sources.layouts import layout_for, read_layout
from pipeline.stations.observations import StationFile

ROWS_SHOWN = 10


def check_layout(layout_path: Path, data: Path | None) -> Iterator[str]:
    """Read a layout and, with it, one file; yield what came of it, line by line, for people.

    Nothing is saved.

    Raises:
        InputError: the layout, or the file as a whole, cannot be understood.
    """
    layout = read_layout(layout_path)
    patterns = ", ".join(layout.files) or "no files: it must be named with --layout"
    yield f"{layout_path.name}: a layout for {patterns}"
    if data is None:
        return
    if layout_for(data, {layout_path.name: layout}) is None:
        yield f"{data.name}: none of its patterns names this file"
    yield from _shown(data.name, agency_tables.read(data, layout))


def _shown(name: str, file: StationFile) -> Iterator[str]:
    yield (
        f"{name}: {file.resolution}, {len(file.stations)} stations, {len(file.records)} values, "
        f"{len(file.unread)} unread"
    )
    if file.assumed:
        yield f"assumed: {file.assumed}"
    for station in file.stations[:ROWS_SHOWN]:
        place = f"{station.latitude} N, {station.longitude} E, {station.elevation_m} m"
        known = "no position" if station.latitude is None else place
        seen_by = station.disclosure or "restricted, as nothing is said"
        yield f"station {station.station_id} {station.name or ''}: {known}; {seen_by}"
    for row in file.records.head(ROWS_SHOWN).itertuples():
        yield (
            f"line {row.line}: {row.station_id} {row.quantity} {row.value:g}, "
            f"{row.n_days} days to {row.last_day:%Y-%m-%d}, written {row.text!r}"
        )
    for refused in file.unread[:ROWS_SHOWN]:
        yield f"unread line {refused.line}: {refused.reason}, got {refused.record!r}"
