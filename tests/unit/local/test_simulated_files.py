"""Which requests the simulated store takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.local import simulated_files
from pipeline.local.simulated_climate import DEFAULT_SEED, climatology, fields

ASKED: dict[str, Any] = {
    "product_type": ["monthly_averaged_reanalysis"],
    "variable": ["surface_pressure", "total_precipitation"],
    "year": ["2025", "2026"],
    "month": ["02", "01"],
    "time": ["00:00"],
    "area": [42, 68, 40, 71],
    "data_format": "netcdf",
    "download_format": "unarchived",
}


def test_every_pair_of_year_and_month_is_taken_in_order() -> None:
    chosen = simulated_files.selection(ASKED)
    assert [str(month) for month in chosen.months] == ["2025-01", "2025-02", "2026-01", "2026-02"]
    assert chosen.cost == 8


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"variable": ["rain"]}, "variable: .*rain", id="an unknown variable"),
        pytest.param({"variable": []}, "at least one value for 'variable'", id="no variable"),
        pytest.param({"colour": "red"}, "unknown keys.*colour", id="an unknown key"),
        pytest.param({"month": ["13"]}, "month: .*13", id="a month that is none"),
        pytest.param({"year": ["26"]}, "26-0", id="a year that is none"),
        pytest.param({"data_format": "grib"}, "data_format: .*grib", id="GRIB"),
        pytest.param({"time": ["06:00"]}, "expected the time 00:00", id="an hour of the day"),
        pytest.param(
            {"product_type": ["monthly_averaged_reanalysis_by_hour_of_day"]},
            "expected 2m_temperature alone",
            id="rain by the hour of the day",
        ),
        pytest.param(
            {
                "product_type": [
                    "monthly_averaged_reanalysis",
                    "monthly_averaged_reanalysis_by_hour_of_day",
                ]
            },
            "product_type: expected one",
            id="two kinds of product",
        ),
        pytest.param({"area": [40, 68, 42, 71]}, "area", id="south above north"),
        pytest.param({"area": [42, 68, 40]}, "area", id="three edges"),
        pytest.param({"area": ["a", "b", "c", "d"]}, "area", id="edges that are no numbers"),
    ],
)
def test_a_wrong_request_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        simulated_files.selection({**ASKED, **changes})


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        pytest.param(Month(2026, 1), ["2025-01", "2025-02", "2026-01"], id="the last is not out"),
        pytest.param(
            Month(2030, 1), ["2025-01", "2025-02", "2026-01", "2026-02"], id="all are out"
        ),
    ],
)
def test_only_published_months_are_given(newest: Month, expected: list[str]) -> None:
    months = simulated_files.published(simulated_files.selection(ASKED), newest)
    assert list(map(str, months)) == expected


@pytest.mark.parametrize(
    ("newest", "release"),
    [
        pytest.param(Month(2026, 1), Release.PRELIMINARY, id="the newest month"),
        pytest.param(Month(2026, 2), Release.PRELIMINARY, id="the month before the newest"),
        pytest.param(Month(2026, 3), Release.FINAL, id="once the second month after it is out"),
    ],
)
def test_a_month_becomes_final_and_its_values_change(
    newest: Month, release: Release, tmp_path: Path
) -> None:
    january = Month(2026, 1)
    assert simulated_files.release_of(january, newest) is release
    asked = {**ASKED, "variable": ["total_precipitation"], "year": ["2026"], "month": ["01"]}
    path = tmp_path / "january.nc"
    chosen = simulated_files.selection(asked)
    path.write_bytes(simulated_files.answer(chosen, newest, DEFAULT_SEED))
    with xr.open_dataset(path) as served:
        expver, rain = served["expver"].item(), served["tp"].sel(latitude=41.0, longitude=69.5)
        grid = climatology()
        cell = np.ix_(grid.latitude == 41.0, grid.longitude == 69.5)
        expected = fields(january, release=release)["tp"][cell].item()
        assert expver == {"final": "0001", "preliminary": "0005"}[release]
        assert rain.item() == pytest.approx(expected, rel=1e-6)


def test_nothing_published_is_not_an_empty_answer() -> None:
    with pytest.raises(NotPublishedError, match="available yet"):
        simulated_files.published(simulated_files.selection(ASKED), Month(2024, 12))


HOURS: dict[str, Any] = {
    **ASKED,
    "product_type": ["monthly_averaged_reanalysis_by_hour_of_day"],
    "variable": ["2m_temperature"],
    "year": ["2026"],
    "time": [f"{hour:02d}:00" for hour in range(24)],
}


def test_the_hours_of_the_day_are_24_stamps_a_month_of_another_stream(tmp_path: Path) -> None:
    chosen = simulated_files.selection(HOURS)
    assert chosen.cost == 48
    path = tmp_path / "hours.nc"
    path.write_bytes(simulated_files.answer(chosen, Month(2026, 3), DEFAULT_SEED))
    with xr.open_dataset(path) as served:
        assert served.sizes["valid_time"] == 48
        assert str(served["valid_time"].to_numpy()[25])[:16] == "2026-02-01T01:00"
        assert served["expver"].to_numpy().tolist() == ["0001"] * 24 + ["0005"] * 24
        assert '"stream": ["mnth"]' in served.attrs["history"]
        january = served["t2m"].isel(valid_time=slice(24)).mean("valid_time")
        grid = climatology()
        cell = np.ix_(grid.latitude == 41.0, grid.longitude == 69.5)
        expected = fields(Month(2026, 1))["t2m"][cell].item()
        assert january.sel(latitude=41.0, longitude=69.5).item() == pytest.approx(expected)


def test_snow_and_soil_are_served_in_the_units_of_the_store(tmp_path: Path) -> None:
    asked = {**ASKED, "variable": ["snowmelt", "volumetric_soil_water_layer_2", "snowfall"]}
    path = tmp_path / "snow.nc"
    path.write_bytes(
        simulated_files.answer(simulated_files.selection(asked), Month(2030, 1), DEFAULT_SEED)
    )
    with xr.open_dataset(path) as served:
        units = {name: field.attrs["units"] for name, field in served.data_vars.items()}
    assert units == {
        "swvl2": "m**3 m**-3",
        "smlt": "m of water equivalent",
        "sf": "m of water equivalent",
    }
