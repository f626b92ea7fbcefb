"""Who types the commands: forks of one zygote, in a private mount namespace where that is allowed."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
_LONGEST_SECONDS = 300.0
"""No command of the month takes nearly as long: one that does hangs."""


@dataclass
class Command:
    """One command that was started."""

    arguments: tuple[str, ...]
    out: Path
    errors: Path
    pid: int = 0
    code: int | None = None
    is_started: threading.Event = field(default_factory=threading.Event)
    is_halted: threading.Event = field(default_factory=threading.Event)
    """It halts at an event, or has ended."""
    is_ended: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> int:
        """Return its exit code, negative for a signal."""
        self._wait_for(self.is_ended)
        assert self.code is not None, "the zygote is gone"
        return self.code

    def _wait_for(self, event: threading.Event) -> None:
        if not event.wait(_LONGEST_SECONDS):
            self.kill()
            self.is_ended.wait(20)
            raise TimeoutError(f"drought {' '.join(self.arguments)}: hung; {self.said()[-2000:]}")

    def kill(self) -> None:
        """Kill it now, unless it has ended."""
        self.is_started.wait(20)
        if not self.is_ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Wait until it halts at the event of its trap, or ends; let it go on after the block."""
        self._wait_for(self.is_halted)
        try:
            yield
        finally:
            if not self.is_ended.is_set():
                os.kill(self.pid, signal.SIGCONT)

    def said(self) -> str:
        """What it wrote to the error stream."""
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def printed(self) -> str:
        return self.out.read_text(errors="replace") if self.out.exists() else ""


class Hands:
    """Runs commands beside each other."""

    def __init__(self, process: subprocess.Popen[bytes], *, has_mounts: bool) -> None:
        self.process = process
        self.has_mounts = has_mounts
        """Whether it may mount what only its commands see."""
        self._commands: dict[int, Command] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.is_gone = False
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n", "the zygote did not start: see above"
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def through(self) -> Path:
        """The root folder as its commands see it."""
        return Path(f"/proc/{self.process.pid}/root") if self.has_mounts else Path("/")

    def start(
        self,
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        logs: Path,
        trap: Mapping[str, Any],
    ) -> Command:
        """Start `drought` with these arguments; its outputs go to files of its own in `logs`."""
        assert not self.is_gone, "the zygote is gone"
        number = next(self._numbers)
        name = f"{number:05d}-{arguments[0]}"
        command = Command(arguments, logs / f"{name}.out", logs / f"{name}.errors")
        self._commands[number] = command
        asked = {
            "number": number,
            "arguments": arguments,
            "environment": dict(environment),
            "out": str(command.out),
            "errors": str(command.errors),
            "trap": dict(trap),
        }
        assert self.process.stdin is not None
        with self._lock:
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
        return command

    def mount(self, *arguments: str) -> None:
        """Mount, or mount anew, for its commands alone."""
        self._inside("mount", *arguments)

    def unmount(self, folder: Path) -> None:
        self._inside("umount", str(folder))

    def _inside(self, *command: str) -> None:
        assert self.has_mounts
        target = f"--target={self.process.pid}"
        done = subprocess.run(
            ["nsenter", target, "--mount", "--", *command],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            number, what, value = line.split()
            command = self._commands[int(number)]
            if what == b"started":
                command.pid = int(value)
                command.is_started.set()
            elif what == b"halted":
                command.is_halted.set()
            else:
                command.code = int(value)
                command.is_ended.set()
                command.is_halted.set()
        self.is_gone = True
        for command in [*self._commands.values()]:
            command.is_started.set()
            command.is_ended.set()
            command.is_halted.set()


def may_mount() -> bool:
    """Whether this account may mount in a namespace of its own: root, unless it is held down."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "mount"))):
        return False
    tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(tried, check=False, capture_output=True).returncode == 0


@contextmanager
def hands(environment: Mapping[str, str] | None = None) -> Iterator[Hands]:
    """Start a zygote, and end it with the block; what it had mounted goes with it."""
    has_mounts = may_mount()
    apart = ["unshare", "--mount", "--propagation=private"] if has_mounts else []
    kept = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(
        [*apart, sys.executable, "-m", "tests.slow.faults.zygote"],
        cwd=ROOT,
        env={**kept, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield Hands(process, has_mounts=has_mounts)
        finally:
            assert process.stdin is not None
            process.stdin.close()
