"""A run that is told no months: what it fetches follows from what is held and from the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import ERA5_LAND, Country
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.steps import fetch, fetch_at_once
from pipeline.steps.installation import Installation
from pipeline.steps.run import run
from pipeline.steps.settling import ask_in_turn
from pipeline.warehouse.files import read_months_held
from tests.integration.fetching import (
    NEWEST,
    TAJIKISTAN,
    OpenStore,
    installed,
    rows,
    stores,
    submissions,
)

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


class TestAScheduler:
    """The DAG asks in the turn of its month; the turns that passed while the server was away too."""

    def test_asks_for_its_month_alone_and_for_the_missed_ones_after_it(
        self, installation: Installation, store: DataStore
    ) -> None:
        bring(installation, JULY)
        asked = len(submissions(store))
        assert ask_in_turn(installation, NEWEST, countries=TAJIKISTAN) == []
        assert submissions(store)[asked:] == ["2026: 10", "2026: 08 09"]

    def test_waits_for_its_month_though_the_store_has_the_missed_one_only(
        self, installation: Installation, warehouse: Engine, store: DataStore
    ) -> None:
        """Asked for together, what is out would end the request, and nobody would ask again."""
        bring(installation, AUGUST)
        store.desk.newest_month = SEPTEMBER
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        assert not fetch.are_ready(installation, [NEWEST])
        store.desk.newest_month = NEWEST
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE ops.job SET not_before = now() WHERE state = 'intended'"
            )
        assert fetch.are_ready(installation, [NEWEST])
        assert fetch.collect(installation, wanted=[NEWEST]).came == [SEPTEMBER, NEWEST]

    def test_asks_for_none_beyond_its_own(
        self, installation: Installation, store: DataStore
    ) -> None:
        bring(installation, JULY)
        asked = len(submissions(store))
        ask_in_turn(installation, AUGUST, countries=TAJIKISTAN)
        assert submissions(store)[asked:] == ["2026: 08"]

    def test_leaves_to_an_open_request_what_it_brings(
        self, installation: Installation, store: DataStore
    ) -> None:
        bring(installation, JULY)
        fetch.ask(installation, [AUGUST], countries=TAJIKISTAN)
        asked = len(submissions(store))
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        assert submissions(store)[asked:] == ["2026: 10", "2026: 09"]

    def test_asks_for_its_month_alone_where_nothing_is_held(
        self, installation: Installation, store: DataStore
    ) -> None:
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        assert submissions(store) == ["2026: 10"]

    def test_leaves_a_history_to_who_loads_it(
        self, installation: Installation, store: DataStore
    ) -> None:
        """Of decades that lack it asks for the newest two years, and for none beside a long queue."""
        bring(installation, Month(1991, 1))
        asked = len(submissions(store))
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        late, early = " 10 11 12", " 01 02 03 04 05 06 07 08 09"
        assert submissions(store)[asked:] == [
            "2026: 10",
            f"2024:{late}",
            f"2025:{early}{late}",
            f"2026:{early}",
        ]

    def test_asks_for_its_month_beside_a_long_queue_and_for_no_other(
        self, installation: Installation, store: DataStore
    ) -> None:
        bring(installation, AUGUST)
        history = [Month(year, 1) for year in range(1991, 1995)]
        fetch.ask(installation, history, countries=TAJIKISTAN)
        asked = len(submissions(store))
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        assert submissions(store)[asked:] == ["2026: 10"]

    def test_a_refusal_of_the_missed_ones_holds_up_no_new_month(
        self, installation: Installation, warehouse: Engine, store: DataStore
    ) -> None:
        bring(installation, AUGUST)
        before = len(submissions(store))

        def refuse(moment: str, method: str, path: str) -> None:
            if len(submissions(store)) > before:
                store.desk.behaviour = replace(store.desk.behaviour, reject_licence=True)

        store.on_call = refuse
        for _ in range(2):
            (said,) = ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
            assert "#manage-licences" in said
        assert submissions(store)[before:] == ["2026: 10"]
        assert fetch.collect(installation, wanted=[NEWEST]).came == [NEWEST]
        assert held(warehouse) == [AUGUST, NEWEST]

    def test_nor_does_an_open_request_for_a_part_of_what_is_to_be_final(
        self, installation: Installation, store: DataStore
    ) -> None:
        bring(installation, NEWEST)
        wanted = NEWEST + 5
        store.desk.newest_month = wanted
        store.desk.behaviour = replace(store.desk.behaviour, queue_polls=99)
        later = replace(installation, clock=lambda: datetime(2027, 4, 8, tzinfo=UTC))
        fetch.ask(later, [NEWEST], countries=TAJIKISTAN)
        both = (Country.TAJIKISTAN, Country.KYRGYZSTAN)
        (said,) = ask_in_turn(later, wanted, countries=both)
        assert said.startswith("data store: 2026-10: an open request asks for a smaller area")
        assert "2027: 03" in submissions(store)

    def test_asks_nothing_where_no_month_was_missed(
        self, installation: Installation, warehouse: Engine
    ) -> None:
        bring(installation, SEPTEMBER)
        query = "SELECT count(*) FROM ops.outcome WHERE step = 'fetch'"
        ((before,),) = rows(warehouse, query)
        ask_in_turn(installation, NEWEST, countries=TAJIKISTAN)
        assert rows(warehouse, query) == [(before + 2,)]  # the month, and ranges

    def test_the_dag_asks_so(self) -> None:
        dag = Path(__file__).parents[2] / "dags" / "ingest_era5_land.py"
        assert "ask_in_turn(wiring.installation(), wanted)" in dag.read_text(encoding="utf-8")


def test_a_run_asks_again_for_what_did_not_come_of_several_months(
    installation: Installation, warehouse: Engine, store: DataStore
) -> None:
    """It is run again tomorrow."""
    bring(installation, AUGUST)
    store.desk.newest_month = SEPTEMBER
    with pytest.raises(NotPublishedError, match="got nothing for 2026-10"):
        run(installation)
    assert held(warehouse) == [AUGUST, SEPTEMBER]
    store.desk.newest_month = NEWEST
    run_as_far_as_it_goes(installation)
    assert held(warehouse) == [AUGUST, SEPTEMBER, NEWEST]


def test_a_month_that_is_refused_keeps_the_newest_one_from_no_run(
    installation: Installation,
    warehouse: Engine,
    store: DataStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does it keep another kind of turn away, and the run fails with it all the same."""
    bring(installation, JULY, SEPTEMBER)
    asked = len(submissions(store))

    def doom(moment: str, method: str, path: str) -> None:
        for job in store.desk.jobs.values():
            if "08" in job.inputs["month"]:
                job.status, job.traceback = "failed", "RuntimeError: MARS"

    store.on_call = doom
    with pytest.raises(InputError, match=r"2026-08.*MARS"):
        run(installation)
    assert submissions(store)[asked:] == ["2026: 10", "2026: 08"]
    assert held(warehouse) == [JULY, SEPTEMBER, NEWEST]
    # What went well after it does not hide it from the status.
    ((state,),) = rows(
        warehouse,
        "SELECT state FROM ops.outcome WHERE step = 'fetch' ORDER BY outcome_id DESC LIMIT 1",
    )
    assert state == "failed"
    assert "fetch: InputError: ERA5-Land 2026-08" in caplog.text


