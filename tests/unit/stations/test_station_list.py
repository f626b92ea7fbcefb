from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Row, Sheet
from pipeline.stations.observations import Disclosure
from pipeline.stations.station_list import station_list


def sheet(*rows: list[str]) -> Sheet:
    numbered = tuple(Row(line, cells) for line, cells in enumerate(rows, start=1))
    return Sheet("list.csv", numbered, (), decimal_comma=False)


HEADER = ["Code", "lat", "lon", "valid_from", "basin"]


def test_a_station_that_moved_has_its_places_in_order_of_time() -> None:
    listed = station_list(
        sheet(
            HEADER,
            ["G1", "42.0", "70.1", "01.05.1986", "Chirchik"],
            ["G1", "41.9", "70.0", "", "Chirchik"],
            ["G0", "40.0", "69.0", "", ""],
        ),
        Layout(date_format="DD.MM.YYYY", disclosure=Disclosure.AGENCY),
    )
    assert [(at.station.station_id, str(at.valid_from), at.station.latitude) for at in listed.places] == [
        ("G0", "None", 40.0), ("G1", "None", 41.9), ("G1", "1986-05-01", 42.0),
    ]  # fmt: skip
    assert {at.station.disclosure for at in listed.places} == {Disclosure.AGENCY}


def test_a_row_without_a_station_or_with_a_bad_day_is_unread() -> None:
    listed = station_list(
        sheet(
            HEADER,
            ["", "42.0", "70.1", "", ""],
            ["G1", "41.9", "70.0", "1986", ""],
            ["G1", "41.9", "70.0", "", ""],
        ),
        Layout(),
    )
    assert [(one.line, one.reason.split(":")[0]) for one in listed.unread] == [
        (2, "station_id"), (3, "valid_from"),
    ]  # fmt: skip
    assert len(listed.places) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([["lat"], ["1"]], "a column station_id, got none", id="no such column"),
        pytest.param([["code"], [""]], "expected stations, got none", id="no station"),
    ],
)
def test_a_list_without_stations_is_refused(rows: list[list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        station_list(sheet(*rows), Layout())
