"""The grid store gives back what was written, and tells whatever else is there apart from it."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from fsspec.implementations.memory import MemoryFileSystem
from zarr.storage import LocalStore

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Origin
from pipeline.core.months import Month, months_between
from pipeline.landscapes.weights import Grid
from pipeline.sources.grid_store import (
    GridStore,
    MapKind,
    RewrittenMeanwhileError,
    stored_grids,
)

GRID = Grid((41.0, 40.5, 40.0), (70.0, 70.5, 71.0, 71.5))
RAIN = MapKind("f4", None, "mm", "precipitation of the month")
INDEX = MapKind("i2", 1e-4, "1", "SPI over three months")
JANUARY = Month(2000, 1)
MONTHS = [JANUARY + n for n in range(3)]
MAPS = np.arange(36, dtype=np.float32).reshape(3, 12) / 7
_numbers = itertools.count()


@pytest.fixture(params=["a path", "file:", "memory:"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place for stores of each kind."""
    folder = tmp_path / "grids"
    yield {
        "a path": str(folder),
        "file:": folder.as_uri(),
        "memory:": f"memory://grids-{next(_numbers)}",
    }[request.param]
    MemoryFileSystem.store.clear()


@pytest.fixture
def store(tmp_path: Path) -> GridStore:
    """A store on disk with three months of rain."""
    return filled(str(tmp_path / "grids"))


def filled(url: str, grid: Grid = GRID) -> GridStore:
    store = GridStore.open(url, "era5-land", grid, origin=Origin.REAL)
    store.define("climate", {"rain": RAIN}, attributes={"method_version": 1})
    store.write("climate", MONTHS, {"rain": MAPS}, [7, 8, 9])
    return store


def chunk(store: GridStore, number: int, name: str = "rain") -> Path:
    """The file of one map."""
    return Path(store.place) / "climate" / name / "c" / str(number) / "0" / "0"


NUMBER_OF_JANUARY = (2000 - 1940) * 12


class TestRoundTrip:
    def test_maps_come_back_as_they_were_given_to_another_reader(self, url: str) -> None:
        filled(url)
        store = GridStore.open(url, "era5-land", GRID)
        assert store.fingerprints("climate") == dict(zip(MONTHS, (7, 8, 9), strict=True))
        read = store.read("climate", "rain", [MONTHS[0], MONTHS[2]])
        assert read.dtype == np.float32
        assert np.array_equal(read, MAPS[[0, 2]])

    def test_columns_go_to_their_cells_and_others_are_missing(self, url: str) -> None:
        store = filled(url)
        cells = np.array([11, 2, 5])
        store.write("climate", MONTHS[1:2], {"rain": np.array([[1.5, np.nan, 3.5]])}, [5], cells)
        assert np.array_equal(
            store.read("climate", "rain", MONTHS[1:2]),
            [[np.nan] * 5 + [3.5] + [np.nan] * 5 + [1.5]],
            equal_nan=True,
        )
        few = store.read("climate", "rain", MONTHS[:2], cells)
        assert np.array_equal(few, [MAPS[0, [11, 2, 5]], [1.5, np.nan, 3.5]], equal_nan=True)
        assert store.cells_with_values("climate", "rain") == {
            MONTHS[0]: 12, MONTHS[1]: 2, MONTHS[2]: 12,
        }  # fmt: skip

    def test_months_far_apart_and_over_slabs(self, url: str) -> None:
        store = filled(url)
        months = [Month(1940, 1), *months_between(Month(1999, 1), Month(2005, 12)), Month(2099, 12)]
        maps = np.random.default_rng(1).gamma(2.0, 20.0, (len(months), 12)).astype(np.float32)
        store.write("climate", months, {"rain": maps}, range(1, len(months) + 1))
        assert np.array_equal(store.read("climate", "rain", months), maps)
        assert list(store.fingerprints("climate")) == months

    def test_steps_of_a_packed_array_are_the_decimals_that_were_meant(self, url: str) -> None:
        store = filled(url)
        store.define("index/spi_3", {"value": INDEX}, attributes={})
        values = np.array(
            [[-3.09, -2.0, -1.6, -1.5, -1.3, -1.0, -0.8, -0.5, 0, 3.09, np.nan, 0.123456]]
        )
        store.write("index/spi_3", [JANUARY], {"value": values}, [1])
        read = store.read("index/spi_3", "value", [JANUARY])
        assert np.array_equal(read, values.round(4), equal_nan=True)
        single = values.astype(np.float32)
        store.write("index/spi_3", [JANUARY], {"value": single}, [1])
        assert np.array_equal(store.read("index/spi_3", "value", [JANUARY]), read, equal_nan=True)

    def test_a_map_without_any_value_is_a_map(self, url: str) -> None:
        store = filled(url)
        store.write("climate", MONTHS[:1], {"rain": np.full((1, 12), np.nan)}, [4])
        assert np.isnan(store.read("climate", "rain", MONTHS[:1])).all()
        assert store.fingerprints("climate")[JANUARY] == 4

    def test_a_month_can_be_forgotten(self, url: str) -> None:
        store = filled(url)
        store.forget("climate", [MONTHS[1]])
        assert list(store.fingerprints("climate")) == [MONTHS[0], MONTHS[2]]
        with pytest.raises(InputError, match="got 1 absent, the first of them 2000-02"):
            store.read("climate", "rain", MONTHS)


