from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.core.months import Month
from pipeline.grids.cds_layout import monthly_fields
from tests.unit.grids.raw import MODA, raw

MEAN, TOTAL = Product.MONTHLY_MEAN, Product.MONTHLY_TOTAL
NAN = float("nan")
SINGLE = 1.0e-6
"""Relative: fields are single precision, which holds seven digits."""


def fields(dataset: xr.Dataset, product: Product | None = MEAN) -> xr.Dataset:
    return monthly_fields(dataset, product=product, where="a.nc")


def test_one_mm_a_day_in_a_leap_february_is_29_mm() -> None:
    monthly = fields(raw({"tp": 0.001}, ["2024-02-01"]))
    assert monthly["precipitation_mm"].to_numpy() == pytest.approx(29.0, rel=SINGLE)
    assert monthly["precipitation_mm"].attrs["units"] == "mm"


def test_a_total_is_the_month_s_whatever_its_length() -> None:
    monthly = fields(raw({"tp": [0.05, 0.05]}, ["2023-02-01", "2023-03-01"]), TOTAL)
    assert monthly["precipitation_mm"].to_numpy() == pytest.approx(50.0, rel=SINGLE)


@pytest.mark.parametrize(
    ("raw_values", "product", "name", "expected"),
    [
        pytest.param({"t2m": 300.0}, None, "temperature_mean_c", 26.85, id="kelvin to celsius"),
        pytest.param({"mx2t": 310.15}, None, "temperature_max_c", 37.0, id="mean daily maximum"),
        pytest.param({"mn2t": 263.15}, None, "temperature_min_c", -10.0, id="mean daily minimum"),
        pytest.param({"d2m": 273.15}, None, "dewpoint_c", 0.0, id="dewpoint"),
        pytest.param({"sp": 101300.0}, None, "surface_pressure_kpa", 101.3, id="Pa to kPa"),
        pytest.param(
            {"u10": -3.0, "v10": 4.0}, None, "wind_speed_m_s", 5.0, id="wind from its components"
        ),
        pytest.param(
            {"u10": 3.0, "v10": 4.0, "si10": 6.5}, None, "wind_speed_m_s", 6.5,
            id="mean wind speed is preferred to its components",
        ),
        pytest.param(
            {"ssrd": 2.0e7}, MEAN, "solar_radiation_mj_m2_day", 20.0, id="radiation a day"
        ),
        pytest.param(
            {"ssrd": 5.8e8}, TOTAL, "solar_radiation_mj_m2_day", 20.0,
            id="radiation of 29 days is divided by 29",
        ),
        pytest.param(
            {"swvl1": 0.1, "swvl2": 0.2, "swvl3": 0.3}, None, "soil_moisture_m3_m3",
            0.07 * 0.1 + 0.21 * 0.2 + 0.72 * 0.3, id="layers of 7, 21 and 72 cm",
        ),
        pytest.param({"sd": 0.25}, None, "snow_water_equivalent_mm", 250.0, id="snow that lies"),
        pytest.param({"smlt": 0.002}, MEAN, "snow_melt_mm", 58.0, id="melt of 29 days"),
        pytest.param({"smlt": 0.058}, TOTAL, "snow_melt_mm", 58.0, id="melt of the month"),
        pytest.param({"sf": 0.001}, MEAN, "snowfall_mm", 29.0, id="snowfall of 29 days"),
    ],
)  # fmt: skip
def test_units(
    raw_values: dict[str, float], product: Product | None, name: str, expected: float
) -> None:
    monthly = fields(raw(raw_values, ["2024-02-01"]), product)
    assert list(monthly.data_vars) == [name]
    # 273.15 in single precision is off by 1e-5.
    assert monthly[name].to_numpy() == pytest.approx(expected, rel=SINGLE, abs=2e-5)
    assert monthly[name].dtype == np.float32


def test_the_axes_are_brought_to_one_order() -> None:
    field = np.arange(6.0).reshape(1, 2, 3)
    monthly = fields(
        raw({"t2m": 273.15 + field}, latitudes=[40.0, 41.0], longitudes=[359.0, 0.5, 180.5])
    )["temperature_mean_c"]
    assert monthly.dims == ("month", "latitude", "longitude")
    assert monthly["latitude"].to_numpy().tolist() == [41.0, 40.0]
    assert monthly["longitude"].to_numpy().tolist() == [-179.5, -1.0, 0.5]
    assert monthly.to_numpy()[0] == pytest.approx(
        np.array([[5.0, 3.0, 4.0], [2.0, 0.0, 1.0]]), abs=2e-5
    )


