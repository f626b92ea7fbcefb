"""Checks of the warehouse: each query in `sql/checks` returns offending rows, and none is success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse.checks import run_checks


def check(installation: Installation) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Run all checks and return the rows of each, none where all is well.

    Raises:
        InputError: a check returned rows.
    """
    with recorded(installation.warehouse, "check") as report:
        with installation.warehouse.connect() as connection:
            found = run_checks(connection)
        report.rows = sum(map(len, found.values()))
        wrong = {name: rows for name, rows in found.items() if rows}
        if wrong:
            first = "; ".join(
                f"{name}: {len(rows)}, e.g. {rows[0]}" for name, rows in wrong.items()
            )
            raise InputError(
                f"warehouse: expected no offending rows, got {first}; each check's first lines in "
                "sql/checks say what to do"
            )
        return found
