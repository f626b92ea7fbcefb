"""A sample of the faults of `benchmarks.faults`, by fixed seeds: whatever happens, the month ends the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slow.faults.cases import CASES, Bench, Impossible, bench, run_case
from tests.slow.faults.world import small_world

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLS = range(10)
SEEDS = dict.fromkeys(CASES, 0) | {
    "disk full": 4,
    "disk full, database too": 10,
    "twice at once": 3,
}
"""Of each fault a telling one: a disk that fills in `run`, two `deliver` rather than two `approve`."""


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
