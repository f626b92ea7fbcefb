"""What kind of file it is: the content decides."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipeline.core.errors import InputError
from pipeline.sources.contents import Content, content_of

DAILY = "TU000017074202101PRCP" + 28 * "   10   " + 3 * "-9999   " + "\n"
INDICATORS = "indicator;landscape_id;issued_on;value\n"
LAYOUT = 'files: ["posts*.csv"]\ncolumns: {station_id: post}\n'


def damaged_inside() -> bytes:
    """A ZIP with a whole directory, and a packed file of which the first bytes are wrong."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", b"CDF\x02" * 1000)
    whole = stream.getvalue()
    return whole[:34] + b"\xff" * 6 + whole[40:]


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook(*rows: list[str]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"\x89HDF\r\n\x1a\n rest", Content.GRID, id="NetCDF 4"),
        pytest.param(b"CDF\x01 rest", Content.GRID, id="classic NetCDF"),
        pytest.param(b"GRIB rest", Content.GRID, id="GRIB"),
        pytest.param(zipped(data=b"CDF\x02 rest"), Content.GRID, id="a ZIP of NetCDF"),
        pytest.param(zipped(data=b"CDF\x02 rest")[:40], Content.GRID, id="a ZIP cut short"),
        pytest.param(damaged_inside(), Content.GRID, id="a ZIP damaged inside"),
        pytest.param(b"\x01\r\r\n123\r\r\nCSUZ01 UTTW\r\r\nBUFR", Content.STATIONS, id="BUFR"),
        pytest.param(DAILY.encode(), Content.STATIONS, id="GHCN-Daily"),
        pytest.param(b"station_id,date\nG1,2021-01-01\n", Content.STATIONS, id="a table"),
        pytest.param(
            "Станция: Самарканд\nмесяц;осадки\n1;2,3\n".encode("cp1251"),
            Content.STATIONS,
            id="a table under a title with a colon",
        ),
        pytest.param(workbook(["post", "rain"]), Content.STATIONS, id="a workbook of gauges"),
        pytest.param(INDICATORS.encode(), Content.INDICATORS, id="a table of indicators"),
        pytest.param(
            "\ufeffПоказатель;Дата выпуска\n".encode(), Content.INDICATORS, id="the same in Russian"
        ),
        pytest.param(
            "Показатель\tДата выпуска\n".encode("cp1251"),
            Content.INDICATORS,
            id="the same in Windows-1251",
        ),
        pytest.param(
            f"Bulletin 3\n\n{INDICATORS}".encode("utf-16"),
            Content.INDICATORS,
            id="the same in UTF-16 below a title",
        ),
        pytest.param(
            workbook(["Bulletin 3"], ["Indicator", "Issued on", "Value"]),
            Content.INDICATORS,
            id="a workbook of indicators",
        ),
        pytest.param(LAYOUT.encode(), Content.LAYOUT, id="a layout"),
        pytest.param(
            f"# ours\n---\n{LAYOUT}".encode(), Content.LAYOUT, id="a layout under a remark"
        ),
    ],
)
def test_the_content_decides(tmp_path: Path, content: bytes, expected: Content) -> None:
    path = tmp_path / "file.xyz"
    path.write_bytes(content)
    assert content_of(path) is expected


@pytest.mark.parametrize("text", ["kolumns: {a: b}\n", "files: [\n"])
def test_a_yaml_file_is_a_layout_however_wrong(tmp_path: Path, text: str) -> None:
    """Its reader says what is wrong with it."""
    path = tmp_path / "layout.yaml"
    path.write_text(text)
    assert content_of(path) is Content.LAYOUT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "the file is empty", id="nothing"),
        pytest.param(b"<!DOCTYPE html>", "a web page or XML", id="a web page"),
        pytest.param(b'{"type": "FeatureCollection"}', "landscapes load", id="landscapes"),
        pytest.param(b"%PDF-1.7", "a PDF", id="a PDF"),
        pytest.param(b"\x1f\x8b\x08", "a gzip file; unpack it", id="gzip"),
        pytest.param(b"plan_id: uz\nversion: 1\n", "`drought plans load`", id="a plan"),
        pytest.param(zipped(photo=b"\xff\xd8\xff"), "got 'photo'; unpack it", id="a ZIP of photos"),
        pytest.param(workbook(["a"])[:300], "an Excel workbook", id="a workbook cut short"),
        pytest.param(b"\x00\x01\x02\x03", "got b'\\x00\\x01\\x02\\x03'", id="anything else"),
    ],
)
def test_what_is_nothing_to_us_is_refused_by_name(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        content_of(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)
