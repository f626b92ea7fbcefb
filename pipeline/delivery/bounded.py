"""A call to the outside world that takes a known time at most, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from pipeline.core.errors import ChannelDownError

_Answer = TypeVar("_Answer")


def within(seconds: float, where: str, call: Callable[[], _Answer]) -> _Answer:
    """Return what `call` returns, or raise what it raises.

    It runs in a thread of its own: timeouts of sockets begin anew with every byte, so a server that
    sends one now and then could hold a caller for ever.

    Raises:
        ChannelDownError: it has not ended in `seconds`. Its thread is left behind; should the other
            side take the message yet, it will be repeated under the same id.
    """
    answer: Future[_Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    # Asked of `wait`, as the call may raise a TimeoutError of its own.
    if not wait([answer], timeout=seconds).done:
        raise ChannelDownError(
            f"{where}: expected an answer within {seconds:.0f} s, got none; it is tried again later"
        )
    return answer.result()
