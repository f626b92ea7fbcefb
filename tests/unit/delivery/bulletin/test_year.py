"""The rain of the year so far, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_content
from pipeline.delivery.bulletin.content import Table
from pipeline.delivery.bulletin.facts import BulletinFacts, LandscapeFacts, MonthOfRain
from pipeline.delivery.bulletin.year import (
    SMALLEST_NORMAL_MM_PER_MONTH,
    SPI_HY,
    Rain,
    months_so_far,
    rain,
    values,
)
from pipeline.indices.calibration import Limits
from tests.unit.delivery.bulletin.cases import MONTH, landscape, of_uzbekistan


def fell(
    name: str, *mm: float | None, normal: float | None = 20.0, km2: float = 1.0
) -> LandscapeFacts:
    months = [MONTH - back for back in reversed(range(len(mm)))]
    held = tuple(MonthOfRain(m, one, normal) for m, one in zip(months, mm, strict=True))
    return replace(landscape(name), rain=held, area_km2=km2)


@pytest.mark.parametrize(
    ("month", "months"),
    [(Month(2026, 10), 1), (Month(2026, 12), 3), (Month(2027, 1), 4), (Month(2027, 9), 12)],
    ids=["begins in October", "and grows", "over the new year", "to September"],
)
def test_the_hydrological_year_begins_in_october(month: Month, months: int) -> None:
    assert months_so_far(month) == months


def test_rain_is_the_mean_over_the_area() -> None:
    # 3 km2 with 10 + 20 mm, 1 km2 with 30 + 40 mm: (3 x 30 + 1 x 70) / 4 = 40 of 2 x 20 mm.
    found = rain([fell("A", 10.0, 20.0, km2=3.0), fell("B", 30.0, 40.0, km2=1.0)], 2)
    assert found == Rain(40.0, 40.0, 2, 0)
    assert found.percent == pytest.approx(100.0)


def test_only_the_months_asked_for_count() -> None:
    assert rain([fell("A", 99.0, 10.0, 20.0)], 2).precipitation_mm == pytest.approx(30.0)


def test_a_landscape_without_all_months_is_left_out_with_its_normal_and_counted() -> None:
    found = rain([fell("A", 10.0, 20.0), fell("B", None, 500.0), fell("C", 7.0)], 2)
    assert found == Rain(30.0, 40.0, 2, 2)
    assert rain([fell("B", None, 1.0)], 2) == Rain(None, None, 2, 1)
    assert rain([fell("B", None, 1.0)], 2).percent is None


def test_without_a_normal_of_each_there_is_rain_and_no_percentage() -> None:
    found = rain([fell("A", 10.0, 20.0), fell("B", 5.0, 5.0, normal=None)], 2)
    assert found.precipitation_mm == pytest.approx(20.0)
    assert found.percent is None
    assert not found.has_small_normal


def test_percent_of_normal_is_blind_where_the_index_is() -> None:
    assert Limits().smallest_normal_mm_per_month == SMALLEST_NORMAL_MM_PER_MONTH


def test_a_normal_below_five_millimetres_a_month_gives_no_percentage() -> None:
    small = rain([fell("A", 4.0, 8.0, normal=4.9)], 2)
    assert (small.has_small_normal, small.percent) == (True, None)
    assert rain([fell("A", 4.0, 6.0, normal=5.0)], 2).percent == pytest.approx(100.0)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=6), st.floats(0.1, 10))
def test_scaling_all_rain_scales_the_percentage(mm: list[float], factor: float) -> None:
    once = rain([fell("A", *mm)], len(mm)).percent
    more = rain([fell("A", *(factor * one for one in mm))], len(mm)).percent
    assert once is not None
    assert more == pytest.approx(factor * once)


def test_gaps_of_an_index_are_no_values() -> None:
    some = [replace(landscape(str(v)), indices={SPI_HY: v}) for v in (0.4, None, -1.5)]
    assert values([*some, replace(landscape("none"), indices={})], SPI_HY) == [-1.5, 0.4]


def table(facts: BulletinFacts) -> dict[str, tuple[str, ...]]:
    """The table of the year: first cell to the texts of the others."""
    sections = bulletin_content(facts, "en").sections
    (blocks,) = (section.blocks for section in sections if section.key == "year")
    (found,) = (block for block in blocks if isinstance(block, Table))
    return {row[0].text: tuple(cell.text for cell in row[1:]) for row in found.rows}


def test_the_table_says_what_is_there_and_nothing_else() -> None:
    twelve = fell("A", *[10.0] * 12)
    gap = replace(fell("B", *[10.0] * 11, None), indices={SPI_HY: None})
    assert table(of_uzbekistan(twelve, gap)) == {
        "Uzbekistan, all landscapes": ("2", "100", "50%", "50%", "-1.20", "–"),
        "Pasture": ("2", "100", "50%", "50%", "-1.20", "–"),
    }
    small = fell("A", *[4.0] * 12, normal=4.0)
    assert table(of_uzbekistan(small))["Pasture"][1:4] == (
        "40",
        "normal too small",
        "normal too small",
    )


def test_a_year_of_which_nothing_is_known_says_so() -> None:
    unknown = replace(landscape("A"), rain=(), indices={})
    content = bulletin_content(of_uzbekistan(unknown), "en")
    said = "No precipitation of these months is known for any landscape."
    assert said in list(content.texts())
