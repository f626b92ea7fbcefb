"""What is expected of each source, and how an agency says otherwise."""

from __future__ import annotations

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.files import read_sources
from pipeline.warehouse.schedules import SourceSchedule, read_schedules, save_schedule

PATIENCE_DAYS = 40
"""From asking for final values to calling them overdue, where nothing else is said."""


def schedules(installation: Installation) -> dict[str, SourceSchedule | None]:
    """Return the schedule of each source that has one or was ingested; None: it has none."""
    with installation.warehouse.connect() as connection:
        held: dict[str, SourceSchedule | None] = dict.fromkeys(read_sources(connection))
        held.update((one.source, one) for one in read_schedules(connection))
    return dict(sorted(held.items()))


@acts_as(Component.CONFIGURE)
def expect(
    installation: Installation,
    source: str,
    preliminary_after_days: int,
    *,
    final_after_days: int | None = None,
    final_late_after_days: int | None = None,
    is_first_final: bool = False,
    reference: str,
) -> SourceSchedule:
    """Set when a source is expected; return its schedule.

    Days count from the last day of a month. What is not given of the final values stays as it was;
    `is_first_final` says that there are none to wait for.

    Raises:
        InputError: days out of order, final days with `is_first_final`, or a source that was
            neither ingested nor has a schedule.
    """
    if is_first_final and (final_after_days, final_late_after_days) != (None, None):
        raise InputError(
            f"{source}: expected either days of final values or first values that are final, "
            "got both; leave one out"
        )
    known = schedules(installation)
    if source not in known:
        raise InputError(
            f"source: expected one of {', '.join(known)}, got {source!r}; ingest it first, or "
            "correct the name"
        )
    before = known[source]
    asked, late = final_after_days, final_late_after_days
    if before is not None and not is_first_final:
        asked = before.final_after_days if asked is None else asked
        late = before.final_late_after_days if final_after_days is None and late is None else late
    if asked is not None and late is None:
        late = asked + PATIENCE_DAYS
    schedule = SourceSchedule(source, preliminary_after_days, asked, late, reference)
    with installation.warehouse.begin() as connection:
        save_schedule(connection, schedule)
    return schedule
