"""Counted events of a command, and a signal at one of them: its end, or a halt, before the event takes place.

An event is a statement or a commit to the database, a file opened for writing, renamed, linked or
removed, brought to the disk, a call to the data store, or a command to the mail server. The process
is its own victim, so that a window of microseconds is hit every time.
"""

from __future__ import annotations

import inspect
import json
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from pipeline.steps.deliver import deliver

KINDS = ("statement", "commit", "write", "name", "sync", "store", "mail")

_NAMES = {"os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}
_DELIVER: Any = inspect.unwrap(deliver)
_NO_FILES = ("/dev/null", "/dev/tty", "/dev/urandom", "/proc/")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class _Trap:
    """Counts; ends or halts the process before the `number`-th event of a kind."""

    def __init__(self, kind: str, number: int) -> None:
        self.kind, self.number = kind, number
        self.signal: int = signal.SIGKILL
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.tally: str = ""

    def count(self, kind: str) -> None:
        with self.lock:
            self.counts[kind] += 1
            if kind == self.kind and self.counts[kind] == self.number:
                os.kill(os.getpid(), self.signal)

    def heard(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event of the interpreter."""
        if name == "open":
            path, mode, flags = arguments
            is_written = any(one in mode for one in "wax+") if mode else bool(flags & _WRITES)
            if is_written and not str(path).startswith(_NO_FILES):
                self.count("write")
        elif name in _NAMES:
            self.count("name")
        elif name == "http.client.send":
            self.count("store")
        elif name == "smtplib.send":
            self.count("mail")


_trap = _Trap("", 0)


def set_up(
    kind: str = "",
    number: int = 0,
    tally: str = "",
    impatience_seconds: float = 0.0,
    *,
    halts: bool = False,
) -> None:
    """Count events from now on.

    Args:
        kind: of `KINDS`; empty: nothing happens.
        number: the process ends before so manieth event of that kind.
        halts: it halts there instead, until it is told to go on.
        tally: a file for the counts, written when the command ends.
        impatience_seconds: how long a channel may keep `deliver` waiting, unless 0.
    """
    _trap.kind, _trap.number, _trap.tally = kind, number, tally
    _trap.signal = signal.SIGSTOP if halts else signal.SIGKILL
    if impatience_seconds:
        _DELIVER.__kwdefaults__["seconds"] = impatience_seconds
    if not (kind or tally):
        return
    event.listen(Engine, "before_cursor_execute", lambda *_: _trap.count("statement"))
    event.listen(Engine, "commit", lambda _: _trap.count("commit"))
    sync = os.fsync

    def counted_sync(file: int) -> None:
        _trap.count("sync")
        sync(file)

    os.fsync = counted_sync
    sys.addaudithook(_trap.heard)


def tear_down() -> None:
    """Write the counts down, if they were asked for."""
    if _trap.tally:
        path, _trap.kind = Path(_trap.tally), ""
        path.write_text(json.dumps(_trap.counts))
