"""The connection to Postgres."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from pipeline.core.components import PIPELINE, Component
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Origin

_log = logging.getLogger(__name__)

DRIVER = "postgresql+psycopg"


def connect(url: str) -> Engine:
    """Return an engine for `url` after one round trip.

    Raises:
        InputError: the URL cannot be read, is not Postgres, or nothing answers there.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the latter: a port that is no number
        raise InputError(
            "DROUGHT_DATABASE_URL: expected postgresql://user:password@host:port/database, "
            "got text that is no URL; correct it, or unset it to use the embedded Postgres"
        ) from error
    if "@" in (parsed.host or ""):
        # What is taken for the host holds the rest of the password: say nothing of it.
        raise InputError(
            "DROUGHT_DATABASE_URL: expected one @, before the host, got two; write an @ in the "
            "password as %40"
        )
    # The query of a URL may hold a password too.
    shown = parsed.set(query={}).render_as_string(hide_password=True)
    if parsed.get_backend_name() != "postgresql":
        raise InputError(
            f"DROUGHT_DATABASE_URL: expected a postgresql:// URL, got {shown}; correct it, or unset "
            "it to use the embedded Postgres"
        )
    # Steps use one connection after the other, and commands are short: a pool would only leave
    # connections open at the end.
    engine = create_engine(parsed.set(drivername=DRIVER), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (OperationalError, ProgrammingError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise InputError(
            f"database {shown}: expected Postgres to answer, got: {reason}; check host, port, name "
            "and password, or unset DROUGHT_DATABASE_URL to use the embedded Postgres"
        ) from error
    return engine


_LOGIN = "login_of_warehouse"
"""Under this name an engine that acts as a component keeps the one that acts as its login."""
_MAY_ACT = """
SELECT EXISTS (
    SELECT FROM pg_roles AS r
    WHERE r.rolname = :role
    AND pg_has_role(session_user, r.oid, CASE WHEN :has_set THEN 'SET' ELSE 'MEMBER' END)
    AND has_database_privilege(r.oid, current_database(), 'TEMPORARY')
    AND has_schema_privilege(r.oid, 'ops', 'USAGE')
    AND has_function_privilege(r.oid, 'pg_catalog.pg_advisory_xact_lock(bigint)', 'EXECUTE')
)
"""
_HAS_MORE = """
SELECT coalesce(bool_or(pg_has_role(session_user, r.oid, 'USAGE')), FALSE) FROM pg_roles AS r
WHERE r.rolname = :pipeline OR r.oid = (SELECT nspowner FROM pg_namespace WHERE nspname = 'ops')
"""
_SETS_ROLES_SINCE = 160_000
"""The version of Postgres since which membership and the right to take on a role are two things."""

_warned: set[str] = set()
"""Databases of which it was logged that steps work there with all rights of the login."""


def acting_as(warehouse: Engine, component: Component) -> Engine:
    """Return an engine whose transactions have the rights of a component, and no others.

    A fault in what delivers can so not change a plan, though all components share one login. It
    guards against faults, not against who has the login: they may take on another role.

    Locks across transactions, and Postgres's own programs, act as the login. A login that may not
    take on the role acts as itself: it is the login of another component, or the server's owner has
    still to give what the roles need. The latter is logged, once in a process.
    """
    login: Engine = warehouse.get_execution_options().get(_LOGIN, warehouse)
    if not may_act_as(login, component):
        _warn(login, component)
        return login
    acting = login.execution_options(**{_LOGIN: login})

    def take_on(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            # For the transaction alone: the connection may be handed on.
            connection.exec_driver_sql(f"SET LOCAL ROLE {component}")

    event.listen(acting, "begin", take_on)
    return acting


def may_act_as(login: Engine, component: Component) -> bool:
    """Return whether a login may take on the role of a component, and the role can work here."""
    with login.connect() as connection:
        version = connection.execute(
            text("SELECT current_setting('server_version_num')::integer")
        ).scalar_one()
        asked = {"role": str(component), "has_set": version >= _SETS_ROLES_SINCE}
        return bool(connection.execute(text(_MAY_ACT), asked).scalar_one())


def unguarded(login: Engine) -> list[Component]:
    """Return the components whose steps work with all rights of the login, though they need few.

    None for the login of one component: what it may not take on it may not do either.
    """
    if not _has_more_rights(login):
        return []
    return [one for one in Component if not may_act_as(login, one)]


def _has_more_rights(login: Engine) -> bool:
    """Return whether a login may what the owner or all components may."""
    with login.connect() as connection:
        return bool(connection.execute(text(_HAS_MORE), {"pipeline": PIPELINE}).scalar_one())


def _warn(login: Engine, component: Component) -> None:
    where = login.url.render_as_string(hide_password=True)
    if where in _warned or not _has_more_rights(login):
        return
    _warned.add(where)
    _log.warning(
        "database: steps work with all rights of %s, which may not take on %s; run `drought db "
        "migrate` as the owner, and see what `drought doctor` says of rights",
        name_of_login(login), component,
    )  # fmt: skip


def name_of_login(login: Engine) -> str:
    """Return who logs in; the URL need not say it."""
    with login.connect() as connection:
        return str(connection.execute(text("SELECT session_user")).scalar_one())


def is_superuser(login: Engine) -> bool:
    """Return whether a login may do everything on its server."""
    with login.connect() as connection:
        query = text("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")
        return bool(connection.execute(query).scalar_one())


def claim_origin(connection: Connection, origin: Origin, where: str) -> None:
    """Make `origin` the warehouse's own, or refuse it.

    Raises:
        ConflictError: the warehouse already holds data of the other origin.
    """
    held = connection.execute(
        text("UPDATE ops.identity SET origin = coalesce(origin, :origin) RETURNING origin"),
        {"origin": origin},
    ).scalar_one()
    if held != origin:
        raise ConflictError(
            f"{where}: this warehouse holds {held} data and the file is {origin}; "
            "expected one origin in one warehouse; load it into another one "
            "(set DROUGHT_VAR or DROUGHT_DATABASE_URL)"
        )
