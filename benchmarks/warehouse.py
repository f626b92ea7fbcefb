"""The warehouse at full size: loading against bare COPY, a month's upsert, and what analysts ask.

The ready file is what ours renders, kept on the disk beforehand. It is copied into a table of the
same columns without keys, rules or triggers (the limit), and into one with the same key; ours
renders the rows and saves them into the real table, with its rules. The three take turns. The clock
is read, since most of the work is Postgres's, and beside it the CPU time of Postgres's process,
which a busy machine moves less.

    .venv/bin/python -m benchmarks.warehouse --landscapes 2000
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from psycopg import Cursor, sql
from sqlalchemy import Connection, text

from benchmarks.climate import MONTHS, NEWEST, Region
from benchmarks.cost import heading, megabytes, table
from benchmarks.fresh import fresh_installation, made_up
from benchmarks.history import History, save_what_rests_on_it, series_of
from benchmarks.landscapes import polygons
from benchmarks.questions import AS_OF, MAIN, OTHERS, answers
from pipeline.core.ids import INDEX_CODES
from pipeline.delivery.tables.kinds import Format
from pipeline.steps.export import Asked, export
from pipeline.steps.installation import Installation
from pipeline.warehouse.binary import HEADER, TRAILER, rendered

LOADS = 3
UPSERTS = 7
TICK_S = 0.01
REVISED_MONTHS = 12
BYTES_AT_ONCE = 1 << 20
FOLLOWED = {
    "rain revised, and counted": "UPDATE series.climate_month "
    "SET precipitation_mm = precipitation_mm + 1 WHERE month = :month",
    "stages revised, and kept as the latest": "UPDATE plan.stage_month "
    "SET is_confirmed = NOT is_confirmed WHERE month = :month",
}
ANSWER = ("question", "rows", "ms", "the scans that bring most rows")
Row = tuple[object, ...]
Work = Callable[[Connection], object]


def doing(what: str) -> None:
    """Show how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def clocked(installation: Installation, work: Work) -> float:
    """Seconds that `work` takes in a transaction, commit included."""
    return cost_of(installation, work)[0]


def cost_of(installation: Installation, work: Work) -> tuple[float, float]:
    """Seconds by the clock as `clocked`, and CPU seconds of the server's process for it."""
    with installation.warehouse.connect() as connection:
        cursor: Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
        process = Path(f"/proc/{cursor.connection.info.backend_pid}/stat")
        connection.rollback()
        before, start = _cpu_s(process), time.perf_counter()
        with connection.begin():
            work(connection)
        return time.perf_counter() - start, _cpu_s(process) - before


def _cpu_s(process: Path) -> float:
    """CPU seconds of a process so far; NaN where the system does not tell."""
    if not process.exists():
        return float("nan")
    user, system = process.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def run(installation: Installation, statement: str) -> None:
    """Run it outside any transaction."""
    with installation.warehouse.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(statement))


def copied(names: list[str], into: str, ready: Path) -> Work:
    """Work that copies a ready file as it is."""

    def work(connection: Connection) -> None:
        order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier("index", into), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        cursor: Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
        with cursor.copy(order) as copy, ready.open("rb") as file:
            while part := file.read(BYTES_AT_ONCE):
                copy.write(part)

    return work