def test_single_precision_coordinates_are_the_same_grid() -> None:
    single = raw({"t2m": 280.0}, latitudes=[47.1, 47.0])
    single = single.assign_coords(latitude=single["latitude"].astype(np.float32))
    assert fields(single)["latitude"].to_numpy().tolist() == [47.1, 47.0]


@settings(deadline=None)
@given(st.permutations(range(4)), st.permutations(range(3)))
def test_the_order_of_a_file_never_changes_its_fields(
    latitudes: list[int], longitudes: list[int]
) -> None:
    values = 280.0 + np.arange(12.0).reshape(1, 4, 3)
    straight = raw({"t2m": values}, latitudes=[4, 3, 2, 1], longitudes=[10, 11, 12])
    shuffled = straight.isel(latitude=latitudes, longitude=longitudes)
    xr.testing.assert_identical(fields(shuffled), fields(straight))


def test_a_one_row_grid_keeps_its_latitude() -> None:
    monthly = fields(raw({"t2m": 280.0}, latitudes=[40.0]))
    assert dict(monthly.sizes) == {"month": 1, "latitude": 1, "longitude": 3}


def test_times_become_the_first_of_their_month() -> None:
    monthly = fields(raw({"t2m": [281.0, 282.0]}, ["2024-03-01T06:00", "2024-02-29"], time="time"))
    assert monthly["month"].to_numpy().tolist() == [
        np.datetime64(f"{Month(2024, month)}-01", "ns").item() for month in (2, 3)
    ]
    assert monthly["temperature_mean_c"].isel(latitude=0, longitude=0).to_numpy() == pytest.approx(
        [282.0 - 273.15, 281.0 - 273.15]
    )


def test_a_month_the_file_holds_without_values_stays_missing() -> None:
    monthly = fields(raw({"tp": [0.001, NAN]}, ["2024-01-01", "2024-02-01"]))
    assert monthly["precipitation_mm"].isel(month=1).isnull().all()
    assert monthly.attrs["negative_precipitation_cells"] == 0


def test_tiny_negative_rain_is_dry_and_counted() -> None:
    tp = np.array([[[-1.0e-9, 0.0, 0.001], [NAN, 0.001, -2.0e-8]]])
    monthly = fields(raw({"tp": tp}, ["2023-01-01"]))
    assert monthly.attrs["negative_precipitation_cells"] == 2
    assert monthly["precipitation_mm"].to_numpy()[0] == pytest.approx(
        np.array([[0.0, 0.0, 31.0], [NAN, 31.0, 0.0]]), rel=SINGLE, nan_ok=True
    )


def test_really_negative_rain_is_refused() -> None:
    with pytest.raises(InputError, match=r"^a\.nc: 'tp' falls to -0.001 m, expected no less"):
        fields(raw({"tp": -0.001}))


@pytest.mark.parametrize(
    ("code", "name", "quantity"),
    [
        pytest.param("sf", "snowfall_mm", "snowfall", id="snowfall"),
        pytest.param("smlt", "snow_melt_mm", "snow_melt", id="melt"),
        pytest.param("sd", "snow_water_equivalent_mm", "snow_water_equivalent", id="snow"),
    ],
)
def test_snow_a_little_below_zero_is_none_and_counted_like_rain(
    code: str, name: str, quantity: str
) -> None:
    monthly = fields(raw({code: np.array([[[-1.0e-9, 0.0, 0.001], [NAN, 0.001, -2.0e-8]]])}))
    assert monthly.attrs[f"negative_{quantity}_cells"] == 2
    assert monthly[name].to_numpy().ravel()[[0, 1, 5]].tolist() == [0.0] * 3
    assert monthly[name].isnull().sum() == 1


def test_layers_of_soil_a_little_below_zero_are_counted_together() -> None:
    dry = np.array([[[-1.0e-6, 0.1, 0.1], [0.1, 0.1, 0.1]]])
    monthly = fields(raw({"swvl1": dry, "swvl2": dry, "swvl3": 0.1}))
    assert monthly.attrs["negative_soil_moisture_cells"] == 2
    assert monthly["soil_moisture_m3_m3"].to_numpy().ravel()[0] == pytest.approx(0.072)


