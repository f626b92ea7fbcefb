"""
### Indices

Takes the landscape means of new grids and brings all indices up to date, then the maps of each grid
cell and the shares of area they give. A month that came wakes it, whether stations came or not; what
there is to do it asks the warehouse and the grid store, so an older month that came anew renews the
months after it too.

Stages are woken when the maps are done, because a plan may speak of shares of area; where the maps
fail for good (two retries, some 45 minutes) they are woken all the same, and the run is shown as
failed.

**If it fails:** "holds several sources" wants `DROUGHT_SOURCE`; "expected … which the warehouse
knows" wants the archive restored; a damaged grid store may be deleted, it is made anew. See
`docs/operator.md`.

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
    @task
    def bring_up_to_date() -> int:
        from pipeline import wiring
        from pipeline.steps.compute import compute

        with verdicts():
            return compute(wiring.installation())

    # Alerts wait meanwhile: two retries take some 45 minutes, the usual four nearly four hours.
    @task(retries=2)
    def bring_maps() -> int:
        from pipeline import wiring
        from pipeline.steps.maps import bring_maps

        with verdicts():
            return bring_maps(wiring.installation()).share_rows

    # Maps that fail must not silence the alerts, most of which need none.
    @task(outlets=[INDICES], trigger_rule="all_done_min_one_success")
    def tell() -> None:
        pass

    # It fails with the maps, and so does the run, which ends in it.
    @task
    def name_failures() -> None:
        pass

    computed, mapped = bring_up_to_date(), bring_maps()
    computed >> mapped
    [computed, mapped] >> tell()
    mapped >> name_failures()


compute_indices()
