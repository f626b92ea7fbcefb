"""What a replay finds, from stages and changes said outright."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from shapely import box

from pipeline.alerts.evidence import Evidence
from pipeline.alerts.facts import Change
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.months import Month
from pipeline.landscapes.landscape import Landscape
from pipeline.plans.stages import StageMonth
from pipeline.steps.differences import Difference, Kind, change_differences, stage_differences
from pipeline.steps.replay import Replay
from pipeline.steps.replay_indices import Tally
from pipeline.warehouse.alerts import NewTransition
from pipeline.warehouse.evaluations import PastEvaluation
from pipeline.warehouse.landscapes import StoredLandscape
from pipeline.warehouse.stages import StageRow
from tests.unit.alerts.cases import began

MAY, JUNE = Month(2021, 5), Month(2021, 6)
RAIN = DroughtType.METEOROLOGICAL


def row(month: Month, stage: str = "none", rank: int = 0, *, since: Month = MAY) -> StageRow:
    return StageRow(1, RAIN, "uz", "1", StageMonth(month, stage, rank, since, True, 0, ()))


WATCH_IN_JUNE = row(JUNE, "watch", 1, since=JUNE)
EVERYTHING = {(MAY, RAIN), (JUNE, RAIN)}
NONE_WRITTEN: set[tuple[Month, DroughtType]] = set()


@pytest.mark.parametrize(
    ("was", "now", "written", "expected"),
    [
        pytest.param([row(MAY)], [row(MAY)], EVERYTHING, [], id="the same is no difference"),
        pytest.param(
            [row(MAY), WATCH_IN_JUNE],
            [row(MAY), row(JUNE)],
            EVERYTHING,
            [("stage watch, rank 1, since 2021-06", "stage none, rank 0, since 2021-05")],
            id="another stage is told with all that goes with it",
        ),
        pytest.param(
            [row(MAY)],
            [row(MAY), WATCH_IN_JUNE],
            EVERYTHING,
            [("", "watch")],
            id="a stage that was not written is told",
        ),
        pytest.param(
            [row(MAY), WATCH_IN_JUNE],
            [row(MAY)],
            EVERYTHING,
            [("watch", "")],
            id="a stage that the decision wrote and that would not come now is told",
        ),
        pytest.param(
            [row(MAY), WATCH_IN_JUNE],
            [row(MAY)],
            NONE_WRITTEN,
            [],
            id="a stage of an earlier decision that this one left alone is not",
        ),
    ],
)
def test_stages_are_compared_month_by_month(
    was: list[StageRow],
    now: list[StageRow],
    written: set[tuple[Month, DroughtType]],
    expected: list[tuple[str, str]],
) -> None:
    held = {(one.stage.month, one.drought_type): one for one in was}
    found = list(stage_differences("west", held, now, written))
    assert [(one.was, one.now) for one in found] == expected
    assert {(one.kind, one.landscape_id, one.of) for one in found} <= {
        (Kind.STAGE, "west", "meteorological")
    }


LANDSCAPE = Landscape(
    "west", Country.UZBEKISTAN, "West", {}, LandUse.RAINFED, False, False, None, box(60, 38, 61, 39)
)


def change(evidence: Evidence | None = None, chain: str = "west/1") -> NewTransition:
    stored = StoredLandscape(1, 1, LANDSCAPE)
    said = began().evidence if evidence is None else evidence
    return NewTransition(chain, stored, JUNE, RAIN, Change.BEGAN, "none", "watch", said)


def with_value(value: float) -> Evidence:
    said = began().evidence
    first, *others = said.comparisons
    changed = first.model_copy(update={"value": value})
    return said.model_copy(update={"comparisons": (changed, *others)})


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        pytest.param([change()], [change()], [], id="the same is no difference"),
        pytest.param(
            [change()],
            [change(began().evidence.model_copy(update={"engine": "another 2.0"}))],
            [],
            id="that another version decided is told of once for all",
        ),
        pytest.param(
            [change()],
            [change(with_value(-1.25))],
            [("evidence.comparisons.0.value -1.324", "evidence.comparisons.0.value -1.25")],
            id="evidence that says something else is told with the place",
        ),
        pytest.param(
            [change()],
            [change(chain="west/2")],
            [("chain west/1", "chain west/2")],
            id="another chain is told",
        ),
        pytest.param(
            [change()],
            [],
            [("began, none to watch", "")],
            id="a change that would not come is told",
        ),
        pytest.param(
            [], [change()], [("", "began, none to watch")], id="a change that did not come is told"
        ),
    ],
)
def test_changes_of_stage_are_compared_with_their_evidence(
    was: list[NewTransition], now: list[NewTransition], expected: list[tuple[str, str]]
) -> None:
    found = list(change_differences(was, now))
    assert [(one.was, one.now) for one in found] == expected
    assert {(one.kind, one.landscape_id, one.month, one.of) for one in found} <= {
        (Kind.CHANGE, "west", JUNE, "meteorological")
    }


def of_spi(was: str, now: str, *, is_waiting: bool = False) -> Difference:
    return Difference(Kind.INDEX, "west", JUNE, "spi_3", was, now, is_waiting)


def test_the_largest_difference_of_an_index_is_its_example() -> None:
    tally = Tally("spi_3")
    tally.add(of_spi("low_coverage", "-0.5"), np.nan)
    assert tally.example == of_spi("low_coverage", "-0.5")
    for was, size in (("0.1", 0.6), ("1.0", 1.5), ("-0.2", 0.3)):
        tally.add(of_spi(was, "-0.5"), size)
    assert (tally.differing, tally.largest) == (4, 1.5)
    assert tally.example == of_spi("1.0", "-0.5")


def test_a_value_of_an_older_series_is_counted_apart() -> None:
    tally = Tally("spi_3")
    tally.add(of_spi("0.1", "0.2", is_waiting=True), 0.1)
    assert (tally.differing, tally.waiting, tally.example) == (0, 1, None)


THEN = datetime(2027, 3, 3, 4, tzinfo=UTC)
DECIDED = PastEvaluation(
    THEN,
    THEN,
    {"numpy": "2.0"},
    CalibrationPeriod(1991, 2020),
    ("grid",),
    0.5,
    None,
    None,
    0,
    False,
)


@pytest.mark.parametrize(
    ("running", "differing", "others", "is_failure"),
    [
        pytest.param({"numpy": "2.0"}, 0, {}, False, id="equal by the same software"),
        pytest.param(
            {"numpy": "2.0"}, 1, {}, True, id="different by the same software is a failure"
        ),
        pytest.param(
            {"numpy": "2.1"},
            1,
            {"numpy": ("2.0", "2.1")},
            False,
            id="different by other software is to be expected",
        ),
        pytest.param(
            {"numpy": "2.0", "scipy": "1"},
            1,
            {"scipy": (None, "1")},
            False,
            id="software that was not recorded is not known to be the same",
        ),
    ],
)
def test_only_the_same_software_must_come_to_the_same(
    running: dict[str, str],
    differing: int,
    others: dict[str, tuple[str | None, str | None]],
    is_failure: bool,
) -> None:
    found = Replay(DECIDED, running, [])
    found.differing[Kind.STAGE] += differing
    assert found.other_versions == others
    assert found.is_failure is is_failure
