from __future__ import annotations

import pandas as pd
import pytest

from pipeline.stations.observations import Disclosure, Station
from pipeline.stations.positions import said_of_stations

COLUMNS = ["line", "station_id", "name", "latitude", "disclosure"]


def table(*rows: tuple[int, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_a_row_may_leave_empty_what_another_says() -> None:
    stations, unread = said_of_stations(
        "f", table((2, "G1", "Upper", "", ""), (3, "G1", "", "41.5", "open"))
    )
    assert stations == (Station("G1", "Upper", 41.5, disclosure=Disclosure.OPEN),)
    assert unread == ()


@pytest.mark.parametrize("order", [1, -1], ids=["as they stand", "the other way round"])
def test_most_rows_decide_whatever_their_order(order: int) -> None:
    rows = [(2, "G1", "", "41.5", ""), (3, "G1", "", "42.5", ""), (4, "G1", "", "42.50", "")]
    stations, unread = said_of_stations("f", table(*rows[::order]))
    assert stations[0].latitude == 42.5
    assert [(one.line, one.reason) for one in unread] == [
        (2, "latitude: expected as elsewhere 42.5")
    ]


def test_of_two_classes_the_stricter_holds() -> None:
    rows = [(2, "G1", "", "", "open"), (3, "G1", "", "", "open"), (4, "G1", "", "", "restricted")]
    stations, unread = said_of_stations("f", table(*rows))
    assert stations[0].disclosure is Disclosure.RESTRICTED
    assert [(one.line, one.record) for one in unread] == [(2, "open")]


def test_an_unknown_class_is_unread_and_says_nothing() -> None:
    stations, unread = said_of_stations("f", table((2, "G1", "", "", "secret")))
    assert stations[0].disclosure is None
    assert unread[0].reason == "disclosure: expected one of open, agency, restricted, or nothing"


def test_the_class_of_the_file_holds_where_a_row_says_none() -> None:
    rows = table((2, "G1", "", "", ""), (3, "G2", "", "", "restricted"))
    stations, _ = said_of_stations("f", rows, default=Disclosure.AGENCY)
    assert [one.disclosure for one in stations] == [Disclosure.AGENCY, Disclosure.RESTRICTED]


def test_a_decimal_comma_is_one_only_where_it_is_allowed() -> None:
    rows = table((2, "G1", "", "41,5", ""))
    assert said_of_stations("f", rows, decimal_comma=True)[0][0].latitude == 41.5
    stations, unread = said_of_stations("f", rows)
    assert stations[0].latitude is None
    assert unread[0].reason == "latitude: expected a number from -90 to 90"
