from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.months import Month
from pipeline.landscapes.staleness import Computed, Span, due, left_over, may_fit

SERIES = Span(Month(1991, 1), Month(2026, 8))
SAMPLE = Span(Month(1989, 2), Month(2020, 12))
NOVEMBER_2020, AUGUST_2026 = Month(2020, 11), Month(2026, 8)


def computed(
    stale: Span | None = None,
    *,
    version: int = 1,
    method: str = "1",
    series: Span = SERIES,
    was_ready: bool = True,
) -> Computed:
    return Computed(version, method, series, was_ready, False, stale)


def month(year: int, number: int) -> Span:
    return Span(Month(year, number), Month(year, number))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(None, SERIES, id="never computed: all"),
        pytest.param(computed(), None, id="nothing changed: nothing"),
        pytest.param(
            computed(month(2001, 5)),
            Span(Month(2001, 5), Month(2003, 4)),
            id="a month is in the windows of two years",
        ),
        pytest.param(
            computed(month(2025, 12)),
            Span(Month(2025, 12), AUGUST_2026),
            id="not beyond the last month",
        ),
        pytest.param(
            computed(series=Span(Month(1991, 1), Month(2026, 7))),
            month(2026, 8),
            id="a month longer: that month",
        ),
        pytest.param(
            computed(month(2026, 6), series=Span(Month(1991, 1), Month(2026, 7))),
            Span(Month(2026, 6), AUGUST_2026),
            id="a month longer and one before it corrected: from the corrected one",
        ),
        pytest.param(
            computed(series=Span(Month(1992, 1), AUGUST_2026)),
            SERIES,
            id="begins earlier now: all, since every short history changes",
        ),
        pytest.param(computed(version=2), SERIES, id="another version of the landscape: all"),
        pytest.param(computed(method="0"), SERIES, id="another method: all"),
        pytest.param(computed(was_ready=False), SERIES, id="fits can be made now: all"),
    ],
)
def test_what_is_due(held: Computed | None, expected: Span | None) -> None:
    assert due(held, 1, "1", SERIES, is_ready=True) == expected


@pytest.mark.parametrize(
    ("held", "what", "expected"),
    [
        pytest.param(None, SERIES, True, id="never computed"),
        pytest.param(computed(), month(2026, 8), False, id="a new month is in no sample"),
        pytest.param(
            computed(month(2020, 12)), month(2020, 12), True, id="the period's last month"
        ),
        pytest.param(computed(month(2021, 1)), month(2021, 1), False, id="the month after it"),
        pytest.param(
            computed(month(1989, 2)), month(1989, 2), True, id="the first of its longest window"
        ),
        pytest.param(computed(month(1989, 1)), month(1989, 1), False, id="the month before that"),
        pytest.param(computed(), SERIES, True, id="all is due anyway"),
    ],
)
def test_when_a_fit_may_be_possible(held: Computed | None, what: Span, expected: bool) -> None:
    assert may_fit(held, what, SERIES, SAMPLE) is expected


MONTHS = st.integers(0, 60).map(lambda n: Month(2020, 1) + n)
SPANS = st.tuples(MONTHS, MONTHS).map(lambda ends: Span(min(ends), max(ends)))


def held_months(*spans: Span | None) -> set[int]:
    return {n for span in spans if span for n in range(span.first.ordinal, span.last.ordinal + 1)}


@given(SPANS, st.none() | MONTHS, st.none() | MONTHS)
def test_what_is_done_and_what_is_left_over_is_what_was_due(
    what: Span, first: Month | None, last: Month | None
) -> None:
    done = what.within(first, last)
    left = left_over(what, done)
    assert held_months(done, left) == held_months(what)
    assert (left is None) == (done == what)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        pytest.param((None, None), None, id="all is done"),
        pytest.param((NOVEMBER_2020, None), (1991, 1, 2020, 10), id="the beginning is left"),
        pytest.param((None, NOVEMBER_2020), (2020, 12, 2026, 8), id="the end is left"),
        pytest.param((NOVEMBER_2020, NOVEMBER_2020), (1991, 1, 2026, 8), id="both: all again"),
    ],
)
def test_what_is_left_over(
    bounds: tuple[Month | None, Month | None], expected: tuple[int, int, int, int] | None
) -> None:
    found = left_over(SERIES, SERIES.within(*bounds))
    if expected is None:
        assert found is None
    else:
        assert found == Span(Month(*expected[:2]), Month(*expected[2:]))


@given(SPANS, SPANS)
def test_spans_meet_where_they_share_a_month(one: Span, other: Span) -> None:
    assert one.meets(other) == bool(held_months(one) & held_months(other))
    assert one.within(other.first, other.last) == other.within(one.first, one.last)
    assert held_months(one) | held_months(other) <= held_months(one.around(other))
