"""The register of who may issue alerts. Rows are added and ended; nobody is struck off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who may issue for a country, in what office and by which order."""

    login: str
    """Account of this machine, or user name in Airflow."""
    name: str
    office: str
    country: Country
    legal_basis: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Issuer:
    """An appointment as the register holds it."""

    appointment: Appointment
    ended_at: datetime | None
    """None: the role is held."""


def save_issuer(connection: Connection, new: Appointment, *, added_by: str) -> None:
    """Enter an appointment.

    Raises:
        ConflictError: the account holds the role for this country already.
    """
    written = connection.execute(
        text(
            "INSERT INTO alert.issuer (login, name, office, country_code, legal_basis, since, added_by) "
            "VALUES (:login, :name, :office, :country, :legal_basis, :since, :added_by) "
            "ON CONFLICT (login, country_code) WHERE ended_at IS NULL DO NOTHING"
        ),
        {
            "login": new.login,
            "name": new.name,
            "office": new.office,
            "country": str(new.country),
            "legal_basis": new.legal_basis,
            "since": new.since,
            "added_by": added_by,
        },
    ).rowcount
    if not written:
        raise ConflictError(
            f"{new.login}: expected nobody of this account to issue for {new.country} yet, got one "
            "who does; `drought issuers end` ends that role first"
        )


def end_issuer(
    connection: Connection,
    login: str,
    countries: Collection[Country],
    at: datetime,
    *,
    ended_by: str,
) -> list[Country]:
    """End the roles of an account, of these countries or of all, and return the countries.

    Raises:
        InputError: it holds none of them.
    """
    rows = connection.execute(
        text(
            "UPDATE alert.issuer SET ended_at = :at, ended_by = :ended_by WHERE login = :login "
            "AND ended_at IS NULL AND (:of_all OR country_code = ANY (:countries)) "
            "RETURNING country_code"
        ),
        {
            "login": login,
            "at": at,
            "ended_by": ended_by,
            "of_all": not countries,
            "countries": [str(country) for country in countries],
        },
    )
    ended = sorted(Country(row.country_code) for row in rows)
    if not ended:
        where = f" for {', '.join(sorted(countries))}" if countries else ""
        raise InputError(
            f"{login}: expected an account that holds the issuing role{where}, got none; "
            "`drought issuers list` shows who does"
        )
    return ended


def read_issuers(connection: Connection, at: datetime | None = None) -> list[Issuer]:
    """Return the register by country, oldest first: who holds a role `at` a moment, or everybody."""
    rows = connection.execute(
        text(
            "SELECT * FROM alert.issuer WHERE CAST(:at AS timestamptz) IS NULL "
            "OR (since <= :at AND (ended_at IS NULL OR ended_at > :at)) "
            "ORDER BY country_code, since, issuer_id"
        ),
        {"at": at},
    )
    return [
        Issuer(
            Appointment(
                row.login,
                row.name,
                row.office,
                Country(row.country_code),
                row.legal_basis,
                row.since,
            ),
            row.ended_at,
        )
        for row in rows
    ]


def read_countries_asked(connection: Connection, alert_ids: Sequence[int]) -> dict[int, Country]:
    """Return the country of each alert, that of the landscape as it was when it was decided."""
    rows = connection.execute(
        text(
            "SELECT t.alert_id, v.country_code FROM alert.transition AS t "
            "JOIN landscape.version AS v ON t.landscape_key = v.landscape_key "
            "AND t.landscape_version = v.version WHERE t.alert_id = ANY (:ids)"
        ),
        {"ids": list(alert_ids)},
    )
    return {row.alert_id: Country(row.country_code) for row in rows}
