"""What was asked for and cannot be is told, and is no outcome: `drought status` would go on about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.alerts.facts import Approval
from pipeline.core.errors import ConflictError, InputError
from pipeline.stations.months import Completeness
from pipeline.stations.observations import Disclosure
from pipeline.steps.approve import approve, reject
from pipeline.steps.check import check
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.stations import choose_policy, disclose
from tests.integration.conftest import NOW
from tests.integration.desk import appoint
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

BY = Approval("A. Karimova", "Drought desk", NOW, login="desk")
Ask = Callable[[Installation], object]


@pytest.mark.parametrize(
    ("ask", "trouble"),
    [
        pytest.param(lambda p: check(p, only=["nosuch"]), "got nosuch", id="a check"),
        pytest.param(lambda p: approve(p, [7], BY), "alert 7: there is no such", id="approve"),
        pytest.param(lambda p: reject(p, [7], BY), "alert 7: there is no such", id="reject"),
        pytest.param(
            lambda p: choose_policy(p, ["G9"], Completeness.WMO_1203), "got G9", id="a policy"
        ),
        pytest.param(
            lambda p: disclose(p, ["G9"], Disclosure.OPEN, by="A", reason="b"),
            "got G9",
            id="disclosure of a gauge",
        ),
        pytest.param(
            lambda p: disclose(p, [], Disclosure.OPEN, by="A", reason=" "),
            "expected a name and a reason",
            id="disclosure without a reason",
        ),
    ],
)
def test_a_name_that_is_none_is_no_outcome(
    installation: Installation, ask: Ask, trouble: str
) -> None:
    with pytest.raises(InputError, match=trouble):
        ask(installation)
    assert told(installation.warehouse, "SELECT * FROM ops.outcome") == []


def test_an_answer_given_before_is_no_outcome(installation: Installation) -> None:
    settle(installation.warehouse, [landscape("A")])
    appoint(installation.warehouse, BY)
    say_spi_3(installation.warehouse, {"A": [-1.2, -1.7]})
    golive(installation, JANUARY + 1)
    ((alert,),) = told(
        installation.warehouse,
        "SELECT min(alert_id) FROM alert.approval WHERE state = 'pending'",
    )
    assert isinstance(alert, int)
    reject(installation, [alert], BY)
    outcomes = told(installation.warehouse, "SELECT step, state FROM ops.outcome")
    assert ("reject", "done") in outcomes
    with pytest.raises(ConflictError, match=r"expected it to be pending, got refused by A\. Kar"):
        approve(installation, [alert], replace(BY, name="B. Nazarov"))
    with pytest.raises(ConflictError, match="alerts are told from 2021-02 on already"):
        golive(installation, JANUARY + 5)
    assert told(installation.warehouse, "SELECT step, state FROM ops.outcome") == outcomes
