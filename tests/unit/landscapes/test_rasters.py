from __future__ import annotations

import math

import numpy as np
import pytest
from shapely.geometry import box

from pipeline.landscapes.rasters import RasterPiece, area_weighted_mean, cells_of

KNOWN = np.ones((2, 2), dtype=np.bool_)


def piece(is_known: np.ndarray = KNOWN) -> RasterPiece:
    """Two by two cells of one degree, north-west corner at 60 E, 42 N."""
    return RasterPiece(np.array([[1.0, 2.0], [3.0, 4.0]]), is_known, 60.0, 42.0, 1.0, 1.0)


def test_edges() -> None:
    assert (piece().west, piece().south, piece().east, piece().north) == (60, 40, 62, 42)


def test_a_cell_counts_by_the_part_covered_and_the_cosine_of_its_latitude() -> None:
    [cells] = cells_of(piece(), [box(60.5, 40.0, 61.0, 42.0)])
    assert cells.values.tolist() == [1.0, 3.0]
    expected = [math.cos(math.radians(41.5)) / 2, math.cos(math.radians(40.5)) / 2]
    assert cells.areas == pytest.approx(expected)


def test_the_mean_is_weighted_by_area() -> None:
    north, south = math.cos(math.radians(41.5)), math.cos(math.radians(40.5))
    expected = (1.5 * north + 3.5 * south) / (north + south)
    assert area_weighted_mean(piece(), box(60, 40, 62, 42)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(box(60, 41, 62, 42), id="inside the raster"),
        pytest.param(box(59, 41, 63, 43), id="over its edge"),
    ],
)
def test_a_cell_without_a_value_does_not_count(place: object) -> None:
    unknown = np.array([[True, False], [True, True]])
    assert area_weighted_mean(piece(unknown), place) == pytest.approx(1.0)  # type: ignore[arg-type]


def test_without_any_value_there_is_no_mean() -> None:
    assert area_weighted_mean(piece(~KNOWN), box(60, 40, 62, 42)) is None
    assert area_weighted_mean(piece(), box(70, 40, 71, 41)) is None
