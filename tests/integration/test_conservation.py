"""Nothing is lost on the way in: records add up, and what is refused as a whole is kept.

Grids; the same laws for gauge records stand beside their own tests.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pipeline.core.counts import Counts
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Release
from pipeline.sources.archive import checksum
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.warehouse.ingests import save_ingest
from tests.integration.little_world import grid_file, told
from tests.unit.grids.raw import MODA, raw

pytestmark = pytest.mark.postgres

MONTHS = ("2020-01-01", "2020-02-01", "2020-03-01")
SUMS = "SELECT bool_and(n_read = n_stored + n_quarantined + n_unchanged) FROM ops.ingest"

Damage = Callable[[bytes, int], bytes]

DAMAGES: dict[str, Damage] = {
    "as it came": lambda whole, at: whole,
    "cut short": lambda whole, at: whole[:at],
    "one byte changed": lambda whole, at: whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :],
    "ten bytes of zeros": lambda whole, at: whole[:at] + bytes(10) + whole[at + 10 :],
    "twice in one file": lambda whole, at: whole + whole,
    "with bytes behind it": lambda whole, at: whole + whole[:at],
}


def grid(folder: Path, rain_m: float, months: Sequence[str], *, has_gap: bool) -> Path:
    """A small file of two variables; with a gap, its first month holds no rain."""
    rain = np.full((len(months), 2, 3), rain_m)
    if has_gap:
        rain[0] = np.nan
    path = folder / "grid.nc"
    raw({"tp": rain, "t2m": 280.0}, months, history=MODA).to_netcdf(path, engine="netcdf4")
    return path


def take(installation: Installation, path: Path) -> Counts | None:
    """What became of the records of a file; None where it is refused, after a look at its copy."""
    try:
        ingest_grid(installation, path, source="test", release=Release.FINAL)
    except (InputError, ConflictError):
        query = "SELECT archive_key, size_bytes FROM ops.refused_file WHERE sha256 = :sha256"
        ((key, size_bytes),) = told(installation.warehouse, query, sha256=checksum(path))
        assert installation.archive.checksum_of(str(key)) == checksum(path)
        assert size_bytes == path.stat().st_size
        return None
    query = (
        "SELECT n_read, n_stored, n_quarantined, n_unchanged FROM ops.ingest "
        "JOIN ops.file USING (file_id) WHERE sha256 = :sha256 ORDER BY ingest_id DESC LIMIT 1"
    )
    ((read, stored, quarantined, unchanged),) = told(
        installation.warehouse, query, sha256=checksum(path)
    )
    return Counts(int(str(read)), int(str(stored)), int(str(quarantined)), int(str(unchanged)))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    files=st.lists(
        st.tuples(
            st.sampled_from(sorted(DAMAGES)),
            st.floats(0, 1, exclude_max=True),
            st.integers(0, 100).map(lambda n: n * 1e-4),
            st.integers(1, len(MONTHS)),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_grid_file_is_counted_whole_or_kept_as_refused(
    installation: Installation, files: list[tuple[str, float, float, int, bool]]
) -> None:
    for damage, share, rain_m, count, has_gap in files:
        with tempfile.TemporaryDirectory() as folder:
            path = grid(Path(folder), rain_m, MONTHS[:count], has_gap=has_gap)
            whole = path.read_bytes()
            path.write_bytes(DAMAGES[damage](whole, int(share * len(whole))))
            first, second = take(installation, path), take(installation, path)
        if damage == "as it came":
            assert first is not None
            assert first is not None
            assert first.read == 2 * count
        if first is None:
            assert second is None
        else:
            assert first.stored in (0, first.read)
            assert second == Counts(first.read, 0, 0, first.read)
    ((adds_up,),) = told(installation.warehouse, SUMS)
    assert adds_up is not False


def test_a_month_without_any_value_is_a_record_and_becomes_a_gap(
    installation: Installation, tmp_path: Path
) -> None:
    path = grid(tmp_path, 1e-3, MONTHS, has_gap=True)
    assert take(installation, path) == Counts(6, 6, 0, 0)
    assert told(installation.warehouse, "SELECT note FROM ops.ingest") == [
        ("1 months of a variable hold no value: they are gaps",)
    ]
    assert told(installation.warehouse, "SELECT count(*) FROM ops.grid_month") == [(3,)]


def test_cells_that_were_raised_to_zero_are_noted(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "grid.nc"
    rain = np.full((1, 2, 3), 1e-3)
    rain[0, 0, 0] = -1e-6
    raw({"tp": rain}, MONTHS[:1], history=MODA).to_netcdf(path, engine="netcdf4")
    take(installation, path)
    ((note,),) = told(installation.warehouse, "SELECT note FROM ops.ingest")
    assert note == "1 cells of precipitation a little below 0 were raised to 0"


def test_the_database_itself_takes_no_counts_that_lose_a_record(
    installation: Installation,
) -> None:
    with installation.warehouse.begin() as connection:
        file_id = grid_file(connection)
        save_ingest(connection, file_id, Counts(3, 1, 1, 1), None)
    with (
        pytest.raises(IntegrityError, match="nothing_is_lost"),
        installation.warehouse.begin() as connection,
    ):
        connection.execute(text("UPDATE ops.ingest SET n_read = n_read + 1"))
