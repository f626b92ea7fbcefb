"""Recipients in the tests: who is told, entered into the register as the command does."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from pipeline.alerts.recipients import Form, Hours, Recipient
from pipeline.alerts.wishes import Wishes
from pipeline.core.ids import Country
from pipeline.warehouse.recipients import Registered, save_recipient

ANY_HOUR = Hours(0, 24, frozenset(range(1, 8)))

COMMITTEE = Recipient(
    recipient_id="committee",
    name="Drought committee",
    channel="mail",
    address="committee@example.org",
    form=Form.LETTER,
    language="en",
    clock=Country.UZBEKISTAN,
    hours=ANY_HOUR,
    digest_from=1000,
)
"""Wants every letter, in English, by itself, at any hour."""
DESK = replace(
    COMMITTEE, recipient_id="desk", name="The desk", address="desk@example.org", language="uz"
)


def register(warehouse: Engine, *recipients: Recipient) -> list[Registered]:
    """Enter recipients into the register."""
    with warehouse.begin() as connection:
        return [save_recipient(connection, one, added_by="the test") for one in recipients]


def reader(recipient_id: str, language: str = "en", **wishes: object) -> Recipient:
    """A recipient of this name who reads letters by mail at any hour, and wishes these things."""
    return replace(
        COMMITTEE,
        recipient_id=recipient_id,
        address=f"{recipient_id}@example.org",
        language=language,
        wishes=Wishes(**wishes),  # type: ignore[arg-type]
    )
