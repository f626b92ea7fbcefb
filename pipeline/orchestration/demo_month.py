"""``python -m pipeline.orchestration.demo_month YYYY-MM``: the demo's newest month.

Runs the DAGs up to the approval, approves as an exercise, and runs those that follow. Two alerts are
answered on Airflow's page, by somebody who logs in there; the others as `drought approve` does it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Event

from pipeline.alerts.facts import Approval, Door
from pipeline.core.ids import Country
from pipeline.orchestration import rehearsal
from pipeline.orchestration.page import Page, somebody_answers, wait_for_questions
from pipeline.steps.installation import Installation

BEFORE_APPROVAL = ("ingest_era5_land", "compute_indices", "evaluate_plans")
APPROVAL = ("approve_alerts",)
AFTER_APPROVAL = ("deliver_alerts", "publish_bulletin", "check_warehouse")

LOGIN, NAME, OFFICE = "forecaster", "demo forecaster (exercise)", "exercise desk, no authority"
NOTE = "Exercise on simulated data."
ON_THE_PAGE = 2
"""Alerts answered there: each takes a task of its own, and the demonstration has hundreds."""


def main(month: str) -> None:
    """Take `month` from the data store to the outgoing folder."""
    rehearsal.prepare()

    from pipeline import wiring
    from pipeline.steps.status import pending_alerts

    now = datetime.now(UTC)
    _run(BEFORE_APPROVAL, month, now)
    installation = wiring.installation()
    _appoint(installation)
    pending = pending_alerts(installation)
    on_page = pending[-ON_THE_PAGE:]
    _approve(installation, pending[: len(pending) - len(on_page)])
    with _on_the_page(len(on_page)):
        _run(APPROVAL, month, now)
    _say(
        f"approved as {NAME}: {len(pending)} alerts"
        + (f", {len(on_page)} of them on Airflow's page" if on_page else "")
    )
    _run(AFTER_APPROVAL, month, now + timedelta(seconds=1))


def _run(dag_ids: Sequence[str], month: str, now: datetime) -> None:
    for dag_id, tasks in rehearsal.run_dags(dag_ids, month, now).items():
        _say(f"DAG {dag_id}: {tasks} task{'s' if tasks > 1 else ''} done")


def _say(what: str) -> None:
    print(f"  {what}", flush=True)  # noqa: T201 - shown to a person


def _appoint(installation: Installation) -> None:
    """Enter somebody who may issue, for the exercise, openly without an order."""
    from pipeline.warehouse.issuers import Appointment, read_issuers, save_issuer

    now = installation.clock()
    with installation.warehouse.begin() as connection:
        held = {one.appointment.country for one in read_issuers(connection, now)}
        for country in sorted(set(Country) - held):
            role = Appointment(LOGIN, NAME, OFFICE, country, "exercise, no order", now)
            save_issuer(connection, role, added_by="make demo")


def _approve(installation: Installation, alerts: Sequence[int]) -> None:
    from pipeline.steps.approve import approve

    if alerts:
        by = Approval(
            NAME,
            OFFICE,
            installation.clock(),
            note=NOTE,
            login=LOGIN,
            door=Door.COMMAND_LINE,
        )
        approve(installation, alerts, by, accepts_unchecked=True)


def _on_the_page(count: int) -> AbstractContextManager[None]:
    """Let the forecaster log in and approve so many alerts on Airflow's page."""

    def answer_all(is_over: Event) -> None:
        page = Page(LOGIN)
        for question in wait_for_questions(page, count, is_over):
            form = {"note": NOTE, "accept_unchecked": True}
            status, said = page.answer(question, "Approve", form)
            if status != HTTPStatus.OK:
                raise rehearsal.RehearsalError(f"Airflow: {question['subject']}: {status} {said}")

    return somebody_answers(answer_all) if count else nullcontext()


if __name__ == "__main__":
    main(sys.argv[1])
