"""
### Approval

Says in its log which alerts wait for a person. The answer is given with `drought approve` or
`drought reject`; the table `alert.approval` is the truth, and nothing here can answer for a person.

**If it fails:** the warehouse did not answer. Alerts go on waiting; nothing is lost.

**To rerun:** clear the run.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import STAGES, operations, verdicts


@dag(
    schedule=PartitionedAssetTimetable(assets=STAGES),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "approve"),
)
def approve_alerts() -> None:
    @task
    def list_pending() -> list[int]:
        from pipeline import wiring
        from pipeline.steps.status import pending_alerts

        with verdicts():
            return pending_alerts(wiring.installation())

    list_pending()


approve_alerts()
