from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pipeline.stations.observations import Quantity
from pipeline.stations.persistence import persistence, rainless
from tests.unit.stations.gauges import HEAT, as_months, daily, gauge, in_a_row, shared_weather

HIGH = Quantity.TEMPERATURE_MAX.value


def varied(count: int) -> list[float]:
    """Rain in tenths of a millimetre, as gauges report it."""
    return list(np.random.default_rng(3).integers(1, 300, count) / 10)


def found(values: list[float], quantity: str) -> list[tuple[str, str]]:
    findings = persistence(daily(in_a_row(values), quantity))
    days = findings[["first_day", "last_day"]].astype("datetime64[s]")
    return [(f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for a, b in days.itertuples(index=False, name=None)]


def test_a_stuck_gauge_is_found_from_its_first_day_to_its_last() -> None:
    values = [*varied(100), *[12.3] * 6, *varied(100)]
    first = date(2001, 5, 1) + timedelta(days=100)
    assert found(values, "precipitation_mm") == [(f"{first}", f"{first + timedelta(days=5)}")]


def test_days_without_rain_do_not_interrupt_it() -> None:
    values = [*varied(100), *[12.3, 0.0, 0.0] * 6, *varied(100)]
    assert len(found(values, "precipitation_mm")) == 1


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([0.0] * 400, id="a year without rain"),
        pytest.param([*varied(100), *[12.3] * 3, *varied(100)], id="three times the same"),
        pytest.param([0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.2] * 20, id="traces written as a tenth"),
    ],
)
def test_what_chance_makes_is_not_suspicious(values: list[float]) -> None:
    assert found(values, "precipitation_mm") == []


@pytest.mark.parametrize(("length", "is_found"), [(19, False), (20, True)])
def test_twenty_equal_temperatures_are_too_many(length: int, is_found: bool) -> None:
    assert bool(found([*varied(30), *[21.5] * length, *varied(30)], HIGH)) is is_found


def test_a_frost_of_zero_degrees_counts_as_a_value() -> None:
    assert len(found([1.0, *[0.0] * 20, 2.0], HEAT)) == 1


def dry(totals: pd.Series, first: str, last: str) -> pd.Series:
    return totals.mask((totals.index >= first) & (totals.index <= last), 0.0)


def test_three_dry_months_in_a_wet_climate_are_suspicious() -> None:
    wet = gauge(shared_weather(1961, 40))
    (finding,) = rainless(as_months(dry(wet, "1990-02-01", "1990-04-30"))).to_dict("records")
    assert (finding["first_day"], finding["last_day"]) == (
        pd.Timestamp("1990-02-01"), pd.Timestamp("1990-04-30")
    )  # fmt: skip


def test_a_single_dry_month_is_not() -> None:
    wet = gauge(shared_weather(1961, 40))
    assert rainless(as_months(dry(wet, "1990-02-01", "1990-02-28"))).empty


def test_a_long_dry_season_in_a_desert_is_not() -> None:
    totals = gauge(shared_weather(1961, 40))
    is_summer = np.isin(pd.DatetimeIndex(totals.index).month, (5, 6, 7, 8, 9))
    desert = totals.mask(is_summer & (np.random.default_rng(4).random(len(totals)) < 0.8), 0.0)
    assert rainless(as_months(dry(desert, "1990-05-01", "1990-09-30"))).empty


def test_twenty_years_are_needed_to_know() -> None:
    short = gauge(shared_weather(1981, 15))
    assert rainless(as_months(dry(short, "1990-02-01", "1990-05-31"))).empty