def test_soil_moisture_is_known_only_where_all_three_layers_are() -> None:
    holed = np.array([[[NAN, 0.1, 0.1], [0.1, 0.1, 0.1]]])
    monthly = fields(raw({"swvl1": 0.1, "swvl2": holed, "swvl3": 0.1}))
    assert list(monthly.data_vars) == ["soil_moisture_m3_m3"]
    assert (
        monthly["soil_moisture_m3_m3"].isnull().to_numpy().ravel().tolist() == [True] + [False] * 5
    )
    assert list(fields(raw({"t2m": 280.0, "swvl1": 0.1, "swvl2": 0.1})).data_vars) == [
        "temperature_mean_c"
    ]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        pytest.param("smlt", -0.001, id="melt"),
        pytest.param("swvl2", -0.01, id="soil"),
        pytest.param("sd", -0.01, id="snow"),
    ],
)
def test_water_really_below_zero_is_refused(code: str, value: float) -> None:
    with pytest.raises(InputError, match=rf"^a\.nc: '{code}' falls to {value} .*expected no less"):
        fields(raw({code: value}))


@pytest.mark.parametrize(
    ("code", "value"),
    [
        # The default of the netCDF library, where the file does not declare it as missing.
        pytest.param("tp", 9.96921e36, id="undeclared missing cells"),
        pytest.param("tp", np.inf, id="infinite rain"),
        pytest.param("tp", 5.0, id="millimetres said to be metres"),
        pytest.param("t2m", 15.0, id="degrees Celsius said to be kelvin"),
        pytest.param("sp", 850.0, id="hectopascals said to be pascals"),
        pytest.param("d2m", -32767.0, id="an undeclared number for missing"),
        pytest.param("swvl1", 23.0, id="percent said to be a part of the whole"),
        pytest.param("sd", 300.0, id="millimetres of snow said to be metres"),
        pytest.param("sf", 5.0, id="snow of five metres of water a day"),
    ],
)
def test_what_cannot_be_on_earth_is_refused(code: str, value: float) -> None:
    usual = {"tp": 0.001, "sp": 85_000.0, "swvl1": 0.2, "sd": 0.1, "sf": 0.001}
    cells = np.full((1, 2, 3), usual.get(code, 280.0))
    cells[0, 1, 2] = value
    with pytest.raises(InputError, match=rf"^a\.nc: '{code}' reaches .* look before loading it"):
        fields(raw({code: cells}))


def releases(dataset: xr.Dataset) -> list[str]:
    return [str(release) for release in fields(dataset)["release"].to_numpy()]


def test_the_release_lies_along_the_months() -> None:
    months = ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert releases(raw({"t2m": 280.0}, months, expver=["0001", "0005", "0042"])) == [
        "final", "preliminary", "",
    ]  # fmt: skip
    assert releases(raw({"t2m": 280.0}, months, expver="0001")) == ["final"] * 3
    assert releases(raw({"t2m": 280.0}, months)) == [""] * 3


def test_final_wins_over_preliminary_of_the_same_month() -> None:
    both = raw({"tp": [0.002, 0.001]}, ["2024-01-01", "2024-01-01T06:00"], expver=["0005", "0001"])
    monthly = fields(both)
    assert monthly["precipitation_mm"].to_numpy() == pytest.approx(31.0, rel=SINGLE)
    assert releases(both) == ["final"]


def test_the_older_layout_with_a_dim_of_releases() -> None:
    # Until 2024 both releases lay side by side, each missing where the other speaks.
    months = ["2024-01-01", "2024-02-01"]
    final = raw({"tp": [0.001, NAN]}, months, time="time")
    preliminary = raw({"tp": [NAN, 0.002]}, months, time="time")
    both = xr.concat([final, preliminary], dim=xr.Variable("expver", [1, 5]))
    monthly = fields(both.transpose("time", "expver", "latitude", "longitude"))
    rain = monthly["precipitation_mm"].isel(latitude=0, longitude=0).to_numpy()
    assert rain == pytest.approx([31.0, 58.0], rel=SINGLE)
    assert monthly["release"].to_numpy().tolist() == ["final", "preliminary"]


def test_variables_at_different_hours_meet_in_their_month() -> None:
    # What a plain merge of the store's two step types leaves behind.
    doubled = raw(
        {"t2m": [280.0, NAN], "tp": [NAN, 0.001]}, ["2023-01-01T00:00", "2023-01-01T06:00"]
    )
    monthly = fields(doubled)
    assert monthly.sizes["month"] == 1
    assert monthly["precipitation_mm"].to_numpy() == pytest.approx(31.0, rel=SINGLE)
    assert monthly["temperature_mean_c"].to_numpy() == pytest.approx(6.85, abs=2e-5)


