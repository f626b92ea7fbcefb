"""An adopted plan, invented for tests, whose rules of issuing a test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from pipeline.core.ids import Country
from pipeline.plans.reading import from_mapping
from pipeline.warehouse.plans import save_plan

ORDER = "Order No. 12 of 2020-03-01, art. 4 (invented for this test)"


def adopted_plan(issuing: Mapping[str, object], country: Country) -> dict[str, Any]:
    """Watch and warning on SPI-3; the Russian of `warning` is checked by nobody."""
    return {
        "plan_id": f"{country.lower()}-adopted",
        "version": "1",
        "country": str(country),
        "languages": ["en", "ru"],
        "status": "adopted",
        "title": {"en": "Drought plan of the test", "ru": "План испытания"},
        "authority": "The authority of the test",
        "effective_from": "1950-01",
        "hold_limit": 3,
        "issuing": {
            "office": {"en": "Drought desk of the test", "ru": "Отдел засухи испытания"},
            "legal_basis": "Order No. 1 (invented for this test)",
            **issuing,
        },
        "ladders": {
            "meteorological": [
                _stage("watch", -1.0, {"en": "Watch", "ru": "Наблюдение"}),
                _stage("warning", -1.5, {"en": "Warning", "ru": "Угроза", "unchecked": ["ru"]}),
            ]
        },
    }


def _stage(stage: str, enter_at: float, names: dict[str, object]) -> dict[str, object]:
    law = {"kind": "national", "reference": "Annex of the test", "note": None}
    return {
        "stage": stage,
        "names": names,
        "cap": {
            "severity": "Minor",
            "urgency": "Future",
            "certainty": "Possible",
            "response_type": "Monitor",
        },
        "actions": [
            {
                "do": {"en": "closer observation", "ru": "наблюдение"},
                "family": "monitoring",
                "who": {"en": "the desk", "ru": "отдел"},
                "within_days": 14,
            }
        ],
        "rules": [
            {
                "index": "spi_3",
                "enter_at": enter_at,
                "enter_after": 1,
                "exit_at": 0.0,
                "exit_after": 1,
                "source": {"threshold": law, "exit": law, "persistence": law},
            }
        ],
    }


def adopt(
    warehouse: Engine,
    issuing: Mapping[str, object] | None = None,
    country: Country = Country.UZBEKISTAN,
) -> None:
    """Let the plan rule a country, an agency's own before the shipped one."""
    plan = from_mapping(adopted_plan(issuing or {}, country), "the test")
    with warehouse.begin() as connection:
        save_plan(connection, plan, is_shipped=False)
