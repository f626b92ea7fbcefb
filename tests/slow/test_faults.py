"""A sample of the faults of `benchmarks.faults`, by fixed seeds: whatever happens, the month ends the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.integration.postbox import free_port
from tests.slow.faults import looks
from tests.slow.faults.cases import CASES, Bench, Impossible, bench, run_case
from tests.slow.faults.cycle import RUN, office
from tests.slow.faults.world import small_world

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLS = (4, 21)
"""Each before an event, so that it hits: in `run` and `deliver`, and with letters taken."""
SEEDS = dict.fromkeys(CASES, 0) | {
    "disk full": 4,
    "disk full, database too": 10,
    "data store cut": 7,
    "twice at once": 3,
}
"""Of each fault a telling one: a disk that fills in `run`, a store that hangs up in the middle of it, two
`deliver` rather than two `approve`."""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with small_world(tmp_path_factory.mktemp("faults") / "world") as world, bench(world) as opened:
        yield opened


def month_ends_the_same(at: Bench, fault: str, seed: int) -> None:
    """Run one case: nothing lost, nothing wrong, and the status was true at every look."""
    try:
        came = run_case(at, fault, seed)
    except Impossible as why:
        pytest.skip(str(why))
    # Two commands at once need not disturb each other.
    assert came.hits or fault == "twice at once", came.note
    assert came.looks > 0
    assert came.untrue == [], came.note
    assert came.lost == [], came.note
    assert came.wrong == [], came.note


@pytest.mark.parametrize("seed", KILLS)
def test_a_month_that_is_killed_and_run_again_ends_the_same(at: Bench, seed: int) -> None:
    month_ends_the_same(at, "killed", seed)


@pytest.mark.parametrize("fault", [fault for fault in CASES if fault != "killed"])
def test_a_month_with_a_fault_that_passes_ends_the_same(at: Bench, fault: str) -> None:
    month_ends_the_same(at, fault, SEEDS[fault])


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
