"""The commands that set an installation up: `drought db`, `sources`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.backups import backups, say
from pipeline.commands.options import screen
from pipeline.core.errors import InputError
from pipeline.terminal import folded_table, schedule_cells

db = typer.Typer(
    help="The warehouse: start, stop, migrate, back up and restore it.", no_args_is_help=True
)
db.add_typer(backups)
sources = typer.Typer(help="Data sources: when each is expected.", no_args_is_help=True)


@db.command("up")
def db_up() -> None:
    """Start the embedded Postgres, or wait for the service that does (DROUGHT_POSTGRES_SERVED).

    Other commands do so too when they need it.
    """
    wiring.connected()
    print("database: running")


@db.command("down")
def db_down() -> None:
    """Stop the embedded Postgres."""
    if wiring.settings().database_url is not None:
        print("database: DROUGHT_DATABASE_URL is set; that server is not ours to stop")
        return
    if wiring.settings().postgres_served:
        raise InputError(
            f"database: expected to stop what a command started, and {wiring.POSTGRES_UNIT} runs it "
            "(DROUGHT_POSTGRES_SERVED is set); say `systemctl stop` of that, with --user where it is "
            "a user's"
        )
    wiring.embedded_postgres().stop()
    print("database: stopped")


@db.command("serve")
def db_serve() -> None:
    """Be the embedded Postgres, in the foreground: for systemd, which brings it back if it ends.

    One that another command started is stopped first. What it says is in postgres/server.log.
    """
    _refuse_foreign_server()
    wiring.embedded_postgres().serve()


@db.command("tidy")
def db_tidy() -> None:
    """Begin the log of the embedded Postgres anew where it has grown long (10 MB).

    The older text stays once, in postgres/server.log.1. The server may run meanwhile.
    """
    if wiring.settings().database_url is not None:
        print("log: DROUGHT_DATABASE_URL is set; the logs of that server are its administrator's")
        return
    print(f"log: {'begun anew' if wiring.embedded_postgres().shorten_log() else 'as it was'}")


@db.command("password")
def db_password(
    new: Annotated[
        bool, typer.Option("--new", help="Needed: the password in force ends with this.")
    ] = False,
) -> None:
    """Give the owner of the embedded Postgres another password, as when the person in charge changes.

    It is made up, and kept in postgres/password, which its owner alone reads. No command needs to be
    told; programs that run on, such as Airflow, are to be started anew.
    """
    if not new:
        raise typer.BadParameter("expected --new; `drought db url` prints the one in force")
    _refuse_foreign_server()
    wiring.connected()
    wiring.embedded_postgres().renew_password()
    print(
        "password: renewed; start Airflow and the site anew, and whatever else was told the old one"
    )


def _refuse_foreign_server() -> None:
    if wiring.settings().database_url is not None:
        raise InputError(
            "database: DROUGHT_DATABASE_URL is set, expected the embedded Postgres; that server is its "
            "administrator's"
        )


@db.command("url")
def db_url() -> None:
    """Print the whole URL, with the password: made for scripts, as in psql "$(drought db url)"."""
    print(wiring.database_url().replace("postgresql+psycopg://", "postgresql://"))


@db.command("migrate")
def db_migrate(
    has_backup: Annotated[
        bool,
        typer.Option(
            "--backup/--no-backup", help="Back up first, where tables change that hold data."
        ),
    ] = True,
) -> None:
    """Bring the tables up to date and load the shipped plans. Safe to repeat.

    Whoever computes or reads is waited for, five minutes at most, and named; then nothing is changed.
    """
    applied, new_plans = wiring.migrate_warehouse(has_backup=has_backup, tell=say)
    print(f"migrations applied: {', '.join(applied) or 'none, all were'}")
    print(f"plans loaded: {', '.join(new_plans) or 'none, all were'}")


@sources.command("list")
def sources_list() -> None:
    """List the sources, and by when a month of each is expected, in days after its last day."""
    from pipeline.steps.sources import schedules

    table = folded_table("source", "first values", "final asked for", "final overdue", "reference")
    for source, schedule in schedules(wiring.installation(reads_only=True)).items():
        table.add_row(source, *schedule_cells(schedule))
    screen.print(table)


@sources.command("expect")
def sources_expect(
    source: Annotated[str, typer.Argument(help="Name of the source, such as era5-land.")],
    preliminary_after: Annotated[
        int, typer.Option(min=0, metavar="DAYS", help="First values are expected on that day.")
    ],
    final_after: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Final values are asked for from that day."),
    ] = None,
    final_late_after: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Final values are overdue after that day."),
    ] = None,
    first_is_final: Annotated[
        bool, typer.Option("--first-is-final", help="There are no final values to wait for.")
    ] = False,
    reference: Annotated[
        str, typer.Option(help="Where the days come from.")
    ] = "set at this installation",
) -> None:
    """Say when a month of a source is expected. Days count from the last day of the month, in UTC.

    `drought status` and the bulletin call late what is missing on that day. What is not given of the
    final values stays as it was.
    """
    from pipeline.steps.sources import expect

    schedule = expect(
        wiring.installation(),
        source,
        preliminary_after,
        final_after_days=final_after,
        final_late_after_days=final_late_after,
        is_first_final=first_is_final,
        reference=reference,
    )
    first, asked, overdue, _ = schedule_cells(schedule)
    print(f"{source}: first values {first}; final asked for {asked}; final overdue {overdue}")
