"""
### Bulletins and site

Writes the bulletins of the newest month into `$DROUGHT_VAR/bulletins` and the site into
`$DROUGHT_VAR/site`; where `DROUGHT_SITE_URL` is set also the public one into `$DROUGHT_VAR/public`.

**If it fails:** the old site stays. See that the disk has room.

**To rerun:** clear the run.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import OFFICE, STAGES, operations, verdicts


@dag(
    schedule=PartitionedAssetTimetable(assets=STAGES),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-2", "publish", OFFICE),
)
def publish_bulletin() -> None:
    @task
    def write_site() -> list[str]:
        from pipeline import wiring
        from pipeline.steps.publish import publish

        with verdicts(is_watched=True):
            return list(map(str, publish(wiring.installation())))

    write_site()


publish_bulletin()
