"""Pieces of one lattice fit into each other without resampling; others are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.landscapes.lattice import Box, Lattice, Overlap, grid_id, is_alike
from pipeline.landscapes.weights import Grid


def grid(north: float, west: float, rows: int, columns: int, step: float = 0.1) -> Grid:
    """Cell centres from north to south and west to east, rounded as files are."""
    return Grid(
        tuple(round(north - n * step, 4) for n in range(rows)),
        tuple(round(west + n * step, 4) for n in range(columns)),
    )


TENTHS = grid(45.0, 60.0, 30, 40)


class TestLattice:
    @pytest.mark.parametrize(
        ("other", "is_held"),
        [
            pytest.param(grid(50.3, 20.7, 5, 7), True, id="another box of it"),
            pytest.param(
                Grid(TENTHS.latitudes[::-1], TENTHS.longitudes), True, id="south to north"
            ),
            pytest.param(grid(44.0, 61.0, 1, 9), True, id="a single row"),
            pytest.param(grid(44.0004, 61.0004, 5, 7), True, id="centres rounded elsewhere"),
            pytest.param(grid(45.0, 60.0, 30, 40, 0.2), False, id="every second cell"),
            pytest.param(grid(45.0, 60.0, 30, 40, 0.05), False, id="half the step"),
            pytest.param(grid(45.05, 60.05, 30, 40), False, id="shifted by half a cell"),
            pytest.param(grid(45.0, 60.05, 30, 40), False, id="shifted to the east alone"),
        ],
    )
    def test_a_grid_is_a_piece_of_it_or_not(self, other: Grid, is_held: bool) -> None:
        assert Lattice.of(TENTHS).holds(other) is is_held

    @pytest.mark.parametrize(
        ("box", "latitudes", "longitudes"),
        [
            # A cell reaches half a step to each side of its centre.
            pytest.param(
                Box(40.0, 70.0, 40.2, 70.2), (40.2, 40.1, 40.0), (70.0, 70.1, 70.2), id="on centres"
            ),
            pytest.param(
                Box(40.01, 70.06, 40.14, 70.14), (40.1, 40.0), (70.1,), id="inside two cells"
            ),
            pytest.param(
                Box(40.05, 70.05, 40.15, 70.25), (40.1,), (70.1, 70.2), id="just on the edges"
            ),
            pytest.param(Box(-0.1, -0.1, 0.1, 0.0), (0.1, 0.0, -0.1), (-0.1, 0.0), id="about zero"),
        ],
    )
    def test_a_piece_is_every_cell_that_the_box_touches(
        self, box: Box, latitudes: tuple[float, ...], longitudes: tuple[float, ...]
    ) -> None:
        assert Lattice.of(TENTHS).piece(box) == Grid(latitudes, longitudes)

    def test_the_piece_of_the_six_countries_is_that_of_the_data_store(self) -> None:
        # 55.5 to 35.0 and 25.5 to 87.5 in tenths: 206 x 621, as the store answers for that area.
        piece = Lattice.of(TENTHS).piece(Box(35.0, 25.5, 55.5, 87.5))
        assert piece.shape == (206, 621)
        assert (piece.latitudes[0], piece.longitudes[-1]) == (55.5, 87.5)

    def test_a_piece_of_a_piece_is_the_same_piece(self) -> None:
        piece = Lattice.of(TENTHS).piece(Box(35.0, 25.5, 55.5, 87.5))
        assert Lattice.of(piece).piece(Box(35.0, 25.5, 55.5, 87.5)) == piece


class TestOverlap:
    def test_cells_find_their_places_whatever_the_direction(self) -> None:
        whole = grid(41.0, 70.0, 3, 3, 1.0)
        piece = Grid((39.0, 40.0), (71.0, 72.0, 73.0))
        overlap = Overlap.of(piece, whole)
        # South to north, two of three columns: 39 is the last row of the whole, 40 the middle one.
        assert (overlap.rows, overlap.columns) == (slice(0, 2), slice(0, 2))
        assert overlap.cells_of_whole.tolist() == [7, 8, 4, 5]

    def test_a_piece_that_lies_elsewhere_shares_nothing(self) -> None:
        overlap = Overlap.of(grid(50.0, 80.0, 3, 3), grid(40.0, 60.0, 3, 3))
        assert overlap.cells_of_whole.size == 0

    @settings(deadline=None, max_examples=50)
    @given(
        st.integers(-30, 30),
        st.integers(-30, 30),
        st.integers(2, 12),
        st.integers(2, 12),
        st.booleans(),
        st.booleans(),
    )
    def test_every_shared_cell_keeps_its_centre(
        self, down: int, right: int, rows: int, columns: int, is_up: bool, is_back: bool
    ) -> None:
        piece = grid(45.0 - down / 10, 60.0 + right / 10, rows, columns)
        piece = Grid(
            piece.latitudes[:: -1 if is_up else 1], piece.longitudes[:: -1 if is_back else 1]
        )
        overlap = Overlap.of(piece, TENTHS)
        own = [
            (latitude, longitude)
            for latitude in piece.latitudes[overlap.rows]
            for longitude in piece.longitudes[overlap.columns]
        ]
        at, width = overlap.cells_of_whole, len(TENTHS.longitudes)
        there = [(TENTHS.latitudes[n // width], TENTHS.longitudes[n % width]) for n in at]
        assert np.allclose(np.array(own).reshape(-1, 2), np.array(there).reshape(-1, 2))
        inside = set(piece.latitudes) & set(TENTHS.latitudes)
        beside = set(piece.longitudes) & set(TENTHS.longitudes)
        assert len(at) == len(inside) * len(beside)


class TestNames:
    def test_two_grids_have_two_names_and_rounding_changes_none(self) -> None:
        assert grid_id(TENTHS) != grid_id(grid(45.0, 60.0, 40, 30))
        assert grid_id(TENTHS) != grid_id(Grid(TENTHS.latitudes[::-1], TENTHS.longitudes))
        noisy = Grid(tuple(n + 1e-9 for n in TENTHS.latitudes), TENTHS.longitudes)
        assert grid_id(TENTHS) == grid_id(noisy)

    def test_grids_are_alike_but_for_rounding(self) -> None:
        assert is_alike(grid(45.0, 60.0, 3, 4), grid(45.0003, 60.0003, 3, 4))
        assert not is_alike(grid(45.0, 60.0, 3, 4), grid(45.1, 60.0, 3, 4))
        assert not is_alike(grid(45.0, 60.0, 3, 4), grid(45.0, 60.0, 4, 4))

    def test_a_box_around_boxes(self) -> None:
        assert Box.around([Box(1, 2, 3, 4), Box(0, 3, 2, 9)]) == Box(0, 2, 3, 9)
        with pytest.raises(InputError, match="expected at least one"):
            Box.around([])
