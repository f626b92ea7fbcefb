from __future__ import annotations

import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from pipeline.landscapes.building import polygons_of, rounded
from pipeline.landscapes.coverage import CellFrame, covered_cells
from pipeline.landscapes.rasters import RasterPiece
from pipeline.sources.rasters import class_polygons

FRAME = CellFrame(west=81.95, north=50.65, width=0.1, height=0.1, rows=12, columns=20)
# Of the rainfed land of a district in the Altai, its ring cut down to what still goes wrong.
LOSES_A_CELL = Polygon(
    [(82.65, 50.2), (82.65, 50.25), (82.55, 50.25), (82.5415719, 50.45), (82.25, 50.35), (82.55, 50.05)]
)  # fmt: skip
SINGLE = 1e-6


def fractions(frame: CellFrame, geometry: BaseGeometry) -> np.ndarray:
    """Dims (row, column)."""
    [found] = covered_cells(frame, [geometry])
    dense = np.zeros(frame.rows * frame.columns)
    dense[found.cells] = found.fractions
    return dense.reshape(frame.rows, frame.columns)


def cut(frame: CellFrame, geometry: BaseGeometry) -> np.ndarray:
    """The same by shapely, cell by cell."""
    row, column = np.indices((frame.rows, frame.columns))
    west, north = frame.west + column * frame.width, frame.north - row * frame.height
    cells = shapely.box(west, north - frame.height, west + frame.width, north)
    return np.asarray(shapely.area(shapely.intersection(cells, geometry)) / shapely.area(cells))


def test_exactextract_still_loses_a_cell_of_this_polygon() -> None:
    # When it does no more, coverage.py can be half as long.
    source = NumPyRasterSource(
        np.zeros((FRAME.rows, FRAME.columns)),
        xmin=FRAME.west,
        ymin=FRAME.south,
        xmax=FRAME.east,
        ymax=FRAME.north,
    )
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(LOSES_A_CELL)}
    [found] = exact_extract(source, [feature], ["coverage"])
    in_cells = LOSES_A_CELL.area / FRAME.width / FRAME.height
    assert found["properties"]["coverage"].sum() == pytest.approx(in_cells - 1, abs=1e-3)


def test_the_cell_that_exactextract_loses_is_counted() -> None:
    assert fractions(FRAME, LOSES_A_CELL) == pytest.approx(cut(FRAME, LOSES_A_CELL), abs=SINGLE)


def test_it_is_counted_in_company_too() -> None:
    alone, other, last = covered_cells(
        FRAME, [box(82, 50, 82.3, 50.2), LOSES_A_CELL, box(0, 0, 1, 1)]
    )
    assert [one.fractions.sum() for one in (alone, other, last)] == [
        pytest.approx(6.0, abs=1e-5),
        pytest.approx(LOSES_A_CELL.area / 0.01, abs=1e-5),
        0.0,
    ]


def test_what_lies_outside_the_frame_is_left_out() -> None:
    moved = shapely.affinity.translate(LOSES_A_CELL, xoff=1.5)
    assert fractions(FRAME, moved) == pytest.approx(cut(FRAME, moved), abs=SINGLE)
    small = CellFrame(82.15, 50.65, 0.1, 0.1, rows=5, columns=4)
    assert fractions(small, LOSES_A_CELL) == pytest.approx(cut(small, LOSES_A_CELL), abs=SINGLE)


def test_no_geometries_have_no_cells() -> None:
    assert covered_cells(FRAME, []) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.booleans(), min_size=64, max_size=64),
    st.sampled_from([0.05, 0.1, 0.025]),
    st.sampled_from([0.0, 0.05, 0.013]),
)
def test_pieces_of_a_raster_are_covered_as_if_cut_cell_by_cell(
    is_in: list[bool], size: float, shift: float
) -> None:
    classes = np.array(is_in, dtype=np.int32).reshape(8, 8)
    piece = RasterPiece(classes, classes > 0, 82.15 + shift, 50.45, size, size)
    outline = class_polygons(classes, piece).get(1)
    if outline is not None:
        made = polygons_of(rounded(outline))
        assert fractions(FRAME, made) == pytest.approx(cut(FRAME, made), abs=SINGLE)
