"""
### Stages and alerts

Decides the stage of each landscape by the plan in force, and queues what changed for approval.
Stages, evidence, approval requests and messages are committed together.

**If it fails:** nothing was decided. "expected indices" wants `compute_indices` first; "plans:"
wants `drought db migrate`.

**To rerun:** clear the run. A month decided twice changes nothing; a value that changed since shows
as a correction.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import INDICES, STAGES, operations, verdicts


@dag(
    schedule=PartitionedAssetTimetable(assets=INDICES),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "decide"),
)
def evaluate_plans() -> None:
    @task(outlets=[STAGES])
    def decide() -> int:
        from pipeline import wiring
        from pipeline.steps.evaluate import evaluate

        with verdicts():
            return evaluate(wiring.installation()).told

    decide()


evaluate_plans()
