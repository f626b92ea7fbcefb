"""A run that is told no months: what it fetches follows from what is held and from the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.steps import fetch_at_once
from pipeline.steps.installation import Installation
from pipeline.steps.run import run
from pipeline.warehouse.files import read_months_held
from tests.integration.fetching import NEWEST, TAJIKISTAN, OpenStore, installed, stores

pytestmark = pytest.mark.postgres

JULY, AUGUST, SEPTEMBER = (Month(2026, number) for number in (7, 8, 9))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    yield from stores(monkeypatch, tmp_path)


@pytest.fixture
def store(opened: OpenStore) -> DataStore:
    return opened()


@pytest.fixture
def installation(store: DataStore, warehouse: Engine, tmp_path: Path) -> Installation:
    return installed(warehouse, store, tmp_path / "var")


def bring(installation: Installation, *months: Month) -> None:
    fetch_at_once.bring(installation, months, countries=TAJIKISTAN)


def held(warehouse: Engine) -> list[Month]:
    with warehouse.connect() as connection:
        return read_months_held(connection, ERA5_LAND)


def run_as_far_as_it_goes(
    installation: Installation, first: Month | None = None, last: Month | None = None
) -> None:
    with suppress(InputError):  # there is no landscape to compute for
        run(installation, first, last)


def at(installation: Installation, day: int) -> Installation:
    return replace(installation, clock=lambda: datetime(2026, 11, day, 6, tzinfo=UTC))


def test_it_goes_on_from_what_is_held_to_the_newest_month_that_is_due(
    installation: Installation, warehouse: Engine
) -> None:
    bring(installation, AUGUST)
    run_as_far_as_it_goes(installation)
    assert held(warehouse) == [AUGUST, SEPTEMBER, NEWEST]


def test_a_month_is_not_asked_for_before_it_is_due(
    installation: Installation, warehouse: Engine, store: DataStore
) -> None:
    bring(installation, SEPTEMBER)
    asked = len(store.requests)
    run_as_far_as_it_goes(at(installation, 6))
    assert (held(warehouse), len(store.requests)) == ([SEPTEMBER], asked)
    run_as_far_as_it_goes(at(installation, 7))
    assert held(warehouse) == [SEPTEMBER, NEWEST]


def test_a_hole_is_filled(installation: Installation, warehouse: Engine) -> None:
    bring(installation, JULY, NEWEST)
    run_as_far_as_it_goes(installation)
    assert held(warehouse) == [JULY, AUGUST, SEPTEMBER, NEWEST]


def test_a_month_that_is_named_bounds_it(installation: Installation, warehouse: Engine) -> None:
    bring(installation, JULY)
    run_as_far_as_it_goes(installation, last=AUGUST)
    assert held(warehouse) == [JULY, AUGUST]
    run_as_far_as_it_goes(installation, first=NEWEST)
    assert held(warehouse) == [JULY, AUGUST, NEWEST]


def test_without_a_history_it_says_how_to_load_one(
    installation: Installation, store: DataStore
) -> None:
    with pytest.raises(InputError, match="expected a history to go on from, got none; load it"):
        run(installation)
    assert store.requests == []


def test_who_brings_files_by_hand_is_told_which_month_lacks(
    installation: Installation, store: DataStore, caplog: pytest.LogCaptureFixture
) -> None:
    bring(installation, AUGUST)
    asked = len(store.requests)
    keyless = installation.settings.model_copy(update={"cdsapi_key": None})
    run_as_far_as_it_goes(replace(installation, settings=keyless))
    assert "expected 2026-09 from a file, got none" in caplog.text
    assert len(store.requests) == asked
