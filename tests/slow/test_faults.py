"""A sample of the faults of `benchmarks.faults`, by fixed seeds: whatever happens, the month ends the same.

Of the kills `test_kills` has a sample: two workers take a file each.
"""

from __future__ import annotations

import pytest

from tests.slow.faults.cases import CASES, Bench
from tests.slow.faults.judging import month_ends_the_same

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

SEEDS = dict.fromkeys(CASES, 0) | {
    "database gone": 3,
    "disk full": 4,
    "disk full, database too": 10,
    "data store cut": 7,
    "twice at once": 3,
}
"""Of each fault a telling one that cannot come too late: a database that goes as `run` is about to ask it, not by
the clock, a disk that fills in `run`, a store that hangs up in the middle of it. Two `deliver` rather than two
`approve`."""


@pytest.mark.parametrize("fault", [fault for fault in CASES if fault != "killed"])
def test_a_month_with_a_fault_that_passes_ends_the_same(at: Bench, fault: str) -> None:
    month_ends_the_same(at, fault, SEEDS[fault])
