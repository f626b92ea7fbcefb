"""No real CLIMAT message was at hand: these are encoded by ecCodes from values set by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources import climat_bufr
from pipeline.stations.observations import Quantity, Resolution, Station, StationFile
from tests.unit.sources.climat_messages import (
    EXTREMES,
    MISSING,
    PRECIPITATION,
    PSKEM,
    QUALIFIER,
    TEMPERATURE,
    climat,
    missing_days,
    synop,
)

HEADING = b"\x01\r\r\n001\r\r\nISMC01 UTTT 030600\r\r\n"
CHATKAL = PSKEM | {"stationNumber": 471, "stationOrSiteName": "CHATKAL", "airTemperature": 268.15}


def read(tmp_path: Path, *parts: bytes) -> StationFile:
    path = tmp_path / "climat.bufr"
    path.write_bytes(b"".join(parts))
    return climat_bufr.read(path)


@pytest.mark.parametrize("template", [307071, 307073])
def test_a_month_of_one_station(tmp_path: Path, template: int) -> None:
    """87.4 mm; 271.25 K is -1.9 degrees C, 275.65 K 2.5 and 266.85 K -6.3."""
    file = read(tmp_path, HEADING, climat(PSKEM, template=template))
    assert file.resolution is Resolution.MONTHLY
    assert file.stations == (Station("38462", "PSKEM", 41.9147, 70.3653, 1136.0),)
    assert dict(zip(file.records["quantity"], file.records["value"], strict=True)) == {
        Quantity.PRECIPITATION: 87.4,
        Quantity.TEMPERATURE_MEAN: -1.9,
        Quantity.TEMPERATURE_MAX: 2.5,
        Quantity.TEMPERATURE_MIN: -6.3,
    }
    assert set(file.records["last_day"].dt.strftime("%Y-%m-%d")) == {"2024-02-29"}
    assert set(file.records["n_days"]) == {29}
    assert (file.records["reason"] == "").all()


def test_the_normals_behind_a_month_are_not_taken_for_it(tmp_path: Path) -> None:
    normals = {"#2#year": 1991, "#3#year": 2020, "#2#totalAccumulatedPrecipitation": 60.0,
               "#4#airTemperature": 273.15}  # fmt: skip
    report = {key: value for key, value in PSKEM.items() if key != "totalAccumulatedPrecipitation"}
    missing_years = {f"#8#{QUALIFIER}": TEMPERATURE, f"#8#{MISSING}": 25}
    file = read(tmp_path, climat(report | normals | missing_years, template=307073))
    assert (file.records["reason"] == "").all()
    assert Quantity.PRECIPITATION not in set(file.records["quantity"])
    assert len(file.records) == 3


@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "compressed"])
def test_a_message_of_several_stations(tmp_path: Path, is_compressed: bool) -> None:
    file = read(tmp_path, climat(PSKEM, CHATKAL, is_compressed=is_compressed))
    assert [station.station_id for station in file.stations] == ["38462", "38471"]
    means = file.records[file.records["quantity"] == Quantity.TEMPERATURE_MEAN]
    assert list(zip(means["line"], means["value"], strict=True)) == [(1, -1.9), (2, -5.0)]


def test_a_missing_value_is_no_record_and_a_trace_is_nothing(tmp_path: Path) -> None:
    dry = PSKEM | {"totalAccumulatedPrecipitation": -0.1}
    del dry["airTemperature"]
    values = read(tmp_path, climat(dry)).records.set_index("quantity")["value"]
    assert values[Quantity.PRECIPITATION] == 0.0
    assert Quantity.TEMPERATURE_MEAN not in values


@pytest.mark.parametrize(
    ("counts", "refused"),
    [
        pytest.param([(PRECIPITATION, 0), (TEMPERATURE, 0)], set(), id="no day missing"),
        pytest.param([(PRECIPITATION, 1)], {Quantity.PRECIPITATION}, id="a day of rain missing"),
        pytest.param([(TEMPERATURE, 10)], set(), id="ten days of a mean missing"),
        pytest.param([(TEMPERATURE, 11)], {Quantity.TEMPERATURE_MEAN}, id="eleven days of a mean"),
        pytest.param(
            [(EXTREMES, 11)],
            {Quantity.TEMPERATURE_MAX, Quantity.TEMPERATURE_MIN},
            id="eleven days of the extremes",
        ),
    ],
)
def test_values_that_miss_too_many_days_are_refused(
    tmp_path: Path, counts: list[tuple[int, int]], refused: set[Quantity]
) -> None:
    records = read(tmp_path, climat(PSKEM | missing_days(*counts))).records
    marked = records[records["reason"] != ""]
    assert set(marked["quantity"]) == refused
    assert set(marked["reason"]) <= {
        "the report misses 1 days of the month",
        "the report misses 11 days of the month",
    }


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(climat(PSKEM)[:120], "cut or broken", id="a message cut short"),
        pytest.param(synop(), "expected one of the templates", id="no CLIMAT"),
        pytest.param(
            climat({k: v for k, v in PSKEM.items() if k != "stationNumber"}),
            "block and station number", id="no station",
        ),
        pytest.param(
            climat({k: v for k, v in PSKEM.items() if k != "month"}), "a year and a month",
            id="no month",
        ),
    ],
)  # fmt: skip
def test_a_bad_message_is_unread_and_the_rest_is_read(
    tmp_path: Path, broken: bytes, reason: str
) -> None:
    file = read(tmp_path, HEADING, climat(PSKEM), broken, HEADING, climat(CHATKAL))
    assert [(unread.line, reason in unread.reason) for unread in file.unread] == [(2, True)]
    assert file.records.groupby("line").size().to_dict() == {1: 4, 3: 4}


def test_a_last_message_cut_short_is_unread(tmp_path: Path) -> None:
    file = read(tmp_path, climat(PSKEM), climat(CHATKAL)[:-30])
    assert [unread.line for unread in file.unread] == [2]


@pytest.mark.parametrize(
    "content", [b"", b"BUFR", climat(PSKEM)[:100]], ids=["empty", "four letters", "half a message"]
)
def test_a_file_without_a_report_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="expected CLIMAT reports in BUFR, got 0 values"):
        read(tmp_path, content)


def test_stations_of_one_message_keep_their_order_and_values(tmp_path: Path) -> None:
    reports = [PSKEM | {"stationNumber": 400 + n, "airTemperature": 273.15 + n} for n in range(7)]
    file = read(tmp_path, climat(*reports))
    means = file.records[file.records["quantity"] == Quantity.TEMPERATURE_MEAN]
    assert list(zip(means["station_id"], means["value"], strict=True)) == [
        (f"384{n:02d}", float(n)) for n in range(7)
    ]


CRASHES_OVER_CHATKAL = """\
import os
from pipeline.sources import climat_messages

decoded = climat_messages.decoded

def crashing(message):
    found = decoded(message)
    return os.abort() if "CHATKAL" in str(found) else found

climat_messages.decoded = crashing
raise SystemExit(climat_messages.main())
"""


def test_only_the_message_is_lost_over_which_ec_codes_breaks_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of some thousands of damaged messages none made ecCodes crash, so one that is named does."""
    (tmp_path / "crashes_over_chatkal.py").write_text(CRASHES_OVER_CHATKAL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(climat_bufr, "PROGRAM", "crashes_over_chatkal")
    others = [PSKEM | {"stationNumber": 400 + n} for n in range(4)]
    file = read(tmp_path, *[climat(one) for one in (*others[:3], CHATKAL, others[3])])
    assert [(unread.line, unread.reason) for unread in file.unread] == [
        (4, "ecCodes broke down over it")
    ]
    assert file.records.groupby("line").size().to_dict() == {1: 4, 2: 4, 3: 4, 5: 4}
