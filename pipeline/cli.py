"""The command `drought`: every step by hand, with help that teaches.

Exit code 0: done. 1: failed, or bad data; one line says where, what, and what to do. 2: wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psycopg
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from pipeline import wiring
from pipeline.alerts.facts import Approval
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import DroughtError, InputError
from pipeline.core.ids import Country, LandUse, Product, Release, StationFormat
from pipeline.core.months import Month
from pipeline.steps.status import Status
from pipeline.terminal import progress, stage_table

# Commands import their step themselves: the science takes two seconds to load, and `drought status`
# needs none of it.

app = typer.Typer(
    name="drought",
    help=(
        "Drought early warning: rain and temperature in, SPI and SPEI per landscape, stages by the "
        "national drought plan, letters that a person approves.\n\n"
        "A first run:  drought db migrate; drought landscapes load --default; drought ingest "
        "era5-land --from 1991-01 --to 2026-10; drought compute; drought golive 2026-11"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
db = typer.Typer(help="The warehouse: start, stop, migrate it.", no_args_is_help=True)
landscapes = typer.Typer(help="Production landscapes: load and list them.", no_args_is_help=True)
plans = typer.Typer(help="Drought plans: check, load and list them.", no_args_is_help=True)
ingest = typer.Typer(help="Bring data in. Every file is kept as it came.", no_args_is_help=True)
airflow = typer.Typer(
    help="Airflow live on this machine (make up, make down).", no_args_is_help=True
)
for name, group in (
    ("db", db),
    ("landscapes", landscapes),
    ("plans", plans),
    ("ingest", ingest),
    ("airflow", airflow),
):
    app.add_typer(group, name=name)

screen = Console()
notes = Console(stderr=True)


def _option(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make wrong values of an option wrong usage."""

    def parsed(text: str) -> Any:  # noqa: ANN401 - typer keeps the type of the annotation
        try:
            return parse(text)
        except InputError as error:
            raise typer.BadParameter(str(error)) from error

    parsed.__name__ = "VALUE"
    return parsed


def _countries(text: str) -> str:
    wrong = [code for code in text.split(",") if code not in set(Country)]
    if wrong:
        raise InputError(f"countries: expected some of {','.join(Country)}, got {','.join(wrong)}")
    return text


MonthArgument = Annotated[
    Month, typer.Argument(parser=_option(Month.parse), metavar="YYYY-MM", help="A month.")
]
FromMonth = Annotated[
    Month,
    typer.Option("--from", parser=_option(Month.parse), metavar="YYYY-MM", help="First month."),
]
ToMonth = Annotated[
    Month, typer.Option("--to", parser=_option(Month.parse), metavar="YYYY-MM", help="Last month.")
]
MaybeFrom = Annotated[
    Month | None,
    typer.Option("--from", parser=_option(Month.parse), metavar="YYYY-MM", help="First month."),
]
MaybeTo = Annotated[
    Month | None,
    typer.Option("--to", parser=_option(Month.parse), metavar="YYYY-MM", help="Last month."),
]


def _in_order(first: Month | None, last: Month | None) -> None:
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"--to ({last}) must not be before --from ({first})")


ExistingFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A file.")
]
ExistingFiles = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="One file or more.")
]


# --- db ---------------------------------------------------------------------------------------


@db.command("up")
def db_up() -> None:
    """Start the embedded Postgres. Other commands start it too when they need it."""
    wiring.connected()
    print("database: running")


@db.command("down")
def db_down() -> None:
    """Stop the embedded Postgres."""
    if wiring.settings().database_url is not None:
        print("database: DROUGHT_DATABASE_URL is set; that server is not ours to stop")
        return
    wiring.embedded_postgres().stop()
    print("database: stopped")


@db.command("url")
def db_url() -> None:
    """Print the whole URL, with the password: made for scripts, as in psql "$(drought db url)"."""
    print(wiring.database_url().replace("postgresql+psycopg://", "postgresql://"))


