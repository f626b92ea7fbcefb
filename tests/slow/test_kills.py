"""A month that is killed, by fixed seeds of `benchmarks.faults`; and that a false status would be seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.integration.postbox import free_port
from tests.slow.faults import looks
from tests.slow.faults.cases import Bench
from tests.slow.faults.cycle import RUN, office
from tests.slow.faults.judging import month_ends_the_same

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLS = (4, 21)
"""Each before an event, so that it hits: in `run` and `deliver`, and with letters taken."""


@pytest.mark.parametrize("seed", KILLS)
def test_a_month_that_is_killed_and_run_again_ends_the_same(at: Bench, seed: int) -> None:
    month_ends_the_same(at, "killed", seed)


@dataclass(frozen=True)
class Look:
    """A true answer, and the tables at that moment."""

    held: looks.Truth
    said: dict[str, Any]
    code: int
    whole_stages: int

    def faults(self, **changed: object) -> list[str]:
        """What the harness finds in the answer with these parts of it changed."""
        answer = looks.Said(self.code, json.dumps({**self.said, **changed}), "")
        return looks.untruths(self.held, answer, self.held, self.whole_stages)


@pytest.fixture(scope="module")
def look(at: Bench) -> Look:
    """The month has run; its alerts wait, and letters of the month before cannot leave."""
    with office(at.hands, at.world, at.undisturbed) as here:
        here.more["DROUGHT_SMTP_PORT"] = str(free_port())
        here.step(RUN)
        held = here.truth()
        command = here.start("status", "--json")
        code = command.wait()
        assert held is not None
        return Look(held, json.loads(command.printed()), code, at.undisturbed.stages)


def test_a_true_status_has_no_faults(look: Look) -> None:
    assert look.faults() == []
    assert look.said["pending"]
    assert look.said["undelivered"]


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("newest_month", lambda was: "2021-01"),
        ("stages", lambda was: was[1:]),
        ("pending", lambda was: was[1:]),
        ("undelivered", lambda was: was[1:]),
        ("undelivered", lambda was: [{**was[0], "error": None}, *was[1:]]),
        ("undelivered", lambda was: [{**was[0], "attempts": 0}, *was[1:]]),
        ("verdict", lambda was: "ok"),
        ("outcomes", lambda was: was[1:]),
        ("outcomes", lambda was: [{**was[0], "state": "failed"}, *was[1:]]),
        ("freshness", lambda was: [{**row, "landscapes_with_values": 1} for row in was]),
        ("newest_outcome_at", lambda was: None),
    ],
)
def test_a_status_that_keeps_quiet_or_makes_up_is_seen(
    look: Look, part: str, changed: Callable[[Any], object]
) -> None:
    assert look.faults(**{part: changed(look.said[part])})


def test_a_status_that_keeps_quiet_about_a_failure_or_a_month_is_seen(look: Look) -> None:
    outcomes = [{**one, "state": "failed"} for one in look.said["outcomes"]]
    failed = {one["step"]: "failed" for one in outcomes}
    broken = replace(look, held={**look.held, "outcomes": failed})
    quiet = broken.faults(outcomes=outcomes, failing=[])
    assert {line.split()[0] for line in quiet if "failed last" in line} >= {"fetch", "compute"}
    undecided = replace(look, held={**look.held, "stages": 0})
    assert any("is not decided" in line for line in undecided.faults(late=[]))
