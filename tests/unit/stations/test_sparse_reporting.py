from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from pipeline.stations.months import Completeness, monthly_values
from pipeline.stations.sparse_reporting import dry_days
from tests.unit.stations.gauges import HEAT, RAIN, daily

FIRST, YEARS = date(1961, 1, 1), 6
CALENDAR = [FIRST + timedelta(days=n) for n in range((date(1967, 1, 1) - FIRST).days)]


def record(
    *, every: int = 3, zeros: int = 0, unseen: frozenset[date] = frozenset()
) -> pd.DataFrame:
    """Rain of 2 mm reported each `every`-th day, `zeros` in ten of them dry; warm every day."""
    wet = {day: 0.0 if n % 10 < zeros else 2.0 for n, day in enumerate(CALENDAR[::every])}
    warm = {day: 12.0 for day in CALENDAR if day not in unseen}
    return pd.concat([daily(wet), daily(warm, HEAT)], ignore_index=True)


def test_where_only_wet_days_are_reported_the_others_are_dry() -> None:
    assert len(dry_days(record())) == len(CALENDAR) - len(CALENDAR[::3])


@pytest.mark.parametrize(
    ("observations", "why"),
    [
        pytest.param(record(zeros=4), "dry days too", id="a record that reports dry days too"),
        pytest.param(record(every=1), "every day", id="a record of every day"),
        pytest.param(daily(dict.fromkeys(CALENDAR[::3], 2.0)), "alone", id="rain alone"),
        pytest.param(
            record(unseen=frozenset(CALENDAR[::5])), "unseen", id="an observer away a fifth"
        ),
    ],
)
def test_otherwise_nothing_is_assumed(observations: pd.DataFrame, why: str) -> None:
    assert dry_days(observations).empty


def test_a_day_on_which_nothing_was_seen_stays_missing() -> None:
    lost = date(1963, 7, 3)
    assert lost not in CALENDAR[::3]
    observations = record(unseen=frozenset({lost}))
    assert pd.Timestamp(lost) not in set(dry_days(observations)["last_day"])
    months = monthly_values(observations, Completeness.SPARSE_REPORTING).set_index("month")
    assert months.loc["1963-07-01", "gap"] == "too_few_observations"
    assert months.loc["1963-07-01", "n_assumed_dry"] == 0
    assert months.loc["1963-06-01", "gap"] is None


def test_a_day_whose_rain_was_refused_is_not_dry() -> None:
    refused = daily({date(1963, 7, 3): 2.0}).assign(is_rejected=True)
    observations = pd.concat([record(), refused], ignore_index=True)
    assert pd.Timestamp("1963-07-03") not in set(dry_days(observations)["last_day"])


def test_a_month_without_a_single_report_of_rain_stays_a_gap() -> None:
    observations = record()
    is_july = observations["last_day"].dt.strftime("%Y-%m") == "1963-07"
    silent = observations[~(is_july & (observations["quantity"] == RAIN))]
    months = monthly_values(silent, Completeness.SPARSE_REPORTING).set_index("month")
    assert months.loc["1963-07-01", "gap"] == "too_few_observations"
    assert months.loc["1963-08-01", "gap"] is None


def test_the_days_of_a_total_of_several_are_not_dry() -> None:
    observations = record()
    is_total = observations["last_day"].eq("1963-07-07") & observations["quantity"].eq(RAIN)
    assert is_total.sum() == 0
    weekend = daily({date(1963, 7, 7): 5.0}).assign(n_days=3)
    days = set(dry_days(pd.concat([observations, weekend]))["last_day"].dt.strftime("%m-%d %Y"))
    assert "07-07 1963" not in days
    assert "07-06 1963" not in days


def test_the_month_says_how_many_days_it_assumed() -> None:
    june = monthly_values(record(), Completeness.SPARSE_REPORTING).set_index("month").loc[
        "1963-06-01"
    ]  # fmt: skip
    assert (june["n_observations"], june["n_assumed_dry"]) == (10, 20)
    assert june["precipitation_mm"] == pytest.approx(20.0)
    assert june["policy"] == "sparse_reporting"


def test_another_policy_assumes_nothing() -> None:
    months = monthly_values(record(), Completeness.WMO_1203)
    assert months["n_assumed_dry"].sum() == 0
    assert months["gap"].notna().all()


def test_a_change_of_habit_is_not_bridged() -> None:
    """Zeros are reported from 1965 on: the years beside the change are no longer sparse."""
    sparse = record()
    begun = [day for day in CALENDAR if day.year >= 1965 and day not in CALENDAR[::3]]
    observations = pd.concat([sparse, daily(dict.fromkeys(begun, 0.0))], ignore_index=True)
    assert set(dry_days(observations)["last_day"].dt.year) == {1961, 1962}
