from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pipeline.stations.duplicates import duplicates
from pipeline.stations.overlaps import overlaps
from tests.unit.stations.gauges import HEAT, daily, in_a_row


def years(count: int, quantity: str = "precipitation_mm") -> pd.DataFrame:
    days = (date(2001 + count, 1, 1) - date(2001, 1, 1)).days
    values = np.random.default_rng(5).integers(0, 200, days) / 10
    return daily(in_a_row(list(values), date(2001, 1, 1)), quantity)


def copied(observations: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    """The month `target` with the values of the month `source`, day for day."""
    month = observations["last_day"].dt.strftime("%Y-%m")
    of_source = observations[month == source].set_index(
        observations.loc[month == source, "last_day"].dt.day
    )["value"]
    day = observations["last_day"].dt.day
    return observations.assign(
        value=observations["value"].mask(month == target, day.map(of_source))
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param("2001-03", "2001-05", id="in the same year"),
        pytest.param("2001-03", "2003-03", id="in another year"),
    ],
)
@pytest.mark.parametrize("quantity", ["precipitation_mm", HEAT])
def test_a_copied_month_is_found_and_so_is_what_it_was_copied_from(
    source: str, target: str, quantity: str
) -> None:
    findings = duplicates(copied(years(3, quantity), source, target))
    assert findings["first_day"].dt.strftime("%Y-%m").tolist() == [source, target]
    assert set(findings["reason"]) == {f"the same values in {source}, {target}"}


def test_a_month_that_differs_in_one_day_is_no_copy() -> None:
    observations = copied(years(3), "2001-03", "2003-03")
    is_last = observations["last_day"] == "2003-03-31"
    assert duplicates(observations.assign(value=observations["value"] + is_last)).empty


def test_a_month_that_lacks_a_day_is_no_copy() -> None:
    observations = copied(years(3), "2001-03", "2003-03")
    assert duplicates(observations[observations["last_day"] != "2003-03-31"]).empty


def test_two_dry_months_are_alike_by_nature() -> None:
    observations = years(3)
    is_july = observations["last_day"].dt.month == 7
    assert duplicates(observations.assign(value=observations["value"].mask(is_july, 0.0))).empty


def test_a_copied_year_of_months_is_found() -> None:
    index = pd.date_range("1961-01-31", periods=120, freq="ME")
    totals = pd.Series(np.random.default_rng(6).integers(0, 900, 120) / 10, index)
    totals[totals.index.year == 1968] = totals[totals.index.year == 1963].to_numpy()
    months = daily(totals.to_dict()).assign(resolution="monthly", n_days=index.day)
    assert duplicates(months)["first_day"].dt.year.tolist() == [1963, 1968]


def test_a_total_of_days_that_were_read_singly_too_is_rejected() -> None:
    days = daily(in_a_row([1.0] * 5))
    weekend = daily({date(2001, 5, 3): 4.0, date(2001, 5, 9): 4.0}).assign(n_days=3)
    (finding,) = overlaps(pd.concat([days.iloc[[0, 1, 3, 4]], weekend])).to_dict("records")
    assert (finding["verdict"], finding["last_day"]) == ("rejected", pd.Timestamp("2001-05-03"))


def test_two_totals_that_share_a_day_are_both_rejected() -> None:
    first = date(2001, 5, 3)
    totals = daily({first: 4.0, first + timedelta(days=2): 4.0}).assign(n_days=3)
    assert len(overlaps(totals)) == 2
