"""What became of every record: the sum is part of the type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.counts import Counts

numbers = st.integers(0, 10**9)


@given(numbers, numbers, numbers)
def test_counts_add_up_and_their_sums_do(stored: int, quarantined: int, unchanged: int) -> None:
    one = Counts(stored + quarantined + unchanged, stored, quarantined, unchanged)
    assert one + one == Counts(2 * one.read, 2 * stored, 2 * quarantined, 2 * unchanged)
    assert one + Counts() == one


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param((3, 1, 1, 0), id="a record is lost"),
        pytest.param((3, 2, 1, 1), id="a record is counted twice"),
        pytest.param((1, 2, -1, 0), id="less than none is quarantined"),
    ],
)
def test_counts_that_lose_a_record_cannot_be_made(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="read = stored"):
        Counts(*counts)


def test_the_line_for_people() -> None:
    assert str(Counts(5, 3, 1, 1)) == ("5 records read = 3 stored + 1 quarantined + 1 unchanged")
