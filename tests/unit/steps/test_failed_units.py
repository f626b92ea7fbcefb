"""Units of systemd that failed, as `drought status` learns of them: by a file of their name."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.steps.machine import FailedUnit, read_disks, read_failed_units
from pipeline.steps.metrics import as_openmetrics
from pipeline.steps.standing import stand
from pipeline.steps.verdict import of_units

SINCE = datetime(2026, 11, 8, 6, 15, tzinfo=UTC)


def away() -> Installation:
    raise InputError("database: none")


def noted(var: Path, name: str) -> None:
    (var / "units").mkdir(parents=True, exist_ok=True)
    (var / "units" / name).touch()
    os.utime(var / "units" / name, (SINCE.timestamp(), SINCE.timestamp()))


def test_a_note_is_a_failure_since_it_was_made(tmp_path: Path) -> None:
    noted(tmp_path, "drought-run.service")
    noted(tmp_path, "drought-backup.service")
    assert read_failed_units(Settings(var=tmp_path)) == [
        FailedUnit("drought-backup.service", SINCE),
        FailedUnit("drought-run.service", SINCE),
    ]


def test_notices_that_cannot_be_read_are_not_known_which_is_not_none(tmp_path: Path) -> None:
    (tmp_path / "units").write_text("in the way", encoding="utf-8")
    settings = Settings(var=tmp_path)
    assert read_failed_units(settings) is None
    found = stand(lambda: settings, away, clock=lambda: SINCE)
    (reason,) = [one for one in found.reasons if one.what == "unit"]
    assert reason.verdict == "attention"
    assert "whether units failed is not known" in reason.said


def test_a_folder_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, backups=tmp_path / ("x" * 300))
    disks = {disk.folder: disk for disk in read_disks(settings)}
    lost = disks.pop("backups")
    assert (lost.free_bytes, lost.size_bytes, lost.trouble) == (None, None, "File name too long")
    assert set(disks) == {"var", "archive", "grids"}
    assert all(disk.free_bytes for disk in disks.values())
    found = stand(lambda: settings, away, clock=lambda: SINCE)
    said = [one.said for one in found.reasons if one.what == "disk"]
    assert "the room for backups is not known, it cannot be read (File name too long)" in said[-1]
    written = as_openmetrics(found).decode()
    assert 'drought_disk_free_bytes{folder="var"}' in written
    assert 'drought_disk_free_bytes{folder="backups"}' not in written


def test_without_units_none_failed(tmp_path: Path) -> None:
    assert read_failed_units(Settings(var=tmp_path)) == []


@pytest.mark.parametrize(
    ("days", "verdict"), [(1, "attention"), (3, "broken")], ids=["since a day", "for longer"]
)
def test_what_fails_for_days_is_broken(days: int, verdict: str) -> None:
    [reason] = of_units(SINCE + timedelta(days=days), [FailedUnit("drought-run.service", SINCE)])
    assert (reason.what, reason.verdict) == ("unit", verdict)
    assert "drought-run.service fails since 2026-11-08 06:15 UTC" in reason.said
    assert "journalctl -u drought-run.service" in reason.said


def test_it_is_told_where_the_database_is_away(tmp_path: Path) -> None:
    noted(tmp_path, "drought-postgres.service")
    found = stand(lambda: Settings(var=tmp_path), away, clock=lambda: SINCE)
    assert [one.what for one in found.reasons if one.what != "disk"] == ["database", "unit"]
