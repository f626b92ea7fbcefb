"""The daily range of temperature: asked for only where a month has no other way to a PET."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.indices.pet_inputs import REQUIRED
from pipeline.landscapes import default
from pipeline.local import simulated_files
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour
from pipeline.sources import cds, grid_files
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps import fetch, fetch_at_once
from pipeline.steps.fetch_ranges import months_without_range
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.means import take_means
from pipeline.steps.progress import quietly
from pipeline.steps.run import run
from pipeline.steps.settling import months_to_settle
from pipeline.steps.status import status
from pipeline.terminal import request_line
from pipeline.warehouse.jobs import read_open_requests, save_request
from tests.integration.fetching import (
    NEWEST,
    TAJIKISTAN,
    OpenStore,
    arrived,
    installed,
    rows,
    stores,
)

pytestmark = pytest.mark.postgres

AREA = cds.area_of(TAJIKISTAN)
JULY, AUGUST = Month(2026, 7), Month(2026, 8)
SEVEN = cds.VARIABLES[:7]
LANDSCAPES = Path(default.__file__).parent / "landscapes.geojson"
MIGRATION = Path(__file__).parents[2] / "sql" / "migrations" / "0017_temperature_range.sql"
RAIN_AND_WARMTH = ("total_precipitation", "2m_temperature")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    yield from stores(monkeypatch, tmp_path)


@pytest.fixture
def store(opened: OpenStore) -> DataStore:
    return opened()


@pytest.fixture
def installation(warehouse: Engine, store: DataStore, tmp_path: Path) -> Installation:
    made = installed(warehouse, store, tmp_path / "var")
    return replace(made, clock=lambda: datetime.now(UTC))


def by_hand(
    installation: Installation,
    *months: Month,
    variables: Sequence[str] = RAIN_AND_WARMTH,
    newest: Month = NEWEST,
) -> None:
    """Ingest months that somebody downloaded himself, with these variables alone."""
    asked = cds.request(months, AREA, variables)
    folder = installation.settings.var / "by-hand"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{months[0]}-{len(variables)}-{newest}.nc"
    path.write_bytes(simulated_files.answer(simulated_files.selection(asked), newest, 7))
    ingest_grid(installation, path, source="era5-land")


def asked_of(store: DataStore) -> list[str]:
    """Every request the store took: its kind and its months."""
    kinds = {cds.ProductType.MONTHS: "months", cds.ProductType.HOURS_OF_DAY: "hours"}
    return [
        f"{kinds[one['product_type'][0]]} {one['year'][0]}: {' '.join(one['month'])}"
        for one in store.desk.submitted
    ]


def bring(installation: Installation, *months: Month) -> list[Month]:
    return fetch_at_once.bring(installation, months, countries=TAJIKISTAN)


def files(warehouse: Engine) -> list[tuple[str, list[str]]]:
    return rows(warehouse, "SELECT name, variables FROM ops.file ORDER BY file_id")


# --- only then ----------------------------------------------------------------------------------


def test_what_is_fetched_never_asks_for_it(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    bring(installation, AUGUST, NEWEST)
    bring(installation, AUGUST)
    with suppress(InputError):  # there is no landscape to compute for
        run(installation, AUGUST, AUGUST)
    assert fetch.ask(installation, [NEWEST], countries=TAJIKISTAN) == 1
    assert [one.split()[0] for one in asked_of(store)] == ["months"] * 3
    held = files(warehouse)[0][1]
    assert {"dewpoint_c", "soil_moisture_m3_m3", "snow_melt_mm"} <= set(held)


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param(SEVEN, id="humidity, wind and sun are there"),
        pytest.param([*SEVEN[:6], "snowfall"], id="without pressure, which is no need"),
    ],
)
def test_months_by_hand_that_have_it_all_never_ask_for_it(
    store: DataStore, installation: Installation, variables: list[str]
) -> None:
    by_hand(installation, JULY, variables=variables)
    bring(installation, NEWEST)
    assert asked_of(store) == ["months 2026: 10"]


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param("2m_dewpoint_temperature", id="humidity"),
        pytest.param("10m_v_component_of_wind", id="a component of the wind"),
        pytest.param("surface_solar_radiation_downwards", id="sun"),
    ],
)
def test_a_month_by_hand_without(
    store: DataStore, installation: Installation, lacking: str
) -> None:
    by_hand(installation, JULY, variables=[name for name in SEVEN if name != lacking])
    assert months_without_range(installation, AREA) == [JULY]


def test_a_command_brings_it_after_the_months_it_was_called_for(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    by_hand(installation, JULY, AUGUST)
    assert bring(installation, NEWEST) == [NEWEST]
    assert asked_of(store) == ["months 2026: 10", "hours 2026: 07 08"]
    assert arrived(warehouse) == [("2026-07", 2), ("2026-08", 2), ("2026-10", 1)]
    name, variables = files(warehouse)[-1]
    assert name == "era5-land-hours-of-day-2026-07-08.nc"
    assert variables == ["temperature_mean_c", "temperature_max_c", "temperature_min_c"]
    bring(installation, NEWEST)
    assert asked_of(store)[2:] == ["months 2026: 10"], "what is here is not asked for again"
    (told,) = {state for (state,) in rows(warehouse, "SELECT state FROM ops.request")}
    assert told == "received"
    assert rows(warehouse, "SELECT count(*) FROM ops.request WHERE told_at IS NULL") == [(0,)]


def test_months_that_come_anew_with_all_variables_need_none(
    store: DataStore, installation: Installation
) -> None:
    by_hand(installation, JULY, AUGUST)
    bring(installation, JULY, AUGUST)
    assert asked_of(store) == ["months 2026: 07 08"]


def test_months_on_their_way_with_all_variables_need_none(
    store: DataStore, installation: Installation
) -> None:
    by_hand(installation, JULY)
    assert fetch.ask(installation, [JULY], countries=TAJIKISTAN) == 1
    assert asked_of(store) == ["months 2026: 07"]


def test_a_run_brings_it_for_months_that_are_held(
    store: DataStore, installation: Installation
) -> None:
    by_hand(installation, JULY)
    for _ in range(2):
        with suppress(InputError):  # there is no landscape to compute for
            run(installation, JULY, JULY)
    assert asked_of(store) == ["hours 2026: 07"]


def test_a_run_without_a_key_asks_nobody(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    keyless = installation.settings.model_copy(update={"cdsapi_key": None})
    by_hand(installation, JULY)
    with suppress(InputError):
        run(replace(installation, settings=keyless), JULY, JULY)
    assert store.requests == []


def test_what_was_taken_before_variables_were_noted_is_looked_up_once(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    by_hand(installation, JULY, variables=SEVEN)
    by_hand(installation, AUGUST)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("UPDATE ops.file SET variables = NULL")
    assert months_without_range(installation, AREA) == [AUGUST]
    assert [sorted(held)[0] for _, held in files(warehouse)] == ["dewpoint_c", "precipitation_mm"]


def test_what_was_fetched_before_variables_were_noted_is_known_without_a_look(
    installation: Installation, warehouse: Engine
) -> None:
    """The migration notes it, and leaves files that came by hand to be looked up."""
    bring(installation, NEWEST)
    by_hand(installation, JULY)
    migration = MIGRATION.read_text(encoding="utf-8")
    with warehouse.begin() as connection:
        connection.exec_driver_sql("UPDATE ops.file SET variables = NULL")
        connection.exec_driver_sql(migration[migration.index("UPDATE ops.file") :])
    (_, fetched), (_, brought) = files(warehouse)
    assert set(REQUIRED) < set(fetched)
    assert brought is None


def test_a_month_known_by_its_range_alone_is_still_to_be_fetched(
    store: DataStore, installation: Installation, warehouse: Engine, tmp_path: Path
) -> None:
    asked = cds.request([JULY], AREA, product_type=cds.ProductType.HOURS_OF_DAY)
    path = tmp_path / "hours.nc"
    path.write_bytes(simulated_files.answer(simulated_files.selection(asked), NEWEST, 7))
    ingest_grid(installation, path, source="era5-land")
    assert months_without_range(installation, AREA) == []
    with suppress(InputError):  # there is no landscape to compute for
        run(installation, JULY, JULY)
    assert [one for one in asked_of(store) if "07" in one] == ["months 2026: 07"]


# --- final after preliminary, a wider area, not out yet --------------------------------------------


def test_a_range_becomes_final_with_its_month(store: DataStore, installation: Installation) -> None:
    by_hand(installation, NEWEST)
    fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN)
    assert months_without_range(installation, AREA) == []
    store.desk.newest_month = NEWEST + 3
    by_hand(installation, NEWEST, newest=NEWEST + 3)
    assert months_without_range(installation, AREA) == [], "not twice in a calendar month"
    later = replace(installation, clock=lambda: datetime(2199, 1, 8, tzinfo=UTC))
    assert months_without_range(later, AREA) == [NEWEST]
    assert fetch_at_once.bring_ranges(later, countries=TAJIKISTAN) == [NEWEST]
    assert months_without_range(later, AREA) == []


def test_a_range_that_does_not_cover_the_area_is_asked_for_again(
    store: DataStore, installation: Installation
) -> None:
    by_hand(installation, JULY)
    fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN)
    both = [Country.TAJIKISTAN, Country.KYRGYZSTAN]
    assert fetch_at_once.bring_ranges(installation, countries=both) == [JULY]
    assert [one["area"][0] for one in store.desk.submitted] == [41.5, 43.5]
    assert fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN) == []


def test_a_range_the_store_does_not_have_is_told_and_not_asked_for_again_at_once(
    store: DataStore, installation: Installation
) -> None:
    by_hand(installation, JULY)
    store.desk.newest_month = JULY - 1
    with pytest.raises(NotPublishedError, match="by the hour of the day: got nothing for 2026-07"):
        fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN)
    (line,) = [request_line(row) for row in status(installation).requests]
    assert "2026-07 by the hour of the day not published yet" in line
    assert fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN) == []
    assert asked_of(store) == ["hours 2026: 07"]


def test_a_month_that_is_not_out_holds_up_no_range(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    by_hand(installation, JULY)
    with pytest.raises(NotPublishedError, match=r"^ERA5-Land: got nothing for 2026-11"):
        bring(installation, NEWEST + 1)
    assert arrived(warehouse) == [("2026-07", 2)]


# --- a request of its own ----------------------------------------------------------------------


def test_a_scheduler_asks_waits_and_collects_both(
    opened: OpenStore, installation: Installation, warehouse: Engine, store: DataStore
) -> None:
    store.desk.behaviour = Behaviour(1)
    by_hand(installation, JULY)
    assert fetch.ask(installation, [NEWEST], countries=TAJIKISTAN) == 2
    assert fetch.ask(installation, [NEWEST], countries=TAJIKISTAN) == 0
    while not fetch.are_ready(installation, [NEWEST]):
        pass
    collected = fetch.collect(installation, wanted=[NEWEST])
    assert (collected.came, collected.failures) == ([NEWEST], [])
    assert asked_of(store) == ["months 2026: 10", "hours 2026: 07"]
    assert arrived(warehouse) == [("2026-07", 2), ("2026-10", 1)]
    message = rows(
        warehouse, "SELECT message FROM ops.outcome WHERE step = 'fetch' ORDER BY outcome_id DESC"
    )[0][0]
    assert message == "1 months came, and the daily range of temperature of 1"


def test_a_range_that_fails_holds_up_no_month_and_is_named(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    by_hand(installation, JULY)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    for job in store.desk.jobs.values():
        if job.inputs["product_type"] == [cds.ProductType.HOURS_OF_DAY.value]:
            job.status, job.traceback = "failed", "RuntimeError: MARS"
    assert fetch.are_ready(installation, [NEWEST])
    collected = fetch.collect(installation, wanted=[NEWEST])
    assert collected.came == [NEWEST]
    with pytest.raises(InputError, match=r"ERA5-Land by the hour of the day 2026-07: .*MARS"):
        fetch.name_failures(collected.failures)
    assert months_without_range(installation, AREA) == [JULY]


def test_one_month_may_be_asked_for_in_both_kinds_at_once(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """Neither covers the other, and each reply ends its own request."""
    store.desk.behaviour = Behaviour(3)
    by_hand(installation, JULY)
    fetch.ask(installation, [NEWEST], countries=TAJIKISTAN)
    fetch.ask(installation, [JULY], countries=TAJIKISTAN)
    assert asked_of(store) == ["months 2026: 10", "hours 2026: 07", "months 2026: 07"]
    with warehouse.connect() as connection:
        open_now = read_open_requests(connection, cds.DATASET)
    assert [one.product_type for one in open_now] == [
        cds.ProductType.MONTHS, cds.ProductType.HOURS_OF_DAY, cds.ProductType.MONTHS,
    ]  # fmt: skip
    assert bring(installation, JULY) == [JULY]
    while not fetch.are_ready(installation):
        pass
    fetch.collect(installation)
    held = {name: set(variables) for name, variables in files(warehouse)[1:]}
    assert "precipitation_mm" in held["era5-land-2026-07-07.nc"]
    assert "precipitation_mm" not in held["era5-land-hours-of-day-2026-07-07.nc"]
    assert len(asked_of(store)) == 3


def test_a_lost_answer_is_found_again_in_its_own_kind(
    opened: OpenStore, store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """In the store's list stands a job for the same month, area and day: of the other kind."""
    by_hand(installation, JULY)
    client = cds.CdsAccess(store.url, store.key).client().client
    client.submit(cds.DATASET, cds.request([JULY], AREA, ["2m_temperature"]))
    store.desk.faults.left["lose_submit_replies"] = 1
    with suppress(OSError):
        fetch.ask(installation, [], countries=TAJIKISTAN)
    assert fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN) == [JULY]
    assert asked_of(store) == ["months 2026: 07", "hours 2026: 07"]
    assert "temperature_max_c" in files(warehouse)[-1][1]


