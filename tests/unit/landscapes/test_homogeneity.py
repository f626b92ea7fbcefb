"""Statistics expected here are those of pyhomogeneity 1.1 (`snht_test`), run once by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.landscapes.homogeneity import critical_95, strongest_step

# Flow of the Nile at Aswan, 1871-1970, 1e8 m3 a year (Cobb 1978): it fell after 1898.
NILE = [
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180,
    799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833,
    701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845,
    864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649,
    846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
    1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
]  # fmt: skip
RATIOS = [
    0.12, -0.05, 0.31, 0.08, -0.22, 0.15, 0.02, -0.11, 0.27, 0.06,
    -0.61, -0.44, -0.72, -0.35, -0.58, -0.49, -0.66, -0.40,
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "position", "statistic"),
    [
        pytest.param(NILE, 28, 43.218864706510494, id="the Nile falls after its 28th year"),
        pytest.param(RATIOS, 10, 13.824596857764625, id="a ratio falls after its tenth"),
    ],
)
def test_the_step_is_where_another_implementation_finds_it(
    values: list[float], position: int, statistic: float
) -> None:
    step = strongest_step(np.array(values, dtype=float))
    assert step is not None
    assert step.position == position
    assert step.statistic == pytest.approx(statistic, rel=1e-12)
    assert step.is_significant


def test_the_critical_values_are_those_of_the_table_and_between_them() -> None:
    assert critical_95(30) == 7.747
    assert critical_95(35) == pytest.approx((7.930 + 8.009) / 2)
    assert critical_95(200) == critical_95(150) == 9.519


def test_one_series_in_twenty_without_a_step_is_taken_for_one_with() -> None:
    """With 4,000 series the share found is within 0.04 and 0.06 all but never (3 sigma: 0.0103)."""
    rng = np.random.default_rng(20260101)
    steps = [strongest_step(rng.standard_normal(30)) for _ in range(4000)]
    share = sum(step is not None and step.is_significant for step in steps) / 4000
    assert 0.04 < share < 0.06


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1.0, 2.0] * 4 + [1.0], id="nine values are too few"),
        pytest.param([3.0] * 20, id="a series that does not vary has no step"),
        pytest.param([], id="nor has an empty one"),
    ],
)
def test_nothing_is_said(values: list[float]) -> None:
    assert strongest_step(np.array(values)) is None


@settings(deadline=None)
@given(
    st.lists(st.integers(-1000, 1000), min_size=10, max_size=40, unique=True),
    st.floats(-50, 50),
    st.floats(0.1, 20),
)
def test_unit_and_zero_of_the_series_do_not_matter(
    values: list[int], offset: float, factor: float
) -> None:
    plain = strongest_step(np.array(values, dtype=float))
    other = strongest_step(np.array(values, dtype=float) * factor + offset)
    assert plain is not None
    assert other is not None
    assert other.statistic == pytest.approx(plain.statistic, rel=1e-6)
