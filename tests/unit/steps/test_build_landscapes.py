from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Polygon, box
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.core.errors import InputError
from pipeline.core.ids import LandUse
from pipeline.landscapes.landscape import Landscape
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.build_landscapes import Built, Order, build_landscapes
from tests.unit.sources.maps import write_map
from tests.unit.sources.test_landscape_files import geojson

WEST, EAST = box(65.0, 40.0, 66.0, 41.0), box(66.0, 40.0, 67.0, 41.0)
GRASS, FIELDS, WATER = 10, 12, 0


def district(code: str, geometry: Polygon) -> tuple[dict[str, object], Polygon]:
    return {"code": code, "name": f"District {code}", "country_code": "UZ"}, geometry


def order(folder: Path, codes: Any = ((GRASS, FIELDS, GRASS, WATER),) * 2, **more: Any) -> Order:  # noqa: ANN401
    """Two districts side by side, under two rows of four cells of half a degree."""
    boundaries = geojson(folder / "units.geojson", district("W", WEST), district("E", EAST))
    cover = write_map(folder / "cover.tif", codes)
    told = {"id_field": "code", "name_field": "name", "land_cover": cover, **more}
    return Order(boundaries=[boundaries], **told)


def build(folder: Path, *codes: Any, **more: Any) -> Built:  # noqa: ANN401
    return build_landscapes(order(folder, *codes, **more), folder / "built.geojson", _nobody)


def _nobody(what: str, done: int, of: int) -> None:
    pass


def by_id(built: Built) -> dict[str, Landscape]:
    return {one.landscape_id: one for one in built.landscapes}


