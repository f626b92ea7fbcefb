"""Fetching several months at once: what is wrong with one holds up no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour
from pipeline.steps import fetch, fetch_at_once
from tests.integration.fetching import (
    NEWEST,
    TAJIKISTAN,
    OpenStore,
    arrived,
    installed,
    rows,
    stores,
    submissions,
)

pytestmark = pytest.mark.postgres

OLD = Month(2025, 1)
NEVER = -1_000_000
"""Polls after which a job still has to be polled for ever."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    yield from stores(monkeypatch, tmp_path)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


def hold_back(store: DataStore, *, year: str) -> None:
    """Leave the jobs for a year in the queue for good."""
    for job in store.desk.jobs.values():
        if job.inputs["year"] == [year]:
            job.polls = NEVER


def test_a_ready_month_waits_a_while_for_another_and_then_no_more(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """A history that a person loads, or final values, may stay in the queue for days."""
    store = opened(Behaviour(1))
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [OLD, NEWEST], countries=TAJIKISTAN)
    hold_back(store, year="2025")
    waits = [fetch.are_ready(installation, [NEWEST]) for _ in range(4)]
    assert waits == [False] * 4
    with warehouse.begin() as connection:
        connection.execute(
            text("UPDATE ops.job SET ended_at = ended_at - :longer WHERE state = 'ready'"),
            {"longer": fetch.FOR_OTHERS},
        )
    assert fetch.are_ready(installation, [NEWEST])
    assert not fetch.are_ready(installation, [OLD])
    assert fetch.collect(installation, wanted=[NEWEST]).came == [NEWEST]
    assert fetch.are_ready(installation, [NEWEST]), "nobody asks for it any more"


def test_a_file_that_stays_damaged_holds_up_no_later_month(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(0))
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [OLD], countries=TAJIKISTAN)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    assert fetch.are_ready(installation)
    (old,) = (path for path, job in store.desk.jobs.items() if job.inputs["year"] == ["2025"])

    def hang_up(moment: str, method: str, path: str) -> None:
        if moment == "before" and f"/cache/{old}" in path:
            raise ConnectionError

    store.on_call = hang_up
    collected = fetch.collect(installation, wanted=[NEWEST])
    assert collected.came == [NEWEST]
    assert re.search(r"expected .* bytes", collected.failures[0])
    with pytest.raises(OSError, match=r"expected .* bytes"):
        fetch.collect(installation, wanted=[OLD])
    store.on_call = lambda moment, method, path: None
    assert fetch.collect(installation, wanted=[OLD]).came == [OLD]


def test_a_file_the_store_never_has_is_not_asked_for_without_end(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """Such as behind a proxy that forbids the place the files come from."""
    store = opened(Behaviour(0, expire_results=1_000))
    with pytest.raises(InputError, match="results expired"):
        fetch_at_once.bring(installed(warehouse, store, var), [NEWEST], countries=TAJIKISTAN)
    assert len(store.desk.submitted) == 6


def test_a_month_that_fails_ends_the_command_after_what_was_asked_beside_it_came(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """And what is lacking goes out before what is asked for anew."""
    store = opened(Behaviour(2))
    installation = installed(warehouse, store, var)
    fetch_at_once.bring(installation, [Month(2019, 1)], countries=TAJIKISTAN)
    wanted = [Month(2019, 1), *(Month(year, 1) for year in range(2020, 2027))]

    def doom(moment: str, method: str, path: str) -> None:
        for job in store.desk.jobs.values():
            if job.inputs["year"] == ["2020"]:
                job.status, job.traceback = "failed", "RuntimeError: MARS"

    store.on_call = doom
    with pytest.raises(InputError, match=r"2020-01.*MARS"):
        fetch_at_once.bring(installation, wanted, countries=TAJIKISTAN)
    assert submissions(store)[1:] == [f"{year}: 01" for year in range(2020, 2024)]
    assert [month for month, _ in arrived(warehouse)] == [
        f"{year}-01" for year in (2019, 2021, 2022, 2023)
    ]


def test_a_list_of_jobs_that_does_not_say_what_they_ask_for_costs_one_job_more(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(0, lose_submit_replies=1, are_jobs_silent=True))
    assert fetch_at_once.bring(
        installed(warehouse, store, var), [NEWEST], countries=TAJIKISTAN
    ) == [NEWEST]
    assert submissions(store) == ["2026: 10"] * 2


def test_a_scheduler_asks_for_the_whole_area_after_an_open_request_for_a_part(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(2))
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    both = [Country.TAJIKISTAN, Country.KYRGYZSTAN]
    refused: list[str] = []
    while len(store.desk.submitted) < 2:
        try:
            fetch.ask(installation, [NEWEST], countries=both)
        except BlockingIOError as error:
            refused.append(str(error))
    assert len(refused) > 1
    assert "2026-10: an open request asks for a smaller area" in refused[0]
    assert fetch.ask(installation, [NEWEST], countries=both) == 0
    assert [one["area"][0] for one in store.desk.submitted] == [41.5, 43.5]
    assert rows(warehouse, "SELECT count(*) FROM ops.request_month WHERE is_open") == [(1,)]