@db.command("migrate")
def db_migrate() -> None:
    """Bring the tables up to date and load the shipped plans. Safe to repeat."""
    applied, new_plans = wiring.migrate_warehouse()
    print(f"migrations applied: {', '.join(applied) or 'none, all were'}")
    print(f"plans loaded: {', '.join(new_plans) or 'none, all were'}")


# --- landscapes -------------------------------------------------------------------------------


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
    with wiring.installation().warehouse.connect() as connection:
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


# --- plans ------------------------------------------------------------------------------------


@plans.command("check")
def plans_check(file: ExistingFile) -> None:
    """Read a plan document and say what is wrong with it, without loading it."""
    from pipeline.steps.plans import read_plan_file

    plan = read_plan_file(file)
    print(f"{file}: plan {plan.plan_id} version {plan.version} for {plan.country} is well formed")


@plans.command("load")
def plans_load(file: ExistingFile) -> None:
    """Load a plan. It rules its country from the month in `effective_from` on."""
    from pipeline.steps.plans import load_plan

    plan, is_new = load_plan(wiring.installation(), file)
    print(f"{plan.plan_id} version {plan.version}: {'loaded' if is_new else 'was loaded already'}")


@plans.command("list")
def plans_list() -> None:
    """List the plans and from which month each rules."""
    from pipeline.warehouse.plans import read_plans

    table = Table("country", "rules from", "plan", "version", "status", "title")
    with wiring.installation().warehouse.connect() as connection:
        for country, timetable in read_plans(connection).items():
            for first, plan in timetable.plans:
                title = plan.title.in_language("en")
                table.add_row(country, str(first), plan.plan_id, plan.version, plan.status, title)
    screen.print(table)


# --- ingest -----------------------------------------------------------------------------------


@ingest.command("era5-land")
def ingest_era5_land_command(
    first: FromMonth,
    last: ToMonth,
    countries: Annotated[
        str, typer.Option(metavar="UZ,TJ", callback=_option(_countries), help="Whose area.")
    ] = ",".join(Country),
) -> None:
    """Fetch ERA5-Land monthly means from the Copernicus data store, a year at a time.

    Needs your key in CDSAPI_KEY and, once, the licence accepted on the data set's page.
    """
    from pipeline.steps.ingest import ingest_era5_land

    _in_order(first, last)
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
    format_: Annotated[StationFormat, typer.Option("--format", help="How the files are written.")],
) -> None:
    """Take gauge records: GHCN-Daily .dly, or the agency CSV of docs/agency_csv.md."""
    from pipeline.steps.ingest_stations import ingest_stations

    installation = wiring.installation()
    for path in files:
        done = ingest_stations(installation, path, format_)
        print(
            f"{path.name}: {done.stations} stations, {done.months} months, {done.gaps} of them gaps, "
            f"{done.quarantined} records in quarantine"
        )


# --- steps ------------------------------------------------------------------------------------


@app.command()
def compute(
    first: MaybeFrom = None,
    to: MaybeTo = None,
    calibration: Annotated[
        CalibrationPeriod | None,
        typer.Option(
            parser=_option(CalibrationPeriod.parse),
            metavar="1991-2020",
            help="Another calibration period, kept beside the first; stages use DROUGHT_CALIBRATION.",
        ),
    ] = None,
) -> None:
    """Take landscape means of new grids and compute SPI, SPEI and percent of normal."""
    from pipeline.steps.compute import compute as compute_step

    _in_order(first, to)
    with progress(notes) as advance:
        rows = compute_step(
            wiring.installation(), first=first, to=to, calibration=calibration, advance=advance
        )
    print(f"indices: {rows} landscape-months new or different")


@app.command()
def evaluate(first: MaybeFrom = None, to: MaybeTo = None) -> None:
    """Decide stages by the plans in force, and queue alerts for approval."""
    from pipeline.steps.evaluate import evaluate as evaluate_step

    _in_order(first, to)
    with progress(notes) as advance:
        done = evaluate_step(wiring.installation(), first=first, to=to, advance=advance)
    print(
        f"stages: {done.stage_rows} new or different; {done.transitions} changes of stage, "
        f"{done.told} of them wait for approval"
    )


