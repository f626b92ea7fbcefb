"""The simulated climate: pure, plausible, with the droughts it promises and a change every month."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
import shapely
import xarray as xr
from climate_indices import compute, indices

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month, months_between
from pipeline.local import simulated_climate as climate

Floats = npt.NDArray[np.float64]

FIRST, LAST = Month(1991, 1), Month(2040, 12)
RAINLESS_3_MONTHS_MM = 1.0
BLIND_ABOVE_RAINLESS_SHARE = 0.3173


def rain_mm(month: Month) -> Floats:
    return climate.fields(month)["tp"] * 1000 * month.days


@pytest.fixture(scope="module")
def history_mm() -> Floats:
    """Rain of 1991-2040, dims (month, latitude, longitude)."""
    return np.stack([rain_mm(month) for month in months_between(FIRST, LAST)])


def spi(series_mm: Floats, scale: int) -> Floats:
    """SPI of columns by climate-indices, calibrated 1991-2020; dims as given."""
    with warnings.catch_warnings():
        # A doubtful fit in a dry month is judged by the share of rainless years instead.
        warnings.simplefilter("ignore")
        cube = indices.spi(
            series_mm[:, :, np.newaxis],
            scale,
            indices.Distribution.gamma,
            FIRST.year,
            1991,
            2020,
            compute.Periodicity.monthly,
            spatial_time_major=True,
            zero_handling="center_of_mass",
        )
    return np.asarray(cube[:, :, 0])


def ordinal(month: Month) -> int:
    return month.ordinal - FIRST.ordinal


RECENT = tuple(months_between(Month(2019, 1), Month(2026, 12)))


@pytest.fixture(scope="module")
def missed_mm() -> Floats:
    """Preliminary less final rain of recent months, dims (month, latitude, longitude)."""
    preliminary = [
        climate.fields(month, release=Release.PRELIMINARY)["tp"] * 1000 * month.days
        for month in RECENT
    ]
    return np.stack(preliminary) - np.stack([rain_mm(month) for month in RECENT])


class TestPurity:
    def test_a_month_is_the_same_whenever_and_in_whatever_order_it_is_asked_for(self) -> None:
        before = climate.fields(Month(2026, 10))
        climate.fields(Month(1999, 1), seed=3)
        climate._noise.cache_clear()
        climate._waves.cache_clear()
        after = climate.fields(Month(2026, 10))
        for name, values in before.items():
            np.testing.assert_array_equal(values, after[name], err_msg=name)

    def test_another_seed_is_another_climate(self) -> None:
        ours, other = (climate.fields(Month(2026, 10), seed=seed)["tp"] for seed in (7, 8))
        assert np.corrcoef(ours.ravel(), other.ravel())[0, 1] < 0.95
        assert not np.allclose(ours, other)

    def test_the_global_random_state_is_neither_used_nor_touched(self) -> None:
        np.random.seed(1)  # noqa: NPY002 - the very thing that must not matter
        one = climate.fields(Month(2030, 5), seed=99)["tp"]
        np.random.seed(2)  # noqa: NPY002
        untouched = np.random.random()  # noqa: NPY002
        np.random.seed(2)  # noqa: NPY002
        climate._noise.cache_clear()
        two = climate.fields(Month(2030, 5), seed=99)["tp"]
        assert np.random.random() == untouched  # noqa: NPY002
        np.testing.assert_array_equal(one, two)

    def test_it_has_no_month_before_1991(self) -> None:
        with pytest.raises(InputError, match="begins in 1991-01, got 1990-12"):
            climate.fields(Month(1990, 12))

    def test_it_goes_on_for_ever(self) -> None:
        assert np.isfinite(climate.fields(Month(2999, 12))["tp"]).all()


class TestPreliminaryValues:
    """What `docs/simulated_climate.md` says of them."""

    def test_they_are_the_same_whenever_they_are_asked_for(self) -> None:
        one, two = (
            climate.fields(Month(2026, 10), release=Release.PRELIMINARY)["tp"] for _ in range(2)
        )
        np.testing.assert_array_equal(one, two)

    def test_rain_misses_by_a_tenth_or_two_of_the_normal_and_hardly_in_the_mean(
        self, missed_mm: Floats
    ) -> None:
        normal = climate.climatology().precipitation_mm
        normal_mm = np.stack([normal[month.month - 1] for month in RECENT])
        is_wet = normal_mm > 5
        size = np.sqrt(np.mean((missed_mm[is_wet] / normal_mm[is_wet]) ** 2))
        assert 0.08 < size < 0.2
        assert abs(missed_mm[is_wet].mean()) < 0.03 * normal_mm[is_wet].mean()

    def test_months_in_a_row_tend_to_miss_in_the_same_direction(self, missed_mm: Floats) -> None:
        cell = missed_mm.reshape(len(missed_mm), -1)
        together = np.sign(cell[1:]) * np.sign(cell[:-1])
        assert together.mean() > 0.1

    def test_what_follows_from_rain_misses_too_and_the_rest_does_not(self) -> None:
        final = climate.fields(Month(2026, 10))
        preliminary = climate.fields(Month(2026, 10), release=Release.PRELIMINARY)
        changed = {name for name in final if not np.array_equal(final[name], preliminary[name])}
        assert changed == {"tp", "t2m", "d2m", "ssrd"}
        assert np.abs(final["t2m"] - preliminary["t2m"]).max() < 1.5


class TestFormulas:
    """Hand-worked values, most of them printed in FAO Irrigation and Drainage Paper 56."""

    def test_pressure_at_1800_m(self) -> None:
        """FAO-56 example 2: 81.8 kPa."""
        assert climate.pressure_kpa(np.array([[1800.0]])).item() == pytest.approx(81.8, abs=0.05)

    def test_dewpoint(self) -> None:
        """At 20 degC and 60 mm the humidity is 0.78 - 0.33 + 0.15 = 0.60; FAO-56 table 2.3 has
        2.338 kPa at 20 degC, and 0.60 of it, 1.403 kPa, at 12 degC."""
        dewpoint = climate.dewpoint_c(np.array([[20.0]]), np.array([[60.0]]))
        assert dewpoint.item() == pytest.approx(12.0, abs=0.02)

    @pytest.mark.parametrize(
        ("calendar_month", "expected"),
        [
            pytest.param(1, 15.0, id="January"),
            pytest.param(4, 34.7, id="April"),
            pytest.param(7, 40.8, id="July"),
            pytest.param(10, 22.5, id="October"),
        ],
    )
    def test_radiation_above_the_air_at_40_north(
        self, calendar_month: int, expected: float
    ) -> None:
        """FAO-56 annex 2, table 2.6, MJ m-2 per day, made for the 15th of the month."""
        latitude = np.array([40.0])
        radiation = climate.extraterrestrial_radiation_mj_m2_day(calendar_month, latitude)
        assert radiation.item() == pytest.approx(expected, rel=0.015)

    @pytest.mark.parametrize("wetness", [-1.5, -0.5, 0.0, 1.0, 2.0])
    @pytest.mark.parametrize("normal_mm", [30.0, 60.0, 120.0])
    def test_rain_is_a_gamma_variate(self, normal_mm: float, wetness: float) -> None:
        shape = min(0.15 + normal_mm / 18, 5.0)
        expected = scipy.stats.gamma.ppf(scipy.stats.norm.cdf(wetness), shape) / shape * normal_mm
        rain = climate.precipitation_mm(np.array([[normal_mm]]), np.array([[wetness]]))
        assert rain.item() == pytest.approx(expected, abs=0.02 * normal_mm)

    def test_no_rain_falls_where_it_never_does(self) -> None:
        assert climate.precipitation_mm(np.array([[0.0]]), np.array([[3.0]])).item() == 0


class TestPlausibility:
    @pytest.mark.parametrize("month", [Month(2001, 1), Month(2021, 7), Month(2033, 4)], ids=str)
    def test_values_are_possible(self, month: Month) -> None:
        fields = climate.fields(month)
        assert all(np.isfinite(values).all() for values in fields.values())
        assert (fields["tp"] >= 0).all()
        assert (fields["tp"] < 0.05).all()
        assert (fields["d2m"] <= fields["t2m"]).all()
        assert ((fields["t2m"] > 220) & (fields["t2m"] < 320)).all()
        assert ((fields["sp"] > 45_000) & (fields["sp"] <= 101_300)).all()
        assert ((fields["ssrd"] > 1e6) & (fields["ssrd"] < 33e6)).all()
        assert (np.hypot(fields["u10"], fields["v10"]) < 8).all()

    def test_the_long_mean_is_the_climatology(self, history_mm: Floats) -> None:
        normal = climate.climatology().precipitation_mm
        mean = history_mm[ordinal(Month(2026, 1)) :].reshape(15, 12, *normal.shape[1:]).mean(axis=0)
        assert mean.sum() / normal.sum() == pytest.approx(1.0, abs=0.06)

    def test_the_desert_is_rainless_in_most_augusts(self, history_mm: Floats) -> None:
        desert = climate.climatology().precipitation_mm[7] < 1.0
        assert desert.any()
        assert (history_mm[7::12, desert] == 0).mean() > 0.5

    def test_neighbours_share_their_weather_and_far_places_do_not(self, history_mm: Floats) -> None:
        spring = np.log(history_mm[3::12] + 1)
        row, column = 20, 60
        here, beside, far = spring[:, row, column], spring[:, row, column + 1], spring[:, row, 5]
        assert np.corrcoef(here, beside)[0, 1] > 0.7
        assert abs(np.corrcoef(here, far)[0, 1]) < 0.4

    def test_dry_months_are_warm(self) -> None:
        julys = [climate.fields(Month(year, 7)) for year in range(1991, 2041)]
        rain, warmth = (
            np.stack([july[name] for july in julys])[:, 10, 80] for name in ("tp", "t2m")
        )
        assert np.corrcoef(rain, warmth)[0, 1] < -0.2

    def test_the_coarse_climatology_is_the_area_mean_of_the_fine_one(
        self, shared_data: Path
    ) -> None:
        fine = shared_data / "reanalysis" / "era5_monthly_climatology_2000_2025_cacilm_bbox.nc"
        with xr.open_dataset(fine) as file:
            around = file["tp"].sel(latitude=slice(41.25, 40.75), longitude=slice(68.75, 69.25))
            values = around.to_numpy()
            latitudes = around["latitude"].to_numpy()
        weights = np.outer([1, 2, 1], [1, 2, 1]) * np.cos(np.radians(latitudes))[:, np.newaxis]
        expected = (values * weights).sum(axis=(1, 2)) / weights.sum()
        coarse = climate.climatology()
        row = int(np.flatnonzero(coarse.latitude == 41.0).item())
        column = int(np.flatnonzero(coarse.longitude == 69.0).item())
        np.testing.assert_allclose(coarse.precipitation_mm[:, row, column], expected, atol=0.051)


AMU_DARYA = (36.5, 40.0, 64.0, 74.5)
SYR_DARYA = (40.0, 43.5, 67.0, 78.0)


class TestDroughts:
    @pytest.mark.parametrize(
        ("box", "year"),
        [
            pytest.param(AMU_DARYA, 2000, id="Amu Darya 2000 (observed -1.91)"),
            pytest.param(AMU_DARYA, 2001, id="Amu Darya 2001 (observed -1.80)"),
            pytest.param(AMU_DARYA, 2008, id="Amu Darya 2008 (observed -1.57)"),
            pytest.param(AMU_DARYA, 2021, id="Amu Darya 2021 (observed -1.59)"),
            pytest.param(SYR_DARYA, 2008, id="Syr Darya 2008 (observed -1.95)"),
            pytest.param(SYR_DARYA, 2021, id="Syr Darya 2021 (observed -2.07)"),
        ],
    )
    def test_known_dry_water_years_are_dry(
        self, history_mm: Floats, box: tuple[float, float, float, float], year: int
    ) -> None:
        basin = basin_mean(history_mm, box)
        assert -2.8 < spi(basin, 12)[ordinal(Month(year, 9)), 0] < -1.2

    def test_years_without_a_drought_are_not(self, history_mm: Floats) -> None:
        water_years = spi(basin_mean(history_mm, AMU_DARYA), 12)[:, 0]
        assert water_years[ordinal(Month(1998, 9))] > -0.5
        assert water_years[ordinal(Month(2003, 9))] > -0.5

    def test_a_drought_ends_at_its_border(self) -> None:
        month = Month(2008, 3)
        calm = climate._anomaly(month, climate.DEFAULT_SEED, "rain")
        change = climate._with_droughts(month, calm) - calm
        grid = climate.climatology()
        row = int(np.flatnonzero(grid.latitude == 55.0).item())
        column = int(np.flatnonzero(grid.longitude == 50.0).item())
        assert abs(change[row, column]) < 0.01


def basin_mean(history_mm: Floats, box: tuple[float, float, float, float]) -> Floats:
    south, north, west, east = box
    grid = climate.climatology()
    rows = (grid.latitude >= south) & (grid.latitude <= north)
    columns = (grid.longitude >= west) & (grid.longitude <= east)
    weights = np.cos(np.radians(grid.latitude[rows]))
    mean = np.average(history_mm[:, rows][:, :, columns].mean(axis=2), axis=1, weights=weights)
    return np.asarray(mean)[:, np.newaxis]


def unit_weights(boundaries: Path) -> Floats:
    """Equal weights of the cells centred in each unit, else its nearest cell; (cell, unit)."""
    grid = climate.climatology()
    longitude, latitude = np.meshgrid(grid.longitude, grid.latitude)
    columns = []
    for geometry in gpd.read_file(boundaries).geometry:
        inside = shapely.contains_xy(geometry, longitude, latitude)
        if not inside.any():
            centre = geometry.representative_point()
            distance = np.hypot(longitude - centre.x, latitude - centre.y)
            inside = distance == distance.min()
        columns.append(inside.ravel() / inside.sum())
    return np.array(columns).T


def watches(spi_3: Floats) -> npt.NDArray[np.bool_]:
    """The latch of the generic plan's first stage: on at -1 or less, off at 0 or more."""
    active = np.zeros(spi_3.shape[1], dtype=bool)
    states = []
    for values in spi_3:
        active = np.where(active, ~(values >= 0.0), values <= -1.0)
        states.append(active)
    return np.array(states)