class TestSets:
    def test_defining_again_changes_nothing(self, url: str) -> None:
        store = filled(url)
        store.define("climate", {"rain": RAIN}, attributes={"method_version": 1})
        assert np.array_equal(store.read("climate", "rain", MONTHS), MAPS)

    def test_an_array_may_be_added_and_has_no_values_in_the_months_held(self, url: str) -> None:
        store = filled(url)
        store.define("climate", {"rain": RAIN, "index": INDEX}, attributes={})
        assert np.isnan(store.read("climate", "index", MONTHS)).all()
        assert np.array_equal(store.read("climate", "rain", MONTHS), MAPS)
        store.write("climate", MONTHS[:1], {"rain": MAPS[:1], "index": MAPS[:1] / 10}, [3])
        assert np.allclose(store.read("climate", "index", MONTHS[:1]), MAPS[:1] / 10, atol=5e-5)

    def test_a_set_that_is_not_there_has_no_months(self, url: str) -> None:
        assert filled(url).fingerprints("index/spi_3") == {}

    def test_two_grids_of_a_source_and_two_sources_are_apart(self, url: str) -> None:
        other = Grid(GRID.latitudes, (70.0, 70.5))
        filled(url)
        assert GridStore.open(url, "era5-land", other).fingerprints("climate") == {}
        assert GridStore.open(url, "cfsr", GRID).fingerprints("climate") == {}
        grids = list(stored_grids(url, "era5-land"))
        assert sorted(grids, key=lambda grid: grid.cells) == [other, GRID]
        assert list(stored_grids(url, "nothing")) == []


class TestStatic:
    VALUES = np.arange(36.0).reshape(12, 3) / 7

    def test_twelve_maps_come_back_whole_or_in_part(self, url: str) -> None:
        store = filled(url)
        cells = np.array([3, 0, 7])
        store.write_static("calibration/spi_3", "alpha", self.VALUES, cells, {"fit": 2**62})
        store = GridStore.open(url, "era5-land", GRID)
        assert np.array_equal(store.read_static("calibration/spi_3", "alpha", cells), self.VALUES)
        march = store.read_static("calibration/spi_3", "alpha", calendar_months=[3])
        assert march.shape == (1, 12)
        assert np.array_equal(march[0, cells], self.VALUES[2])
        attributes = store.static_attributes("calibration/spi_3", "alpha")
        assert attributes is not None
        assert attributes["fit"] == 2**62

    def test_what_is_absent_says_so(self, url: str) -> None:
        store = filled(url)
        assert store.static_attributes("calibration/spi_3", "alpha") is None
        with pytest.raises(InputError, match="calibration/spi_3/alpha, which is absent"):
            store.read_static("calibration/spi_3", "alpha")

    def test_writing_again_replaces(self, url: str) -> None:
        store = filled(url)
        for factor in (1.0, 2.0):
            store.write_static(
                "c", "alpha", self.VALUES * factor, np.array([3, 0, 7]), {"n": factor}
            )
        assert np.array_equal(store.read_static("c", "alpha", np.array([3, 0, 7])), 2 * self.VALUES)

    def test_other_shapes_are_refused(self, url: str) -> None:
        with pytest.raises(InputError, match=r"of \(12, 12\), got \(12, 3\)"):
            filled(url).write_static("c", "alpha", self.VALUES)


