"""Fetching through each failure of the data store: the month arrives once, or the error is clear."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from pipeline.core.errors import ConflictError, InputError, NotPublishedError
from pipeline.core.ids import Country, Origin
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour, Call
from pipeline.sources import cds, grid_files
from pipeline.steps import fetch, fetch_at_once
from pipeline.steps.installation import Installation
from pipeline.steps.run import run
from pipeline.steps.status import status
from pipeline.terminal import request_line
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.jobs import read_open_requests, save_request
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

AREA = cds.area_of(TAJIKISTAN)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    yield from stores(monkeypatch, tmp_path)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


def bring(installation: Installation, *months: Month) -> list[Month]:
    return fetch_at_once.bring(installation, months or [NEWEST], countries=TAJIKISTAN)


def outcome(warehouse: Engine) -> tuple[str, str]:
    """Return how the latest fetch ended, and its message."""
    query = "SELECT state, message FROM ops.outcome WHERE step = 'fetch' ORDER BY outcome_id DESC"
    state, message = rows(warehouse, query)[0]
    return state, message


def watched(installation: Installation) -> list[str]:
    """Return what `drought status` says of requests."""
    return [request_line(row) for row in status(installation).requests]


def job_states(warehouse: Engine) -> list[str]:
    return [state for (state,) in rows(warehouse, "SELECT state FROM ops.job ORDER BY job_key")]


# --- the month arrives once ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "submitted", "states"),
    [
        pytest.param(Behaviour(2), 1, ["ready"], id="the queue is long"),
        pytest.param(
            Behaviour(1, queue_full=3),
            4,
            ["rejected", "rejected", "rejected", "ready"],
            id="the queue is full and jobs are rejected",
        ),
        pytest.param(Behaviour(1, maintenance=3), 1, ["ready"], id="maintenance, with a web page"),
        pytest.param(Behaviour(1, too_many_calls=2), 1, ["ready"], id="too many calls"),
        pytest.param(Behaviour(2, dismiss_jobs=1), 2, ["lost", "ready"], id="the job is dismissed"),
        pytest.param(Behaviour(1, forget_jobs=2), 3, ["lost", "lost", "ready"], id="it is unknown"),
        pytest.param(Behaviour(1, expire_results=1), 2, ["lost", "ready"], id="its file expired"),
        pytest.param(
            Behaviour(1, lose_submit_replies=1),
            1,
            ["ready"],
            id="the answer to a submission is lost",
        ),
        pytest.param(Behaviour(1, cut_downloads=3), 1, ["ready"], id="the transfer breaks off"),
        pytest.param(
            Behaviour(1, spoil="corrupt", spoilt_downloads=2),
            1,
            ["ready"],
            id="the file is damaged",
        ),
    ],
)
def test_the_month_arrives_once_through(
    opened: OpenStore,
    warehouse: Engine,
    var: Path,
    behaviour: Behaviour,
    submitted: int,
    states: list[str],
) -> None:
    """A further submission only where the store itself ended the one before."""
    store = opened(behaviour)
    installation = installed(warehouse, store, var)
    assert bring(installation) == [NEWEST]
    assert arrived(warehouse) == [("2026-10", 1)]
    assert submissions(store) == ["2026: 10"] * submitted
    assert job_states(warehouse) == states
    assert outcome(warehouse) == ("done", "1 months came")
    assert watched(installation) == []
    assert list((var / "downloads").iterdir()) == []
    if behaviour.expire_results + behaviour.dismiss_jobs == 0:
        left = [job.status for job in store.desk.jobs.values()]
        assert left == ["rejected"] * behaviour.queue_full, "a fetched job is deleted"


def test_the_bytes_in_the_archive_are_those_the_store_sent(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    sent: list[bytes] = []
    store = opened()

    def keep(moment: str, method: str, path: str) -> None:
        if "/cache/" in path and moment == "acted":
            sent.extend(job.file for job in store.desk.jobs.values())

    store.on_call = keep
    installation = installed(warehouse, store, var)
    bring(installation)
    ((key, name, request),) = rows(warehouse, "SELECT archive_key, name, request FROM ops.file")
    assert (var / "archive" / key).read_bytes() == sent[0]
    assert name == "era5-land-2026-10-10.nc"
    assert request["inputs"] == cds.request([NEWEST], AREA)


def test_a_second_command_asks_anew(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    """That is how final values come; equal bytes are one file."""
    store = opened()
    installation = installed(warehouse, store, var)
    bring(installation)
    bring(installation)
    assert submissions(store) == ["2026: 10"] * 2
    assert arrived(warehouse) == [("2026-10", 1)]


def test_months_held_are_asked_for_apart_from_those_that_are_not(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """Else the store would leave the new one out and say nothing."""
    store = opened()
    installation = installed(warehouse, store, var)
    bring(installation, Month(2026, 8))
    bring(installation, Month(2026, 8), NEWEST)
    assert submissions(store) == ["2026: 08", "2026: 10", "2026: 08"]


def test_another_area_is_asked_for_once_the_first_is_here(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(1))
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    fetch_at_once.bring(installation, [NEWEST], countries=[Country.TURKIYE])
    assert [one["area"] for one in store.desk.submitted] == [
        [41.5, 67.0, 36.5, 75.5],
        [42.5, 25.5, 35.5, 45.0],
    ]
    assert arrived(warehouse) == [("2026-10", 2)]


# --- splitting ----------------------------------------------------------------------------------


@pytest.mark.parametrize("says_costs", [True, False], ids=["by its costs", "by its refusals"])
def test_a_year_too_large_comes_in_halves(
    opened: OpenStore, warehouse: Engine, var: Path, says_costs: bool
) -> None:
    """Thirteen variables of five months are 65 fields, and the store takes 30."""
    store = opened(Behaviour(0, max_cost=30))
    if not says_costs:
        store.on_call = _without_costing
    installation = installed(warehouse, store, var)
    months = [Month(2026, number) for number in range(6, 11)]
    assert bring(installation, *months) == months
    assert submissions(store) == ["2026: 06 07", "2026: 08", "2026: 09 10"]
    assert arrived(warehouse) == [(str(month), 1) for month in months]


def _without_costing(moment: str, method: str, path: str) -> None:
    if path.endswith("/costing") and moment == "before":
        raise ConnectionError("no answer")


@pytest.mark.parametrize("says_costs", [True, False], ids=["by its costs", "by its refusals"])
def test_a_month_too_large_comes_in_variables_joined_in_one_archived_file(
    opened: OpenStore, warehouse: Engine, var: Path, says_costs: bool
) -> None:
    store = opened(Behaviour(1, max_cost=2))
    if not says_costs:
        store.on_call = _without_costing
    installation = installed(warehouse, store, var)
    assert bring(installation) == [NEWEST]
    variables = [set(one["variable"]) for one in store.desk.submitted]
    assert sum(map(len, variables)) == 13
    assert set.union(*variables) == set(cds.VARIABLES)
    assert max(map(len, variables)) <= 2
    ((key,),) = rows(warehouse, "SELECT archive_key FROM ops.file")
    path = var / "archive" / key
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == len(variables)
    joined = grid_files.read(path, product="monthly-mean")
    whole = opened()
    bring(installed(warehouse, whole, var))
    ((other,),) = rows(warehouse, "SELECT archive_key FROM ops.file WHERE archive_key <> :k", k=key)
    expected = grid_files.read(var / "archive" / other, product="monthly-mean")
    assert set(joined.data_vars) == set(expected.data_vars)
    for name, field in expected.data_vars.items():
        assert (joined[name] == field).all() or (joined[name].isnull() == field.isnull()).all()


def test_a_single_field_too_large_is_an_error_with_a_way_out(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    installation = installed(warehouse, opened(Behaviour(0, max_cost=0)), var)
    with pytest.raises(InputError, match=r"too large for it.*ask for fewer countries"):
        bring(installation)
    assert outcome(warehouse)[0] == "failed"
    assert "failed since" in watched(installation)[0]


# --- or a clear error stands --------------------------------------------------------------------


def test_a_wrong_key(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    store = opened()
    installation = installed(warehouse, store, var, cdsapi_key="another")
    with pytest.raises(InputError, match=r"^CDSAPI_KEY: .*does not accept the key.*/profile"):
        bring(installation)
    assert outcome(warehouse)[0] == "failed"
    assert "CDSAPI_KEY: " in outcome(warehouse)[1]
    assert store.desk.submitted == []
    bring(installed(warehouse, store, var))
    assert arrived(warehouse) == [("2026-10", 1)]


def test_a_licence_nobody_accepted(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    store = opened(Behaviour(0, reject_licence=True))
    installation = installed(warehouse, store, var)
    with pytest.raises(InputError, match=r"accept it at https://\S+#manage-licences, and ask"):
        bring(installation)
    assert outcome(warehouse)[0] == "failed"
    (line,) = watched(installation)
    assert "2026-10 failed since" in line
    assert "#manage-licences" in line
    store.desk.behaviour = Behaviour(0)  # the licence is accepted
    bring(installation)
    assert arrived(warehouse) == [("2026-10", 1)]
    assert watched(installation) == [], "asked anew, so it no longer stands as failed"


def test_a_job_that_fails_leaves_the_stores_own_words(
    opened: OpenStore, warehouse: Engine, var: Path, caplog: pytest.LogCaptureFixture
) -> None:
    traceback = "The job failed with: RuntimeError\n  File mars.py, line 7\nMARS has crashed."
    store = opened(Behaviour(1, fail_jobs=traceback))
    installation = installed(warehouse, store, var)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(InputError, match="MARS has crashed") as told,
    ):
        bring(installation)
    assert str(told.value).count("\n") == 0
    assert traceback in caplog.text
    ((said, error),) = rows(warehouse, "SELECT traceback, error FROM ops.job")
    assert traceback in said
    assert "\n" not in error
    assert outcome(warehouse)[0] == "failed"
    assert "MARS has crashed" in watched(installation)[0]
    store.desk.behaviour = Behaviour(0)
    assert bring(installation) == [NEWEST]
    assert len(store.desk.submitted) == 2


def test_a_month_that_is_not_out_yet_is_no_error(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened()
    installation = installed(warehouse, store, var)
    with pytest.raises(NotPublishedError, match="got nothing for 2026-11: not published yet"):
        bring(installation, Month(2026, 11))
    assert outcome(warehouse)[0] == "not_published"
    assert "2026-11 not published yet since" in watched(installation)[0]
    store.desk.newest_month = Month(2026, 11)
    assert bring(installation, Month(2026, 11)) == [Month(2026, 11)]
    assert watched(installation) == []


def test_what_came_of_a_partly_published_request_is_ingested(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    installation = installed(warehouse, opened(), var)
    with pytest.raises(NotPublishedError, match=r"nothing for 2026-11, 2026-12: not published yet"):
        bring(installation, *(Month(2026, number) for number in (9, 10, 11, 12)))
    assert arrived(warehouse) == [("2026-09", 1), ("2026-10", 1)]


def test_maintenance_that_lasts_ends_the_command_and_loses_nothing(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(1, lose_submit_replies=1))
    installation = installed(warehouse, store, var)

    def shut(moment: str, method: str, path: str) -> None:
        if moment == "acted" and path.endswith("/execution"):
            store.desk.faults.left["maintenance"] = 1_000_000

    store.on_call = shut
    with pytest.raises(OSError, match=r"not available now \(503 .*maintenance.*ask again later"):
        bring(installation)
    assert outcome(warehouse)[0] == "failed"
    (line,) = watched(installation)
    assert "2026-10 asked for since" in line
    assert "503" in line
    store.desk.faults.left["maintenance"] = 0
    store.on_call = lambda moment, method, path: None
    assert bring(installation) == [NEWEST]
    assert submissions(store) == ["2026: 10"]


def test_a_queue_longer_than_our_patience_keeps_the_job_for_later(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(10_000))
    hasty = installed(warehouse, store, var, cds_wait_seconds=0.2)
    with pytest.raises(
        TimeoutError, match=r"1 requests not ready after .*the same command goes on"
    ):
        bring(hasty)
    assert "2026-10 asked for since" in watched(hasty)[0]
    store.desk.behaviour = Behaviour(0)
    assert bring(installed(warehouse, store, var)) == [NEWEST]
    assert submissions(store) == ["2026: 10"]


def test_a_job_the_store_drops_again_and_again_fails_in_the_end(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(1, dismiss_jobs=1_000))
    with pytest.raises(InputError, match="the store dropped it"):
        bring(installed(warehouse, store, var))
    assert len(store.desk.submitted) == 6


def test_a_file_that_stays_damaged_is_never_ingested(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    installation = installed(warehouse, opened(Behaviour(0, spoil="corrupt")), var)
    with pytest.raises(OSError, match=r"expected .* bytes with MD5 .*, got others 3 times"):
        bring(installation)
    assert arrived(warehouse) == []
    assert outcome(warehouse)[0] == "failed"


def test_a_file_the_warehouse_refuses_ends_its_request(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """Simulated data for a real warehouse: it would be refused again and again."""
    store = opened()
    installation = installed(warehouse, store, var)
    with warehouse.begin() as connection:
        claim_origin(connection, Origin.REAL, "the test")
    with pytest.raises(
        (InputError, ConflictError), match="holds real data and the file is simulated"
    ):
        bring(installation)
    assert "failed since" in watched(installation)[0]
    assert rows(warehouse, "SELECT count(*) FROM ops.request_month WHERE is_open") == [(0,)]


def test_a_job_of_another_account_is_given_up_for_one_of_ours(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """The key was changed while a job was queued: the store says 404, or 403."""
    first, second = opened(Behaviour(100)), opened()
    fetch.ask(installed(warehouse, first, var), [NEWEST], countries=TAJIKISTAN)
    assert bring(installed(warehouse, second, var)) == [NEWEST]
    assert submissions(second) == ["2026: 10"]


# --- exactly once -------------------------------------------------------------------------------


def test_two_workers_at_once_submit_once(
    opened: OpenStore, warehouse: Engine, warehouse_url: str, var: Path
) -> None:
    """Processes, as workers are: the netCDF library is not safe for threads."""
    store = opened(Behaviour(3))
    months = [Month(2025, 12), *(Month(2026, number) for number in range(1, 11))]
    command = [
        Path(sys.executable).with_name("drought"),
        *("ingest", "era5-land", "--from", "2025-12", "--to", "2026-10", "--countries", "TJ"),
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(var.parent),
        "NO_PROXY": "127.0.0.1",
        "CDSAPI_URL": store.url,
        "CDSAPI_KEY": store.key,
        "DROUGHT_VAR": str(var),
        "DROUGHT_DATABASE_URL": warehouse_url,
        "DROUGHT_CDS_PAUSE_SECONDS": "0.3",
    }
    workers = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert said == ["era5-land: 11 months ingested, 2025-12 to 2026-10\n"] * 2
    assert submissions(store) == ["2025: 12", "2026: 01 02 03 04 05 06 07 08 09 10"]
    assert arrived(warehouse) == [(str(month), 1) for month in months]


def test_no_two_open_requests_can_cover_a_month(warehouse: Engine) -> None:
    asked = cds.request([NEWEST], AREA)
    area = [1.0, 0.0, 0.0, 1.0]
    with warehouse.begin() as connection:
        save_request(connection, cds.DATASET, area, [NEWEST], [asked])
    with pytest.raises(IntegrityError, match="asked_once"), warehouse.begin() as connection:
        save_request(connection, cds.DATASET, area, [NEWEST - 1, NEWEST], [asked])
    with warehouse.begin() as connection:
        save_request(connection, "another-dataset", area, [NEWEST], [asked])
        (held,) = read_open_requests(connection, cds.DATASET)
    assert held.months == (NEWEST,)


def test_a_lost_job_is_found_among_many(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    """On the second page of the store's list, among others of the same account."""
    store = opened(Behaviour(0, lose_submit_replies=1))
    installation = installed(warehouse, store, var, cds_pause_seconds=0.1)
    with pytest.raises(OSError, match="Connection aborted"):
        fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    for year in range(1970, 2022):
        store.desk.submit(Call(cds.DATASET, {"inputs": cds.request([Month(year, 1)], AREA)}))
    assert bring(installation) == [NEWEST]
    assert submissions(store).count("2026: 10") == 1


