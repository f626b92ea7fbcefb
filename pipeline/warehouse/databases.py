"""Databases of a server: one for a trial, and one to restore into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.errors import (
    DuplicateObject,
    InsufficientPrivilege,
    InternalError_,
    ObjectInUse,
    UniqueViolation,
)
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pipeline.core.components import COMMON, MEMBERSHIPS, ROLES, Component
from pipeline.core.errors import InputError
from pipeline.warehouse.engine import name_of_login, unguarded

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
        InputError: they lack, and the login may not make them. It holds the whole script that an
            administrator of the server has to run.
    """
    with database.connect() as connection:
        query = text("SELECT rolname FROM pg_roles WHERE rolname = ANY (:names)")
        held = set(connection.execute(query, {"names": list(ROLES)}).scalars())
    making = [_said("CREATE ROLE {} NOLOGIN", role) for role in ROLES if role not in held]
    lacking = [one for one in making if not _is_given(database, one)]
    # In a role that could not be made nobody is.
    belonging = [
        _said("GRANT {} TO {}", *one) for one in MEMBERSHIPS if not _belongs(database, *one)
    ]
    lacking += [one for one in belonging if lacking or not _is_given(database, one)]
    if lacking:
        login = name_of_login(database)
        script = [*lacking, *(_said("GRANT {} TO {}", one, login) for one in Component)]
        lines = "\n".join(f"{one.as_string()};" for one in script)
        raise InputError(
            "database: expected the roles of the warehouse on the server, or a login that may make "
            f"them, got {login}, which may not; have a superuser run this, and repeat:\n{lines}"
        )


def take_roles(database: Engine) -> None:
    """Let the login take on the roles of the components, as far as it may allow that itself.

    Who makes a role may give it to others, and is not in it for that. The login of one component is
    left as it is: it is to have that role alone.
    """
    login = name_of_login(database)
    for component in unguarded(database):
        _is_given(database, _said("GRANT {} TO {}", component, login))


def script_to_guard(database: Engine, lacking: Sequence[Component]) -> str:
    """Return what lets the login take on the roles of components, for an administrator to run."""
    name = str(database.url.database)
    login = name_of_login(database)
    script = (
        *(_said("GRANT {} TO {}", one, login) for one in lacking),
        _said("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", name, COMMON),
    )
    return " ".join(f"{one.as_string()};" for one in script)


def _belongs(database: Engine, role: str, member: str) -> bool:
    query = text("SELECT pg_has_role(m.oid, r.oid, 'USAGE') FROM pg_roles AS m, pg_roles AS r "
                 "WHERE m.rolname = :member AND r.rolname = :role")  # fmt: skip
    with database.connect() as connection:
        return bool(connection.execute(query, {"member": member, "role": role}).scalar())


def _said(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _is_given(database: Engine, statement: sql.Composed) -> bool:
    """Give what a statement gives; return False where the login may not."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.connection.cursor().execute(statement)
        except InsufficientPrivilege:
            return False
        except (DuplicateObject, UniqueViolation, InternalError_):
            pass  # another database of the server gave it in the same moment
    return True


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
