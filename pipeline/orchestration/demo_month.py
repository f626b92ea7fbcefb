"""``python -m pipeline.orchestration.demo_month YYYY-MM``: the demo's newest month.

Runs the DAGs up to the approval, approves as an exercise, and runs those that follow.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from pipeline.orchestration import rehearsal

BEFORE_APPROVAL = ("ingest_era5_land", "compute_indices", "evaluate_plans", "approve_alerts")
AFTER_APPROVAL = ("deliver_alerts", "publish_bulletin", "check_warehouse")


def main(month: str) -> None:
    """Take `month` from the data store to the outgoing folder."""
    rehearsal.prepare()

    from pipeline import wiring
    from pipeline.alerts.facts import Approval
    from pipeline.steps.approve import approve
    from pipeline.steps.status import pending_alerts

    now = datetime.now(UTC)
    for dag_id, tasks in rehearsal.run_dags(BEFORE_APPROVAL, month, now).items():
        print(f"  DAG {dag_id}: {tasks} task{'s' if tasks > 1 else ''} done", flush=True)  # noqa: T201 - shown to a person
    installation = wiring.installation()
    pending = pending_alerts(installation)
    by = Approval(
        name="demo forecaster (exercise)",
        office="exercise desk, no authority",
        answered_at=installation.clock(),
        note="Exercise on simulated data.",
    )
    approve(installation, pending, by, accepts_unchecked=True)
    print(f"  approved as {by.name}: {len(pending)} alerts", flush=True)  # noqa: T201
    later = now + timedelta(seconds=1)
    for dag_id, tasks in rehearsal.run_dags(AFTER_APPROVAL, month, later).items():
        print(f"  DAG {dag_id}: {tasks} task{'s' if tasks > 1 else ''} done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
