"""A step taken out of the rain: what is told is read, what gauges find is put together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.landscapes.homogenised import FoundBreak, Homogenisation, by_gauges

NAN = float("nan")


def rain(*values: float) -> Panel:
    array = np.array(values)[:, np.newaxis]
    gaps = np.where(np.isnan(array), gap_code(Gap.NOT_PUBLISHED), 0).astype(np.uint8)
    return Panel(Month(1997, 8), array, gaps)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param("1997-10:0.75", [30.0, NAN, 80.0, 100.0], id="what came before it alone"),
        pytest.param("1990-01:0.75", [40.0, NAN, 80.0, 100.0], id="a step before the record"),
        pytest.param("2020-01:1.5", [60.0, NAN, 120.0, 150.0], id="a step after all of it"),
    ],
)
def test_rain_before_the_step_is_multiplied_and_gaps_stay(step: str, expected: list[float]) -> None:
    before = rain(40.0, NAN, 80.0, 100.0)
    found = Homogenisation.parse(step).applied(before)
    np.testing.assert_allclose(found.values[:, 0], expected)
    assert np.array_equal(found.gaps, before.gaps)
    assert before.values[0, 0] == 40.0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1997-10", id="no factor"),
        pytest.param("0.75", id="no month"),
        pytest.param("1997-10:-0.75", id="a negative factor"),
        pytest.param("1997-13:0.75", id="a thirteenth month"),
        pytest.param("1997-10:75", id="percent"),
        pytest.param("1997-10:0.1", id="a tenth of the rain"),
    ],
)
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected"):
        Homogenisation.parse(text)


def test_a_step_is_written_as_it_is_read() -> None:
    one = Homogenisation(Month(1997, 10), 0.75)
    assert Homogenisation.parse(str(one)) == one
    assert one.in_words == "before 1997-10 times 0.75"


def test_one_gauge_gives_the_first_month_of_its_water_year_and_its_ratios() -> None:
    """Pskem against CFSR: water year 1998 is the first after the step, 0.69 before and 0.52 after."""
    found = by_gauges([FoundBreak("region", 1998, 0.692416, 0.518581)], "cfsr")
    assert found == Homogenisation(Month(1997, 10), 0.749)


def test_several_give_the_middle_year_and_the_geometric_mean() -> None:
    breaks = [
        FoundBreak("a", 1999, 1.0, 0.5),
        FoundBreak("b", 1997, 1.0, 0.8),
        FoundBreak("c", 1998, 1.0, 0.9),
    ]
    found = by_gauges(breaks, "grid")
    assert found.month == Month(1997, 10)
    assert found.factor == pytest.approx(math.prod((0.5, 0.8, 0.9)) ** (1 / 3), abs=5e-4)


def test_without_a_break_the_step_must_be_told() -> None:
    with pytest.raises(InputError, match="cfsr: expected a landscape whose gauges find a step"):
        by_gauges([], "cfsr")
