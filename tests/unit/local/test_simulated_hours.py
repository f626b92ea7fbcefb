"""The simulated day: as warm on average as the month, warmest in the afternoon."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.local import simulated_climate
from pipeline.local.simulated_hours import diurnal_range_c, hourly_temperature_k

JULY = Month(2026, 7)


@pytest.mark.parametrize("release", list(Release))
def test_the_mean_of_the_hours_is_the_mean_of_the_month(release: Release) -> None:
    hours = hourly_temperature_k(JULY, release=release)
    expected = simulated_climate.fields(JULY, release=release)["t2m"]
    np.testing.assert_allclose(hours.mean(axis=0), expected, atol=1e-9)


def test_it_is_warmest_at_three_in_the_afternoon_by_the_sun() -> None:
    longitudes = simulated_climate.climatology().longitude
    hours = hourly_temperature_k(JULY)
    for longitude, hour in ((30.0, 13), (60.0, 11), (75.0, 10)):
        column = int(np.flatnonzero(longitudes == longitude).item())
        assert (hours[:, :, column].argmax(axis=0) == hour).all()
        assert (hours[:, :, column].argmin(axis=0) == (hour + 12) % 24).all()


def test_the_hours_span_the_range_but_for_what_lies_between_them() -> None:
    hours = hourly_temperature_k(JULY)
    rain_mm = simulated_climate.fields(JULY)["tp"] * 1000 * JULY.days
    spanned = (hours.max(axis=0) - hours.min(axis=0)) / diurnal_range_c(7, rain_mm)
    assert spanned.max() <= 1.0 + 1e-9
    assert spanned.min() >= np.cos(np.pi / 24) - 1e-9


def test_sunny_months_have_the_wider_range() -> None:
    """By hand: no rain in July at 40 N is 40.8 x (0.25 + 0.5 x 0.85) = 27.5 MJ, so 16.8 degrees."""
    row = int(np.flatnonzero(simulated_climate.climatology().latitude == 40.0).item())
    rain_mm = np.zeros((42, 2))
    rain_mm[:, 1] = 100.0
    july, january = (diurnal_range_c(month, rain_mm)[row] for month in (7, 1))
    assert july[0] == pytest.approx(16.8, abs=0.2)
    assert july[0] > july[1] > january[1]
