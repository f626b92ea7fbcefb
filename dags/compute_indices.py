"""
### Indices

Takes the landscape means of new grids and brings SPI, SPEI and percent of normal up to date, up to
the month of the run. Woken by new grids whether stations came or not; late stations wake it again.

**If it fails:** "holds several sources" wants `DROUGHT_SOURCE`; "expected … which the warehouse
knows" wants the archive restored. See `docs/operator.md`.

**To rerun a month:** clear its run. Equal values change nothing.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import (
    GRIDS,
    INDICES,
    MONTH,
    STATIONS,
    month_of_run,
    operations,
    verdicts,
)


@dag(
    schedule=PartitionedAssetTimetable(assets=GRIDS | STATIONS),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "compute"),
)
def compute_indices() -> None:
    @task(outlets=[INDICES])
    def compute_month(month: str) -> int:
        from pipeline import wiring
        from pipeline.steps.compute import compute

        with verdicts():
            newest = month_of_run(month)
            return compute(wiring.installation(), to=newest)

    compute_month(month=MONTH)


compute_indices()
