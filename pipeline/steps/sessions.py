"""Sessions of analysts that hold up others."""

from __future__ import annotations

from datetime import timedelta

from pipeline.core.components import Component
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.warehouse.analysts import end_long_transactions


@acts_as(Component.WATCH)
def end_long_questions(installation: Installation) -> int:
    """End the sessions of analysts whose transaction is older than `DROUGHT_ANALYST_MINUTES`.

    A login may lift its own time limit, and hold a lock that a migration waits for; this it cannot
    escape. An outcome is written down where a session was ended, and where it failed.

    Returns:
        How many were ended.
    """
    longest = timedelta(minutes=installation.settings.analyst_minutes)
    with recorded(installation.warehouse, "end_long_questions", only_if_any=True) as report:
        with installation.warehouse.begin() as connection:
            ended = end_long_transactions(connection, longest)
        report.rows = len(ended)
        if ended:
            report.message = f"sessions of {', '.join(sorted(set(ended)))} were ended"
    return len(ended)
