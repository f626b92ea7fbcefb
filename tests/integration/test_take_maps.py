"""From archived files to maps in the grid store: per cell, by the same rules as per landscape.

A landscape of Uzbekistan, and files on a lattice of one degree that cover a few cells of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely import box
from sqlalchemy import text

from pipeline.core.errors import ConflictError
from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month
from pipeline.indices.pet import hargreaves_mm, reference_evapotranspiration_mm
from pipeline.landscapes.landscape import Landscape
from pipeline.sources import grid_files
from pipeline.sources.grid_store import GridStore
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.source_store import CLIMATE, opened
from pipeline.steps.take_maps import take_maps
from tests.unit.grids.raw import raw

pytestmark = pytest.mark.postgres

SOURCE = "grid"
FEBRUARY = Month(2024, 2)
MARCH = Month(2024, 3)
WEST, EAST = (60.0, 61.0, 62.0), (63.0, 64.0, 65.0)
LATITUDES = (41.0, 40.0)
RAIN, PET, HARGREAVES = "precipitation_mm", "pet_mm", "pet_hargreaves_mm"

Write = Callable[..., Path]
Maps = Callable[[], GridStore]


@pytest.fixture
def place(installation: Installation) -> Installation:
    """An installation with one landscape, in Uzbekistan."""
    load_landscapes(installation, [landscape("middle", Country.UZBEKISTAN, 60.5)])
    return installation


def landscape(landscape_id: str, country: Country, west: float) -> Landscape:
    boundary = box(west, 39.5, west + 1.0, 41.5)
    return Landscape(
        landscape_id, country, landscape_id, {}, LandUse.RAINFED, False, False, None, boundary
    )


@pytest.fixture
def ingest(place: Installation, tmp_path: Path) -> Write:
    """Write a file of rain (mm a day) and what else is said, for some months, and ingest it."""
    numbers = iter(range(100))

    def file(
        rain: float | Sequence[float] | np.ndarray | None,
        months: Sequence[Month] = (FEBRUARY, MARCH),
        *,
        longitudes: Sequence[float] = WEST,
        latitudes: Sequence[float] = LATITUDES,
        expver: str = "0001",
        origin: str | None = None,
        product: str = "monthly-mean",
        **others: float,
    ) -> Path:
        path = tmp_path / f"grid-{next(numbers)}.nc"
        water = {} if rain is None else {"tp": np.asarray(rain) / 1000}
        raw(
            {**water, **others},
            [f"{month}-01" for month in months],
            latitudes=latitudes,
            longitudes=longitudes,
            expver=expver,
            origin=origin,
        ).to_netcdf(path)
        ingest_grid(place, path, source=SOURCE, product=None if rain is None else product)
        return path

    return file


@pytest.fixture
def taken(place: Installation) -> Maps:
    """Bring the maps up to date."""

    def store() -> GridStore:
        found = take_maps(place, SOURCE, None, lambda what, done, of: None)
        assert found is not None
        return found

    return store


def at(store: GridStore, month: Month, name: str = RAIN) -> dict[tuple[float, float], float]:
    """The values of a map by latitude and longitude, those that are there, to four decimals."""
    values = store.read(CLIMATE, name, [month])[0].reshape(store.grid.shape)
    return {
        (store.grid.latitudes[row], store.grid.longitudes[column]): round(
            float(values[row, column]), 4
        )
        for row, column in np.argwhere(~np.isnan(values))
    }


def chunk(store: GridStore, month: Month) -> tuple[int, bytes]:
    """When the map of a month was written, and its bytes."""
    number = month.ordinal - Month(1940, 1).ordinal
    path = Path(store.place) / CLIMATE / RAIN / "c" / str(number) / "0" / "0"
    return path.stat().st_mtime_ns, path.read_bytes()


def test_rain_a_day_becomes_rain_a_month_in_its_cell(ingest: Write, taken: Maps) -> None:
    ingest(np.arange(12).reshape(2, 2, 3))
    store = taken()
    # The box of Uzbekistan, 37.0 to 46.0 and 55.5 to 73.5, in cells of one degree.
    assert (store.grid.latitudes[0], store.grid.latitudes[-1]) == (46.0, 37.0)
    assert (store.grid.longitudes[0], store.grid.longitudes[-1]) == (56.0, 73.0)
    # February of 2024 has 29 days, March 31.
    assert at(store, FEBRUARY) == {
        (41.0, 60.0): 0.0, (41.0, 61.0): 29.0, (41.0, 62.0): 58.0,
        (40.0, 60.0): 87.0, (40.0, 61.0): 116.0, (40.0, 62.0): 145.0,
    }  # fmt: skip
    assert at(store, MARCH)[40.0, 62.0] == 341.0
    assert at(store, MARCH, PET) == {}


def test_pet_by_both_methods_beside_the_rain(ingest: Write, taken: Maps) -> None:
    inputs = {"t2m": 290.0, "d2m": 280.0, "si10": 2.0, "ssrd": 1.8e7}
    path = ingest(1.0, **inputs)
    store = taken()
    assert at(store, FEBRUARY, HARGREAVES) == {}
    # Another product of the source, by the hour of the day, comes as a file of its own.
    heat = ingest(None, t2m=290.5, mx2t=296.0, mn2t=285.0)
    store = taken()
    for name, file, method in (
        (PET, path, reference_evapotranspiration_mm),
        (HARGREAVES, heat, hargreaves_mm),
    ):
        expected = method(grid_files.read(file, product="monthly-mean"))
        for (latitude, longitude), value in at(store, MARCH, name).items():
            cell = expected.sel(month="2024-03-01", latitude=latitude, longitude=longitude)
            assert value == pytest.approx(float(cell), abs=1e-4)
        assert len(at(store, MARCH, name)) == 6
    assert set(at(store, MARCH).values()) == {31.0}


def test_nothing_is_done_twice(ingest: Write, taken: Maps) -> None:
    ingest([1.0, 2.0])
    store = taken()
    before = [chunk(store, month) for month in (FEBRUARY, MARCH)]
    assert [chunk(taken(), month) for month in (FEBRUARY, MARCH)] == before


def test_a_final_value_redoes_its_month_alone(ingest: Write, taken: Maps) -> None:
    ingest([1.0, 2.0], expver="0005")
    store = taken()
    kept, numbers = chunk(store, FEBRUARY), store.fingerprints(CLIMATE)
    ingest(3.0, [MARCH])
    store = taken()
    assert set(at(store, MARCH).values()) == {93.0}
    assert chunk(store, FEBRUARY) == kept
    assert store.fingerprints(CLIMATE)[FEBRUARY] == numbers[FEBRUARY]
    assert store.fingerprints(CLIMATE)[MARCH] != numbers[MARCH]


@pytest.mark.parametrize("is_final_first", [True, False], ids=["final first", "final last"])
def test_the_final_value_holds_whichever_came_last(
    ingest: Write, taken: Maps, *, is_final_first: bool
) -> None:
    given = [(1.0, "0001"), (9.0, "0005")]
    for rain, expver in given if is_final_first else given[::-1]:
        ingest(rain, expver=expver)
        store = taken()
    assert set(at(store, FEBRUARY).values()) == {29.0}


def test_a_cell_takes_the_preliminary_value_where_no_final_one_reaches(
    ingest: Write, taken: Maps
) -> None:
    ingest(1.0, longitudes=WEST)
    ingest(2.0, longitudes=(*WEST, *EAST), expver="0005")
    rain = at(taken(), FEBRUARY)
    assert {rain[41.0, east] for east in WEST} == {29.0}
    assert {rain[41.0, east] for east in EAST} == {58.0}


def test_files_of_two_parts_of_the_area_add_up(ingest: Write, taken: Maps) -> None:
    ingest(1.0, longitudes=WEST)
    ingest(2.0, longitudes=EAST)
    rain = at(taken(), FEBRUARY)
    assert len(rain) == 12
    assert (rain[40.0, 62.0], rain[40.0, 63.0]) == (29.0, 58.0)


def test_the_same_bytes_read_as_another_product(
    place: Installation, ingest: Write, taken: Maps
) -> None:
    path = ingest([1.0, 2.0])
    taken()
    again = path.with_name("again.nc")
    again.write_bytes(path.read_bytes())
    ingest_grid(place, again, source=SOURCE, product="monthly-total")
    assert set(at(taken(), MARCH).values()) == {2.0}


def test_a_file_on_another_lattice_is_left_out_and_told(
    ingest: Write, taken: Maps, caplog: pytest.LogCaptureFixture
) -> None:
    """It came first, but most months are on the other lattice."""
    ingest(5.0, [MARCH, MARCH + 1], longitudes=(60.25, 61.25, 62.25))
    ingest(1.0, [FEBRUARY + n for n in range(-3, 2)])
    with caplog.at_level(logging.WARNING, logger="pipeline.steps.take_maps"):
        store = taken()
    assert set(at(store, MARCH).values()) == {31.0}
    assert MARCH + 1 not in store.fingerprints(CLIMATE)
    assert f"1 files lie on another grid than {store.place} and are" in caplog.text
    assert "left out of the maps: grid-0.nc" in caplog.text
    assert "1 months (2024-04 to 2024-04) have no maps: no other file holds them" in caplog.text
    assert taken().place == store.place


def test_months_after_the_last_that_is_asked_for_wait(place: Installation, ingest: Write) -> None:
    ingest(1.0)
    store = take_maps(place, SOURCE, FEBRUARY, lambda what, done, of: None)
    assert store is not None
    assert list(store.fingerprints(CLIMATE)) == [FEBRUARY]


def test_months_before_the_axis_have_no_maps_and_are_told(
    ingest: Write, taken: Maps, caplog: pytest.LogCaptureFixture
) -> None:
    ingest(1.0, [Month(1939, 12), Month(1940, 1)])
    with caplog.at_level(logging.WARNING, logger="pipeline.steps.take_maps"):
        assert list(taken().fingerprints(CLIMATE)) == [Month(1940, 1)]
    assert "1 months before 1940-01 or after 2099-12 have no maps" in caplog.text


def test_a_month_that_the_register_no_longer_knows_goes(
    place: Installation, ingest: Write, taken: Maps
) -> None:
    ingest(1.0)
    taken()
    with place.warehouse.begin() as connection:
        connection.execute(text("DELETE FROM ops.grid_month WHERE month = '2024-03-01'"))
    assert list(taken().fingerprints(CLIMATE)) == [FEBRUARY]


def test_without_landscapes_or_files_there_is_no_store(
    installation: Installation, tmp_path: Path
) -> None:
    assert take_maps(installation, SOURCE, None, lambda what, done, of: None) is None
    load_landscapes(installation, [landscape("middle", Country.UZBEKISTAN, 60.5)])
    assert take_maps(installation, SOURCE, None, lambda what, done, of: None) is None
    assert opened(installation, SOURCE) is None
    assert not (tmp_path / "var" / "grids").exists()


def test_the_store_is_found_again_and_another_is_made_for_a_wider_area(
    place: Installation, ingest: Write, taken: Maps
) -> None:
    ingest(1.0)
    store = taken()
    found = opened(place, SOURCE)
    assert found is not None
    assert found.place == store.place
    load_landscapes(place, [landscape("far", Country.KAZAKHSTAN, 70.0)])
    assert opened(place, SOURCE) is None
    assert taken().grid.shape > store.grid.shape
    assert taken().place != store.place


def test_a_landscape_beyond_its_country_widens_the_box(
    place: Installation, ingest: Write, taken: Maps
) -> None:
    load_landscapes(place, [landscape("beyond", Country.UZBEKISTAN, 80.2)])
    ingest(1.0)
    assert taken().grid.longitudes[-1] == 81.0


def test_simulated_grids_are_labelled_and_never_mixed_with_real_ones(
    place: Installation, ingest: Write, taken: Maps
) -> None:
    ingest(1.0, origin="simulated")
    climate = xr.open_zarr(taken().place, group=CLIMATE, consolidated=False, chunks=None)
    assert climate.attrs["origin"] == "simulated"
    with place.warehouse.begin() as connection:
        connection.execute(text("UPDATE ops.file SET origin = 'real'"))
    with pytest.raises(ConflictError, match="holds grids of origin 'simulated', expected 'real'"):
        taken()


def test_the_store_may_lie_on_any_url(place: Installation, ingest: Write) -> None:
    ingest(1.0)
    settings = place.settings.model_copy(update={"grids_url": "memory://elsewhere"})
    there = replace(place, settings=settings)
    store = take_maps(there, SOURCE, None, lambda what, done, of: None)
    assert store is not None
    assert len(at(store, MARCH)) == 6
    found = opened(there, SOURCE)
    assert found is not None
    assert found.fingerprints(CLIMATE) == store.fingerprints(CLIMATE)
    assert not (place.settings.var / "grids").exists()
