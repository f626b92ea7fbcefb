"""What later data changed, for people: by month in values, by landscape in stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.steps.installation import Installation
from pipeline.warehouse.revisions import Wanted, read_stage_revisions, read_value_revisions


@dataclass(frozen=True, slots=True)
class Change:
    """How one quantity of one month changed, over the landscapes in which it did."""

    landscapes: int = 0
    filled: int = 0
    """Landscapes that had a gap before."""
    lost: int = 0
    """Landscapes that have a gap now."""
    mean: float | None = None
    """New less old; None where no landscape had a value before and has one now."""
    largest: float | None = None
    """The change farthest from 0, with its sign."""


@dataclass(frozen=True, slots=True)
class MonthRevision:
    """What became of the values of one month."""

    source: str
    month: Month
    settled: int = 0
    """Landscapes whose rain was preliminary and is final."""
    precipitation_mm: Change = Change()
    spi_3: Change = Change()


@dataclass(frozen=True, slots=True)
class StageRevision:
    """Months in a row whose stage was replaced by the same other one, at the same time."""

    country: Country
    landscape_id: str
    name: str
    drought_type: DroughtType
    first: Month
    last: Month
    old_stage: str
    new_stage: str
    changed_at: datetime
    is_new_plan: bool
    """Whether another plan, or version of it, decided."""
    alert_id: int | None
    """The correction; None where there is none."""
    approval: str | None
    """Of that alert; ``not_needed``: what it corrects had not been told."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """What changed."""

    months: tuple[MonthRevision, ...]
    stages: tuple[StageRevision, ...]


def revisions(installation: Installation, wanted: Wanted) -> Revisions:
    """Return what changed in values, by source and month, and in stages, by landscape.

    SPI-3 is the one of the installation's calibration period.
    """
    calibration = str(installation.settings.calibration)
    with installation.warehouse.connect() as connection:
        return Revisions(
            month_revisions(read_value_revisions(connection, wanted, calibration)),
            stage_revisions(read_stage_revisions(connection, wanted)),
        )


def month_revisions(rows: Iterable[dict[str, Any]]) -> tuple[MonthRevision, ...]:
    """Return one record a source and month from rows of one quantity each."""
    found: dict[tuple[str, Month], MonthRevision] = {}
    for row in rows:
        key = (row["source"], Month.of(row["month"]))
        one = found.get(key, MonthRevision(*key))
        change = Change(
            row["landscapes"], row["filled"], row["lost"], row["mean_change"], row["largest_change"]
        )
        if row["quantity"] == "spi_3":
            found[key] = replace(one, spi_3=change)
        else:
            found[key] = replace(one, precipitation_mm=change, settled=row["settled"])
    return tuple(found.values())


def stage_revisions(rows: Iterable[dict[str, Any]]) -> tuple[StageRevision, ...]:
    """Return runs of months that changed alike, from rows of one month each.

    `rows` are in the order of landscape, drought type, time of the change, month.
    """
    runs: list[StageRevision] = []
    for row in rows:
        one = _stage_revision(row)
        if runs and _continues(runs[-1], one):
            runs[-1] = replace(runs[-1], last=one.last)
        else:
            runs.append(one)
    return tuple(runs)


def _continues(run: StageRevision, one: StageRevision) -> bool:
    is_next = one.first == run.last + 1
    return is_next and replace(run, last=one.last) == replace(one, first=run.first)


def _stage_revision(row: dict[str, Any]) -> StageRevision:
    month = Month.of(row["month"])
    return StageRevision(
        Country(row["country_code"]),
        row["landscape_id"],
        row["name_en"],
        DroughtType(row["drought_type"]),
        month,
        month,
        row["old_stage"],
        row["new_stage"],
        row["changed_at"],
        row["is_new_plan"],
        row["alert_id"],
        row["approval"],
    )
