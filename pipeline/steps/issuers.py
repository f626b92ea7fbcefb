"""Whoever answers holds the issuing role for the country, and is logged in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from pipeline.alerts.facts import Approval, Door
from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import refuse_unanswerable
from pipeline.warehouse.issuers import Appointment, read_countries_asked, read_issuers


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives with an answer."""

    legal_basis: str | None = None
    """None: the order by which the person holds the role."""
    protocol: str | None = None
    protocol_date: date | None = None
    note: str | None = None
    page_checksum: str | None = None


def approval_of(
    installation: Installation,
    alert_ids: Sequence[int],
    login: str,
    given: Given,
    *,
    answered_at: datetime,
    door: Door,
) -> Approval:
    """Return what the account `login` signs with when it answers these alerts.

    Name, office and, unless given, the legal basis are the register's.

    Raises:
        InputError: no such alert; the account does not hold the role for each of their countries,
            or holds it in different offices.
        ConflictError: one of them was answered before.
    """
    with installation.warehouse.connect() as connection:
        refuse_unanswerable(connection, alert_ids)
        roles = roles_of(connection, alert_ids, login, answered_at)
    signing = {(role.name, role.office) for role in roles}
    if len(signing) > 1:
        offices = ", ".join(sorted(f"{role.office} ({role.country})" for role in roles))
        raise InputError(
            f"{login}: expected alerts that are answered in one office, got {offices}; answer those of "
            "each country by themselves"
        )
    ((name, office),) = signing
    orders = dict.fromkeys(role.legal_basis for role in roles)
    return Approval(
        name,
        office,
        answered_at,
        given.legal_basis or "; ".join(orders),
        given.protocol,
        given.protocol_date,
        given.note,
        login,
        given.page_checksum,
        door,
    )


def refuse_without_role(
    connection: Connection, alert_ids: Sequence[int], approval: Approval
) -> None:
    """Check that who signs holds the issuing role for each alert's country, as the tables will.

    Raises:
        InputError: who does not; or name or office are not those of the register.
    """
    for role in roles_of(connection, alert_ids, approval.login, approval.answered_at):
        for option, said, held in (
            ("--by", approval.name, role.name),
            ("--office", approval.office, role.office),
        ):
            if said != held:
                raise InputError(
                    f"{option}: expected {held!r}, as the register says of {role.login} for "
                    f"{role.country}, got {said!r}; leave the option out, or have the register "
                    "corrected: `drought issuers end`, then `add`"
                )


def roles_of(
    connection: Connection, alert_ids: Sequence[int], login: str | None, at: datetime
) -> list[Appointment]:
    """Return the appointments by which an account answers these alerts, one for each country.

    Raises:
        InputError: it has none for one of the countries.
    """
    held = {
        one.appointment.country: one.appointment
        for one in read_issuers(connection, at)
        if one.appointment.login == login
    }
    asked = sorted(set(read_countries_asked(connection, alert_ids).values()))
    lacking = [country for country in asked if country not in held]
    if lacking:
        raise InputError(
            f"{login or 'nobody'}: expected an account that holds the issuing role for "
            f"{', '.join(lacking)}, got one that does not; `drought issuers list` shows who may answer, "
            "and `drought issuers add` enters whom an order names"
        )
    return [held[country] for country in asked]
