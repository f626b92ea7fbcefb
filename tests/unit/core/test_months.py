"""Months: what may be written, how they are counted, how long they are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.months import Month, months_between

months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))
middling = st.builds(Month, st.integers(100, 9000), st.integers(1, 12))
steps = st.integers(-1000, 1000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-9", id="a month has two digits"),
        pytest.param("26-09", id="a year has four digits"),
        pytest.param("2026-09-01", id="a day is no month"),
        pytest.param("2026/09", id="the separator is a hyphen"),
        pytest.param("202609", id="there is a separator"),
        pytest.param(" 2026-09", id="nothing stands before"),
        pytest.param("2026-09\n", id="nothing stands after"),
        pytest.param("", id="an empty text is no month"),
        pytest.param("٢٠٢٦-٠٩", id="the digits are ASCII"),
        pytest.param("-026-09", id="a year has no sign"),
    ],
)
def test_another_form_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Month.parse(text)
    assert str(refused.value) == f"month: expected YYYY-MM such as 2026-09, got {text!r}"


@pytest.mark.parametrize(
    ("text", "got"),
    [
        pytest.param("2026-00", "2026-0", id="there is no month 0"),
        pytest.param("2026-13", "2026-13", id="there is no month 13"),
        pytest.param("0000-01", "0-1", id="there is no year 0"),
    ],
)
def test_a_month_outside_the_calendar_is_refused(text: str, got: str) -> None:
    with pytest.raises(InputError, match=f"a month from 1 to 12, got {got}$"):
        Month.parse(text)


@pytest.mark.parametrize(
    ("start", "step", "end"),
    [
        pytest.param("2026-12", 1, "2027-01", id="December goes over to January"),
        pytest.param("2026-01", -1, "2025-12", id="January goes back to December"),
        pytest.param("2026-05", 0, "2026-05", id="no step stays"),
        pytest.param("2026-05", 24, "2028-05", id="24 months are two years"),
        pytest.param("2026-03", -15, "2024-12", id="15 months back"),
    ],
)
def test_steps_from_month_to_month(start: str, step: int, end: str) -> None:
    assert str(Month.parse(start) + step) == end
    assert str(Month.parse(start) - -step) == end


@pytest.mark.parametrize(
    ("month", "days"),
    [
        pytest.param("2024-02", 29, id="a leap February"),
        pytest.param("2023-02", 28, id="another February"),
        pytest.param("1900-02", 28, id="a century is no leap year"),
        pytest.param("2000-02", 29, id="every fourth century is"),
        pytest.param("2026-12", 31, id="December"),
    ],
)
def test_the_length_of_a_month(month: str, days: int) -> None:
    assert Month.parse(month).days == days


def test_a_month_before_the_first_year_is_refused() -> None:
    with pytest.raises(InputError, match="expected a year from 1 to 9999"):
        Month(1, 1) - 1


def test_a_month_after_the_last_year_is_refused() -> None:
    with pytest.raises(InputError, match="expected a year from 1 to 9999"):
        Month(9999, 12) + 1


def test_months_between_hold_both_ends() -> None:
    assert list(map(str, months_between(Month(2020, 11), Month(2021, 2)))) == [
        "2020-11",
        "2020-12",
        "2021-01",
        "2021-02",
    ]
    assert list(months_between(Month(2021, 2), Month(2021, 1))) == []


@given(months)
def test_what_is_written_is_read_back(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert Month.from_ordinal(month.ordinal) == month
    assert Month.of(month.first_day) == month


@given(middling, steps)
def test_a_step_and_back_is_no_step(month: Month, step: int) -> None:
    assert month + step - step == month
    assert (month + step).ordinal - month.ordinal == step


@given(months, months)
def test_months_are_ordered_as_their_days_and_as_their_texts(one: Month, other: Month) -> None:
    assert (one < other) == (one.first_day < other.first_day) == (str(one) < str(other))
    assert (one < other) == (one.ordinal < other.ordinal)


@given(st.dates(max_value=date(9999, 11, 30)))
def test_a_day_lies_in_its_month(day: date) -> None:
    month = Month.of(day)
    assert month.first_day <= day < month.first_day + timedelta(days=month.days)
    assert month.first_day + timedelta(days=month.days) == (month + 1).first_day