def where_blind(totals_mm: Floats) -> npt.NDArray[np.bool_]:
    """True in calendar months in which too many calibration years are rainless."""
    rainless = totals_mm[12 : 12 * 30] < RAINLESS_3_MONTHS_MM
    share = rainless.reshape(29, 12, -1).mean(axis=0)
    return np.tile(share > BLIND_ABOVE_RAINLESS_SHARE, (len(totals_mm) // 12, 1))


def test_some_landscape_changes_stage_in_every_month_from_2025_to_2040(
    history_mm: Floats, shared_data: Path
) -> None:
    """Else a demo of that month would have no letter to show."""
    weights = unit_weights(shared_data / "boundaries" / "natural_earth_admin1_cacilm6.geojson")
    assert weights.shape[1] == 129
    series_mm = history_mm.reshape(len(history_mm), -1) @ weights
    totals_mm = series_mm.copy()
    totals_mm[2:] += series_mm[1:-1] + series_mm[:-2]
    spi_3 = np.where(where_blind(totals_mm), np.nan, spi(series_mm, 3))
    changes = np.diff(watches(spi_3), axis=0).sum(axis=1)[ordinal(Month(2025, 1)) - 1 :]
    assert len(changes) == 16 * 12
    assert changes.min() >= 2
    assert np.median(changes) >= 8
