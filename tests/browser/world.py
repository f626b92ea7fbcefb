"""Two years of some default landscapes: one dries, eases and dries again, most are quiet.

Inside they are an exercise on the shipped plans; for the public they are real, and Uzbekistan's
plan is adopted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from pipeline.core.gaps import Gap
from pipeline.core.ids import Origin
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.approve import approve
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import adopt
from tests.integration.little_world import Spoken, say_spi_3, settle
from tests.unit.alerts.cases import APPROVAL

FIRST, LAST = Month(2024, 11), Month(2026, 10)
KARAKALPAKSTAN, SHANLIURFA, AKTOBE, SUGHD = "UZ-QR", "TR-63", "KZ-AKT", "TJ-SU"

STORIES: Spoken = {
    # Severe a year before the newest month, over by January, and a warning since September.
    KARAKALPAKSTAN: [0.4] * 9 + [-1.2, -1.7, -2.1, -1.1, -0.5, 0.3] + [0.5] * 7 + [-1.2, -1.62],
    AKTOBE: [0.4] * 23 + [-1.3],
    SUGHD: [0.4] * 23 + [Gap.NOT_PUBLISHED],
}
SHOWN = ("UZ-", "KZ-", SUGHD, SHANLIURFA, "KG-N", "TM-L")
"""How the ids of the landscapes begin: two countries whole, and one landscape of each other."""
QUIET = [0.4] * 24


def exercise(warehouse: Engine, folder: Path) -> Installation:
    """An installation after two years, simulated; what was told has been approved."""
    return _after_two_years(warehouse, Settings(var=folder / "var"), Origin.SIMULATED)


def adopted(warehouse: Engine, folder: Path) -> Installation:
    """The same two years on real data, where Uzbekistan has adopted its plan."""
    adopt(warehouse)
    settings = Settings(
        var=folder / "var", authority="The authority of the test", authority_oid="2.49.0.1.860.0"
    )
    return _after_two_years(warehouse, settings, Origin.REAL)


def _after_two_years(warehouse: Engine, settings: Settings, origin: Origin) -> Installation:
    place = Installation(settings, warehouse, clock=lambda: NOW)
    landscapes = [
        one
        for one in read_landscapes(default_landscapes_file())
        if one.landscape_id.startswith(SHOWN)
    ]
    settle(warehouse, landscapes, origin)
    spoken = {one.landscape_id: STORIES.get(one.landscape_id, QUIET) for one in landscapes}
    say_spi_3(warehouse, spoken, first=FIRST, origin=origin)
    golive(place, FIRST + 1)
    evaluate(place)
    answer = replace(APPROVAL, answered_at=NOW)
    approve(place, pending_alerts(place), answer, accepts_unchecked=True)
    return place
