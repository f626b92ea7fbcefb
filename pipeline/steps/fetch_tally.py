"""What came of the requests of a command, and how long it waits for more."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.months import Month
from pipeline.sources.cds import CdsAccess, ProductType
from pipeline.warehouse.jobs import AskedFor

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_AFTER_FAULT_SECONDS = 15.0


_WHAT = {
    ProductType.MONTHS: "ERA5-Land",
    ProductType.HOURS_OF_DAY: "ERA5-Land by the hour of the day",
}


class Tally:
    """Of one product type: which months came, which are absent, and what failed."""

    def __init__(
        self,
        wanted: frozenset[Month] | None = None,
        product_type: ProductType = ProductType.MONTHS,
    ) -> None:
        """Count `wanted` months only; None: all that the requests cover."""
        self.wanted = wanted
        self.product_type = product_type
        self.what = _WHAT[product_type]
        """For people."""
        self.left = set(wanted or ())
        self.came: set[Month] = set()
        self.absent: set[Month] = set()
        self.failures: list[str] = []

    def add(self, request: AskedFor) -> None:
        """Count a request; one that is open, or was replaced by smaller ones, tells nothing yet."""
        if request.state in {"open", "too_large"} or request.product_type != self.product_type:
            return
        months = set(request.months)
        if self.wanted is not None:
            months &= self.wanted
        self.left -= months
        if request.state == "failed" and months:
            self.failures.append(f"{self.what} {_range(request.months)}: {request.trouble}")
        if request.state == "failed":
            return
        self.came |= months & set(request.came)
        self.absent |= months - set(request.came)

    def raise_if_any_failed(self) -> None:
        """Raise an `InputError` with the reason of the first request that failed, if one did."""
        if self.failures:
            raise failed(self.failures[0])

    def raise_if_any_is_absent(self) -> None:
        """Raise a `NotPublishedError` that names the months that did not come, if any."""
        if self.absent:
            # The store leaves out what it does not have yet, and says nothing.
            raise NotPublishedError(
                f"{self.what}: got nothing for {', '.join(map(str, sorted(self.absent)))}: not "
                "published yet; the store publishes a month about five days after its end; the "
                "other months are ingested"
            )


def failed(failure: str) -> InputError:
    """Return the error for a request that failed, as a tally words it."""
    return InputError(
        f"{failure}; ask again with the same command, and if it fails again read the data "
        "store's own notices"
    )


def _range(months: tuple[Month, ...]) -> str:
    return str(months[0]) if len(months) == 1 else f"{months[0]} to {months[-1]}"


@dataclass(slots=True)
class Patience:
    """How long to wait between two questions, and when to stop waiting."""

    access: CdsAccess
    next_seconds: float = _FIRST_PAUSE_SECONDS
    waited_seconds: float = 0.0
    faults: int = field(default=0, init=False)

    @contextmanager
    def faults_counted(self) -> Iterator[None]:
        """Let faults of the world outside pass, until there are too many in a row."""
        try:
            yield
        except OSError as error:
            self.faults += 1
            if self.faults >= self.access.tries:
                raise
            _log.warning("data store: %s", error)
        else:
            self.faults = 0

    def renew(self) -> None:
        """Something came: begin to wait anew."""
        self.next_seconds, self.waited_seconds = _FIRST_PAUSE_SECONDS, 0.0

    def pause(self, waiting: int) -> None:
        """Sleep, longer each time; `waiting` requests are waited for.

        Raises:
            TimeoutError: it has been long enough.
        """
        if self.waited_seconds >= self.access.wait_seconds:
            raise still_waiting(waiting, self.waited_seconds)
        longest = self.access.pause_seconds
        if self.faults:
            self.next_seconds = min(longest, _LONGEST_PAUSE_AFTER_FAULT_SECONDS)
        time.sleep(self.next_seconds)
        self.waited_seconds += self.next_seconds
        self.next_seconds = min(2 * self.next_seconds, longest)


def still_waiting(requests: int, seconds: float = 0.0) -> TimeoutError:
    """Return the error for what still waits in the store's queue."""
    for_so_long = f" after {seconds:.0f} s" if seconds else ""
    return TimeoutError(
        f"data store: {requests} requests not ready{for_so_long}; they stay in its queue, and the same "
        "command goes on with them later"
    )
