"""
### Checks

Runs the queries in `sql/checks` every morning. Each returns offending rows; none is success.

**If it fails:** the message names the check and shows its first row; the first line of the query in
`sql/checks` says what to do.

**To rerun:** clear the run.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import operations, verdicts


@dag(
    schedule=CronPartitionTimetable("0 4 * * *", timezone="UTC", key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-2", "check"),
)
def check_warehouse() -> None:
    @task
    def run_checks() -> list[str]:
        from pipeline import wiring
        from pipeline.steps.check import check

        with verdicts():
            return list(check(wiring.installation()))

    run_checks()


check_warehouse()
