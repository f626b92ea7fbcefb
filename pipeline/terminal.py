"""What the command line and the demonstration show on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from pipeline.warehouse.checks import in_words

if TYPE_CHECKING:
    from pipeline.alerts.comparison_table import Section
    from pipeline.steps.explain import Explained
    from pipeline.steps.revisions import Change, MonthRevision, Revisions, StageRevision
    from pipeline.steps.standing import Standing
    from pipeline.warehouse.channels import ChannelWaiting
    from pipeline.warehouse.checks import Checked
    from pipeline.warehouse.schedules import SourceSchedule

CHECK_CODES: Mapping[str, int] = {"ok": 0, "attention": 1, "broken": 2}
"""Exit codes of `drought status --check`, as plugins of Nagios and its kin have them."""
_WIDEST = 10_000
"""No table needs more columns of a screen."""
_NARROWEST = 8
"""Letters to a line that a column keeps beside wide ones."""


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


def folded_table(*headings: str) -> Table:
    """Return a table that folds what a narrow screen has no room for, and cuts nothing."""
    return Table(*(Column(heading, overflow="fold") for heading in headings))


def stage_table(stages: Sequence[dict[str, Any]]) -> Table:
    """Return the stages of one month as a table, one row per landscape."""
    table = folded_table(
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


def freshness_line(row: Mapping[str, Any]) -> str:
    """Return one row of `mart.freshness` in words, without what is late."""
    who = f"{row['country_code']} {row['source']}:"
    if row["newest_month"] is None:
        return f"{who} no values of {row['landscapes']} landscapes yet"
    final = (
        ""
        if row["newest_final_month"] is None
        else f" (final to {row['newest_final_month']:%Y-%m})"
    )
    return (
        f"{who} {row['newest_month']:%Y-%m} {row['release']}{final}, values for "
        f"{row['landscapes_with_values']} of {row['landscapes']} landscapes"
    )


def check_line(found: Standing) -> str:
    """Return how all stands in one line, with numbers that a monitoring system draws."""
    exercise = "EXERCISE - SIMULATED DATA - " if found.is_exercise else ""
    said = "; ".join(f"{one.what}: {one.said}" for one in found.reasons) or "all is well"
    text = f"DROUGHT {str(found.verdict).upper()} - {exercise}{said}".replace("|", "/")
    held = found.status
    numbers = (
        {}
        if held is None
        else {
            "pending": len(held.pending),
            "undelivered": sum(one.waiting for one in held.channels),
            "late": len(held.late),
            "failing": len(held.failing),
        }
    )
    drawn = " ".join(f"{name}={number}" for name, number in numbers.items())
    return f"{text} | {drawn}" if drawn else text


def schedule_cells(schedule: SourceSchedule | None) -> tuple[str, str, str, str]:
    """Return when first values, final values and overdue ones are expected, and by what reference."""
    if schedule is None:
        return "not set: never late", "-", "-", "-"
    asked, late = schedule.final_after_days, schedule.final_late_after_days
    return (
        f"day {schedule.preliminary_after_days}",
        "never: first values are final" if asked is None else f"from day {asked}",
        "-" if late is None else f"after day {late}",
        schedule.reference,
    )


def print_revisions(console: Console, found: Revisions) -> None:
    """Print what changed in values, by month, and in stages, by landscape."""
    if not found.months and not found.stages:
        console.print("nothing that had been shown was changed")
        return
    table = _month_table(found.months)
    if _fits(console, table):
        console.print(table)
    else:
        _print_months(console, found.months)
    table = _changed_stage_table(found.stages)
    if not found.stages:
        console.print("no stage changed")
    elif _fits(console, table):
        console.print(table)
    else:
        _print_stages(console, found.stages)


def _fits(console: Console, table: Table) -> bool:
    """Whether nothing of a table would have to be cut or folded."""
    return console.measure(table, options=console.options.update(width=_WIDEST)).maximum <= (
        console.width
    )


def _month_table(months: Sequence[MonthRevision]) -> Table:
    rain = ("changed", "mean mm", "largest mm")
    table = Table("month", "source", *rain, "now final", "SPI-3", "mean", "largest", "gaps")
    for one in months:
        table.add_row(
            str(one.month),
            one.source,
            *_change_cells(one.precipitation_mm, "+z.1f"),
            str(one.settled),
            *_change_cells(one.spi_3, "+z.2f"),
            _gap_cell(one),
        )
    return table


def _print_months(console: Console, months: Sequence[MonthRevision]) -> None:
    """Print what became of months as a list, where the table is wider than the screen."""
    for one in months:
        settled = f"; {one.settled} now final" if one.settled else ""
        lines = [f"{one.month} {one.source}{settled}"]
        for what, change, form, unit in (
            ("rain", one.precipitation_mm, "+z.1f", " mm"),
            ("SPI-3", one.spi_3, "+z.2f", ""),
        ):
            number, *figures = _change_cells(change, form)
            named = zip(("mean", "largest"), figures, strict=True)
            said = [f"{name} {figure}{unit}" for name, figure in named if figure]
            if change.landscapes:
                lines.append(f"  {what}: {', '.join((f'changed in {number}', *said))}")
        if gaps := _gap_cell(one):
            lines.append(f"  gaps: {gaps}")
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _changed_stage_table(stages: Sequence[StageRevision]) -> Table:
    table = Table("country", "landscape", "drought", "months", "was", "is", "told")
    for stage in stages:
        table.add_row(
            stage.country,
            stage.name,
            stage.drought_type,
            _span(stage),
            stage.old_stage,
            stage.new_stage,
            told_in_words(stage),
        )
    return table


def _print_stages(console: Console, stages: Sequence[StageRevision]) -> None:
    """Print changed stages as a list, where the table is wider than the screen."""
    for one in stages:
        lines = (
            f"{_span(one)} {one.country} {one.name}",
            f"  {one.drought_type}: was {one.old_stage}, is {one.new_stage}",
            f"  told: {told_in_words(one)}",
        )
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _span(stage: StageRevision) -> str:
    return str(stage.first) if stage.first == stage.last else f"{stage.first} to {stage.last}"


def _change_cells(change: Change, form: str) -> tuple[str, str, str]:
    figures = ("" if one is None else format(one, form) for one in (change.mean, change.largest))
    mean, largest = figures
    return str(change.landscapes), mean, largest


def _gap_cell(one: MonthRevision) -> str:
    filled = max(one.precipitation_mm.filled, one.spi_3.filled)
    lost = max(one.precipitation_mm.lost, one.spi_3.lost)
    said = ((filled, "filled"), (lost, "new"))
    return ", ".join(f"{number} {what}" for number, what in said if number)


def told_in_words(stage: StageRevision) -> str:
    """Return whether a changed stage was told, and by which alert."""
    why = "another plan; " if stage.is_new_plan else ""
    if stage.alert_id is None or stage.approval == "not_needed":
        return f"{why}no: nothing had been told"
    answers = {"pending": "waits for approval", "approved": "yes", "refused": "no: refused"}
    return f"{why}{answers.get(stage.approval or '', stage.approval)} (alert {stage.alert_id})"


def request_line(row: dict[str, Any]) -> str:
    """Return what `drought status` says of a request to the data store."""
    first, last = f"{row['first_month']:%Y-%m}", f"{row['last_month']:%Y-%m}"
    months = first if first == last else f"{first} to {last}"
    since = row["asked_at"] if row["state"] == "open" else row["ended_at"]
    state = {"open": "asked for", "not_published": "not published yet"}.get(row["state"], "failed")
    why = f": {row['trouble']}" if row["trouble"] else ""
    what = " by the hour of the day" if row["product_type"].endswith("_by_hour_of_day") else ""
    return (
        f"data store: {months}{what} {state} since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC{why}"
    )


def channel_line(one: ChannelWaiting) -> str:
    """Return what `drought status` says of a channel that has something to send, or does not answer."""
    refused = f" ({one.refused} of them refused so far)" if one.refused else ""
    parts = [f"{one.channel}: {one.waiting} wait{'s' if one.waiting == 1 else ''}{refused}"]
    if one.failing_since is not None:
        parts.append(f"no answer since {one.failing_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if one.next_attempt_at is not None:
        parts.append(f"next try after {one.next_attempt_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if one.said is not None:
        parts.append(f"last: {one.said}")
    return "; ".join(parts)


def checked_lines(one: Checked) -> list[str]:
    """Return what a check found in lines for people: none wrong is one line."""
    name = one.check.name
    if one.trouble is not None:
        return [f"{'broken':<8}{name}: could not be run: {str(one.trouble).splitlines()[0]}"]
    if not one.count:
        return [f"{'ok':<8}{name}"]
    rows = [f"          {in_words(row)}" for row in one.rows]
    more = one.count - len(rows)
    return [
        f"{one.check.severity:<8}{name}: {one.count} row{'s' if one.count > 1 else ''}",
        f"        {one.check.means}",
        f"        Do: {one.check.remedy}",
        *rows,
        *([f"          and {more} more"] if more else []),
    ]


def checked_facts(one: Checked) -> dict[str, Any]:
    """Return what a check found, for programs."""
    return {
        "check": one.check.name,
        "severity": str(one.check.severity),
        "means": one.check.means,
        "remedy": one.check.remedy,
        "count": one.count,
        "rows": one.rows,
        "trouble": None if one.trouble is None else str(one.trouble),
    }


def print_evidence(console: Console, explained: Explained) -> None:
    """Print the tables of an alert, how its rules count, and the label that stands last."""
    for section in explained.tables:
        console.print(evidence_table(section))
        console.print()
    lines = ["How the rules count", "", *explained.rule_path, ""]
    for line in [*lines, explained.label] if explained.label else lines:
        console.print(line, markup=False, highlight=False)


def evidence_table(section: Section) -> Table:
    """Return one table of evidence; words of its unbroken columns stay whole on any screen."""
    table = folded_table(*section.headings)
    for n, column in enumerate(table.columns):
        longest = _longest_word([section.headings[n], *(row[n] for row in section.rows)])
        column.min_width = longest if n in section.unbroken else min(longest, _NARROWEST)
    table.title, table.title_justify, table.box = section.title, "left", box.SIMPLE_HEAD
    table.caption, table.caption_justify = section.legend or None, "left"
    table.show_header = any(section.headings)
    table.pad_edge, table.collapse_padding = False, True
    for row in section.rows:
        table.add_row(*map(Text, row))  # what stands in square brackets is no markup
    return table


def _longest_word(cells: Iterable[str]) -> int:
    return max((len(word) for cell in cells for word in cell.split()), default=1)
