from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.evidence import Replaced, Side
from pipeline.alerts.replaced import MOST, Openness, latched_in, replaced
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse
from pipeline.core.months import Month
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land, Where
from pipeline.plans.rules import Reading
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.stages import StageMonth, stage_history

GENERIC = next(p for p in shipped_plans() if p.country is Country.UZBEKISTAN).ladders[
    DroughtType.METEOROLOGICAL
]
SPI_3 = IndexCode.parse("spi_3")
FIRST = Month(2000, 1)
Value = float | Gap
OPEN = dict.fromkeys(Where, Openness(True, True))


def history(values: Sequence[Value], ladder: Ladder = GENERIC) -> list[StageMonth]:
    readings = [
        Reading(FIRST + n, None, value) if isinstance(value, Gap) else Reading(FIRST + n, value)
        for n, value in enumerate(values)
    ]
    return stage_history(ladder, Land(LandUse.RAINFED), {SPI_3: readings}, hold_limit=3)


def told(
    before: Sequence[Value], now: Sequence[Value], month: Month, openness: Openness | None = None
) -> tuple[Replaced, ...]:
    are_open = OPEN if openness is None else dict.fromkeys(Where, openness)
    return replaced(history(before), history(now), month, are_open, None)


def test_the_reading_of_the_month_itself() -> None:
    (one,) = told([0.2, -1.2], [0.2, -0.9], FIRST + 1)
    assert (one.index, one.month) == ("spi_3", "2000-02")
    assert (one.value_before, one.side_before) == (-1.2, Side.ENTER)
    assert (one.value, one.side) == (-0.9, Side.BETWEEN)


def test_the_reading_of_an_earlier_month_that_set_the_latch() -> None:
    """A stage that stood since January was never entered: what January read is the reason."""
    (one,) = told([-1.2, -0.5, -0.4], [-0.8, -0.5, -0.4], FIRST + 2)
    assert one.month == "2000-01"


def test_a_value_that_stays_on_its_side_is_no_reason() -> None:
    (one,) = told([0.2, -1.2, -1.3], [0.2, -0.9, -1.4], FIRST + 1)
    assert one.month == "2000-02"
    # February's end of the drought came otherwise; March's -1.3 and -1.4 both ask for it.
    assert told([0.2, -1.2, -1.3], [0.2, -1.1, -1.2], FIRST + 2) == ()


def test_what_changed_before_the_rules_stood_alike_is_no_reason() -> None:
    """January's correction was over with the rain of February."""
    (one,) = told([-1.2, 0.3, -1.2], [-0.8, 0.3, -0.8], FIRST + 2)
    assert one.month == "2000-03"


def test_a_gap_that_came_instead_and_a_value_that_came_instead_of_a_gap() -> None:
    (one,) = told([0.2, Gap.NOT_PUBLISHED], [0.2, -1.2], FIRST + 1)
    assert (one.value_before, one.gap_before, one.side_before) == (None, Gap.NOT_PUBLISHED, None)
    assert (one.value, one.gap, one.side) == (-1.2, None, Side.ENTER)
    (one,) = told([0.2, -1.2], [0.2, Gap.LOW_COVERAGE], FIRST + 1)
    assert (one.gap_before, one.gap) == (None, Gap.LOW_COVERAGE)


def test_values_that_are_not_open_stay_out_and_their_sides_are_said() -> None:
    (one,) = told([0.2, -1.2], [0.2, 0.9], FIRST + 1, Openness(before=False, now=True))
    assert (one.value_before, one.side_before) == (None, Side.ENTER)
    assert (one.value, one.side) == (0.9, Side.EXIT)
    (one,) = told([0.2, -1.2], [0.2, 0.9], FIRST + 1, Openness(before=True, now=False))
    assert (one.value_before, one.value, one.side) == (-1.2, None, Side.EXIT)


def test_no_more_than_the_newest_are_named() -> None:
    months = 20
    found = told([-1.2] * months, [-0.8] * months, FIRST + months - 1)
    assert len(found) == MOST
    assert [one.month for one in found][-1] == str(FIRST + months - 1)
    assert [one.month for one in found] == sorted(one.month for one in found)


def test_another_plan_alone_replaces_no_reading() -> None:
    assert told([0.2, -1.2], [0.2, -1.2], FIRST + 1) == ()


class TestLatches:
    def test_the_month_in_which_the_rule_began_that_still_holds(self) -> None:
        months = history([0.2, -1.2, -1.1, -0.5, -0.4])
        assert latched_in(months, FIRST + 4) == FIRST + 1
        assert latched_in(months, FIRST + 3) == FIRST + 1

    def test_none_while_the_month_itself_asks_for_the_stage(self) -> None:
        assert latched_in(history([0.2, -1.2, -1.1]), FIRST + 2) is None

    def test_none_in_no_stage(self) -> None:
        assert latched_in(history([-1.2, 0.3]), FIRST + 1) is None

    def test_of_a_record_that_begins_in_a_stage_its_first_month(self) -> None:
        assert latched_in(history([-1.2, -0.2]), FIRST + 1) == FIRST

    def test_the_rule_of_the_stage_that_stands_counts(self) -> None:
        """Watch began in January and warning in February; warning stands."""
        assert latched_in(history([-1.2, -1.6, -0.5]), FIRST + 2) == FIRST + 1
