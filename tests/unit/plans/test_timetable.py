from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.timetable import Loaded, timetable

TEMPLATE = shipped_plans()[0]


def plan(name: str, *, to: str | None = None, instead_of: str | None = None) -> Plan:
    """A document of the plan `name` before the colon, of the version after it."""
    plan_id, version = name.split(":")
    changes = {
        "plan_id": plan_id,
        "version": version,
        "effective_to": None if to is None else Month.parse(to),
        "supersedes": instead_of,
    }
    return TEMPLATE.model_copy(update=changes)


def loaded(*plans: tuple[str, Plan]) -> list[Loaded]:
    return [(Month.parse(first), one) for first, one in plans]


def said(*plans: tuple[str, Plan]) -> list[tuple[str, str | None, str]]:
    """First and last month of each reign, and whose it is."""
    return [
        (
            str(reign.first),
            None if reign.last is None else str(reign.last),
            f"{reign.plan.plan_id}:{reign.plan.version}",
        )
        for reign in timetable(loaded(*plans)).reigns
    ]


CASES = (
    pytest.param(
        [("1950-01", plan("a:1")), ("2010-06", plan("b:1"))],
        [("1950-01", "2010-05", "a:1"), ("2010-06", None, "b:1")],
        id="a plan rules until another begins",
    ),
    pytest.param(
        [("1950-01", plan("a:1")), ("1950-01", plan("b:1"))],
        [("1950-01", None, "b:1")],
        id="of two that begin together the last one rules",
    ),
    pytest.param(
        [("1950-01", plan("a:1")), ("2010-01", plan("b:1", to="2010-12"))],
        [("1950-01", "2009-12", "a:1"), ("2010-01", "2010-12", "b:1"), ("2011-01", None, "a:1")],
        id="after a plan that has ended the one before it rules again",
    ),
    pytest.param(
        [("1950-01", plan("a:1")), ("1950-01", plan("b:1", to="2010-12"))],
        [("1950-01", "2010-12", "b:1"), ("2011-01", None, "a:1")],
        id="so does one that began together with it",
    ),
    pytest.param(
        [
            ("1950-01", plan("t:1")),
            ("2000-01", plan("a:1")),
            ("2010-01", plan("a:2", to="2010-12", instead_of="1")),
        ],
        [
            ("1950-01", "1999-12", "t:1"),
            ("2000-01", "2009-12", "a:1"),
            ("2010-01", "2010-12", "a:2"),
            ("2011-01", None, "t:1"),
        ],
        id="a version that was replaced does not come back",
    ),
    pytest.param(
        [("2000-01", plan("a:1", to="2001-12")), ("2005-01", plan("b:1"))],
        [("2000-01", "2001-12", "a:1"), ("2005-01", None, "b:1")],
        id="between two there may be months without a plan",
    ),
    pytest.param(
        [("2000-01", plan("a:2", instead_of="1")), ("2010-01", plan("a:1"))],
        [("2000-01", None, "a:2")],
        id="one that is replaced before it begins never rules",
    ),
)


@pytest.mark.parametrize(("plans", "reigns"), CASES)
def test_reigns(plans: list[tuple[str, Plan]], reigns: list[tuple[str, str | None, str]]) -> None:
    assert said(*plans) == reigns


def test_a_month_without_a_plan_has_none() -> None:
    table = timetable(loaded(("2000-01", plan("a:1", to="2001-12"))))
    assert table.in_force(Month(1999, 12)) is None
    ruling = table.in_force(Month(2001, 12))
    assert ruling is not None
    assert ruling.plan_id == "a"
    assert table.in_force(Month(2002, 1)) is None


documents = st.lists(
    st.builds(
        lambda first, name, to, instead: (
            first,
            plan(name, to=str(Month.parse(first) + to) if to else None, instead_of=instead),
        ),
        st.sampled_from(["1950-01", "2000-01", "2010-06", "2011-01"]),
        st.sampled_from(["a:1", "a:2", "a:3", "b:1", "b:2"]),
        st.sampled_from([None, 3, 600, 732]),
        st.sampled_from([None, "1", "2", "3"]),
    ),
    max_size=5,
    unique_by=lambda one: (one[1].plan_id, one[1].version),
)


@given(documents, st.integers(0, 1000))
def test_whoever_rules_has_begun_has_not_ended_and_is_replaced_by_nobody(
    plans: list[tuple[str, Plan]], after: int
) -> None:
    month, table = Month(1949, 6) + after, timetable(loaded(*sorted(plans, key=lambda p: p[0])))
    ruling = table.in_force(month)
    could = [
        one
        for first, one in plans
        if Month.parse(first) <= month
        and (one.effective_to is None or month <= one.effective_to)
        and not any(
            (other.plan_id, other.supersedes) == (one.plan_id, one.version)
            for begun, other in plans
            if Month.parse(begun) <= month
        )
    ]
    assert (ruling is None) == (not could)
    assert ruling is None or ruling in could
    assert all(one.first <= (one.last or one.first) for one in table.reigns)
