"""A program that brings maps in forks of itself, which are killed on the way with SIGKILL.

It reads lines of JSON: `url` and `var` of an installation, `mark` and `writes`. From the moment when
what is being done begins with the mark, the fork may write so many files into the grid store, and is
killed before the next; with the mark `-` it is left alone. For each line it prints one: the exit code
and what was made. Nothing of Zarr runs in the first process, so that it may fork.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine
from zarr.storage import LocalStore

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.settings import Settings
from pipeline.steps.index_maps import bring_index_maps
from pipeline.steps.installation import Installation
from pipeline.steps.map_shares import take_shares
from pipeline.steps.take_maps import take_maps
from tests.integration.mapped_world import NOW, SOURCE

CODES = tuple(IndexCode.parse(code) for code in ("spi_1", "spi_12", "spei_3"))


class Killer:
    """Counts writes once it is awake."""

    def __init__(self, mark: str, writes: int) -> None:
        self.mark, self.left, self.is_awake = mark, writes, False

    def advance(self, what: str, done: int, of: int) -> None:
        if what.startswith(self.mark) and not self.is_awake:
            self.is_awake = True
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def before_write(self) -> None:
        if self.is_awake:
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1


def bring(url: str, var: str, mark: str, writes: int) -> str:
    """Bring the maps of some indices; return what was made."""
    killer = Killer(mark, writes)
    write = LocalStore.set

    async def counted(store: LocalStore, *args: object, **kwargs: object) -> None:
        killer.before_write()
        await write(store, *args, **kwargs)

    LocalStore.set = counted  # type: ignore[method-assign]
    engine = create_engine(url, poolclass=NullPool)
    place = Installation(Settings(var=Path(var)), engine, clock=lambda: NOW)
    period = CalibrationPeriod(1991, 2020)
    store = take_maps(place, SOURCE, None, killer.advance)
    assert store is not None
    made = bring_index_maps(place, store, SOURCE, period, codes=CODES, advance=killer.advance)
    months, _ = take_shares(place, store, SOURCE, period, None, killer.advance)
    said = [f"{code}:{count}" for code, count in made.maps.items()]
    return " ".join([*said, f"fitted:{len(made.fitted)}", f"shares:{months}"])


def in_fork(asked: dict[str, Any]) -> tuple[int, str]:
    """Do the work in a process of its own; return its exit code, and what it says it made."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(said, bring(**asked).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the fork must not go on as its parent
            traceback.print_exc()
            os._exit(1)
    os.close(said)
    _, status = os.waitpid(child, 0)
    with os.fdopen(heard, encoding="utf-8") as pipe:
        return os.waitstatus_to_exitcode(status), pipe.read()


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(in_fork(json.loads(line))) + "\n")
        sys.stdout.flush()
