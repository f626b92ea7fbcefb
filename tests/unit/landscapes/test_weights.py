from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from pipeline.core.errors import InputError
from pipeline.landscapes.weights import Grid, area_weights, fingerprint

# Cells of one degree: rows 42-41, 41-40, 40-39 N; columns 60-61, 61-62, 62-63, 63-64 E.
GRID = Grid((41.5, 40.5, 39.5), (60.5, 61.5, 62.5, 63.5))
SINGLE = 1.0e-6
"""Relative: exactextract keeps covered fractions in single precision."""


def dense(grid: Grid, *geometries: Polygon) -> npt.NDArray[np.float64]:
    return area_weights(grid, geometries).cell_km2.toarray().reshape(len(geometries), *grid.shape)


def cell_km2(south: float, width_degrees: float = 1.0) -> float:
    """A cell one degree high on a sphere of 6371.0088 km, by hand."""
    band = math.sin(math.radians(south + 1)) - math.sin(math.radians(south))
    return 6371.0088**2 * math.radians(width_degrees) * band


def test_a_landscape_of_two_cells_three_to_one() -> None:
    areas = dense(GRID, box(61.25, 40.0, 62.25, 41.0))[0]
    expected = np.zeros((3, 4))
    expected[1, 1], expected[1, 2] = cell_km2(40, 0.75), cell_km2(40, 0.25)
    assert areas == pytest.approx(expected, rel=SINGLE)


def test_cells_to_the_south_weigh_more() -> None:
    areas = dense(GRID, box(60.0, 39.0, 61.0, 42.0))[0][:, 0]
    assert areas == pytest.approx([cell_km2(41), cell_km2(40), cell_km2(39)], rel=SINGLE)
    assert areas[0] < areas[1] < areas[2]


@pytest.mark.parametrize(
    ("landscape", "expected"),
    [
        pytest.param(box(60.2, 39.3, 62.7, 41.8), 1.0, id="inside"),
        pytest.param(box(63.5, 40.0, 64.5, 41.0), 0.5, id="half of it east of the grid"),
        pytest.param(box(59.0, 40.0, 61.0, 41.0), 0.5, id="half of it west of the grid"),
        pytest.param(box(70.0, 45.0, 71.0, 46.0), 0.0, id="elsewhere"),
        pytest.param(
            box(61.0, 41.5, 62.0, 42.5),
            cell_km2(41) / (cell_km2(41) + cell_km2(42)),
            id="half of it north of the grid, where cells are smaller",
        ),
    ],
)
def test_coverage_counts_what_lies_outside_the_grid(landscape: Polygon, expected: float) -> None:
    [coverage] = area_weights(GRID, [landscape]).coverage_fraction
    assert coverage == pytest.approx(expected, abs=SINGLE)


def test_totals_do_not_depend_on_the_company_a_landscape_keeps() -> None:
    here, far = box(60.2, 39.3, 62.7, 41.8), box(52.03, 37.01, 53.0, 38.0)
    alone = area_weights(GRID, [here])
    together = area_weights(GRID, [far, here])
    assert together.total_km2[1] == pytest.approx(alone.total_km2[0], rel=SINGLE)
    assert together.coverage_fraction == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize("reverses", [(True, False), (False, True), (True, True)],
                         ids=["latitudes", "longitudes", "both"])  # fmt: skip
def test_reversed_axes_reverse_the_weights(reverses: tuple[bool, bool]) -> None:
    landscape = Polygon([(60.2, 39.1), (63.8, 39.4), (61.0, 41.9)])
    latitudes, longitudes = (
        axis[::-1] if is_reversed else axis
        for axis, is_reversed in zip((GRID.latitudes, GRID.longitudes), reverses, strict=True)
    )
    flips = [axis for axis, is_reversed in enumerate(reverses, start=1) if is_reversed]
    assert np.array_equal(
        dense(Grid(latitudes, longitudes), landscape), np.flip(dense(GRID, landscape), flips)
    )


CORNERS = st.tuples(st.floats(58.0, 66.0), st.floats(37.0, 44.0))


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    hull = shapely.convex_hull(shapely.multipoints(draw(st.lists(CORNERS, min_size=3, max_size=8))))
    # Slivers below a thousandth of a square degree test only the last digits of fractions.
    return hull if isinstance(hull, Polygon) and hull.area > 1e-3 else box(60.1, 40.1, 61.4, 41.7)


