"""A Postgres of Debian's in a folder of the test: an older one than ours, and one with PostGIS."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

BINARIES = Path("/usr/lib/postgresql/15/bin")
POSTGIS = Path("/usr/share/postgresql/15/extension/postgis.control")
OWNER = "boss"
"""The superuser of the cluster."""


@contextmanager
def debian_postgres() -> Iterator[str]:
    """Yield the URL of a new cluster's database `postgres`, as its superuser.

    It listens on a socket in its own folder only, and is ended by the file that names its process.
    """
    if not POSTGIS.exists():
        pytest.skip("postgresql-15-postgis-3 is not installed; `make apt` installs it")
    # Not pytest's folder: the path of a socket may have 107 letters.
    with TemporaryDirectory(prefix="pg15-") as name:
        folder = Path(name)
        account = _account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        _run(account, "initdb", f"--pgdata={data}", f"--username={OWNER}", "--auth=trust")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        log = f"--log={folder / 'log'}"
        _run(account, "pg_ctl", f"--pgdata={data}", log, f"--options={options}", "--wait", "start")
        try:
            yield f"postgresql+psycopg://{OWNER}@/postgres?host={folder}"
        finally:
            _run(account, "pg_ctl", f"--pgdata={data}", "--mode=immediate", "--wait", "stop")


def _account() -> pwd.struct_passwd | None:
    """Who runs the server: Postgres refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _run(account: pwd.struct_passwd | None, tool: str, *arguments: str) -> None:
    asks: Sequence[str] = ()
    if account is not None:
        setpriv = shutil.which("setpriv") or "setpriv"
        asks = (
            setpriv,
            f"--reuid={account.pw_uid}",
            f"--regid={account.pw_gid}",
            "--clear-groups",
        )
    subprocess.run(
        [*asks, str(BINARIES / tool), *arguments],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )
