"""
### ERA5-Land, monthly

Fetches and archives the previous month of ERA5-Land on the 7th, when the preliminary release is
out. After it, in requests of their own, it asks for months before it that lack because the server was
away in their turn, the newest two years of them, and again for those whose final values are due. The
partition key is the month of the data.

`ask` submits requests, `wait` looks every few minutes how they stand and holds no worker meanwhile,
`collect` takes the files, and `name_failures` is red where one of the older months was refused or
failed; the new month is passed on all the same. What was asked stands in the warehouse with the store's job ids:
nothing is asked twice, whatever is killed or cleared. `drought status` shows it.

For months held whose files cannot give a PET, which came by hand, `ask` also asks for temperature by
the hour of the day, in requests of their own: they hold up no month.

**If it fails:** "is not accepted" means the key in `CDSAPI_KEY` or the licence: the message names
the page. `wait` asks again by itself for a month that is not out yet, and after a full queue; it
gives up after five days. For other months it waits six hours at most once its own is ready. "job …
failed" comes with the store's own words. Anything else: `docs/operator.md`.

**To rerun a month:** clear its run, or trigger the DAG with that month as partition key. The new
file is kept beside the old one, and what differs replaces it.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime, duration

from pipeline.orchestration import (
    CDS_POOL,
    GRIDS,
    MONTH,
    OFFICE,
    month_of_run,
    operations,
    verdicts,
)

MOST_RUNS = 3
"""A month that the store does not have yet may wait for days; one that is asked for by hand goes on
beside it. The pool lets them take turns with the store."""


@dag(
    # Monthly means appear about five days after the month ends.
    schedule=CronPartitionTimetable("0 6 7 * *", timezone="UTC", run_offset=-1, key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **{**operations("tier-1", "ingest"), "max_active_runs": MOST_RUNS},
)
def ingest_era5_land() -> None:
    # Twelve retries, the later ones six hours apart: two days for a store that is down.
    @task(pool=CDS_POOL, retries=12)
    def ask(month: str) -> list[str]:
        from pipeline import wiring
        from pipeline.steps.settling import ask_in_turn

        with verdicts():
            wanted = month_of_run(month)
            return ask_in_turn(wiring.installation(), wanted)

    @task.sensor(
        pool=CDS_POOL,
        mode="reschedule",
        poke_interval=duration(minutes=5).total_seconds(),
        timeout=duration(days=5).total_seconds(),
    )
    def wait(month: str) -> bool:
        from pipeline import wiring
        from pipeline.steps import fetch

        with verdicts():
            return fetch.are_ready(wiring.installation(), [month_of_run(month)])

    # Where half an answer lies on the disk, the rest of it is fetched.
    @task(outlets=[GRIDS], pool=CDS_POOL, retries=12, queue=OFFICE)
    def collect(month: str) -> list[str]:
        from pipeline import wiring
        from pipeline.steps import fetch

        with verdicts():
            wanted = month_of_run(month)
            return fetch.collect(wiring.installation(), wanted=[wanted]).failures

    @task
    def name_failures(refused: list[str], failures: list[str]) -> None:
        from pipeline.steps import fetch

        with verdicts():
            fetch.name_failures([*refused, *failures])

    asked, collected = ask(month=MONTH), collect(month=MONTH)
    asked >> wait(month=MONTH) >> collected
    name_failures(asked, collected)


ingest_era5_land()
