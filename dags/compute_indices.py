"""
### Indices

Takes the landscape means of new grids and brings all indices up to date, then the maps of each grid
cell and the shares of area they give. A month that came wakes it, whether stations came or not; what
there is to do it asks the warehouse and the grid store, so an older month that came anew renews the
months after it too.

Where there is much to do, as after a backfill, blocks of it go to as many workers as there are slots
in the pool `blocks`; a single month has none, and those tasks are skipped. A block is help only: what
it leaves, `bring_up_to_date` and `bring_maps` do.

Stages are woken when the maps are done, because a plan may speak of shares of area; where the maps
fail for good (two retries, some 45 minutes) they are woken all the same, and the run is shown as
failed.

**If it fails:** "holds several sources" wants `DROUGHT_SOURCE`; "expected … which the warehouse
knows" wants the archive restored; a damaged grid store is deleted, a copy of its `calibration` laid
back, and the rest is made anew. See `docs/runbooks/compute_indices.md`, and for several machines
`docs/many_machines.md`.

**To rerun:** clear the run. Equal values change nothing.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import (
    BLOCKS_POOL,
    GRIDS,
    INDICES,
    STATIONS,
    operations,
    verdicts,
    when_over,
)


@dag(
    schedule=PartitionedAssetTimetable(assets=GRIDS | STATIONS),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "compute"),
)
def compute_indices() -> None:
    # What only helps is tried for some minutes: alerts wait for all of this.
    @task(retries=2, retry_delay=timedelta(minutes=1))
    def hand_out(work: str) -> list[str]:
        from pipeline import wiring
        from pipeline.steps.blocks import hand_out

        with verdicts():
            return hand_out(wiring.installation(), work)

    @task(retries=2, retry_delay=timedelta(minutes=1), pool=BLOCKS_POOL)
    def do_block(block: str) -> int:
        from pipeline import wiring
        from pipeline.steps.blocks import do_block

        with verdicts():
            return do_block(wiring.installation(), block)

    # It does what the blocks left, and says what is wrong with it.
    @task(trigger_rule="all_done")
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
    means = hand_out.override(task_id="hand_out_means")("means")
    climate = hand_out.override(task_id="hand_out_climate")("climate")
    maps = hand_out.override(task_id="hand_out_maps")("maps")
    shares = hand_out.override(task_id="hand_out_shares")("shares")
    take_climate = do_block.override(task_id="take_climate").expand(block=climate)
    make_maps = do_block.override(task_id="make_maps").expand(block=maps)
    take_shares = do_block.override(task_id="take_shares").expand(block=shares)

    do_block.override(task_id="take_means").expand(block=means) >> computed
    computed >> climate
    [computed, when_over(take_climate, "climate_is_over")] >> maps
    [computed, when_over(make_maps, "maps_are_over")] >> shares
    [computed, when_over(take_shares, "shares_are_over")] >> mapped
    [computed, mapped] >> tell()
    mapped >> name_failures()


compute_indices()
