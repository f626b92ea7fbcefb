"""The search for cycles of garbage, put off where it finds none and costs as much as the work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Search for no cycles inside: for work that makes objects by the million, none of which is in one.

    Python searches all that lives each time that has grown by a quarter. What nothing refers to any
    more is freed at once all the same.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
