"""Whose hand is on the keyboard."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import InputError

LOGIN_UID = Path("/proc/self/loginuid")
"""Linux keeps here who logged in, whatever `su` and `sudo` did since; no shell can change it."""
_NOBODY = "4294967295"
"""Nobody logged in: a container, a timer."""


def logged_in_account(
    login_uid: Path = LOGIN_UID,
    environment: Mapping[str, str] = os.environ,
    runs_as: int | None = None,
) -> str:
    """Return the account that somebody logged in with; where none is known, the one that runs this.

    Of root that is not known to have logged in, `sudo` says who called it. Of others its variable is
    not believed: anyone may set it, as `USER` and `LOGNAME`, which are never asked.

    Args:
        login_uid: where the kernel keeps who logged in.
        environment: the variables of this process.
        runs_as: number of the account that runs this; None: asked of the system.

    Raises:
        InputError: the account has a number and no name on this machine.
    """
    try:
        import pwd
    except ImportError:  # no such accounts on this system
        return getpass.getuser()
    kept = login_uid.read_text().strip() if login_uid.exists() else _NOBODY
    uid = os.getuid() if runs_as is None else runs_as
    if kept == _NOBODY and uid == 0 and environment.get("SUDO_USER"):
        return environment["SUDO_USER"]
    uid = uid if kept == _NOBODY else int(kept)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise InputError(
            f"account: expected one with a name on this machine, got number {uid} without; log in "
            "with an account of your own, or answer on Airflow's page"
        ) from None
