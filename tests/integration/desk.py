"""Who may issue in the tests: nobody answers who is not in the register."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from pipeline.alerts.facts import Approval
from pipeline.core.ids import Country
from pipeline.warehouse.issuers import Appointment, read_issuers, save_issuer

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ORDER = "Order No. 1 (invented for this test)"


def appoint(warehouse: Engine, *approvals: Approval, since: datetime = LONG_AGO) -> None:
    """Let whoever signs these approvals issue for every country."""
    with warehouse.begin() as connection:
        for approval in approvals:
            _appoint(connection, approval, since)


def _appoint(connection: Connection, approval: Approval, since: datetime) -> None:
    assert approval.login is not None
    known = {(one.appointment.login, one.appointment.country) for one in read_issuers(connection)}
    for country in Country:
        if (approval.login, country) not in known:
            role = Appointment(
                approval.login, approval.name, approval.office, country, ORDER, since
            )
            save_issuer(connection, role, added_by="the test")
