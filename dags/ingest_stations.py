"""
### Files that were laid down

Takes the new files of the drop folders, every morning: `$DROUGHT_VAR/incoming` and those in
`DROUGHT_WATCH`. Gauge records, grids, an agency's own indicators and layouts, each told by its
content. A file is archived and stays where it is; the same bytes twice change nothing.

What came wakes `compute_indices`, whatever it was. A refused file holds up no other.

**If it fails:** `name_refused_files` is red after all else was taken: its message names each file and
what was expected there. Correct the file, or give the missing word (`docs/operator.md`, *Drop
folder*); it is kept, and red only once.

**To rerun:** clear the run.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import OFFICE, STATIONS, operations, skip_unless, verdicts


@dag(
    # The key is the current month: what it wakes looks at all months up to it.
    schedule=CronPartitionTimetable("0 5 * * *", timezone="UTC", key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-2", "ingest", OFFICE),
)
def ingest_stations() -> None:
    @task
    def take_waiting_files() -> list[int]:
        from pipeline import wiring
        from pipeline.steps.waiting_files import take_waiting_files

        with verdicts(is_watched=True):
            return take_waiting_files(wiring.installation())

    @task(outlets=[STATIONS])
    def tell_what_came(counts: list[int]) -> int:
        return skip_unless(counts[0])

    @task
    def name_refused_files(counts: list[int]) -> int:
        from pipeline import wiring
        from pipeline.steps.waiting_files import name_refused_files

        with verdicts():
            return name_refused_files(wiring.installation(), counts)

    counts = take_waiting_files()
    tell_what_came(counts)
    name_refused_files(counts)


ingest_stations()
