"""
### Bulletin and page

Writes the bulletin and the page of the newest month into `$DROUGHT_VAR/site`.

**If it fails:** nothing was replaced; the old page stays. See that the disk has room.

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
    **operations("tier-2", "publish"),
)
def publish_bulletin() -> None:
    @task
    def write_site() -> list[str]:
        from pipeline import wiring
        from pipeline.steps.publish import publish

        with verdicts():
            return list(map(str, publish(wiring.installation())))

    write_site()


publish_bulletin()
