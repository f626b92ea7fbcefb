"""Totals over the months an index looks back on."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats, Panel, gap_code
from pipeline.indices.windows import Folded, window_totals
from tests.unit.indices.records import panel

NAN = float("nan")
COUNTING = [float(k) for k in range(1, 37)]


def totals_of(monthly: Panel, index: str, months: int | None = None) -> Panel:
    folded = window_totals(
        monthly, IndexCode.parse(index), len(monthly.values) if months is None else months
    )
    return Panel(folded.first_month, folded.by_month(folded.values), folded.by_month(folded.gaps))


def reasons(totals: Panel) -> list[Gap | None]:
    return [GAPS[code] for code in totals.gaps[:, 0]]


def test_a_total_adds_the_month_and_those_before() -> None:
    totals = totals_of(panel([1.0, 2.0, 4.0, 8.0]), "spi_3")
    assert totals.values[2:, 0].tolist() == [7.0, 14.0]
    assert reasons(totals) == [Gap.SHORT_HISTORY, Gap.SHORT_HISTORY, None, None]


def test_a_record_shorter_than_the_window_is_all_short_history() -> None:
    assert reasons(totals_of(panel([1.0, 2.0]), "spi_3")) == [Gap.SHORT_HISTORY] * 2


def test_a_missing_month_is_missing_in_every_window_that_holds_it() -> None:
    totals = totals_of(panel([1.0, NAN, 1.0, 1.0, 1.0]), "spi_2")
    assert reasons(totals) == [
        Gap.SHORT_HISTORY, Gap.NOT_PUBLISHED, Gap.NOT_PUBLISHED, None, None,
    ]  # fmt: skip


def test_the_newest_missing_month_names_the_gap() -> None:
    codes = [0, gap_code(Gap.REJECTED), gap_code(Gap.LOW_COVERAGE), 0]
    values = np.array([[1.0], [NAN], [NAN], [1.0]])
    monthly = Panel(Month(2000, 1), values, np.array(codes, np.uint8)[:, None])
    assert reasons(totals_of(monthly, "spi_3"))[2:] == [Gap.LOW_COVERAGE, Gap.LOW_COVERAGE]


def test_a_window_before_the_record_is_short_history_even_if_a_month_in_it_is_missing() -> None:
    totals = totals_of(panel([NAN, 1.0, 1.0]), "spi_3")
    assert reasons(totals) == [Gap.SHORT_HISTORY, Gap.SHORT_HISTORY, Gap.NOT_PUBLISHED]


def test_the_hydrological_year_begins_in_october_and_ends_in_september() -> None:
    # January 2000 is 1, October 10; November and December are added to it, and so on.
    totals = totals_of(panel(COUNTING, "2000-01"), "spi_hy")
    assert reasons(totals)[:9] == [Gap.SHORT_HISTORY] * 9
    assert totals.values[9:13, 0].tolist() == [10.0, 21.0, 33.0, 46.0]
    assert totals.values[20, 0] == sum(range(10, 22)), "in September it is the whole year"
    assert totals.values[21, 0] == 22.0, "and October begins anew"


def test_the_growing_season_is_not_there_in_winter() -> None:
    totals = totals_of(panel(COUNTING, "2000-01"), "spi_veg")
    winter, summer = [Gap.NOT_APPLICABLE] * 3, [None] * 6
    assert reasons(totals)[:12] == winter + summer + winter
    assert totals.values[3:9, 0].tolist() == [4.0, 9.0, 15.0, 22.0, 30.0, 39.0]


def test_a_season_cut_off_by_the_beginning_of_the_record_is_short_history() -> None:
    totals = totals_of(panel([1.0] * 24, "2000-06"), "spi_veg")
    assert reasons(totals)[:4] == [Gap.SHORT_HISTORY] * 4
    assert reasons(totals)[4:11] == [Gap.NOT_APPLICABLE] * 6 + [None]


def test_winter_without_data_does_not_touch_the_growing_season() -> None:
    monthly = panel([NAN, NAN, NAN, *[1.0] * 9], "2000-01")
    assert reasons(totals_of(monthly, "spi_veg"))[:5] == [Gap.NOT_APPLICABLE] * 3 + [None] * 2


def test_a_missing_october_is_missing_until_september() -> None:
    values = [1.0] * 36
    values[9] = NAN
    got = reasons(totals_of(panel(values, "2000-01"), "spi_hy"))
    assert got[9:21] == [Gap.NOT_PUBLISHED] * 12
    assert got[21] is None


def test_soil_moisture_is_averaged_not_added() -> None:
    totals = totals_of(panel([0.1, 0.2, 0.6]), "sma_3")
    assert totals.values[2, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("index", ["spi_24", "spi_12", "spi_hy", "spi_veg", "sma_3"])
@pytest.mark.parametrize("months", [1, 7, 12, 13, 30])
def test_a_total_is_the_same_to_the_last_bit_however_much_history_is_handed_in(
    index: str, months: int
) -> None:
    # Thirds and sevenths: sums of these differ in the last digit with the order of adding.
    values = np.arange(1.0, 101.0)[:, None] / np.array([3.0, 7.0, 1e5])
    whole = totals_of(panel(values, "1999-03"), index)
    longest = IndexCode.parse(index).longest_window_months
    start = 100 - months - (longest - 1)
    tail = totals_of(panel(values[start:], str(Month(1999, 3) + start)), index, months)
    assert tail.first_month == Month(1999, 3) + (100 - months)
    assert np.array_equal(tail.values, whole.values[-months:], equal_nan=True)
    assert np.array_equal(tail.gaps, whole.gaps[-months:])


def filled(first: Month, months: int) -> tuple[Folded, Floats]:
    """Room whose months hold 0, 1, 2 ... in place 0 and their negatives in place 1."""
    folded = Folded.room(first, months, 2)
    numbers = np.arange(float(months))[:, None] * [1.0, -1.0]
    folded.by_month(folded.values)[:] = numbers
    folded.by_month(folded.gaps)[:] = 0
    return folded, numbers


def test_folding_by_year_keeps_every_month_in_its_place() -> None:
    folded, numbers = filled(Month(2000, 5), 30)
    assert folded.values.shape == (3, 12, 2)
    assert np.isnan(folded.values[0, :4]).all(), "January to April of the first year"
    assert (folded.gaps[0, :4] == gap_code(Gap.SHORT_HISTORY)).all()
    assert folded.values[0, 4].tolist() == [0.0, 0.0]
    assert folded.values[1, 0].tolist() == [8.0, -8.0], "January 2001 is the ninth month"
    assert np.isnan(folded.values[2, 10:]).all(), "November and December of the last year"
    assert np.array_equal(folded.by_month(folded.values), numbers)
    assert np.arange(12)[folded.calendar_months].tolist() == list(range(12))


def test_a_year_or_less_lies_in_one_row() -> None:
    folded, numbers = filled(Month(2000, 11), 4)
    assert folded.values.shape == (1, 4, 2)
    assert np.arange(12)[folded.calendar_months].tolist() == [10, 11, 0, 1]
    assert np.array_equal(folded.by_month(folded.values), numbers)
