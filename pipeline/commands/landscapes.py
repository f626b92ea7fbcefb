"""The commands of `drought landscapes`: build, load and list them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipeline import wiring
from pipeline.commands.options import notes, screen
from pipeline.core.ids import Country, LandUse
from pipeline.terminal import progress

if TYPE_CHECKING:
    from pipeline.landscapes.basins import Linked
    from pipeline.landscapes.building import Tally
    from pipeline.steps.build_landscapes import Built

_MOST_LISTED = 10

landscapes = typer.Typer(
    help="Production landscapes: build, load and list them.", no_args_is_help=True
)


@landscapes.command("build")
def landscapes_build(
    boundaries: Annotated[
        list[Path],
        typer.Option(
            exists=True, dir_okay=False, help="GeoJSON or GeoPackage of units; may be repeated."
        ),
    ],
    id_field: Annotated[str, typer.Option(help="Column with the id of a unit.")],
    name_field: Annotated[
        str,
        typer.Option(help='Column with its English name, or a text such as "{NAME} district".'),
    ],
    land_cover: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Raster of land-cover classes.")
    ],
    to: Annotated[Path, typer.Option(dir_okay=False, help="The .geojson or .gpkg to write.")],
    country: Annotated[
        Country | None, typer.Option(help="Country of units that do not say it.")
    ] = None,
    name_column: Annotated[
        list[str] | None,
        typer.Option(metavar="LANGUAGE=COLUMN", help="Names in another language; may be repeated."),
    ] = None,
    legend: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="YAML: class to land use [IGBP classes of MODIS]."
        ),
    ] = None,
    irrigated: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Irrigated land, raster or polygons [fields by country and latitude].",
        ),
    ] = None,
    irrigated_above: Annotated[
        float, typer.Option(min=0.0, help="Cells of that raster above this are irrigated.")
    ] = 0.0,
    aridity: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Raster of rain by PET [from the climate, later]."
        ),
    ] = None,
    aridity_scale: Annotated[
        float, typer.Option(help="Its values times this are rain by PET.")
    ] = 1.0,
    basins: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Basins with basin_id, name_en, headwater_basin_id; may be repeated.",
        ),
    ] = None,
    min_area_km2: Annotated[
        float, typer.Option(min=0.0, help="Smaller parts are no landscape.")
    ] = 10.0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Build landscapes: the cells of one land use in one administrative unit each.

    It writes a file for you to look at and to correct; load it with `drought landscapes load`.
    """
    from pipeline.steps.build_landscapes import Order, build_landscapes

    if to.exists() and not overwrite:
        raise typer.BadParameter(f"{to} is there already; say --overwrite to replace it")
    order = Order(
        boundaries=boundaries,
        id_field=id_field,
        name_field=name_field,
        names=_columns(name_column or []),
        country=country,
        land_cover=land_cover,
        legend=legend,
        irrigated=irrigated,
        irrigated_above=irrigated_above,
        aridity=aridity,
        aridity_scale=aridity_scale,
        basins=basins or [],
        min_area_km2=min_area_km2,
    )
    with progress(notes) as advance:
        built = build_landscapes(order, to, advance)
    _print_built(built, min_area_km2)
    print(f"{to}: {len(built.landscapes)} landscapes; load them with: drought landscapes load {to}")


def _columns(texts: list[str]) -> dict[str, str]:
    """The columns of names by language, from ``tg=NAME_TG``."""
    pairs = [text.partition("=") for text in texts]
    for language, sign, column in pairs:
        if not (language and sign and column):
            raise typer.BadParameter(
                f"--name-column: expected LANGUAGE=COLUMN, got {language + sign + column!r}"
            )
    return {language: column for language, _, column in pairs}


def _print_built(built: Built, min_area_km2: float) -> None:
    screen.print(_areas(built.tally, min_area_km2))
    for said in _remarks(built):
        print(said)


def _areas(tally: Tally, min_area_km2: float) -> Table:
    table = Table("", "number", "area km²", "share of the units")
    rows = [(str(use), one) for use, one in tally.landscapes.items()]
    rows += [(f"not claimed: {name}", one) for name, one in tally.unclaimed.items()]
    rows += [(f"below {min_area_km2:g} km²: {use}", one) for use, one in tally.dropped.items()]
    for name, one in [*rows, ("units", tally.units)]:
        share = f"{one.km2 / tally.units.km2:.2%}"
        table.add_row(name, str(one.count), f"{one.km2:,.0f}", share)
    return table


def _remarks(built: Built) -> list[str]:
    said = [] if built.linked is None else _basin_remarks(built.linked)
    if built.joined:
        said.append(f"units of several features, joined: {_listed(built.joined)}")
    if built.without_aridity:
        said.append(f"aridity: the raster holds no value for {built.without_aridity} landscapes")
    if built.languages_left_out:
        languages = ", ".join(built.languages_left_out)
        said.append(f"names: no words for land uses in {languages}; these names are left out")
    if built.unchecked_languages:
        languages = ", ".join(built.unchecked_languages)
        said.append(f"names: no speaker has checked the words for land uses in {languages}")
    return said


def _basin_remarks(linked: Linked) -> list[str]:
    told = {
        "headwaters made": linked.headwaters,
        "irrigated and inside a headwater basin, so without another": linked.on_own_water,
        "irrigated and in no basin: headwater not known": linked.without_basin,
        "irrigated and divided among basins, the largest part counts": linked.divided,
    }
    return [f"{what}: {_listed(ids)}" for what, ids in told.items() if ids]


def _listed(ids: list[str]) -> str:
    more = ", …" if len(ids) > _MOST_LISTED else ""
    return f"{len(ids)} ({', '.join(ids[:_MOST_LISTED])}{more})"


@landscapes.command("load")
def landscapes_load(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="GeoJSON or GeoPackage of your landscapes."
        ),
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="The shipped set: 129 first-level units.")
    ] = False,
    id_field: Annotated[
        str | None, typer.Option(help="Column with the id, kept unchanged [landscape_id].")
    ] = None,
    name_field: Annotated[
        str | None, typer.Option(help="Column with the English name [name_en].")
    ] = None,
    country: Annotated[
        Country | None, typer.Option(help="Country of landscapes that do not say it.")
    ] = None,
    land_use: Annotated[
        LandUse | None, typer.Option(help="Land use of landscapes that do not say it.")
    ] = None,
) -> None:
    """Load landscapes. A changed boundary becomes a new version; old values keep theirs."""
    from pipeline.landscapes.default import default_landscapes_file
    from pipeline.sources.landscape_files import read_landscapes
    from pipeline.steps.landscapes import load_landscapes

    if default == (file is not None):
        raise typer.BadParameter("say either a FILE or --default")
    path = file or default_landscapes_file()
    read = read_landscapes(
        path, id_field=id_field, name_field=name_field, country=country, land_use=land_use
    )
    counts = load_landscapes(wiring.installation(), read)
    print(f"{path.name}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


@landscapes.command("list")
def landscapes_list() -> None:
    """List the landscapes."""
    from pipeline.warehouse.landscapes import read_landscapes

    table = Table("id", "country", "name", "land use", "version", "area km²")
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        for stored in read_landscapes(connection):
            one = stored.landscape
            use = f"{one.land_use} (derived)" if one.is_derived else str(one.land_use)
            table.add_row(
                one.landscape_id,
                one.country,
                one.name_en,
                use,
                str(stored.version),
                f"{one.area_km2:,.0f}",
            )
    screen.print(table)
