from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.core.errors import InputError
from pipeline.core.moments import Moment

NOON = datetime(2027, 3, 3, 12, tzinfo=UTC)
LAST_INSTANT = datetime(2027, 3, 3, 23, 59, 59, 999999, tzinfo=UTC)
LATER = datetime(2027, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        pytest.param("2027-03-03T12:00Z", LATER, NOON, id="a time in UTC"),
        pytest.param("2027-03-03T17:00+05:00", LATER, NOON, id="a time in Tashkent"),
        pytest.param("2027-03-03 12:00:00+00", LATER, NOON, id="as Postgres writes it"),
        pytest.param("2027-03-03", LATER, LAST_INSTANT, id="a day is meant to its end in UTC"),
        pytest.param("2027-03-03", NOON, NOON, id="today is meant until now"),
        pytest.param("2027-03-03T12:00Z", NOON, NOON, id="now is not the future"),
    ],
)
def test_a_moment_is_a_time_or_the_end_of_a_day(
    text: str, now: datetime, expected: datetime
) -> None:
    assert Moment.parse(text).until(now) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("2027-03-03T12:00", "without an offset; add Z", id="a time of nowhere"),
        pytest.param("yesterday", "expected a date such as", id="words"),
        pytest.param("2027-02-30", "expected a date such as", id="a day that is not"),
        pytest.param("2027-03", "expected a date such as", id="a month"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Moment.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2027-03-04", id="tomorrow"),
        pytest.param("2027-03-03T12:00:00.000001Z", id="a moment from now"),
    ],
)
def test_the_future_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected one in the past"):
        Moment.parse(text).until(NOON)
