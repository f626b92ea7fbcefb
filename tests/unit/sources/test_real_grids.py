"""Real files of the store, their values against figures worked out by hand from the raw numbers.

Beside each expected figure stands the number in the file, as plain netCDF4 shows it.
"""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.grids.cds_layout import monthly_fields
from pipeline.sources import grid_files

BRAZIL = "era5_format/brazil_era5land_data_stream-moda.nc"
OGGM = "era5_format/oggm_sel_era5_land_monthly_prcp_1981-2018.nc"
INDIA = "era5_format/india_data_stream-oper_stepType-accum.nc"
CFSR = "reanalysis/cfsr_uzbekistan_1979_2014_cds_layout.nc"
SINGLE = 1.0e-6
"""Relative: seven digits."""


def value(fields: xr.Dataset, name: str, month: str, latitude: float, longitude: float) -> float:
    at = fields[name].sel(month=np.datetime64(month, "ns"), latitude=latitude, longitude=longitude)
    return float(at)


class TestNewLayout:
    """One month of ERA5-Land, a corner cell at sea."""

    @pytest.mark.parametrize(
        ("name", "latitude", "longitude", "expected"),
        [
            # 0.010785453952848911 m a day x 31 days x 1000
            pytest.param("precipitation_mm", -1.8, -49.1, 334.349073, id="rain of January"),
            # 0.012297452427446842 m a day x 31 days x 1000
            pytest.param("precipitation_mm", -2.2, -48.7, 381.221025, id="rain in another corner"),
            # 299.19000244140625 K - 273.15
            pytest.param("temperature_mean_c", -1.8, -49.1, 26.040002, id="kelvin"),
            # 298.52203369140625 K - 273.15
            pytest.param("temperature_mean_c", -2.2, -48.7, 25.372034, id="in another corner"),
        ],
    )
    def test_values(
        self, shared_data: Path, name: str, latitude: float, longitude: float, expected: float
    ) -> None:
        fields = grid_files.read(shared_data / BRAZIL)
        found = value(fields, name, "2025-01-01", latitude, longitude)
        assert found == pytest.approx(expected, rel=SINGLE)

    def test_the_sea_is_missing_and_nothing_else(self, shared_data: Path) -> None:
        rain = grid_files.read(shared_data / BRAZIL)["precipitation_mm"]
        assert int(rain.isnull().sum()) == 1
        assert np.isnan(value(rain.to_dataset(), "precipitation_mm", "2025-01-01", -1.8, -49.2))

    def test_it_says_itself_what_it_is(self, shared_data: Path) -> None:
        fields = grid_files.read(shared_data / BRAZIL)
        assert fields["release"].to_numpy().tolist() == ["final"]
        assert fields.attrs["product_from"] == "history: stream moda"
        assert fields.attrs["issued_at"] == "2026-07-01T14:44:00+00:00"


class TestOldLayout:
    """38 years packed into 16 bits: scale 2.7028617184048845e-06, offset 0.08856241151712531."""

    @pytest.mark.parametrize(
        ("month", "expected"),
        [
            # (-30261 x scale + offset) m a day x 31 days x 1000
            pytest.param("1981-01-01", 209.904505, id="a month of 31 days"),
            # (-31733 x scale + offset) m a day x 28 days x 1000
            pytest.param("1983-02-01", 78.190017, id="a February"),
            # (-30729 x scale + offset) m a day x 29 days x 1000
            pytest.param("1984-02-01", 159.679039, id="a February of a leap year"),
        ],
    )
    def test_values(self, shared_data: Path, month: str, expected: float) -> None:
        fields = grid_files.read(shared_data / OGGM, product="monthly-mean")
        found = value(fields, "precipitation_mm", month, 47.1, 10.6)
        assert found == pytest.approx(expected, rel=SINGLE)

    def test_single_precision_coordinates_are_tenths(self, shared_data: Path) -> None:
        fields = grid_files.read(shared_data / OGGM, product="monthly-mean")
        assert fields["latitude"].to_numpy().tolist() == [47.1, 47.0, 46.9, 46.8, 46.7, 46.6]
        # (-32257 x scale + offset) m a day x 31 days x 1000, the last cell of the last month
        found = value(fields, "precipitation_mm", "2018-12-01", 46.6, 11.2)
        assert found == pytest.approx(42.662233, rel=SINGLE)

    def test_nothing_in_it_says_release_or_product(self, shared_data: Path) -> None:
        with pytest.raises(InputError, match="say --product monthly-mean or"):
            grid_files.read(shared_data / OGGM)
        fields = grid_files.read(shared_data / OGGM, product="monthly-mean")
        assert set(fields["release"].to_numpy()) == {""}
        assert fields.attrs["issued_at"] == "2020-01-24T09:37:00+00:00"


