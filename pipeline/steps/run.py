"""All steps for one month after another, without Airflow: an equal, supported way to run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from pipeline.core.components import Component
from pipeline.core.errors import DroughtError, InputError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month, months_between
from pipeline.steps.compute import compute
from pipeline.steps.deliver import Delivered, deliver
from pipeline.steps.escalate import escalate
from pipeline.steps.evaluate import evaluate
from pipeline.steps.fetch import ask
from pipeline.steps.fetch_at_once import AT_ONCE, bring, bring_ranges
from pipeline.steps.installation import Installation, acts_as, grid_source
from pipeline.steps.maps import bring_maps
from pipeline.steps.months import tell_of_months
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.steps.publish import publish
from pipeline.steps.settling import months_to_settle
from pipeline.steps.waiting_files import refuse_unclean, watch_all
from pipeline.warehouse.files import read_months_held, read_sources
from pipeline.warehouse.schedules import read_lacking_months
from pipeline.warehouse.status import read_newest_stage_month

_log = logging.getLogger(__name__)

_Done = TypeVar("_Done")
_FORESEEN = (DroughtError, OSError, SQLAlchemyError, psycopg.Error)
"""What is no defect, as the command line sees it: others are shown with their traceback."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to."""

    fetched: int
    """Months that were fetched: those not held, and those whose final values are due."""
    told: int
    """Alerts that now wait for approval."""
    delivered: Delivered
    without_file: tuple[Month, ...] = ()
    """Months that only a file could bring, and none was given yet: no failure of the run."""


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be fetched."""

    turns: tuple[Sequence[Month], ...] = ()
    """Each asked for apart: what is refused of one holds up no other."""
    has_ranges: bool = False
    """Whether the daily range of temperature is asked for after them."""
    without_file: tuple[Month, ...] = ()


@dataclass
class Round:
    """One run: what failed in it, while what does not need it was done all the same."""

    troubles: list[Exception] = field(default_factory=list)

    def attempt(self, step: str, do: Callable[[], _Done]) -> _Done | None:
        """Return what a step came to, or None where it failed."""
        try:
            return do()
        except Exception as error:  # noqa: BLE001 - raised at the end; clients of object stores have errors of their own
            # One that is not raised in the end is told of here alone.
            is_defect = not isinstance(error, _FORESEEN)
            _log.warning("%s: %s: %s", step, type(error).__name__, error, exc_info=is_defect)
            self.troubles.append(error)
            return None

    def end(self) -> None:
        """Fail as the first step that did; a defect goes before what the operator can mend."""
        defects = [one for one in self.troubles if not isinstance(one, _FORESEEN)]
        for trouble in [*defects, *self.troubles]:
            raise trouble


def run(
    installation: Installation,
    first: Month | None = None,
    last: Month | None = None,
    *,
    advance: Advance = lambda what, done, of: None,
) -> Ran:
    """Ingest the months from `first` to `last`, then compute, map, evaluate, deliver and publish.

    Without `first` it is the oldest month held, without `last` the newest that should be out by the
    schedule of the source: so that a timer need not know them, and holes are filled too.

    The new files of the drop folders are taken first. Months the warehouse holds are not fetched
    again, but for those whose final values are due. What follows the ingest asks the warehouse
    what there is to do, so a month that came late renews those after it too.

    Whatever fails, all that can be done without it is done first, so that what is approved leaves, and
    the bulletin says what is late. A month that only a file could bring is no failure of a run that
    was told no months: nobody has given it yet, and the status says so.

    Raises:
        InputError: as the steps say; or a file of a drop folder was refused.
        NotPublishedError, OSError: the store lacks a month, or does not answer.
        Exception: whatever else made a step fail.
    """
    this = Round()
    came = this.attempt("watch", lambda: watch_all(installation, advance=advance))
    due = this.attempt("fetch", lambda: _due(installation, first, last)) or _Due()
    fetched = _fetch(this, installation, due, advance)
    told = _decide(this, installation, advance)
    this.attempt("escalate", lambda: escalate(installation))
    delivered = this.attempt("deliver", lambda: deliver(installation)) or Delivered(0, ())
    # Also where nothing was decided: the bulletin says what is late.
    if told is not None or this.attempt("stages", lambda: _has_stages(installation)):
        this.attempt("publish", lambda: publish(installation))
    # Last, as what could not be done is no end of a month; and what is told is to leave now.
    news = this.attempt("tell_of_months", lambda: tell_of_months(installation))
    if news is not None and news.count:
        more = this.attempt("deliver", lambda: deliver(installation)) or Delivered(0, ())
        delivered = Delivered(
            delivered.sent + more.sent, delivered.failures + more.failures, more.resting
        )
    this.end()
    if came is not None:
        refuse_unclean(came)
    return Ran(fetched, told or 0, delivered, due.without_file)


def _decide(this: Round, installation: Installation, advance: Advance) -> int | None:
    """Compute, map and evaluate; return how many alerts are to be told, None where it failed.

    Most plans need no maps.
    """
    if this.troubles and not this.attempt("sources", lambda: _has_grids(installation)):
        return None
    if this.attempt("compute", lambda: compute(installation, advance=advance)) is None:
        return None
    this.attempt("maps", lambda: bring_maps(installation, advance=advance))
    done = this.attempt("evaluate", lambda: evaluate(installation, advance=advance))
    return None if done is None else done.told


def _has_grids(installation: Installation) -> bool:
    with installation.warehouse.connect() as connection:
        return bool(read_sources(connection))


def _has_stages(installation: Installation) -> bool:
    with installation.warehouse.connect() as connection:
        return read_newest_stage_month(connection) is not None


def _fetch(this: Round, installation: Installation, due: _Due, advance: Advance) -> int:
    """Fetch what is due, one turn after another; return how many months came."""
    came = 0
    refused: list[InputError] = []
    turns = [months for months in due.turns if months]
    for number, months in enumerate(turns, 1):
        done = this.attempt("fetch", partial(_bring, installation, months, advance))
        came += done or 0
        trouble = this.troubles[-1] if done is None else None
        if isinstance(trouble, OSError):  # the next turn would wait as long for an answer
            rest = [month for turn in turns[number:] for month in turn]
            if isinstance(trouble, TimeoutError) and (rest or due.has_ranges):  # a long queue
                put_in = partial(ask, at_once=AT_ONCE, with_ranges=due.has_ranges)
                this.attempt("fetch", partial(put_in, installation, rest))
            return came
        if isinstance(trouble, InputError):
            refused.append(trouble)
    if due.has_ranges:
        this.attempt("fetch", lambda: bring_ranges(installation, advance=advance))
    if refused:
        _leave_as_last_word(installation, refused[0])
    return came


@acts_as(Component.INGEST)
def _leave_as_last_word(installation: Installation, trouble: InputError) -> None:
    """Write down a refusal once more: what went well after it is not how fetching stands."""
    with suppress(InputError), recorded(installation.warehouse, "fetch"):
        raise trouble


def _bring(installation: Installation, months: Sequence[Month], advance: Advance) -> int:
    return len(bring(installation, months, with_ranges=False, advance=advance))


def _due(installation: Installation, first: Month | None, last: Month | None) -> _Due:
    """Return what is not held of the months of a run, the newest first, and the finals that are due.

    Raises:
        InputError: a month is not given, and nothing is held to go on from; or only a file could
            bring one of those that are given, and none did.
    """
    source, months, lacking = _asked(installation, first, last)
    # Who brings ERA5-Land by hand, without a key, brings its final values by hand too.
    has_key = installation.settings.cdsapi_key is not None
    if source != ERA5_LAND or (not has_key and len(lacking) < len(months)):
        if not lacking:
            return _Due()
        fetch = ", or set CDSAPI_KEY to have it fetched" if source == ERA5_LAND else ""
        said = (
            f"{source}: expected {lacking[0]} from a file, got none; run `drought ingest grid`, "
            f"or lay it into the drop folder{fetch}"
        )
        if first is not None or last is not None:
            raise InputError(said)
        _log.warning("%s", said)
        return _Due(without_file=tuple(lacking))
    finals = months_to_settle(installation) if has_key else []
    if len(lacking) == len(months):
        # A history is brought from its beginning on: later runs fill what lacks of it.
        return _Due((lacking, finals), has_ranges=has_key)
    return _Due((lacking[-1:], lacking[:-1], finals), has_ranges=has_key)


def _asked(
    installation: Installation, first: Month | None, last: Month | None
) -> tuple[str, Sequence[Month], list[Month]]:
    """Return the source of grids, the months of a run, and those of them that no file holds.

    Raises:
        InputError: one is not given, and nothing is held to go on from.
    """
    with installation.warehouse.connect() as connection:
        sources = read_sources(connection)
        source = grid_source(connection, installation.settings) if sources else ERA5_LAND
        held = read_months_held(connection, source)
        if not held and (first is None or last is None):
            raise InputError(
                f"{source}: expected a history to go on from, got none; load it first, such as "
                "`drought ingest era5-land --from 1991-01 --to 2026-10`, or give --from and --to"
            )
        lacking = read_lacking_months(connection, source, installation.clock(), first, last)
    until = last or max([*held, *lacking])
    return source, list(months_between(first or held[0], until)), lacking
