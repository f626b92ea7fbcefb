from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from pipeline.core.errors import InputError
from pipeline.landscapes.rasters import RasterPiece
from pipeline.sources import rasters
from pipeline.sources.rasters import class_polygons, open_raster
from tests.unit.sources.maps import write_map

CODES = [[1, 2, 3], [4, 5, 6]]
ALL = (60.0, 35.0, 70.0, 45.0)


def read(path: Path, around: tuple[float, float, float, float] = ALL) -> RasterPiece:
    with open_raster(path) as raster:
        piece = raster.piece(around)
    assert piece is not None
    return piece


class TestPieces:
    def test_holds_the_cells_that_the_box_touches(self, tmp_path: Path) -> None:
        piece = read(write_map(tmp_path / "a.tif", CODES), (65.6, 40.1, 66.4, 40.9))
        assert piece.values.tolist() == [[2, 3], [5, 6]]
        assert (piece.west, piece.south, piece.east, piece.north) == (65.5, 40.0, 66.5, 41.0)
        assert piece.is_known.all()

    def test_ends_where_the_raster_ends(self, tmp_path: Path) -> None:
        piece = read(write_map(tmp_path / "a.tif", CODES), (60.0, 40.6, 65.2, 50.0))
        assert piece.values.tolist() == [[1]]
        assert (piece.west, piece.south, piece.east, piece.north) == (65.0, 40.5, 65.5, 41.0)

    def test_outside_the_raster_there_is_none(self, tmp_path: Path) -> None:
        with open_raster(write_map(tmp_path / "a.tif", CODES)) as raster:
            assert raster.piece((10.0, 10.0, 11.0, 11.0)) is None

    def test_a_cell_marked_as_no_data_is_unknown(self, tmp_path: Path) -> None:
        piece = read(write_map(tmp_path / "a.tif", CODES, nodata=5))
        assert piece.is_known.tolist() == [[True, True, True], [True, False, True]]

    def test_no_number_is_unknown_though_the_file_does_not_say_so(self, tmp_path: Path) -> None:
        values = np.array([[0.1, np.nan, 0.3]], dtype=np.float32)
        piece = read(write_map(tmp_path / "a.tif", values))
        assert piece.is_known.tolist() == [[True, False, True]]

    def test_scale_and_offset_of_the_file_are_applied(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "a.tif", CODES)
        with rasterio.open(path, "r+") as dataset:
            dataset.scales, dataset.offsets = (0.5,), (1.0,)
        assert read(path).values.tolist() == [[1.5, 2.0, 2.5], [3.0, 3.5, 4.0]]

    def test_more_cells_than_can_be_held_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rasters, "MOST_CELLS", 5)
        with pytest.raises(
            InputError, match=r"expected at most 5 cells within one unit, got 3 x 2"
        ):
            read(write_map(tmp_path / "a.tif", CODES))

    def test_the_real_map_is_read_cell_by_cell(self, shared_data: Path) -> None:
        path = shared_data / "landscape" / "mcd12c1_igbp_2019_cacilm_bbox.tif"
        with rasterio.open(path) as dataset:
            [code] = dataset.sample([(69.26, 41.31)])
        piece = read(path, (69.251, 41.301, 69.299, 41.349))
        assert piece.values.tolist() == [code.tolist()]
        # Tashkent is a city.
        assert code == 13


class TestAsciiGrids:
    CELLS = "1 9\n3 4\n"

    def save(self, path: Path, head: str) -> Path:
        path.write_text(head.replace(", ", "\n") + "\n" + self.CELLS)
        path.with_suffix(".prj").write_text(rasterio.CRS.from_epsg(4326).to_wkt())
        return path

    @pytest.mark.parametrize(
        "head",
        [
            "ncols 2, nrows 2, xllcorner 66, yllcorner 37, cellsize 1, NODATA_value 9",
            "NCOLS 2, NROWS 2, XLLCORNER 66, YLLCORNER 37, CELLSIZE 1, NODATA_VALUE 9",
            "NCols 2, NRows 2, XllCorner 66, YllCorner 37, CellSize 1, NoData_value 9",
            "ncols 2, nrows 2, xllcenter 66.5, yllcenter 37.5, cellsize 1, nodata_value 9",
            "NROWS 2, NCOLS 2, YLLCENTER 37.5, XLLCENTER 66.5, CELLSIZE 1, NODATA_VALUE 9",
            "cellsize 1, nodata_value 9, xllcorner 66, yllcorner 37, nrows 2, ncols 2",
            "dx 1, dy 1, xllcorner 66, yllcorner 37, nrows 2, ncols 2, nodata_value 9",
            "ncols 2, nodata_value 9, nrows 2, xllcorner 66, yllcorner 37, cellsize 1",
        ],
    )
    def test_are_read_whatever_stands_first_and_however_it_is_written(
        self, tmp_path: Path, head: str
    ) -> None:
        piece = read(self.save(tmp_path / "a.asc", head))
        assert (piece.west, piece.south, piece.east, piece.north) == (66.0, 37.0, 68.0, 39.0)
        assert piece.values[piece.is_known].tolist() == [1, 3, 4]

    @pytest.mark.parametrize(
        "before", ["nodata_value 9\n", "NODATA_value 9\n", " ", "\n", "\ufeff"]
    )
    def test_that_gdal_does_not_know_are_refused_for_that(
        self, tmp_path: Path, before: str
    ) -> None:
        head = f"{before}ncols 2, nrows 2, xllcorner 66, yllcorner 37, cellsize 1"
        with pytest.raises(InputError, match="begins with the line ncols"):
            read(self.save(tmp_path / "a.asc", head))


