"""Logins that read `mart` and nothing else, and the doors of Postgres that are closed to them.

Roles belong to the whole server, the right to connect to one database: each login gets it by name.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError, ProgrammingError

from pipeline.core.errors import ConflictError, InputError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NOT_GIVEN = """
SELECT p.oid::regprocedure::text FROM pg_proc AS p
WHERE p.pronamespace = 'pg_catalog'::regnamespace
AND p.proname ~ '^pg_(try_)?advisory_|^pg_export_snapshot$'
AND NOT has_function_privilege('drought_common', p.oid, 'EXECUTE')
"""
"""Functions that analysts may not call and the components need."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a new login starts with."""

    statement_seconds: int = 60
    """It may ask for longer in its session; `end_long_questions` is what it cannot change."""
    idle_seconds: int = 300
    """How long a transaction may stay open without a question; it may ask for longer too."""
    connections: int = 4
    """Sessions at a time; only the owner changes it."""


@dataclass(frozen=True, slots=True)
class Analyst:
    """Who may log in as an analyst here."""

    login: str
    sessions: int
    connection_limit: int
    """-1: no limit."""
    statement_timeout: str | None
    """As Postgres writes it; None: the server's."""


@dataclass(frozen=True, slots=True)
class Door:
    """Something an analyst's login could do beyond reading `mart`."""

    door: str
    closed_by: str
    """The statement that closes it."""
    is_ours: bool
    """Whether we may run it unasked: it touches this warehouse and our logins only."""


def add_analyst(connection: Connection, login: str, password: str, limits: Limits) -> None:
    """Make a login that reads `mart` in this database.

    The password leaves this process as a SCRAM verifier, so that no log of the server holds it.

    Raises:
        InputError: no name for a login, or ours may not make one.
        ConflictError: the name is taken.
    """
    _refuse_name(login)
    if _exists(connection, login):
        raise ConflictError(
            f"{login}: expected a new login, got one that is there (on this server, perhaps for "
            f"another database); remove it first, or choose another name"
        )
    verifier = _driver(connection).pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    )
    try:
        with connection.begin_nested():
            said = sql.SQL(
                "CREATE ROLE {} LOGIN PASSWORD {} CONNECTION LIMIT {} IN ROLE drought_analyst"
            )
            limit = sql.Literal(limits.connections)
            _run(connection, said.format(sql.Identifier(login), verifier.decode(), limit))
    except ProgrammingError as error:
        raise InputError(
            f"{login}: expected a login with CREATEROLE and the admin option on drought_analyst, got "
            f"{str(error.orig).splitlines()[0]}; have an administrator grant them, or make the "
            f"login: CREATE ROLE {login} LOGIN PASSWORD '…' CONNECTION LIMIT {limits.connections} IN "
            "ROLE drought_analyst"
        ) from error
    _equip(connection, login, limits)


