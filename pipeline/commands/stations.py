"""The commands `drought stations …`: what a person decides about gauges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from pipeline import wiring
from pipeline.commands.options import (
    screen,
)

stations = typer.Typer(
    help="Gauges: places, completeness policies, disclosure, how their files are read.",
    no_args_is_help=True,
)

StationIds = Annotated[list[str], typer.Argument(metavar="STATION...", help="Ids of gauges.")]


def _require(word: str, known: Sequence[str]) -> None:
    """Make another word wrong usage. Typer would ask for the enum, which loads the science."""
    if word not in known:
        raise typer.BadParameter(f"expected one of {', '.join(known)}, got {word}")


@stations.command("load")
def stations_load(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A list of stations.")
    ],
    layout: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="How its columns are named (YAML)."),
    ] = None,
) -> None:
    """Load where gauges stand: station_id, latitude, longitude, and if you like elevation_m, name.

    A column valid_from (YYYY-MM-DD) tells of moves; without it, a place that differs from the one
    held counts from today. Earlier places stay known.
    """
    from pipeline.sources.layouts import read_layout
    from pipeline.steps.stations import load_stations

    counts = load_stations(wiring.installation(), file, read_layout(layout) if layout else None)
    print(f"{file.name}: {counts}")


@stations.command("policy")
def stations_policy(
    names: StationIds,
    policy: Annotated[
        str,
        typer.Argument(help="wmo_1203, dekads_complete or sparse_reporting; docs/method.md."),
    ],
) -> None:
    """Choose when a month has enough days to count, and make the months of these gauges anew.

    sparse_reporting takes days without a report as dry, where a gauge reports only days with rain.
    Nothing proves that they were; each month says how many days it assumed.
    """
    from pipeline.stations.months import Completeness
    from pipeline.steps.stations import choose_policy

    _require(policy, list(Completeness))
    done = choose_policy(wiring.installation(), names, Completeness(policy))
    print(
        f"{policy}: {done.months} months, {done.months - done.gaps} with a total, "
        f"{done.changed} new or different"
    )


@stations.command("disclose")
def stations_disclose(
    names: StationIds,
    disclosure: Annotated[str, typer.Argument(help="open, agency or restricted.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    reason: Annotated[str, typer.Option(help="On what ground.")],
) -> None:
    """Decide under your name who may see the values of gauges.

    Open values reach analysts, letters, exports and the site. No file changes your decision.
    """
    from pipeline.stations.observations import Disclosure
    from pipeline.steps.stations import disclose

    _require(disclosure, list(Disclosure))
    disclose(wiring.installation(), names, Disclosure(disclosure), by=by, reason=reason)
    print(f"{disclosure}: {', '.join(names)}")


@stations.command("list")
def stations_list() -> None:
    """List the gauges, their records, and who may see them."""
    from pipeline.steps.stations import station_summaries

    table = Table(
        Column("id", no_wrap=True, min_width=11),
        "name",
        "place",
        "from",
        "to",
        "policy",
        "months kept",
        "suspect",
        "disclosure",
    )
    for row in station_summaries(wiring.installation(reads_only=True)):
        table.add_row(*_cells(row))
    screen.print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    place = "" if row["latitude"] is None else f"{row['latitude']:.3f} {row['longitude']:.3f}"
    moves = (row["positions"] or 1) - 1
    kept = f"{row['months_with_precipitation']} of {row['months']}" if row["months"] else "none"
    share = "" if row["suspect_share"] is None else f"{100 * row['suspect_share']:.1f} %"
    return [
        row["station_id"],
        row["name"] or "",
        f"{place} (moved {moves}x)" if moves else place,
        *(f"{row[end]:%Y-%m}" if row[end] else "" for end in ("first_month", "last_month")),
        row["policy"],
        kept,
        share,
        row["disclosure"],
    ]


@stations.command("layout-check")
def stations_layout_check(
    layout: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="LAYOUT", help="The YAML file.")
    ],
    data: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, metavar="DATA", help="A file to try it on."),
    ] = None,
) -> None:
    """Check a layout file, and show the first values of a file as it understands them.

    Nothing is loaded. docs/agency_files.md describes the keys.
    """
    from pipeline.steps.check_layout import check_layout

    for line in check_layout(layout, data):
        print(line)
