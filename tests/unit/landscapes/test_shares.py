"""Shares of area: hand-worked cells, and what must hold of any map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from shapely import box

from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES
from pipeline.core.panels import GAPS
from pipeline.landscapes.shares import Pieces, area_shares
from pipeline.landscapes.weights import AreaWeights, Grid, area_weights

GRID = Grid((41.0, 40.0), (60.0, 61.0, 62.0))
NAN = float("nan")


def pieces(*landscapes: dict[int, float], outside_km2: float = 0.0) -> Pieces:
    """Landscapes of pieces (km2 by cell), each with `outside_km2` beyond the grid."""
    cells = np.zeros((len(landscapes), 6))
    for row, landscape in enumerate(landscapes):
        for cell, km2 in landscape.items():
            cells[row, cell] = km2
    weights = AreaWeights(GRID, csr_array(cells), cells.sum(axis=1) + outside_km2)
    return Pieces.of(weights)


def shares(values: npt.ArrayLike, one: Pieces, min_coverage: float = 0.5) -> npt.NDArray[Any]:
    """The shares of a map of which no cell is blind."""
    return area_shares(np.asarray(values), np.zeros(6, dtype=bool), one, min_coverage)[0]


def test_a_share_is_by_area_and_of_the_cells_with_a_value() -> None:
    # 60 km2 at -1.2, 20 at 0.3, 20 without a value: 0.8 are covered, and of them 3/4 are dry.
    one = pieces({0: 60.0, 1: 20.0, 2: 20.0})
    found = shares([-1.2, 0.3, NAN, -3.0, -3.0, -3.0], one)
    assert found.tolist() == [pytest.approx([0.8, 0.75, 0.75, 0.75, 0.0, 0.0, 0.0, 0.0])]


def test_each_class_holds_what_is_below_it_too() -> None:
    one = pieces({0: 40.0, 1: 30.0, 2: 20.0, 3: 10.0})
    found = shares([-0.6, -1.0, -1.55, -2.4, 0.0, 0.0], one)
    #       covered  -0.5  -0.8  -1.0  -1.3  -1.5  -1.6  -2.0
    assert found.tolist() == [pytest.approx([1.0, 1.0, 0.6, 0.6, 0.3, 0.3, 0.1, 0.1])]


@pytest.mark.parametrize("limit", AREA_CLASSES)
@pytest.mark.parametrize(
    ("step", "share"),
    [
        pytest.param(-1, 1.0, id="a step below"),
        pytest.param(0, 1.0, id="at the limit itself"),
        pytest.param(1, 0.0, id="a step above"),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64], ids=["single", "double"])
def test_a_limit_belongs_to_the_dry_side_to_the_last_digit(
    limit: float, step: int, share: float, kind: type[np.floating]
) -> None:
    # As the store gives it back: a whole number times the step of the map.
    stored = kind(round(limit * 10_000) + step) * kind(0.0001)
    found = shares(np.full(6, stored, dtype=kind), pieces({0: 5.0}))
    assert found[0, 1 + AREA_CLASSES.index(limit)] == share


@pytest.mark.parametrize(
    ("outside_km2", "is_gap"),
    [
        pytest.param(100.0, False, id="half of it has values"),
        pytest.param(101.0, True, id="less than half has"),
    ],
)
def test_too_little_with_values_is_a_gap(outside_km2: float, is_gap: bool) -> None:
    one = pieces({0: 100.0}, outside_km2=outside_km2)
    assert np.isnan(shares(np.full(6, -1.0), one)).all() == is_gap


def test_a_landscape_without_a_cell_or_without_a_value_is_a_gap() -> None:
    one = pieces({}, {5: 10.0}, {0: 10.0}, outside_km2=1.0)
    found = shares([-1.0, 0.0, 0.0, 0.0, 0.0, NAN], one, 0.01)
    assert np.isnan(found).all(axis=1).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("valid", "blind", "gap"),
    [
        pytest.param({0, 1}, {2, 3}, None, id="half is enough"),
        pytest.param({0}, {1}, Gap.NOT_APPLICABLE, id="with the blind half it would be enough"),
        pytest.param(set(), {0, 1, 2, 3}, Gap.NOT_APPLICABLE, id="all of it is blind"),
        pytest.param({0}, set(), Gap.LOW_COVERAGE, id="a quarter has values"),
        pytest.param(set(), {0}, Gap.LOW_COVERAGE, id="a quarter is blind, the rest unknown"),
        pytest.param(set(), {5}, Gap.OUTSIDE_GRID, id="no cell in it has anything"),
    ],
)
def test_the_reason_of_a_gap(valid: set[int], blind: set[int], gap: Gap | None) -> None:
    values = np.array([-1.0 if cell in valid else NAN for cell in range(6)])
    is_blind = np.array([cell in blind for cell in range(6)])
    one = pieces(dict.fromkeys(range(4), 10.0))
    found, gaps = area_shares(values, is_blind, one, 0.5)
    assert [GAPS[code] for code in gaps] == [gap]
    assert np.isnan(found).all() == (gap is not None)


def test_a_cell_that_was_blind_and_has_a_value_counts() -> None:
    found, _ = area_shares(np.full(6, -1.0), np.ones(6, dtype=bool), pieces({0: 1.0}), 0.5)
    assert found[0].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_boundaries_cut_cells() -> None:
    # The landscape is the western half of cell 0 and all of cell 3, which lies south of it.
    weights = area_weights(GRID, [box(59.5, 40.5, 60.0, 41.5), box(59.5, 39.5, 60.5, 41.5)])
    found = shares([-1.0, 9.0, 9.0, 1.0, 9.0, 9.0], Pieces.of(weights))
    assert found[0, [0, 3]].tolist() == [1.0, 1.0]
    # On a sphere the northern cell is narrower: cos(41) / (cos(41) + cos(40)).
    expected = np.cos(np.radians(41)) / (np.cos(np.radians(41)) + np.cos(np.radians(40)))
    assert found[1, 3] == pytest.approx(expected, abs=1e-4)


INDEX = st.one_of(st.just(NAN), st.floats(-3.09, 3.09).map(lambda value: round(value, 4)))


@settings(deadline=None)
@given(st.lists(INDEX, min_size=6, max_size=6), st.lists(st.floats(0.1, 9), min_size=6, max_size=6))
def test_shares_of_any_map_are_those_counted_one_by_one(
    values: list[float], km2: list[float]
) -> None:
    one = pieces(dict(enumerate(km2)))
    found = shares(values, one, 0.01)[0]
    valid = [(value, area) for value, area in zip(values, km2, strict=True) if value == value]
    if not valid:
        assert np.isnan(found).all()
        return
    whole = sum(area for _, area in valid)
    if whole / sum(km2) < 0.011:
        return
    expected = [sum(a for v, a in valid if v <= limit) / whole for limit in AREA_CLASSES]
    assert found[0] == pytest.approx(whole / sum(km2), abs=6e-5)
    assert found[1:].tolist() == pytest.approx(expected, abs=6e-5)
    # A lower limit never has more.
    assert (np.diff(found[1:]) <= 0).all()
