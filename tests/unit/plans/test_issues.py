"""For which months an issue speaks, worked out by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month, months_between
from pipeline.plans.indicators import indicator_readings
from pipeline.plans.issues import Issue, newest_by_month

YEAR = list(months_between(Month(2021, 1), Month(2021, 12)))


def issue(issued_on: str, first: str, last: str, value: float) -> Issue:
    return Issue(
        date.fromisoformat(issued_on), Month.parse(first), Month.parse(last), value, f"no {value:g}"
    )


JANUARY = issue("2021-01-10", "2021-04", "2021-09", 97)
FEBRUARY = issue("2021-02-10", "2021-04", "2021-09", 88)
MARCH = issue("2021-03-10", "2021-04", "2021-09", 82)
GAP = Gap.NOT_PUBLISHED


def heard(*issues: Issue) -> list[float | Gap | None]:
    return [r.gap if r.value is None else r.value for r in indicator_readings(issues, YEAR)]


@pytest.mark.parametrize(
    ("issues", "expected"),
    [
        pytest.param([], [GAP] * 12, id="nothing issued"),
        pytest.param(
            [JANUARY, FEBRUARY, MARCH],
            [97, 88, *[82] * 7, GAP, GAP, GAP],
            id="each forecast speaks until the next, the last to the end of its period",
        ),
        pytest.param(
            [JANUARY, MARCH],
            [97, 97, *[82] * 7, GAP, GAP, GAP],
            id="a month without an issue hears the one before",
        ),
        pytest.param(
            [FEBRUARY],
            [GAP, *[88] * 8, GAP, GAP, GAP],
            id="a forecast says nothing of months before it was issued",
        ),
        pytest.param(
            [MARCH, issue("2021-05-20", "2021-04", "2021-09", 75)],
            [GAP, GAP, 82, 82, *[75] * 5, GAP, GAP, GAP],
            id="an issue within its period changes no month that is over",
        ),
        pytest.param(
            [issue("2021-04-05", "2021-03", "2021-03", 60)],
            [GAP, GAP, 60, *[GAP] * 9],
            id="a survey issued in the next month speaks for its own month",
        ),
        pytest.param(
            [issue("2021-04-05", "2021-01", "2021-03", 60)],
            [GAP, GAP, 60, *[GAP] * 9],
            id="a survey of three months issued afterwards speaks for the last of them",
        ),
        pytest.param(
            [JANUARY, issue("2021-02-05", "2021-01", "2021-01", 60)],
            [60, *[97] * 8, GAP, GAP, GAP],
            id="a late survey goes before an earlier forecast, in its own month only",
        ),
        pytest.param(
            [issue("2020-10-10", "2020-10", "2021-03", 110), JANUARY],
            [*[97] * 9, GAP, GAP, GAP],
            id="a newer forecast of the season goes before an older one of the winter",
        ),
        pytest.param(
            [MARCH, issue("2021-03-10", "2021-04", "2021-04", 70)],
            [GAP, GAP, 70, 70, *[82] * 5, GAP, GAP, GAP],
            id="of one day the issue that ends sooner goes first while it lasts",
        ),
        pytest.param(
            [MARCH, issue("2021-03-10", "2021-03", "2021-10", 99)],
            [GAP, GAP, 99, *[82] * 6, 99, GAP, GAP],
            id="of one day the issue about the month goes before one about months ahead",
        ),
        pytest.param(
            [issue("2021-03-10", "2021-07", "2021-09", 70), MARCH],
            [GAP, GAP, 82, 82, 82, 82, 70, 70, 70, GAP, GAP, GAP],
            id="of one day and one end the issue that begins nearest to the month goes first",
        ),
        pytest.param(
            [issue("2020-12-20", "2021-04", "2021-09", 90)],
            [*[90] * 9, GAP, GAP, GAP],
            id="an issue of the year before speaks on",
        ),
    ],
)
def test_the_newest_issue_that_speaks_for_the_month_is_heard(
    issues: list[Issue], expected: list[float | Gap]
) -> None:
    assert heard(*issues) == expected


def test_a_reading_names_its_issue() -> None:
    readings = indicator_readings([JANUARY, MARCH], YEAR)
    assert [reading.issue for reading in readings[:3]] == [JANUARY, JANUARY, MARCH]
    assert readings[-1].issue is None


@pytest.mark.parametrize(
    ("issued_on", "first", "last", "message"),
    [
        pytest.param("2021-03-10", "2021-09", "2021-04", "got 2021-04", id="period reversed"),
        pytest.param("2021-03-10", "2021-04", "2022-04", "to 2022-03", id="longer than a year"),
        pytest.param("2020-03-10", "2021-04", "2021-09", "from 2020-04", id="a year too early"),
        pytest.param("2022-10-10", "2021-04", "2021-09", "to 2022-09", id="a year too late"),
    ],
)
def test_an_issue_that_contradicts_itself_is_refused(
    issued_on: str, first: str, last: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        issue(issued_on, first, last, 80)


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    first = Month(2021, 1) + draw(st.integers(0, 11))
    day = date.fromordinal(
        draw(st.integers(date(2021, 1, 1).toordinal(), date(2021, 12, 31).toordinal()))
    )
    return Issue(day, first, first + draw(st.integers(0, 11)), draw(st.integers(5, 200)), "1")


@given(
    st.lists(issues(), max_size=8, unique_by=lambda i: (i.issued_on, i.period_from, i.period_to))
)
@settings(deadline=None, max_examples=60)
def test_the_order_in_which_issues_came_changes_nothing(given_: list[Issue]) -> None:
    shuffled = random.Random(7).sample(given_, len(given_))  # noqa: S311 - no secret
    assert newest_by_month(given_) == newest_by_month(shuffled)


@given(st.lists(issues(), max_size=6), issues())
@settings(deadline=None, max_examples=60)
def test_a_later_issue_changes_only_months_from_its_own_on(
    before: list[Issue], later: Issue
) -> None:
    later = replace(later, issued_on=max([later.issued_on, *(i.issued_on for i in before)]))
    old, new = newest_by_month(before), newest_by_month([*before, later])
    changed = {month for month in new if new[month] != old.get(month)}
    assert all(month >= min(Month.of(later.issued_on), later.period_to) for month in changed)
