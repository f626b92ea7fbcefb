from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.settings import Settings
from pipeline.steps.checkup import Patient, Verdict
from pipeline.steps.public_check import look_at_public_messages

READY: dict[str, Any] = {
    "authority": "Uzhydromet",
    "authority_oid": "2.49.0.1.860.0",
    "cap_sender": "drought@hydromet.example",
    "site_url": "https://drought.example.org",
}


def look(settings: dict[str, Any]) -> tuple[Verdict, str]:
    patient = Patient(Settings(**settings), None, lambda: datetime.now(UTC), 0, False)
    return look_at_public_messages(patient)


def test_without_an_authority_nothing_is_public_and_nothing_is_wrong() -> None:
    verdict, said = look({})
    assert verdict is Verdict.OK
    assert "nothing is public" in said


def test_all_that_services_need_is_named() -> None:
    verdict, said = look(READY)
    assert verdict is Verdict.OK
    assert "Uzhydromet; identifiers below 2.49.0.1.860.0 for UZ" in said


@pytest.mark.parametrize(
    ("lacking", "remedy"),
    [
        pytest.param("authority_oid", "set DROUGHT_AUTHORITY_OID", id="no registered arc"),
        pytest.param("cap_sender", "set DROUGHT_CAP_SENDER", id="a sender of no agency"),
        pytest.param("site_url", "set DROUGHT_SITE_URL", id="no address of the site"),
    ],
)
def test_what_lacks_is_said_with_its_remedy(lacking: str, remedy: str) -> None:
    verdict, said = look({name: value for name, value in READY.items() if name != lacking})
    assert verdict is Verdict.ATTENTION
    assert remedy in said
    assert said.count("set DROUGHT") == 1