def test_units_are_divided_by_land_use_and_written(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert list(by_id(built)) == ["W-pastoral", "W-irrigated", "E-pastoral"]
    written = read_landscapes(tmp_path / "built.geojson")
    assert [one.landscape_id for one in written] == list(by_id(built))
    assert written[1].geometry.equals(box(65.5, 40, 66, 41))
    assert built.tally.unclaimed.keys() == {"water (MCD12C1)"}


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build_landscapes(order(tmp_path), tmp_path / "a.geojson", lambda *step: told.append(step))
    assert told == [("cutting units by land use", done, 2) for done in (0, 1, 2)]


@pytest.mark.parametrize(
    ("to", "told"),
    [
        pytest.param("a.shp", "expected a name that ends in", id="a name of another format"),
        pytest.param("none/a.gpkg", "expected a folder in which files", id="a folder not there"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, to: str, told: str
) -> None:
    worked: list[str] = []
    with pytest.raises(InputError, match=told):
        build_landscapes(order(tmp_path), tmp_path / to, lambda what, *_: worked.append(what))
    assert not worked


class TestLandCover:
    def test_cells_without_data_are_told(self, tmp_path: Path) -> None:
        codes = [[GRASS, 255, GRASS, GRASS]] * 2
        cover = write_map(tmp_path / "marked.tif", codes, nodata=255)
        built = build(tmp_path, land_cover=cover)
        assert built.tally.unclaimed.keys() == {"no data"}

    def test_a_class_the_legend_does_not_name_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"'W': expected classes of the legend, got class 255"):
            build(tmp_path, [[GRASS, 255, GRASS, GRASS]] * 2)

    def test_a_legend_of_ones_own_is_used(self, tmp_path: Path) -> None:
        legend = tmp_path / "legend.yaml"
        legend.write_text(
            "legend: a\ntitle: a\nreference: a\nclasses:\n  1: {name: oak, land_use: tree_based}\n"
        )
        built = build(tmp_path, [[1] * 4] * 2, legend=legend)
        assert list(by_id(built)) == ["W-tree_based", "E-tree_based"]

    def test_a_legend_in_other_letters_is_refused(self, tmp_path: Path) -> None:
        legend = tmp_path / "legend.yaml"
        legend.write_text("legend: леса", encoding="utf-16")
        with pytest.raises(InputError, match="expected YAML in UTF-8"):
            build(tmp_path, legend=legend)

    def test_numbers_with_decimals_are_no_classes(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="expected class codes, got numbers with decimals"):
            build(tmp_path, np.ones((2, 4), dtype=np.float32))

    def test_a_map_of_another_place_is_refused(self, tmp_path: Path) -> None:
        cover = write_map(tmp_path / "far.tif", [[GRASS]], west=30.0)
        with pytest.raises(InputError, match=r"far.tif: expected cells with a land use .* 2 units"):
            build(tmp_path, land_cover=cover)


class TestIrrigatedLand:
    CODES = ((FIELDS,) * 4,) * 2

    @pytest.mark.parametrize(
        ("above", "irrigated"),
        [
            pytest.param(0.0, {"W-irrigated", "E-irrigated"}, id="any share of a cell"),
            pytest.param(50.0, {"W-irrigated"}, id="more than half of a cell"),
        ],
    )
    def test_a_raster_says_which_fields(
        self, tmp_path: Path, above: float, irrigated: set[str]
    ) -> None:
        shares = write_map(tmp_path / "shares.tif", [[80, 0, 20, 0]] * 2)
        found = build(tmp_path, self.CODES, irrigated=shares, irrigated_above=above)
        named = {one for one in by_id(found) if one.endswith("-irrigated")}
        assert named == irrigated
        assert by_id(found)["W-rainfed"].geometry.equals(box(65.5, 40, 66, 41))

    def test_polygons_say_which_fields(self, tmp_path: Path) -> None:
        land = geojson(tmp_path / "land.geojson", ({}, box(65.25, 30, 65.75, 50)))
        found = by_id(build(tmp_path, self.CODES, irrigated=land))
        assert found["W-irrigated"].geometry.equals(box(65.25, 40, 65.75, 41))
        assert found["E-rainfed"].geometry.equals(EAST)

    def test_a_raster_of_another_place_leaves_all_fields_rainfed(self, tmp_path: Path) -> None:
        shares = write_map(tmp_path / "shares.tif", [[80]], west=30.0)
        found = build(tmp_path, self.CODES, irrigated=shares)
        assert list(by_id(found)) == ["W-rainfed", "E-rainfed"]


class TestAridity:
    def test_is_the_mean_over_the_landscape(self, tmp_path: Path) -> None:
        index = np.array([[0.1, 0.2, 0.3, 0.4]] * 2, dtype=np.float32)
        path = write_map(tmp_path / "aridity.tif", index)
        found = by_id(build(tmp_path, ((GRASS, GRASS, FIELDS, GRASS),) * 2, aridity=path))
        assert found["W-pastoral"].aridity_index == pytest.approx(0.15)
        assert found["E-irrigated"].aridity_index == pytest.approx(0.3)

    def test_a_scaled_raster_needs_its_scale(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "aridity.tif", np.full((2, 4), 2000, dtype=np.int16))
        with pytest.raises(InputError, match=r"got 2000 for 'W-pastoral'.*--aridity-scale 0.0001"):
            build(tmp_path, aridity=path)
        built = build(tmp_path, aridity=path, aridity_scale=0.0001)
        assert {one.aridity_index for one in built.landscapes} == {0.2}

    def test_cells_below_zero_are_told_before_they_bias_a_mean(self, tmp_path: Path) -> None:
        # The mean alone would be 0.1.
        index = np.array([[0.3, -0.1, 0.3, 0.3]] * 2, dtype=np.float32)
        with pytest.raises(InputError, match=r"got -0\.1 around 'W-pastoral'.*--nodata -0\.1"):
            build(tmp_path, ((GRASS,) * 4,) * 2, aridity=write_map(tmp_path / "a.tif", index))

    def test_landscapes_without_a_value_are_counted(self, tmp_path: Path) -> None:
        index = np.array([[0.1, 0.2, -9, -9]] * 2, dtype=np.float32)
        built = build(tmp_path, aridity=write_map(tmp_path / "a.tif", index, nodata=-9))
        assert built.without_aridity == 1
        assert by_id(built)["E-pastoral"].aridity_index is None


class TestBasins:
    def test_irrigated_land_is_linked_and_the_headwater_made(self, tmp_path: Path) -> None:
        plain = {"basin_id": "plain", "name_en": "Plain", "headwater_basin_id": "top"}
        top = {"basin_id": "top", "name_en": "Top", "headwater_basin_id": "", "country_code": "KG"}
        layer = geojson(tmp_path / "b.geojson", (plain, box(64, 39, 68, 42)), (top, box(73, 41, 74, 42)))  # fmt: skip
        found = by_id(build(tmp_path, basins=[layer]))
        assert found["W-irrigated"].headwater_landscape_id == "top-headwater"
        assert found["W-pastoral"].headwater_landscape_id is None
        assert found["top-headwater"].land_use is LandUse.PASTORAL
        assert [one.landscape_id for one in read_landscapes(tmp_path / "built.geojson")] == [*found]

    def test_a_circle_is_told_with_the_file(self, tmp_path: Path) -> None:
        basin = {"basin_id": "a", "name_en": "A", "headwater_basin_id": "a"}
        layer = geojson(tmp_path / "b.geojson", (basin, WEST))
        with pytest.raises(InputError, match=r"b\.geojson: headwater_basin_id: .* circle a -> a"):
            build(tmp_path, basins=[layer])


class TestCommand:
    def told(self, folder: Path, *more: str) -> str:
        asked = order(folder)
        arguments = ["landscapes", "build", "--boundaries", str(asked.boundaries[0])]
        arguments += ["--id-field", "code", "--name-field", "{name} district"]
        arguments += ["--land-cover", str(asked.land_cover), "--to", str(folder / "a.gpkg"), *more]
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output

    def test_says_how_the_area_divides(self, tmp_path: Path) -> None:
        lines = self.told(tmp_path).splitlines()
        # Half a degree by one degree in a unit of two by one: a quarter.
        [water] = [line.split("│")[1:5] for line in lines if "not claimed: water" in line]
        assert [cell.strip() for cell in water[1:2] + water[3:]] == ["1", "25.00%"]
        assert "3 landscapes; load them with: drought landscapes load" in lines[-1]

    def test_says_what_is_wanting(self, tmp_path: Path) -> None:
        output = self.told(tmp_path, "--name-column", "kaa=name", "--name-column", "tg=name")
        assert "no words for land uses in kaa" in output
        assert "no speaker has checked the words for land uses in tg" in output

    def test_replaces_a_file_when_told(self, tmp_path: Path) -> None:
        self.told(tmp_path)
        assert read_landscapes(tmp_path / "a.gpkg")[0].name_en.startswith("District W district:")
        self.told(tmp_path, "--overwrite", "--name-field", "name")
        assert read_landscapes(tmp_path / "a.gpkg")[0].name_en == "District W: pastoral land"
