"""
### Checks and backup

Every morning: ends what analysts have left open for too long, tells the operator of alerts that wait
longer than their plan allows and lets those expire that it gives up, and of months that are complete or
late, backs the warehouse up and tries the backup, then runs the queries in `sql/checks`. Each returns offending rows; none is success. Checks
that are notices are only written down (`drought check` shows them); errors fail the task.

**If it fails:** `run_checks` names the check and its first row; `drought check` says of each what it
means and what to do. `back_up`: "expected room" wants disk; "the restored copy" wants the disk looked
at, and older backups are still there; "another is being made" passes by itself. See
`docs/operator.md`.

**To rerun:** clear the task.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task
from pendulum import datetime

from pipeline.orchestration import OFFICE, operations, verdicts


@dag(
    schedule=CronPartitionTimetable("0 4 * * *", timezone="UTC", key_format="%Y-%m"),
    start_date=datetime(2024, 1, 7, tz="UTC"),
    doc_md=__doc__,
    **operations("tier-2", "check", OFFICE),
)
def check_warehouse() -> None:
    @task
    def end_long_questions() -> int:
        from pipeline import wiring
        from pipeline.steps.sessions import end_long_questions

        with verdicts():
            return end_long_questions(wiring.installation())

    @task
    def tell_of_unanswered() -> str:
        from pipeline import wiring
        from pipeline.steps.escalate import escalate
        from pipeline.steps.months import tell_of_months

        with verdicts():
            installation = wiring.installation()
            return f"{escalate(installation)}; {tell_of_months(installation)}"

    @task
    def back_up() -> list[str]:
        from pipeline import wiring
        from pipeline.steps.backup import back_up

        with verdicts():
            return [str(back_up(wiring.installation(), wiring.postgres_programs()).path)]

    # After the backup, whose trial runs the same queries, and whether it was made or not.
    @task(trigger_rule="all_done")
    def run_checks() -> list[str]:
        from pipeline import wiring
        from pipeline.steps.check import check

        with verdicts(is_watched=True):
            return list(check(wiring.installation()))

    # It fails with the backup, and so does the run, which ends in it.
    @task
    def name_failures() -> None:
        pass

    end_long_questions()
    tell_of_unanswered()
    backup = back_up()
    backup >> run_checks()
    backup >> name_failures()


check_warehouse()
