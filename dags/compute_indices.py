"""
### Indices

Takes the landscape means of new grids and brings SPI, SPEI and percent of normal up to date. A month
that came wakes it, whether stations came or not; what there is to do it asks the warehouse, so an
older month that came anew renews the months after it too.

**If it fails:** "holds several sources" wants `DROUGHT_SOURCE`; "expected … which the warehouse
knows" wants the archive restored. See `docs/operator.md`.

**To rerun:** clear the run. Equal values change nothing.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import GRIDS, INDICES, STATIONS, operations, verdicts


@dag(
    schedule=PartitionedAssetTimetable(assets=GRIDS | STATIONS),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "compute"),
)
def compute_indices() -> None:
    @task(outlets=[INDICES])
    def bring_up_to_date() -> int:
        from pipeline import wiring
        from pipeline.steps.compute import compute

        with verdicts():
            return compute(wiring.installation())

    bring_up_to_date()


compute_indices()