class TestRefusals:
    def test_a_set_that_was_never_defined(self, store: GridStore) -> None:
        with pytest.raises(InputError, match="expected a set index/spi_3, which is absent"):
            store.write("index/spi_3", MONTHS, {"value": MAPS}, [1, 2, 3])
        with pytest.raises(InputError, match="expected a set index/spi_3, which is absent"):
            store.read("index/spi_3", "value", MONTHS)

    @pytest.mark.parametrize(
        "months",
        [
            pytest.param([Month(1939, 12)], id="before the axis"),
            pytest.param([Month(2100, 1)], id="after the axis"),
            pytest.param([Month(2001, 2), Month(2001, 1)], id="out of order"),
            pytest.param([Month(2001, 1), Month(2001, 1)], id="twice"),
        ],
    )
    def test_months_that_have_no_place(self, store: GridStore, months: list[Month]) -> None:
        with pytest.raises(InputError, match="expected months from 1940-01 to 2099-12, each once"):
            store.write("climate", months, {"rain": MAPS[: len(months)]}, [1] * len(months))

    @pytest.mark.parametrize(
        ("maps", "fingerprints", "cells", "said"),
        [
            pytest.param({"rain": MAPS[:2]}, [1, 2, 3], None, r"got \(2, 12\)", id="a month short"),
            pytest.param(
                {"rain": MAPS[:, :5]}, [1, 2, 3], None, r"\(3, 12\), got", id="cells short"
            ),
            pytest.param(
                {"rain": MAPS}, [1, 2, 3], [1, 2], r"of \(3, 2\), got", id="too many cells"
            ),
            pytest.param(
                {"snow": MAPS}, [1, 2, 3], None, "expected rain, got snow", id="other name"
            ),
            pytest.param({}, [1, 2, 3], None, "expected rain, got ;", id="no map"),
            pytest.param(
                {"rain": MAPS}, [1, 0, 3], None, "0 says that", id="the number of absence"
            ),
            pytest.param({"rain": MAPS}, [1, 2], None, r"got \[1, 2\]", id="a number short"),
            pytest.param(
                {"rain": (MAPS + 1) * np.inf}, [1, 2, 3], None, "too large", id="infinite"
            ),
        ],
    )
    def test_maps_that_do_not_fit(
        self, store: GridStore, maps: dict[str, np.ndarray], fingerprints: list[int],
        cells: list[int] | None, said: str,
    ) -> None:  # fmt: skip
        with pytest.raises(InputError, match=said):
            store.write(
                "climate", MONTHS, maps, fingerprints, None if cells is None else np.array(cells)
            )

    def test_an_index_too_large_for_its_steps_leaves_the_month_absent(
        self, store: GridStore
    ) -> None:
        store.define("index", {"value": INDEX}, attributes={})
        store.write("index", MONTHS, {"value": MAPS / 10}, [1, 2, 3])
        with pytest.raises(
            InputError, match=r"index/value: a value is too large .* at most 3.2767"
        ):
            store.write("index", MONTHS[:1], {"value": np.full((1, 12), -3.3)}, [4])
        assert list(store.fingerprints("index")) == MONTHS[1:]

    def test_another_kind_under_a_name_that_is_taken(self, store: GridStore) -> None:
        with pytest.raises(ConflictError, match=r"climate/rain is .*'f4'.*expected .*'i2'"):
            store.define("climate", {"rain": INDEX}, attributes={})

    def test_grids_of_another_origin(self, store: GridStore, tmp_path: Path) -> None:
        with pytest.raises(ConflictError, match="origin 'real', expected 'simulated'"):
            GridStore.open(str(tmp_path / "grids"), "era5-land", GRID, origin=Origin.SIMULATED)

    def test_a_name_that_is_not_in_the_set(self, store: GridStore) -> None:
        with pytest.raises(InputError, match="expected one of rain, got 'snow'"):
            store.read("climate", "snow", MONTHS)

    def test_a_cell_outside_the_grid(self, store: GridStore) -> None:
        with pytest.raises(InputError, match="cells from 0 to 11, got 12"):
            store.read("climate", "rain", MONTHS, np.array([3, 12]))
        with pytest.raises(InputError, match="cells from 0 to 11, got -1"):
            store.write("climate", MONTHS, {"rain": MAPS[:, :1]}, [1, 2, 3], np.array([-1]))

    @pytest.mark.parametrize("scale", [None, 0.3], ids=["none", "not one over a whole number"])
    def test_a_packed_kind_without_a_scale_that_packs(self, scale: float | None) -> None:
        with pytest.raises(InputError, match="one over a whole number with i2"):
            MapKind("i2", scale, "1", "an index")

    @pytest.mark.parametrize("url", ["file://grids/here", "local://grids"])
    def test_a_file_url_that_names_a_machine(self, url: str) -> None:
        with pytest.raises(InputError, match="DROUGHT_GRIDS_URL: expected file:///folder"):
            GridStore.open(url, "era5-land", GRID)

    def test_a_url_that_nothing_can_open(self) -> None:
        with pytest.raises(
            InputError, match="DROUGHT_GRIDS_URL: expected a URL that fsspec can open"
        ):
            GridStore.open("nowhere://grids", "era5-land", GRID)


