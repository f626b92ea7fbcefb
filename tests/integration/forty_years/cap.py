"""The CAP messages of the scripted country, as a service that takes them in would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree
from sqlalchemy import Engine, text

from pipeline.alerts.cap_info import NAMESPACE
from pipeline.core.months import Month


@dataclass(frozen=True)
class Entry:
    """One message, read here with nothing but its XML."""

    alert: etree._Element

    def said(self, name: str) -> str:
        return self.alert.findtext(f"{{{NAMESPACE}}}{name}") or ""

    def of_info(self, name: str) -> str:
        return self.alert.findtext(f"{{{NAMESPACE}}}info/{{{NAMESPACE}}}{name}") or ""

    @property
    def sent(self) -> datetime:
        return datetime.fromisoformat(self.said("sent"))

    @property
    def expires(self) -> datetime:
        return datetime.fromisoformat(self.of_info("expires"))

    @property
    def own_triple(self) -> str:
        return ",".join(self.said(name) for name in ("sender", "identifier", "sent"))

    @property
    def parameters(self) -> dict[str, str]:
        pairs = self.alert.iterfind(f"{{{NAMESPACE}}}info[1]/{{{NAMESPACE}}}parameter")
        return {pair[0].text or "": pair[1].text or "" for pair in pairs}

    @property
    def landscape_id(self) -> str:
        pair = self.alert.find(f".//{{{NAMESPACE}}}geocode")
        return "" if pair is None else pair[1].text or ""


def bodies(warehouse: Engine) -> list[bytes]:
    """Every CAP message that left, in the order of the decisions."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT body FROM alert.message WHERE form = 'cap' AND body IS NOT NULL "
                "ORDER BY alert_id"
            )
        )
        return [row.body.encode() for row in rows]


def taken_in(messages: Sequence[Entry], now: datetime) -> list[Entry]:
    """What a service still shows at a moment: sent, not expired, and named by no later message."""
    known = [one for one in messages if one.sent <= now]
    replaced = {triple for one in known for triple in one.said("references").split()}
    return [
        one
        for one in known
        if one.own_triple not in replaced and one.expires > now and one.said("msgType") != "Cancel"
    ]


def standing(warehouse: Engine, month: Month) -> set[tuple[str, str, str]]:
    """Landscape, drought type and stage of all that stood in a month, as the warehouse holds it."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT landscape_id, drought_type, stage FROM mart.stage_month "
                "WHERE month = :month AND stage_rank > 0"
            ),
            {"month": month.first_day},
        )
        return {tuple(row) for row in rows}