def test_a_month_is_as_settled_as_its_least_settled_variable() -> None:
    times = ["2024-01-01T00:00", "2024-01-01T06:00"]
    mixed = raw({"t2m": [280.0, NAN], "tp": [NAN, 0.001]}, times, expver=["0001", "0005"])
    assert releases(mixed) == ["preliminary"]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param("simulated", "simulated", id="the file says it is simulated"),
        pytest.param("Simulated ", "simulated", id="in whatever writing"),
        pytest.param("Uzhydromet", "real", id="another word"),
        pytest.param(None, "real", id="no word"),
    ],
)
def test_origin_is_read_from_the_content(origin: str | None, expected: str) -> None:
    assert fields(raw({"t2m": 280.0}, origin=origin)).attrs["origin"] == expected


def test_the_product_and_its_reason_are_kept() -> None:
    attrs = fields(raw({"tp": 0.001}, history=MODA), None).attrs
    assert attrs["product"] == "monthly-mean"
    assert attrs["product_from"] == "history: stream moda"


@pytest.mark.parametrize("time", ["valid_time", "time"])
@pytest.mark.parametrize(
    ("expver", "release"),
    [
        pytest.param("0005", "preliminary", id="with its release"),
        pytest.param(None, "", id="without a release"),
    ],
)
def test_a_single_month_may_be_squeezed(time: str, expver: str | None, release: str) -> None:
    squeezed = raw({"tp": 0.001}, ["2024-01-01T06:00"], time=time, expver=expver).squeeze()
    assert time not in squeezed.dims
    monthly = fields(squeezed)
    assert monthly["precipitation_mm"].dims == ("month", "latitude", "longitude")
    assert monthly["precipitation_mm"].to_numpy() == pytest.approx(31.0, rel=SINGLE)
    assert monthly["release"].to_numpy().tolist() == [release]


@pytest.mark.parametrize(
    "expver",
    [
        pytest.param(np.array(["0001", "0005"]), id="text"),
        pytest.param(np.array([b"0001", b"0005"]), id="bytes"),
        pytest.param(np.array([1, 5]), id="whole numbers"),
        pytest.param(np.array([1.0, 5.0]), id="numbers made floating"),
        pytest.param(np.array(["0001", "0005"], dtype=object), id="objects"),
    ],
)
@pytest.mark.parametrize("is_variable", [False, True], ids=["as a coordinate", "as a variable"])
def test_the_release_in_every_writing(expver: np.ndarray, is_variable: bool) -> None:
    dataset = raw({"t2m": 280.0}, ["2024-01-01", "2024-02-01"])
    dataset = dataset.assign_coords(expver=("valid_time", expver))
    if is_variable:
        dataset = dataset.reset_coords("expver")
    assert releases(dataset) == ["final", "preliminary"]


def test_when_the_store_made_the_file_is_kept() -> None:
    assert fields(raw({"tp": 0.001}, history=MODA), None).attrs["issued_at"] == (
        "2026-07-01T14:44:00+00:00"
    )
    assert "issued_at" not in fields(raw({"tp": 0.001})).attrs


def hourly() -> xr.Dataset:
    return raw({"t2m": 280.0}, ["2024-01-01T00:00", "2024-01-01T01:00"])


def with_units(code: str, unit: str) -> xr.Dataset:
    dataset = raw({code: 1.0})
    dataset[code].attrs["units"] = unit
    return dataset


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        pytest.param(hourly(), "t2m: 2024-01 comes 2 times", id="hourly data"),
        pytest.param(
            raw({"t2m": 280.0}, [f"2024-01-{day:02d}" for day in range(1, 32)]),
            "2024-01 comes 31 times, expected one stamp a month", id="daily data",
        ),
        pytest.param(with_units("tp", "mm"), "'tp' is in 'mm', expected 'm'", id="rain in mm"),
        pytest.param(with_units("t2m", "degC"), "is in 'degC', expected 'K'", id="celsius"),
        pytest.param(raw({"lai_hv": 1.0}), "expected at least one of tp, t2m", id="nothing known"),
        pytest.param(
            raw({"t2m": 280.0}).expand_dims(member=2), "one member and one level", id="an ensemble"
        ),
        pytest.param(
            raw({"t2m": 280.0}).rename(latitude="lat"), "expected dims", id="another layout"
        ),
        pytest.param(
            raw({"t2m": 280.0}).isel(valid_time=0, drop=True), "expected a dim valid_time",
            id="no time",
        ),
        pytest.param(
            raw({"t2m": 280.0}, longitudes=[60.0, 60.0, 61.0]), "each longitude once, got 3 of",
            id="a longitude twice",
        ),
        pytest.param(
            raw({"t2m": 280.0}, ["NaT"]), "a time is missing", id="a stamp without a date"
        ),
    ],
)  # fmt: skip
def test_what_is_no_monthly_field_is_refused(dataset: xr.Dataset, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        fields(dataset)
    assert str(refusal.value).startswith("a.nc: ")
