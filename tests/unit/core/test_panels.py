"""Panels: values side by side, each missing one with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Panel, gap_code

JANUARY = Month(2021, 1)


def panel(values: list[list[float]], gaps: list[list[int]]) -> Panel:
    return Panel(JANUARY, np.array(values), np.array(gaps, dtype=np.uint8))


def test_rows_are_consecutive_months() -> None:
    three = panel([[1.0], [2.0], [3.0]], [[0], [0], [0]])
    assert three.last_month == Month(2021, 3)
    assert three.position(Month(2021, 3)) == 2
    assert three.position(Month(2020, 12)) == -1


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        pytest.param([[np.nan]], [[0]], id="a missing value without a reason"),
        pytest.param([[1.0]], [[gap_code(Gap.REJECTED)]], id="a reason beside a value"),
    ],
)
def test_nan_stands_exactly_where_a_gap_is_named(
    values: list[list[float]], gaps: list[list[int]]
) -> None:
    with pytest.raises(InputError, match="NaN exactly where there is a gap code; name the gap"):
        panel(values, gaps)


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        pytest.param([[1.0, 2.0]], [[0]], id="fewer gaps than values"),
        pytest.param([1.0, 2.0], [0, 0], id="one landscape needs its own dimension"),
    ],
)
def test_values_and_gaps_have_one_shape(values: list[float], gaps: list[int]) -> None:
    with pytest.raises(InputError, match=r"one shape \(month, landscape\)"):
        Panel(JANUARY, np.array(values), np.array(gaps, dtype=np.uint8))


def test_every_gap_has_a_number_and_a_value_has_none() -> None:
    assert gap_code(None) == 0
    assert {GAPS[gap_code(gap)] for gap in Gap} == set(Gap)
    assert min(gap_code(gap) for gap in Gap) == 1


def test_stored_gap_names_do_not_change() -> None:
    assert [str(gap) for gap in Gap] == [
        "not_published",
        "outside_grid",
        "low_coverage",
        "too_few_observations",
        "short_history",
        "calibration_short",
        "not_applicable",
        "rejected",
    ]
