"""Every step leaves an outcome in the warehouse, whether it succeeded or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.core.errors import NotPublishedError
from pipeline.core.months import Month
from pipeline.warehouse.outcomes import save_outcome


@dataclass
class Report:
    """What a step did, filled in by the step."""

    rows: int | None = None
    message: str | None = None


@contextmanager
def recorded(warehouse: Engine, step: str, month: Month | None = None) -> Iterator[Report]:
    """Write down how the block ended, in a transaction of its own, and let its error pass."""
    report = Report()
    start = time.monotonic()

    def save(state: str, message: str | None) -> None:
        with warehouse.begin() as connection:
            save_outcome(
                connection,
                step=step,
                month=month,
                state=state,
                rows=report.rows,
                seconds=time.monotonic() - start,
                message=message,
            )

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
    save("done", report.message)
