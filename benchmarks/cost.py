"""What a piece of work costs: CPU of all threads and children, time by the clock, peak memory.

Where memory matters each side runs in a process of its own, started fresh.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_STATUS = Path("/proc/self/status")


@dataclass
class Cost:
    """Filled in when the work is over; costs of parts may be added up."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    """Of the whole process until then, libraries included."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.cpu_s + other.cpu_s,
            self.wall_s + other.wall_s,
            max(self.peak_mb, other.peak_mb),
        )


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the body."""
    cost = Cost()
    cpu, wall = _cpu_s(), time.perf_counter()
    yield cost
    cost.cpu_s, cost.wall_s = _cpu_s() - cpu, time.perf_counter() - wall
    cost.peak_mb = peak_mb()


def median_of(times: int, work: Callable[[], object]) -> Cost:
    """Do the work so many times; return the median CPU time and the median time by the clock."""
    costs = []
    for _ in range(times):
        with measured() as cost:
            work()
        costs.append(cost)
    return Cost(
        statistics.median(cost.cpu_s for cost in costs),
        statistics.median(cost.wall_s for cost in costs),
        costs[-1].peak_mb,
    )


def apart(work: Callable[..., T], *given: object) -> T:
    """Return what `work` returns, done in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


def peak_mb() -> float:
    """The most memory this process has held so far."""
    if _STATUS.exists():  # `ru_maxrss` begins with what the parent held
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def megabytes(folder: Path) -> float:
    """What the files of a folder take on the disk, in blocks of the file system."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6


def heading(title: str, *packages: str) -> None:
    """Print what is measured, where, and with which versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    print(f"\n{title}\n{_machine()}, Python {platform.python_version()}, {versions}\n", flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their heads, the first column to the left and numbers to the right."""
    cells = [list(head), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        first, *others = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]), flush=True)
    print()


def _shown(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    if cell != 0.0 and abs(cell) < 0.001:
        return f"{cell:.1e}"
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _machine() -> str:
    cpus = Path("/proc/cpuinfo")
    names = (
        [
            line.split(":")[1].strip()
            for line in cpus.read_text().splitlines()
            if "model name" in line
        ]
        if cpus.exists()
        else []
    )
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores of {name}, {platform.system()} {platform.release()}"
