"""Who may log in to Airflow's page, and by which password: two files that only their owner reads.

Airflow compares passwords as they are, so they are kept as they are. One that it had to make up
itself it would write into its log: each is made here first.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.core.errors import InputError

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{0,62}")
SHORTEST = 10
"""Characters of a password that a person chooses."""


class Job(StrEnum):
    """What somebody does here."""

    OPERATOR = "operator"
    """Runs the system: everything."""
    FORECASTER = "forecaster"
    """Reads all, and answers alerts, as far as the register of issuers allows."""
    VIEWER = "viewer"
    """Reads all but connections and variables."""


ROLES = {Job.OPERATOR: "admin", Job.FORECASTER: "user", Job.VIEWER: "viewer"}
"""The roles of Airflow's simple auth manager: `user` is the least that may answer a question.
`pipeline.orchestration.logins` takes from it all else that changes something."""
FIRST_USERS = {job.value: job for job in Job}


@dataclass(frozen=True, slots=True)
class Logins:
    """The users of one installation and their passwords."""

    users_file: Path
    passwords_file: Path

    def users(self) -> dict[str, Job]:
        """Return the users by login, and what each does; those of a new installation at first.

        Raises:
            InputError: the file is no such list.
        """
        try:
            kept = _read(self.users_file)
            return {login: Job(job) for login, job in kept.items()}
        except FileNotFoundError:
            return dict(FIRST_USERS)
        except ValueError as error:
            jobs = ", ".join(Job)
            raise InputError(
                f'{self.users_file}: expected users as {{"login": "job"}}, with jobs of {jobs}; got '
                f"{error}; correct the file, or delete it for the first users"
            ) from error

    def airflow_users(self) -> str:
        """Return them as the simple auth manager wants them."""
        return as_airflow_users(self.users())

    def make_missing(self) -> list[str]:
        """Make the files and the passwords that are missing; return the logins dropped for it.

        Passwords of those who are no users are dropped: an earlier version's `admin`.
        """
        with self._turn():
            users, passwords = self.users(), self._passwords()
            kept = {login: passwords.get(login) or _made_up() for login in users}
            if kept != passwords:
                _write(self.passwords_file, kept)
            if not self.users_file.exists():
                _write(self.users_file, users)
            for path in (self.users_file, self.passwords_file):
                path.chmod(0o600)
            return sorted(passwords.keys() - kept.keys())

    def set_password(self, login: str, password: str, job: Job | None = None) -> bool:
        """Set a password, and with `job` add the user or change what they do.

        Returns:
            Whether the list of users changed.

        Raises:
            InputError: there is no such user and no job is said; or the login or the password
                cannot be taken.
        """
        if len(password) < SHORTEST:
            raise InputError(
                f"password: expected {SHORTEST} characters or more, got {len(password)}; choose a "
                "longer one, or let one be made with --generate"
            )
        with self._turn():
            users = self.users()
            if job is None and login not in users:
                raise InputError(
                    f"{login}: expected one of the users {', '.join(sorted(users))}; say --role "
                    "forecaster (or another) to add one"
                )
            _refuse_odd(login)
            wanted = users if job is None else {**users, login: job}
            self._refuse_without_operator(wanted)
            _write(self.passwords_file, {**self._passwords(), login: password})
            if wanted != users or not self.users_file.exists():
                _write(self.users_file, wanted)
            return wanted != users

    def remove(self, login: str) -> None:
        """Remove a user.

        Raises:
            InputError: there is no such user, or nobody else is an operator.
        """
        with self._turn():
            users = self.users()
            if login not in users:
                raise InputError(f"{login}: expected one of the users {', '.join(sorted(users))}")
            left = {name: job for name, job in users.items() if name != login}
            self._refuse_without_operator(left)
            passwords = self._passwords()
            # The password first: without one nobody gets in.
            _write(self.passwords_file, {n: p for n, p in passwords.items() if n != login})
            _write(self.users_file, left)

    @staticmethod
    def _refuse_without_operator(users: Mapping[str, Job]) -> None:
        if Job.OPERATOR not in users.values():
            raise InputError(
                "users: expected an operator among those who stay, got none; add another with "
                "--role operator first"
            )

    def _passwords(self) -> dict[str, str]:
        try:
            return _read(self.passwords_file)
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise InputError(
                f'{self.passwords_file}: expected passwords as {{"login": "password"}}, got '
                f"{error}; delete the file, and all are made anew"
            ) from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One change at a time, in folders that nobody else enters."""
        for folder in (self.users_file.parent, self.passwords_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.users_file.parent.chmod(0o700)
        lock = self.users_file.with_name("users.lock")
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def as_airflow_users(users: Mapping[str, Job]) -> str:
    """Return users as the simple auth manager wants them."""
    return ",".join(f"{login}:{ROLES[job]}" for login, job in users.items())


def made_up_password() -> str:
    """Return a new password that nobody guesses."""
    return _made_up()


def _made_up() -> str:
    return secrets.token_urlsafe(15)


def _refuse_odd(login: str) -> None:
    if _LOGIN.fullmatch(login) is None:
        raise InputError(
            f"login: expected lower-case letters, digits, '.', '_' and '-' after a letter, got "
            f"{login!r}; choose another, such as karimova"
        )


def _read(path: Path) -> dict[str, str]:
    held = json.loads(path.read_text(encoding="utf-8") or "{}")
    if not isinstance(held, dict) or not all(isinstance(one, str) for one in held.values()):
        raise ValueError("something else")
    return held


def _write(path: Path, held: Mapping[str, str]) -> None:
    """Replace a file in one step, readable for its owner only from its first byte."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(held, indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
