from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.lateness import Expected, Place, expected_readings, late_readings
from pipeline.plans.reading import from_mapping
from pipeline.plans.rule_document import Land
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.timetable import Timetable, timetable

UZ = next(one for one in shipped_plans() if one.country is Country.UZBEKISTAN)
RAINFED = Land(LandUse.RAINFED)
WATERED = Land(LandUse.IRRIGATED, has_headwater=True)


def document() -> dict[str, Any]:
    """Two stages on SPI-3."""
    body = copy.deepcopy(UZ.as_json()) | {"late_after_days": 20}
    return body | {"ladders": {"meteorological": body["ladders"]["meteorological"][:2]}}


def plan(rule: dict[str, object] | None = None, **changes: object) -> Plan:
    """One rule of the first stage as given, and a limit of 20 days unless another is said."""
    body = document() | changes
    body["ladders"]["meteorological"][0]["rules"][0] |= rule or {}
    return from_mapping(body, "the test")


def table(*plans: Plan) -> dict[Country, Timetable]:
    return {Country.UZBEKISTAN: timetable([(one.effective_from, one) for one in plans])}


def place(land: Land = RAINFED, headwater: str | None = None, name: str = "A") -> Place:
    return Place(name, Country.UZBEKISTAN, land, headwater)


def expected(of: Plan, today: date, land: Land = RAINFED) -> list[Expected]:
    above = "UP" if land.has_headwater else None
    return list(expected_readings([place(land, above)], table(of), today))


@pytest.mark.parametrize(
    ("today", "days", "month"),
    [
        pytest.param(date(2026, 10, 20), 20, Month(2026, 8), id="on its last day it is in time"),
        pytest.param(date(2026, 10, 21), 20, Month(2026, 9), id="the day after it is late"),
        pytest.param(date(2026, 10, 1), 0, Month(2026, 9), id="no day at all may be allowed"),
        pytest.param(date(2026, 3, 1), 28, Month(2026, 1), id="January's 28th day is 28 February"),
        pytest.param(date(2026, 3, 2), 59, Month(2025, 12), id="nearly two months"),
    ],
)
def test_the_newest_month_that_ought_to_be_there(today: date, days: int, month: Month) -> None:
    (one,) = expected(plan(late_after_days=days), today)
    assert one.month == month
    assert one.due < today


def test_the_day_it_was_due_is_counted_from_the_end_of_the_month() -> None:
    (one,) = expected(plan(), date(2026, 10, 25))
    assert (one.month, one.due) == (Month(2026, 9), date(2026, 10, 20))


def test_a_plan_that_says_no_days_expects_nothing() -> None:
    assert expected(plan(late_after_days=None), date(2026, 10, 25)) == []


def test_a_rule_may_have_its_own_days_and_the_strictest_counts() -> None:
    """Both stages hear SPI-3; the first one's rule allows five days, the plan twenty."""
    early, late = date(2026, 10, 6), date(2026, 10, 21)
    told = {(one.month, one.days) for one in expected(plan({"late_after_days": 5}), early)}
    assert told == {(Month(2026, 9), 5), (Month(2026, 8), 20)}
    told = {(one.month, one.days) for one in expected(plan({"late_after_days": 5}), late)}
    assert told == {(Month(2026, 9), 5)}


def test_nothing_is_expected_of_months_in_which_no_rule_speaks() -> None:
    spring = [4, 5, 6]
    body = document()
    for stage in body["ladders"]["meteorological"]:
        stage["rules"][0]["calendar_months"] = spring
    of = from_mapping(body, "the test")
    assert expected(of, date(2026, 10, 25)) == []
    assert [one.month for one in expected(of, date(2026, 7, 25))] == [Month(2026, 6)]


def test_nor_before_the_plan_was_in_force() -> None:
    of = plan(effective_from="2026-10")
    assert expected(of, date(2026, 10, 25)) == []
    assert [one.month for one in expected(of, date(2026, 11, 25))] == [Month(2026, 10)]


def test_what_is_expected_of_the_headwater_is_looked_for_there() -> None:
    watered = plan({"where": "headwater"})
    found = {
        (str(one.heard), one.read_of) for one in expected(watered, date(2026, 10, 25), WATERED)
    }
    assert found == {("spi_3 of the headwater", "UP"), ("spi_3", "A")}
    unknown = Land(LandUse.IRRIGATED)
    found = {
        (str(one.heard), one.read_of) for one in expected(watered, date(2026, 10, 25), unknown)
    }
    assert found == {("spi_3", "A")}


def test_landscapes_are_counted_by_country_and_measure() -> None:
    places = [place(name=name) for name in "ABC"]
    found = list(expected_readings(places, table(plan()), date(2026, 10, 25)))
    (told,) = late_readings(found, [one for one in found if one.landscape_id != "B"])
    assert (told.country, str(told.heard), told.month) == ("UZ", "spi_3", Month(2026, 9))
    assert (told.landscapes, told.asked, told.days) == (2, 3, 20)
    assert late_readings(found, []) == []
