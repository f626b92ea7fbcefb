"""Loading index values into the warehouse against bare COPY of a ready file; and a month's upsert.

The ready file is what ours renders, kept on the disk beforehand. It is copied into a table of the
same columns without keys, rules or triggers (the limit), and into one with the same key; ours
renders the rows and saves them into the real table, with its rules. The three take turns, and the
clock is read, since most of the work is Postgres's.

    .venv/bin/python -m benchmarks.load --landscapes 2000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from psycopg import sql
from sqlalchemy import Connection, text

from benchmarks.climate import MONTHS, Region
from benchmarks.cost import heading, table
from benchmarks.fresh import SOURCE, fresh_installation, made_up
from benchmarks.landscapes import polygons
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode, Origin
from pipeline.core.panels import Panel, gap_code
from pipeline.steps.installation import Installation
from pipeline.warehouse.binary import rendered
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.indices import index_columns, save_index_values
from pipeline.warehouse.landscapes import read_landscapes

RUNS = 3
BYTES_AT_ONCE = 1 << 20
PERIOD = CalibrationPeriod(1991, 2020)
QUESTIONS = {
    "history of a landscape": "SELECT month, spi_3, spei_6 FROM mart.index_month_wide "
    "WHERE landscape_id = 'kz-00077' ORDER BY month",
    "map of a month": "SELECT landscape_id, spi_3 FROM mart.index_month_wide "
    "WHERE month = '2020-07-01'",
    "latest state": "SELECT landscape_id, spi_3, spei_6 FROM mart.index_month_wide WHERE month = "
    "(SELECT max(month) FROM index.value_month)",
}


@dataclass
class History:
    """Made-up values of every index, a twentieth of them missing."""

    series: Series
    values: dict[IndexCode, Panel]

    @classmethod
    def of(cls, series: Series, region: Region) -> History:
        rng = np.random.default_rng(7)
        shape = (region.months, len(series.landscape_keys))
        missing = np.broadcast_to(rng.random((region.months, 1)) < 0.05, shape)
        gaps = np.where(missing, gap_code(Gap.NOT_PUBLISHED), 0).astype(np.uint8)
        values = {}
        for code in INDEX_CODES:
            drawn = np.clip(np.abs(rng.standard_normal(shape)), 0.0, 3.0)
            values[code] = Panel(region.first_month, np.where(missing, np.nan, drawn), gaps)
        return cls(series, values)

    def part(self, start: int, stop: int, *, more: float = 0.0) -> History:
        """Some of the months, their values raised."""
        return History(
            self.series,
            {
                code: Panel(
                    panel.first_month + start, panel.values[start:stop] + more,
                    panel.gaps[start:stop],
                )
                for code, panel in self.values.items()
            },
        )  # fmt: skip

    @property
    def is_preliminary(self) -> np.ndarray:
        return np.zeros(next(iter(self.values.values())).values.shape, bool)

    def save(self, connection: Connection) -> int:
        """Save them as the pipeline does."""
        return save_index_values(
            connection, self.series, self.values, self.is_preliminary, Origin.SIMULATED
        )

    def columns(self) -> dict:
        return index_columns(self.series, self.values, self.is_preliminary, Origin.SIMULATED)


def clocked(installation: Installation, work: Callable[[Connection], object]) -> float:
    """Seconds that `work` takes in a transaction, commit included."""
    start = time.perf_counter()
    with installation.warehouse.begin() as connection:
        work(connection)
    return time.perf_counter() - start


def copied(names: list[str], into: str, ready: Path) -> Callable[[Connection], None]:
    """Work that copies a ready file as it is."""

    def work(connection: Connection) -> None:
        order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier("index", into), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with (
            connection.connection.cursor() as cursor,
            cursor.copy(order) as copy,
            ready.open("rb") as file,
        ):
            while part := file.read(BYTES_AT_ONCE):
                copy.write(part)

    return work


def full_history(installation: Installation, history: History, ready: Path) -> list[tuple]:
    """Load all of it the three ways in turn; return the rows of the table."""
    columns = history.columns()
    with ready.open("wb") as file:
        for part in rendered(tuple(columns.values())):
            file.write(part)
    with installation.warehouse.begin() as connection:
        connection.execute(
            text("CREATE TABLE index.bare (LIKE index.value_month INCLUDING DEFAULTS)")
        )
        connection.execute(text("CREATE TABLE index.keyed (LIKE index.value_month INCLUDING DEFAULTS "
                                "INCLUDING INDEXES)"))  # fmt: skip
    sides = {
        "bare COPY, no key": ("bare", copied(list(columns), "bare", ready)),
        "bare COPY, same key": ("keyed", copied(list(columns), "keyed", ready)),
        "ours": ("value_month", history.save),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(RUNS):
        for name, (into, work) in sides.items():
            clocked(installation, lambda c, into=into: c.execute(text(f"TRUNCATE index.{into}")))
            seconds[name].append(clocked(installation, work))
    rows = history.is_preliminary.size
    limit = median(seconds["bare COPY, no key"])
    with installation.warehouse.begin() as connection:
        connection.execute(text("DROP TABLE index.bare, index.keyed"))
    return [
        (name, rows, median(taken), rows / median(taken), limit / median(taken))
        for name, taken in seconds.items()
    ]


def months(installation: Installation, history: History) -> list[tuple]:
    """Save the newest month as a new one, as it is, and revised; return the rows of the table."""
    last = len(history.is_preliminary)
    newest = history.part(last - 1, last)
    first_of_month = next(iter(newest.values.values())).first_month.first_day
    taken: dict[str, list[float]] = {"a new month": [], "the same again": [], "all revised": []}
    for n in range(RUNS):
        clocked(installation, lambda c: c.execute(
            text("DELETE FROM index.value_month WHERE month = :month"), {"month": first_of_month}
        ))  # fmt: skip
        of_run = history.part(last - 1, last, more=0.01 * n)
        revised = history.part(last - 1, last, more=0.01 * n + 0.005)
        for name, one in zip(taken, (of_run, of_run, revised), strict=True):
            taken[name].append(clocked(installation, one.save))
    rows = newest.is_preliminary.size
    return [(name, rows, 1000 * median(of_name)) for name, of_name in taken.items()]


def questions(installation: Installation) -> list[tuple]:
    """What analysts ask, with what it takes."""
    with installation.warehouse.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE index.value_month"))
    answers = []
    for name, question in QUESTIONS.items():
        taken = []
        for _ in range(10 * RUNS):
            with installation.warehouse.connect() as connection:
                start = time.perf_counter()
                found = connection.execute(text(question)).all()
                taken.append(time.perf_counter() - start)
        answers.append((name, len(found), 1000 * median(taken)))
    return answers


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landscapes", type=int, default=2000)
    parser.add_argument("--months", type=int, default=MONTHS)
    asked = parser.parse_args()
    region = Region.of(4 * asked.landscapes, asked.months)
    heading(
        f"load: {asked.landscapes} landscapes x {region.months} months x {len(INDEX_CODES)} indices",
        "psycopg", "numpy",
    )  # fmt: skip
    shapes = made_up(polygons(region, asked.landscapes))
    with fresh_installation(shapes) as (installation, folder):
        with installation.warehouse.connect() as connection:
            held = read_landscapes(connection)
        series = Series(
            SOURCE, PERIOD, [one.landscape_key for one in held], [one.version for one in held]
        )
        history = History.of(series, region)
        head = ("full history", "rows", "seconds", "rows/s", "of the limit")
        table(head, full_history(installation, history, folder / "ready"))
        table(("month", "rows", "ms"), months(installation, history))
        table(("question", "rows", "ms"), questions(installation))
        with installation.warehouse.connect() as connection:
            size = connection.execute(
                text("SELECT pg_total_relation_size('index.value_month') / 1e6")
            ).scalar_one()
        print(
            f"On the disk: {size:,.0f} MB, the file {(folder / 'ready').stat().st_size / 1e6:,.0f} MB."
        )


if __name__ == "__main__":
    main()
