"""What the tests of fetching share: a store that misbehaves, and an installation that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from tests.integration.conftest import NOW

NEWEST = Month(2026, 10)
TAJIKISTAN = (Country.TAJIKISTAN,)

OpenStore = Callable[..., DataStore]


def stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    """Yield a function that opens a store; no other settings are found, no proxy is used."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("CDSAPI_URL", "CDSAPI_KEY", "CDSAPI_RC"):
        monkeypatch.delenv(name, raising=False)
    opened: list[DataStore] = []

    def open_store(behaviour: Behaviour | None = None, newest: Month = NEWEST) -> DataStore:
        store = DataStore(newest, behaviour=behaviour or Behaviour(queue_polls=0))
        opened.append(store)
        return store.__enter__()

    yield open_store
    for store in opened:
        store.__exit__(None, None, None)


def installed(warehouse: Engine, store: DataStore, var: Path, **more: float | str) -> Installation:
    """Return an installation that asks `store`, with little patience."""
    settings: dict[str, Any] = {
        "cds_pause_seconds": 0.02,
        "cds_wait_seconds": 20,
        "cdsapi_key": store.key,
        **more,
    }
    return Installation(
        Settings(var=var, cdsapi_url=store.url, **settings), warehouse, clock=lambda: NOW
    )


def rows(warehouse: Engine, query: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with warehouse.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def submissions(store: DataStore) -> list[str]:
    """Return the months of every request the store took, one text a request, in order."""
    return [f"{one['year'][0]}: {' '.join(one['month'])}" for one in store.desk.submitted]


def arrived(warehouse: Engine) -> list[tuple[str, int]]:
    """Return each month the warehouse holds, and how many files hold it."""
    query = (
        "SELECT to_char(month, 'YYYY-MM'), count(*)::int FROM ops.grid_month "
        "GROUP BY month ORDER BY month"
    )
    return [(str(month), int(files)) for month, files in rows(warehouse, query)]
