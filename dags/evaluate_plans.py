"""
### Stages and alerts

Decides the stage of each landscape by the plan in force, and queues what changed for approval.
Stages, evidence, approval requests and messages are committed together.

**If it fails:** nothing was decided. "expected indices" wants `compute_indices` first; "plans:"
wants `drought db migrate`.

**To rerun a month:** clear its run. A month decided twice changes nothing; a value that changed
since shows as a correction.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import INDICES, MONTH, STAGES, month_of_run, operations, verdicts


@dag(
    schedule=PartitionedAssetTimetable(assets=INDICES),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "decide"),
)
def evaluate_plans() -> None:
    @task(outlets=[STAGES])
    def evaluate_month(month: str) -> int:
        from pipeline import wiring
        from pipeline.steps.evaluate import evaluate

        with verdicts():
            newest = month_of_run(month)
            return evaluate(wiring.installation(), to=newest).told

    evaluate_month(month=MONTH)


evaluate_plans()
