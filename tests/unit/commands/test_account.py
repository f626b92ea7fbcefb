"""Who is logged in is asked of the system, and not of what a shell may say."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from pipeline.commands.account import logged_in_account
from pipeline.core.errors import InputError

MY_UID = os.getuid()
ME = pwd.getpwuid(MY_UID).pw_name
DAEMON = pwd.getpwnam("daemon")
KARIMOVA = {"SUDO_USER": "karimova"}
NOBODY_LOGGED_IN = "4294967295"


@pytest.mark.parametrize(
    ("kept", "environment", "runs_as", "expected"),
    [
        pytest.param("0", {}, MY_UID, "root", id="who logged in"),
        pytest.param("0\n", KARIMOVA, 0, "root", id="whatever sudo's variable says"),
        pytest.param(NOBODY_LOGGED_IN, KARIMOVA, 0, "karimova", id="who called sudo to be root"),
        pytest.param(
            NOBODY_LOGGED_IN,
            KARIMOVA,
            DAEMON.pw_uid,
            "daemon",
            id="no other who says so is believed",
        ),
        pytest.param(
            NOBODY_LOGGED_IN,
            {"USER": "karimova", "LOGNAME": "karimova"},
            MY_UID,
            ME,
            id="who runs it",
        ),
        pytest.param(None, {}, MY_UID, ME, id="who runs it, where the kernel keeps no login"),
    ],
)
def test_the_account(
    tmp_path: Path, kept: str | None, environment: dict[str, str], runs_as: int, expected: str
) -> None:
    login_uid = tmp_path / "loginuid"
    if kept is not None:
        login_uid.write_text(kept)
    assert logged_in_account(login_uid, environment, runs_as) == expected


def test_a_number_without_a_name_answers_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="account: expected one with a name on this machine"):
        logged_in_account(tmp_path / "none", {}, runs_as=4_000_000_000)
