from __future__ import annotations

import json

import pytest

from pipeline.alerts.evidence import Evidence, Side
from pipeline.alerts.outcomes import Outcome, outcome
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from tests.unit.alerts import cases, water


def test_an_indicator_is_cited_with_value_unit_and_document() -> None:
    line = water.alert([97.0, 82.5]).evidence.comparisons[0]
    assert (line.index, line.indicator, line.unit) == (
        None,
        "water_availability_forecast",
        "percent_of_norm",
    )
    assert (line.value, line.enter_at, line.withheld) == (82.5, 85, None)
    assert line.document is not None
    assert json.loads(line.document.model_dump_json()) == {
        "document_number": "3/21",
        "issued_on": "2021-03-10",
        "issued_by": "Uzhydromet",
        "period_from": "2021-04",
        "period_to": "2021-09",
    }


def test_a_value_that_is_not_open_is_not_in_the_evidence_at_all() -> None:
    stored = water.alert([97.0, 82.345], is_open=False).evidence.model_dump_json()
    assert "82.3" not in stored
    assert "97" not in stored
    line = Evidence.model_validate_json(stored).comparisons[0]
    assert (line.value, line.gap, line.withheld) == (None, None, Side.ENTER)


LAST_OF_SEASON = Month(2021, 10)


@pytest.mark.parametrize(
    ("values", "last", "expected"),
    [
        pytest.param([97.0, 82.5], water.MARCH, Outcome.BEGAN, id="begins"),
        pytest.param([82.5, 97.0], water.MARCH, Outcome.ENDED, id="ends"),
        pytest.param([82.5, 90.0], water.MARCH, Outcome.HOLDS, id="holds in the dead band"),
        pytest.param([97.0, 90.0], water.MARCH, Outcome.QUIET, id="stays quiet in the dead band"),
        pytest.param([82.5, 80.0], water.MARCH, Outcome.HOLDS, id="holds below it"),
        pytest.param([82.5, Gap.NOT_PUBLISHED], water.MARCH, Outcome.SILENT, id="is silent"),
        pytest.param([97.0, 82.5], LAST_OF_SEASON, Outcome.OUT_OF_SEASON, id="cannot begin"),
    ],
)
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "not open"])
def test_what_a_rule_did_does_not_depend_on_who_may_see_the_value(
    values: list[float | Gap], last: Month, expected: Outcome, is_open: bool
) -> None:
    facts = water.alert(values, last=last, is_open=is_open)
    assert outcome(facts.evidence.comparisons[0]) is expected


def test_evidence_stored_before_there_were_indicators_is_read() -> None:
    stored = json.loads(cases.escalated().evidence.model_dump_json())
    for line in stored["comparisons"]:
        for key in ("indicator", "unit", "document", "withheld"):
            assert line.pop(key) is None
    assert Evidence.model_validate(stored) == cases.escalated().evidence
