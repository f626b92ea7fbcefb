"""Load the landscapes that drought is judged for."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.landscapes.landscape import Landscape
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse.landscapes import save_landscapes


def load_landscapes(installation: Installation, landscapes: Sequence[Landscape]) -> dict[str, int]:
    """Save landscapes; return how many were new, changed and unchanged."""
    with recorded(installation.warehouse, "landscapes") as report:
        with installation.warehouse.begin() as connection:
            counts = save_landscapes(connection, landscapes)
        report.rows = counts["new"] + counts["changed"]
        report.message = ", ".join(f"{n} {what}" for what, n in counts.items())
        return counts
