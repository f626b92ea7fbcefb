"""
### ERA5-Land, monthly

Fetches and archives the previous month of ERA5-Land on the 7th, when the preliminary release is
out. The partition key is the month of the data.

**If it fails:** "is not accepted" means the key in `CDSAPI_KEY` or the licence: the message names
the page. "not published" means the month is not out yet: the retries wait for it. Anything else:
`docs/operator.md`.

**To rerun a month:** clear its run, or trigger the DAG with that month as partition key. The new
file is kept beside the old one, and what differs replaces it.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import CDS_POOL, GRIDS, MONTH, month_of_run, operations, verdicts


@dag(
    # Monthly means appear about five days after the month ends.
    schedule=CronPartitionTimetable("0 6 7 * *", timezone="UTC", run_offset=-1, key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "ingest"),
)
def ingest_era5_land() -> None:
    # Twelve retries, the later ones six hours apart: two days for a store that is down, or late.
    @task(outlets=[GRIDS], pool=CDS_POOL, retries=12)
    def archive_month(month: str) -> list[str]:
        from pipeline import wiring
        from pipeline.steps.ingest import ingest_era5_land

        with verdicts():
            wanted = month_of_run(month)
            return list(map(str, ingest_era5_land(wiring.installation(), wanted, wanted)))

    archive_month(month=MONTH)


ingest_era5_land()
