"""Programs left running in the background, found again by the pid they were started under.

Each is the first of a session of its own, and what it starts stays in that session unless it takes
pains to leave: so its children are found when it is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0
LOG_LIMIT_BYTES = 10_000_000
_LEAST_KEPT = 64_000
"""Of a log, where there is no room for more."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process, told apart from a later one with the same number."""

    pid: int
    ticks: str
    """When it started, in clock ticks since boot."""

    @classmethod
    def of(cls, pid: int) -> Started:
        return cls(pid, _ticks(pid))

    @property
    def is_running(self) -> bool:
        return bool(self.ticks) and _ticks(self.pid) == self.ticks


@dataclass(frozen=True, slots=True)
class Background:
    """One program: its pid and its log lie in `folder`."""

    folder: Path
    name: str

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], kept: tuple[int, ...] = ()
    ) -> None:
        """Start `command` unless it runs already; it outlives this process.

        `kept` are open files that it is handed: a lock that it is to hold from its first moment.
        """
        if self.is_running():
            return
        process = start_apart(command, environment, self.log, kept)
        self._pid_file.write_text(f"{process.pid} {_ticks(process.pid)}")

    def process(self) -> Started | None:
        """Return the program that was started, if it runs: not another under its old pid."""
        try:
            pid, ticks = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        noted = Started(int(pid), ticks)
        return noted if noted.is_running else None

    def is_running(self) -> bool:
        """Whether the program that was started runs."""
        return self.process() is not None

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask the program to end, and wait; after so many seconds end it with all it started."""
        noted = self.process()
        if noted is not None:
            end(noted, seconds)
        self._pid_file.unlink(missing_ok=True)


def start_apart(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    kept: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output at the end of `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=kept,
            start_new_session=True,
        )


def end(leader: Started, seconds: float = STOP_SECONDS) -> None:
    """End a program that was started apart, and then what is left of its session.

    The program is asked first, alone, so that it can end its children in its own order.
    """
    if leader.is_running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader.pid, signal.SIGTERM)
        _wait_for_end(leader, seconds)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        left = members(leader)
        for one in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, sign)
        for one in left:
            _wait_for_end(one, 1.0)


def is_at_work(leader: Started) -> bool:
    """Whether something is being done in the session of a program that is gone.

    Airflow's worker processes wait for tasks, and run each in a child.
    """
    found = members(leader)
    numbers = {one.pid for one in found}
    return any(parent in numbers for parent in found.values())


def members(leader: Started) -> dict[Started, int]:
    """Return the living processes of the session that `leader` began, each with its parent's number.

    None where that number belongs to another program by now.
    """
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            fields = _fields(int(path.name))
            if fields and int(fields[3]) == leader.pid:
                found[Started(int(path.name), fields[19])] = int(fields[1])
    is_anothers = any(one.pid == leader.pid and one != leader for one in found)
    return {} if is_anothers else found


def shorten_log(log: Path, limit: int = LOG_LIMIT_BYTES) -> bool:
    """Begin a log anew that has grown long, and keep its end beside it; return whether it had.

    Who writes it goes on writing to the same file: at its end, as it was opened for that. What is
    kept is no longer than the limit, and its owner's alone; where there is no room for it, its last
    lines, or nothing.
    """
    try:
        if log.stat().st_size <= limit:
            return False
        with log.open("rb") as grown:
            grown.seek(-limit, os.SEEK_END)
            kept = grown.read(limit)
    except FileNotFoundError:
        return False
    older = log.with_name(f"{log.name}.1")
    try:
        _write_down(older, kept)
        os.truncate(log, 0)
    except OSError:  # a disk that this log filled, say: it must not go on growing for that
        os.truncate(log, 0)
        with contextlib.suppress(OSError):
            _write_down(older, kept[-_LEAST_KEPT:])
    return True


def _write_down(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _wait_for_end(process: Started, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.is_running and time.monotonic() < deadline:
        time.sleep(0.05)


def _ticks(pid: int) -> str:
    """Return when a process started; empty for none, or a dead one."""
    fields = _fields(pid)
    return fields[19] if fields else ""


def _fields(pid: int) -> list[str]:
    """Return what the kernel says of a process, from its state on; nothing of a dead one."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    fields = said.rpartition(")")[2].split()
    return [] if fields[0] in "ZX" else fields
