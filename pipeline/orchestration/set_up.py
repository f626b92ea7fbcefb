"""``python -m pipeline.orchestration.set_up``: Airflow's tables and pools, made or brought up to date.

One process instead of Airflow's own commands: importing it takes longer than the work.
"""

from __future__ import annotations

import sys


def make_tables_and_pools() -> None:
    """Set Airflow's database and pools up; a task in a pool that does not exist never runs.

    Raises:
        RuntimeError: the pool is not there afterwards.
    """
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    from pipeline.orchestration import BLOCKS_POOL, CDS_POOL

    initdb()
    Pool.create_or_update_pool(
        CDS_POOL,
        slots=1,
        description="one request to the data store at a time",
        include_deferred=False,
    )
    if Pool.get_pool(BLOCKS_POOL) is None:  # with several machines the operator gives it more slots
        said = "parts of a large computation at a time"
        Pool.create_or_update_pool(BLOCKS_POOL, slots=1, description=said, include_deferred=False)
    pool = Pool.get_pool(CDS_POOL)
    if pool is None or pool.slots != 1:
        raise RuntimeError(f"pool {CDS_POOL}: expected one slot, got {pool}")


if __name__ == "__main__":
    make_tables_and_pools()
    sys.exit(0)
