"""Checks of the warehouse: each query in `sql/checks` returns offending rows, and none is success."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Engine

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.warehouse.checks import Check, Checked, Severity, in_words, read_checks, run_checks
from pipeline.warehouse.outcomes import check_facts

Tell = Callable[[Checked], None]


@acts_as(Component.WATCH)
def check(
    installation: Installation,
    *,
    only: Collection[str] = (),
    tell: Tell = lambda checked: None,
) -> dict[str, Checked]:
    """Run the checks and return what each found, by its name.

    Args:
        installation: where.
        only: names of checks; none: all.
        tell: told of each check when it is done.

    Raises:
        InputError: a check whose rows are errors returned some, or there is no check of a name.
        psycopg.Error: a check could not be run, and those that could found no error.
    """
    checks = read_checks(only)  # a name that is none is wrong usage, and no outcome
    with recorded(installation.warehouse, "check") as report:
        found = looked_over(installation.warehouse, checks, tell)
        report.rows = sum(one.count for one in found)
        report.facts = None if only else _facts(found)
        notices = [one for one in found if one.check.severity is Severity.NOTICE and one.count]
        report.message = f"{len(found)} checks, {_counted(notices)}" if notices else None
        _refuse(found)
        return {one.check.name: one for one in found}


def looked_over(
    warehouse: Engine,
    checks: Sequence[Check] | None = None,
    tell: Tell = lambda checked: None,
) -> list[Checked]:
    """Run checks, else all, on a warehouse as it is at this moment, and write nothing down."""
    found = []
    with warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        for one in run_checks(connection, read_checks() if checks is None else checks):
            tell(one)
            found.append(one)
    return found


def _refuse(found: Sequence[Checked]) -> None:
    broken = [one for one in found if one.trouble is not None]
    wrong = [one for one in found if one.is_wrong]
    if wrong:
        said = "; ".join(
            f"{one.check.name}: {one.count}, e.g. {in_words(one.rows[0])}" for one in wrong
        )
        could_not = ", ".join(one.check.name for one in broken)
        raise InputError(
            f"warehouse: expected no offending rows, got {said}; `drought check` says of each what "
            f"to do{f'. Not run: {could_not}' if broken else ''}"
        )
    for one in broken:
        assert one.trouble is not None  # noqa: S101
        one.trouble.add_note(f"sql/checks/{one.check.name}.sql")
        raise one.trouble


def _facts(found: Sequence[Checked]) -> dict[str, Any]:
    of = {
        severity: [one for one in found if one.check.severity is severity] for severity in Severity
    }
    return check_facts(
        {
            str(severity): {
                "checks": sum(1 for one in some if one.count),
                "rows": sum(one.count for one in some),
            }
            for severity, some in of.items()
        },
        sum(1 for one in found if one.trouble is not None),
    )


def _counted(found: Sequence[Checked]) -> str:
    return ", ".join(f"{one.check.name} {one.count}" for one in found)
