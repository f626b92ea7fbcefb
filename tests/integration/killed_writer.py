"""A program that writes into copies of a grid store and is killed, once at each of its writes.

`python -m tests.integration.killed_writer WORK TEMPLATE FOLDER` copies TEMPLATE to FOLDER/0,
FOLDER/1, … and runs WORK on each copy, in a process of its own; the n-th kills itself with SIGKILL
before its n-th write (or removal) takes effect. The last is the one that came to its end. Nothing of
Zarr runs in the first process, so that it may fork. `killed_writer on-and-on FOLDER` writes until it is
killed from outside.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from zarr.storage import LocalStore

from pipeline.core.months import Month
from pipeline.landscapes.weights import Grid
from pipeline.sources.grid_store import GridStore, MapKind

GRID = Grid((41.0, 40.5, 40.0), (70.0, 70.5, 71.0, 71.5))
KINDS = {
    "rain": MapKind("f4", None, "mm", "rain"),
    "index": MapKind("i2", 1e-4, "1", "an index"),
}
JANUARY = Month(2000, 1)
HELD = [JANUARY + n for n in range(6)]
WRITTEN = [JANUARY + 2, JANUARY + 3, JANUARY + 6]
"""Two months that the store holds, and a new one."""
PATH = "climate"


def maps(months: list[Month], version: int) -> dict[str, np.ndarray[Any, Any]]:
    """Maps that differ by month and version."""
    by_month = np.array([month.ordinal % 100 / 100 for month in months])
    base = by_month[:, np.newaxis] + np.arange(12) / 1000
    return {name: (base + version / 7).astype(np.float32) for name in KINDS}


class KilledStore(LocalStore):
    """A folder whose user is killed when `left` writes are done."""

    left = sys.maxsize

    def _spend(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    async def set(self, *args: object, **kwargs: object) -> None:
        self._spend()
        await super().set(*args, **kwargs)

    async def set_if_not_exists(self, *args: object, **kwargs: object) -> None:
        self._spend()
        await super().set_if_not_exists(*args, **kwargs)

    async def delete(self, *args: object, **kwargs: object) -> None:
        self._spend()
        await super().delete(*args, **kwargs)

    async def delete_dir(self, *args: object, **kwargs: object) -> None:
        self._spend()
        await super().delete_dir(*args, **kwargs)

    def set_sync(self, *args: object, **kwargs: object) -> None:
        self._spend()
        super().set_sync(*args, **kwargs)

    def delete_sync(self, *args: object, **kwargs: object) -> None:
        self._spend()
        super().delete_sync(*args, **kwargs)


def define(store: GridStore) -> None:
    store.define(PATH, KINDS, attributes={})


def write(store: GridStore) -> None:
    store.write(PATH, WRITTEN, maps(WRITTEN, 2), [22, 23, 24])


def write_static(store: GridStore) -> None:
    store.write_static("calibration", "alpha", np.full((12, 12), 2.0), None, {"fit": 2})


WORKS = {work.__name__: work for work in (define, write, write_static)}


def write_on_and_on(folder: str) -> None:
    """Write versions 1 to 50, again and again; the fingerprint is the version."""
    store = GridStore.within(LocalStore(Path(folder)), folder, "era5-land", GRID)
    for n in itertools.count():
        version = n % 50 + 1
        store.write(PATH, WRITTEN, maps(WRITTEN, version), [version] * len(WRITTEN))
        sys.stdout.write("ready\n")
        sys.stdout.flush()


def kill_at_each_write(work: str, template: str, folder: str) -> None:
    for n in itertools.count():
        copy = Path(folder) / str(n)
        shutil.copytree(template, copy)
        child = os.fork()
        if child == 0:
            KilledStore.left = n
            WORKS[work](GridStore.within(KilledStore(copy), str(copy), "era5-land", GRID))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    if sys.argv[1] == "on-and-on":
        write_on_and_on(sys.argv[2])
    else:
        kill_at_each_write(*sys.argv[1:])
