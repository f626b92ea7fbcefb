"""What a source has beside rain, from files to indices: snow, soil, and PET by either method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from shapely import box

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month, months_between
from pipeline.landscapes.landscape import Landscape
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from tests.integration.little_world import told
from tests.unit.grids.raw import MNTH, MODA, raw

pytestmark = pytest.mark.postgres

WEST, EAST = (60.0, 61.0, 62.0), (69.0, 70.0, 71.0)
LATITUDES = (42.0, 41.0, 40.0, 39.0, 38.0)
FIRST, LAST = Month(1991, 1), Month(2021, 12)
PENMAN = ("t2m", "d2m", "si10", "ssrd")
"""What the Penman-Monteith PET needs."""
SNOW_AND_SOIL = ("swvl1", "swvl2", "swvl3", "sd", "smlt", "sf")
RANGE = {
    "tp": (0.0002, 0.003), "t2m": (275.0, 295.0), "d2m": (265.0, 274.0), "si10": (1.0, 4.0),
    "ssrd": (5e6, 2e7), "swvl1": (0.1, 0.4), "swvl2": (0.1, 0.4), "swvl3": (0.1, 0.4),
    "sd": (0.01, 0.2), "smlt": (0.0, 0.002), "sf": (0.0, 0.0001),
}  # fmt: skip
"""Of each variable as the store gives it the least and the most that is drawn."""

Write = Callable[..., Path]


@pytest.fixture
def place(installation: Installation) -> Installation:
    """An installation with one landscape, in the west."""
    boundary = box(60.5, 38.5, 61.5, 41.5)
    west = Landscape(
        "west", Country.UZBEKISTAN, "west", {}, LandUse.RAINFED, False, False, None, boundary
    )
    load_landscapes(installation, [west])
    return installation


@pytest.fixture
def ingest(place: Installation, tmp_path: Path) -> Callable[..., None]:
    """Ingest a file of monthly means, or of the hours of the day."""
    numbers = iter(range(100))

    def given(
        codes: Sequence[str],
        first: Month = FIRST,
        last: Month = LAST,
        *,
        longitudes: Sequence[float] = WEST,
        expver: str = "0001",
    ) -> None:
        months = list(months_between(first, last))
        path = tmp_path / f"grid-{next(numbers)}.nc"
        by_hour = codes == ["hours"]
        hours = [f"T{hour:02d}:00" for hour in range(24)] if by_hour else [""]
        raw(
            {"t2m": _hours(months)} if by_hour else {code: _drawn(code, months) for code in codes},
            [f"{month}-01{hour}" for month in months for hour in hours],
            latitudes=LATITUDES,
            longitudes=longitudes,
            expver=expver,
            history=MNTH if by_hour else MODA,
        ).to_netcdf(path)
        ingest_grid(place, path, source="grid", product=None if by_hour else "monthly-mean")

    return given


def _drawn(code: str, months: Sequence[Month]) -> list[float]:
    least, most = RANGE[code]
    seeds = [[ord(letter) for letter in code] + [month.ordinal] for month in months]
    return [float(np.random.default_rng(seed).uniform(least, most)) for seed in seeds]


def _hours(months: Sequence[Month]) -> list[float]:
    """Hours from 8 degrees below the mean to 8 above it."""
    means = _drawn("t2m", months)
    return [mean + swing for mean in means for swing in np.linspace(-8.0, 8.0, 24).tolist()]


def shown(place: Installation, month: Month) -> Mapping[str, object]:
    ((row,),) = told(
        place.warehouse,
        "SELECT to_jsonb(c) FROM mart.climate_month AS c WHERE month = :month",
        month=month.first_day,
    )
    assert isinstance(row, dict)
    return row


def gaps(place: Installation, month: Month) -> Mapping[str, str | None]:
    """Of each index of the month the reason of its gap, or None."""
    rows = told(
        place.warehouse,
        "SELECT index_code, gap FROM mart.index_month WHERE month = :month",
        month=month.first_day,
    )
    return {str(code): None if gap is None else str(gap) for code, gap in rows}


def test_snow_and_soil_have_means_and_indices(place: Installation, ingest: Write) -> None:
    ingest(["tp", "t2m", *SNOW_AND_SOIL])
    compute(place)
    january = Month(2021, 1)
    row = shown(place, january)
    drawn = {code: _drawn(code, [january])[0] for code in SNOW_AND_SOIL}
    layers = 0.07 * drawn["swvl1"] + 0.21 * drawn["swvl2"] + 0.72 * drawn["swvl3"]
    assert row["soil_moisture_m3_m3"] == pytest.approx(layers, rel=1e-4)
    assert row["snow_water_equivalent_mm"] == pytest.approx(1000 * drawn["sd"], rel=1e-4)
    assert row["snow_melt_mm"] == pytest.approx(31_000 * drawn["smlt"], rel=1e-4)
    assert row["snowfall_mm"] == pytest.approx(31_000 * drawn["sf"], rel=1e-4)
    found = gaps(place, january)
    assert {code for code, gap in found.items() if gap == "not_published"} == {
        code for code in found if code.startswith("spei")
    } - {"spei_veg"}
    assert {code for code, gap in found.items() if gap == "not_applicable"} == {
        "spi_veg", "spei_veg",
    }  # fmt: skip


def test_what_a_source_has_not_is_a_gap_of_the_index_and_not_of_the_month(
    place: Installation, ingest: Write
) -> None:
    ingest(["tp"])
    compute(place)
    found = gaps(place, Month(2021, 7))
    assert {code for code, gap in found.items() if gap is None} == {
        code for code in found if code.split("_")[0] in {"spi", "pn"}
    }
    assert set(found.values()) == {None, "not_published"}


def method(place: Installation) -> list[tuple[object, ...]]:
    return told(
        place.warehouse,
        "SELECT DISTINCT pet_method FROM mart.calibration WHERE index_code LIKE 'spei%'",
    )


@pytest.mark.parametrize("order", [0, 1], ids=["rain first", "the hours of the day first"])
def test_rain_of_one_file_and_the_daily_range_of_another_make_spei(
    place: Installation, ingest: Write, order: int
) -> None:
    for codes in (["tp"], ["hours"]) if order == 0 else (["hours"], ["tp"]):
        ingest(codes)
    compute(place)
    row = shown(place, LAST)
    assert (row["gap"], row["release"], row["pet_mm"]) == (None, "final", None)
    assert isinstance(row["pet_hargreaves_mm"], float)
    assert row["temperature_mean_c"] == pytest.approx(_drawn("t2m", [LAST])[0] - 273.15, abs=1e-3)
    assert method(place) == [("hargreaves",)]
    assert gaps(place, LAST)["spei_3"] is None


def test_the_hours_of_the_day_have_no_word_on_rain(place: Installation, ingest: Write) -> None:
    # The rain of the east says that the west lies elsewhere; a file without rain does not say that
    # none was published.
    ingest(["tp"], LAST, LAST, longitudes=EAST)
    ingest(["hours"], LAST, LAST)
    compute(place)
    assert shown(place, LAST)["gap"] == "outside_grid"


def test_a_record_rests_on_one_pet_and_is_silent_where_that_is_missing(
    place: Installation, ingest: Write
) -> None:
    ingest(["tp", *PENMAN], FIRST, Month(2021, 6))
    ingest(["tp", "t2m"], Month(2021, 7), LAST)
    ingest(["hours"])
    compute(place)
    assert method(place) == [("penman_monteith",)]
    assert isinstance(shown(place, LAST)["pet_hargreaves_mm"], float)
    assert gaps(place, Month(2021, 6))["spei_1"] is None
    assert gaps(place, LAST)["spei_1"] == "not_published"
    assert gaps(place, LAST)["spi_1"] is None


def test_a_fit_keeps_its_method_though_the_other_has_come(
    place: Installation, ingest: Write
) -> None:
    ingest(["tp"])
    ingest(["hours"])
    compute(place)
    before = told(place.warehouse, "SELECT month, spei_3 FROM index.value_month ORDER BY 1")
    ingest(["tp", *PENMAN])
    compute(place)
    assert isinstance(shown(place, LAST)["pet_mm"], float)
    assert method(place) == [("hargreaves",)]
    assert told(place.warehouse, "SELECT month, spei_3 FROM index.value_month ORDER BY 1") == before


def test_a_field_that_only_the_preliminary_file_has_is_taken_and_makes_the_row_preliminary(
    place: Installation, ingest: Write
) -> None:
    ingest(["tp", *SNOW_AND_SOIL], LAST, LAST, expver="0005")
    ingest(["tp"], LAST, LAST)
    compute(place)
    row = shown(place, LAST)
    assert isinstance(row["soil_moisture_m3_m3"], float)
    assert row["release"] == "preliminary"
    ingest(["tp", *SNOW_AND_SOIL], LAST, LAST)
    compute(place)
    assert shown(place, LAST)["release"] == "final"


def test_a_pet_that_no_final_file_alone_can_give_is_taken_from_the_preliminary_one(
    place: Installation, ingest: Write
) -> None:
    # Together the final files hold all that the preliminary one does.
    ingest(["tp", *PENMAN], LAST, LAST, expver="0005")
    ingest(["tp", *PENMAN[:2]], LAST, LAST)
    ingest(["tp", *PENMAN[2:]], LAST, LAST)
    compute(place)
    row = shown(place, LAST)
    assert isinstance(row["pet_mm"], float)
    assert row["release"] == "preliminary"
