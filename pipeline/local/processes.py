"""Programs left running in the background, found again by the pid they were started under."""

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

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start `command` unless it runs already; it outlives this process."""
        if self.is_running():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid} {_started(process.pid)}")

    def is_running(self) -> bool:
        """Whether the program that was started runs, and not another under its old pid."""
        pid, started = self._noted()
        return pid is not None and started == _started(pid)

    def stop(self) -> None:
        """Ask the program and its children to end, and wait; insist after a while."""
        pid, _ = self._noted()
        if pid is not None and self.is_running():
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, sign)
                if self._has_ended(STOP_SECONDS):
                    break
        self._pid_file.unlink(missing_ok=True)

    def _has_ended(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.is_running()

    def _noted(self) -> tuple[int | None, str]:
        try:
            pid, started = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None, ""
        return int(pid), started


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; empty for none, or a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
