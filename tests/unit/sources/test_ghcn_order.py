from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits
from pipeline.sources import ghcn_order
from pipeline.stations.observations import Disclosure, Station, StationFile

HEADER = (
    '"STATION","NAME","LATITUDE","LONGITUDE","ELEVATION","DATE","PRCP","PRCP_ATTRIBUTES",'
    '"TMAX","TMAX_ATTRIBUTES"\n'
)


def row(day: str, rain: str, heat: str, flags: tuple[str, str] = (",,S", ",,S")) -> str:
    about = '"UZM00038457","TASHKENT, UZ","41.27","69.27","466.0"'
    return f'{about},"{day}","{rain}","{flags[0]}","{heat}","{flags[1]}"\n'


def read(tmp_path: Path, text: str, units: OrderUnits | None = None) -> StationFile:
    path = tmp_path / "order.csv"
    path.write_text(text)
    return ghcn_order.read(path, units)


def test_flags_positions_and_missing_values(tmp_path: Path) -> None:
    text = (
        HEADER
        + row("2024-01-15", "2.5", "-1.4", ("T,,S", ",I,S,0700"))
        + row("2024-01-16", "0.0", "", ("P,,S", ""))
        + row("2024-01-17", "-9999", "3.1")
    )
    file = read(tmp_path, text, OrderUnits.METRIC)
    got = [(r.line, r.quantity, r.value, r.reason[:14]) for r in file.records.itertuples()]
    assert got == [
        (2, "precipitation_mm", 2.5, ""),
        (2, "temperature_max_c", -1.4, "the provider's"),
        (3, "precipitation_mm", 0.0, "missing, which"),
        (4, "temperature_max_c", 3.1, ""),
    ]
    assert file.stations == (
        Station("UZM00038457", "TASHKENT, UZ", 41.27, 69.27, 466.0, Disclosure.OPEN),
    )
    assert file.assumed == "metric units, as the caller says"
    assert file.tells_refusals


def test_flags_may_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    text = (
        "STATION,STATION_NAME,ELEVATION,DATE,PRCP,Measurement Flag,Quality Flag,Source Flag,"
        "Time of Observation\n"
        "GHCND:UZM00038457,TASHKENT,unknown,20240115,2.5, ,D,S,9999\n"
        "GHCND:UZM00038457,TASHKENT,unknown,20240116,1.0, , ,S,9999\n"
    )
    file = read(tmp_path, text, OrderUnits.METRIC)
    assert [reason[-13:] for reason in file.records["reason"]] == ["D (duplicate)", ""]
    assert file.stations[0].station_id == "UZM00038457"
    assert file.stations[0].elevation_m is None
    assert file.unread == ()


def test_totals_of_several_days_keep_their_days(tmp_path: Path) -> None:
    text = (
        "STATION,DATE,PRCP,MDPR,DAPR\nUZM00038457,20240115,0.12,,\nUZM00038457,20240118,,1.00,3\n"
    )
    file = read(tmp_path, text, OrderUnits.STANDARD)
    assert [(r.value, r.n_days) for r in file.records.itertuples()] == [(3.048, 1), (25.4, 3)]


@pytest.mark.parametrize(
    ("rain", "heat", "expected", "first"),
    [
        pytest.param("2.5", "21.4", OrderUnits.METRIC, (2.5, 21.4), id="tenths of a degree"),
        pytest.param("0.12", "50", OrderUnits.STANDARD, (3.048, 10.0), id="hundredths of rain"),
        pytest.param("0.00", "77", OrderUnits.STANDARD, (0.0, 25.0), id="whole degrees above 60"),
        pytest.param("25", "214", OrderUnits.TENTHS, (2.5, 21.4), id="no decimals, above 140"),
    ],
)
def test_units_are_told_by_digits_that_prove_them(
    tmp_path: Path, rain: str, heat: str, expected: OrderUnits, first: tuple[float, float]
) -> None:
    file = read(
        tmp_path, HEADER + "".join(row(f"2024-01-{d:02d}", rain, heat) for d in range(1, 29))
    )
    assert file.assumed.startswith(f"{expected} units, ")
    assert tuple(file.records["value"][:2]) == first