@settings(max_examples=40)
@given(polygons())
def test_rows_sum_to_the_covered_fraction(landscape: Polygon) -> None:
    # The other implementation: shapely cuts each cell of the grid and of a wide frame around it.
    areas = dense(GRID, landscape)[0]
    for row, south in enumerate((41.0, 40.0, 39.0)):
        for column, west in enumerate((60.0, 61.0, 62.0, 63.0)):
            piece = landscape.intersection(box(west, south, west + 1, south + 1)).area
            assert areas[row, column] == pytest.approx(piece * cell_km2(south), abs=0.01)
    total = sum(
        landscape.intersection(box(50, south, 70, south + 1)).area * cell_km2(south)
        for south in range(36, 46)
    )
    [coverage] = area_weights(GRID, [landscape]).coverage_fraction
    assert 0.0 <= coverage <= 1.0
    assert coverage == pytest.approx(areas.sum() / total, abs=1e-5)


@settings(max_examples=40)
@given(polygons(), st.integers(0, 2**32 - 1))
def test_means_agree_with_those_of_exactextract(landscape: Polygon, seed: int) -> None:
    # Its own weighted mean, with cell areas as weights, of a field on a grid that holds the whole
    # landscape. Both use the same single-precision fractions; sums differ in the last digits.
    wide = Grid(tuple(np.arange(45.5, 35, -1)), tuple(np.arange(56.5, 68)))
    field = np.random.default_rng(seed).gamma(2.0, 20.0, wide.shape)
    areas = np.broadcast_to(np.array([[cell_km2(lat - 0.5)] for lat in wide.latitudes]), wide.shape)
    extent = {"xmin": 56.0, "ymin": 35.0, "xmax": 68.0, "ymax": 46.0}
    theirs = exact_extract(
        NumPyRasterSource(field, **extent),
        gpd.GeoDataFrame(geometry=[landscape], crs="EPSG:4326"),
        ["weighted_mean"],
        weights=NumPyRasterSource(areas.copy(), **extent),
        output="pandas",
    )["weighted_mean"].item()
    ours = (dense(wide, landscape)[0] * field).sum() / dense(wide, landscape)[0].sum()
    assert ours == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize(
    ("latitudes", "longitudes", "message"),
    [
        pytest.param((), (60.0,), "at least one cell", id="no cell"),
        pytest.param((40.0,), (60.0,), "a single cell has no size", id="one cell"),
        pytest.param((41.0, 40.0, 38.0), (60.0, 61.0), "the steps of latitude differ", id="uneven"),
    ],
)
def test_what_is_no_grid_is_refused(
    latitudes: tuple[float, ...], longitudes: tuple[float, ...], message: str
) -> None:
    with pytest.raises(InputError, match=f"^grid: .*{message}"):
        Grid(latitudes, longitudes)


def test_positions_rounded_by_a_file_are_still_regular() -> None:
    assert Grid((43.2437, 42.9315, 42.6193, 42.307), (58.75, 59.0625)).steps[0] == pytest.approx(
        0.31223, abs=1e-5
    )


def test_one_row_is_as_high_as_its_cells_are_wide() -> None:
    areas = dense(Grid((40.5,), (60.5, 61.5)), box(60.0, 40.0, 62.0, 41.0))[0]
    assert areas == pytest.approx(np.array([[cell_km2(40), cell_km2(40)]]), rel=SINGLE)


def test_the_fingerprint_tells_what_changes_the_weights() -> None:
    square, other = box(60, 40, 61, 41), box(60, 40, 61, 41.0000001)
    same = fingerprint(GRID, [square])
    assert same == fingerprint(Grid(GRID.latitudes, GRID.longitudes), [box(60, 40, 61, 41)])
    turned = Grid(GRID.latitudes[::-1], GRID.longitudes)
    others = {fingerprint(GRID, [other]), fingerprint(GRID, [square, square]),
              fingerprint(GRID, []), fingerprint(turned, [square])}  # fmt: skip
    assert len(others | {same}) == 5