class TestCoordinateSystems:
    def test_degrees_of_another_datum_are_taken_as_they_are(self, tmp_path: Path) -> None:
        # Pulkovo 1942 lies 85 m east of WGS84 here: a five-hundredth of such a cell.
        piece = read(write_map(tmp_path / "a.tif", CODES, crs="EPSG:4284"))
        assert (piece.west, piece.north, piece.width_degrees) == (65.0, 41.0, 0.5)

    def test_a_projected_map_is_turned_to_degrees(self, tmp_path: Path) -> None:
        # UTM zone 41 has 63 E in its middle: there 500 km east of its origin. 40 cells of 5 km.
        codes = np.full((40, 40), 7)
        codes[:, 20:] = 8
        path = write_map(
            tmp_path / "a.tif", codes, west=400_000, north=4_500_000, cell=5_000, crs="EPSG:32641"
        )
        piece = read(path, (62.0, 39.0, 64.0, 40.5))
        known = [set(piece.values[piece.is_known & half].tolist()) for half in _halves(piece, 63.0)]
        assert known == [{7}, {8}]

    @pytest.mark.parametrize(
        "nodata", [pytest.param(None, id="unmarked"), pytest.param(255, id="marked")]
    )
    def test_around_a_turned_map_nothing_is_known(self, tmp_path: Path, nodata: int | None) -> None:
        path = write_map(
            tmp_path / "a.tif",
            np.full((40, 40), 7),
            west=700_000,
            north=4_500_000,
            cell=5_000,
            crs="EPSG:32641",
            nodata=nodata,
        )
        piece = read(path)
        assert not piece.is_known.all()
        assert set(piece.values[piece.is_known].tolist()) == {7}

    def test_a_map_with_the_south_on_top_is_turned(self, tmp_path: Path) -> None:
        upright = write_map(tmp_path / "a.tif", CODES)
        turned = write_map(
            tmp_path / "b.tif",
            CODES[::-1],
            transform=rasterio.Affine(0.5, 0.0, 65.0, 0.0, 0.5, 40.0),
        )
        around = (65.1, 40.1, 66.4, 40.9)
        assert read(turned, around).values.tolist() == read(upright, around).values.tolist()


def _halves(piece: RasterPiece, longitude: float) -> tuple[np.ndarray, np.ndarray]:
    """Cells wholly west and wholly east of a meridian."""
    edges = piece.west + piece.width_degrees * np.arange(piece.values.shape[1] + 1)
    shape = piece.values.shape
    return (
        np.broadcast_to(edges[1:] < longitude - piece.width_degrees, shape),
        np.broadcast_to(edges[:-1] > longitude + piece.width_degrees, shape),
    )


class TestRefusals:
    @pytest.mark.parametrize(
        ("profile", "told"),
        [
            pytest.param({"crs": None}, "no coordinate system, expected one such as EPSG:4326", id="no coordinate system"),
            pytest.param({"count": 3}, "expected one band, got 3", id="several bands"),
        ],
    )  # fmt: skip
    def test_a_raster_that_does_not_fit(
        self, tmp_path: Path, profile: dict[str, object], told: str
    ) -> None:
        path = write_map(tmp_path / "a.tif", CODES, **profile)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=rf"a\.tif: {told}"), open_raster(path):
            pass

    def test_a_picture_without_a_place(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
            write_map(path, CODES, crs=None, transform=None)
        with pytest.raises(InputError, match="no coordinate system"), open_raster(path):
            pass

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_degrees_without_a_place(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "a.tif", CODES, transform=None)
        with pytest.raises(InputError, match="where its cells lie"), open_raster(path):
            pass

    def test_what_is_no_raster(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(b"GIF89a....")
        with pytest.raises(InputError, match=r"a\.tif: expected a raster"), open_raster(path):
            pass

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such file"), open_raster(tmp_path / "a.tif"):
            pass

    def test_a_file_cut_short(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "a.tif", np.arange(90_000).reshape(300, 300) % 251)
        path.write_bytes(path.read_bytes()[:50_000])
        with pytest.raises(InputError, match=r"a\.tif: expected"):
            read(path, (60.0, -200.0, 300.0, 45.0))


class TestOutlines:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 2), min_size=25, max_size=25))
    def test_outlines_are_the_cells_joined(self, codes: list[int]) -> None:
        classes = np.array(codes, dtype=np.int32).reshape(5, 5)
        piece = RasterPiece(classes, np.ones((5, 5), np.bool_), 65.0, 41.0, 0.5, 0.25)
        found = class_polygons(classes, piece)
        assert found.keys() == set(codes)
        for code, outline in found.items():
            cells = [
                box(65 + c * 0.5, 41 - (r + 1) * 0.25, 65 + (c + 1) * 0.5, 41 - r * 0.25)
                for r, c in np.argwhere(classes == code)
            ]
            assert outline.is_valid
            assert outline.equals(shapely.union_all(cells))