def _equip(connection: Connection, login: str, limits: Limits) -> None:
    """Let it into this database, with what it starts each session with."""
    settings = {
        "default_transaction_read_only": sql.SQL("on"),
        "statement_timeout": sql.Literal(f"{limits.statement_seconds}s"),
        "idle_in_transaction_session_timeout": sql.Literal(f"{limits.idle_seconds}s"),
        # It takes a third of a second to compile what is answered in milliseconds.
        "jit": sql.SQL("off"),
        # QGIS calls PostGIS by bare names; they lie in public.
        "search_path": sql.SQL("mart, public"),
    }
    name = sql.Identifier(login)
    for setting, value in settings.items():
        said = sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), value)
        _run(connection, said)
    database = sql.Identifier(_database(connection))
    _run(connection, sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    for door in read_open_doors(connection):
        if door.is_ours and f"login {login}:" in door.door:
            _try(connection, door.closed_by)


def read_analysts(connection: Connection) -> list[Analyst]:
    """Return who may log in as an analyst here, with the sessions open now."""
    rows = connection.execute(
        text(
            "SELECT l.login, l.connection_limit, l.statement_timeout, count(a.pid) AS sessions "
            "FROM ops.analyst_login AS l LEFT JOIN pg_stat_activity AS a "
            "ON a.usesysid = l.role_id AND a.datname = current_database() WHERE l.may_connect "
            "GROUP BY l.login, l.connection_limit, l.statement_timeout ORDER BY l.login"
        )
    )
    return [
        Analyst(row.login, row.sessions, row.connection_limit, row.statement_timeout)
        for row in rows
    ]


def remove_analyst(connection: Connection, login: str) -> int:
    """End the sessions of a login and drop it; return how many sessions were ended.

    Raises:
        InputError: there is no such analyst.
    """
    known = connection.execute(
        text("SELECT count(*) FROM ops.analyst_login WHERE login = :login"), {"login": login}
    ).scalar_one()
    if not known:
        raise InputError(
            f"{login}: expected the login of an analyst, got none of that name; "
            "`drought analysts list` names them"
        )
    name = sql.Identifier(login)
    _run(connection, sql.SQL("ALTER ROLE {} NOLOGIN").format(name))
    ended = connection.execute(
        text(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE usename = :login) AS ended"
        ),
        {"login": login},
    ).scalar_one()
    _run(connection, sql.SQL("DROP OWNED BY {}").format(name))
    _run(connection, sql.SQL("DROP ROLE {}").format(name))
    return int(ended)


def end_long_transactions(connection: Connection, longest: timedelta) -> list[str]:
    """End the sessions of analysts whose transaction is older; return whose they were."""
    rows = connection.execute(
        text("SELECT login FROM ops.end_long_questions(:longest)"), {"longest": longest}
    )
    return list(rows.scalars())


def close_doors(connection: Connection, *, is_server_ours: bool) -> list[Door]:
    """Close what is open to analysts, as far as this login may; return what stays open.

    Args:
        connection: the caller's transaction.
        is_server_ours: the whole server is, so the doors of its other databases are closed too.
    """
    database = sql.Identifier(_database(connection))
    granted = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO drought_pipeline, drought_common")
    _try(connection, granted.format(database).as_string(_driver(connection)))
    # Closed before there were components, they were opened again to the pipeline alone.
    for function in connection.execute(text(_NOT_GIVEN)).scalars().all():
        _try(connection, f"GRANT EXECUTE ON FUNCTION {function} TO drought_common")
    for door in read_open_doors(connection):
        if door.is_ours or (is_server_ours and door.closed_by.startswith("REVOKE CONNECT")):
            _try(connection, door.closed_by)
    return read_open_doors(connection)


def read_open_doors(connection: Connection) -> list[Door]:
    """Return what an analyst's login could do beyond reading `mart`, by name."""
    rows = connection.execute(
        text("SELECT door, closed_by, is_ours FROM ops.open_door ORDER BY door")
    )
    return [Door(row.door, row.closed_by, row.is_ours) for row in rows]


def _try(connection: Connection, statement: str) -> None:
    # What is not ours to close stays in `ops.open_door`. An internal error: another closes it now.
    with suppress(ProgrammingError, InternalError), connection.begin_nested():
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _run(connection: Connection, statement: sql.Composed) -> None:
    written = statement.as_string(_driver(connection))
    connection.exec_driver_sql(written.replace("%", "%%"))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    held: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return held


def _refuse_name(login: str) -> None:
    if _NAME.fullmatch(login) is None or login.startswith(("pg_", "drought")):
        raise InputError(
            f"login {login!r}: expected a name of lower-case letters, digits and _ that begins with a "
            "letter, not with pg_ or drought; choose another, such as karimova"
        )


def _exists(connection: Connection, login: str) -> bool:
    query = text("SELECT count(*) FROM pg_roles WHERE rolname = :login")
    return bool(connection.execute(query, {"login": login}).scalar_one())


def _database(connection: Connection) -> str:
    return str(connection.execute(text("SELECT current_database()")).scalar_one())