def test_an_old_job_for_the_same_is_not_taken_over(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    """Its file may be the preliminary one."""
    store = opened(Behaviour(0, lose_submit_replies=0))
    client = cds.CdsAccess(store.url, store.key).client().client
    old = client.submit(cds.DATASET, cds.request([NEWEST], AREA))
    store.desk.jobs[old.request_id].created = "2026-01-01T00:00:00"
    installation = installed(warehouse, store, var)
    with warehouse.begin() as connection:
        save_request(
            connection,
            cds.DATASET,
            [41.5, 67.0, 36.5, 75.5],
            [NEWEST],
            [cds.request([NEWEST], AREA)],
        )
        connection.exec_driver_sql("UPDATE ops.job SET tried_at = now() - interval '1 day'")
    bring(installation)
    assert len(store.desk.submitted) == 2


# --- the three steps of a scheduler -------------------------------------------------------------


def test_asking_waiting_and_collecting_are_separate(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(4))
    installation = installed(warehouse, store, var)
    assert fetch.ask(installation, [NEWEST], countries=TAJIKISTAN) == 1
    assert fetch.ask(installation, [NEWEST], countries=TAJIKISTAN) == 0
    answers = [fetch.are_ready(installation) for _ in range(3)]
    assert answers == [False, False, True]
    assert arrived(warehouse) == []
    assert fetch.collect(installation, wanted=[NEWEST]).came == [NEWEST]
    assert fetch.collect(installation, wanted=[NEWEST]).came == []
    assert submissions(store) == ["2026: 10"]


def test_waiting_goes_on_for_a_month_that_is_not_out(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened()
    installation = installed(warehouse, store, var)
    november = Month(2026, 11)
    fetch.ask(installation, [november], countries=TAJIKISTAN)
    assert [fetch.are_ready(installation) for _ in range(3)] == [False] * 3
    assert submissions(store) == ["2026: 11"], "asked again after hours only"
    assert "available yet" in watched(installation)[0]
    store.desk.newest_month = november
    with warehouse.begin() as connection:
        connection.exec_driver_sql("UPDATE ops.job SET not_before = now() WHERE state = 'intended'")
    assert fetch.are_ready(installation)
    assert fetch.collect(installation, wanted=[november]).came == [november]


def test_waiting_outlasts_a_store_that_is_down(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened()
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    store.desk.faults.left["maintenance"] = 1
    assert not fetch.are_ready(installation)
    assert "503" in watched(installation)[0]
    assert fetch.are_ready(installation)
    assert "503" not in json.dumps(watched(installation))


def test_waiting_ends_where_the_key_is_refused(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(5))
    fetch.ask(installed(warehouse, store, var), [NEWEST], countries=TAJIKISTAN)
    with pytest.raises(InputError, match="CDSAPI_KEY"):
        fetch.are_ready(installed(warehouse, store, var, cdsapi_key="another"))
    assert outcome(warehouse)[0] == "failed"


def test_a_failed_month_does_not_keep_the_other_from_coming(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(0))
    installation = installed(warehouse, store, var)
    fetch.ask(installation, [Month(2025, 12)], countries=TAJIKISTAN)
    fetch.are_ready(installation)
    store.desk.behaviour = replace(store.desk.behaviour, fail_jobs="RuntimeError: MARS")
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    assert fetch.are_ready(installation)
    collected = fetch.collect(installation, wanted=[Month(2025, 12)])
    assert collected.came == [Month(2025, 12)]
    assert arrived(warehouse) == [("2025-12", 1)]
    with pytest.raises(InputError, match=r"2026-10.*MARS"):
        fetch.name_failures(collected.failures)


def test_collecting_too_early_says_so(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    installation = installed(warehouse, opened(Behaviour(50)), var)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    with pytest.raises(TimeoutError, match="1 requests not ready"):
        fetch.collect(installation, wanted=[NEWEST])


def test_collecting_nothing_where_a_month_is_lacking_says_so(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    with pytest.raises(NotPublishedError, match="2026-10"):
        fetch.collect(installed(warehouse, opened(), var), wanted=[NEWEST])


def test_a_store_that_is_not_there_is_a_fault_to_retry(warehouse: Engine, var: Path) -> None:
    gone = DataStore(NEWEST)
    gone.close()
    with pytest.raises(OSError, match=r"Connection refused|Max retries"):
        bring(installed(warehouse, gone, var))
    assert outcome(warehouse)[0] == "failed"


# --- a command stopped by a person, and the month's whole run -----------------------------------


def test_ctrl_c_loses_nothing(opened: OpenStore, warehouse: Engine, var: Path) -> None:
    """What had come is not asked for again by the same command, nor is what is queued."""
    store = opened(Behaviour(1))
    installation = installed(warehouse, store, var)
    months = [Month(year, 1) for year in range(2019, 2027)]

    def interrupted(what: str, done: int, of: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_at_once.bring(installation, months, countries=TAJIKISTAN, advance=interrupted)
    assert 2 <= len(arrived(warehouse)) < len(months)
    assert bring(installation, *months) == months
    assert submissions(store) == [f"{month.year}: 01" for month in months]
    assert arrived(warehouse) == [(str(month), 1) for month in months]


def test_no_more_than_a_few_requests_are_open_at_once(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened(Behaviour(3))
    open_at_once: list[int] = []

    def count(moment: str, method: str, path: str) -> None:
        if moment == "acted" and path.endswith("/execution"):
            open_at_once.append(len(store.desk.jobs))

    store.on_call = count
    bring(installed(warehouse, store, var), *(Month(year, 1) for year in range(2015, 2027)))
    assert max(open_at_once) == 4


def test_a_run_fetches_the_finals_that_are_due(
    opened: OpenStore, warehouse: Engine, var: Path
) -> None:
    store = opened()
    installation = installed(warehouse, store, var)
    bring(installation, Month(2026, 9), NEWEST)
    store.desk.newest_month = Month(2027, 3)
    later = replace(installation, clock=lambda: datetime(2027, 4, 8, tzinfo=UTC))
    with suppress(InputError):  # there is no landscape to compute for
        run(later, Month(2027, 3), Month(2027, 3))
    assert submissions(store)[1:] == ["2027: 03", "2026: 09 10"]
    final = rows(warehouse, "SELECT DISTINCT month FROM ops.grid_month WHERE release = 'final'")
    assert len(final) == 2
