"""The commands of `drought analysts`: logins that read the warehouse and nothing else."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer
from sqlalchemy import URL

from pipeline import wiring
from pipeline.commands.options import notes, screen
from pipeline.terminal import folded_table

analysts = typer.Typer(
    help="Logins for analysts: they read the schema mart and nothing else.", no_args_is_help=True
)

_USE = """\
The password is shown this once. Put these lines into ~/.pg_service.conf
(Windows: %APPDATA%\\postgresql\\.pg_service.conf):

[drought]
host={host}
port={port}
dbname={database}
user={user}
password={password}

psql     psql service=drought
Python   sqlalchemy.create_engine("postgresql+psycopg:///?service=drought")
R        DBI::dbConnect(RPostgres::Postgres(), service = "drought")
QGIS     Layer > Add Layer > Add PostGIS Layers > New: Service drought
address  {url}"""
_TUNNEL = """\
This Postgres listens on this machine only. From another one open a tunnel first, and leave it open:
         ssh -N -L {port}:{host}:{port} USER@THIS-MACHINE"""


@analysts.command("add")
def analysts_add(
    name: Annotated[str, typer.Argument(help="Name of the login, such as karimova.")],
    timeout: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="How long a question may take.")
    ] = 60,
    connections: Annotated[
        int, typer.Option(min=1, help="How many sessions it may have at a time.")
    ] = 4,
) -> None:
    """Make a login and print its address, with a password that is shown once.

    The login may ask for a longer time limit in its session; `drought analysts end-long` ends what
    takes longer than DROUGHT_ANALYST_MINUTES.
    """
    from pipeline.warehouse.analysts import Limits, add_analyst, close_doors

    installation = wiring.installation()
    password = secrets.token_urlsafe(18)
    limits = Limits(statement_seconds=timeout, connections=connections)
    with installation.warehouse.begin() as connection:
        open_doors = close_doors(connection, is_server_ours=wiring.is_server_ours())
        add_analyst(connection, name, password, limits)
    url = installation.warehouse.url.set(username=name, password=password)
    print(_directions(url))
    for door in open_doors:
        notes.print(f"open: {door.door}; a superuser closes it by: {door.closed_by}", markup=False)


def _directions(url: URL) -> str:
    shown = {
        "url": url.set(drivername="postgresql").render_as_string(hide_password=False),
        "host": url.host or url.query.get("host"),
        "port": url.port or 5432,
        "database": url.database,
        "user": url.username,
        "password": url.password,
    }
    tunnel = [_TUNNEL] if url.host in ("127.0.0.1", "localhost", "::1") else []
    return "\n\n".join(part.format(**shown) for part in (_USE, *tunnel))


@analysts.command("list")
def analysts_list() -> None:
    """List the logins of analysts, with the sessions open now."""
    from pipeline.warehouse.analysts import read_analysts

    table = folded_table("login", "sessions", "at most", "time limit of a question")
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        for one in read_analysts(connection):
            most = "no limit" if one.connection_limit < 0 else str(one.connection_limit)
            table.add_row(one.login, str(one.sessions), most, one.statement_timeout or "none")
    screen.print(table)


@analysts.command("remove")
def analysts_remove(
    name: Annotated[str, typer.Argument(help="Name of the login.")],
) -> None:
    """End the sessions of a login and remove it."""
    from pipeline.warehouse.analysts import remove_analyst

    with wiring.installation().warehouse.begin() as connection:
        ended = remove_analyst(connection, name)
    print(f"{name}: removed; sessions ended: {ended}")


@analysts.command("end-long")
def analysts_end_long() -> None:
    """End sessions whose transaction is older than DROUGHT_ANALYST_MINUTES.

    The DAG check_warehouse does it too; a timer that does it every few minutes bounds what a question
    can cost.
    """
    from pipeline.steps.sessions import end_long_questions

    print(f"sessions ended: {end_long_questions(wiring.installation())}")