def test_while_the_newest_month_stands_in_a_long_queue_the_others_get_into_it(
    installation: Installation, store: DataStore
) -> None:
    bring(installation, JULY, SEPTEMBER)
    asked = len(submissions(store))
    store.desk.behaviour = replace(store.desk.behaviour, queue_polls=10_000)
    impatient = installation.settings.model_copy(update={"cds_wait_seconds": 0.2})
    with pytest.raises(TimeoutError, match="not ready"):
        run(replace(installation, settings=impatient))
    assert submissions(store)[asked:] == ["2026: 10", "2026: 08"]


def test_a_history_is_brought_from_its_beginning_on(
    installation: Installation, store: DataStore
) -> None:
    """Killed in the middle, it is what later runs go on from."""
    run_as_far_as_it_goes(installation, AUGUST, NEWEST)
    assert submissions(store) == ["2026: 08 09 10"]


def test_who_brings_files_by_hand_is_told_which_month_lacks(
    installation: Installation, store: DataStore, caplog: pytest.LogCaptureFixture
) -> None:
    bring(installation, AUGUST)
    asked = len(store.requests)
    keyless = installation.settings.model_copy(update={"cdsapi_key": None})
    run_as_far_as_it_goes(replace(installation, settings=keyless))
    assert "expected 2026-09 from a file, got none" in caplog.text
    assert len(store.requests) == asked
