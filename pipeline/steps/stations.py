"""What a person decides about gauges: where they stood, by which policy, who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from pipeline.core.components import Component
from pipeline.core.counts import Counts
from pipeline.core.errors import InputError
from pipeline.core.ids import Origin, StationFormat
from pipeline.sources.agency_tables import read_stations
from pipeline.stations.agency_layout import Layout
from pipeline.stations.months import Completeness
from pipeline.stations.observations import Disclosure
from pipeline.stations.places import BEGINNING, Position, positions_of
from pipeline.stations.station_list import Place, StationList
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.refusal import kept_if_refused
from pipeline.steps.review_stations import Reviewed, review_stations
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file
from pipeline.warehouse.ingests import save_ingest
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.observations import save_unread
from pipeline.warehouse.stations import (
    read_station_summaries,
    require_stations,
    save_disclosure,
    save_policy,
    save_positions,
    save_stations,
)
from pipeline.warehouse.status import Rows


@acts_as(Component.CONFIGURE)
def load_stations(installation: Installation, path: Path, layout: Layout | None = None) -> Counts:
    """Load a list of stations; return what became of its places.

    Their neighbours may be others than before, so their records are judged anew.

    Raises:
        InputError: the file as a whole is no such list; its bytes are kept under ``refused/``.
        ConflictError: the warehouse holds simulated data: gauges are real.
    """
    with recorded(installation.warehouse, "ingest") as report:
        with kept_if_refused(installation, path):
            counts = _load(installation, path, read_stations(path, layout))
        report.rows = counts.stored
        report.message = f"{path.name}: {counts}"
        return counts


def _load(installation: Installation, path: Path, told: StationList) -> Counts:
    form = str(StationFormat.AGENCY)
    sidecar = {
        "source": form,
        "origin": Origin.REAL,
        "received_at": installation.clock().isoformat(),
    }
    with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
        claim_origin(connection, Origin.REAL, str(path))
        raw = installation.archive.keep(path, source=form, sidecar=sidecar)
        file_id, _ = save_file(
            connection, raw, kind="stations", source=form, product=None, origin=Origin.REAL
        )
        counts = _save_places(connection, told, file_id, installation)
        save_unread(connection, told.unread, file_id)
        review_stations(connection, sorted({one.station.station_id for one in told.places}))
        save_ingest(connection, file_id, counts, "a list of stations")
    return counts


def _save_places(
    connection: Connection, told: StationList, file_id: int, installation: Installation
) -> Counts:
    before = _said(connection)
    save_stations(connection, [one.station for one in told.places], file_id)
    positions = [_position(one, told) for one in told.places]
    known = [position for position in positions if position is not None]
    changed = save_positions(connection, known, installation.clock().date())
    after = _said(connection)
    stored = sum(
        position in changed or before.get(one.station.station_id) != after[one.station.station_id]
        for one, position in zip(told.places, positions, strict=True)
    )
    read, unread = len(told.places), len(told.unread)
    return Counts(read + unread, stored, unread, read - stored)


def _position(place: Place, told: StationList) -> Position | None:
    """Where the gauge stood; in a list that tells of its moves the undated place is the first."""
    station = place.station.station_id
    has_moves = any(one.station.station_id == station and one.valid_from for one in told.places)
    valid_from = place.valid_from or (BEGINNING if has_moves else None)
    return next(iter(positions_of([place.station], valid_from)), None)


def _said(connection: Connection) -> dict[str, tuple[str | None, str]]:
    """Name and disclosure of every gauge."""
    return {
        row["station_id"]: (row["name"], row["disclosure"])
        for row in read_station_summaries(connection)
    }


@acts_as(Component.CONFIGURE)
def choose_policy(
    installation: Installation, stations: Sequence[str], policy: Completeness
) -> Reviewed:
    """Let a policy decide which months of these gauges are whole, and make their months anew.

    Raises:
        InputError: a gauge that is not known.
    """
    _refuse_unknown(installation, stations)
    with recorded(installation.warehouse, "policy") as report:
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            save_policy(connection, stations, policy)
            reviewed = review_stations(connection, stations)
        report.rows = reviewed.changed
        report.message = f"{policy} for {', '.join(stations)}"
        return reviewed


@acts_as(Component.CONFIGURE)
def disclose(
    installation: Installation,
    stations: Sequence[str],
    disclosure: Disclosure,
    *,
    by: str,
    reason: str,
) -> None:
    """Decide under a name who may see gauges. No file changes it afterwards.

    Raises:
        InputError: a gauge that is not known, or no name or reason.
    """
    _refuse_unknown(installation, stations)
    if not by.strip() or not reason.strip():
        raise InputError("disclosure: expected a name and a reason, got nothing; say who and why")
    with recorded(installation.warehouse, "disclose") as report:
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            save_disclosure(
                connection, stations, disclosure, by=by, reason=reason, at=installation.clock()
            )
        report.rows = len(stations)
        report.message = f"{disclosure}: {', '.join(stations)}, by {by}: {reason}"


def _refuse_unknown(installation: Installation, stations: Sequence[str]) -> None:
    """Check names before anything is noted: a wrong one is no outcome."""
    with installation.warehouse.connect() as connection:
        require_stations(connection, stations)


def station_summaries(installation: Installation) -> Rows:
    """Return every gauge with the extent and state of its record."""
    with installation.warehouse.connect() as connection:
        return read_station_summaries(connection)