def full_history(installation: Installation, history: History, ready: Path) -> list[Row]:
    """Load all of it the three ways in turn; return the rows of the table."""
    doing("the ready file")
    columns = history.columns()
    with ready.open("wb") as file:
        file.write(HEADER)
        for part in rendered(tuple(columns.values())):
            file.write(part[len(HEADER) : -len(TRAILER)])
        file.write(TRAILER)
    run(installation, "CREATE TABLE index.bare (LIKE index.value_month INCLUDING DEFAULTS)")
    run(
        installation,
        "CREATE TABLE index.keyed (LIKE index.value_month INCLUDING DEFAULTS INCLUDING INDEXES)",
    )
    sides: dict[str, tuple[str, Work]] = {
        "bare COPY, no key": ("bare", copied(list(columns), "bare", ready)),
        "bare COPY, same key": ("keyed", copied(list(columns), "keyed", ready)),
        "ours": ("value_month", history.save),
    }
    del columns
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for turn in range(LOADS):
        for name, (into, work) in sides.items():
            run(installation, f"TRUNCATE index.{into}")
            run(installation, "CHECKPOINT")
            taken[name].append(cost_of(installation, work))
            clock, cpu = taken[name][-1]
            doing(f"turn {turn + 1}: {name} {clock:.1f} s, the server's CPU {cpu:.1f} s")
    run(installation, "DROP TABLE index.bare, index.keyed")
    rows = history.is_preliminary.size
    costs = {name: tuple(map(median, zip(*turns, strict=True))) for name, turns in taken.items()}
    limit = costs["bare COPY, no key"]
    return [
        (name, rows, clock, rows / clock, limit[0] / clock, cpu, limit[1] / max(cpu, TICK_S))
        for name, (clock, cpu) in costs.items()
    ]


def months(installation: Installation, history: History) -> list[Row]:
    """Save the newest month as a new one, as it is, and revised; return the rows of the table."""
    taken: dict[str, list[float]] = {"a new month": [], "the same again": [], "all revised": []}
    for n in range(UPSERTS):
        run(installation, f"DELETE FROM index.value_month WHERE month = '{history.last.first_day}'")
        run(installation, "VACUUM index.value_month")
        of_run = history.part(history.last, 1, more=0.002 * n)
        revised = history.part(history.last, 1, more=0.002 * n + 0.001)
        for name, one in zip(taken, (of_run, of_run, revised), strict=True):
            taken[name].append(clocked(installation, one.save))
    rows = len(history.series.landscape_keys)
    run(installation, "TRUNCATE index.value_month_superseded")
    return [
        (name, rows, 1000 * median(of_name), 1000 * min(of_name), 1000 * max(of_name))
        for name, of_name in taken.items()
    ]


def followed(installation: Installation, history: History) -> list[Row]:
    """Change the newest month of tables that others follow, and take it back; the table's rows."""
    found: list[Row] = []
    for name, change in FOLLOWED.items():
        taken = []
        for _ in range(UPSERTS):
            with installation.warehouse.connect() as connection:
                start = time.perf_counter()
                rows = connection.execute(text(change), {"month": history.last.first_day}).rowcount
                taken.append(1000 * (time.perf_counter() - start))
                connection.rollback()
        found.append((name, rows, median(taken), min(taken), max(taken)))
    return found


def clock(installation: Installation) -> datetime:
    """The warehouse's clock."""
    with installation.warehouse.connect() as connection:
        now: datetime = connection.execute(text("SELECT now()")).scalar_one()
        return now


