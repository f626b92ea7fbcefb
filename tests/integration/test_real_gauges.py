"""The real gauges: Kastamonu, Ankara, Pskem and Chatkal, with figures found in another way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.core.counts import Counts
from pipeline.core.errors import InputError
from pipeline.stations.months import Completeness
from pipeline.stations.observations import Disclosure
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation
from pipeline.steps.stations import choose_policy, disclose, load_stations, station_summaries
from tests.integration.little_world import told

pytestmark = pytest.mark.postgres

KASTAMONU, PSKEM, CHATKAL = "TU000017074", "38462", "38471"

KEPT = {
    Completeness.WMO_1203: 28,
    Completeness.DEKADS_COMPLETE: 28,
    Completeness.SPARSE_REPORTING: 837,
}
"""Months of Kastamonu's 1,144 that have a total, counted day by day in plain loops over the file."""


@pytest.fixture(scope="module")
def stations_folder(shared_data: Path) -> Path:
    return shared_data / "stations"


def test_how_many_months_of_kastamonu_each_policy_keeps(
    installation: Installation, stations_folder: Path
) -> None:
    """89,906 values, 952 of them with a quality flag: both counted with awk."""
    done = ingest_stations(installation, stations_folder / f"{KASTAMONU}.dly")
    assert done.counts == Counts(89_906, 88_954, 952, 0)
    kept = {
        policy: reviewed.months - reviewed.gaps
        for policy in Completeness
        for reviewed in [choose_policy(installation, [KASTAMONU], policy)]
    }
    assert kept == KEPT
    # The last policy chosen is sparse_reporting, and what it assumed is in the data for all to see.
    warehouse = installation.warehouse
    assumed = (
        "SELECT count(*), sum(n_assumed_dry), min(month), max(month), min(policy), max(policy) "
        "FROM mart.station_month WHERE n_assumed_dry > 0"
    )
    assert told(warehouse, assumed) == [
        (809, 16_268, date(1930, 1, 1), date(2001, 12, 1), "sparse_reporting", "sparse_reporting")
    ]
    # July 1955 by hand: 2 + 4 + 1 + 15 + 4 + 0 + 16 + 2 + 0 + 0 + 17 mm on eleven days.
    july = (
        "SELECT precipitation_mm, n_observations, n_assumed_dry FROM mart.station_month "
        "WHERE month = '1955-07-01'"
    )
    assert told(warehouse, july) == [(pytest.approx(61.0), 11, 20)]
    (summary,) = station_summaries(installation)
    assert (summary["policy"], summary["months"]) == ("sparse_reporting", 1144)
    assert (summary["months_with_precipitation"], summary["disclosure"]) == (837, "open")


def test_nothing_is_marked_in_ankara(installation: Installation, stations_folder: Path) -> None:
    done = ingest_stations(installation, stations_folder / "TUM00017130.dly")
    assert done.counts.read == done.counts.stored + done.counts.quarantined
    assert told(installation.warehouse, "SELECT * FROM series.finding") == []


def test_chatkal_stands_apart_from_pskem_in_the_eighties(
    installation: Installation, stations_folder: Path
) -> None:
    """Chatkal's water years 1982 to 1989 are at 0.27 to 0.44 of Pskem, usually at 0.55."""
    warehouse = installation.warehouse
    ingest_stations(installation, stations_folder / "uzhydromet_chirchik_dekadal_raw.csv")
    assert told(warehouse, "SELECT * FROM series.finding") == []
    positions = stations_folder / "uzhydromet_chirchik_stations.csv"
    assert load_stations(installation, positions) == Counts(2, 2, 0, 0)
    assert load_stations(installation, positions) == Counts(2, 0, 0, 2)
    found = told(
        warehouse,
        "SELECT station_id, first_day, last_day FROM series.finding "
        "WHERE check_name = 'departure' ORDER BY first_day",
    )
    eighties = found[0]
    assert eighties[0] == CHATKAL
    assert date(1981, 7, 1) <= eighties[1] <= date(1982, 6, 30)  # type: ignore[operator]
    assert date(1988, 12, 31) <= eighties[2] <= date(1990, 3, 31)  # type: ignore[operator]
    assert {station for station, _, _ in found} == {CHATKAL}
    suspect = (
        "SELECT station_id, count(*), min(n_suspect), bool_and(precipitation_mm IS NOT NULL) "
        "FROM series.station_month WHERE n_suspect > 0 AND extract(YEAR FROM month) = 1985 "
        "GROUP BY station_id"
    )
    assert told(warehouse, suspect) == [(CHATKAL, 12, 3, True)]


def test_168_mm_at_chatkal_in_june_2006_are_marked_and_counted(
    installation: Installation, stations_folder: Path
) -> None:
    """Pskem had 17 mm; no other June of Chatkal's has more than 89."""
    ingest_stations(installation, stations_folder / "uzhydromet_chirchik_dekadal_raw.csv")
    load_stations(installation, stations_folder / "uzhydromet_chirchik_stations.csv")
    spikes = "SELECT station_id, first_day FROM series.finding WHERE check_name = 'spike'"
    assert told(installation.warehouse, spikes) == [(CHATKAL, date(2006, 6, 1))]
    june = "SELECT precipitation_mm FROM series.station_month WHERE station_id = :id AND month = :m"
    assert told(installation.warehouse, june, id=CHATKAL, m=date(2006, 6, 1)) == [(168.0,)]


def test_an_agency_s_gauges_are_nobody_s_to_see_until_a_person_says_so(
    installation: Installation, stations_folder: Path
) -> None:
    warehouse = installation.warehouse
    ingest_stations(installation, stations_folder / "uzhydromet_chirchik_dekadal_raw.csv")
    views = ("station", "station_month", "observation", "station_position", "quarantine")

    def shown() -> list[int]:
        return [
            int(str(told(warehouse, f"SELECT count(*) FROM mart.{view}")[0][0]))  # noqa: S608
            for view in views
        ]

    assert shown() == [0, 0, 0, 0, 0]
    load_stations(installation, stations_folder / "uzhydromet_chirchik_stations.csv")
    assert shown() == [0, 0, 0, 0, 0]
    disclose(installation, [PSKEM], Disclosure.OPEN, by="A. Karimova", reason="Order No. 7")
    assert shown() == [1, 995, 2951 + 2981, 1, 0]
    decided = "SELECT station_id, disclosure, decided_by, reason FROM series.disclosure_decision"
    assert told(warehouse, decided) == [(PSKEM, "open", "A. Karimova", "Order No. 7")]
    with pytest.raises(InputError, match="expected gauges that are known"):
        disclose(installation, ["nowhere"], Disclosure.OPEN, by="A. Karimova", reason="None")
