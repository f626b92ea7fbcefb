"""One way of running Airflow at a time: a lock that the kernel gives back when its holders are gone.

Two that know nothing of each other would share one port file, one database and one folder of logs:
the supervisor of `make up`, and the components that systemd or containers start one by one. The
supervisor holds the lock alone; components hold it together. What they start and leave behind does
not hold it for the supervisor: a task that outlives it keeps nobody from starting anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import InputError

_NAMED = 4
"""How many holders a message names."""


@dataclass(frozen=True, slots=True)
class OneAirflow:
    """The lock of one installation."""

    path: Path

    @contextmanager
    def alone(self) -> Iterator[int]:
        """Hold the lock alone; the open file may be handed to a process that is to hold it on.

        Raises:
            InputError: a supervisor or components hold it; the message says who, and what to do.
        """
        file = self._opened()
        try:
            self._take(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def join(self) -> None:
        """Hold the lock beside other components for as long as this process lives, whatever it becomes.

        Raises:
            InputError: a supervisor holds it; the message says who, and what to do.
        """
        file = self._opened()
        os.set_inheritable(file, True)
        try:
            self._take(file, fcntl.LOCK_SH)
        except InputError:
            os.close(file)
            raise

    def holders(self) -> list[str]:
        """Return who holds the lock, as far as this account can see; the first of each family."""
        found = {pid: parent for pid, parent in _processes() if self._is_open_in(pid)}
        first = sorted(pid for pid, parent in found.items() if parent not in found)
        return [f"process {pid} ({_command(pid)})" for pid in first if pid != os.getpid()]

    def _opened(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _take(self, file: int, kind: int) -> None:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            named = (
                ", ".join(self.holders()[:_NAMED]) or "a process of another account or container"
            )
            raise InputError(
                f"Airflow: expected none to run in {self.path.parent}, got {named}; what `make up` "
                "started is stopped by `make down`, what systemd runs by `systemctl stop drought.target` "
                "(with --user where the units are a user's); or leave it running"
            ) from None

    def _is_open_in(self, pid: int) -> bool:
        with suppress(OSError):  # ended meanwhile, or another account's
            for file in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if file.readlink() == self.path.resolve():
                        return True
        return False


def _processes() -> Iterator[tuple[int, int]]:
    """Every process with its parent."""
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(OSError):
                said = (path / "stat").read_text(errors="replace").rpartition(")")[2].split()
                yield int(path.name), int(said[1])


def _command(pid: int) -> str:
    """What a process says it is, without the path of its program."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return "ended meanwhile"
    words = " ".join([Path(said[0]).name, *said[1:]]).split()
    return " ".join(words[:6])
