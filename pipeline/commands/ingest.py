"""The commands `drought ingest …`: data in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    ExistingFiles,
    FromMonth,
    ToMonth,
    in_order,
    notes,
    option,
)
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, OrderUnits, Product, Release, StationFormat
from pipeline.terminal import (
    progress,
)

ingest = typer.Typer(help="Bring data in. Every file is kept as it came.", no_args_is_help=True)


def _countries(text: str) -> str:
    wrong = [code for code in text.split(",") if code not in set(Country)]
    if wrong:
        raise InputError(f"countries: expected some of {','.join(Country)}, got {','.join(wrong)}")
    return text


@ingest.command("era5-land")
def ingest_era5_land_command(
    first: FromMonth,
    last: ToMonth,
    countries: Annotated[
        str, typer.Option(metavar="UZ,TJ", callback=option(_countries), help="Whose area.")
    ] = ",".join(Country),
) -> None:
    """Fetch ERA5-Land monthly means from the Copernicus data store, a year at a time.

    Needs your key in CDSAPI_KEY and, once, the licence accepted on the data set's page. The store's
    queue may take hours; Ctrl-C loses nothing, the same command goes on where it stopped.
    """
    from pipeline.steps.fetch_at_once import ingest_era5_land

    in_order(first, last)
    with progress(notes) as advance:
        months = ingest_era5_land(
            wiring.installation(),
            first,
            last,
            countries=[Country(code) for code in countries.split(",")],
            advance=advance,
        )
    print(f"era5-land: {len(months)} months ingested, {first} to {last}")


@ingest.command("grid")
def ingest_grid_command(
    files: ExistingFiles,
    source: Annotated[str, typer.Option(help="Name of the data source, such as era5-land.")],
    release: Annotated[
        Release | None, typer.Option(help="Release of months of which the file does not say it.")
    ] = None,
    product: Annotated[
        Product | None,
        typer.Option(help="What metres of rain stand for, where the file does not say it."),
    ] = None,
) -> None:
    """Take grid files laid out as the Copernicus data store does. Needs no internet."""
    from pipeline.steps.ingest import ingest_grid

    installation = wiring.installation()
    for path in files:
        months = ingest_grid(installation, path, source=source, product=product, release=release)
        print(f"{path.name}: {len(months)} months, {months[0]} to {months[-1]}")


@ingest.command("stations")
def ingest_stations_command(
    files: ExistingFiles,
    format_: Annotated[
        StationFormat | None,
        typer.Option("--format", help="How the files are written [by their content]."),
    ] = None,
    layout: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="An agency's own columns (YAML)."),
    ] = None,
    units: Annotated[
        OrderUnits | None,
        typer.Option(help="Of an order from Climate Data Online, which does not name them."),
    ] = None,
) -> None:
    """Take gauge records: GHCN-Daily, CLIMAT, or an agency's own table (docs/agency_files.md).

    Every value is stored with a verdict, or refused with its reason; what is suspect is marked and
    counted. A gauge is restricted unless its file or `drought stations disclose` says otherwise.
    """
    from pipeline.sources.layouts import read_layout
    from pipeline.steps.ingest_stations import ingest_stations

    installation = wiring.installation()
    for path in files:
        as_told = read_layout(layout) if layout else None
        print(f"{path.name}: {ingest_stations(installation, path, format_, as_told, units)}")


@ingest.command("indicator")
def ingest_indicator_command(files: ExistingFiles) -> None:
    """Take your agency's own indicators: tables as docs/agency_indicators.md describes them.

    Forecasts of water availability, snow surveys, reservoir storage, soil moisture, each with its
    document and date of issue. A row that cannot stand is named here and kept in quarantine.
    """
    from pipeline.steps.ingest_indicator import ingest_indicator

    installation = wiring.installation()
    for path in files:
        done = ingest_indicator(installation, path)
        print(f"{path.name}: {done}")
        for row in done.refused:
            line = f"{path.name}: line {row.line}: {row.reason}"
            notes.print(line, highlight=False, markup=False, soft_wrap=True)


@ingest.command("watch")
def ingest_watch_command(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="A folder, or any URL that fsspec can open.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Source of the grid files; else the folder grids/SOURCE.")
    ] = None,
    release: Annotated[
        Release | None, typer.Option(help="Release of months of which a grid does not say it.")
    ] = None,
    product: Annotated[
        Product | None,
        typer.Option(help="What metres of rain stand for, where a grid does not say it."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Try files that were refused before once more.")
    ] = False,
) -> None:
    """Take every new file of a drop folder: grids, gauge records, indicators, layouts.

    The content decides what a file is. Nothing in the folder is moved or deleted: files are known
    by their checksum, and taking them twice changes nothing. One round: a timer or the DAG repeats
    it. Exit code 1 if a file was refused now.
    """
    from pipeline.steps.taking import GridWords
    from pipeline.steps.watch import watch

    with progress(notes) as advance:
        came = watch(
            wiring.installation(),
            folder,
            words=GridWords(source, release, product),
            again=again,
            advance=advance,
        )
    for line in came.taken:
        print(line)
    for path in came.waiting:
        print(f"{path}: left for the next round, it may still be being written")
    print(came)
    for line in (*came.refused, *came.troubled):
        notes.print(f"error: {line}", highlight=False, markup=False, soft_wrap=True)
    if not came.is_clean:
        raise typer.Exit(1)