AlertIds = Annotated[list[int], typer.Argument(metavar="ALERT...", help="Numbers of alerts.")]
By = Annotated[str, typer.Option("--by", help="Who answers.")]
Office = Annotated[str, typer.Option(help="In what office.")]
LegalBasis = Annotated[str | None, typer.Option(help="By which law or order.")]
Protocol = Annotated[str | None, typer.Option(help="Number of the protocol.")]
ProtocolDate = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of the protocol.")
]
Note = Annotated[str | None, typer.Option(help="A remark for the reader.")]


def _refuse_lone_date(protocol: str | None, protocol_date: datetime | None) -> None:
    if protocol_date is not None and not protocol:
        raise typer.BadParameter("--protocol-date needs --protocol, the number")


def _approval(
    by: str,
    office: str,
    legal_basis: str | None,
    protocol: str | None,
    protocol_date: datetime | None,
    note: str | None,
    now: datetime,
) -> Approval:
    day: date | None = protocol_date.date() if protocol_date else None
    return Approval(by, office, now, legal_basis or None, protocol or None, day, note or None)


@app.command()
def approve(
    alerts: AlertIds,
    by: By,
    office: Office,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
    accept_unchecked: Annotated[
        bool, typer.Option(help="Let translations leave that no speaker has checked.")
    ] = False,
) -> None:
    """Let alerts leave, under your name. `drought explain ALERT` shows the evidence first."""
    from pipeline.steps.approve import approve as approve_step

    _refuse_lone_date(protocol, protocol_date)
    installation = wiring.installation()
    approval = _approval(
        by, office, legal_basis, protocol, protocol_date, note, installation.clock()
    )
    withheld = approve_step(installation, alerts, approval, accepts_unchecked=accept_unchecked)
    print(f"approved: {len(alerts)} alerts; `drought deliver` sends them")
    if withheld:
        print(
            f"{withheld} letters stay behind for good: no speaker has checked their language, and "
            "--accept-unchecked was not given"
        )


@app.command()
def reject(
    alerts: AlertIds,
    by: By,
    office: Office,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
) -> None:
    """Refuse alerts, under your name: their messages never leave."""
    from pipeline.steps.approve import reject as reject_step

    _refuse_lone_date(protocol, protocol_date)
    installation = wiring.installation()
    approval = _approval(
        by, office, legal_basis, protocol, protocol_date, note, installation.clock()
    )
    reject_step(installation, alerts, approval)
    print(f"refused: {len(alerts)} alerts")


@app.command()
def deliver() -> None:
    """Send what is approved and not sent yet. Running it twice sends nothing twice."""
    from pipeline.steps.deliver import deliver as deliver_step

    done = deliver_step(wiring.installation())
    print(f"delivered: {done.sent}; refused by a channel: {len(done.failures)}")
    for failure in done.failures:
        notes.print(f"error: {failure}", highlight=False, markup=False, soft_wrap=True)
    if done.failures:
        raise typer.Exit(1)


@app.command()
def publish() -> None:
    """Write the bulletin and the page into $DROUGHT_VAR/site."""
    from pipeline.steps.publish import publish as publish_step

    for path in publish_step(wiring.installation()):
        print(path)


@app.command()
def check() -> None:
    """Look for rows in the warehouse that contradict each other."""
    from pipeline.steps.check import check as check_step

    found = check_step(wiring.installation())
    print(f"checks: {len(found)} passed")


@app.command()
def run(first: FromMonth, last: ToMonth) -> None:
    """All steps for these months, without Airflow: for a systemd timer, or by hand."""
    from pipeline.steps.run import run as run_step

    _in_order(first, last)
    with progress(notes) as advance:
        done = run_step(wiring.installation(), first, last, advance=advance)
    print(
        f"{first} to {last}: {done.fetched} months fetched, {done.told} alerts wait for approval, "
        f"{done.delivered.sent} messages sent"
    )
    if done.delivered.failures:
        raise typer.Exit(1)


