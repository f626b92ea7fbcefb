"""Load plan documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.plan_documents import read_plan_file, refuse_unfit
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.plans import has_decisions, is_held, save_plan


@acts_as(Component.CONFIGURE)
def load_plan(
    installation: Installation, path: Path, *, effective_from: Month | None = None
) -> tuple[Plan, bool]:
    """Load the plan in a file; return it and whether it was new.

    Args:
        installation: where.
        path: the document.
        effective_from: put it in force from this month on; None: from the one it says itself.

    Raises:
        InputError: the document is refused, alone or beside those that are stored, or does not
            rule in that month.
        ConflictError: this version was loaded with another content, or for another month.
    """
    with recorded(installation.warehouse, "plans") as report:
        plan = read_plan_file(path)
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            refuse_unfit(connection, plan, str(path), effective_from or plan.effective_from)
            is_new = save_plan(connection, plan, is_shipped=False, effective_from=effective_from)
        report.rows = int(is_new)
        return plan, is_new


@acts_as(Component.CONFIGURE)
def load_shipped(
    installation: Installation, country: Country, *, effective_from: Month | None = None
) -> tuple[Plan, bool]:
    """Load the plan of a country that came with the software; return it and whether it was new.

    Args:
        installation: where.
        country: whose.
        effective_from: put it in force from this month on; None: from the one it says itself, where
            nothing was decided yet.

    Raises:
        InputError: stages of the country were decided, and no month is given.
        ConflictError: this version was loaded with another content, or for another month.
    """
    with recorded(installation.warehouse, "plans") as report:
        plan = next(one for one in shipped_plans() if one.country is country)
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            if effective_from is None and _would_rewrite(connection, plan):
                raise InputError(
                    f"plans load: stages of {country} have been decided, and the shipped plan would "
                    f"rule from {plan.effective_from} on and change them; expected the month from "
                    "which it is to rule, `--from YYYY-MM`"
                )
            is_new = save_plan(connection, plan, is_shipped=True, effective_from=effective_from)
        report.rows = int(is_new)
        return plan, is_new


def take_shipped_plans(connection: Connection, tell: Callable[[str], None]) -> list[str]:
    """Load the shipped plans of countries in which nothing was decided yet; return the new ones.

    What an agency decided is never changed by newer software: elsewhere `tell` is told how the
    document is put in force.

    Args:
        connection: the caller's transaction, which alone writes.
        tell: told of each plan that is not loaded.
    """
    new = []
    for plan in shipped_plans():
        named = f"{plan.plan_id} version {plan.version}"
        if _would_rewrite(connection, plan):
            tell(
                f"plan {named} came with this software and is not loaded, as stages of "
                f"{plan.country} have been decided: `drought plans load --shipped {plan.country} "
                "--from YYYY-MM` puts it in force from a month on"
            )
        elif save_plan(connection, plan, is_shipped=True):
            new.append(named)
    return new


def _would_rewrite(connection: Connection, plan: Plan) -> bool:
    return not is_held(connection, plan) and has_decisions(connection, plan.country)
