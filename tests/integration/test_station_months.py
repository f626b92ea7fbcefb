"""Gauge values in the warehouse: a better one replaces, a partial one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.ids import StationFormat
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation
from tests.integration.little_world import told

pytestmark = pytest.mark.postgres

HEADER = "station_id,month,precipitation_mm\n"


def ingest(installation: Installation, folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text)
    ingest_stations(installation, path, StationFormat.AGENCY)


def months(installation: Installation) -> list[tuple[object, ...]]:
    return told(
        installation.warehouse,
        "SELECT to_char(month, 'YYYY-MM'), precipitation_mm, gap FROM series.station_month "
        "ORDER BY month",
    )


def test_a_corrected_total_replaces_the_one_held(
    installation: Installation, tmp_path: Path
) -> None:
    ingest(installation, tmp_path, "a.csv", HEADER + "S1,2020-01,10.0\n")
    ingest(installation, tmp_path, "b.csv", HEADER + "S1,2020-01,99.0\n")
    assert months(installation) == [("2020-01", 99.0, None)]
    superseded = told(
        installation.warehouse, "SELECT precipitation_mm FROM series.station_month_superseded"
    )
    assert superseded == [(10.0,)]


def test_a_month_without_a_value_takes_no_total_away(
    installation: Installation, tmp_path: Path
) -> None:
    ingest(installation, tmp_path, "a.csv", HEADER + "S1,2020-01,10.0\nS1,2020-02,20.0\n")
    ingest(installation, tmp_path, "b.csv", HEADER + "S1,2020-01,\nS1,2020-03,30.0\n")
    assert months(installation) == [
        ("2020-01", 10.0, None),
        ("2020-02", 20.0, None),
        ("2020-03", 30.0, None),
    ]
