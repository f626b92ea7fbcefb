"""Droughts by run theory, worked by hand, and against the runs of climate-indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from climate_indices.runs import identify_runs
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.gaps import Gap
from pipeline.core.ids import DroughtType, IndexCode, LandUse
from pipeline.core.months import Month
from pipeline.plans.events import (
    Deficit,
    DroughtEvent,
    NoSeverity,
    StandingMonth,
    drought_events,
    severity_index,
)
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land
from pipeline.plans.rules import Reading
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.stages import stage_history

PLANS = {plan.plan_id: plan for plan in shipped_plans()}
GENERIC = PLANS["uz-generic"].ladders[DroughtType.METEOROLOGICAL]
TARBIL = PLANS["tr-tarbil"].ladders[DroughtType.METEOROLOGICAL]
SPI_3, SPI_6, PN_3 = map(IndexCode.parse, ("spi_3", "spi_6", "pn_3"))
FIRST = Month(2000, 1)
MISSING = Gap.NOT_PUBLISHED
PLAN = ("a-plan", "1")
SOURCE = {"kind": "generic", "reference": "a test"}

Value = float | Gap


def rule(**said: object) -> dict[str, Any]:
    return {
        "enter_at": -1.0,
        "enter_after": 1,
        "exit_at": 0.0,
        "exit_after": 1,
        "source": {"threshold": SOURCE, "exit": SOURCE, "persistence": SOURCE},
    } | said


LOOK = {
    "do": {"en": "look"},
    "family": "monitoring",
    "who": {"en": "someone"},
    "within_days": 7,
}


def ladder(*stages: Sequence[dict[str, Any]]) -> Ladder:
    """Stages called `stage_a`, `stage_b` … with these rules."""
    return Ladder.model_validate(
        [
            {
                "stage": f"stage_{name}",
                "names": {"en": name},
                "cap": {
                    "severity": "Minor",
                    "urgency": "Future",
                    "certainty": "Possible",
                    "response_type": "Monitor",
                },
                "actions": [LOOK],
                "rules": list(rules),
            }
            for name, rules in zip("abc", stages, strict=False)
        ]
    )


def droughts(
    of: Ladder, values: Sequence[Value], *, index: IndexCode | None = None
) -> list[DroughtEvent]:
    """The droughts of an index of one ladder, stages and all, from January 2000 on."""
    heard = index or of.stages[0].rules[0].index
    assert heard is not None
    readings = [
        Reading(FIRST + n, None, value) if isinstance(value, Gap) else Reading(FIRST + n, value)
        for n, value in enumerate(values)
    ]
    stages = stage_history(of, Land(LandUse.RAINFED), {heard: readings}, hold_limit=3)
    standing = [
        StandingMonth(one.month, one.stage, one.rank, one.is_confirmed, PLAN, {heard: read.value})
        for one, read in zip(stages, readings, strict=True)
        if one.rank > 0
    ]
    told_in = severity_index(of, Land(LandUse.RAINFED))
    return drought_events(standing, readings[-1].month, lambda plan: told_in)


def deficit(event: DroughtEvent) -> Deficit:
    assert isinstance(event.deficit, Deficit)
    return event.deficit


SERIES = (0.3, -0.4, -0.8, -1.2, -1.7, -0.6, -0.2, 0.1, -0.9, 0.5, -2.2, -0.1)
"""Below usual from February to July, reaching -1.7; in September, without reaching -1; and from
November on."""


class TestADroughtWorkedByHand:
    def test_it_begins_at_the_threshold_and_ends_where_the_plan_lets_it(self) -> None:
        first, second = droughts(GENERIC, SERIES)
        assert (first.onset, first.last, first.ended) == (FIRST + 3, FIRST + 6, FIRST + 7)
        assert (first.duration_months, first.is_open) == (4, False)
        assert (first.highest_stage, first.highest_rank) == ("warning", 2)
        assert (first.plan, first.is_confirmed, first.index) == (PLAN, True, SPI_3)
        assert second.onset == FIRST + 10

    def test_its_deficits_are_added_up(self) -> None:
        told = deficit(droughts(GENERIC, SERIES)[0])
        assert told.severity == pytest.approx(1.2 + 1.7 + 0.6 + 0.2)
        assert told.intensity == pytest.approx(3.7 / 4)
        assert (told.peak_value, told.peak_month, told.months_with_gap) == (-1.7, FIRST + 4, 0)

    def test_one_that_stands_in_the_newest_month_has_no_end(self) -> None:
        last = droughts(GENERIC, SERIES)[-1]
        assert (last.is_open, last.ended, last.duration_months) == (True, None, 2)
        assert last.highest_stage == "severe"
        assert deficit(last).severity == pytest.approx(2.3)

    def test_mckee_counts_the_months_that_lead_up_to_the_threshold_too(self) -> None:
        # McKee et al. (1993): from the first month below 0 to the last, if -1 is reached between.
        (mckee, dry_month, open_one) = range(3)
        runs = identify_runs(SERIES, threshold=0.0)
        assert [int(n) for n in runs.start_index] == [1, 8, 10]
        assert runs.magnitude[mckee] == pytest.approx(0.4 + 0.8 + 3.7)
        first, second = droughts(GENERIC, SERIES)
        assert runs.duration[mckee] == first.duration_months + 2
        assert runs.magnitude[mckee] == pytest.approx(deficit(first).severity + 0.4 + 0.8)
        assert runs.peak_value[dry_month] > -1
        assert runs.magnitude[open_one] == pytest.approx(deficit(second).severity)

    def test_a_wet_month_in_it_gives_nothing_back(self) -> None:
        of_two = ladder([rule(index="spi_3", exit_after=2)])
        (event,) = droughts(of_two, [-1.2, 0.3, -1.1, 0.1, 0.2])
        assert (event.duration_months, event.ended) == (4, FIRST + 4)
        assert deficit(event).severity == pytest.approx(2.3)
        assert deficit(event).intensity == pytest.approx(2.3 / 4)

    def test_percent_of_normal_is_told_below_a_hundred(self) -> None:
        (event,) = droughts(TARBIL, [90.0, 70.0, 50.0, 60.0, 76.0])
        assert (event.onset, event.duration_months, event.index) == (FIRST + 1, 3, PN_3)
        assert (event.highest_stage, event.highest_rank) == ("acil_durum", 3)
        assert deficit(event) == Deficit(
            severity=120.0,
            intensity=40.0,
            peak_value=50.0,
            peak_month=FIRST + 2,
            months_with_gap=0,
        )


class TestGaps:
    def test_a_month_without_a_value_is_in_the_drought_and_in_no_deficit(self) -> None:
        (event,) = droughts(GENERIC, [-1.2, MISSING, -0.5, 0.2])
        told = deficit(event)
        assert (event.duration_months, told.months_with_gap) == (3, 1)
        assert (told.severity, told.intensity) == pytest.approx((1.7, 0.85))

    def test_silence_beyond_the_limit_leaves_it_unconfirmed(self) -> None:
        silences: list[list[Value]] = [[MISSING] * n for n in (3, 4)]
        events = [droughts(GENERIC, [-1.2, *silence, -0.5, 0.2]) for silence in silences]
        assert [event.is_confirmed for (event,) in events] == [True, False]

    def test_without_any_value_it_has_no_severity(self) -> None:
        held = [StandingMonth(FIRST, "watch", 1, True, PLAN, {SPI_3: None})]
        (event,) = drought_events(held, FIRST, lambda plan: SPI_3)
        assert (event.index, event.deficit) == (SPI_3, NoSeverity.NO_VALUES)

    def test_months_of_which_nothing_is_known_part_two_droughts(self) -> None:
        held = [stands(0), stands(1), stands(5)]
        first, second = drought_events(held, FIRST + 5, lambda plan: SPI_3)
        assert (first.ended, first.duration_months) == (FIRST + 2, 2)
        assert (second.onset, second.is_open) == (FIRST + 5, True)


def stands(
    after: int, value: float = -1.1, *, plan: str = "1", rank: int = 1, stage: str = "watch"
) -> StandingMonth:
    """A month in a stage, so many months after the first."""
    values = {SPI_3: value, SPI_6: 2 * value}
    return StandingMonth(FIRST + after, stage, rank, True, ("a-plan", plan), values)


def test_the_plan_at_the_onset_tells_the_whole_drought() -> None:
    indices: Mapping[str, IndexCode] = {"1": SPI_6, "2": SPI_3}
    held = [stands(0), stands(1, plan="2", rank=2, stage="red")]
    (event,) = drought_events(held, FIRST + 2, lambda plan: indices[plan[1]])
    assert (event.plan, event.index, event.highest_stage) == (("a-plan", "1"), SPI_6, "red")
    assert deficit(event).severity == pytest.approx(4.4)


def test_of_equal_peaks_and_stages_the_first_is_told() -> None:
    held = [stands(0), stands(1, stage="renamed"), stands(2)]
    (event,) = drought_events(held, FIRST + 2, lambda plan: SPI_3)
    assert (deficit(event).peak_month, event.highest_stage) == (FIRST, "watch")


AREA = {"area_share": {"index": "spi_3", "at_or_below": -1.0}, "enter_at": 0.5, "exit_at": 0.3}
FORECAST = {
    "indicator": "water_availability_forecast",
    "unit": "percent_of_norm",
    "enter_at": 75.0,
    "exit_at": 90.0,
}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(
            ladder([rule(index="spi_3")], [rule(index="spi_3", enter_at=-1.5)]),
            SPI_3,
            id="all rules hear one index: it is that one",
        ),
        pytest.param(
            ladder([rule(index="spi_3")], [rule(index="spi_6", enter_at=-1.5)]),
            SPI_3,
            id="stages hear different ones: it is the mildest stage's",
        ),
        pytest.param(
            ladder([rule(index="spi_3"), rule(index="spi_6")]),
            NoSeverity.SEVERAL_INDICES,
            id="the mildest stage hears two: there is none",
        ),
        pytest.param(
            ladder([rule(index="spi_3"), rule(**AREA)], [rule(**FORECAST)]),
            SPI_3,
            id="a share of area and an indicator beside it do not count",
        ),
        pytest.param(
            ladder([rule(**AREA)], [rule(index="spi_6")], [rule(index="spi_3", enter_at=-2)]),
            SPI_6,
            id="the mildest stage hears a share of area: it is the next stage's",
        ),
        pytest.param(
            ladder([rule(**AREA)], [rule(**FORECAST)]),
            NoSeverity.NO_INDEX,
            id="shares of area and indicators alone: there is none",
        ),
        pytest.param(
            ladder([rule(index="spi_3", land_uses=["pastoral"])]),
            NoSeverity.NO_INDEX,
            id="no rule is for this land: there is none",
        ),
        pytest.param(
            ladder([rule(index="spi_3"), rule(index="spi_6", land_uses=["pastoral"])]),
            SPI_3,
            id="rules for other land do not count",
        ),
    ],
)
def test_the_index_that_severity_is_told_in(of: Ladder, expected: IndexCode | NoSeverity) -> None:
    assert severity_index(of, Land(LandUse.RAINFED)) == expected


def values(least: float, most: float) -> st.SearchStrategy[list[float]]:
    """Values that lie on no threshold: there climate-indices and a plan decide differently."""
    hundredths = st.integers(int(least * 100), int(most * 100))
    return st.lists(hundredths.map(lambda n: n / 100 + 0.005), min_size=1, max_size=40)


class TestLaws:
    @given(values(-3.0, 3.0))
    def test_with_one_threshold_at_usual_they_are_the_runs_of_climate_indices(
        self, series: list[float]
    ) -> None:
        one = ladder([rule(index="spi_3", enter_at=0.0, has_dead_band=False)])
        events, runs = droughts(one, series), identify_runs(series, threshold=0.0)
        assert [event.onset.ordinal - FIRST.ordinal for event in events] == [*runs.start_index]
        assert [event.duration_months for event in events] == [*runs.duration]
        told = [deficit(event) for event in events]
        assert [one.severity for one in told] == pytest.approx([*runs.magnitude])
        assert [one.intensity for one in told] == pytest.approx([*runs.intensity])
        assert [one.peak_value for one in told] == [*runs.peak_value]
        peaks = [one.peak_month.ordinal - FIRST.ordinal for one in told]
        assert peaks == [*runs.peak_index]

    @given(values(10.0, 190.0))
    def test_at_another_threshold_severity_is_theirs_and_the_way_to_usual_each_month(
        self, series: list[float]
    ) -> None:
        events, runs = droughts(TARBIL, series), identify_runs(series, threshold=75.0)
        assert [event.duration_months for event in events] == [*runs.duration]
        theirs = [*(runs.magnitude + 25.0 * runs.duration)]
        assert [deficit(event).severity for event in events] == pytest.approx(theirs)

    @given(st.lists(st.one_of(st.floats(-3.0, 3.0), st.just(MISSING)), min_size=1, max_size=40))
    @settings(deadline=None)
    def test_they_hold_each_month_in_a_stage_once_and_no_other(self, series: list[Value]) -> None:
        months = [
            month.ordinal
            for event in droughts(GENERIC, series)
            for month in (event.onset + n for n in range(event.duration_months))
        ]
        readings = [
            Reading(FIRST + n, None, v) if isinstance(v, Gap) else Reading(FIRST + n, v)
            for n, v in enumerate(series)
        ]
        stages = stage_history(GENERIC, Land(LandUse.RAINFED), {SPI_3: readings}, hold_limit=3)
        assert months == [one.month.ordinal for one in stages if one.rank > 0]
