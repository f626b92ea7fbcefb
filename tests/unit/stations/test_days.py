from __future__ import annotations

import calendar
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stations import days


def column(*numbers: int) -> np.ndarray:
    return np.array(numbers)


@given(st.integers(days.FIRST_YEAR, days.LAST_YEAR), st.integers(1, 12))
def test_months_are_as_long_as_the_calendar_says(year: int, month: int) -> None:
    length = days.month_lengths(column(year), column(month))
    assert length.tolist() == [calendar.monthrange(year, month)[1]]


@given(st.integers(1700, 2300), st.integers(-1, 14), st.integers(-1, 33))
def test_a_day_is_one_that_the_calendar_has(year: int, month: int, day: int) -> None:
    try:
        date(year, month, day)
    except ValueError:
        exists = False
    else:
        exists = 1800 <= year <= 2199
    assert days.is_day(column(year), column(month), column(day)).tolist() == [exists]


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)))
def test_numbers_become_the_day_they_name(day: date) -> None:
    made = days.as_days(column(day.year), column(day.month), column(day.day))
    assert made.astype("datetime64[D]").tolist() == [day]


@pytest.mark.parametrize(
    ("last_day", "length"),
    [
        pytest.param(10, 10, id="the first dekad"),
        pytest.param(20, 10, id="the second dekad"),
        pytest.param(28, 8, id="the third of a common February"),
        pytest.param(29, 9, id="the third of a leap February"),
        pytest.param(30, 10, id="the third of April"),
        pytest.param(31, 11, id="the third of May"),
    ],
)
def test_dekads_have_8_to_11_days(last_day: int, length: int) -> None:
    assert days.dekad_lengths(column(last_day)).tolist() == [length]


def test_a_dekad_ends_on_the_10th_the_20th_and_the_last_day_of_its_month() -> None:
    february = column(*range(1, 29))
    ends = days.dekad_ends(february, np.full_like(february, 28))
    assert february[ends].tolist() == [10, 20, 28]
