"""Databases of a server: one for a trial, and one to restore into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pipeline.core.components import MEMBERSHIPS, ROLES
from pipeline.core.errors import InputError

_MARK = "scratch of drought db backup: may be dropped"


def refuse_without_scratch(warehouse: Engine) -> None:
    """Check that a scratch database can be made, before the work it is for; nothing is done.

    Raises:
        InputError: the warehouse's role may not make databases, or another's has that name.
    """
    name = _scratch_name(warehouse)
    _has_scratch(warehouse, name)
    with warehouse.connect() as connection:
        query = text("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        may = bool(connection.execute(query).scalar_one())
    if not may:
        raise _may_not_make(warehouse, name)


@contextmanager
def scratch_database(warehouse: Engine) -> Iterator[Engine]:
    """Make an empty database on the warehouse's server, and drop it at the end.

    One that a killed trial left is dropped first.

    Raises:
        InputError: the warehouse's role may not make databases, or another's has that name.
    """
    name = _scratch_name(warehouse)
    _drop_scratch(warehouse, name)
    make_database(warehouse, name)
    _say(warehouse, "COMMENT ON DATABASE {} IS {}", sql.Identifier(name), sql.Literal(_MARK))
    _shut(warehouse, name)
    scratch = beside(warehouse, name)
    try:
        yield scratch
    finally:
        scratch.dispose()
        _drop_scratch(warehouse, name)


@dataclass(frozen=True, slots=True)
class Place:
    """A database to fill, which may have to be made first."""

    database: Engine
    """It need not be there yet."""
    server: Engine
    """A database of the same server that is there: it may be the same one."""
    is_there: bool
    is_server_ours: bool = False
    """The whole server is, and not only this database."""

    @contextmanager
    def made(self, tell: Callable[[str], None]) -> Iterator[Engine]:
        """Give the database. One that lacked is made, and dropped again if the block fails.

        Args:
            tell: told that it was dropped.

        Raises:
            InputError: the role may not make any.
        """
        if self.is_there:
            yield self.database
            return
        name = str(self.database.url.database)
        make_database(self.server, name)
        try:
            _shut(self.server, name)
            yield self.database
        except BaseException:
            self.database.dispose()
            # The error matters more than what it leaves behind.
            with suppress(SQLAlchemyError, psycopg.Error):
                _drop(self.server, name)
                tell(f"database {name} was made for this, and is dropped again")
            raise


def beside(warehouse: Engine, name: str) -> Engine:
    """Return an engine on another database of the same server."""
    return create_engine(warehouse.url.set(database=name), poolclass=NullPool)


def has_database(warehouse: Engine, name: str) -> bool:
    with warehouse.connect() as connection:
        query = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
        return bool(connection.execute(query, {"name": name}).scalar_one())


def make_database(warehouse: Engine, name: str) -> None:
    """Make an empty database.

    Raises:
        InputError: the role may not.
    """
    try:
        _say(warehouse, "CREATE DATABASE {} TEMPLATE template0", sql.Identifier(name))
    except InsufficientPrivilege as error:
        raise _may_not_make(warehouse, name) from error


def _may_not_make(warehouse: Engine, name: str) -> InputError:
    return InputError(
        f"database: expected the right of {warehouse.url.username} to make the database {name}, "
        f"got none; say ALTER ROLE {warehouse.url.username} CREATEDB as the server's owner, or "
        "back up with --no-try"
    )


def make_roles(database: Engine) -> None:
    """Make the roles that rights are given to, each in those it belongs to, where the server lacks them.

    Raises:
        InputError: they lack, and the role may not make any.
    """
    with database.connect() as connection:
        query = text("SELECT rolname FROM pg_roles WHERE rolname = ANY (:names)")
        held = set(connection.execute(query, {"names": list(ROLES)}).scalars())
    for role in ROLES:
        if role not in held:
            _give(database, "CREATE ROLE {} NOLOGIN", role)
    member = text("SELECT pg_has_role(:member, :role, 'USAGE')")
    for role, of in MEMBERSHIPS:
        with database.connect() as connection:
            has = connection.execute(member, {"member": of, "role": role}).scalar_one()
        if not has:
            _give(database, "GRANT {} TO {}", role, of)


def _give(database: Engine, statement: LiteralString, *roles: str) -> None:
    try:
        _say(database, statement, *map(sql.Identifier, roles))
    except InsufficientPrivilege as error:
        raise InputError(
            f"database: expected the roles of the warehouse on the server, and {database.url.username} "
            f"may not make them; say {statement.format(*roles)} as the server's owner, and repeat"
        ) from error


def _scratch_name(warehouse: Engine) -> str:
    return f"{warehouse.url.database}_trial"


def _has_scratch(warehouse: Engine, name: str) -> bool:
    """Return whether a trial left its database.

    Raises:
        InputError: there is one of that name, and it is somebody's.
    """
    with warehouse.connect() as connection:
        query = text("SELECT shobj_description(oid, 'pg_database') FROM pg_database "
                     "WHERE datname = :name")  # fmt: skip
        held = connection.execute(query, {"name": name}).all()
    if held and held[0][0] != _MARK:
        raise InputError(
            f"database {name}: expected none of that name, or one left by a trial, got one that is "
            "somebody's; rename it, or back up with --no-try"
        )
    return bool(held)


def _drop_scratch(warehouse: Engine, name: str) -> None:
    if _has_scratch(warehouse, name):
        _drop(warehouse, name)


def _shut(warehouse: Engine, name: str) -> None:
    """Let nobody but us look on: the rights of readers are restored too."""
    _say(warehouse, "REVOKE ALL ON DATABASE {} FROM public", sql.Identifier(name))


def _drop(warehouse: Engine, name: str) -> None:
    try:
        # It sends Postgres's own vacuum away. FORCE would too, but only a superuser may end that.
        _say(warehouse, "DROP DATABASE {}", sql.Identifier(name))
    except ObjectInUse:
        _say(warehouse, "DROP DATABASE {} WITH (FORCE)", sql.Identifier(name))


def _say(warehouse: Engine, statement: LiteralString, *names: sql.Composable) -> None:
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        cursor = connection.connection.cursor()
        cursor.execute(sql.SQL(statement).format(*names))
