"""Chains told message by message, each written, read back, and put before the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.cap import cap_message, cap_status
from pipeline.alerts.cap_chain import Told, place_in_chain, turn
from pipeline.alerts.cap_reading import CapMessage, read_message
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.sending import MessageKind, Sending
from pipeline.core.ids import Origin
from pipeline.core.months import Month
from pipeline.plans.reading import from_stored
from tests.unit.alerts import cases

START = datetime(2021, 7, 8, 5, 0, tzinfo=UTC)
JUNE = cases.JUNE
BEGAN, ESCALATED, ENDED = Change.BEGAN, Change.ESCALATED, Change.ENDED
CORRECTED, REMINDED = Change.CORRECTED, Change.REMINDED

Step = tuple[Change, str, Month]
"""What changed, to which stage, in which month."""


@dataclass(frozen=True)
class Left(Told):
    """One that made a message."""

    message: CapMessage


def facts_of(number: int, step: Step, review_after: int | None = None) -> AlertFacts:
    change, stage, month = step
    facts = reviewed(review_after)
    return replace(facts, alert_id=number, change=change, to_stage=stage, month=month)


@cache
def reviewed(review_after: int | None) -> AlertFacts:
    """An alert by an adopted plan that says its stages again after so many months."""
    facts = cases.adopted()
    raw = facts.plan.as_json()
    for one in raw["ladders"]["agricultural"]:
        one |= {} if review_after is None else {"review_after": review_after}
    return replace(facts, plan=from_stored(raw, "the test"))


def tell(
    told: Sequence[Told],
    facts: AlertFacts,
    *,
    authority: str | None = "XX",
    after: timedelta = timedelta(0),
) -> Left | None:
    """The message on an alert as it leaves after `told`; None: it does not."""
    place = place_in_chain(facts, told, cap_status(facts, authority))
    if place is None:
        return None
    sending = Sending(
        identifier=f"test.{facts.alert_id}",
        sender="drought@example.org",
        sent=START + timedelta(days=30) * facts.alert_id + after,
        addresses=("desk",),
        kind=place.kind,
        references=place.references,
        authority=authority,
        languages=("en",),
    )
    message = read_message(cap_message(facts, cases.APPROVAL, sending))
    return Left(turn(facts.change, facts.alert_id), facts.month, message)


def chain(*steps: Step, review_after: int | None = None) -> list[CapMessage | None]:
    told: list[Told] = []
    left: list[CapMessage | None] = []
    for number, step in enumerate(steps, start=1):
        one = tell(told, facts_of(number, step, review_after))
        left.append(None if one is None else one.message)
        told += [] if one is None else [one]
    return left


def kinds(*steps: Step) -> list[str | None]:
    return [None if one is None else str(one.kind) for one in chain(*steps)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [(BEGAN, "watch", JUNE), (ESCALATED, "warning", JUNE + 1), (ENDED, "none", JUNE + 4)],
            ["Alert", "Update", "Update"],
            id="a drought that ended was real",
        ),
        pytest.param(
            [(BEGAN, "watch", JUNE), (CORRECTED, "none", JUNE)],
            ["Alert", "Cancel"],
            id="one that never was is taken back",
        ),
        pytest.param(
            [
                (BEGAN, "watch", JUNE),
                (ESCALATED, "warning", JUNE + 1),
                (CORRECTED, "none", JUNE),
            ],
            ["Alert", "Update", "Cancel"],
            id="with all that followed from it",
        ),
        pytest.param(
            [(BEGAN, "watch", JUNE), (CORRECTED, "none", JUNE + 2)],
            ["Alert", "Update"],
            id="one that ended earlier than told was real until then",
        ),
        pytest.param(
            [(ESCALATED, "severe", JUNE), (CORRECTED, "watch", JUNE)],
            ["Alert", "Update"],
            id="a milder stage than told is no cancel",
        ),
        pytest.param(
            [(CORRECTED, "watch", JUNE), (CORRECTED, "none", JUNE + 1)],
            ["Alert", "Update"],
            id="a drought seen too late begins with a correction and is over with another",
        ),
        pytest.param(
            [(BEGAN, "watch", JUNE), (CORRECTED, "none", JUNE), (REMINDED, "watch", JUNE + 2)],
            ["Alert", "Cancel", "Alert"],
            id="after a cancel a chain begins anew",
        ),
        pytest.param(
            [(BEGAN, "watch", JUNE), (CORRECTED, "none", JUNE), (CORRECTED, "none", JUNE + 1)],
            ["Alert", "Cancel", None],
            id="what was taken back cannot be taken back again",
        ),
        pytest.param(
            [(ENDED, "none", JUNE)], [None], id="the end of what nobody was told is not said"
        ),
        pytest.param(
            [(CORRECTED, "none", JUNE)], [None], id="nor is what nobody was told taken back"
        ),
    ],
)
def test_what_a_message_is_to_those_before_it(
    steps: list[Step], expected: list[str | None]
) -> None:
    assert kinds(*steps) == expected


def test_every_earlier_message_is_named_in_order() -> None:
    *_, last = chain(
        (BEGAN, "watch", JUNE), (ESCALATED, "warning", JUNE + 1), (ENDED, "none", JUNE + 2)
    )
    assert last is not None
    assert last.references == ("test.1", "test.2")


def test_a_cancel_ends_what_may_be_named() -> None:
    *_, last = chain(
        (BEGAN, "watch", JUNE),
        (CORRECTED, "none", JUNE),
        (REMINDED, "watch", JUNE + 2),
        (ENDED, "none", JUNE + 3),
    )
    assert last is not None
    assert last.references == ("test.3",)


def test_an_older_decision_let_go_late_does_not_take_the_place_of_a_newer() -> None:
    first = tell([], facts_of(1, (BEGAN, "watch", JUNE)))
    third = tell([first], facts_of(3, (ENDED, "none", JUNE + 2))) if first else None
    assert first is not None
    assert third is not None
    second = facts_of(2, (ESCALATED, "warning", JUNE + 1))
    assert tell([first, third], second) is None


def test_nor_is_what_is_over_begun_by_an_older_decision() -> None:
    """The end was let go first; of it there was nothing to say, for nothing had been told."""
    end = facts_of(2, (ENDED, "none", JUNE + 1))
    assert tell([], end) is None
    told = [Told(turn(end.change, end.alert_id), end.month, None)]
    assert tell(told, facts_of(1, (BEGAN, "watch", JUNE))) is None


def test_what_stood_when_telling_began_comes_before_what_followed() -> None:
    """Going live says in_force of the month before, and then what was decided on later months."""
    stood = facts_of(7, (Change.IN_FORCE, "watch", JUNE))
    first = tell([], stood)
    assert first is not None
    then = tell([first], facts_of(3, (ESCALATED, "warning", JUNE + 1)))
    assert then is not None
    assert then.message.references == ("test.7",)
    assert tell([then], stood) is None


def test_a_public_message_never_refers_to_a_draft() -> None:
    draft = tell([], facts_of(1, (BEGAN, "watch", JUNE)), authority=None)
    assert draft is not None
    assert draft.message.status == "Draft"
    public = tell([draft], facts_of(2, (ESCALATED, "warning", JUNE + 1)))
    assert public is not None
    assert (public.message.kind, public.message.references) == (MessageKind.ALERT, ())
    again = tell([draft, public], facts_of(3, (ESCALATED, "severe", JUNE + 2)), authority=None)
    assert again is not None
    assert again.message.references == ("test.1",)


def test_an_exercise_refers_to_exercises() -> None:
    facts = facts_of(1, (BEGAN, "watch", JUNE))
    inputs = facts.evidence.inputs.model_copy(update={"origin": Origin.SIMULATED})
    record = facts.evidence.model_copy(update={"inputs": inputs})
    one = tell([], replace(facts, evidence=record))
    assert one is not None
    assert one.message.status == "Exercise"
    second = replace(facts_of(2, (ENDED, "none", JUNE + 1)), evidence=record)
    other = tell([one], second)
    assert other is not None
    assert other.message.references == ("test.1",)


@pytest.mark.parametrize(
    ("stage", "review_after", "days"),
    [
        pytest.param("watch", 3, 3 * 31 + 40, id="until the plan says it again, and 40 days"),
        pytest.param("watch", 6, 6 * 31 + 40, id="for a longer review period longer"),
        pytest.param("watch", None, 12 * 31 + 40, id="for a year where the plan never does"),
    ],
)
def test_a_stage_counts_until_its_next_word(
    stage: str, review_after: int | None, days: int
) -> None:
    (one,) = chain((BEGAN, stage, JUNE), review_after=review_after)
    assert one is not None
    assert one.expires - one.sent_at == timedelta(days=days)


def test_a_stage_that_stands_is_said_again_before_it_expires() -> None:
    """Told on the last of the days after the month's end that data and answer may take."""
    first = tell([], facts_of(1, (BEGAN, "watch", JUNE), 3))
    assert first is not None
    latest = datetime(2021, 10, 31, 23, 59, tzinfo=UTC)  # September ends; a month later
    assert first.message.sent_at < latest < first.message.expires


steps = st.lists(
    st.tuples(
        st.sampled_from([ESCALATED, ENDED, CORRECTED, REMINDED]),
        st.sampled_from(["none", "watch", "warning", "severe"]),
        st.integers(0, 5).map(lambda n: JUNE + n),
    ),
    min_size=1,
    max_size=7,
)


@given(steps, st.sampled_from([None, 1, 6]))
@settings(deadline=None, max_examples=40)
def test_laws_of_a_chain(told: list[Step], review_after: int | None) -> None:
    left = [one for one in chain(*told, review_after=review_after) if one is not None]
    replaced: set[str] = set()
    for n, message in enumerate(left):
        earlier = {one.identifier: one for one in left[:n]}
        assert set(message.references) <= set(earlier)
        # Nothing that still counts is left standing beside the newest.
        replaced |= set(message.references)
        standing = set(earlier) - replaced
        assert all(earlier[name].kind is MessageKind.CANCEL for name in standing)
        # What takes the place of another counts as long as that would have.
        assert all(message.expires >= earlier[name].expires for name in message.references)
