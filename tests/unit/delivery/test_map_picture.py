"""Maps for people and for programs: the colour of each cell, and what must be said beside it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from shapely import MultiPolygon, box

from pipeline.core.errors import DeliveryError
from pipeline.core.ids import IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.delivery.map_picture import (
    CLASSES,
    EXERCISE,
    IndexMap,
    class_of,
    dataset,
    figure,
    save_map,
)
from pipeline.landscapes.weights import Grid

NAN = float("nan")
NORTH_FIRST = Grid((42.0, 41.0, 40.0), (60.0, 61.0, 62.0, 63.0))
VALUES = np.array([[-2.5, -1.7, -1.2, -0.7], [0.0, 0.7, 1.2, 1.7], [2.5, NAN, NAN, -1.0]])
BLIND = np.array([[False] * 4, [False] * 4, [False, True, False, False]])

ONE = IndexMap(
    index=IndexCode.parse("spi_12"),
    month=Month(2001, 6),
    grid=NORTH_FIRST,
    values=VALUES,
    is_blind=BLIND,
    boundaries=[MultiPolygon([box(59.6, 39.6, 60.4, 40.4)])],
    source="cfsr",
    calibration="1981-2010",
    release=Release.FINAL,
    origin=Origin.REAL,
    pet=None,
    software="the software",
)


def words(one: IndexMap) -> str:
    """All that is written on the picture."""
    found = [text.get_text() for text in figure(one).findobj(Text)]
    return " ".join(" ".join(found).split())


def colour(one: IndexMap, latitude: float, longitude: float) -> tuple[float, ...]:
    """The colour of the picture at a place."""
    page = figure(one)
    drawn = io.BytesIO()
    page.savefig(drawn, format="png")
    drawn.seek(0)
    pixels = matplotlib.image.imread(drawn)
    x, y = page.axes[0].transData.transform((longitude, latitude))
    return tuple(pixels[pixels.shape[0] - 1 - round(y), round(x), :3].tolist())


@pytest.mark.parametrize(
    ("value", "label"),
    [
        pytest.param(-2.0, "-2.0 or below", id="minus 2 itself"),
        pytest.param(-1.9999, "-2.0 to -1.5", id="just above it"),
        pytest.param(-1.5, "-2.0 to -1.5", id="minus 1.5 belongs to the drier side"),
        pytest.param(-1.0, "-1.5 to -1.0", id="so does minus 1"),
        pytest.param(-0.5, "-1.0 to -0.5", id="and minus a half"),
        pytest.param(-0.4999, "-0.5 to 0.5", id="usual from just above it"),
        pytest.param(0.4999, "-0.5 to 0.5", id="to just below a half"),
        pytest.param(0.5, "0.5 to 1.0", id="a half belongs to the wetter side"),
        pytest.param(2.0, "2.0 or above", id="so does 2"),
    ],
)
def test_a_limit_belongs_to_the_side_further_from_usual(value: float, label: str) -> None:
    assert CLASSES[class_of(np.array([value]))[0]][0] == label


@pytest.mark.parametrize(
    "grid",
    [
        pytest.param(NORTH_FIRST, id="north first"),
        pytest.param(Grid((40.0, 41.0, 42.0), NORTH_FIRST.longitudes), id="south first"),
    ],
)
def test_each_cell_has_the_colour_of_its_class_where_it_lies(grid: Grid) -> None:
    rows = [grid.latitudes.index(latitude) for latitude in NORTH_FIRST.latitudes]
    values = np.empty_like(VALUES)
    values[rows] = VALUES
    one = replace(ONE, grid=grid, values=values, is_blind=np.zeros_like(BLIND))
    expected = {
        (42.0, 60.0): CLASSES[0],
        (42.0, 61.0): CLASSES[1],
        (42.0, 62.0): CLASSES[2],
        (42.0, 63.0): CLASSES[3],
        (41.0, 60.0): CLASSES[4],
        (41.0, 61.0): CLASSES[5],
        (41.0, 62.0): CLASSES[6],
        (41.0, 63.0): CLASSES[7],
        (40.0, 60.0): CLASSES[8],
        (40.0, 63.0): CLASSES[2],
        (40.0, 62.0): ("no value", "white"),
    }
    for (latitude, longitude), (label, wanted) in expected.items():
        found = colour(one, latitude + 0.3, longitude + 0.3)
        assert found == pytest.approx(to_rgb(wanted), abs=0.01), label


def test_a_blind_cell_is_neither_empty_nor_of_a_class() -> None:
    red, green, blue = colour(ONE, 40.3, 61.3)
    assert red == pytest.approx(green, abs=0.01) == pytest.approx(blue, abs=0.01)
    assert 0.3 < red < 0.7


def test_a_blind_cell_with_a_value_shows_the_value() -> None:
    one = replace(ONE, is_blind=np.ones_like(BLIND))
    assert colour(one, 42.3, 60.3) == pytest.approx(to_rgb(CLASSES[0][1]), abs=0.01)


def test_classes_are_told_apart_without_colour_on_each_side() -> None:
    """Drier is darker, and so is wetter: a grey copy still shows how far from usual."""
    grey = [float(np.dot(to_rgb(shade), (0.299, 0.587, 0.114))) for _, shade in CLASSES]
    assert (np.diff(grey[:5]) > 0.08).all()
    assert (np.diff(grey[4:]) < -0.08).all()


def test_the_picture_says_what_it_shows_and_what_it_is_made_of() -> None:
    said = words(ONE)
    for phrase in (
        "SPI-12, June 2001",
        "precipitation of the last 12 months compared with the same time of year in 1981-2010",
        "source cfsr",
        "calibration 1981-2010",
        "final values",
        "not applicable",
        "no value",
        "imply no opinion",
    ):
        assert phrase in said
    assert all(label in said for label, _ in CLASSES)
    assert EXERCISE not in said


def test_evaporation_is_named_where_the_index_has_it() -> None:
    one = replace(ONE, index=IndexCode.parse("spei_3"), pet="pet_hargreaves_mm")
    assert "Hargreaves evapotranspiration" in words(one)


def test_simulated_data_say_so_twice() -> None:
    one = replace(ONE, origin=Origin.SIMULATED)
    assert words(one).count(EXERCISE) == 2
    assert dataset(one).attrs["title"].startswith(EXERCISE)


def test_netcdf_says_what_programs_ask_for() -> None:
    found = dataset(ONE)
    assert found["spi_12"].dims == ("latitude", "longitude")
    assert found["latitude"].attrs["standard_name"] == "latitude"
    assert found["not_applicable"].attrs["flag_meanings"] == "applicable not_applicable"
    assert found.attrs["Conventions"].startswith("CF-")
    assert (found.attrs["source"], found.attrs["release"]) == ("cfsr", "final")


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeliveryError, match="could not be written"):
        save_map(ONE, tmp_path / "file" / "map.png")


@pytest.mark.parametrize("name", ["map.png", "map.nc"])
def test_the_file_is_whole_and_alone(tmp_path: Path, name: str) -> None:
    save_map(ONE, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_size > 1000
