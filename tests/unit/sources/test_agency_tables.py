from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources import agency_tables
from pipeline.stations.agency_layout import Layout
from pipeline.stations.observations import (
    RECORD_COLUMNS,
    Quantity,
    Resolution,
    StationFile,
)
from tests.unit.sources.agency_values import Load, values

RAIN, MEAN = Quantity.PRECIPITATION, Quantity.TEMPERATURE_MEAN
MONTHLY = """\
station_id,name,latitude,longitude,elevation_m,year,month,precipitation_mm,temperature_mean_c
38462,Pskem,41.9147,70.3653,1136,2001,1,31.5,-6.4
38462,,,,,2001,2,,-1.9
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(content: str | bytes, layout: Layout | None = None) -> StationFile:
        path = tmp_path / "gauge.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return agency_tables.read(path, layout)

    return loaded


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MONTHLY.encode(), id="UTF-8 with commas"),
        pytest.param(MONTHLY.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(MONTHLY.replace(",", "\t").encode("utf-16"), id="UTF-16 with a mark and tabs"),
        pytest.param(MONTHLY.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(MONTHLY.replace(",", ";").encode(), id="semicolons"),
        pytest.param(
            MONTHLY.replace(",", ";").replace(".", ",").encode(), id="semicolons, decimal commas"
        ),
        pytest.param(MONTHLY.replace("-", "\N{MINUS SIGN}").encode(), id="typographic minus signs"),
        pytest.param((MONTHLY + "\n,,,,,,,,\n").encode(), id="blank rows at the end"),
        pytest.param(MONTHLY.upper().encode(), id="column names in capitals"),
        pytest.param(MONTHLY.replace("2001,1,", "2001,I,").encode(), id="a Roman month"),
    ],
)
def test_the_ways_of_writing_the_same_file(load: Load, content: bytes) -> None:
    file = load(content)
    (station,) = file.stations
    assert (station.station_id, str(station.name).upper()) == ("38462", "PSKEM")
    assert (station.latitude, station.longitude, station.elevation_m) == (41.9147, 70.3653, 1136)
    assert station.disclosure is None
    assert file.resolution is Resolution.MONTHLY
    assert values(file) == {
        (RAIN, "2001-01-31"): 31.5, (MEAN, "2001-01-31"): -6.4, (MEAN, "2001-02-28"): -1.9,
    }  # fmt: skip
    assert tuple(file.records.columns) == RECORD_COLUMNS
    assert set(file.records["n_days"]) == {31, 28}
    assert file.unread == ()
    assert file.assumed == ""


def test_windows_1251_is_read_and_said(load: Load) -> None:
    text = "station_id;name;month;precipitation_mm\nG1;Верхний пост;2001-02;1,5\n"
    file = load(text.encode("cp1251"))
    assert file.stations[0].name == "Верхний пост"
    assert file.assumed == "Windows-1251, as the bytes are not UTF-8"


def test_one_bad_byte_costs_one_line_and_not_the_encoding(load: Load) -> None:
    rows = [f"G1;Верхний пост;2001-{month:02d};1,5".encode() for month in range(1, 7)]
    rows[2] = rows[2][:5] + b"\xff" + rows[2][6:]
    file = load(b"\n".join([b"station_id;name;month;precipitation_mm", *rows, b""]))
    assert file.stations[0].name == "Верхний пост"
    assert [(unread.line, unread.reason) for unread in file.unread] == [
        (4, "expected text in the file's encoding, got other bytes")
    ]
    assert len(file.records) == 5


def test_a_last_line_without_an_end_is_said(load: Load) -> None:
    assert "no line end" in load(MONTHLY.rstrip("\n")).assumed


def test_values_are_left_for_others_to_judge(load: Load) -> None:
    """Impossible, contradictory and repeated values are records: the record keeper weighs them."""
    text = "station_id,date,precipitation_mm\n" + "".join(
        f"G1,{day},{mm}\n"
        for day, mm in (("2001-02-27", -9999), ("2001-02-28", 1), ("2001-02-28", 2))
    )
    assert list(load(text).records["value"]) == [-9999.0, 1.0, 2.0]


RAIN_A_DAY = "station_id,date,precipitation_mm\nG1,2001-02-01,1\nG1,2001-02-02,0\n"
LONG = "station_id,date,quantity,unit,value\nG1,2001-02-01,P,mm,1\nG1,2001-02-02,T,K,273.15\n"
DEKADS = "station_id,date,resolution,precipitation_mm\nG1,2001-01-10,dec,1\nG1,2001-01-20,dec,2\n"


@pytest.mark.parametrize(
    ("content", "reason", "record"),
    [
        pytest.param(
            RAIN_A_DAY + "G1,2001-02-30,1\n",
            "date: expected a day as YYYY-MM-DD, years 1800 to 2199",
            "G1 | 2001-02-30 | 1",
            id="a day the calendar does not have",
        ),
        pytest.param(
            RAIN_A_DAY + "G1,28.02.2001,1\n",
            "date: expected a day as YYYY-MM-DD, years 1800 to 2199",
            "G1 | 28.02.2001 | 1",
            id="a date in another order",
        ),
        pytest.param(
            MONTHLY + "38462,,,,,2001,13,3,\n",
            "month: expected a number from 1 to 12",
            "38462 |  |  |  |  | 2001 | 13 | 3 | ",
            id="month thirteen",
        ),
        pytest.param(
            DEKADS + "G1,2001-01-15,dec,1\n",
            "date: expected the last day of a dekad: 10, 20 or the month's last",
            "G1 | 2001-01-15 | dec | 1",
            id="a dekad that ends in the middle",
        ),
        pytest.param(
            DEKADS + "G1,2001-01-31,day,1\n",
            "resolution: expected dekadal beside date, as in most rows",
            "G1 | 2001-01-31 | day | 1",
            id="another resolution",
        ),
        pytest.param(
            RAIN_A_DAY + "G1,2001-02-28,NA\n",
            "precipitation_mm: expected a number, or nothing where the value is missing",
            "NA",
            id="a word for missing",
        ),
        pytest.param(
            RAIN_A_DAY + 'G1,2001-02-28,"1,5"\n',
            "precipitation_mm: expected a number, or nothing where the value is missing",
            "1,5",
            id="a decimal comma among commas",
        ),
        pytest.param(
            RAIN_A_DAY + "G1,2001-02-28\n",
            "expected 3 fields, got 2",
            "G1 | 2001-02-28",
            id="a row too short",
        ),
        pytest.param(
            RAIN_A_DAY + "G1,2001-02-28,1,2\n",
            "expected 3 fields, got 4",
            "G1 | 2001-02-28 | 1 | 2",
            id="a row too long",
        ),
        pytest.param(
            RAIN_A_DAY + ",2001-02-28,1\n",
            "station_id: expected a station's id",
            " | 2001-02-28 | 1",
            id="a row of no station",
        ),
        pytest.param(
            RAIN_A_DAY + 'G1,2001-02-28,"1\n',
            "expected CSV, got unexpected end of data",
            'G1,2001-02-28,"1',
            id="a quotation that does not end",
        ),
        pytest.param(
            LONG + "G1,2001-02-28,W,mm,1\n",
            "quantity: expected one of p, t, precipitation_mm, temperature_mean_c, "
            "temperature_max_c, temperature_min_c",
            "1",
            id="a quantity we do not know",
        ),
        pytest.param(
            LONG + "G1,2001-02-28,P,degC,1\n",
            "unit: expected a unit of precipitation_mm, got degC",
            "1",
            id="a unit of something else",
        ),
    ],
)
def test_what_cannot_be_understood_is_unread_and_the_rest_is_read(
    load: Load, content: str, reason: str, record: str
) -> None:
    file = load(content)
    (unread,) = file.unread
    last_line = content.count("\n")
    assert (unread.file, unread.line) == ("gauge.csv", last_line)
    assert (unread.reason, unread.record) == (reason, record)
    assert last_line not in set(file.records["line"])
    assert len(file.records) >= 2


def test_a_position_off_the_earth_leaves_the_values(load: Load) -> None:
    file = load(MONTHLY.replace("41.9147", "141.9147"))
    assert file.stations[0].latitude is None
    assert [(unread.line, unread.record) for unread in file.unread] == [(2, "141.9147")]
    assert len(file.records) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"PK\x03\x04 \0", "expected an Excel workbook", id="a ZIP that is no workbook"),
        pytest.param("station_id,month".encode("utf-16-le"), "zero bytes", id="UTF-16, no mark"),
        pytest.param(b"", "one separator", id="an empty file"),
        pytest.param(b"station_id;month\train\n", "one separator", id="two separators"),
        pytest.param(b"station_id\n", "one separator", id="no separator"),
        pytest.param(
            b"station_id,month,rain\nG1,2001-01,1\n", "unknown column 'rain'", id="unknown column"
        ),
        pytest.param(
            b"station_id,precipitation_mm\n", "rows below the column names", id="no rows"
        ),
        pytest.param(
            b"station_id,year,date,precipitation_mm\nG1,2001,2001-02-28,1\n",
            "month as YYYY-MM, got date and year", id="two ways of saying when",
        ),
        pytest.param(
            b"station_id,wmo_code,month,precipitation_mm\nG1,38462,2001-02,1\n",
            "two columns mean station_id", id="two columns of one meaning",
        ),
        pytest.param(
            b"month,precipitation_mm\n2001-02,1\n", "a column station_id, got none", id="no station"
        ),
        pytest.param(
            b"station_id,month\nG1,2001-02\n", "or else quantity and value", id="no values"
        ),
        pytest.param(
            b"station_id,month,precipitation_mm\nG1,2001-02,\n", "got 0 values", id="all missing"
        ),
        pytest.param(
            (RAIN_A_DAY + "G1,2001-02-03,x\n" * 3).encode(),
            r"got 2 values that can be read and 3 that cannot \(line 4: precipitation_mm: expected",
            id="more unread than read",
        ),
        pytest.param(
            (RAIN_A_DAY[:33] + "".join(f"G1,2001-{m:02d}-{d},1\n" for m in (1, 3) for d in (10, 20, 31))).encode(),
            "only ends of dekads", id="dekads without saying so",
        ),
        pytest.param(
            (RAIN_A_DAY[:33] + "".join(f"G1,2001-{m:02d}-01,1\n" for m in range(1, 7))).encode(),
            "for months write year and month", id="months written as their first days",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_whole(load: Load, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(content)
