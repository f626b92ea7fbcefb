"""What every DAG shares. The only package that may import Airflow.

DAGs say when, in what order, how hard to try, and what to do when it fails; steps do the work.
Assets wake the next DAG, and the warehouse decides what there is to do: a lost or doubled event
costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from traceback import format_exception
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, XComArg, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk.log import mask_secret

from pipeline import logs
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.months import Month
from pipeline.core.secrets import hidden, passed_on

GRIDS = Asset("drought://grids/era5-land")
"""A month's grid is archived and registered; the partition is the month."""
STATIONS = Asset("drought://stations")
"""Files came in that were laid down: gauge records, indicators, grids."""
INDICES = Asset("drought://indices")
"""The indices of a month are up to date."""
STAGES = Asset("drought://stages")
"""The stages of a month are decided."""

CDS_POOL = "cds"
"""One request at a time: the data store counts queued requests by account."""

BLOCKS_POOL = "blocks"
"""Parts of a large computation at a time; one on one machine, which does each with all its cores."""

OFFICE = "office"
"""The queue of tasks that need one machine's own disk: the drop folder, letters as files, bulletins,
site, backups, half-fetched answers. One worker listens to it; a single machine needs to know nothing."""

MONTH = "{{ dag_run.partition_key or (dag_run.conf or {}).get('month') }}"
"""The month of a run: its partition key, or what a hand-started run says. Where both are missing it
is rendered as the text None, which `month_of_run` refuses."""


def operations(tier: str, stage: str, queue: str | None = None) -> dict[str, Any]:
    """Return the DAG arguments this project never varies: retries, pacing, ownership, tags.

    With `queue` its workers alone take the tasks; None: any worker does.

    Four retries, after at least 15, 30, 60 and 120 minutes; tasks that wait for the world outside
    say their own. A new try begins where the warehouse stands, so it repeats no work.
    """
    return {
        "catchup": False,
        "max_active_runs": 1,
        "tags": [tier, stage],
        "default_args": {
            "owner": "hydromet",
            "retries": 4,
            "retry_delay": timedelta(minutes=15),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(hours=6),
            **({"queue": queue} if queue else {}),
        },
    }


def when_over(blocks: XComArg, task_id: str) -> EmptyOperator:
    """Return a task that succeeds when `blocks` are over: done, failed, or there were none.

    What follows them must be neither skipped nor failed for that.
    """
    over = EmptyOperator(task_id=task_id, trigger_rule="all_done")
    blocks >> over
    return over


def month_of_run(rendered: str) -> Month:
    """Return the month of a run, from what `MONTH` was rendered to.

    Raises:
        InputError: the run has none, or something else in its place.
    """
    try:
        return Month.parse(rendered)
    except InputError as error:
        raise InputError(
            "DAG run: expected its month as partition key, or as month in its configuration, such "
            f"as 2026-09, got {rendered!r}; trigger it again with one"
        ) from error


@contextmanager
def verdicts(*, is_watched: bool = False) -> Iterator[None]:
    """Tell Airflow what an error asks for: no retry mends bad input or two truths.

    What is logged in the body, and what outcomes it leaves, bear the name of the DAG run. No secret
    that this process knows is in it, nor in the error, whose ever it is: a library may quote an address
    with its password. With `is_watched` the standing of all is noted for a monitoring system at the
    end: a task of the office, whose disk it lies on.
    """
    with logs.bound(run=_name_of_run()), logs.hiding(), passed_on(mask_secret):
        try:
            yield
        except AirflowException:
            raise  # how a task is skipped or put off
        except (InputError, ConflictError) as error:
            # The error itself, whose words are not hidden, would stand in the log beside it.
            told = AirflowFailException(hidden(str(error)))
            raise told.with_traceback(error.__traceback__) from None
        except Exception as error:
            said = "".join(format_exception(error))
            if hidden(said) == said:
                raise
            raise HiddenError(_in_words(error)).with_traceback(error.__traceback__) from None
        finally:
            if is_watched:
                from pipeline import wiring

                wiring.note_standing()


class HiddenError(Exception):
    """What an error said that held a secret, without it. It is tried again as the error would be."""


def _in_words(error: BaseException) -> str:
    """Return what an error and those behind it say, without secrets."""
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    said = hidden(f"{type(error).__name__}: {error}")
    return said if behind is None else f"{said}; after {_in_words(behind)}"


def _name_of_run() -> str | None:
    """Return DAG and run, as log lines and outcomes name them; None outside of a task."""
    try:
        run = get_current_context()["dag_run"]
    except RuntimeError:
        return None
    return f"{run.dag_id}/{run.run_id}" if run is not None else None


def skip_unless(count: int) -> int:
    """Return `count`, or end the task as skipped where it is 0: no event wakes anyone then."""
    if count == 0:
        raise AirflowSkipException("nothing came")
    return count
