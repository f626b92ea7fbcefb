from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plans.thresholds import Thresholds


@pytest.mark.parametrize(
    ("is_more_drier", "enter_at", "exit_at", "dry", "held", "wet"),
    [
        pytest.param(False, -1.0, 0.0, [-2.1, -1.0], [-0.99, -0.01], [0.0, 1.3], id="an index"),
        pytest.param(False, 85.0, 95.0, [40.0, 85.0], [90.0], [95.0, 120.0], id="an indicator"),
        pytest.param(True, 0.5, 0.3, [0.5, 1.0], [0.31, 0.49], [0.3, 0.0], id="a share of area"),
        pytest.param(False, -1.0, -1.0, [-1.0], [], [-0.99], id="an index without a dead band"),
        pytest.param(True, 0.5, 0.5, [0.5], [], [0.49], id="a share without a dead band"),
    ],
)
def test_values_are_dry_held_or_wet(
    is_more_drier: bool,
    enter_at: float,
    exit_at: float,
    dry: list[float],
    held: list[float],
    wet: list[float],
) -> None:
    thresholds = Thresholds(enter_at, exit_at, is_more_drier)
    for values, begins, ends in ((dry, True, False), (held, False, False), (wet, False, True)):
        for value in values:
            told = (thresholds.argues_for(value), thresholds.argues_against(value))
            assert told == (begins, ends), value


numbers = st.floats(-3, 3)


@given(numbers, numbers, numbers, st.booleans())
def test_no_value_argues_both_ways_unless_the_thresholds_cross(
    enter_at: float, exit_at: float, value: float, is_more_drier: bool
) -> None:
    thresholds = Thresholds(enter_at, exit_at, is_more_drier)
    if not thresholds.do_cross:
        assert not (thresholds.argues_for(value) and thresholds.argues_against(value))
