"""The whole warehouse out into one file, and in again, by Postgres's own programs.

They are told the password by their environment: a command line can be read by anybody on the
machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine

from pipeline.core.errors import InputError
from pipeline.warehouse.geometry import LAYERS

_SECRET = ("DROUGHT_", "CDSAPI_", "AIRFLOW")
"""What the programs need not know of our environment."""
_MAJOR = 10_000
_MAGIC = b"PGDMP"
"""What a dump of `drought db backup` begins with."""
_OF_A_WAREHOUSE = " TABLE public applied_migration "
"""In the table of contents of every backup, of whatever version."""
_DERIVED = ("landscape.geometry", *(f"mart.{layer}" for layer in LAYERS))
"""What `drought db migrate` makes anew where there is PostGIS, and which would need it elsewhere."""
_OF_POSTGIS = re.compile(r"EXTENSION - postgis|COMMENT - EXTENSION postgis|public spatial_ref_sys")
"""Entries of a dump's table of contents that are not restored, for the same reason."""


class DumpError(OSError):
    """A program of Postgres did not do its work."""

    def __init__(self, program: str, code: int, said: str) -> None:
        super().__init__(f"{program}: ended with code {code}: {said}")
        self.said = said


@dataclass(frozen=True, slots=True)
class DumpPrograms:
    """pg_dump and pg_restore of one version."""

    folder: Path

    @classmethod
    def for_server(cls, version: int, folders: Sequence[Path | None]) -> DumpPrograms:
        """Return the programs for a server: those of its own major version, else newer ones.

        Args:
            version: of the server, such as 180003.
            folders: where to look, the first before the next; None: on the PATH.

        Raises:
            InputError: there are none, or all are older than the server, which they refuse.
        """
        needed = version // _MAJOR
        paths = [shutil.which("pg_dump", path=None if one is None else str(one)) for one in folders]
        found = {path: _major_of(path) for path in paths if path is not None}
        suitable = [path for path, major in found.items() if major >= needed]
        if not suitable:
            got = ", ".join(f"{path} of {major}" for path, major in found.items()) or "none"
            raise InputError(
                f"pg_dump: expected one of the server's version or newer, Postgres {needed}, got "
                f"{got}; install postgresql-client-{needed} and put it first on the PATH"
            )
        return cls(Path(min(suitable, key=lambda path: found[path])).parent)

    def dump(self, engine: Engine, target: Path, snapshot: str) -> None:
        """Write the database as it is in an exported `snapshot` to `target`.

        Raises:
            DumpError: it could not be done.
        """
        form = ("--format=custom", "--compress=1")
        how = ("--no-password", "--lock-wait-timeout=60s", f"--snapshot={snapshot}")
        without = [f"--exclude-table={name}" for name in _DERIVED]
        self._run("pg_dump", [*form, *how, *without, f"--file={target}"], engine)

    def restore(self, engine: Engine, file: Path) -> None:
        """Bring the content of a dump into an empty database, all or nothing.

        Raises:
            DumpError: it could not be done.
        """
        how = ("--no-owner", "--no-password", "--single-transaction", "--exit-on-error")
        entries = self._run("pg_restore", ["--list", str(file)]).splitlines()
        with NamedTemporaryFile("w", suffix=".list") as wanted:
            wanted.writelines(f"{one}\n" for one in entries if not _OF_POSTGIS.search(one))
            wanted.flush()
            self._run("pg_restore", [*how, f"--use-list={wanted.name}", str(file)], engine)

    def refuse_no_dump(self, file: Path) -> None:
        """Look whether a file begins as a dump of a warehouse does. It may be cut short all the same.

        Raises:
            InputError: it does not, or is of a form that these programs do not know.
        """
        if _OF_A_WAREHOUSE not in self._see(file, "--list"):
            raise InputError(
                f"{file}: it is no backup, expected a dump of a warehouse, got one of another "
                "database; name another"
            )

    def refuse_damaged(self, file: Path) -> None:
        """Read a dump to its end: about as long as it took to write.

        Raises:
            InputError: it cannot be read to the end.
        """
        self._see(file, "--file=/dev/null")

    def _see(self, file: Path, how: str) -> str:
        try:
            return self._run("pg_restore", [how, str(file)])
        except DumpError as error:
            with file.open("rb") as opened:
                is_dump = opened.read(len(_MAGIC)) == _MAGIC
            if not is_dump:
                raise InputError(
                    f"{file}: it is no backup, expected a file of `drought db backup`, got one that "
                    "pg_dump has not written; name another"
                ) from error
            raise InputError(
                f"{file}: it is damaged, expected a dump that {self.folder / 'pg_restore'} can read, "
                f"got: {error.said}; take another copy or backup, or programs as new as those it was "
                "made with"
            ) from error

    def _run(self, name: str, options: Sequence[str], database: Engine | None = None) -> str:
        """Run a program, on a database or on none, and return what it printed."""
        environment = {n: v for n, v in os.environ.items() if not n.startswith(_SECRET)}
        command = [str(self.folder / name), *options]
        if database is not None:
            address = database.dialect.create_connect_args(database.url)[1]
            address.pop("context", None)  # the driver's own, no word of libpq
            environment |= {"PGPASSWORD": str(address.pop("password", ""))}
            command.append(f"--dbname={make_conninfo(**address)}")
        done = subprocess.run(  # noqa: S603 - programs of Postgres
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise DumpError(name, done.returncode, " / ".join(said[-3:]) or "no reason given")
        return done.stdout


def _major_of(program: str) -> int:
    told = subprocess.run(  # noqa: S603
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)", told)
    if found is None:
        raise InputError(
            f"{program}: expected it to say its version, got {told!r}; install it anew"
        )
    return int(found.group(1))
