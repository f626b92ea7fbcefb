"""What is asked of the Climate Data Store."""

from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
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
    asked = cds.yearly_requests(Month(2024, 11), Month(2026, 2), TASHKENT)
    assert [(one["year"], len(one["month"])) for one in asked] == [
        (["2024"], 2),
        (["2025"], 12),
        (["2026"], 2),
    ]


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
