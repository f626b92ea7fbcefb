"""What SPEI says by Hargreaves and by Penman-Monteith on the real grid, as `docs/method.md` has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Floats
from pipeline.indices.calibration import calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.pet import hargreaves_mm, reference_evapotranspiration_mm
from pipeline.indices.values import index_values
from tests.unit.indices.records import cells, cfsr_fields

NARROWER = 0.85
"""Of the mean daily range, as the range of a mean day may be."""


@pytest.fixture(scope="module")
def real(shared_data: Path) -> xr.Dataset:
    return cfsr_fields(shared_data).astype(float)


def spei(code: str, fields: xr.Dataset, pet_mm: xr.DataArray) -> Floats:
    """SPEI of each cell, calibrated 1981-2010; dims (month, cell)."""
    drivers = Drivers(cells(fields["precipitation_mm"]), pet_mm=cells(pet_mm))
    period = CalibrationPeriod.parse("1981-2010")
    return index_values(calibrate(IndexCode.parse(code), drivers, period), drivers).values


def correlation(one: Floats, other: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[known], other[known])[0, 1])


@pytest.mark.parametrize(
    ("code", "of_all", "of_april", "of_september"),
    [
        pytest.param("spei_3", 0.878, 0.98, 0.58, id="alike in spring, another index in September"),
        pytest.param("spei_12", 0.945, 0.94, 0.94, id="alike in all months over a year"),
    ],
)
def test_the_two_pets_make_two_indices(
    real: xr.Dataset, code: str, of_all: float, of_april: float, of_september: float
) -> None:
    full = spei(code, real, reference_evapotranspiration_mm(real))
    by_temperature = spei(code, real, hargreaves_mm(real))
    found = [correlation(full, by_temperature)]
    found += [correlation(full[month::12], by_temperature[month::12]) for month in (3, 8)]
    assert found == pytest.approx([of_all, of_april, of_september], abs=0.01)


def test_a_narrower_range_lowers_hargreaves_and_leaves_its_index(real: xr.Dataset) -> None:
    """By the square root: a range of 0.85 gives 0.92 of the demand, in every month alike."""
    mean = real["temperature_mean_c"]
    narrower = real.assign(
        {
            name: mean + NARROWER * (real[name] - mean)
            for name in ("temperature_max_c", "temperature_min_c")
        }
    )
    wide, narrow = hargreaves_mm(real), hargreaves_mm(narrower)
    assert float(narrow.sum() / wide.sum()) == pytest.approx(NARROWER**0.5, abs=1e-6)
    assert correlation(spei("spei_3", real, wide), spei("spei_3", real, narrow)) > 0.9995
