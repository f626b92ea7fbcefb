from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.stations.places import BEGINNING, Position, new_place

RECEIVED = date(2026, 11, 8)
TOLD = Position("A", 41.9147, 70.3653, 1136.0)
FIRST = replace(TOLD, valid_from=BEGINNING)


def test_the_first_place_holds_since_the_record_begins() -> None:
    assert new_place([], TOLD, RECEIVED) == FIRST


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(TOLD, id="the same"),
        pytest.param(replace(TOLD, latitude=41.91, longitude=70.37), id="rounded to two decimals"),
        pytest.param(replace(TOLD, elevation_m=None), id="without its height"),
        pytest.param(replace(TOLD, elevation_m=1140.0), id="with another height"),
    ],
)
def test_what_may_be_the_same_place_adds_nothing(told: Position) -> None:
    assert new_place([FIRST], told, RECEIVED) is None


def test_a_place_elsewhere_holds_from_the_day_it_was_told() -> None:
    moved = new_place([FIRST], replace(TOLD, latitude=41.93), RECEIVED)
    assert moved is not None
    assert (moved.latitude, moved.valid_from) == (41.93, RECEIVED)
    assert moved.note == "told on this day; when it moved is not known"


def test_a_height_is_filled_in_where_none_was_known() -> None:
    flat = replace(FIRST, elevation_m=None)
    assert new_place([flat], TOLD, RECEIVED) == FIRST


def test_a_dated_place_is_taken_as_it_is_told() -> None:
    moved = replace(FIRST, latitude=41.93, valid_from=date(1999, 4, 1))
    assert new_place([FIRST], moved, RECEIVED) == moved
    assert new_place([FIRST, moved], moved, RECEIVED) is None


def test_exports_that_go_on_giving_the_old_place_move_nothing_back() -> None:
    moved = replace(FIRST, latitude=41.93, valid_from=date(1999, 4, 1))
    assert new_place([FIRST, moved], TOLD, RECEIVED) is None


def test_a_dated_return_is_a_move() -> None:
    moved = replace(FIRST, latitude=41.93, valid_from=date(1999, 4, 1))
    back = replace(TOLD, valid_from=date(2010, 1, 1))
    assert new_place([FIRST, moved], back, RECEIVED) == back
