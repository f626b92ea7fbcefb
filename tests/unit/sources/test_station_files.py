from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits, StationFormat
from pipeline.sources import station_files
from pipeline.stations.agency_layout import Layout
from tests.unit.sources.climat_messages import PSKEM, climat
from tests.unit.sources.station_lines import dly_line

DLY = dly_line(2001, 4, "PRCP", {}, rest=10).encode() + b"\n"
BY_YEAR = b"UZM00038457,20240115,PRCP,25,,,S,\n"
ORDER = b"STATION,DATE,PRCP\nUZM00038457,20240115,2.5\n"
AGENCY = b"station_id,month,precipitation_mm\nG1,2001-02,1.5\n"
CLIMAT = b"ISMC01 UTTT 030600\r\r\n" + climat(PSKEM)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(DLY, StationFormat.GHCN_DAILY, id="a .dly file"),
        pytest.param(DLY[:100] + b"\n" + DLY, StationFormat.GHCN_DAILY, id="its first line cut"),
        pytest.param(BY_YEAR, StationFormat.GHCN_BY_YEAR, id="a by-year file"),
        pytest.param(gzip.compress(BY_YEAR), StationFormat.GHCN_BY_YEAR, id="a packed one"),
        pytest.param(b"ID,DATE,ELEMENT\n" + BY_YEAR, StationFormat.GHCN_BY_YEAR, id="with names"),
        pytest.param(ORDER, StationFormat.GHCN_ORDER, id="an order"),
        pytest.param(AGENCY, StationFormat.AGENCY, id="an agency's CSV"),
        pytest.param(b"PK\x03\x04", StationFormat.AGENCY, id="a workbook"),
        pytest.param(CLIMAT, StationFormat.CLIMAT, id="CLIMAT below a heading"),
        pytest.param(b"", StationFormat.AGENCY, id="an empty file"),
        pytest.param(
            b"station_id,note\nG1,about BUFR\n", StationFormat.AGENCY, id="a word is no message"
        ),
    ],
)
def test_content_decides_and_not_the_name(
    tmp_path: Path, raw: bytes, expected: StationFormat
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(raw)
    assert station_files.format_of(path) is expected


@pytest.mark.parametrize(
    ("raw", "n_records"),
    [
        pytest.param(DLY, 30, id="a .dly file"),
        pytest.param(BY_YEAR, 1, id="a by-year file"),
        pytest.param(AGENCY, 1, id="an agency's CSV"),
        pytest.param(CLIMAT, 4, id="CLIMAT"),
    ],
)
def test_each_is_read_by_its_reader(tmp_path: Path, raw: bytes, n_records: int) -> None:
    path = tmp_path / "data"
    path.write_bytes(raw)
    assert len(station_files.read(path).records) == n_records


def test_an_order_is_read_in_the_units_that_are_said(tmp_path: Path) -> None:
    path = tmp_path / "order.csv"
    path.write_bytes(ORDER)
    file = station_files.read(path, units=OrderUnits.STANDARD)
    assert list(file.records["value"]) == [63.5]


def test_a_layout_says_that_a_file_is_an_agencys(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(ORDER)
    layout = Layout(
        columns={"station_id": "STATION", "date": "DATE", "precipitation_mm": "PRCP"},
        date_format="YYYYMMDD",
    )
    assert list(station_files.read(path, layout=layout).records["value"]) == [2.5]


@pytest.mark.parametrize(
    ("raw", "options", "message"),
    [
        pytest.param(
            AGENCY, {"units": OrderUnits.METRIC}, "expected no units for agency, got metric",
            id="units for an agency's table",
        ),
        pytest.param(
            DLY, {"station_format": StationFormat.GHCN_DAILY, "layout": Layout()},
            "expected no layout for ghcn-daily", id="a layout for a .dly file",
        ),
        pytest.param(
            AGENCY, {"station_format": StationFormat.GHCN_DAILY}, "expected GHCN-Daily .dly lines",
            id="another format than the content's",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    tmp_path: Path, raw: bytes, options: dict[str, object], message: str
) -> None:
    path = tmp_path / "data"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        station_files.read(path, **options)  # type: ignore[arg-type]
