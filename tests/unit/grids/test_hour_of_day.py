"""The daily range of temperature from the means of the hours of the day."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.grids.cds_layout import monthly_fields
from tests.unit.grids.raw import MNTH, MODA, raw

NAN = float("nan")


def stamps(*months: str, hours: range = range(24)) -> list[str]:
    return [f"{month}-01T{hour:02d}:00" for month in months for hour in hours]


def by_hour(*months: str, temperatures_k: object = None, **given: object) -> xr.Dataset:
    """Hours of the day of these months, 270 K at midnight and a kelvin warmer each hour."""
    rising = np.tile(270.0 + np.arange(24), len(months))
    held = rising if temperatures_k is None else temperatures_k
    asked = {"history": MNTH, "expver": "0001", **given}
    return raw({"t2m": held}, stamps(*months), **asked)  # type: ignore[arg-type]


def fields(dataset: xr.Dataset) -> xr.Dataset:
    return monthly_fields(dataset, product=None, where="a.nc")


def values(monthly: xr.Dataset) -> dict[str, list[float]]:
    """Of each field the value of one cell, a number a month."""
    cell = monthly.isel(latitude=0, longitude=0)
    return {name: field.to_numpy().tolist() for name, field in cell.data_vars.items()}


def test_the_highest_and_the_lowest_hour_and_the_mean_of_all() -> None:
    # 270 to 293 K: their mean is 281.5 K.
    monthly = fields(by_hour("2024-02"))
    assert values(monthly) == {
        "temperature_mean_c": pytest.approx([8.35], abs=1e-4),
        "temperature_max_c": pytest.approx([19.85], abs=1e-4),
        "temperature_min_c": pytest.approx([-3.15], abs=1e-4),
    }
    assert monthly["release"].to_numpy().tolist() == ["final"]
    assert monthly["temperature_max_c"].dims == ("month", "latitude", "longitude")
    assert monthly["temperature_max_c"].dtype == np.float32
    assert "mean diurnal cycle" in monthly["temperature_min_c"].attrs["comment"]
    assert monthly.attrs["issued_at"] == "2026-07-01T14:44:00+00:00"


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(48)))
def test_the_order_of_the_hours_never_matters(order: list[int]) -> None:
    """Nor, therefore, the longitude: elsewhere the warmest hour comes at another time (UTC)."""
    random = np.random.default_rng(5).uniform(260.0, 300.0, (48, 2, 3))
    straight = by_hour("2024-01", "2024-02", temperatures_k=random)
    xr.testing.assert_allclose(fields(straight.isel(valid_time=order)), fields(straight))


def test_each_month_has_its_own_hours() -> None:
    cold, warm = 260.0 + np.arange(24), 290.0 - np.arange(24)
    monthly = fields(by_hour("2024-01", "2024-02", temperatures_k=np.concatenate([cold, warm])))
    assert values(monthly)["temperature_max_c"] == pytest.approx([9.85, 16.85], abs=1e-4)
    assert values(monthly)["temperature_min_c"] == pytest.approx([-13.15, -6.15], abs=1e-4)


def test_a_cell_that_misses_an_hour_is_missing() -> None:
    held = np.full((24, 2, 3), 280.0)
    held[7, 0, 0] = NAN
    monthly = fields(by_hour("2024-01", temperatures_k=held))
    for field in monthly.data_vars.values():
        assert field.isnull().to_numpy().ravel().tolist() == [True] + [False] * 5


def test_midnight_may_be_that_of_the_next_day() -> None:
    """Where the store counts hours in forecast steps, the 24th ends at 00:00 of the second day."""
    times = [*stamps("2024-01")[1:], "2024-01-02T00:00"]
    monthly = fields(raw({"t2m": 280.0}, times, history=MNTH))
    assert values(monthly)["temperature_max_c"] == pytest.approx([6.85], abs=1e-4)


def test_final_hours_go_before_preliminary_ones() -> None:
    both = [*stamps("2024-01"), *stamps("2024-01")]
    dataset = raw(
        {"t2m": [300.0] * 24 + [280.0] * 24}, both, history=MNTH,
        expver=["0005"] * 24 + ["0001"] * 24,
    )  # fmt: skip
    monthly = fields(dataset)
    assert values(monthly)["temperature_mean_c"] == pytest.approx([6.85], abs=1e-4)
    assert monthly["release"].to_numpy().tolist() == ["final"]


def test_a_month_is_as_settled_as_its_least_settled_hour() -> None:
    dataset = by_hour("2024-01", expver=["0001"] * 23 + ["0005"])
    assert fields(dataset)["release"].to_numpy().tolist() == ["preliminary"]


def test_the_older_layout_with_time_and_a_dim_of_releases() -> None:
    times = stamps("2024-01")
    final = raw({"t2m": [280.0] * 12 + [NAN] * 12}, times, time="time", history=MNTH)
    preliminary = raw({"t2m": [NAN] * 12 + [290.0] * 12}, times, time="time", history=MNTH)
    both = xr.concat([final, preliminary], dim=xr.Variable("expver", [1, 5]))
    monthly = fields(both.transpose("time", "expver", "latitude", "longitude"))
    assert values(monthly)["temperature_mean_c"] == pytest.approx([11.85], abs=1e-4)
    assert monthly["release"].to_numpy().tolist() == ["preliminary"]


def test_other_variables_by_the_hour_are_left_alone() -> None:
    dataset = raw({"t2m": 280.0, "d2m": 270.0, "tp": 0.001}, stamps("2024-01"), history=MNTH)
    assert set(fields(dataset).data_vars) == {
        "temperature_mean_c", "temperature_max_c", "temperature_min_c",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        pytest.param(
            raw({"t2m": 280.0}, stamps("2024-01", hours=range(1, 23)), history=MNTH),
            r"^a\.nc: 2024-01 misses the hours 00:00, 23:00, expected all 24; ask the store",
            id="two hours missing",
        ),
        pytest.param(
            raw({"t2m": 280.0}, [*stamps("2024-01"), *stamps("2024-02")[:-1]], history=MNTH),
            "2024-02 misses the hours 23:00",
            id="an hour of the second month missing",
        ),
        pytest.param(
            raw({"t2m": 280.0}, ["2024-01-01"], history=MNTH),
            "misses the hours 01:00, ",
            id="one hour of the day",
        ),
        pytest.param(
            raw({"tp": 0.001}, stamps("2024-01"), history=MNTH),
            r"expected 't2m' \(2m_temperature\), got tp",
            id="rain by the hour of the day",
        ),
        pytest.param(
            raw({"t2m": 280.0}, [*stamps("2024-01"), "2024-01-02T05:00"], history=MNTH),
            "2024-01 comes 2 times in one release",
            id="an hour twice",
        ),
        pytest.param(
            raw({"t2m": 20.0}, stamps("2024-01"), history=MNTH),
            "'t2m' reaches -253 degC",
            id="degrees said to be kelvin",
        ),
        pytest.param(
            raw({"t2m": 280.0}, stamps("2024-01"), history=MODA),
            "2024-01 comes 24 times, expected one stamp a month",
            id="so many stamps in the stream of monthly means",
        ),
        pytest.param(
            raw({"t2m": 280.0}, stamps("2024-01")),
            "2024-01 comes 24 times, expected one stamp a month",
            id="so many stamps and no word of the stream: it may be the first day of the month",
        ),
    ],
)
def test_what_is_no_whole_mean_day_is_refused(dataset: xr.Dataset, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fields(dataset)
