from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.alerts.evidence import NoRule, Unruled
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.public import Withheld, alert_withheld_because, withheld_because
from pipeline.core.ids import Origin
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.plans.shipped import shipped_plans
from tests.unit.alerts import cases

PLAN = cases.adopted().plan


def with_source(part: str, kind: str) -> Plan:
    """The adopted plan with another source for one number of one rule."""
    raw: dict[str, Any] = PLAN.as_json()
    rule = raw["ladders"]["hydrological"][-1]["rules"][0]
    rule["source"] = rule["source"] | {part: {"kind": kind, "reference": "a test"}}
    return from_stored(raw, "the test")


@pytest.mark.parametrize(
    ("plan", "origin", "authority", "expected"),
    [
        pytest.param(PLAN, Origin.REAL, "XX", None, id="an adopted plan, real data, an authority"),
        pytest.param(PLAN, Origin.REAL, None, Withheld.NO_AUTHORITY, id="nobody to speak for"),
        pytest.param(PLAN, Origin.SIMULATED, "XX", Withheld.SIMULATED, id="simulated data"),
        pytest.param(PLAN, None, "XX", Withheld.NO_DATA, id="no data yet"),
        pytest.param(
            with_source("threshold", "generic"),
            Origin.REAL,
            "XX",
            Withheld.THRESHOLDS_NOT_ADOPTED,
            id="one generic threshold of all",
        ),
        pytest.param(
            with_source("exit", "agency"),
            Origin.REAL,
            "XX",
            Withheld.THRESHOLDS_NOT_ADOPTED,
            id="one exit of an agency's table",
        ),
        pytest.param(
            with_source("persistence", "generic"),
            Origin.REAL,
            "XX",
            Withheld.THRESHOLDS_NOT_ADOPTED,
            id="one run of months of our own",
        ),
        pytest.param(
            PLAN.model_copy(update={"status": "template", "authority": None}),
            Origin.REAL,
            "XX",
            Withheld.THRESHOLDS_NOT_ADOPTED,
            id="a template with national numbers",
        ),
        pytest.param(
            with_source("exit", "agency"),
            Origin.SIMULATED,
            None,
            Withheld.SIMULATED,
            id="simulation wins over all else",
        ),
    ],
)
def test_a_country_is_public_only_when_all_holds(
    plan: Plan, origin: Origin | None, authority: str | None, expected: Withheld | None
) -> None:
    assert withheld_because(plan, origin, authority) is expected


@pytest.mark.parametrize("plan", shipped_plans(), ids=lambda plan: plan.plan_id)
def test_no_shipped_plan_makes_anything_public(plan: Plan) -> None:
    assert withheld_because(plan, Origin.REAL, "XX") is Withheld.THRESHOLDS_NOT_ADOPTED


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(cases.adopted, None, id="all used is adopted"),
        pytest.param(cases.escalated, Withheld.THRESHOLDS_NOT_ADOPTED, id="generic numbers"),
        pytest.param(cases.turkish, Withheld.THRESHOLDS_NOT_ADOPTED, id="an agency's table"),
        pytest.param(cases.began, Withheld.SIMULATED, id="an exercise"),
    ],
)
def test_an_alert_is_public_by_what_it_used(
    facts: Callable[[], AlertFacts], expected: Withheld | None
) -> None:
    assert alert_withheld_because(facts(), "XX") is expected


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(PLAN, None, id="by an adopted plan"),
        pytest.param(
            with_source("exit", "generic"),
            Withheld.THRESHOLDS_NOT_ADOPTED,
            id="by one with a generic number somewhere",
        ),
    ],
)
def test_where_no_rule_was_asked_the_whole_plan_counts(
    plan: Plan, expected: Withheld | None
) -> None:
    record = cases.adopted().evidence.model_copy(
        update={"comparisons": (), "unruled": Unruled(reason=NoRule.NO_PLAN)}
    )
    facts = replace(cases.adopted(), plan=plan, evidence=record)
    assert alert_withheld_because(facts, "XX") is expected
