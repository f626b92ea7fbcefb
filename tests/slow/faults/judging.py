"""What a test asks of a case, and the bench it runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slow.faults.cases import Bench, Impossible, bench, run_case
from tests.slow.faults.world import small_world


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
