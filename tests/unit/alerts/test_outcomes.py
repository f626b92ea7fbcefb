from __future__ import annotations

import pytest

from pipeline.alerts.evidence import Comparison
from pipeline.alerts.facts import Change
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType
from pipeline.plans.rule_document import RuleSources, Source, SourceKind
from tests.unit.alerts import cases

SOURCE = Source(kind=SourceKind.GENERIC, reference="a test")


def line(value: float | None, was: bool, now: bool, **others: object) -> Comparison:
    facts = {
        "stage": "watch",
        "index": "spi_3",
        "value": value,
        "gap": None,
        "enter_at": -1.0,
        "enter_after": 2,
        "exit_at": 0.0,
        "exit_after": 2,
        "run_before": 0,
        "run_after": 0,
        "was_active": was,
        "is_active": now,
        "silent_months": 0,
        "source": RuleSources(threshold=SOURCE, exit=SOURCE, persistence=SOURCE),
    }
    return Comparison.model_validate(facts | others)


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        pytest.param(line(-1.2, False, True), Outcome.BEGAN, id="off, then on"),
        pytest.param(line(0.2, True, False), Outcome.ENDED, id="on, then off"),
        pytest.param(line(-0.4, True, True), Outcome.HOLDS, id="on inside the dead band"),
        pytest.param(line(0.2, True, True, run_after=1), Outcome.ENDING, id="on, recovering"),
        pytest.param(line(-0.4, False, False), Outcome.QUIET, id="off inside the dead band"),
        pytest.param(line(-1.2, False, False, run_after=1), Outcome.BEGINNING, id="off, drying"),
        pytest.param(
            line(None, True, True, gap=Gap.LOW_COVERAGE), Outcome.SILENT, id="without a value"
        ),
        pytest.param(
            line(None, True, False, gap=Gap.NOT_PUBLISHED),
            Outcome.LAPSED,
            id="on, then off for want of values",
        ),
        pytest.param(
            line(None, True, True, gap=Gap.NOT_APPLICABLE), Outcome.OUT_OF_SEASON, id="blind"
        ),
        pytest.param(
            line(-1.2, False, False), Outcome.OUT_OF_SEASON, id="dry and not counted: out of season"
        ),
        pytest.param(
            line(0.2, True, True), Outcome.OUT_OF_SEASON, id="wet and not counted: out of season"
        ),
        pytest.param(
            line(-1.0, True, True, exit_at=-1.0), Outcome.HOLDS, id="on the limit of a table"
        ),
    ],
)
def test_a_line_of_evidence_comes_to_one_thing(comparison: Comparison, expected: Outcome) -> None:
    assert outcome(comparison) is expected


def test_a_beginning_is_told_by_what_began() -> None:
    assert [told.stage for told in lines_to_tell(cases.began())] == ["watch"]


def test_an_end_is_told_by_all_that_ended() -> None:
    assert [told.stage for told in lines_to_tell(cases.ended())] == ["watch", "warning"]


def test_an_easing_is_told_by_what_ended_and_what_still_holds() -> None:
    facts = cases.alert(
        Country.TURKIYE, DroughtType.METEOROLOGICAL, Change.EASED, [80.0, 50.0, 60.0]
    )
    assert [told.stage for told in lines_to_tell(facts)] == ["uyari", "acil_durum"]


def test_a_correction_is_told_by_the_stage_told_before_and_the_one_now() -> None:
    assert [told.stage for told in lines_to_tell(cases.corrected())] == ["watch", "warning"]


def test_a_standing_stage_is_told_by_what_holds_it() -> None:
    assert [told.stage for told in lines_to_tell(cases.unconfirmed())] == ["watch"]


def test_where_nothing_explains_everything_is_told() -> None:
    facts = cases.alert(Country.UZBEKISTAN, DroughtType.METEOROLOGICAL, Change.REMINDED, [0.3, 0.4])
    assert len(lines_to_tell(facts)) == 3
