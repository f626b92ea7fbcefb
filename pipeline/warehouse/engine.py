"""The connection to Postgres."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Origin

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