def revisions(installation: Installation, history: History) -> tuple[datetime, datetime, list[Row]]:
    """Revise a year month by month.

    Returns:
        The moments before the first and before the last, and what the old rows take.
    """
    before = last = clock(installation)
    first = history.last + (-1 - REVISED_MONTHS)
    for n in range(REVISED_MONTHS):
        last = clock(installation)
        clocked(installation, history.revised(first + n, more=0.0001 * (n + 1)).save)
    with installation.warehouse.connect() as connection:
        kept, whole, rows = connection.execute(
            text(
                "SELECT sum(pg_column_size(o.*)), sum(pg_column_size(v.*)), count(*) "
                "FROM index.value_month_superseded AS o JOIN index.value_month AS v "
                "USING (landscape_key, month, source, calibration)"
            )
        ).one()
    head = "rows replaced by a month's revision"
    return (
        before,
        last,
        [
            (head + ", only what changed", rows // REVISED_MONTHS, kept / rows),
            (head + ", whole", rows // REVISED_MONTHS, whole / rows),
        ],
    )


def sizes(installation: Installation) -> list[Row]:
    """What the tables take on the disk."""
    names = ("index.value_month", "index.value_month_superseded", "plan.stage_month",
             "series.climate_month", "index.calibration", "plan.drought_event")  # fmt: skip
    found: list[Row] = []
    with installation.warehouse.connect() as connection:
        for name in names:
            rows, heap, indexes = connection.execute(
                text(
                    f"SELECT (SELECT count(*) FROM {name}), "
                    f"pg_table_size('{name}'), pg_indexes_size('{name}')"
                )
            ).one()
            found.append((name, rows, heap / 1e6, indexes / 1e6, (heap + indexes) / max(1, rows)))
    return found


def exports(installation: Installation, folder: Path) -> list[Row]:
    """Write the wide view to Parquet, against a binary COPY of it that nobody keeps."""

    def thrown_away(connection: Connection) -> None:
        cursor: Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
        order = "COPY (SELECT * FROM mart.index_month_wide) TO STDOUT (FORMAT binary)"
        with cursor.copy(order) as copy:
            for _ in copy:
                pass

    asked = Asked(views=("index_month_wide",), formats=(Format.PARQUET,))
    before = clocked(installation, thrown_away)
    start = time.perf_counter()
    export(installation, folder / "out", asked)
    ours = time.perf_counter() - start
    limit = (before + clocked(installation, thrown_away)) / 2
    with installation.warehouse.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM mart.index_month_wide")).scalar_one()
    return [
        ("binary COPY of the view, not kept", rows, limit, rows / limit, 1.0, 0.0),
        ("drought export, Parquet", rows, ours, rows / ours, limit / ours,
         megabytes(folder / "out")),
    ]  # fmt: skip


def measure(installation: Installation, folder: Path, month_count: int) -> None:
    """Measure all, and print a table of each."""
    history = History.of(series_of(installation), month_count)
    loaded = full_history(installation, history, folder / "ready")
    print()
    columns = ("full history", "rows", "clock s", "rows/s", "of the limit", "server CPU s")
    table((*columns, "of the limit's"), loaded)
    (folder / "ready").unlink()
    run(installation, "VACUUM ANALYZE index.value_month")
    doing("months")
    table(("month", "rows", "ms", "least", "most"), months(installation, history))
    doing("what the marts read besides")
    clocked(installation, lambda connection: save_what_rests_on_it(connection, history))
    run(installation, "VACUUM ANALYZE")
    table(("month", "rows", "ms", "least", "most"), followed(installation, history))
    doing("revisions")
    before, last, replaced = revisions(installation, history)
    run(installation, "ANALYZE index.value_month_superseded")
    table(("on the disk", "rows", "bytes a row"), replaced)
    table(("table", "rows", "MB", "MB of indexes", "bytes a row"), sizes(installation))
    for name, questions, at in (
        ("the main questions", MAIN, None),
        (f"as of before {REVISED_MONTHS} revisions", AS_OF, before),
        ("other marts", OTHERS, last),
    ):
        doing(name)
        table(ANSWER, answers(installation.warehouse, questions, at))
    doing("export")
    head = ("the wide view", "rows", "clock s", "rows/s", "of the limit", "MB")
    table(head, exports(installation, folder))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landscapes", type=int, default=2000)
    parser.add_argument("--months", type=int, default=MONTHS)
    asked = parser.parse_args()
    if asked.landscapes < 10 or asked.months < NEWEST.month + 100:
        parser.error("expected 10 landscapes and 108 months at the least")
    region = Region.of(4 * asked.landscapes, MONTHS)
    heading(
        f"warehouse: {asked.landscapes} landscapes x {asked.months} months x "
        f"{len(INDEX_CODES)} indices", "psycopg", "numpy",
    )  # fmt: skip
    doing("an installation")
    shapes = made_up(polygons(region, asked.landscapes))
    with fresh_installation(shapes) as (installation, folder):
        measure(installation, folder, asked.months)


if __name__ == "__main__":
    main()
