"""Many places in blocks of a size the engine likes, in threads, with bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipeline.core.panels import Panel
from pipeline.indices import engine

PLACES_PER_BLOCK = 500
"""The engine is fastest at 200 to 1,000 places, and holds some 85 kB for each while it fits."""

T = TypeVar("T")


def blocks(places: int) -> Iterator[slice]:
    """Yield the positions of `places` in blocks, in order."""
    for first in range(0, places, PLACES_PER_BLOCK):
        yield slice(first, min(first + PLACES_PER_BLOCK, places))


def in_blocks(panel: Panel) -> Iterator[Panel]:
    """Yield the panel in blocks of places, in order; as it is if it is no larger than one."""
    places = panel.values.shape[1]
    if places <= PLACES_PER_BLOCK:
        yield panel
        return
    for block in blocks(places):
        yield Panel(panel.first_month, panel.values[:, block], panel.gaps[:, block])


def in_parallel(
    work: Callable[[slice], T], places: int, *, threads: int = 2
) -> Iterator[tuple[slice, T]]:
    """Yield each block of `places` with what `work` makes of it, in order.

    No more than twice `threads` blocks are begun and not yet taken, so that results do not
    pile up in front of a slow caller. The first block that fails ends it with its exception,
    and blocks not begun are left. Between blocks the engine's warning filters hold for the
    caller as well: they belong to the process.
    """
    waiting: deque[tuple[slice, Future[T]]] = deque()
    with engine.FILTERS, ThreadPoolExecutor(threads) as pool:
        try:
            for block in blocks(places):
                waiting.append((block, pool.submit(work, block)))
                if len(waiting) >= 2 * threads:
                    yield _finished(*waiting.popleft())
            while waiting:
                yield _finished(*waiting.popleft())
        finally:
            for _, begun in waiting:
                begun.cancel()


def _finished(block: slice, begun: Future[T]) -> tuple[slice, T]:
    return block, begun.result()
