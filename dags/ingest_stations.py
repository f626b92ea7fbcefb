"""
### Station files

Takes the files that wait in `$DROUGHT_VAR/incoming/stations/ghcn-daily` and `…/agency`, every
morning. A file is archived and stays where it is; the same bytes twice change nothing.

**If it fails:** the message names the file, the line and what was expected there. Nothing of that
file was taken; correct it, or move it away.

**To rerun:** clear the run.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import STATIONS, operations, skip_unless, verdicts


@dag(
    # The key is the current month: what it wakes looks at all months up to it.
    schedule=CronPartitionTimetable("0 5 * * *", timezone="UTC", key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-2", "ingest"),
)
def ingest_stations() -> None:
    @task(outlets=[STATIONS])
    def take_waiting_files() -> int:
        from pipeline import wiring
        from pipeline.steps.ingest_stations import ingest_waiting_stations

        with verdicts():
            return skip_unless(ingest_waiting_stations(wiring.installation()))

    take_waiting_files()


ingest_stations()
