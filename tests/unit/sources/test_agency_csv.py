from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.sources import agency_csv
from pipeline.stations.agency_fields import ALIASES, COLUMNS
from pipeline.stations.months import monthly_values
from pipeline.stations.observations import Disclosure, Resolution, Station, StationFile

Load = Callable[..., StationFile]

MONTHLY = """\
station_id,name,latitude,longitude,elevation_m,year,month,precipitation_mm,temperature_mean_c
38462,Pskem,41.9147,70.3653,1136,2001,1,31.5,-6.4
38462,,,,,2001,2,,-1.9
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(content: str | bytes) -> StationFile:
        path = tmp_path / "gauge.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return agency_csv.read(path)

    return loaded


def months(file: StationFile) -> list[dict[str, object]]:
    return monthly_values(file.observations, file.resolution).to_dict("records")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MONTHLY.encode(), id="UTF-8 with commas"),
        pytest.param(MONTHLY.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(MONTHLY.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(MONTHLY.replace(",", ";").encode(), id="semicolons"),
        pytest.param(MONTHLY.replace(",", "\t").encode(), id="tabs"),
        pytest.param(
            MONTHLY.replace(",", ";").replace(".", ",").encode(), id="semicolons, decimal commas"
        ),
        pytest.param(MONTHLY.replace("-", "\N{MINUS SIGN}").encode(), id="typographic minus signs"),
        pytest.param((MONTHLY + "\n,,,,,,,,\n").encode(), id="blank rows at the end"),
        pytest.param(MONTHLY.upper().encode(), id="column names in capitals"),
    ],
)
def test_the_ways_of_writing_the_same_file(load: Load, content: bytes) -> None:
    file = load(content)
    (station,) = file.stations
    assert (station.station_id, station.name.upper()) == ("38462", "PSKEM")
    assert (station.latitude, station.longitude, station.elevation_m) == (41.9147, 70.3653, 1136)
    assert file.resolution is Resolution.MONTHLY
    january, february = months(file)
    assert (january["precipitation_mm"], january["temperature_mean_c"]) == (31.5, -6.4)
    assert february["gap"] is Gap.TOO_FEW_OBSERVATIONS
    assert math.isnan(february["precipitation_mm"])
    assert february["temperature_mean_c"] == -1.9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_cyrillic_names_survive(load: Load, encoding: str) -> None:
    text = "station_id;name;month;precipitation_mm\n38462;Пскем;2001-01;31,5\n"
    assert load(text.encode(encoding)).stations[0].name == "Пскем"


DAYS = "".join(f"G1,2001-02-{day:02d},1.5\n" for day in range(1, 29))


@pytest.mark.parametrize(
    ("content", "resolution", "total"),
    [
        pytest.param(
            "station_id,date,precipitation_mm\n" + DAYS, Resolution.DAILY, 42.0, id="days"
        ),
        pytest.param(
            "station_id,year,month,dekad,precipitation_mm\n"
            "G1,2001,02,1,10\nG1,2001,02,2,0\nG1,2001,02,3,2.5\n",
            Resolution.DEKADAL, 12.5, id="dekads by number",
        ),
        pytest.param(
            "station_id,date,resolution,precipitation_mm\n"
            "G1,2001-02-10,dekadal,10\nG1,2001-02-20,dekadal,0\nG1,2001-02-28,dekadal,2.5\n",
            Resolution.DEKADAL, 12.5, id="dekads by their last day",
        ),
        pytest.param(
            "station_id,month,precipitation_mm\nG1,2001-02,12.5\n",
            Resolution.MONTHLY, 12.5, id="months as text",
        ),
        pytest.param(
            "code,date,type,units,data,resolution\n"
            "G1,2001-02-10,P,mm,10,dec\nG1,2001-02-20,P,mm,0,dec\nG1,2001-02-28,P,mm,2.5,dec\n"
            "G1,2001-02-10,T,degC,-3,dec\n",
            Resolution.DEKADAL, 12.5, id="one row a quantity",
        ),
    ],
)  # fmt: skip
def test_the_columns_say_the_resolution(
    load: Load, content: str, resolution: Resolution, total: float
) -> None:
    file = load(content)
    assert file.resolution is resolution
    (month,) = months(file)
    assert month["precipitation_mm"] == pytest.approx(total)
    assert month["resolution"] == resolution


@pytest.mark.parametrize(
    ("said", "disclosure"),
    [
        pytest.param("open", Disclosure.OPEN, id="open"),
        pytest.param("agency", Disclosure.AGENCY, id="agency"),
        pytest.param("", Disclosure.RESTRICTED, id="nothing said is restricted"),
    ],
)
def test_disclosure(load: Load, said: str, disclosure: Disclosure) -> None:
    file = load(f"station_id,disclosure,month,precipitation_mm\nG1,{said},2001-02,1\n")
    assert file.stations == (Station("G1", disclosure=disclosure),)


def test_without_a_disclosure_column_a_station_is_restricted(load: Load) -> None:
    assert load(MONTHLY).stations[0].disclosure is Disclosure.RESTRICTED


def test_impossible_and_contradictory_values_go_to_quarantine_and_the_rest_is_loaded(
    load: Load,
) -> None:
    file = load(
        "station_id,month,precipitation_mm,temperature_mean_c\n"
        "G1,2001-01,-9999,-6.4\n"
        "G1,2001-02,10,1\n"
        "G1,2001-03,10,3\n"
        "G1,2001-02,11,1\n"
    )
    january, february, march = months(file)
    assert january["gap"] is Gap.REJECTED
    assert january["temperature_mean_c"] == -6.4
    assert february["gap"] is Gap.REJECTED
    assert february["temperature_mean_c"] == 1
    assert march["precipitation_mm"] == 10
    assert [(record.line, record.record) for record in file.quarantined] == [
        (2, "G1,2001-01,-9999,-6.4"),
        (3, "G1,2001-02,10,1"),
        (5, "G1,2001-02,11,1"),
    ]
    assert "impossible precipitation" in file.quarantined[0].reason
    assert "in lines 3, 5" in file.quarantined[1].reason


RAIN = "station_id,date,precipitation_mm\n"
LONG = "station_id,date,quantity,unit,value\n"
POSITION = "station_id,month,latitude,precipitation_mm\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            RAIN + "G1,2001-02-28,1\nG1,2001-02-30,1\n",
            "line 3, date: expected a day of the calendar as YYYY-MM-DD, from 1800 to 2199, "
            "got '2001-02-30'",
            id="a day the calendar does not have",
        ),
        pytest.param(
            RAIN + "G1,28.02.2001,1\n",
            "line 2, date: expected a day of the calendar as YYYY-MM-DD, from 1800 to 2199, "
            "got '28.02.2001'",
            id="a date in another order",
        ),
        pytest.param(
            "station_id,month,precipitation_mm\nG1,2001-13,1\n",
            "line 2, month: expected YYYY-MM, from 1800-01 to 2199-12, got '2001-13'",
            id="month thirteen",
        ),
        pytest.param(
            "station_id,year,month,precipitation_mm\nG1,2001,0,1\n",
            "line 2, month: expected a number from 1 to 12, got '0'",
            id="month nought",
        ),
        pytest.param(
            "station_id,year,month,dekad,precipitation_mm\nG1,2001,1,4,1\n",
            "line 2, dekad: expected a number from 1 to 3, got '4'",
            id="a fourth dekad",
        ),
        pytest.param(
            "station_id,date,resolution,precipitation_mm\nG1,2001-01-15,dekadal,1\n",
            "line 2, date: expected the last day of a dekad: 10, 20 or the month's last, "
            "got '2001-01-15'",
            id="a dekad that ends in the middle",
        ),
        pytest.param(
            "station_id,date,resolution,precipitation_mm\nG1,2001-01-10,dec,1\nG1,2001-01-20,day,1\n",
            "line 3, resolution: expected daily or dekadal beside date, and one for all rows, "
            "got 'day'",
            id="two resolutions in one file",
        ),
        pytest.param(
            "station_id,month,resolution,precipitation_mm\nG1,2001-01,dekadal,1\n",
            "line 2, resolution: expected monthly beside month, and one for all rows, "
            "got 'dekadal'",
            id="a resolution that contradicts the columns",
        ),
        pytest.param(
            RAIN + "G1,2001-02-28,NA\n",
            "line 2, precipitation_mm: expected a number, or nothing where the value is missing, "
            "got 'NA'",
            id="a word for missing",
        ),
        pytest.param(
            RAIN + 'G1,2001-02-28,"1,5"\n',
            "line 2, precipitation_mm: expected a number, or nothing where the value is missing, "
            "got '1,5'",
            id="a decimal comma among commas",
        ),
        pytest.param(
            RAIN + "G1,2001-02-28\n",
            "line 2: expected 3 fields as in line 1, got 2",
            id="a row too short",
        ),
        pytest.param(
            RAIN + ",2001-02-28,1\n",
            "line 2, station_id: expected a station's id, got ''",
            id="a row of no station",
        ),
        pytest.param(
            RAIN + 'G1,2001-02-28,"1\n',
            "line 2: expected CSV, got unexpected end of data",
            id="a quotation that does not end",
        ),
        pytest.param(RAIN, "expected rows below the column names, got none", id="no rows"),
        pytest.param(
            LONG + "G1,2001-02-28,W,mm,1\n",
            "line 2, quantity: expected one of P, T, precipitation_mm, temperature_mean_c, got 'W'",
            id="a quantity we do not know",
        ),
        pytest.param(
            LONG + "G1,2001-02-28,P,inch,1\n",
            "line 2, unit: expected mm for precipitation, degC for temperature, got 'inch'",
            id="another unit",
        ),
        pytest.param(
            POSITION + "G1,2001-02,141.9,1\n",
            "line 2, latitude: expected a number from -90 to 90, got '141.9'",
            id="a latitude off the Earth",
        ),
        pytest.param(
            POSITION + "G1,2001-02,41.9,1\nG1,2001-03,42.9,1\n",
            "line 3, latitude: expected what an earlier row says of this station, got '42.9'",
            id="a station in two places",
        ),
        pytest.param(
            "station_id,month,disclosure,precipitation_mm\nG1,2001-02,secret,1\n",
            "line 2, disclosure: expected open, agency, restricted, or nothing, got 'secret'",
            id="an unknown disclosure class",
        ),
        pytest.param(
            "station_id,year,date,precipitation_mm\nG1,2001,2001-02-28,1\n",
            "line 1: expected date, or year and month and dekad, or year and month, or month as "
            "YYYY-MM, got date and year",
            id="two ways of saying when",
        ),
        pytest.param(
            "station_id,wmo_code,month,precipitation_mm\nG1,38462,2001-02,1\n",
            "line 1: two columns mean station_id, expected one",
            id="two columns of one meaning",
        ),
        pytest.param(
            "month,precipitation_mm\n2001-02,1\n",
            "line 1: expected a column station_id, got none",
            id="no station column",
        ),
        pytest.param(
            "station_id,month\nG1,2001-02\n",
            "line 1: expected precipitation_mm or temperature_mean_c, or else quantity and value, "
            "got station_id, month",
            id="no values",
        ),
    ],
)
def test_what_is_not_in_the_format_is_named_with_its_line(
    load: Load, content: str, message: str
) -> None:
    with pytest.raises(InputError) as error:
        load(content)
    assert str(error.value) == (
        f"gauge.csv: {message}; correct it and load the file again; nothing was loaded from it"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"PK\x03\x04 \0", "an Excel workbook", id="XLSX"),
        pytest.param("station_id,month".encode("utf-16"), "zero bytes", id="UTF-16"),
        pytest.param(b"station_id;name\nG1;\x98\n", "neither", id="no text we know"),
        pytest.param(b"", "one separator", id="an empty file"),
        pytest.param(b"station_id;month,rain\n", "one separator", id="two separators"),
        pytest.param(b"station_id,month,rain\n", "unknown column 'rain'", id="an unknown column"),
        pytest.param(
            RAIN + "".join(f"G1,2001-{m:02d}-{d},1\n" for m in (1, 3) for d in (10, 20, 31)),
            "only ends of dekads", id="dekads without saying so",
        ),
        pytest.param(
            RAIN + "".join(f"G1,2001-{m:02d}-01,1\n" for m in range(1, 7)),
            "for months write year and month", id="months written as their first days",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_says_what_to_do(
    load: Load, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(content)


STATIONS = "uzhydromet_chirchik_"


def test_the_real_monthly_file_loads_as_it_is(shared_data: Path) -> None:
    path = shared_data / "stations" / f"{STATIONS}monthly.csv"
    file = agency_csv.read(path)
    assert [(s.station_id, s.name) for s in file.stations] == [
        ("38462", "Pskem Meteo Station"),
        ("38471", "Chatkal Meteo Station"),
    ]
    assert file.quarantined == ()
    made = monthly_values(file.observations, file.resolution)
    by_month = made.set_index(["station_id", "month"])["precipitation_mm"]
    with path.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["precip_mm"]]
    assert by_month.notna().sum() == len(rows) == 1899
    key = [(row["wmo_code"], f"{row['year']}-{int(row['month']):02d}-01") for row in rows]
    assert [by_month[k] for k in key] == [float(row["precip_mm"]) for row in rows]


def test_real_dekads_make_the_months_their_provider_derived(shared_data: Path) -> None:
    """Every whole month, against sums and day-weighted means that were derived elsewhere."""
    folder = shared_data / "stations"
    dekadal = agency_csv.read(folder / f"{STATIONS}dekadal_raw.csv")
    assert dekadal.resolution is Resolution.DEKADAL
    made = monthly_values(dekadal.observations, dekadal.resolution)
    made["key"] = made["station_id"] + made["month"].dt.strftime(" %Y-%m")
    with (folder / f"{STATIONS}monthly.csv").open() as lines:
        derived = [
            (f"{row['wmo_code']} {row['year']}-{int(row['month']):02d}", row)
            for row in csv.DictReader(lines)
        ]
    for column, theirs, tolerance in (
        ("precipitation_mm", "precip_mm", 1e-6),
        ("temperature_mean_c", "tmean_degC", 0.0051),
    ):
        expected = {key: float(row[theirs]) for key, row in derived if row[theirs]}
        whole = made[made[column].notna()]
        got = dict(zip(whole["key"], whole[column], strict=True))
        assert got == pytest.approx(expected, abs=tolerance)
        assert len(got) > 1800


def test_a_real_month_with_a_missing_dekad_is_a_gap(shared_data: Path) -> None:
    path = shared_data / "stations" / f"{STATIONS}dekadal_raw.csv"
    n_dekads: dict[tuple[str, str], int] = defaultdict(int)
    with path.open() as lines:
        for row in csv.DictReader(lines):
            if row["type"] == "P":
                n_dekads[row["code"], row["date"][:7]] += row["data"] != ""
    file = agency_csv.read(path)
    made = monthly_values(file.observations, file.resolution)
    keys = zip(made["station_id"], made["month"].dt.strftime("%Y-%m"), strict=True)
    gaps = dict(zip(keys, made["gap"], strict=True))
    assert {key: gap is None for key, gap in gaps.items()} == {
        key: n == 3 for key, n in n_dekads.items()
    }


DOCUMENT = Path(__file__).parents[3] / "docs" / "agency_csv.md"


@pytest.mark.parametrize(
    ("number", "resolution", "february_mm"),
    [
        pytest.param(0, Resolution.DAILY, None, id="the documented days"),
        pytest.param(1, Resolution.DEKADAL, 19.5, id="the documented dekads"),
        pytest.param(2, Resolution.MONTHLY, 19.5, id="the documented months"),
        pytest.param(3, Resolution.DEKADAL, None, id="the documented rows of one quantity"),
    ],
)
def test_the_documented_examples_load(
    load: Load, number: int, resolution: Resolution, february_mm: float | None
) -> None:
    example = re.findall(r"```csv\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    file = load(example[number])
    assert file.resolution is resolution
    assert file.quarantined == ()
    february = months(file)[0]["precipitation_mm"]
    assert february == pytest.approx(math.nan if february_mm is None else february_mm, nan_ok=True)


def test_every_column_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    names = {*COLUMNS, *(set(ALIASES) - {"tmean_degc"}), "tmean_degC"}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
