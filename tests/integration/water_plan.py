"""A plan for Uzbekistan, invented for tests: irrigated land hears its headwater, other land itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month
from pipeline.landscapes.landscape import Landscape
from pipeline.plans.reading import from_mapping
from pipeline.warehouse.plans import save_plan
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import landscape

UPPER, LOWER = "UPPER", "LOWER"
DRY = sorted(set(LandUse) - {LandUse.IRRIGATED})


def irrigated(headwater: str | None = UPPER) -> Landscape:
    """Irrigated land in Uzbekistan whose water comes from another landscape."""
    land = landscape(LOWER, land_use=LandUse.IRRIGATED)
    return replace(land, headwater_landscape_id=headwater)


def upstream() -> Landscape:
    """The landscape in Kyrgyzstan that the water comes from."""
    return landscape(UPPER, Country.KYRGYZSTAN)


def water_plan(**changes: object) -> dict[str, Any]:
    """Watch at -1.0 and warning at -1.5, on SPI-3 of the headwater where land is irrigated."""
    body = adopted_plan({}, Country.UZBEKISTAN) | {"plan_id": "uz-water"}
    for stage in body["ladders"]["meteorological"]:
        (rule,) = stage["rules"]
        stage["rules"] = [
            {**rule, "land_uses": [str(use) for use in DRY]},
            {**rule, "land_uses": [str(LandUse.IRRIGATED)], "where": "headwater"},
        ]
    return body | changes


def with_hydrological(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same plan with a second ladder: the first one's rules, for hydrological drought."""
    ladders = body["ladders"]
    return {**body, "ladders": {**ladders, "hydrological": ladders["meteorological"]}}


def load(
    warehouse: Engine,
    body: Mapping[str, Any],
    *,
    effective_from: Month | None = None,
    is_shipped: bool = False,
) -> None:
    """Put a plan in force."""
    with warehouse.begin() as connection:
        save_plan(
            connection,
            from_mapping(body, "the test"),
            is_shipped=is_shipped,
            effective_from=effective_from,
        )
