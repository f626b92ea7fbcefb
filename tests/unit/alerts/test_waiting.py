"""How long an alert may wait, what leaves without an answer, and what the operator is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipeline.alerts.facts import AlertFacts, Approval, Door
from pipeline.alerts.notices import Unanswered, notice
from pipeline.alerts.waiting import Wait, approval_by_order, wait_of
from pipeline.plans.issuing import Automatic, Issuing
from tests.unit.alerts import cases

NOW = datetime(2026, 11, 8, 6, 0, tzinfo=UTC)
OFFICE = {"en": "Drought desk", "ru": "Отдел"}


def issuing(**days: int) -> Issuing:
    said: dict[str, Any] = {"office": OFFICE, **days}
    return Issuing.model_validate(said)


@pytest.mark.parametrize(
    ("days", "waited", "expected"),
    [
        pytest.param({}, 4000, Wait.IN_TIME, id="a plan without days lets it wait for ever"),
        pytest.param({"answer_within_days": 5}, 5, Wait.IN_TIME, id="the fifth day is in time"),
        pytest.param({"answer_within_days": 5}, 5.01, Wait.OVERDUE, id="after it, it is overdue"),
        pytest.param({"answer_within_days": 5}, 4000, Wait.OVERDUE, id="and never expires"),
        pytest.param(
            {"answer_within_days": 5, "expires_after_days": 30}, 30, Wait.OVERDUE, id="until then"
        ),
        pytest.param(
            {"answer_within_days": 5, "expires_after_days": 30}, 31, Wait.EXPIRED, id="expired"
        ),
        pytest.param({"expires_after_days": 30}, 29, Wait.IN_TIME, id="nobody is told before"),
    ],
)
def test_a_question_waits_as_long_as_the_plan_says(
    days: dict[str, int], waited: float, expected: Wait
) -> None:
    assert wait_of(issuing(**days), NOW - timedelta(days=waited), NOW) is expected


def with_automatic(facts: AlertFacts, *stages: str, status: str = "adopted") -> AlertFacts:
    allowed = Automatic(stages=stages, order="Order No. 12")
    of_plan = facts.plan.issuing.model_copy(update={"automatic": allowed})
    plan = facts.plan.model_copy(update={"issuing": of_plan, "status": status})
    return replace(facts, plan=plan)


def test_by_the_order_an_alert_of_a_listed_stage_needs_nobody() -> None:
    facts = with_automatic(cases.began(), "watch")
    office = facts.plan.issuing.office.in_language("en")
    assert approval_by_order(facts, NOW) == Approval(
        office, office, NOW, legal_basis="Order No. 12", door=Door.PLAN
    )


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(cases.began(), id="a plan without an order"),
        pytest.param(with_automatic(cases.began(), "warning"), id="another stage"),
        pytest.param(
            replace(with_automatic(cases.began(), "watch"), from_stage="warning"),
            id="one that leaves another stage",
        ),
        pytest.param(
            replace(with_automatic(cases.began(), "watch"), from_stage="watch", to_stage="none"),
            id="the end",
        ),
        pytest.param(with_automatic(cases.began(), "watch", status="template"), id="a template"),
    ],
)
def test_else_a_person_is_asked(facts: AlertFacts) -> None:
    assert approval_by_order(facts, NOW) is None


def unanswered(alert_id: int, tell: str | None = "The ministry", days: int = 5) -> Unanswered:
    alert = "Jizzakh 2026-10 agricultural: warning"
    return Unanswered(alert_id, alert, date(2026, 11, 1), "uz-generic 2", days, tell)


def test_the_operator_reads_what_waits_since_when_and_whom_the_plan_wants_told() -> None:
    said = notice(
        [unanswered(17), unanswered(9, None, 3)], [unanswered(4, days=30)], is_exercise=False
    )
    assert said.subject == "Drought alerts: 2 unanswered, 1 expired"
    assert said.body.splitlines()[:8] == [
        "Plan uz-generic 2 asks for an answer within 3 days.",
        "- alert 9: Jizzakh 2026-10 agricultural: warning; unanswered since 2026-11-01",
        "",
        "Plan uz-generic 2 asks for an answer within 5 days and then has told: The ministry.",
        "- alert 17: Jizzakh 2026-10 agricultural: warning; unanswered since 2026-11-01",
        "",
        "Expired: plan uz-generic 2 lets an alert wait for 30 days. Their messages never leave.",
        "- alert 4: Jizzakh 2026-10 agricultural: warning; unanswered since 2026-11-01",
    ]
    assert said.body.endswith("for the agency only: do not pass it on.\n")


def test_an_exercise_says_so_first_and_last() -> None:
    said = notice([unanswered(17)], [], is_exercise=True)
    assert said.subject == "[EXERCISE] Drought alerts: 1 unanswered"
    lines = said.body.splitlines()
    assert lines[0] == lines[-1] == "EXERCISE - SIMULATED DATA - no real drought"
