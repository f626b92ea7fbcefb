"""Every step leaves an outcome in the warehouse, whether it succeeded or not, and says so in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline import logs
from pipeline.core.errors import NotPublishedError
from pipeline.core.files import storable
from pipeline.core.months import Month
from pipeline.core.secrets import hidden
from pipeline.warehouse.outcomes import read_last_state, save_outcome

_log = logging.getLogger(__name__)


@dataclass
class Report:
    """What a step did, filled in by the step."""

    rows: int | None = None
    message: str | None = None
    facts: Mapping[str, object] | None = None
    """Numbers for programs."""


@contextmanager
def recorded(
    warehouse: Engine,
    step: str,
    month: Month | None = None,
    *,
    is_last: bool = True,
    only_if_any: bool = False,
) -> Iterator[Report]:
    """Write down how the block ended, in a transaction of its own, and let its error pass.

    What is logged in the block bears the step and the month. Where the block is a part of the step and
    not its last one (`is_last`), that it ended well is not written down. Nor, with `only_if_any`, where
    it came to no rows: a step that mostly finds nothing and is asked every few minutes. After a failure
    it is, for else the step would count as failing until it finds something.
    """
    report = Report()
    start = time.monotonic()

    def save(state: str, message: str | None) -> None:
        seconds = time.monotonic() - start
        message = storable(hidden(message)) if message else None
        _log.info("%s: %s", state, message or "", extra={"rows": report.rows, "seconds": seconds})
        with warehouse.begin() as connection:
            save_outcome(
                connection,
                step=step,
                month=month,
                state=state,
                rows=report.rows,
                seconds=seconds,
                message=message,
                run=logs.current_run(),
                facts=report.facts,
            )

    with logs.bound(step=step, month=month):
        try:
            yield report
        except NotPublishedError as error:
            save("not_published", str(error))
            raise
        except BaseException as error:
            # The error matters more than its record, which a database that went away cannot take.
            with suppress(SQLAlchemyError):
                save("failed", f"{type(error).__name__}: {error}")
            raise
        if is_last and not (only_if_any and not report.rows and _ended_well(warehouse, step)):
            save("done", report.message)


def _ended_well(warehouse: Engine, step: str) -> bool:
    """Whether a step did not fail when it left its last outcome, if it ever left one."""
    with warehouse.connect() as connection:
        return read_last_state(connection, step) in (None, "done")