class TestPlaces:
    """A store is found where it was made, however the place is written."""

    @pytest.mark.parametrize(
        "written",
        [
            pytest.param(lambda folder: folder.as_uri(), id="a file URL with its spaces escaped"),
            pytest.param(lambda folder: folder.as_uri().replace("///", "/"), id="with one slash"),
            pytest.param(str, id="a path with spaces"),
            pytest.param(lambda folder: f"~/{folder.name}", id="below the home folder"),
            pytest.param(lambda folder: folder.name, id="a relative path"),
        ],
    )
    def test_a_folder_with_a_space_a_letter_and_a_percent_sign(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Callable[[Path], str]
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        folder = tmp_path / "the grids ü %20"
        filled(written(folder))
        assert list(stored_grids(written(folder), "era5-land")) == [GRID]
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]


class RewrittenStore(LocalStore):
    """A folder in which somebody else writes when a file `at` is first asked for."""

    at = ""

    def __init__(self, root: str, rewrite: Callable[[], None]) -> None:
        super().__init__(root)
        self.rewrite = rewrite

    async def get(self, key: str, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - Zarr's own
        if self.at and key.startswith(self.at):
            self.at = ""
            await asyncio.to_thread(self.rewrite)
        return await super().get(key, *given, **named)


class TestWriterBeside:
    """Who reads while another writes is told so: not that the store is damaged."""

    @pytest.mark.parametrize("at", ["climate/rain/c", "climate/rain_cells/c"])
    @pytest.mark.parametrize("cells", [12, 7], ids=["as many values", "fewer values"])
    def test_months_written_anew(self, store: GridStore, at: str, cells: int) -> None:
        anew = np.where(np.arange(12) < cells, MAPS[:2] + 1.0, np.nan)
        reader = self.reader(
            store, lambda: store.write("climate", MONTHS[:2], {"rain": anew}, [17, 18])
        )
        reader.read("climate", "rain", MONTHS)
        store_of(reader).at = at
        with pytest.raises(RewrittenMeanwhileError, match="changed while it was read; try again"):
            reader.read("climate", "rain", MONTHS)
        assert np.array_equal(reader.read("climate", "rain", MONTHS)[:2], anew, equal_nan=True)

    def test_other_months_do_not_matter(self, store: GridStore) -> None:
        reader = self.reader(
            store, lambda: store.write("climate", MONTHS[2:], {"rain": MAPS[:1]}, [19])
        )
        store_of(reader).at = "climate/rain/c"
        assert np.array_equal(reader.read("climate", "rain", MONTHS[:2]), MAPS[:2])

    @pytest.mark.parametrize("cells", [12, 7], ids=["as many values", "fewer values"])
    def test_the_maps_of_a_calibration(self, store: GridStore, cells: int) -> None:
        store.write_static("c", "alpha", np.ones((12, 12)), attributes={"made_of": 1})
        anew = np.where(np.arange(12) < cells, np.full((12, 12), 2.0), np.nan)
        reader = self.reader(
            store, lambda: store.write_static("c", "alpha", anew, attributes={"made_of": 2})
        )
        store_of(reader).at = "c/alpha/c/4"
        with pytest.raises(RewrittenMeanwhileError, match="changed while it was read; try again"):
            reader.read_static("c", "alpha")

    def reader(self, store: GridStore, rewrite: Callable[[], None]) -> GridStore:
        return GridStore.within(
            RewrittenStore(store.place, rewrite), store.place, "era5-land", GRID
        )


def store_of(reader: GridStore) -> RewrittenStore:
    held = reader._store
    assert isinstance(held, RewrittenStore)
    return held


class TestDamage:
    """Never NaN in silence: what is not as it was written is an error that says what to do."""

    @pytest.mark.parametrize("size", [0, 3, 40], ids=["empty", "three bytes", "cut short"])
    def test_a_map_that_was_cut(self, store: GridStore, size: int) -> None:
        path = chunk(store, NUMBER_OF_JANUARY + 1)
        path.write_bytes(path.read_bytes()[:size])
        self.is_told(store, "climate/rain/c/721/0/0, the map of 2000-02, is damaged or lost")

    def test_a_map_with_one_bit_turned(self, store: GridStore) -> None:
        path = chunk(store, NUMBER_OF_JANUARY + 1)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        self.is_told(store, "climate/rain/c/721/0/0, the map of 2000-02, is damaged or lost")

    def test_a_map_that_was_lost(self, store: GridStore) -> None:
        chunk(store, NUMBER_OF_JANUARY + 1).unlink()
        self.is_told(store, "climate/rain/c/721/0/0, the map of 2000-02, is damaged or lost")

    def test_the_map_of_another_month_in_its_place(self, store: GridStore) -> None:
        partly = np.where(np.arange(12) < 5, 1.0, np.nan)[np.newaxis]
        store.write("climate", [Month(2001, 1)], {"rain": partly}, [1])
        shutil.copy(chunk(store, NUMBER_OF_JANUARY + 12), chunk(store, NUMBER_OF_JANUARY + 1))
        self.is_told(
            store, "the map of 2000-02, is damaged or lost.*5 cells with a value instead of 12"
        )

    def test_maps_beside_it_can_still_be_read(self, store: GridStore) -> None:
        chunk(store, NUMBER_OF_JANUARY + 1).write_bytes(b"")
        assert np.array_equal(store.read("climate", "rain", [MONTHS[2]]), MAPS[2:])

    @pytest.mark.parametrize("name", ["rain_cells/c/0", "fingerprint/c/0"])
    def test_the_numbers_beside_the_maps(self, store: GridStore, name: str) -> None:
        (Path(store.place) / "climate" / name).write_bytes(b"something else")
        self.is_told(store, name.partition("/")[0])

    @pytest.mark.parametrize("name", ["zarr.json", "climate/zarr.json", "climate/rain/zarr.json"])
    def test_a_description(self, store: GridStore, name: str, tmp_path: Path) -> None:
        (Path(store.place) / name).write_bytes(b"{")
        with pytest.raises(InputError, match=r"the description|its description"):
            GridStore.open(str(tmp_path / "grids"), "era5-land", GRID).read(
                "climate", "rain", MONTHS
            )

    def test_the_maps_of_a_calibration(self, store: GridStore) -> None:
        store.write_static("c", "alpha", np.ones((12, 12)))
        (Path(store.place) / "c/alpha/c/4/0/0").unlink()
        with pytest.raises(
            InputError, match=r"c/alpha/c/4/0/0 is damaged or lost.*0 cells .* of 12"
        ):
            store.read_static("c", "alpha")
        (Path(store.place) / "c/alpha/c/4/0/0").write_bytes(b"")
        with pytest.raises(InputError, match="c/alpha/c/4/0/0 is damaged or lost"):
            store.read_static("c", "alpha")

    def is_told(self, store: GridStore, said: str) -> None:
        with pytest.raises(
            InputError, match=f"{said}.*delete the store at .*: it is made anew from the archive"
        ):
            store.read("climate", "rain", MONTHS)


class TestXarray:
    """Whoever opens the store with xarray alone sees times, values, units and where it is from."""

    def opened(self, store: GridStore, group: str) -> xr.Dataset:
        return xr.open_zarr(store.place, group=group, consolidated=False, chunks=None)

    def test_months_values_and_words(self, store: GridStore) -> None:
        climate = self.opened(store, "climate")
        assert climate["month"].dtype.kind == "M"
        assert str(climate["month"].to_numpy()[0])[:10] == "1940-01-01"
        assert str(climate["month"].to_numpy()[-1])[:10] == "2099-12-01"
        assert climate["rain"].dims == ("month", "latitude", "longitude")
        assert climate["rain"].attrs["units"] == "mm"
        assert climate["latitude"].attrs["units"] == "degrees_north"
        assert (climate.attrs["source"], climate.attrs["origin"]) == ("era5-land", "real")
        assert "Contains modified Copernicus" in climate.attrs["license"]
        held = climate["rain"].sel(month=climate["fingerprint"] != 0)
        assert [str(month)[:7] for month in held["month"].to_numpy()] == [str(m) for m in MONTHS]
        assert np.array_equal(held.to_numpy().reshape(3, -1), MAPS)
        assert held.sel(month="2000-02", latitude=40.0, longitude=71.5).item() == MAPS[1, 11]

    def test_packed_values_are_unpacked(self, store: GridStore) -> None:
        store.define("index/spi_3", {"value": INDEX}, attributes={})
        values = np.array([[-1.6, np.nan, 3.09] + [0.0] * 9])
        store.write("index/spi_3", [JANUARY], {"value": values}, [1])
        index = self.opened(store, "index/spi_3")["value"].sel(month="2000-01-01").to_numpy()
        assert np.allclose(index.ravel(), values[0], atol=1e-6, equal_nan=True)

    def test_maps_of_a_calibration(self, store: GridStore) -> None:
        store.write_static("calibration/spi_3", "alpha", np.ones((12, 12)), None, {"units": "mm"})
        fit = self.opened(store, "calibration/spi_3")
        assert fit["calendar_month"].to_numpy().tolist() == list(range(1, 13))
        assert fit.attrs["origin"] == "real"
        assert float(fit["alpha"].sel(calendar_month=5, latitude=40.5, longitude=70.0)) == 1.0

    def test_south_to_north_stays_as_it_is(self, tmp_path: Path) -> None:
        upside_down = Grid(GRID.latitudes[::-1], GRID.longitudes)
        store = filled(str(tmp_path / "grids"), upside_down)
        rain = self.opened(store, "climate")["rain"].sel(month="2000-01", latitude=40.0)
        assert np.array_equal(rain.to_numpy().ravel(), MAPS[0, :4])

    def test_simulated_grids_say_so_wherever_they_are_opened(self, tmp_path: Path) -> None:
        store = GridStore.open(str(tmp_path), "era5-land", GRID, origin=Origin.SIMULATED)
        store.define("climate", {"rain": RAIN}, attributes={})
        for group in ("", "climate"):
            attributes = self.opened(store, group).attrs
            assert attributes["origin"] == "simulated"
            assert attributes["title"].startswith("SIMULATED")
            assert "license" not in attributes


def test_the_example_in_the_handbook_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = GridStore.open(str(tmp_path / "var" / "grids"), "era5-land", GRID)
    store.define("climate", {"precipitation_mm": RAIN}, attributes={})
    store.define("index/1991-2020/spi_3", {"value": INDEX}, attributes={})
    july = Month(2021, 7)
    store.write("index/1991-2020/spi_3", [july], {"value": MAPS[:1] / 10 - 2}, [1])
    handbook = (Path(__file__).parents[3] / "docs" / "analyst.md").read_text()
    (example,) = [
        part.partition("```")[0] for part in handbook.split("```python\n") if "open_zarr" in part
    ]
    monkeypatch.chdir(tmp_path)
    exec(example, {})  # noqa: S102 - it is ours
    assert capsys.readouterr().out == "-2.0 1 mm\n"


def test_a_password_in_the_url_is_never_shown() -> None:
    with pytest.raises(InputError) as refused:
        GridStore.open("memory://user:secret@grids", "era5-land", GRID).read("climate", "rain", [])
    assert "secret" not in str(refused.value)
