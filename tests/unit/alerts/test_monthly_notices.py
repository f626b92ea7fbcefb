"""The words of the mail that closes a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.alerts.monthly_notices import Closing, closing_notice
from pipeline.core.months import Month

QUIET = Closing(
    month=Month(2021, 2),
    raised=0,
    untold=0,
    approved=0,
    refused=0,
    expired=0,
    sent=0,
    newly_blind=0,
    came=(),
    decided=(),
    awaited=(),
    awaits=(),
    also=(),
    is_checked=True,
    is_live=True,
    next_by=date(2021, 4, 15),
)


def subject(closing: Closing) -> str:
    return closing_notice(closing, is_exercise=False).subject.removeprefix(
        "Drought monitor 2021-02: "
    )


def test_alerts_of_a_month_before_those_that_are_told_are_counted() -> None:
    """What was going on when alerts began to be told is raised for the month before."""
    closing = replace(QUIET, is_live=False, raised=2, approved=2, sent=4)
    assert subject(closing) == "2 alerts raised, 2 approved"
    assert subject(replace(QUIET, is_live=False)) == "complete, not live"


def test_a_subject_names_a_few_of_what_is_expected() -> None:
    expected = replace(QUIET, awaited=("a", "b", "c", "d"), newly_blind=1, is_checked=False)
    assert subject(expected) == (
        "quiet so far, 1 landscape without values, but see the checks; still expected: a, b, c, …"
    )


def test_a_month_with_alerts_names_what_is_expected_too() -> None:
    expected = replace(QUIET, raised=1, untold=3, awaited=("gauges",), awaits=("no gauge",))
    assert subject(expected) == "1 alert raised, 0 approved; still expected: gauges"
    body = closing_notice(expected, is_exercise=False).body
    assert "Told to nobody: 3 changes of stage." in body
    assert "Still expected\n- no gauge" in body
