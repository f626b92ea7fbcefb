"""Names of stages where one plan has taken over from another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.alerts.argument import argument
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.letters import letter, unchecked_texts
from pipeline.alerts.naming import quoted_stage, stage_of, stages_of_change
from pipeline.core.errors import InputError
from tests.unit.alerts import cases


@pytest.fixture
def taken_over() -> AlertFacts:
    """A stage by the plan now in force, after one that only the plan before had."""
    return replace(cases.escalated(), from_stage="yellow")


def test_a_stage_of_the_plan_before_is_quoted_by_the_name_it_was_held_under(
    taken_over: AlertFacts,
) -> None:
    assert quoted_stage("yellow", taken_over, "en") == '"yellow"'
    assert quoted_stage("yellow", taken_over, "ru") == "«yellow»"
    assert 'stage rises from "yellow" to "Warning"' in letter(taken_over, "en").subject


def test_it_brings_no_texts_of_its_own(taken_over: AlertFacts) -> None:
    assert [stage.stage for stage in stages_of_change(taken_over)] == ["warning"]
    assert not unchecked_texts(taken_over, "en")


def test_the_argument_names_it(taken_over: AlertFacts) -> None:
    told = " ".join(argument(taken_over).split())
    assert 'rises from "yellow" to "Warning"' in told


def test_the_stage_that_stands_must_be_one_of_the_plan_in_force(taken_over: AlertFacts) -> None:
    with pytest.raises(InputError, match="got 'yellow'"):
        stage_of(taken_over, "yellow")


def test_none_is_no_stage(taken_over: AlertFacts) -> None:
    assert stage_of(taken_over, "none") is None
    assert quoted_stage("none", taken_over, "en") == "no stage"
