"""The commands of `drought issuers`: the register of who may issue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.account import logged_in_account
from pipeline.commands.options import screen
from pipeline.core.components import Component
from pipeline.core.ids import Country
from pipeline.terminal import folded_table

issuers = typer.Typer(
    help="Who may issue alerts, by which order: only they can approve or refuse.",
    no_args_is_help=True,
)

Login = Annotated[
    str, typer.Argument(help="Account of this machine, or user name in Airflow, such as karimova.")
]


def _text(option: str, value: str) -> str:
    """Make a blank text wrong usage."""
    if not value.strip():
        raise typer.BadParameter(f"{option}: expected a text, got none")
    return value.strip()


@issuers.command("add")
def issuers_add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person, as letters name them.")],
    office: Annotated[str, typer.Option(help="In what office.")],
    country: Annotated[
        list[Country],
        typer.Option("--country", help="Such as UZ; may be given several times."),
    ],
    legal_basis: Annotated[str, typer.Option(help="The order that names the person.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day of the role (UTC); else: from now on."),
    ] = None,
) -> None:
    """Enter who may issue for a country, by which order.

    Whoever is entered answers under this account: with `drought approve`, logged in on this machine,
    or on the page of Airflow.
    """
    from pipeline.warehouse.issuers import Appointment, save_issuer

    if any(letter.isspace() for letter in _text("LOGIN", login)):
        raise typer.BadParameter(f"LOGIN: expected an account without blanks, got {login!r}")
    name, office = _text("--name", name), _text("--office", office)
    legal_basis = _text("--legal-basis", legal_basis)
    installation = wiring.installation().acting_as(Component.CONFIGURE)
    begins = installation.clock() if since is None else since.replace(tzinfo=UTC)
    with installation.warehouse.begin() as connection:
        for one in dict.fromkeys(country):
            role = Appointment(login, name, office, one, legal_basis, begins)
            save_issuer(connection, role, added_by=logged_in_account())
    print(f"{login}: {name}, {office}, may issue for {', '.join(dict.fromkeys(country))}")


@issuers.command("list")
def issuers_list(
    everybody: Annotated[
        bool, typer.Option("--all", help="Also those whose role has ended or not begun.")
    ] = False,
) -> None:
    """List who may issue now."""
    from pipeline.warehouse.issuers import read_issuers

    installation = wiring.installation(reads_only=True)
    table = folded_table("country", "login", "name", "office", "by", "since", "until")
    with installation.warehouse.connect() as connection:
        for one in read_issuers(connection, None if everybody else installation.clock()):
            role = one.appointment
            until = "" if one.ended_at is None else f"{one.ended_at.astimezone(UTC):%Y-%m-%d %H:%M}"
            since = f"{role.since.astimezone(UTC):%Y-%m-%d %H:%M}"
            table.add_row(
                role.country, role.login, role.name, role.office, role.legal_basis, since, until
            )
    screen.print(table)


@issuers.command("end")
def issuers_end(
    login: Login,
    country: Annotated[
        list[Country] | None, typer.Option("--country", help="Of these only; else of all.")
    ] = None,
) -> None:
    """End the role of an account now, for these countries or for all. The register keeps it."""
    from pipeline.warehouse.issuers import end_issuer

    installation = wiring.installation().acting_as(Component.CONFIGURE)
    with installation.warehouse.begin() as connection:
        ended = end_issuer(
            connection, login, country or (), installation.clock(), ended_by=logged_in_account()
        )
    print(f"{login}: may no longer issue for {', '.join(ended)}")
