from __future__ import annotations

import pytest
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.grids.cds_layout import completed, part_fields
from pipeline.grids.merging import joined
from tests.unit.grids.raw import MODA, raw


def part(dataset: xr.Dataset, product: Product = Product.MONTHLY_MEAN) -> xr.Dataset:
    return part_fields(dataset, product=product, where="part.nc")


def test_parts_at_different_hours_meet_in_their_month() -> None:
    rain = part(raw({"tp": 0.001}, ["2023-01-01T06:00"], expver="0001"))
    heat = part(raw({"t2m": 280.0}, ["2023-01-01T00:00"], expver="0001"))
    whole = joined([rain, heat], "reply.zip")
    assert dict(whole.sizes) == {"latitude": 2, "longitude": 3, "month": 1}
    assert whole["precipitation_mm"].dims == ("month", "latitude", "longitude")
    assert whole["precipitation_mm"].to_numpy() == pytest.approx(31.0, rel=1e-6)
    assert whole["temperature_mean_c"].to_numpy() == pytest.approx(6.85, abs=2e-5)
    assert whole["release"].to_numpy().tolist() == ["final"]
    assert whole.attrs["product"] == "monthly-mean"
    assert whole.attrs["origin"] == "real"


def test_a_month_one_part_lacks_is_missing_there() -> None:
    rain = part(raw({"tp": 0.001}, ["2023-01-01"], expver="0001"))
    heat = part(raw({"t2m": 280.0}, ["2023-01-01", "2023-02-01"], expver=["0005", "0005"]))
    whole = joined([rain, heat], "reply.zip")
    assert whole["precipitation_mm"].isel(month=1).isnull().all()
    assert whole["release"].to_numpy().tolist() == ["preliminary", "preliminary"]


def test_one_file_a_month_becomes_one_series() -> None:
    whole = joined(
        [part(raw({"tp": 0.002}, ["2023-02-01"])), part(raw({"tp": 0.001}, ["2023-01-01"]))], "z"
    )
    rain = whole["precipitation_mm"].isel(latitude=0, longitude=0)
    assert rain.to_numpy() == pytest.approx([31.0, 56.0], rel=1e-6)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param(part(raw({"tp": 0.002})), "two of its parts hold prec", id="a field twice"),
        pytest.param(
            part(raw({"t2m": 280.0}, latitudes=[42.0, 41.0])), "differ in latitude", id="two grids"
        ),
        pytest.param(
            part(raw({"t2m": 280.0}, origin="simulated")), "differ in origin", id="two origins"
        ),
        pytest.param(
            part(raw({"ssrd": 1.0e8}), Product.MONTHLY_TOTAL), "differ in product",
            id="two products",
        ),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(other: xr.Dataset, message: str) -> None:
    with pytest.raises(InputError, match=rf"^reply\.zip: .*{message}"):
        joined([part(raw({"tp": 0.001})), other], "reply.zip")


def test_what_takes_several_variables_takes_them_from_different_parts() -> None:
    """A month too large for the store comes a few variables at a time, cut anywhere."""
    parts = [
        part(raw({"u10": 3.0, "swvl1": 0.1}, ["2023-01-01"])),
        part(raw({"v10": 4.0, "swvl2": 0.2}, ["2023-01-01"])),
        part(raw({"swvl3": 0.3}, ["2023-01-01"])),
    ]
    whole = completed(joined(parts, "reply.zip"))
    assert set(whole.data_vars) == {"wind_speed_m_s", "soil_moisture_m3_m3"}
    assert whole["wind_speed_m_s"].to_numpy() == pytest.approx(5.0)
    assert whole["soil_moisture_m3_m3"].to_numpy() == pytest.approx(0.265)


def test_counts_of_negative_cells_add_up() -> None:
    parts = [
        part(raw({"tp": -1.0e-9}, ["2023-01-01"])),
        part(raw({"tp": -1.0e-9}, ["2023-02-01"])),
        part(raw({"t2m": 280.0}, ["2023-01-01"])),
    ]
    assert joined(parts, "reply.zip").attrs["negative_precipitation_cells"] == 12


def test_a_reply_is_as_new_as_its_last_part() -> None:
    early, late = MODA, MODA.replace("14:44", "14:46")
    parts = [
        part(raw({"tp": 0.001}, ["2023-01-01"], history=late)),
        part(raw({"t2m": 280.0}, ["2023-01-01"], history=early)),
    ]
    assert joined(parts, "reply.zip").attrs["issued_at"] == "2026-07-01T14:46:00+00:00"
    silent = part(raw({"d2m": 280.0}, ["2023-01-01"]))
    assert "issued_at" not in joined([*parts, silent], "reply.zip").attrs
