"""How the installation stands, for a monitoring system: an answer whatever is away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from pipeline.core.clock import implausible
from pipeline.core.errors import DroughtError
from pipeline.core.ids import Origin
from pipeline.logs import masking
from pipeline.settings import Settings, secrets_of
from pipeline.steps.checkup import Verdict
from pipeline.steps.installation import Installation
from pipeline.steps.machine import (
    BackupState,
    Disk,
    read_backup_state,
    read_disks,
    read_failed_units,
)
from pipeline.steps.status import Status, status
from pipeline.steps.verdict import Reason, of_machine, of_status, of_units, overall
from pipeline.warehouse.migrations import newest_known

CONTRACT = 1
"""Of docs/status.schema.json: raised when a name goes or changes its meaning, not when one is added."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All there is to know without changing anything."""

    at: datetime
    reasons: Sequence[Reason]
    disks: Sequence[Disk]
    backups: BackupState | None
    """None: the folder cannot be read, or which it is is not known."""
    status: Status | None
    """None: the database does not answer, or is of another version."""

    @property
    def verdict(self) -> Verdict:
        return overall(self.reasons)

    @property
    def is_exercise(self) -> bool | None:
        """Whether data are simulated; None: not known."""
        return None if self.status is None else self.status.origin == Origin.SIMULATED


def stand(
    read_settings: Callable[[], Settings],
    installation: Callable[[], Installation],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Standing:
    """Return how the installation stands; what cannot be looked at is a reason, never an error.

    Args:
        read_settings: returns the settings, or raises what is wrong with them.
        installation: returns the installation, and starts no server for it.
        clock: the time by this machine.
    """
    now = clock()
    try:
        settings = read_settings()
    except (DroughtError, OSError) as error:  # the latter: of a folder of secrets
        return Standing(now, [Reason("settings", Verdict.BROKEN, _line(error))], [], None, None)
    mask = masking(secrets_of(settings))
    found: Status | None = None
    reasons: list[Reason] = []
    try:
        found = status(installation())
    except (DroughtError, OSError, SQLAlchemyError, psycopg.Error) as error:
        said = mask(_line(error)).removeprefix("database: ")
        reasons.append(Reason("database", Verdict.BROKEN, said))
        wrong = implausible(now, None)
        if wrong is not None:
            reasons.append(Reason("clock", Verdict.BROKEN, wrong.removeprefix("clock: ")))
    disks = read_disks(settings)
    backups = read_backup_state(settings)
    has_data = found is not None and found.newest_month is not None
    reasons += of_machine(now, disks, backups, has_data=has_data)
    reasons += of_units(now, read_failed_units(settings))
    if found is not None:
        of_database = of_status(now, found, trusts_clock=settings.trust_clock)
        reasons += [Reason(one.what, one.verdict, mask(one.said)) for one in of_database]
    return Standing(now, reasons, disks, backups, found)


def as_facts(found: Standing) -> dict[str, Any]:
    """Return what `drought status --json` writes: docs/status.schema.json describes it.

    What only the database tells is null where it does not answer: not known, which is not none.
    """
    held = found.status
    known: Mapping[str, Any] = {
        field.name: None if held is None else getattr(held, field.name) for field in fields(Status)
    }
    return {
        "contract": CONTRACT,
        "at": found.at.isoformat(),
        "verdict": found.verdict,
        "reasons": list(found.reasons),
        "is_exercise": found.is_exercise,
        "software": {"version": version("cacilm-drought"), "newest_migration": newest_known()},
        "disks": list(found.disks),
        "backups": found.backups,
        **known,
    }


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
