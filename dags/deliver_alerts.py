"""
### Delivery

Empties the outbox of what is approved, every ten minutes. Deciding and delivering are apart: a mail
server can never change a stage. The operator is told when a month is complete, or late, and of steps
that fail; and `$DROUGHT_VAR/metrics/drought.prom` is written (`docs/monitoring.md`).

**If it fails:** some channel refused a message in this run; the log says which and why. The others are
sent. It is tried again after a pause, which doubles from 5 minutes to 6 hours; `drought status` says by
channel what waits and when it is tried again.

**To rerun:** clear the run. What was sent is not sent again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import OFFICE, operations, verdicts


@dag(
    schedule=CronPartitionTimetable("*/10 * * * *", timezone="UTC", key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-1", "deliver", OFFICE),
)
def deliver_alerts() -> None:
    # Done with before the next run is due: a run that waits would hold up what is approved meanwhile.
    @task(retries=2, retry_delay=timedelta(minutes=1))
    def empty_outbox() -> int:
        from pipeline import wiring
        from pipeline.steps.deliver import deliver_all
        from pipeline.steps.months import tell_of_months_quietly

        with verdicts(is_watched=True):
            installation = wiring.installation()
            tell_of_months_quietly(installation)
            return deliver_all(installation)

    empty_outbox()


deliver_alerts()
