from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date, timedelta
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.stations.months import MONTH_COLUMNS, Completeness, monthly_values
from pipeline.stations.observations import OBSERVATION_COLUMNS, Quantity, Resolution

RAIN, HEAT = Quantity.PRECIPITATION.value, Quantity.TEMPERATURE_MEAN.value
MISSING = math.nan
Row = tuple[str, str, str, int, float, bool]


def observations(*rows: Row, resolution: Resolution = Resolution.DAILY) -> pd.DataFrame:
    """Rows of station, quantity, last day, days, value, whether it is rejected; gaps are no rows."""
    columns = [name for name in OBSERVATION_COLUMNS if name != "resolution"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(last_day=pd.to_datetime(frame["last_day"]), resolution=str(resolution))
    return frame[frame["value"].notna() | frame["is_rejected"]]


def daily(
    quantity: str, first: date, values: list[float], rejected: Collection[int] = ()
) -> list[Row]:
    return [
        ("A", quantity, (first + timedelta(days=n)).isoformat(), 1, value, n + 1 in rejected)
        for n, value in enumerate(values)
    ]


def months(
    *rows: Row,
    resolution: Resolution = Resolution.DAILY,
    completeness: Completeness = Completeness.WMO_1203,
) -> pd.DataFrame:
    return monthly_values(observations(*rows, resolution=resolution), completeness)


def test_a_millimetre_a_day_in_a_leap_february_is_29_mm() -> None:
    (month,) = months(*daily(RAIN, date(2024, 2, 1), [1.0] * 29)).to_dict("records")
    assert month["month"] == pd.Timestamp("2024-02-01")
    assert month["precipitation_mm"] == pytest.approx(29.0)
    assert (month["n_observations"], month["gap"]) == (29, None)
    assert month["temperature_gap"] is Gap.TOO_FEW_OBSERVATIONS
    assert (month["policy"], month["resolution"]) == ("wmo_1203", "daily")


def test_the_columns_are_those_documented() -> None:
    made = months(*daily(RAIN, date(2024, 2, 1), [1.0] * 29))
    assert tuple(made.columns) == MONTH_COLUMNS


def test_one_missing_day_leaves_no_total_because_missing_is_not_dry() -> None:
    (month,) = months(*daily(RAIN, date(2001, 6, 1), [0.0] * 29 + [MISSING])).to_dict("records")
    assert math.isnan(month["precipitation_mm"])
    assert month["gap"] is Gap.TOO_FEW_OBSERVATIONS
    assert month["n_observations"] == 29


@pytest.mark.parametrize(
    ("missing", "completeness", "has_mean"),
    [
        pytest.param(range(2, 22, 2), Completeness.WMO_1203, True, id="ten days missing"),
        pytest.param(range(2, 24, 2), Completeness.WMO_1203, False, id="eleven days missing"),
        pytest.param(range(10, 14), Completeness.WMO_1203, True, id="four days in a row"),
        pytest.param(range(10, 15), Completeness.WMO_1203, False, id="five days in a row"),
        pytest.param(range(1, 6), Completeness.WMO_1203, False, id="five at the beginning"),
        pytest.param(range(26, 31), Completeness.WMO_1203, False, id="five at the end"),
        pytest.param([1, 2, 3, 4, 27, 28, 29, 30], Completeness.WMO_1203, True, id="four twice"),
        pytest.param([17], Completeness.DEKADS_COMPLETE, False, id="one day of a whole dekad"),
        pytest.param([], Completeness.DEKADS_COMPLETE, True, id="none of three whole dekads"),
    ],
)
def test_a_mean_bears_some_missing_days(
    missing: list[int], completeness: Completeness, has_mean: bool
) -> None:
    june = [MISSING if day in set(missing) else 20.0 for day in range(1, 31)]
    rows = daily(HEAT, date(2001, 6, 1), june)
    (month,) = months(*rows, completeness=completeness).to_dict("records")
    assert (month["temperature_gap"] is None) is has_mean
    assert month["temperature_mean_c"] == pytest.approx(20.0 if has_mean else MISSING, nan_ok=True)
    assert month["policy"] == completeness


def test_a_row_that_is_absent_is_a_day_missing() -> None:
    rows = daily(RAIN, date(2001, 6, 1), [1.0] * 30)
    (month,) = months(*rows[:9], *rows[10:]).to_dict("records")
    assert month["gap"] is Gap.TOO_FEW_OBSERVATIONS


def test_a_month_without_a_row_between_two_others_is_a_gap() -> None:
    made = months(*daily(RAIN, date(2001, 5, 1), [1.0] * 31), *daily(RAIN, date(2001, 7, 1), [0.0]))
    assert made["month"].dt.strftime("%Y-%m").tolist() == ["2001-05", "2001-06", "2001-07"]
    assert made["gap"].tolist() == [None, *[Gap.TOO_FEW_OBSERVATIONS] * 2]
    assert made["n_observations"].tolist() == [31, 0, 1]


def test_each_station_has_its_own_months() -> None:
    a = daily(RAIN, date(2001, 5, 1), [1.0] * 31)
    b = [("B", *row[1:]) for row in daily(RAIN, date(2003, 2, 1), [2.0] * 28)]
    made = months(*a, *b)
    assert made[["station_id", "precipitation_mm"]].to_numpy().tolist() == [["A", 31], ["B", 56]]


@pytest.mark.parametrize(
    ("rejected", "missing", "gap"),
    [
        pytest.param({3}, {3}, Gap.REJECTED, id="only a refused value is missing"),
        pytest.param({3}, {3, 4}, Gap.TOO_FEW_OBSERVATIONS, id="another day never came"),
    ],
)
def test_a_gap_says_whether_a_refusal_made_it(
    rejected: set[int], missing: set[int], gap: Gap
) -> None:
    values = [MISSING if day in missing else 1.0 for day in range(1, 31)]
    (month,) = months(*daily(RAIN, date(2001, 6, 1), values, rejected)).to_dict("records")
    assert month["gap"] is gap


def test_a_month_needs_all_three_dekads() -> None:
    rows = [
        ("A", RAIN, "2001-02-10", 10, 5.0, False),
        ("A", RAIN, "2001-02-20", 10, 0.0, False),
        ("A", RAIN, "2001-02-28", 8, 7.5, False),
        ("A", RAIN, "2001-03-10", 10, 1.0, False),
        ("A", RAIN, "2001-03-31", 11, 2.0, False),
    ]
    made = months(*rows, resolution=Resolution.DEKADAL)
    assert made["precipitation_mm"].tolist() == pytest.approx([12.5, MISSING], nan_ok=True)
    assert made["n_observations"].tolist() == [3, 2]
    assert made["gap"].tolist() == [None, Gap.TOO_FEW_OBSERVATIONS]


def test_dekads_weigh_by_their_days_in_a_mean() -> None:
    rows = [
        ("A", HEAT, "2001-02-10", 10, 1.0, False),
        ("A", HEAT, "2001-02-20", 10, 2.0, False),
        ("A", HEAT, "2001-02-28", 8, 9.5, False),
    ]
    (month,) = months(*rows, resolution=Resolution.DEKADAL).to_dict("records")
    assert month["temperature_mean_c"] == pytest.approx((10 + 20 + 76) / 28)


@pytest.mark.parametrize("missing", [0, 1, 2], ids=["the first", "the second", "the third"])
def test_a_missing_dekad_leaves_no_mean_either(missing: int) -> None:
    ends = [("2001-02-10", 10), ("2001-02-20", 10), ("2001-02-28", 8)]
    rows = [("A", HEAT, end, n, 1.0, False) for end, n in ends]
    (month,) = months(*rows[:missing], *rows[missing + 1 :]).to_dict("records")
    assert month["temperature_gap"] is Gap.TOO_FEW_OBSERVATIONS


def test_rain_of_several_days_counts_in_the_month_that_holds_them_all() -> None:
    may = daily(RAIN, date(2001, 5, 1), [1.0] * 31)
    weekend = ("A", RAIN, "2001-05-14", 3, 12.0, False)
    (month,) = months(*may[:11], weekend, *may[14:]).to_dict("records")
    assert month["precipitation_mm"] == pytest.approx(28 + 12)
    assert (month["n_observations"], month["gap"]) == (29, None)


def test_rain_of_several_days_across_a_border_makes_two_gaps() -> None:
    rows = daily(RAIN, date(2001, 5, 1), [1.0] * 61)
    weekend = ("A", RAIN, "2001-06-01", 3, 12.0, False)
    made = months(*rows[:29], weekend, *rows[32:])
    assert made["gap"].tolist() == [Gap.TOO_FEW_OBSERVATIONS] * 2
    assert made["n_observations"].tolist() == [29, 29]


def test_two_values_for_one_day_are_an_error_that_names_station_and_month() -> None:
    may = daily(RAIN, date(2001, 5, 1), [1.0] * 31)
    with pytest.raises(InputError, match=r"station A, 2001-05: two values cover the same day"):
        months(*may, ("A", RAIN, "2001-05-14", 3, 12.0, False))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(0, 500), min_size=59, max_size=59),
    st.randoms(use_true_random=False),
)
def test_whole_months_lose_no_rain_whatever_the_order(tenths: list[int], random: Random) -> None:
    rows = daily(RAIN, date(2001, 1, 1), [tenth / 10 for tenth in tenths])
    random.shuffle(rows)
    made = months(*rows)
    assert made["precipitation_mm"].sum() == pytest.approx(sum(tenths) / 10)
    assert made["gap"].tolist() == [None, None]


