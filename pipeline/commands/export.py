"""The commands that hand data out: export, dictionary."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import MaybeFrom, file_to_write, notes, option
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import Country, IndexCode
from pipeline.core.moments import Moment
from pipeline.core.months import Month
from pipeline.terminal import progress

exports = typer.Typer()


class Separator(StrEnum):
    """What stands between the fields of CSV."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "tab"


class Decimal(StrEnum):
    """What stands in the numbers of CSV."""

    POINT = "."
    COMMA = ","


class FormatName(StrEnum):
    """`delivery.tables.kinds.Format`, without the seconds it takes to load it."""

    PARQUET = "parquet"
    GEOPARQUET = "geoparquet"
    CSV = "csv"
    XLSX = "xlsx"
    GPKG = "gpkg"


@exports.command()
def export(
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is not there yet.")],
    formats: Annotated[
        list[FormatName] | None,
        typer.Option(
            "--format",
            help="Repeat for several. Without it: Parquet, CSV, XLSX, and GeoParquet of what has polygons.",
        ),
    ] = None,
    views: Annotated[
        list[str] | None,
        typer.Option(
            "--view", help="A view of mart; repeat for several. Without it: all but the largest."
        ),
    ] = None,
    first: MaybeFrom = None,
    until: Annotated[
        Month | None,
        typer.Option("--until", parser=option(Month.parse), metavar="YYYY-MM", help="Last month."),
    ] = None,
    countries: Annotated[
        list[Country] | None, typer.Option("--country", help="Repeat for several.")
    ] = None,
    indices: Annotated[
        list[IndexCode] | None,
        typer.Option(
            "--index",
            parser=option(IndexCode.parse),
            metavar="INDEX",
            help="Such as spi_12; repeat for several.",
        ),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", help="Such as era5-land; repeat for several."),
    ] = None,
    calibrations: Annotated[
        list[CalibrationPeriod] | None,
        typer.Option(
            "--calibration",
            parser=option(CalibrationPeriod.parse),
            metavar="1991-2020",
            help="Repeat for several.",
        ),
    ] = None,
    as_of: Annotated[
        Moment | None,
        typer.Option(
            parser=option(Moment.parse),
            metavar="TIMESTAMP",
            help="As it was known until a day, such as 2027-03-03, or a time with its offset, such as "
            "2027-03-03T12:00Z.",
        ),
    ] = None,
    separator: Annotated[
        Separator, typer.Option(help="Between the fields of CSV.")
    ] = Separator.COMMA,
    decimal: Annotated[Decimal, typer.Option(help="In the numbers of CSV.")] = Decimal.POINT,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of an earlier export.")
    ] = False,
) -> None:
    """Write the warehouse's tables to a folder: Parquet, GeoParquet, CSV, Excel, with a dictionary.

    All files are of one moment; README.txt says what they are, `sha256sum -c SHA256SUMS` checks
    them. For Excel in Russian or Turkish: --format csv --separator ';' --decimal ,
    """
    if first is not None and until is not None and until < first:
        raise typer.BadParameter(f"--until ({until}) must not be before --from ({first})")
    sign = "\t" if separator is Separator.TAB else str(separator)
    if sign == str(decimal):
        raise typer.BadParameter("--decimal: a comma in numbers needs --separator ';' or tab")
    from pipeline.delivery.tables.kinds import CsvStyle, Format
    from pipeline.steps.export import Asked
    from pipeline.steps.export import export as export_step
    from pipeline.warehouse.marts import Choice

    choice = Choice(
        first=first,
        last=until,
        countries=tuple(countries or ()),
        indices=tuple(indices or ()),
        sources=tuple(sources or ()),
        calibrations=tuple(map(str, calibrations or ())),
    )
    asked = Asked(
        views=tuple(views or ()),
        formats=tuple(Format(one) for one in dict.fromkeys(formats or ())),
        choice=choice,
        as_of=as_of,
        style=CsvStyle(sign, str(decimal)),
    )
    installation = wiring.installation(reads_only=True)
    with progress(notes) as advance:
        done = export_step(installation, to, asked, replace=replace, advance=advance)
    if done.label:
        print(done.label)
    for name, rows in done.rows.items():
        print(f"{name}: {rows} rows")
    for line in done.left_out:
        print(f"left out: {line}")
    print(to)


@exports.command()
def dictionary(
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", callback=option(file_to_write), help="A Markdown file."),
    ] = None,
) -> None:
    """Print what each view, column and function of the schema `mart` means."""
    from pipeline.steps.dictionary import dictionary_page

    page = dictionary_page(wiring.installation(reads_only=True).warehouse)
    if to is None:
        print(page, end="")
    else:
        to.write_text(page, encoding="utf-8")
        print(to)
