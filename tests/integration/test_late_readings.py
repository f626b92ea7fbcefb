"""What is late by the plan in force: counted by country and measure, in the status and the bulletin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.steps.status import status
from tests.integration.bulletin import bulletin
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle
from tests.integration.water_plan import LOWER, UPPER, irrigated, load, upstream, water_plan

pytestmark = pytest.mark.postgres

MARCH = JANUARY + 2
IN_TIME = datetime(2021, 3, 20, 23, 0, tzinfo=UTC)
"""The twentieth day after the end of February."""
LATE = datetime(2021, 3, 21, 0, 30, tzinfo=UTC)


def limited(**changes: object) -> dict[str, Any]:
    return water_plan(late_after_days=20, **changes)


def lines(place: Installation, at: datetime) -> list[str]:
    found = status(replace(place, clock=lambda: at)).late
    return [line.split(";")[0] for line in found if line.startswith("UZ plan: ")]


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Irrigated land under a Kyrgyz headwater, and two rainfed districts of Uzbekistan."""
    load(warehouse, limited())
    settle(warehouse, [upstream(), irrigated(), landscape("A"), landscape("B")])
    say_spi_3(warehouse, {name: [0.3] for name in (UPPER, LOWER, "A", "B")})
    return warehouse


def test_nothing_is_late_before_its_day_is_over(world: Engine, installation: Installation) -> None:
    evaluate(installation)
    assert lines(installation, IN_TIME) == []
    assert lines(installation, LATE) == [
        "UZ plan: no value of spi_3 for 2021-02 in 2 of 2 landscapes",
        "UZ plan: no value of spi_3 of the headwater for 2021-02 in 1 of 1 landscape",
    ]


def test_landscapes_that_have_the_month_are_not_late(
    world: Engine, installation: Installation
) -> None:
    say_spi_3(world, {UPPER: [0.3], "A": [0.3]}, first=JANUARY + 1)
    evaluate(installation)
    assert lines(installation, LATE) == [
        "UZ plan: no value of spi_3 for 2021-02 in 1 of 2 landscapes"
    ]


def test_a_gap_that_came_with_the_data_is_no_lateness(
    world: Engine, installation: Installation
) -> None:
    came: dict[str, list[float | Gap]] = {
        UPPER: [Gap.NOT_APPLICABLE],
        LOWER: [0.1],
        "A": [Gap.LOW_COVERAGE],
    }
    say_spi_3(world, {**came, "B": [Gap.NOT_PUBLISHED]}, first=JANUARY + 1)
    evaluate(installation)
    assert lines(installation, LATE) == [
        "UZ plan: no value of spi_3 for 2021-02 in 1 of 2 landscapes"
    ]


def test_for_programs_each_measure_is_a_row(world: Engine, installation: Installation) -> None:
    evaluate(installation)
    rows = [
        row
        for row in status(replace(installation, clock=lambda: LATE)).late_readings
        if row["country_code"] == "UZ"
    ]
    assert [(row["measure"], row["landscapes_late"], row["landscapes"]) for row in rows] == [
        ("spi_3", 2, 2),
        ("spi_3 of the headwater", 1, 1),
    ]
    assert (rows[0]["month"], str(rows[0]["due"])) == (Month(2021, 2), "2021-03-20")


def test_a_plan_that_says_no_days_changes_nothing(
    warehouse: Engine, installation: Installation
) -> None:
    load(warehouse, water_plan())
    settle(warehouse, [upstream(), irrigated()])
    say_spi_3(warehouse, {UPPER: [0.3], LOWER: [0.3]})
    evaluate(installation)
    assert lines(installation, LATE) == []


def test_the_bulletin_says_it_in_a_forecasters_words(
    world: Engine, installation: Installation
) -> None:
    evaluate(installation)
    said = bulletin(replace(installation, clock=lambda: LATE))
    assert "Late by the plan: SPI-3 of February 2021, landscapes without values: 2 of 2" in said
    assert "SPI-3 of the headwater of February 2021, landscapes without values: 1 of 1" in said
    assert "the plan allows 20 days after the end of the month, here until 20 March 2021." in said


def test_before_anything_was_decided_nothing_is_late(
    world: Engine, installation: Installation
) -> None:
    assert lines(installation, LATE) == []
