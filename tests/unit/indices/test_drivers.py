"""What the indices add up, and what is refused before they do."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexFamily
from pipeline.core.panels import GAPS, Panel
from pipeline.indices.drivers import Drivers, rain_and_melt
from tests.unit.indices.records import panel

NAN = float("nan")


def reasons(monthly: Panel | None) -> list[Gap | None]:
    assert monthly is not None
    return [GAPS[code] for code in monthly.gaps[:, 0]]


def values(monthly: Panel | None) -> list[float]:
    assert monthly is not None
    listed: list[float] = monthly.values[:, 0].tolist()
    return listed


ALL = Drivers(
    panel([10.0, 20.0]),
    panel([1.0, 2.0]),
    panel([11.0, 12.0]),
    panel([50.0, 60.0]),
    panel([0.2, 0.3]),
)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        pytest.param(IndexFamily.SPI, [10.0, 20.0], id="SPI: rain"),
        pytest.param(IndexFamily.PERCENT_OF_NORMAL, [10.0, 20.0], id="percent of normal: rain"),
        pytest.param(IndexFamily.SPEI, [9.0, 18.0], id="SPEI: rain less PET"),
        pytest.param(IndexFamily.SMRI, [11.0, 12.0], id="SMRI: rain and melted snow"),
        pytest.param(IndexFamily.SWEI, [50.0, 60.0], id="SWEI: the snow that lies"),
        pytest.param(IndexFamily.SMA, [0.2, 0.3], id="SMA: soil moisture"),
    ],
)
def test_each_index_has_its_driver(family: IndexFamily, expected: list[float]) -> None:
    assert values(ALL.monthly(family)) == expected
    assert values(ALL.monthly(family, slice(1, None))) == expected[1:]


@pytest.mark.parametrize("family", list(IndexFamily))
def test_a_source_of_rain_alone_drives_spi_and_percent_of_normal(family: IndexFamily) -> None:
    driven = Drivers(panel([10.0])).monthly(family) is not None
    assert driven == (family in {IndexFamily.SPI, IndexFamily.PERCENT_OF_NORMAL})


def test_months_and_places_are_those_of_the_rain() -> None:
    drivers = Drivers(panel(np.zeros((7, 3))))
    assert (drivers.months, drivers.places) == (7, 3)


def test_rain_names_the_gap_before_pet_does() -> None:
    rain = panel([1.0, NAN, NAN], gap=Gap.NOT_PUBLISHED)
    demand = panel([NAN, NAN, 1.0], gap=Gap.LOW_COVERAGE)
    balance = Drivers(rain, demand).monthly(IndexFamily.SPEI)
    assert reasons(balance) == [Gap.LOW_COVERAGE, Gap.NOT_PUBLISHED, Gap.NOT_PUBLISHED]


@pytest.mark.parametrize(
    ("precipitation", "snowfall", "melt", "expected"),
    [
        pytest.param(30.0, 0.0, 0.0, 30.0, id="rain runs off"),
        pytest.param(30.0, 30.0, 0.0, 0.0, id="snow stays"),
        pytest.param(30.0, 20.0, 5.0, 15.0, id="ten of rain and five of melt"),
        pytest.param(0.0, 0.0, 80.0, 80.0, id="melt without rain"),
        pytest.param(30.0, 30.0001, 5.0, 5.0, id="snowfall above all by a packed digit"),
        pytest.param(30.0, 0.0, -0.0001, 30.0, id="melt below nothing by a packed digit"),
    ],
)
def test_rain_and_melt_is_what_runs_off(
    precipitation: float, snowfall: float, melt: float, expected: float
) -> None:
    runs_off = rain_and_melt(panel([precipitation]), panel([snowfall]), panel([melt]))
    assert values(runs_off) == [expected]


def test_rain_and_melt_lacks_what_any_of_the_three_lacks() -> None:
    runs_off = rain_and_melt(
        panel([NAN, NAN, 1.0, 1.0], gap=Gap.NOT_PUBLISHED),
        panel([0.0, NAN, NAN, 0.0], gap=Gap.REJECTED),
        panel([NAN, 0.0, NAN, NAN], gap=Gap.LOW_COVERAGE),
    )
    assert reasons(runs_off) == [
        Gap.NOT_PUBLISHED, Gap.NOT_PUBLISHED, Gap.REJECTED, Gap.LOW_COVERAGE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        pytest.param("precipitation_mm", -0.1, "column 0: -0.1 is negative", id="rain below 0"),
        pytest.param("rain_and_melt_mm", -0.1, "is negative", id="melt below 0"),
        pytest.param("snow_water_equivalent_mm", -0.1, "is negative", id="snow below 0"),
        pytest.param("precipitation_mm", np.inf, "is not finite", id="endless rain"),
        pytest.param("pet_mm", np.inf, "is not finite", id="endless demand"),
        pytest.param("soil_moisture_m3_m3", -np.inf, "is not finite", id="endless drought"),
    ],
)
def test_impossible_water_is_refused(name: str, wrong: float, message: str) -> None:
    given = {"precipitation_mm": panel([1.0, 1.0], "2000-01")}
    given[name] = panel([1.0, wrong], "2000-01")
    with pytest.raises(InputError, match=rf"{name}: 2000-02, .*{message}"):
        Drivers(**given)


def test_demand_may_be_below_0() -> None:
    assert Drivers(panel([1.0]), panel([-2.0])).places == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(panel([1.0], "2000-01"), id="fewer months"),
        pytest.param(panel([1.0, 1.0], "2000-02"), id="later months"),
        pytest.param(panel(np.ones((2, 2)), "2000-01"), id="more places"),
    ],
)
def test_panels_of_other_months_or_places_are_refused(other: Panel) -> None:
    with pytest.raises(InputError, match="pet_mm: expected the months and places"):
        Drivers(panel([1.0, 1.0], "2000-01"), other)
