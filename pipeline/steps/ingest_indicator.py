"""Bring an agency's own indicators in: keep the bytes, save issues, put the rest into quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from pipeline.core.components import Component
from pipeline.core.counts import Counts
from pipeline.core.ids import Origin
from pipeline.plans.issue_table import IndicatorFile, RefusedRow, judged
from pipeline.sources import indicator_files
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.refusal import kept_if_refused
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file
from pipeline.warehouse.indicators import save_issues, save_refused_rows
from pipeline.warehouse.ingests import save_ingest
from pipeline.warehouse.landscapes import read_landscape_keys
from pipeline.warehouse.locks import only_writer

SOURCE = "agency-indicator"
EASTERNMOST = timedelta(hours=6)
"""In Kyrgyzstan it is tomorrow six hours before it is in UTC."""


@dataclass(frozen=True, slots=True)
class IngestedIndicators:
    """What a file of indicators came to."""

    counts: Counts
    """A record is a row of the table."""
    refused: tuple[RefusedRow, ...]

    def __str__(self) -> str:
        """Return the line that is shown to people."""
        return str(self.counts)


@acts_as(Component.INGEST)
def ingest_indicator(installation: Installation, path: Path) -> IngestedIndicators:
    """Archive a file of indicators and save its issues; rows that cannot stand are quarantined.

    The same bytes again change nothing, also after a correction; rows that were refused are
    judged anew, as landscapes may have been loaded since.

    Raises:
        InputError: the file is no such table, or none of its rows can be understood.
        ConflictError: the warehouse holds simulated data: documents of an agency are real. In
            both cases the bytes are kept under ``refused/``.
    """
    with recorded(installation.warehouse, "ingest") as report:
        with kept_if_refused(installation, path):
            file = indicator_files.read(path)
            with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
                done = _take(installation, connection, path, file)
        report.rows = done.counts.stored
        report.message = f"{path.name}: {done}"
        return done


def _take(
    installation: Installation, connection: Connection, path: Path, file: IndicatorFile
) -> IngestedIndicators:
    claim_origin(connection, Origin.REAL, str(path))
    keys = read_landscape_keys(connection)
    standing = judged(file, keys.keys(), _today(installation))
    now = installation.clock().isoformat()
    sidecar = {"source": SOURCE, "origin": Origin.REAL, "received_at": now}
    raw = installation.archive.keep(path, source=SOURCE, sidecar=sidecar)
    file_id, _ = save_file(
        connection, raw, kind="indicator", source=SOURCE, product=None, origin=Origin.REAL
    )
    stored = save_issues(connection, standing.given, keys, file_id)
    save_refused_rows(connection, standing.refused, file_id)
    read, refused = len(file.given) + len(file.refused), len(standing.refused)
    counts = Counts(read, stored, refused, read - stored - refused)
    save_ingest(connection, file_id, counts, standing.assumed or None)
    return IngestedIndicators(counts, standing.refused)


def _today(installation: Installation) -> date:
    return (installation.clock() + EASTERNMOST).date()
