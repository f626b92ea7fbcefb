"""What `drought evaluate --as-of` shows: one sentence where all is equal, else what is not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.core.months import Month
from pipeline.steps.differences import Difference, Kind
from pipeline.steps.replay import Replay
from pipeline.terminal import folded_table
from pipeline.warehouse.evaluations import PastEvaluation

MOST_ON_SCREEN = 20
COLUMNS = ("what", "landscape_id", "month", "of", "was", "would_be", "remark", "source")
_WAITING = "of an older series, not computed anew when it was decided"


@dataclass
class Kept:
    """The first differences of decisions, for the screen; all go to a file, if there is one."""

    file: Path | None
    write: Callable[[tuple[str, ...]], object]
    first: list[Difference] = field(default_factory=list)

    def tell(self, difference: Difference) -> None:
        """Take one more difference. Those of indices are told on the screen as a table of their own."""
        self.write(_row(difference))
        if difference.kind is not Kind.INDEX and len(self.first) < MOST_ON_SCREEN:
            self.first.append(difference)


@contextmanager
def differences_to(path: Path | None) -> Iterator[Kept]:
    """Give a keeper of differences that writes them to a CSV file as they come.

    Raises:
        OSError: the file cannot be written.
    """
    if path is None:
        yield Kept(None, lambda row: None)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        yield Kept(path, rows.writerow)


def _row(one: Difference) -> tuple[str, ...]:
    remark = _WAITING if one.is_waiting else ""
    said = (str(one.kind), one.landscape_id, str(one.month), one.of, one.was, one.now)
    return *said, remark, one.source


def print_replay(console: Console, found: Replay, kept: Kept) -> None:
    """Print what was replayed, by which versions, and what differs."""
    console.print(_evaluation_line(found.evaluation), highlight=False, soft_wrap=True)
    for line in (_verdict(found), *_version_lines(found), *_waiting_lines(found)):
        console.print(line, highlight=False, soft_wrap=True)
    if found.differing[Kind.INDEX]:
        console.print(_index_table(found))
    if kept.first:
        console.print(_decision_table(kept.first))
        left = found.differing[Kind.STAGE] + found.differing[Kind.CHANGE] - len(kept.first)
        if left:
            where = f"in {kept.file}" if kept.file else "--report FILE.csv writes all"
            console.print(f"and {left:,} more; {where}", highlight=False, soft_wrap=True)


def _evaluation_line(past: PastEvaluation) -> str:
    span = f"months {_month(past.first, 'from the first')} to {_month(past.to, 'the newest')}"
    rebuilt = (
        "; older than the record of evaluations, rebuilt from the stages and alerts it wrote"
        if past.is_rebuilt
        else ""
    )
    return (
        f"evaluation of {_time(past.decided_at)}, committed {_time(past.committed_at)}: by "
        f"{', else '.join(past.sources)}, calibration {past.period}, {span}{rebuilt}"
    )


def _month(month: Month | None, otherwise: str) -> str:
    return otherwise if month is None else str(month)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _verdict(found: Replay) -> str:
    stages, changes, values = (found.compared[k] for k in (Kind.STAGE, Kind.CHANGE, Kind.INDEX))
    compared = (
        f"{stages:,} stages, {changes:,} changes of stage with their evidence and {values:,} values "
        f"of indices, of {found.landscapes:,} landscapes"
    )
    if not found.differing.total():
        return f"equal: what was known then gives what was decided then, {compared}"
    told = ", ".join(f"{found.differing[k]:,} of {found.compared[k]:,} {_PLURAL[k]}" for k in Kind)
    why = (
        "by other software than decided then"
        if found.other_versions
        else "though the software is the same: history was changed, or there is a defect"
    )
    return f"different: {told}, {why}"


_PLURAL = {
    Kind.INDEX: "values of indices",
    Kind.STAGE: "stages",
    Kind.CHANGE: "changes of stage",
}


def _version_lines(found: Replay) -> Iterator[str]:
    for name, (then, now) in found.other_versions.items():
        yield f"version of {name}: {then or 'not known'} then, {now or 'not used'} now"


def _waiting_lines(found: Replay) -> Iterator[str]:
    if found.waiting:
        yield f"{found.waiting:,} values of indices were {_WAITING}; that is no difference"


def _index_table(found: Replay) -> Table:
    table = folded_table(
        "source", "index", "different", "of", "largest", "such as", "was", "would be"
    )
    for one in found.indices:
        for tally in one.tallies.values():
            if tally.example is not None:
                example = f"{tally.example.landscape_id} {tally.example.month}"
                table.add_row(
                    one.source, tally.index, f"{tally.differing:,}", f"{tally.compared:,}",
                    f"{tally.largest:.2g}", example, tally.example.was, tally.example.now,
                )  # fmt: skip
    return table


def _decision_table(differences: list[Difference]) -> Table:
    table = folded_table("what", "landscape", "month", "drought", "was", "would be")
    for one in differences:
        table.add_row(*_row(one)[:-2])
    return table
