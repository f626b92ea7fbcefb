"""Two years of some default landscapes: one dries, eases and dries again, most are quiet."""

from __future__ import annotations

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
SHOWN = ("UZ-", "KZ-", SUGHD, SHANLIURFA)
"""How the ids of the landscapes begin: two countries whole, and one landscape of two others."""
QUIET = [0.4] * 24


def installed(warehouse: Engine, folder: Path) -> Installation:
    """An installation after two years, simulated; what was told has been approved."""
    place = Installation(Settings(var=folder / "var"), warehouse, clock=lambda: NOW)
    landscapes = [
        one
        for one in read_landscapes(default_landscapes_file())
        if one.landscape_id.startswith(SHOWN)
    ]
    settle(warehouse, landscapes, Origin.SIMULATED)
    spoken = {one.landscape_id: STORIES.get(one.landscape_id, QUIET) for one in landscapes}
    say_spi_3(warehouse, spoken, first=FIRST, origin=Origin.SIMULATED)
    golive(place, FIRST + 1)
    evaluate(place)
    approve(place, pending_alerts(place), APPROVAL, accepts_unchecked=True)
    return place