def test_a_year_too_large_comes_month_by_month(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """24 fields a month, and the store takes 30."""
    store.desk.behaviour = Behaviour(0, max_cost=30)
    by_hand(installation, JULY, AUGUST)
    assert fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN) == [JULY, AUGUST]
    assert asked_of(store) == ["hours 2026: 07", "hours 2026: 08"]


def test_neither_kind_settles_the_other(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """A final range, or a request for one, says nothing of rain that is preliminary."""
    by_hand(installation, NEWEST)
    store.desk.newest_month = NEWEST + 5
    fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN)
    query = "SELECT count(*) FROM ops.grid_month WHERE release = 'final'"
    assert rows(warehouse, query) == [(1,)]
    later = replace(installation, clock=lambda: datetime(2027, 4, 8, tzinfo=UTC))
    assert months_to_settle(later) == [NEWEST]
    hours = cds.request([NEWEST], AREA, product_type=cds.ProductType.HOURS_OF_DAY)
    with warehouse.begin() as connection:
        save_request(connection, cds.DATASET, hours["area"], [NEWEST], [hours])
        connection.exec_driver_sql("UPDATE ops.request SET asked_at = '2027-04-08 00:00+00'")
    assert months_to_settle(later) == [NEWEST]


def test_landscapes_get_the_pet_that_their_months_allow(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """Rain and warmth by hand, the range fetched: Hargreaves. Fetched whole: Penman-Monteith, snow."""
    by_hand(installation, JULY)
    bring(installation, NEWEST)
    load_landscapes(installation, read_landscapes(LANDSCAPES))
    take_means(installation, "era5-land", None, quietly)
    query = (
        "SELECT pet_mm, pet_hargreaves_mm, snowfall_mm, snow_melt_mm, soil_moisture_m3_m3 "
        "FROM mart.climate_month WHERE landscape_id = 'TJ-GB' ORDER BY month"
    )
    july, october = rows(warehouse, query)
    assert 60 < july[1] < 150
    assert (july[0], *july[2:]) == (None, None, None, None)
    assert (10 < october[0] < 60, october[1]) == (True, None)
    assert october[2] > october[3] > 0
    assert 0.06 < october[4] < 0.42


def test_the_file_gives_the_range_of_the_simulated_day(
    store: DataStore, installation: Installation, warehouse: Engine
) -> None:
    """Through the real client: the sun makes the range, so that July's is wider than January's."""
    by_hand(installation, Month(2026, 1), JULY)
    fetch_at_once.bring_ranges(installation, countries=TAJIKISTAN)
    ((key,),) = rows(warehouse, "SELECT archive_key FROM ops.file WHERE name LIKE '%hours-of-day%'")
    fields = grid_files.read(installation.settings.var / "archive" / key)
    width = (fields["temperature_max_c"] - fields["temperature_min_c"]).mean(
        ["latitude", "longitude"]
    )
    assert width[1] > width[0] + 4
    assert (fields["temperature_min_c"] < fields["temperature_mean_c"]).all()
