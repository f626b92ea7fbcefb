"""What `drought plans diff` shows: in what two plans differ, and what adopting one would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.commands.options import screen
from pipeline.terminal import folded_table

if TYPE_CHECKING:
    from pipeline.steps.adoption import Adoption, Told

_SHOWN = 20
"""Rows of a table; `--json` has all."""


def print_differences(before: str, after: str, differences: Sequence[str]) -> None:
    """Print in what two documents differ."""
    print(f"documents: from {before} to {after}")
    for line in differences or ["nothing differs"]:
        print(f"  {line}")


def print_adoption(tried: Adoption) -> None:
    """Print what adopting a plan would change in stages and alerts."""
    print(f"stages: {tried.after} in force in {tried.country} from {tried.tried_from} on")
    print(f"  compared with {tried.before or 'no plan at all'}; nothing was written")
    if tried.tried_from != tried.first:
        print(
            f"  no month from {tried.first} on has stages yet: this is what the plan would say of "
            f"{tried.newest}, the newest month"
        )
    changed = sum(shift.months for shift in tried.shifts)
    print(
        f"  {changed} of {tried.landscape_months} landscape-months of {tried.landscapes} landscapes "
        "would have another stage"
    )
    _print_shifts(tried)
    _print_standing(tried)
    _print_told(tried)
    for drop in tried.dropped:
        under_way = ", ".join(drop.under_way) or "none"
        print(f"  no stages any more for {drop.drought_type} drought; under way: {under_way}")
    if tried.obstacle is not None:
        print(f"  it cannot be loaded as it is: {tried.obstacle}")


def _print_shifts(tried: Adoption) -> None:
    if tried.shifts:
        table = folded_table("drought", "was", "would be", "landscapes", "months", "from", "to")
        for one in tried.shifts:
            counts = (str(one.landscapes), str(one.months), str(one.first), str(one.last))
            table.add_row(one.drought_type, one.was, one.now, *counts)
        screen.print(table)


def _print_standing(tried: Adoption) -> None:
    print(f"  in {tried.newest} {len(tried.standing)} would stand elsewhere")
    if tried.standing:
        table = folded_table("landscape", "name", "drought", "stands at", "would be")
        for one in tried.standing[:_SHOWN]:
            table.add_row(one.landscape_id, one.name, one.drought_type, one.was, one.now)
        screen.print(table)
        _print_more(tried.standing)


def _print_told(tried: Adoption) -> None:
    if tried.tried_from != tried.first:
        return
    print(f"  alerts that would wait for approval after the next evaluation: {len(tried.told)}")
    if tried.told:
        table = folded_table("month", "landscape", "drought", "alert", "stage")
        for one in tried.told[:_SHOWN]:
            table.add_row(
                str(one.month), one.landscape_id, one.drought_type, one.change, _stages(one)
            )
        screen.print(table)
        _print_more(tried.told)


def _stages(one: Told) -> str:
    if one.from_stage == one.to_stage:
        return one.to_stage
    return f"{one.from_stage} to {one.to_stage}"


def _print_more(rows: Sequence[object]) -> None:
    if len(rows) > _SHOWN:
        print(f"    and {len(rows) - _SHOWN} more; --json has all")
