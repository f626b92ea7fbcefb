"""``python -m tests.slow.faults.zygote``: runs `drought` in forks of itself, several beside each other.

Importing the science takes seconds; here it is done once. A line in is JSON: a number, the arguments,
the environment, the files for both outputs, and the trap. Lines out: ``NUMBER started PID``, then
``NUMBER ended CODE``, the code negative for a signal; between them ``NUMBER halted SIGNAL`` for one that halts.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from pipeline import cli, wiring
from pipeline.delivery.bulletin import facts as _bulletins  # noqa: F401 - imported late by commands
from pipeline.steps import (  # noqa: F401 - likewise
    backup,
    compute,
    deliver,
    fetch_at_once,
    index_maps,
    late_readings,
    maps,
    publish,
    run,
    status,
    take_maps,
)
from tests.slow.faults import traps

_POLL_SECONDS = 0.005


def _sleep(seconds: float) -> None:
    """Sleep as `time.sleep` does, which fails under libfaketime 0.9.10 where the monotonic clock is left alone."""
    select.select([], [], [], seconds)


def main() -> None:
    if "FAKETIME_TIMESTAMP_FILE" in os.environ:
        time.sleep = _sleep
    running: dict[int, int] = {}
    unread = b""
    is_open = True
    _say("ready")
    while is_open or running:
        wait = _POLL_SECONDS if running else None
        if is_open and select.select([0], [], [], wait)[0]:
            read = os.read(0, 1 << 16)
            is_open = bool(read)
            *lines, unread = (unread + read).split(b"\n")
            for line in lines:
                asked = json.loads(line)
                child = os.fork()
                if child == 0:
                    _run(asked)
                running[child] = asked["number"]
                _say(asked["number"], "started", child)
        for child in list(running):
            changed, word = os.waitpid(child, os.WUNTRACED | (os.WNOHANG if is_open else 0))
            if changed and os.WIFSTOPPED(word):
                _say(running[child], "halted", os.WSTOPSIG(word))
            elif changed:
                _say(running.pop(child), "ended", os.waitstatus_to_exitcode(word))


def _say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 - to who asked


def _run(asked: dict[str, Any]) -> None:
    """Be the command, and never come back."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.umask(0o022)
        wiring.settings.cache_clear()
        sys.argv = ["drought", *asked["arguments"]]
        for number, path in ((1, asked["out"]), (2, asked["errors"])):
            file = os.open(Path(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(file, number)
            os.close(file)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        traps.set_up(**asked["trap"])
        cli.main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - the fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        traps.tear_down()
        os._exit(code)


if __name__ == "__main__":
    main()
