"""What is asked of the Climate Data Store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month, months_between
from pipeline.sources import cds

TASHKENT = cds.Area(41.5, 69.0, 41.0, 69.5)


def test_a_request_reads_as_the_store_words_it() -> None:
    assert cds.request([Month(2026, 1), Month(2026, 10)], TASHKENT, ["2m_temperature"]) == {
        "product_type": ["monthly_averaged_reanalysis"],
        "variable": ["2m_temperature"],
        "year": ["2026"],
        "month": ["01", "10"],
        "time": ["00:00"],
        "area": [41.5, 69.0, 41.0, 69.5],
        "data_format": "netcdf",
        "download_format": "unarchived",
    }


def test_history_is_asked_for_year_by_year() -> None:
    asked = cds.yearly_requests(months_between(Month(2024, 11), Month(2026, 2)), TASHKENT)
    assert [(one["year"], len(one["month"])) for one in asked] == [
        (["2024"], 2),
        (["2025"], 12),
        (["2026"], 2),
    ]


def test_the_hours_of_the_day_are_a_request_of_their_own() -> None:
    asked = cds.request([Month(2026, 1)], TASHKENT, product_type=cds.ProductType.HOURS_OF_DAY)
    assert asked["product_type"] == ["monthly_averaged_reanalysis_by_hour_of_day"]
    assert asked["variable"] == ["2m_temperature"]
    assert asked["time"] == [f"{hour:02d}:00" for hour in range(24)]
    of_the_month = cds.request([Month(2026, 1)], TASHKENT, ["2m_temperature"])
    assert of_the_month["time"] == ["00:00"]
    assert not cds.is_same(asked, of_the_month)
    assert not cds.is_same(of_the_month, asked)


def test_every_driver_is_asked_for_in_one_request() -> None:
    assert {*cds.request([Month(2026, 1)], TASHKENT)["variable"]} > {
        "volumetric_soil_water_layer_1",
        "volumetric_soil_water_layer_2",
        "volumetric_soil_water_layer_3",
        "snow_depth_water_equivalent",
        "snowmelt",
        "snowfall",
    }


def test_months_of_two_years_cannot_be_one_request() -> None:
    with pytest.raises(InputError, match="months of one year, got 2025-12, 2026-01"):
        cds.request([Month(2025, 12), Month(2026, 1)], TASHKENT)


def test_the_area_is_the_box_around_the_countries() -> None:
    assert cds.area_of([Country.TAJIKISTAN, Country.TURKIYE]) == cds.Area(42.5, 25.5, 35.5, 75.5)


def test_no_country_is_no_area() -> None:
    with pytest.raises(InputError, match="at least one"):
        cds.area_of([])


def test_every_country_has_an_area_that_is_one() -> None:
    assert set(cds.COUNTRY_AREAS) == set(Country)
    assert all(b.north > b.south and b.east > b.west for b in cds.COUNTRY_AREAS.values())


# --- in pieces the store takes ------------------------------------------------------------------

YEAR = [Month(2026, number) for number in range(1, 13)]


def fields(asked: cds.Request) -> set[tuple[Month, str]]:
    return {(month, name) for month in cds.months_of(asked) for name in asked["variable"]}


def n_fields(asked: cds.Request) -> int:
    return len(asked["month"]) * len(asked["variable"])


@given(
    months=st.sets(st.sampled_from(YEAR), min_size=1),
    variables=st.sets(st.sampled_from(cds.VARIABLES), min_size=1),
    limit=st.integers(0, 90),
)
def test_pieces_ask_for_every_field_once_and_fit(
    months: set[Month], variables: set[str], limit: int
) -> None:
    asked = cds.request(sorted(months), TASHKENT, sorted(variables))
    pieces = cds.fitting(asked, lambda piece: n_fields(piece) <= limit)
    flat = [part for piece in pieces for part in piece]
    assert sum(n_fields(part) for part in flat) == n_fields(asked)
    assert set().union(*map(fields, flat)) == fields(asked)
    assert all(n_fields(part) <= max(limit, 1) for part in flat)
    assert all(len(part["month"]) == 1 for piece in pieces if len(piece) > 1 for part in piece)


def test_a_request_that_fits_stays_whole() -> None:
    asked = cds.request(YEAR, TASHKENT)
    assert cds.fitting(asked, lambda piece: True) == [(asked,)]


@given(
    months=st.sets(st.sampled_from(YEAR), min_size=1),
    variables=st.sets(st.sampled_from(cds.VARIABLES), min_size=1),
)
def test_halves_together_ask_for_the_same(months: set[Month], variables: set[str]) -> None:
    asked = cds.request(sorted(months), TASHKENT, sorted(variables))
    if n_fields(asked) == 1:
        with pytest.raises(InputError, match="ask for fewer countries"):
            cds.smaller(asked)
        return
    flat = [part for piece in cds.smaller(asked) for part in piece]
    assert len(flat) == 2
    assert fields(flat[0]) | fields(flat[1]) == fields(asked)
    assert not fields(flat[0]) & fields(flat[1])


def test_months_are_halved_before_variables() -> None:
    assert [len(piece) for piece in cds.smaller(cds.request(YEAR, TASHKENT))] == [1, 1]
    assert [len(piece) for piece in cds.smaller(cds.request(YEAR[:1], TASHKENT))] == [2]


# --- the same request, as the store writes it ---------------------------------------------------

ASKED = cds.request([Month(2026, 1), Month(2026, 10)], TASHKENT)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="as we write it"),
        pytest.param({"month": ["10", "01"]}, True, id="lists in another order"),
        pytest.param({"month": [1, 10], "year": 2026}, True, id="numbers for texts"),
        pytest.param({"area": ["41.5", "69", "41", "69.5"]}, True, id="texts for numbers"),
        pytest.param({"origin": "api"}, True, id="with a key of its own"),
        pytest.param({"month": ["01"]}, False, id="fewer months"),
        pytest.param({"area": [41.5, 69.0, 41.0, 70.0]}, False, id="another area"),
        pytest.param({"variable": ["2m_temperature"]}, False, id="fewer variables"),
    ],
)
def test_a_request_is_known_again(changes: dict[str, object], same: bool) -> None:
    assert cds.is_same(ASKED, {**ASKED, **changes}) is same


def test_an_area_holds_what_lies_inside() -> None:
    whole = cds.area_of(Country)
    assert all(whole.holds(box) for box in cds.COUNTRY_AREAS.values())
    assert not cds.COUNTRY_AREAS[Country.TAJIKISTAN].holds(whole)
    assert TASHKENT.holds(TASHKENT)
