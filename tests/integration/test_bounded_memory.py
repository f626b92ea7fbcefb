"""However many files come, and however long one is, no more is held than a few months of one.

What Python and numpy hold is counted, not timed: after the first files of a run nothing may stay
behind, and a file of many months may need no more than a short one.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from shapely import box

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month
from pipeline.landscapes.landscape import Landscape
from pipeline.sources import grid_files
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.means import take_means
from tests.unit.grids.raw import MODA, raw
from tests.unit.sources.grib import message

LATITUDES = [round(50 - n / 10, 1) for n in range(100)]
LONGITUDES = [round(60 + n / 10, 1) for n in range(200)]
MAP_BYTES = len(LATITUDES) * len(LONGITUDES) * 4
FIRST = Month(2001, 1)


@pytest.fixture
def counted() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def netcdf(path: Path, first: Month, months: int) -> Path:
    generator = np.random.default_rng(first.ordinal)
    shape = (months, len(LATITUDES), len(LONGITUDES))
    raw(
        {"tp": generator.gamma(2.0, 0.001, shape), "t2m": 280.0},
        [f"{first + n}-01" for n in range(months)],
        latitudes=LATITUDES,
        longitudes=LONGITUDES,
        expver="0001",
        history=MODA,
    ).to_netcdf(path)
    return path


def grib(path: Path, first: Month, months: int) -> Path:
    with path.open("wb") as file:
        for month in (first + n for n in range(months)):
            date = month.year * 10_000 + month.month * 100 + 1
            file.write(message("tp", 0.001, date, latitudes=LATITUDES, longitudes=LONGITUDES))
    return path


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that `work` held at a time."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    work()
    return tracemalloc.get_traced_memory()[1] - before


@pytest.mark.postgres
def test_nothing_of_a_file_stays_behind(
    installation: Installation, tmp_path: Path, counted: None
) -> None:
    boundary = box(61.0, 42.0, 63.0, 45.0)
    load_landscapes(
        installation,
        [
            Landscape(
                "a", Country.UZBEKISTAN, "a", {}, LandUse.RAINFED, False, False, None, boundary
            )
        ],
    )

    def take(n: int) -> None:
        path = netcdf(tmp_path / f"{n}.nc", FIRST + n, 1)
        ingest_grid(installation, path, source="grid")
        take_means(installation, "grid", None, lambda what, done, of: None)

    held, peaks, handles = [], [], []
    for n in range(9):
        peaks.append(peak_of(lambda n=n: take(n)))  # type: ignore[misc]
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
        handles.append(len(list(Path("/proc/self/fd").iterdir())))
    # The first three fill caches of the libraries.
    assert held[-1] - held[2] < MAP_BYTES
    assert max(peaks[3:]) < min(peaks[2:]) + 2 * MAP_BYTES
    assert handles[-1] <= handles[2]


@pytest.fixture(params=[netcdf, grib], ids=["NetCDF", "GRIB"])
def short_and_long(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Files of one year and of four. They are written before anything is counted, which is slow."""
    return tuple(request.param(tmp_path / str(months), FIRST, months) for months in (12, 48))


def test_a_long_file_needs_no_more_than_a_year_of_it(
    short_and_long: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, counted: None
) -> None:
    # As if 64 MB were nothing: what is larger is mapped, and not read whole.
    monkeypatch.setattr(grid_files, "READ_WHOLE_BYTES", 0)
    short, long = short_and_long
    grid_files.contents(short)
    of_a_year = peak_of(lambda: grid_files.contents(short))
    of_four = peak_of(lambda: grid_files.contents(long))
    assert of_four < 1.3 * of_a_year
    assert peak_of(lambda: grid_files.read(long)) > 2 * of_a_year