@app.command()
def golive(month: MonthArgument) -> None:
    """From this month on, alerts are told. Landscapes already in a stage get one alert each."""
    from pipeline.steps.golive import golive as golive_step

    told = golive_step(wiring.installation(), month)
    print(f"live from {month}; {told} alerts wait for approval")


@app.command()
def explain(alert: Annotated[int, typer.Argument(help="Number of the alert.")]) -> None:
    """Show the evidence of an alert, step by step."""
    from pipeline.steps.explain import explain as explain_step

    print(explain_step(wiring.installation(), alert))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what is fresh, late and pending, and the stage of each landscape."""
    from pipeline.steps.status import status as status_step

    found = status_step(wiring.installation())
    if as_json:
        print(json.dumps(found, default=_plain, ensure_ascii=False))
    else:
        _print_status(found)


def _plain(value: object) -> object:
    """Make JSON of what it does not know: records by their fields, all else as text."""
    if is_dataclass(value) and not isinstance(value, Month):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def _print_status(found: Status) -> None:
    if found.origin == "simulated":
        screen.print("EXERCISE - SIMULATED DATA - no real drought", style="bold")
    screen.print(f"live from: {found.live_from or 'not live: nothing is told'}")
    late = "" if found.late_months is None else f" ({found.late_months} full months behind today)"
    screen.print(f"newest month with stages: {found.newest_month or 'none yet'}{late}")
    for row in found.freshness:
        screen.print(
            f"  {row['country_code']} {row['source']}: {row['newest_month']:%Y-%m} {row['release']}, "
            f"values for {row['landscapes_with_values']} of {row['landscapes']} landscapes"
        )
    for outcome in found.outcomes:
        if outcome.state != "done":
            screen.print(f"{outcome.step}: {outcome.state}: {outcome.message}", markup=False)
    screen.print(f"alerts that wait for approval: {len(found.pending)}")
    for row in found.pending:
        screen.print(
            f"  {row['alert_id']}: {row['landscape_id']} {row['month']:%Y-%m} {row['drought_type']} "
            f"{row['change']}: {row['from_stage']} -> {row['to_stage']}"
        )
    screen.print(f"messages approved and not sent: {len(found.undelivered)}")
    screen.print(stage_table(found.stages))


# --- Airflow and the demonstration ------------------------------------------------------------


@airflow.command("up")
def airflow_up(
    port: Annotated[int, typer.Option(help="Airflow's page.")] = 8080,
    site_port: Annotated[int, typer.Option(help="The site.")] = 8081,
) -> None:
    """Start Airflow and the site on this machine. Its schedule stays off until you turn a DAG on."""
    from pipeline import airflow_server

    wiring.migrate_warehouse()
    airflow_server.start(port, site_port, lambda what: notes.print(f"  {what}"))
    print(
        f"Airflow    http://127.0.0.1:{port}  (user admin; passwords in {airflow_server.password_file()})"
    )
    print(f"site       http://127.0.0.1:{site_port}")
    print("stop       make down")


@airflow.command("down")
def airflow_down() -> None:
    """Stop Airflow and the site."""
    from pipeline import airflow_server

    airflow_server.stop()
    print("airflow: stopped")


@app.command("demo")
def demo_command(
    folder: Annotated[Path, typer.Option(help="Where it keeps all it makes.")] = Path("var/demo"),
) -> None:
    """Run the main job on simulated data (`make demo` calls this).

    It uses nothing of your own installation: settings in the environment are left aside.
    """
    from pipeline import demo

    demo.run_demo(folder)


def main() -> None:
    """Run the command; an error is one line on the error stream and exit code 1.

    What is not foreseen here is a defect, and shows its traceback.
    """
    try:
        app()
    except DroughtError as error:
        _fail(str(error))
    except (SQLAlchemyError, psycopg.Error) as error:
        _fail(f"database: {_first_line(error)}; {_REPEAT}")
    except OSError as error:
        _fail(f"{type(error).__name__}: {_first_line(error)}; {_REPEAT}")


_REPEAT = "what was done before it stays done; see that the other side answers, then repeat"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]


def _fail(message: str) -> NoReturn:
    notes.print(f"error: {message}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)