@pytest.mark.parametrize(
    ("rain", "heat"),
    [
        pytest.param("0.0", "21.0", id="whole degrees that both may be"),
        pytest.param("0", "77", id="degrees F, or tenths of a cold month"),
        pytest.param("0.12", "21.4", id="signs that contradict each other"),
    ],
)
def test_units_that_nothing_proves_are_asked_for(tmp_path: Path, rain: str, heat: str) -> None:
    text = HEADER + "".join(row(f"2024-01-{d:02d}", rain, heat) for d in range(1, 29))
    with pytest.raises(InputError, match="say --units metric"):
        read(tmp_path, text)


def test_few_values_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got no certain sign; say --units"):
        read(tmp_path, HEADER + row("2024-01-01", "2.5", "21.4"))


def test_the_digits_of_a_misprint_do_not_change_the_units(tmp_path: Path) -> None:
    rows = [row(f"2024-01-{d:02d}", "2.5", "21.4") for d in range(1, 29)]
    rows[4] = row("2024-01-05", "0.12", "2140")
    assert read(tmp_path, HEADER + "".join(rows)).assumed.startswith("metric")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(row("2024-02-30", "1.0", "3.0"), "DATE: expected", id="30 February"),
        pytest.param(row("2024-01-03", "1.x", "3.0"), "PRCP: expected a number", id="no number"),
        pytest.param(row("2024-01-03", "1.0", "3")[:60], "expected 10 fields", id="a cut line"),
        pytest.param(
            row("2024-01-03", "1.0", "3.0").replace("UZM", "uzm"), "STATION: expected", id="no id"
        ),
    ],
)
def test_a_bad_line_is_unread_and_the_rest_is_read(tmp_path: Path, bad: str, reason: str) -> None:
    good = row("2024-01-01", "1.0", "3.0") + row("2024-01-02", "2.0", "4.0")
    file = read(tmp_path, HEADER + good + bad, OrderUnits.METRIC)
    (unread,) = file.unread
    assert (unread.line, unread.reason.startswith(reason)) == (4, True)
    assert set(file.records["line"]) >= {2, 3}


def test_a_last_line_without_an_end_is_said(tmp_path: Path) -> None:
    text = "STATION,DATE,PRCP\nUZM00038457,20240115,12.5\nUZM00038457,20240116,12"
    assert "no line end" in read(tmp_path, text, OrderUnits.METRIC).assumed


def test_a_summary_of_the_day_is_no_order(tmp_path: Path) -> None:
    """Its MAX, MIN and PRCP are in other units and of other hours."""
    text = "STATION,DATE,TEMP,MAX,MIN,PRCP,PRCP_ATTRIBUTES,FRSHTT\n01001099999,2024-01-02,1,1,1,1,G,0\n"
    with pytest.raises(InputError, match="expected a header with STATION, DATE"):
        read(tmp_path, text, OrderUnits.STANDARD)


def test_the_real_order_of_dubai_gives_what_stands_in_it(shared_data: Path) -> None:
    """GHCND:AEM00041194,DUBAI INTERNATIONAL AE,19840101,-9999,19.1,24.0,15.0
    GHCND:AEM00041194,DUBAI INTERNATIONAL AE,19850419,1.0,23.6,29.0,17.9
    """
    path = shared_data / "stations" / "noaa_cdo_order_format_dubai_500rows.csv"
    file = ghcn_order.read(path)
    by_day = file.records.set_index(["last_day", "quantity"])["value"]
    assert by_day["1984-01-01"].to_dict() == {
        "temperature_mean_c": 19.1, "temperature_max_c": 24.0, "temperature_min_c": 15.0,
    }  # fmt: skip
    assert by_day["1985-04-19"]["precipitation_mm"] == 1.0
    given = sum(
        field != "-9999"
        for line in path.read_text().splitlines()[1:]
        for field in line.split(",")[3:]
    )
    assert len(file.records) == given
    assert file.assumed == (
        "metric units, temperatures have tenths of a degree; no flags were ordered: which values "
        "the provider refuses is not told"
    )
    assert not file.tells_refusals
    assert file.stations[0].name == "DUBAI INTERNATIONAL AE"
