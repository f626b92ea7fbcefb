"""Bring gauge records in: keep their bytes, judge and store every record, make months of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from pipeline.core.components import Component
from pipeline.core.counts import Counts
from pipeline.core.ids import OrderUnits, Origin, StationFormat
from pipeline.sources import station_files
from pipeline.stations.acceptance import without_days_to_come
from pipeline.stations.agency_layout import Layout
from pipeline.stations.checks import KEY, judged, refuse
from pipeline.stations.observations import StationFile
from pipeline.stations.places import positions_of
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.refusal import kept_if_refused
from pipeline.steps.review_stations import Reviewed, review_stations
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file
from pipeline.warehouse.ingests import save_ingest
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.observations import (
    ObservationSeries,
    read_provider_refusals,
    save_observations,
    save_quarantined,
    save_unread,
    withdraw_observations,
)
from pipeline.warehouse.stations import save_positions, save_stations

SOURCES = {
    StationFormat.GHCN_DAILY: "ghcn-daily",
    StationFormat.GHCN_BY_YEAR: "ghcn-daily",
    StationFormat.GHCN_ORDER: "ghcn-daily",
    StationFormat.AGENCY: "agency",
    StationFormat.CLIMAT: "climat",
}
"""Formats of one source give the same values: a station is one series in all of them."""


@dataclass(frozen=True, slots=True)
class IngestedStations:
    """What a station file came to."""

    stations: int
    counts: Counts
    months: int
    """Months of the whole records of its stations, other files' values included."""
    gaps: int
    """Those without a precipitation total."""
    assumed: str
    """What the reader had to assume; empty where the file says all."""
    is_new: bool
    """Whether these bytes had not come before."""

    def __str__(self) -> str:
        """Return the line that is shown to people."""
        line = (
            f"{self.stations} stations; {self.counts}; their records hold {self.months} months, "
            f"{self.gaps} of them gaps"
        )
        return f"{line}; assumed: {self.assumed}" if self.assumed else line


@acts_as(Component.INGEST)
def ingest_stations(
    installation: Installation,
    path: Path,
    station_format: StationFormat | None = None,
    layout: Layout | None = None,
    units: OrderUnits | None = None,
) -> IngestedStations:
    """Archive a station file, store its records, judge the stations, make their months.

    All or nothing, but for what is refused record by record: that goes to quarantine.

    Args:
        installation: where to.
        path: the file.
        station_format: how it is written; None lets the content decide.
        layout: how an agency's own columns are to be understood.
        units: of a Climate Data Online order, which does not name them.

    Raises:
        InputError: the file as a whole is not in a format; its bytes are kept under ``refused/``.
        ConflictError: the warehouse holds simulated data: gauges are real.
    """
    with recorded(installation.warehouse, "ingest") as report:
        with kept_if_refused(installation, path):
            form = station_format or _format_of(path, layout)
            read = station_files.read(path, form, layout, units)
            file = without_days_to_come(path.name, read, installation.clock().date())
            done = _take(installation, path, form, file)
        report.rows = done.counts.stored
        report.message = f"{path.name}: {done}"
        return done


def _format_of(path: Path, layout: Layout | None) -> StationFormat:
    return station_files.format_of(path) if layout is None else StationFormat.AGENCY


def _take(
    installation: Installation, path: Path, form: StationFormat, file: StationFile
) -> IngestedStations:
    sidecar = {
        "source": str(form),
        "origin": Origin.REAL,
        "received_at": installation.clock().isoformat(),
    }
    with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
        claim_origin(connection, Origin.REAL, str(path))
        raw = installation.archive.keep(path, source=str(form), sidecar=sidecar)
        file_id, is_new = save_file(
            connection, raw, kind="stations", source=str(form), product=None, origin=Origin.REAL
        )
        save_stations(connection, file.stations, file_id)
        save_positions(connection, positions_of(file.stations), installation.clock().date())
        series = ObservationSeries(SOURCES[form], file.resolution, file_id)
        counts = save_records(connection, file, series)
        reviewed = review_stations(connection, [one.station_id for one in file.stations])
        save_ingest(connection, file_id, counts, file.assumed or None)
    return _ingested(file, counts, reviewed, is_new=is_new)


def save_records(connection: Connection, file: StationFile, series: ObservationSeries) -> Counts:
    """Store what stands, quarantine what does not, and return what became of every record."""
    records = judged(_refused_before(connection, file, series))
    is_refused = records["reason"] != ""
    standing = records[~is_refused].drop_duplicates(KEY)
    stored, known = save_observations(connection, standing, series)
    withdraw_observations(connection, _withdrawn(file.records, standing), series)
    refused = records[is_refused]
    by_provider = file.records.loc[refused.index, "reason"] != ""
    save_quarantined(connection, refused.assign(by_provider=by_provider), series)
    save_unread(connection, file.unread, series.file_id)
    return Counts(
        read=len(records) + len(file.unread),
        stored=stored,
        quarantined=int(is_refused.sum()) + len(file.unread),
        unchanged=known + int((~is_refused).sum()) - len(standing),
    )


def _refused_before(
    connection: Connection, file: StationFile, series: ObservationSeries
) -> pd.DataFrame:
    """The records; of a file without flags, those refused that the provider's other files refuse."""
    if file.tells_refusals:
        return file.records
    stations = [one.station_id for one in file.stations]
    known = pd.MultiIndex.from_frame(read_provider_refusals(connection, stations, series)[KEY])
    is_known = pd.Series(
        pd.MultiIndex.from_frame(file.records[KEY]).isin(known), file.records.index
    )
    return refuse(file.records, is_known, "refused by the provider in a file that tells its flags")


def _withdrawn(records: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Records that the provider refuses itself, of periods for which it says nothing better."""
    refused = records[records["reason"] != ""]
    told = pd.MultiIndex.from_frame(standing[KEY])
    return refused[~pd.MultiIndex.from_frame(refused[KEY]).isin(told)]


def _ingested(
    file: StationFile, counts: Counts, reviewed: Reviewed, *, is_new: bool
) -> IngestedStations:
    return IngestedStations(
        stations=len(file.stations),
        counts=counts,
        months=reviewed.months,
        gaps=reviewed.gaps,
        assumed=file.assumed,
        is_new=is_new,
    )
