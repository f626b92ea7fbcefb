from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import GAPS
from pipeline.landscapes.series import LandscapeSeries, landscape_means, with_gaps
from pipeline.landscapes.weights import Grid, area_weights

# One row of three cells of one degree, so that areas are as widths.
GRID = Grid((40.5,), (60.5, 61.5, 62.5))
THREE_TO_ONE = box(60.25, 40.0, 61.25, 41.0)
HALF_OUTSIDE = box(62.5, 40.0, 63.5, 41.0)
ELSEWHERE = box(70.0, 40.0, 71.0, 41.0)
NAN = float("nan")
SINGLE = 1.0e-6


def field(rows: Sequence[Sequence[float]], months: Sequence[str] = ("2020-01",)) -> xr.DataArray:
    return xr.DataArray(
        np.array(rows, dtype=np.float32).reshape(len(months), 1, 3),
        dims=("month", "latitude", "longitude"),
        coords={
            "month": np.array(months, dtype="datetime64[ns]"),
            "latitude": list(GRID.latitudes),
            "longitude": list(GRID.longitudes),
        },
        name="precipitation_mm",
    )


def series(
    rows: Sequence[Sequence[float]],
    landscape: Polygon = THREE_TO_ONE,
    months: Sequence[str] = ("2020-01",),
) -> LandscapeSeries:
    return landscape_means(field(rows, months), area_weights(GRID, [landscape]))


@pytest.mark.parametrize(
    ("row", "mean", "coverage"),
    [
        pytest.param([10.0, 30.0, 99.0], 15.0, 1.0, id="cells weigh by their area, three to one"),
        pytest.param([10.0, NAN, 99.0], 10.0, 0.75, id="a missing cell takes its weight out"),
        pytest.param([NAN, 30.0, 99.0], 30.0, 0.25, id="however heavy it was"),
        pytest.param([0.0, 30.0, NAN], 7.5, 1.0, id="a dry cell is a value"),
        pytest.param([NAN, NAN, 99.0], NAN, 0.0, id="all missing stays missing, never zero"),
    ],
)
def test_mean_and_coverage(row: list[float], mean: float, coverage: float) -> None:
    found = series([row])
    assert found.means[0, 0] == pytest.approx(mean, rel=SINGLE, nan_ok=True)
    assert found.coverage[0, 0] == pytest.approx(coverage, abs=SINGLE)


def test_a_landscape_half_outside_the_grid() -> None:
    found = series([[1.0, 2.0, 40.0]], HALF_OUTSIDE)
    assert found.means[0, 0] == pytest.approx(40.0)
    assert found.coverage[0, 0] == pytest.approx(0.5, abs=SINGLE)


@given(st.floats(0.0, 2000.0), st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_constant_field_gives_that_constant(constant: float, missing: list[bool]) -> None:
    found = series([[NAN if is_missing else constant for is_missing in missing]])
    if found.coverage[0, 0] > 0.0:
        assert found.means[0, 0] == pytest.approx(np.float32(constant), rel=1e-12)
    else:
        assert np.isnan(found.means[0, 0])


def test_latitudes_reversed_give_the_same_answer() -> None:
    grid = Grid((42.0, 41.0, 40.0), (60.0, 61.0))
    values = np.arange(6.0).reshape(1, 3, 2)
    landscape = Polygon([(60.0, 39.6), (61.3, 40.0), (60.2, 42.3)])
    north_up = xr.DataArray(
        values,
        dims=("month", "latitude", "longitude"),
        coords={
            "month": np.array(["2020-01"], dtype="datetime64[ns]"),
            "latitude": list(grid.latitudes),
            "longitude": list(grid.longitudes),
        },
    )
    south_up = north_up.isel(latitude=slice(None, None, -1))
    weights = area_weights(grid, [landscape])
    expected = landscape_means(north_up, weights).means
    assert landscape_means(south_up, weights).means == pytest.approx(expected)
    turned = area_weights(Grid.of(south_up), [landscape])
    assert landscape_means(south_up, turned).means == pytest.approx(expected)


def test_months_a_file_lacks_are_not_published() -> None:
    rows = [[10.0, 30.0, 1.0], [NAN, NAN, NAN], [20.0, 20.0, 1.0]]
    found = series(rows, months=["2019-11", "2019-12", "2020-02"])
    assert found.first_month == Month(2019, 11)
    assert found.is_published.tolist() == [True, False, False, True]
    assert found.means[:, 0] == pytest.approx([15.0, NAN, NAN, 20.0], rel=SINGLE, nan_ok=True)
    assert found.coverage[:, 0] == pytest.approx([1.0, 0.0, 0.0, 1.0])


def test_long_series_are_the_same_as_their_months() -> None:
    months = [str(Month(2000, 1) + n) for n in range(130)]
    rows = np.random.default_rng(1).gamma(2.0, 20.0, (130, 3)).astype(np.float32)
    expected = 0.75 * rows[:, 0] + 0.25 * rows[:, 1]
    assert series(rows, months=months).means[:, 0] == pytest.approx(expected, rel=SINGLE)


@pytest.mark.parametrize(
    ("row", "landscape", "gap"),
    [
        pytest.param([10.0, 30.0, 1.0], THREE_TO_ONE, None, id="enough coverage is no gap"),
        pytest.param([1.0, 1.0, 9.0], HALF_OUTSIDE, None, id="exactly the least coverage is none"),
        pytest.param([NAN, 30.0, 1.0], THREE_TO_ONE, Gap.LOW_COVERAGE, id="a quarter is too little"),
        pytest.param([10.0, 30.0, 1.0], ELSEWHERE, Gap.OUTSIDE_GRID, id="outside the grid"),
        pytest.param([NAN, NAN, 1.0], THREE_TO_ONE, Gap.OUTSIDE_GRID, id="values only elsewhere"),
        pytest.param([NAN, NAN, NAN], THREE_TO_ONE, Gap.NOT_PUBLISHED, id="no value anywhere"),
        pytest.param([NAN, NAN, NAN], ELSEWHERE, Gap.NOT_PUBLISHED, id="nowhere, seen from outside"),
    ],
)  # fmt: skip
def test_every_missing_mean_has_its_reason(
    row: list[float], landscape: Polygon, gap: Gap | None
) -> None:
    panel = with_gaps(series([row], landscape), min_coverage=0.5)
    assert GAPS[panel.gaps[0, 0]] is gap
    assert panel.first_month == Month(2020, 1)


def test_a_half_in_single_precision_is_a_half() -> None:
    almost = LandscapeSeries(
        Month(2020, 1), np.array([[7.0]]), np.array([[0.49999997]]), np.array([True])
    )
    assert with_gaps(almost, min_coverage=0.5).values[0, 0] == 7.0


def test_a_field_of_another_grid_is_refused() -> None:
    other = field([[1.0, 2.0, 3.0]]).assign_coords(longitude=[70.5, 71.5, 72.5])
    with pytest.raises(InputError, match="precipitation_mm: its longitude is not that of the wei"):
        landscape_means(other, area_weights(GRID, [THREE_TO_ONE]))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param(field([[1, 2, 3]]).isel(month=0), "expected dims", id="no months"),
        pytest.param(field([[1, 2, 3]]).isel(month=[]), "at least one month", id="empty"),
        pytest.param(
            field([[1, 2, 3]] * 2, ["2020-02", "2020-01"]), "in order; sort it", id="backwards"
        ),
    ],
)
def test_a_field_that_is_not_monthly_is_refused(bad: xr.DataArray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        landscape_means(bad, area_weights(GRID, [THREE_TO_ONE]))
