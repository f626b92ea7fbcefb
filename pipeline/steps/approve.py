"""A person who may issue lets an alert leave, or refuses it. The first answer wins."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.facts import Approval
from pipeline.alerts.waiting import Wait, wait_of
from pipeline.core.components import Component
from pipeline.core.errors import ConflictError, InputError
from pipeline.steps.cap_messages import in_turn
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.issuers import refuse_without_role
from pipeline.steps.messages import finish_messages, withdraw_messages
from pipeline.steps.outcome import recorded
from pipeline.warehouse.alerts import read_alerts, refuse_unanswerable, save_answer
from pipeline.warehouse.waiting import read_waiting


@acts_as(Component.APPROVE)
def approve(
    installation: Installation,
    alert_ids: Sequence[int],
    approval: Approval,
    *,
    accepts_unchecked: bool = False,
) -> int:
    """Approve these alerts, all or none, and queue their messages for delivery.

    Returns:
        How many letters stay behind, because no speaker has checked their language.

    Raises:
        InputError: no such alert; or who signs does not hold the issuing role for its country.
        ConflictError: one of them was answered before, or it is too late.
    """
    _refuse_unanswerable(installation, alert_ids, approval)
    with (
        recorded(installation.warehouse, "approve") as report,
        installation.warehouse.begin() as connection,
    ):
        for alert_id in sorted(set(alert_ids)):
            save_answer(
                connection, alert_id, "approved", approval, accepts_unchecked=accepts_unchecked
            )
        withheld = sum(
            finish_messages(
                connection,
                facts,
                approval,
                installation.settings,
                accepts_unchecked=accepts_unchecked,
            )
            for facts in in_turn(connection, read_alerts(connection, alert_ids))
        )
        report.rows = len(set(alert_ids))
        report.message = f"{report.rows} approved, {withheld} letters withheld"
    return withheld


@acts_as(Component.APPROVE)
def reject(installation: Installation, alert_ids: Sequence[int], approval: Approval) -> None:
    """Refuse these alerts, all or none; their messages never leave.

    Raises:
        InputError: no such alert; or who signs does not hold the issuing role for its country.
        ConflictError: one of them was answered before, or it is too late.
    """
    _refuse_unanswerable(installation, alert_ids, approval)
    with (
        recorded(installation.warehouse, "reject") as report,
        installation.warehouse.begin() as connection,
    ):
        for alert_id in sorted(set(alert_ids)):
            save_answer(connection, alert_id, "refused", approval, accepts_unchecked=False)
            withdraw_messages(connection, alert_id)
        report.rows = len(set(alert_ids))


def _refuse_unanswerable(
    installation: Installation, alert_ids: Sequence[int], approval: Approval
) -> None:
    """Check what was asked before anything is noted: a wrong number is no outcome."""
    _refuse_blank(approval)
    with installation.warehouse.connect() as connection:
        refuse_unanswerable(connection, alert_ids)
        refuse_without_role(connection, alert_ids, approval)
        for one in read_waiting(connection, alert_ids):
            issuing = one.plan.issuing
            if wait_of(issuing, one.requested_at, approval.answered_at) is Wait.EXPIRED:
                raise ConflictError(
                    f"alert {one.alert_id}: too late: expected an answer within "
                    f"{issuing.expires_after_days} days of {one.requested_at:%Y-%m-%d}, as plan "
                    f"{one.plan.plan_id} says; its messages never leave"
                )


def _refuse_blank(approval: Approval) -> None:
    for option, value in (("--by", approval.name), ("--office", approval.office)):
        if not value.strip():
            raise InputError(
                f"{option}: expected who answers and in what office, got an empty text; an alert "
                "leaves under a person's name"
            )