class TestCfsr:
    """427 months of real CFSR laid out as the store does; its cell in the north-west."""

    @pytest.mark.parametrize(
        ("name", "month", "expected"),
        [
            # 0.0006605806411243975 m a day x 31 days x 1000
            pytest.param("precipitation_mm", "1979-01-01", 20.478000, id="rain of a January"),
            # 0.0004134482878725976 m a day x 29 days x 1000
            pytest.param("precipitation_mm", "1980-02-01", 11.990000, id="a leap February"),
            # 0.00088975002290681 m a day x 28 days x 1000
            pytest.param("precipitation_mm", "1981-02-01", 24.913001, id="another February"),
            # 7.806451321812347e-06 m a day x 31 days x 1000
            pytest.param("precipitation_mm", "2000-07-01", 0.242000, id="a dry July"),
            # 269.4804992675781 K and 301.7179870605469 K - 273.15
            pytest.param("temperature_mean_c", "1979-01-01", -3.669501, id="kelvin below freezing"),
            pytest.param("temperature_mean_c", "2000-07-01", 28.567987, id="kelvin in summer"),
            # 308.677001953125 K - 273.15
            pytest.param("temperature_max_c", "2000-07-01", 35.527002, id="mean daily maximum"),
            # 283.5572814941406 K - 273.15
            pytest.param("dewpoint_c", "2000-07-01", 10.407281, id="dewpoint"),
            # 7152000 and 27727000 J m-2 a day / 1e6
            pytest.param("solar_radiation_mj_m2_day", "1979-01-01", 7.152, id="radiation"),
            pytest.param("solar_radiation_mj_m2_day", "2000-07-01", 27.727, id="radiation in July"),
            # u10 4.145999908447266 m s-1, v10 0
            pytest.param("wind_speed_m_s", "1979-01-01", 4.146, id="wind of its components"),
        ],
    )
    def test_values(self, shared_data: Path, name: str, month: str, expected: float) -> None:
        fields = grid_files.read(shared_data / CFSR, product="monthly-mean")
        assert value(fields, name, month, 43.2437, 58.75) == pytest.approx(expected, abs=2e-5)

    def test_its_three_missing_months_are_missing(self, shared_data: Path) -> None:
        fields = grid_files.read(shared_data / CFSR, product="monthly-mean")
        assert dict(fields.sizes) == {"month": 427, "latitude": 19, "longitude": 45}
        values = fields["precipitation_mm"].notnull()
        assert int(values.any("month").sum()) == 70
        empty = fields["month"].to_numpy()[~values.any(("latitude", "longitude")).to_numpy()]
        assert empty.astype("datetime64[M]").astype(str).tolist() == [
            "1983-09", "1986-12", "1999-01",
        ]  # fmt: skip
        held = grid_files.contents(shared_data / CFSR, product="monthly-mean")
        # Seven variables; the two components of wind are one.
        assert (held.fields, held.empty_fields) == (7 * 427, 7 * 3)

    def test_it_needs_to_be_told_its_product(self, shared_data: Path) -> None:
        with pytest.raises(InputError, match=r"tp, ssrd may be .* say --product monthly-mean or"):
            grid_files.read(shared_data / CFSR)


class TestHourly:
    """One noon of each month of eleven years: each month comes once, and yet it is no month."""

    @pytest.mark.parametrize("product", [None, "monthly-mean", "monthly-total"])
    def test_it_is_refused_whatever_the_operator_says(
        self, shared_data: Path, product: str | None
    ) -> None:
        with pytest.raises(InputError, match=r"not monthly data, expected stream 'moda'.*'oper'"):
            grid_files.read(shared_data / INDIA, product=product)

    def test_its_real_experiment_versions_and_values_merge(self, shared_data: Path) -> None:
        # Not what the file is for: its hourly stream is struck out of the history, so that the
        # merge can be tried on real values and a real `expver`. November 2024 is the last final
        # month (0001), December the first preliminary one (0005).
        fields = monthly_fields(struck(shared_data / INDIA), product=Product.MONTHLY_MEAN, where="")
        releases = fields["release"].to_numpy().tolist()
        assert releases == ["final"] * 131 + ["preliminary"]
        # 0.0011959076 m x 31 x 1000, 0.00011920929 m x 30 x 1000
        found = [
            value(fields, "precipitation_mm", month, 23.0, 75.0)
            for month in ("2024-08-01", "2024-09-01", "2024-12-01")
        ]
        assert found == pytest.approx([37.073136, 3.576279, 0.0], rel=SINGLE)

    def test_where_both_releases_hold_a_month_the_final_one_speaks(self, shared_data: Path) -> None:
        # The real values once more, doubled, as the preliminary ones of the same months.
        real = struck(shared_data / INDIA).isel(valid_time=slice(119, 131))
        preliminary = (2 * real).assign_coords(expver=("valid_time", ["0005"] * 12))
        preliminary["tp"].attrs = real["tp"].attrs
        both = xr.concat([preliminary[["tp"]], real[["tp"]]], dim="valid_time")
        fields = monthly_fields(both, product=Product.MONTHLY_MEAN, where="")
        assert fields["release"].to_numpy().tolist() == ["final"] * 12
        assert value(fields, "precipitation_mm", "2024-08-01", 23.0, 75.0) == pytest.approx(
            37.073136, rel=SINGLE
        )


def struck(path: Path) -> xr.Dataset:
    """The file without its history."""
    with xr.open_dataset(path, engine="netcdf4") as file:
        return file.load().drop_attrs(deep=False)


def test_the_figures_above_are_in_the_files(shared_data: Path) -> None:
    # That the numbers in the comments are those of the files, by netCDF4 alone.
    with netCDF4.Dataset(shared_data / OGGM) as file:
        file.set_auto_maskandscale(False)
        packed = file["tp"]
        assert (packed[0, 0, 0], packed[25, 0, 0], packed[37, 0, 0]) == (-30261, -31733, -30729)
        assert (packed.scale_factor, packed.add_offset) == (
            2.7028617184048845e-06, 0.08856241151712531,
        )  # fmt: skip
    with netCDF4.Dataset(shared_data / BRAZIL) as file:
        assert float(file["tp"][0, 0, 1]) == 0.010785453952848911
        assert float(file["t2m"][0, 4, 5]) == 298.52203369140625
    with netCDF4.Dataset(shared_data / CFSR) as file:
        assert float(file["tp"][13, 0, 0]) == 0.0004134482878725976
