"""Keeps programs running: what ends is started again, with growing pauses, and that is written down.

A small program of ours in plain Python, because the machines have systemd or not, and `make up` has
to work for who may not install a unit. It holds nothing in memory that matters: `state.json` says
what runs, and a supervisor that was killed is followed by one that ends what it left, and starts it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from pipeline.core.errors import DroughtError
from pipeline.local.processes import Started, end, is_at_work, members, shorten_log, start_apart

LONGEST_PAUSE_SECONDS = 60.0
WELL_SECONDS = 60.0
"""A program that ran so long ran well: should it end, the pauses begin anew."""
_LOOK_SECONDS = 0.5
_LONG_AGO = float("-inf")

Command = Callable[[], tuple[Sequence[str], Mapping[str, str]]]
"""The command and the environment of a program, asked anew for each start."""


def pause_seconds(failures: int) -> float:
    """Return how long to wait before a start, after so many short lives in a row."""
    return 0.0 if failures == 0 else min(2.0 ** (failures - 1), LONGEST_PAUSE_SECONDS)


@dataclass
class Part:
    """What the supervisor knows of one program, as `state.json` shows it."""

    name: str
    state: str = "waiting"
    """`running`, or `waiting` to be started again."""
    pid: int | None = None
    ticks: str = ""
    since: str | None = None
    restarts: int = 0
    last_end: str | None = None
    """What was seen when it ended last, and when."""

    def process(self) -> Started | None:
        return None if self.pid is None else Started(self.pid, self.ticks)


@dataclass
class _Run:
    """What is known of a program by the supervisor alone."""

    process: subprocess.Popen[bytes] | None = None
    began: float = _LONG_AGO
    failures: int = 0
    start_at: float = _LONG_AGO


@dataclass
class Supervisor:
    """Keeps `commands` running, each in a session of its own, until `stop` is set.

    Args:
        folder: of the logs and of `state.json`.
        commands: by name, in the order in which they are started; they are ended the other way.
        ground: what they all stand on; brings it up where it is down, and says so by True.
    """

    folder: Path
    commands: Mapping[str, Command]
    ground: Callable[[], bool] = lambda: False
    ground_name: str = "database"
    stop: Event = field(default_factory=Event)
    parts: dict[str, Part] = field(default_factory=dict)
    _runs: dict[str, _Run] = field(default_factory=dict)
    _left: list[Started] = field(default_factory=list)
    _shown: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        names = [self.ground_name, *self.commands]
        self.parts = {name: Part(name) for name in names}
        self._runs = {name: _Run() for name in names}

    def run(self) -> None:
        """Keep everything running until `stop` is set; then end it all."""
        end_what_is_left(self.folder)
        self._say("supervisor", f"started as process {os.getpid()}")
        try:
            while not self.stop.is_set():
                with suppress(OSError):  # as on a full disk: what runs must not end with the log
                    self.look()
                self.stop.wait(_LOOK_SECONDS)
        finally:
            self._end_all()

    def look(self) -> None:
        """Look once after everything, and start what is due."""
        if self._keep_ground():
            for name in self.commands:
                self._keep(name)
        self._clear_what_is_left()
        for name in [*self.commands, "supervisor"]:
            with suppress(OSError):  # what runs is shown all the same
                shorten_log(self.folder / f"{name}.log")
        self._show()

    def _keep_ground(self) -> bool:
        """Return whether what all stand on is there, brought up if need be."""
        part, run = self.parts[self.ground_name], self._runs[self.ground_name]
        if time.monotonic() < run.start_at:
            return False
        try:
            was_down = self.ground()
        except DroughtError as error:
            run.failures += 1
            pause = pause_seconds(run.failures)
            run.start_at = time.monotonic() + pause
            part.state, part.last_end = "waiting", f"{_now()} {error}"
            self._say(part.name, f"is down and did not start: {error}; again in {pause:.0f} s")
            return False
        if was_down and run.began != _LONG_AGO:
            part.restarts += 1
            part.last_end = f"{_now()} was down"
            self._say(part.name, f"was down, started again (restart {part.restarts})")
        if was_down or part.state != "running":
            part.state, part.since = "running", _now()
            run.began, run.failures = time.monotonic(), 0
        return True

    def _keep(self, name: str) -> None:
        part, run = self.parts[name], self._runs[name]
        if run.process is not None and run.process.poll() is not None:
            self._note_end(part, run, run.process.returncode)
        if run.process is None and time.monotonic() >= run.start_at and not self.stop.is_set():
            self._start(part, run)

    def _start(self, part: Part, run: _Run) -> None:
        try:
            command, environment = self.commands[part.name]()
            run.process = start_apart(command, environment, self.folder / f"{part.name}.log")
        except (DroughtError, OSError) as error:
            run.failures += 1
            pause = pause_seconds(run.failures)
            run.start_at = time.monotonic() + pause
            part.last_end = f"{_now()} {error}"
            self._say(part.name, f"cannot be started: {error}; again in {pause:.0f} s")
            return
        run.began = time.monotonic()
        started = Started.of(run.process.pid)
        part.state, part.pid, part.ticks, part.since = "running", started.pid, started.ticks, _now()
        self._say(part.name, f"started as process {part.pid}")

    def _note_end(self, part: Part, run: _Run, code: int) -> None:
        lived = time.monotonic() - run.began
        run.failures = 1 if lived >= WELL_SECONDS else run.failures + 1
        pause = pause_seconds(run.failures)
        run.start_at, run.process = time.monotonic() + pause, None
        leader = part.process()
        if leader is not None:
            self._left.append(leader)
        part.restarts += 1
        why = f"by signal {-code}" if code < 0 else f"with code {code}"
        part.state, part.pid, part.ticks = "waiting", None, ""
        part.last_end = f"{_now()} {why} after {lived:.0f} s"
        self._say(
            part.name,
            f"ended {why} after {lived:.0f} s; started again in {pause:.0f} s "
            f"(restart {part.restarts})",
        )

    def _clear_what_is_left(self) -> None:
        """End what a program left that ended; a task that is being worked on goes on to its end."""
        for leader in list(self._left):
            if not is_at_work(leader):
                end(leader)
            if not members(leader):
                self._left.remove(leader)

    def _end_all(self) -> None:
        for name in reversed(list(self.commands)):
            run, leader = self._runs[name], self.parts[name].process()
            if run.process is not None and leader is not None:
                end(leader)
                run.process.wait()
                self._say(name, "stopped")
            self.parts[name].state, self.parts[name].pid = "stopped", None
        for leader in self._left:
            end(leader)
        self._say("supervisor", "stopped")
        (self.folder / "state.json").unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.folder / "supervisor.log"

    def _say(self, name: str, what: str) -> None:
        with suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(f"{_now()} {name}: {what}\n")

    def _show(self) -> None:
        text = json.dumps({"parts": [asdict(part) for part in self.parts.values()]}, indent=1)
        if text != self._shown:
            unfinished = self.folder / "state.unfinished"
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self.folder / "state.json")
            self._shown = text


def read_parts(folder: Path) -> list[Part]:
    """Return what the supervisor of a folder last wrote of its programs; none where it stopped."""
    try:
        said: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    return [Part(**part) for part in said["parts"]]


def end_what_is_left(folder: Path) -> None:
    """End the programs of a supervisor that is gone without having done so itself."""
    for part in reversed(read_parts(folder)):
        leader = part.process()
        if leader is not None:
            end(leader)


def stop_on_signals(stop: Event) -> None:
    """Let SIGTERM and SIGINT set `stop`."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
