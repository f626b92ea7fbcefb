"""
### Approval

Asks about each alert that waits, grouped by country, each answerable on its own: under *Required
actions*, *Approve* or *Reject*. Only an account in the register of who may issue (`drought issuers list`)
can answer; `alert.approval` records it with name, office, legal basis, protocol, note and checksum of
the page. `drought approve` and `drought reject` do the same: the first answer wins, and the later one
is told so. Nothing else waits for an answer: later months have runs of their own.

A question is put anew each day, so that an alert answered by command, or expired, leaves the page.
At most 100 alerts of a country are asked about in one run; the log says how many are not.

**If it fails:** the log says why. Somebody without the issuing role answered: nothing was written down,
and the alert is asked about again within minutes, after several failures within half an hour.
"expected it to be pending": it was answered by command before. "too late": its plan gives no more time.
The warehouse did not answer: it is tried again, and what was answered meanwhile is asked anew.

**To rerun:** clear the run, or one question. A cleared run asks about its own alerts again.
"""

from __future__ import annotations

from airflow.sdk import PartitionedAssetTimetable, dag, get_current_context, task, task_group
from pendulum import datetime

from pipeline.orchestration import STAGES, operations, verdicts
from pipeline.orchestration.approval import DAILY, AlertApproval

MOST_RUNS = 100
"""A run ends when its last alert is answered, and holds up no later one until then."""


@dag(
    schedule=PartitionedAssetTimetable(assets=STAGES),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **{**operations("tier-1", "approve"), "max_active_runs": MOST_RUNS},
)
def approve_alerts() -> None:
    @task
    def take_up(country: str) -> list[int]:
        from pipeline import wiring
        from pipeline.core.ids import Country
        from pipeline.steps.asking import take_up_alerts

        with verdicts():
            return take_up_alerts(
                wiring.installation(), get_current_context()["run_id"], Country(country)
            )

    @task_group
    def asked_of(country: str) -> None:
        asking = AlertApproval.partial(task_id="ask", country=country, **DAILY)
        asking.expand(alert_id=take_up(country))

    asked_of.override(group_id="kazakhstan")("KZ")
    asked_of.override(group_id="kyrgyzstan")("KG")
    asked_of.override(group_id="tajikistan")("TJ")
    asked_of.override(group_id="turkmenistan")("TM")
    asked_of.override(group_id="turkiye")("TR")
    asked_of.override(group_id="uzbekistan")("UZ")


approve_alerts()