@pytest.mark.parametrize("lost", [1, 10, 31], ids=["the first", "the tenth", "the last"])
def test_a_missing_day_anywhere_makes_the_total_a_gap(lost: int) -> None:
    values = [MISSING if day == lost else 1.0 for day in range(1, 32)]
    (month,) = months(*daily(RAIN, date(2001, 5, 1), values)).to_dict("records")
    assert month["gap"] is Gap.TOO_FEW_OBSERVATIONS
    assert math.isnan(month["precipitation_mm"])


def test_a_daily_total_goes_before_that_of_dekads_and_a_dekad_fills_a_daily_gap() -> None:
    days = observations(*daily(RAIN, date(2001, 2, 1), [1.0] * 28 + [2.0] * 30))
    dekads = observations(
        *[("A", RAIN, f"2001-02-{end}", n, 5.0, False) for end, n in ((10, 10), (20, 10), (28, 8))],
        *[
            ("A", RAIN, f"2001-03-{end}", n, 5.0, False)
            for end, n in ((10, 10), (20, 10), (31, 11))
        ],
        resolution=Resolution.DEKADAL,
    )
    made = monthly_values(pd.concat([days, dekads]), Completeness.WMO_1203)
    assert made["precipitation_mm"].tolist() == [28.0, 15.0]
    assert made["resolution"].tolist() == ["daily", "dekadal"]
