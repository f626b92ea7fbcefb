from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.alerts.beside import beside, compared_findings
from pipeline.alerts.evidence import Verdict
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import IndicatorCode, IndicatorUnit
from pipeline.core.months import Month
from pipeline.plans.rule_document import Rule, RuleSources, Source, SourceKind, Where
from pipeline.plans.rules import Reading, RuleState, advance
from pipeline.plans.stages import Finding

MAY, JUNE = Month(2021, 5), Month(2021, 6)
SPI_3 = IndexCode.parse("spi_3")
SOURCE = Source(kind=SourceKind.GENERIC, reference="a test")
SOURCES = RuleSources(threshold=SOURCE, exit=SOURCE, persistence=SOURCE)


def finding(
    value: float | Gap, *, was_active: bool, enter_at: float = -1.5, stage: str = "warning"
) -> Finding:
    rule = Rule(
        index=SPI_3, enter_at=enter_at, enter_after=1, exit_at=0.0, exit_after=1, source=SOURCES
    )
    before = RuleState(MAY, active=was_active, heard=True)
    gap = value if isinstance(value, Gap) else None
    reading = Reading(JUNE, None if gap else float(value), gap)
    return Finding(stage, rule, reading, before, advance(rule, before, reading))


def forecast(value: float, *, was_active: bool) -> Finding:
    """What a rule on the agency's forecast of water came to."""
    rule = Rule(
        indicator=IndicatorCode.WATER_AVAILABILITY_FORECAST,
        unit=IndicatorUnit.PERCENT_OF_NORM,
        enter_at=85.0,
        enter_after=1,
        exit_at=95.0,
        exit_after=1,
        source=SOURCES,
    )
    before = RuleState(MAY, active=was_active, heard=True)
    reading = Reading(JUNE, value)
    return Finding("severe", rule, reading, before, advance(rule, before, reading))


@pytest.mark.parametrize(
    ("own", "was_active", "other", "verdict"),
    [
        pytest.param(-1.6, False, -1.5, "agrees", id="begins, and the other is on the threshold"),
        pytest.param(-1.6, False, -1.49, "disagrees", id="begins, and the other is just above"),
        pytest.param(0.1, True, 0.0, "agrees", id="ends, and the other is back too"),
        pytest.param(0.1, True, -0.1, "disagrees", id="ends, and the other is still below"),
        pytest.param(-1.8, True, -0.5, "disagrees", id="stays beyond it, and the other does not"),
        pytest.param(-0.5, True, -1.8, "agrees", id="is held between, and the other is drier"),
        pytest.param(-0.5, True, 0.3, "disagrees", id="is held between, and the other is back"),
        pytest.param(-0.2, False, 1.0, "agrees", id="neither begins"),
        pytest.param(-1.6, False, Gap.TOO_FEW_OBSERVATIONS, "silent", id="the other has a gap"),
    ],
)
def test_the_other_record_agrees_where_it_lies_on_the_same_side(
    own: float, was_active: bool, other: float | Gap, verdict: str
) -> None:
    found = beside("blended", [finding(own, was_active=was_active)], {SPI_3: other}, is_open=True)
    assert found is not None
    (reading,) = found.readings
    assert reading.verdict == verdict
    assert (reading.value, reading.gap) == (
        (None, other) if isinstance(other, Gap) else (other, None)
    )


def test_a_value_that_is_not_open_is_left_out_and_judged_all_the_same() -> None:
    found = beside("blended", [finding(-1.6, was_active=False)], {SPI_3: -1.7}, is_open=False)
    assert found is not None
    assert found.readings[0].value is None
    assert found.readings[0].verdict is Verdict.AGREES
    assert "-1.7" not in found.model_dump_json()


def test_a_month_that_the_other_lacks_is_a_gap() -> None:
    found = beside("blended", [finding(-1.6, was_active=False)], {}, is_open=True)
    assert found is not None
    assert found.readings[0].gap is Gap.NOT_PUBLISHED


def test_where_nothing_was_heard_nothing_is_compared() -> None:
    silent = [finding(Gap.NOT_PUBLISHED, was_active=True)]
    assert beside("blended", silent, {SPI_3: -1.7}, is_open=True) is None


def test_rules_that_turned_are_compared_and_otherwise_those_that_are_on() -> None:
    watch = finding(-1.6, was_active=True, enter_at=-1.0, stage="watch")
    warning = finding(-1.6, was_active=False)
    severe = finding(-1.6, was_active=False, enter_at=-2.0, stage="severe")
    assert compared_findings([watch, warning, severe]) == [warning]
    assert compared_findings([watch, severe]) == [watch]
    assert compared_findings([severe]) == [severe]


@pytest.mark.parametrize("was_active", [False, True], ids=["it turns", "it holds"])
def test_a_quiet_index_beside_the_indicator_that_decided_is_not_compared(was_active: bool) -> None:
    """Else a wet index would read as gauges that agree with the drought."""
    findings = [finding(0.6, was_active=False), forecast(70.0, was_active=was_active)]
    assert beside("blended", findings, {SPI_3: 0.6}, is_open=True) is None


def test_an_index_that_turns_with_an_indicator_is_compared() -> None:
    spi = finding(-1.6, was_active=False)
    assert compared_findings([spi, forecast(70.0, was_active=False)]) == [spi]


def test_a_quiet_index_beside_one_that_is_held_by_a_gap_is_not_compared() -> None:
    held = finding(Gap.NOT_PUBLISHED, was_active=True)
    assert compared_findings([finding(0.6, was_active=False, enter_at=-2.0), held]) == []


def test_the_gauges_of_a_landscape_are_not_compared_with_its_headwater() -> None:
    own = finding(-0.2, was_active=False)
    above = finding(-1.6, was_active=False)
    rule = above.rule.model_copy(update={"where": Where.HEADWATER})
    decided = [own, replace(above, rule=rule)]
    assert beside("blended", decided, {SPI_3: 0.9}, is_open=True) is None
    assert beside("blended", [own, above], {SPI_3: 0.9}, is_open=True) is not None
