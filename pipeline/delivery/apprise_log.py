"""The log of apprise, which names URLs and so keys: it is caught here and goes nowhere else."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

_LOG = "apprise"
_BELOW = ("urllib3.connectionpool", "urllib3.util.retry")
"""Logs of libraries under it, which name URLs too."""
_DETAILS = ("response details", "socket exception")
"""What is worth keeping of its chatter below warnings."""

_caught: ContextVar[list[str] | None] = ContextVar("caught", default=None)


class _Catch(logging.Handler):
    """Keeps what is said during a call in this thread."""

    def emit(self, record: logging.LogRecord) -> None:
        said, heard = record.getMessage(), _caught.get()
        # Between errors and what is worse apprise says what it will give up one day.
        is_trouble = record.levelno in {logging.WARNING, logging.ERROR, logging.CRITICAL}
        is_kept = is_trouble or said.lower().startswith(_DETAILS)
        if heard is not None and is_kept:
            heard.append(said)


class _NotDuringCalls(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return _caught.get() is None


@contextmanager
def catching() -> Iterator[list[str]]:
    """Give a list of what apprise says in this thread during the block.

    From the first block on nothing of it reaches the logs of the program, at whatever level they
    are: no filter of secrets is sure to know every one.
    """
    _load()
    heard: list[str] = []
    token = _caught.set(heard)
    try:
        yield heard
    finally:
        _caught.reset(token)


@cache
def _load() -> None:
    """Silence apprise, then load its plugins, once: one of them imports what Python gives up."""
    log = logging.getLogger(_LOG)
    log.addHandler(_Catch())
    log.setLevel(logging.DEBUG)
    log.propagate = False
    for name in _BELOW:
        logging.getLogger(name).addFilter(_NotDuringCalls())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from apprise.manager_plugins import NotificationManager

        NotificationManager().load_modules()  # type: ignore[no-untyped-call]
