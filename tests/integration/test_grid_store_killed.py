"""A writer killed at any moment leaves a store in which every month is whole or absent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.core.months import Month
from pipeline.sources.grid_store import GridStore
from tests.integration import killed_writer
from tests.integration.killed_writer import GRID, HELD, KINDS, PATH, WRITTEN, maps


def stored(folder: Path) -> GridStore:
    return GridStore.within(killed_writer.LocalStore(folder), str(folder), "era5-land", GRID)


def killed(work: str, template: Path, folder: Path, *, at_least: int) -> list[Path]:
    """Copies of `template`, the n-th with `work` killed at its n-th write; the last came to its end."""
    program = [sys.executable, "-m", "tests.integration.killed_writer", work, template, folder]
    folder.mkdir()
    subprocess.run(program, check=True)
    copies = sorted(folder.iterdir(), key=lambda copy: int(copy.name))
    assert len(copies) > at_least, "most writes went past the store that kills"
    return copies


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Six whole months."""
    store = stored(tmp_path / "template")
    killed_writer.define(store)
    store.write(PATH, HELD, maps(HELD, 1), [11, 12, 13, 14, 15, 16])
    return tmp_path / "template"


def test_a_killed_rewrite_leaves_each_month_whole_or_absent(template: Path, tmp_path: Path) -> None:
    seen = []
    untouched = [month for month in HELD if month not in WRITTEN]
    # The clearing, six maps, two counts, the commit.
    for folder in killed("write", template, tmp_path / "killed", at_least=10):
        store = stored(folder)
        held = store.fingerprints(PATH)
        kept = {month: number for month, number in held.items() if month in WRITTEN}
        versions = {
            (): 0,
            ((WRITTEN[0], 13), (WRITTEN[1], 14)): 1,
            tuple(zip(WRITTEN, (22, 23, 24), strict=True)): 2,
        }
        seen.append(versions[tuple(kept.items())])
        for name in KINDS:
            expected = np.float64(maps(list(kept), seen[-1])[name])
            found = store.read(PATH, name, list(kept))
            assert np.allclose(found, expected, rtol=0, atol=5.1e-5 if name == "index" else 0)
        assert chunks(folder, untouched) == chunks(template, untouched)
        plain = xr.open_zarr(folder, group=PATH, consolidated=False, chunks=None)
        whole = plain["rain"].sel(month=plain["fingerprint"] != 0).load()
        assert [Month.of(day) for day in whole["month"].to_index().date] == list(held)
        given = maps(list(held), 1)["rain"], maps(list(held), 2)["rain"]
        is_new = np.array([month in WRITTEN and seen[-1] == 2 for month in held])
        expected = np.where(is_new[:, np.newaxis], given[1], given[0])
        assert np.array_equal(whole.to_numpy().reshape(len(held), -1), expected)
    assert seen == sorted(seen, key=(1, 0, 2).index)
    assert set(seen) == {0, 1, 2}
    # What was left behind is in no later writer's way.
    store = stored(tmp_path / "killed" / "4")
    killed_writer.write(store)
    assert np.array_equal(store.read(PATH, "rain", WRITTEN), maps(WRITTEN, 2)["rain"])


def chunks(folder: Path, months: list[Month]) -> list[bytes]:
    numbers = [month.ordinal - Month(1940, 1).ordinal for month in months]
    places = [folder / PATH / name / "c" / str(n) / "0" / "0" for name in KINDS for n in numbers]
    return [place.read_bytes() for place in places]


def test_a_store_or_a_set_that_was_not_made_to_the_end_is_none(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    copies = killed("define", tmp_path / "nothing", tmp_path / "killed", at_least=20)
    for n, folder in enumerate(copies):
        store = stored(folder)
        assert store.fingerprints(PATH) == {}
        if n % 5 == 0:
            killed_writer.define(store)
            killed_writer.write(store)
            assert np.array_equal(store.read(PATH, "rain", WRITTEN), maps(WRITTEN, 2)["rain"])
            plain = xr.open_zarr(folder, group=PATH, consolidated=False, chunks=None)
            assert set(plain.coords) == {"month", "latitude", "longitude"}
            assert plain["latitude"].to_numpy().tolist() == list(GRID.latitudes)


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "written before"])
def test_maps_of_a_calibration_are_whole_or_absent(
    template: Path, tmp_path: Path, *, is_new: bool
) -> None:
    if not is_new:
        before = np.full((12, 12), 1.0)
        stored(template).write_static("calibration", "alpha", before, None, {"fit": 1})
    seen = set()
    for folder in killed("write_static", template, tmp_path / "killed", at_least=12):
        store = stored(folder)
        attributes = store.static_attributes("calibration", "alpha")
        seen.add(attributes and attributes["fit"])
        if attributes is not None:
            found = store.read_static("calibration", "alpha")
            assert np.array_equal(found, np.full((12, 12), attributes["fit"]))
    assert seen == ({None, 2} if is_new else {1, None, 2})


def test_a_writer_killed_from_outside_at_any_time(template: Path) -> None:
    """A real kill may fall inside a write, too."""
    program = [sys.executable, "-m", "tests.integration.killed_writer", "on-and-on", template]
    untouched = [month for month in HELD if month not in WRITTEN]
    for milliseconds in (3, 17):
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(milliseconds / 1000)
            writer.send_signal(signal.SIGKILL)
        store = stored(template)
        held = store.fingerprints(PATH)
        assert held.keys() >= set(untouched)
        for month in held.keys() & set(WRITTEN):
            expected = maps([month], held[month])["rain"]
            assert np.array_equal(store.read(PATH, "rain", [month]), expected)
        assert np.array_equal(store.read(PATH, "rain", untouched), maps(untouched, 1)["rain"])
