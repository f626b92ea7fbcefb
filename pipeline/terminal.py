"""What the command line and the demonstration show on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function to call with what is being done, how much is done, and of how much.

    A bar shows it on a terminal; where there is none, nothing is shown.
    """
    columns = (TextColumn("  {task.description}"), BarColumn(), TimeElapsedColumn())
    is_hidden = not console.is_terminal  # rich would leave an empty line there
    with Progress(*columns, console=console, transient=True, disable=is_hidden) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


def stage_table(stages: Sequence[dict[str, Any]]) -> Table:
    """Return the stages of one month as a table, one row per landscape."""
    table = Table(
        "country", "landscape", "land use", "meteorological", "agricultural", "hydrological"
    )
    for _, rows in groupby(stages, key=lambda row: row["landscape_id"]):
        one = list(rows)
        cells = {row["drought_type"]: _stage_cell(row) for row in one}
        use = one[0]["land_use"] + (" (derived)" if one[0]["is_derived"] else "")
        types = ("meteorological", "agricultural", "hydrological")
        table.add_row(
            one[0]["country_code"],
            one[0]["name_en"],
            use,
            *(cells.get(name, "-") for name in types),
        )
    return table


def _stage_cell(row: dict[str, Any]) -> str:
    if row["is_confirmed"]:
        return str(row["stage"])
    return "not known" if row["stage_rank"] == 0 else f"{row['stage']} (unconfirmed)"
