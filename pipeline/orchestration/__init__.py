"""What every DAG shares. The only package that may import Airflow.

DAGs say when, in what order, how hard to try, and what to do when it fails; steps do the work.
Assets wake the next DAG, and the warehouse decides what there is to do: a lost or doubled event
costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipeline.core.errors import ConflictError, InputError

GRIDS = Asset("drought://grids/era5-land")
"""A month's grid is archived and registered; the partition is the month."""
STATIONS = Asset("drought://stations")
"""Gauge records came in."""
INDICES = Asset("drought://indices")
"""The indices of a month are up to date."""
STAGES = Asset("drought://stages")
"""The stages of a month are decided."""

CDS_POOL = "cds"
"""One request at a time: the data store counts queued requests by account."""

MONTH = "{{ dag_run.partition_key or dag_run.conf['month'] }}"
"""The month of a run: its partition key, or what a hand-started run says. Anything else is refused
by the task, because a missing key would be rendered as the text None."""


def operations(tier: str, stage: str) -> dict[str, Any]:
    """Return the DAG arguments this project never varies: retries, pacing, ownership, tags.

    Four retries from 15 minutes to 6 hours outlast a night without the data store; a new try
    begins where the warehouse stands, so it repeats no work.
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
        },
    }


@contextmanager
def verdicts() -> Iterator[None]:
    """Tell Airflow what an error asks for: no retry mends bad input or two truths."""
    try:
        yield
    except (InputError, ConflictError) as error:
        raise AirflowFailException(str(error)) from error


def skip_unless(count: int) -> int:
    """Return `count`, or end the task as skipped where it is 0: no event wakes anyone then."""
    if count == 0:
        raise AirflowSkipException("nothing came")
    return count
