"""Bring gauge records in: check them, keep their bytes, save months and refused records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.ids import Origin, StationFormat
from pipeline.sources import agency_csv, ghcn_daily
from pipeline.stations.months import monthly_values
from pipeline.stations.observations import StationFile
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.stations import save_quarantined, save_station_months, save_stations

_READERS: Mapping[StationFormat, Callable[[Path], StationFile]] = {
    StationFormat.GHCN_DAILY: ghcn_daily.read,
    StationFormat.AGENCY: agency_csv.read,
}


@dataclass(frozen=True, slots=True)
class IngestedStations:
    """What a station file came to."""

    stations: int
    months: int
    gaps: int
    """Months without a precipitation total."""
    quarantined: int
    is_new: bool
    """Whether these bytes had not come before."""


def ingest_stations(
    installation: Installation, path: Path, station_format: StationFormat
) -> IngestedStations:
    """Archive a station file and save its months, all or nothing.

    Raises:
        InputError: a line cannot be understood; nothing of the file is saved.
        ConflictError: the warehouse holds simulated data: gauges are real.
    """
    with recorded(installation.warehouse, "ingest") as report:
        file = _READERS[station_format](path)
        months = monthly_values(file.observations, file.resolution)
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            claim_origin(connection, Origin.REAL, str(path))
            sidecar = {
                "source": str(station_format),
                "origin": Origin.REAL,
                "received_at": installation.clock().isoformat(),
            }
            raw = installation.archive.keep(path, source=str(station_format), sidecar=sidecar)
            file_id, is_new = save_file(
                connection,
                raw,
                kind="stations",
                source=str(station_format),
                product=None,
                origin=Origin.REAL,
            )
            save_stations(connection, file.stations)
            report.rows = save_station_months(
                connection, months, str(station_format), Origin.REAL, file_id
            )
            save_quarantined(connection, file.quarantined, file_id)
        report.message = f"{path.name}: {len(months)} months"
        gaps = int(months["gap"].notna().sum())
        return IngestedStations(
            len(file.stations), len(months), gaps, len(file.quarantined), is_new
        )


def ingest_waiting_stations(installation: Installation) -> int:
    """Take every file in ``incoming/stations/FORMAT``; return how many were new.

    Files stay where they are: the same bytes twice change nothing, and wake nobody.

    Raises:
        InputError: as `ingest_stations`; files before it by name are taken.
    """
    waiting = [
        (path, form)
        for form in StationFormat
        for path in sorted((installation.settings.incoming / "stations" / form).glob("*"))
        if path.is_file() and not path.name.startswith(".")
    ]
    return sum(ingest_stations(installation, path, form).is_new for path, form in waiting)
