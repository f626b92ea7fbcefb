"""Files that somebody made to do harm: none takes memory or disk without bound, reads what is not
its own, or asks for anything elsewhere.

The bounds are lowered where a test at the real ones would take gigabytes.
"""

from __future__ import annotations

import ctypes
import gzip
import io
import json
import os
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import openpyxl
import pytest
import xarray as xr

from pipeline.alerts import cap_reading
from pipeline.core.careful_yaml import careful_yaml
from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.landscapes.landscape import landscape_of
from pipeline.sources import agency_tables, grid_files, netcdf_files, text_lines, zips
from pipeline.sources.contents import Content, content_of
from pipeline.sources.drop_folder import DropFolder
from pipeline.sources.feature_files import read_features
from pipeline.sources.layouts import read_layout
from pipeline.sources.rasters import open_raster
from tests.unit.sources.maps import write_map
from tests.unit.sources.test_grid_files import heat, netcdf, rain

SECRET = "root:x:0:0"  # noqa: S105 - what a file of passwords looks like


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of somebody else, as a table with a header that GDAL reads."""
    path = tmp_path / "elsewhere" / "secret.csv"
    path.parent.mkdir()
    path.write_text(f"name,x\n{SECRET},1\n")
    return path


def refused(call: object, *given: object) -> str:
    with pytest.raises(InputError) as told:
        call(*given)  # type: ignore[operator]
    said = str(told.value)
    assert SECRET not in said
    return said


class TestZip:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(grid_files, "UNPACKED_AT_LEAST", 4 << 20)

    def test_of_zeros_is_left_before_the_disk_is_full(self, tmp_path: Path) -> None:
        path = tmp_path / "reply.zip"
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("tp.nc", "w") as part,
        ):
            part.write(netcdf(tmp_path / "a", rain()).read_bytes())
            for _ in range(64):
                part.write(bytes(1 << 20))
        assert path.stat().st_size < 1 << 20
        assert "at most, got more" in refused(grid_files.contents, path)

    def test_that_says_less_of_its_size_than_is_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("tp.nc", bytes(64 << 20))
        lie, size = struct.pack("<L", 100), struct.pack("<L", 64 << 20)
        path.write_bytes(path.read_bytes().replace(size, lie))
        assert "ZIP" in refused(grid_files.contents, path)

    def test_within_a_zip_is_not_unpacked(self, tmp_path: Path) -> None:
        inner, path = io.BytesIO(), tmp_path / "reply.zip"
        with zipfile.ZipFile(inner, "w") as archive:
            archive.write(netcdf(tmp_path / "a", rain()), "tp.nc")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.zip", inner.getvalue())
        assert "expected NetCDF" in refused(grid_files.contents, path)

    @pytest.mark.parametrize("name", ["../../outside.nc", "/tmp/outside.nc", "a\\..\\..\\b.nc"])  # noqa: S108
    def test_with_names_that_lead_out_writes_inside(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "a" / "b"
        folder.mkdir(parents=True)
        path = folder / "reply.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(netcdf(tmp_path / "whole", rain()), name)
        before = sorted(tmp_path.rglob("*"))
        assert grid_files.contents(path, product="monthly-mean").fields == 2
        assert sorted(tmp_path.rglob("*")) == before
        assert not Path("/tmp/outside.nc").exists()  # noqa: S108

    @pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    def test_packed_in_another_way_is_refused_for_good(self, tmp_path: Path, method: int) -> None:
        """Damaged bytes of it would look like trouble of the disk, or a defect."""
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.write(netcdf(tmp_path / "a", rain()), "tp.nc")
        whole = bytearray(path.read_bytes())
        whole[60:90] = bytes(30)
        path.write_bytes(whole)
        assert content_of(path) is Content.GRID
        assert "stored or deflated" in refused(grid_files.contents, path)

    def test_of_ever_so_many_files(self, tmp_path: Path) -> None:
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(zips.MOST_PARTS + 1):
                archive.writestr(str(number), b"")
        assert content_of(path) is Content.GRID, "none of them is opened"
        assert "10,001 files" in refused(grid_files.contents, path)

    def test_with_a_list_that_takes_more_memory_than_its_files(self, tmp_path: Path) -> None:
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(netcdf(tmp_path / "a", rain()), "tp.nc")
        whole = path.read_bytes()
        start, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
        entry = whole[start:end]
        many = zips.MOST_READ_AT_ONCE // len(entry) + 1
        sizes = struct.pack("<L", many * len(entry))
        path.write_bytes(
            whole[:start] + many * entry + whole[end : end + 12] + sizes + whole[end + 16 :]
        )
        assert content_of(path) is Content.GRID
        assert "the list of its files has 16,777," in refused(grid_files.contents, path)


class TestGzip:
    def test_of_zeros_is_left_at_the_bound(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_lines, "MOST_BYTES", 1 << 20)
        path = tmp_path / "gauges.csv.gz"
        path.write_bytes(gzip.compress(bytes(64 << 20)))
        assert path.stat().st_size < 1 << 20
        assert "of text, got more" in refused(agency_tables.read, path)
        path.write_bytes(b"a" * ((1 << 20) + 1))
        assert "of text, got more" in refused(agency_tables.read, path)


def save_sheet(path: Path, sheet: str, strings: str = "") -> None:
    """Write an XLSX whose one sheet is the given XML."""
    book = openpyxl.Workbook()
    book.active["A1"] = "station_id"
    plain = io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = sheet.encode()
            if name == "xl/sharedStrings.xml" and strings:
                content = strings.encode()
            new.writestr(name, content)


SHEET = (
    '<?xml version="1.0"?>{doctype}'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{rows}</sheetData></worksheet>"
)


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


class TestWorkbook:
    def read(self, path: Path) -> str:
        first = refused(content_of, path)
        assert refused(agency_tables.read, path)
        return first

    def test_with_a_cell_at_the_far_end(self, tmp_path: Path) -> None:
        """It asks for 400 GB, though it has three hundred bytes."""
        path = tmp_path / "gauges.xlsx"
        far = f'<row r="1048576">{text_cell("XFD1048576", "b")}</row>'
        rows = f'<row r="1">{text_cell("A1", "a")}</row>{far}'
        save_sheet(path, SHEET.format(doctype="", rows=rows))
        assert path.stat().st_size < 10_000
        assert "delete what lies far from the table" in self.read(path)

    def test_of_more_text_than_anybody_wrote(self, tmp_path: Path) -> None:
        path = tmp_path / "gauges.xlsx"
        rows = f'<row r="1">{text_cell("A1", "a" * (140 << 20))}</row>'
        save_sheet(path, SHEET.format(doctype="", rows=rows))
        assert path.stat().st_size < 1 << 20
        assert "more than 128 million letters" in self.read(path)

    def test_of_as_much_text_in_another_alphabet_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "gauges.xlsx"
        rows = f'<row r="1">{text_cell("A1", "ж" * 25_000_000)}</row>'
        save_sheet(path, SHEET.format(doctype="", rows=rows))
        assert content_of(path) is Content.STATIONS

    def test_with_entities_reads_nothing_else(self, tmp_path: Path, secret: Path) -> None:
        path = tmp_path / "gauges.xlsx"
        laughs = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
        doctype = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}"><!ENTITY e0 "ha">{laughs}]>'
        cells = text_cell("A1", "&s;") + text_cell("B1", "&e12;")
        save_sheet(path, SHEET.format(doctype=doctype, rows=f'<row r="1">{cells}</row>'))
        try:
            said = repr(agency_tables.sheet_of(path, agency_tables.Layout()))
        except InputError as error:
            said = str(error)
        assert SECRET not in said
        assert len(said) < 10_000


class TestYaml:
    DEEP = "files: " + "[" * 20_000
    LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(12)
    )
    DIGITS = f"files: {'1' * 5000}\n"
    CALL = "files: !!python/object/apply:os.system ['touch owned']\n"

    @pytest.mark.parametrize(
        "text", [DEEP, LAUGHS, DIGITS, CALL], ids=["deep", "laughs", "digits", "call"]
    )
    def test_does_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        monkeypatch.chdir(tmp_path)
        path = tmp_path / "kept.yaml"
        path.write_text(text)
        assert content_of(path) in {Content.LAYOUT, Content.STATIONS}
        refused(read_layout, path)
        refused(lambda: careful_yaml(text, "plan.yaml"))
        assert not (tmp_path / "owned").exists()


class TestXml:
    def test_loads_nothing_that_it_points_to(self, secret: Path) -> None:
        text = f'<!DOCTYPE a [<!ENTITY s SYSTEM "file://{secret}">]><a><b>&s;</b></a>'
        assert SECRET not in "".join(cap_reading.parse(text.encode()).itertext())

    def test_grows_nothing(self) -> None:
        laughs = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
        text = f'<!DOCTYPE a [<!ENTITY e0 "ha">{laughs}]><a>&e12;</a>'
        assert "amplification" in refused(cap_reading.parse, text.encode())


VECTOR_VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource>'
    "<GeometryType>wkbPoint</GeometryType><LayerSRS>EPSG:4326</LayerSRS>"
    '<GeometryField encoding="PointFromColumns" x="x" y="x"/></OGRVRTLayer></OGRVRTDataSource>'
)


class TestPolygons:
    @pytest.mark.parametrize("name", ["evil.geojson", "evil.gpkg", "evil.json", "evil.zip"])
    def test_that_point_to_a_file(self, tmp_path: Path, secret: Path, name: str) -> None:
        path = tmp_path / name
        path.write_text(VECTOR_VRT.format(secret))
        refused(read_features, path)

    def test_that_are_a_command(self, tmp_path: Path, secret: Path) -> None:
        path = tmp_path / "evil.json"
        command = f"gdal vector pipeline ! read {secret} ! write --of stream streamed_dataset"
        path.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": command}))
        refused(read_features, path)

    @pytest.mark.filterwarnings("ignore")  # GDAL wonders at it too
    def test_of_a_database_that_reads_another_file(self, tmp_path: Path, secret: Path) -> None:
        path = tmp_path / "evil.gpkg"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (x)")
            database.execute("PRAGMA writable_schema = ON")
            database.execute(
                "INSERT INTO sqlite_master VALUES ('table', 'secret', 'secret', 0, "  # noqa: S608
                f"'CREATE VIRTUAL TABLE secret USING VirtualOGR(''{secret}'')')"
            )
        database.close()
        refused(read_features, path)
        content = bytearray(path.read_bytes())
        content[68:72] = b"GPKG"
        path.write_bytes(content)
        refused(read_features, path)

    def test_with_names_nested_without_end(self) -> None:
        given = {"landscape_id": "A", "name_en": "A", "country_code": "UZ", "land_use": "rainfed",
                 "names": '{"ru":' * 100_000}  # fmt: skip
        refused(landscape_of, given, None, "evil.geojson: feature 1")


RASTER_VRT = (
    '<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>EPSG:4326</SRS>'
    "<GeoTransform>66,1,0,39,0,-1</GeoTransform>"
    '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
    '<SourceFilename relativeToVRT="0">{}</SourceFilename><SourceBand>1</SourceBand>'
    "</SimpleSource></VRTRasterBand></VRTDataset>"
)


class TestRasters:
    def test_that_point_to_a_file(self, tmp_path: Path) -> None:
        other = write_map(tmp_path / "other.tif", [[1, 2], [3, 4]])
        path = tmp_path / "evil.tif"
        path.write_text(RASTER_VRT.format(other))
        refused(lambda: open_raster(path).__enter__())


class TestNetcdf:
    def test_of_a_grid_that_no_memory_holds(self, tmp_path: Path) -> None:
        """Nothing was ever written into it: it has some kilobytes, and would fill 1,600 GB."""
        path = tmp_path / "evil.nc"
        with netCDF4.Dataset(path, "w") as file:
            for name, size in (("valid_time", 1), ("latitude", 900_000), ("longitude", 450_000)):
                file.createDimension(name, size)
            time = file.createVariable("valid_time", "i8", ("valid_time",))
            time.units, time[:] = "days since 2023-01-01", 0
            for name in ("latitude", "longitude"):
                file.createVariable(name, "f8", (name,), zlib=True)
            file.createVariable("tp", "f4", ("valid_time", "latitude", "longitude"),
                                zlib=True, chunksizes=(1, 1000, 1000))  # fmt: skip
            file["tp"].units = "m"
        assert path.stat().st_size < 10_000_000
        refused(lambda: grid_files.contents(path, product="monthly-mean"))

    def test_with_an_axis_that_no_memory_holds(self, tmp_path: Path) -> None:
        path = tmp_path / "evil.nc"
        with netCDF4.Dataset(path, "w") as file:
            file.createDimension("latitude", 1 << 40)
            file.createVariable("latitude", "f8", ("latitude",), zlib=True, chunksizes=(1000,))
        assert "along latitude" in refused(grid_files.read, path)

    def test_with_pieces_that_no_memory_holds(self, tmp_path: Path) -> None:
        path = tmp_path / "evil.nc"
        with netCDF4.Dataset(path, "w") as file:
            file.createDimension("latitude", 100_000)
            file.createDimension("longitude", 10_000)
            file.createVariable("tp", "f4", ("latitude", "longitude"), zlib=True,
                                chunksizes=(100_000, 10_000))  # fmt: skip
        assert "GB in tp" in refused(grid_files.read, path)

    def test_whose_values_lie_in_another_file(self, tmp_path: Path) -> None:
        elsewhere = tmp_path / "secret.bin"
        elsewhere.write_bytes(np.full(30 * 40 * 2, 280.0, "<f4").tobytes())
        path = netcdf(tmp_path / "evil.nc", heat())
        assert grid_files.contents(path).fields == 2
        put_elsewhere(path, elsewhere, 30 * 40 * 2)
        with xr.open_dataset(path) as file:
            assert float(file["elsewhere"][0]) == 280.0, "the attack does not work by itself"
        assert "lies in another file" in refused(grid_files.contents, path)

    def test_whose_values_are_put_together_of_those_of_another_file(self, tmp_path: Path) -> None:
        """Where that file cannot be opened, the library fills up what lacks and says nothing."""
        elsewhere = netcdf(tmp_path / "secret.nc", heat())
        path = netcdf(tmp_path / "evil.nc", heat())
        put_together(path, elsewhere, "t2m", (2, 30, 40))
        with xr.open_dataset(path) as file:
            assert float(file["elsewhere"][0, 0, 0]) == 280.0, "the attack does not work by itself"
        assert "elsewhere lies in other files" in refused(grid_files.contents, path)

    def test_among_many_is_named(self, tmp_path: Path) -> None:
        """One program looks at all files of a ZIP."""
        evil = netcdf(tmp_path / "evil.nc", heat())
        put_together(evil, netcdf(tmp_path / "secret.nc", heat()), "t2m", (2, 30, 40))
        whole = netcdf(tmp_path / "whole.nc", rain())
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in ("a.nc", "b.nc", "c.nc"):
                archive.write(evil if name == "b.nc" else whole, name)
        assert f"{path} (b.nc): " in refused(grid_files.contents, path)

    def test_of_parts_that_no_memory_holds_together(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "reply.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(netcdf(tmp_path / "a", rain()), "a.nc")
            archive.write(netcdf(tmp_path / "b", heat()), "b.nc")
        of_a_month = 30 * 40 * 4
        monkeypatch.setattr(grid_files, "MOST_BYTES_AT_ONCE", 2 * of_a_month + 4096)
        assert grid_files.contents(path, product="monthly-mean").fields == 4
        monkeypatch.setattr(grid_files, "MOST_BYTES_AT_ONCE", of_a_month + 4096)
        assert grid_files.contents(tmp_path / "b").fields == 2
        assert "a quarter of the memory" in refused(
            lambda: grid_files.contents(path, product="monthly-mean")
        )

    @pytest.mark.parametrize(
        ("most", "counts"), [(30, [12, 12, 1]), (5, [3] * 5 + [5, 5]), (0.5, [1] * 25)]
    )
    def test_is_read_by_as_many_months_as_fit(
        self, most: float, counts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a larger machine took is read on a smaller one too."""
        monkeypatch.setattr(grid_files, "MOST_BYTES_AT_ONCE", most)
        months = [Month(2001, 1) + number for number in range(25)]
        blocks = list(grid_files.in_blocks(months, len))
        assert [len(block) for block in blocks] == counts
        assert [month for block in blocks for month in block] == months

    def test_is_not_held_to_bounds_that_real_files_reach(self) -> None:
        assert netcdf_files.MOST_ALONG > 366 * 24 * 100
        least_machine, hours_of_the_day = 4 << 30, 221 * 631 * 4 * 24 * 12
        assert least_machine // grid_files.SHARE_OF_MEMORY > 3 * hours_of_the_day


def put_elsewhere(path: Path, elsewhere: Path, count: int) -> None:
    """Add a variable to a NetCDF file that lies in another one, which no library for NetCDF does."""

    def how(hdf5: ctypes.CDLL, made: ctypes.c_int64, _: ctypes.c_int64) -> None:
        size = ctypes.c_uint64(4 * count)
        hdf5.H5Pset_external(made, os.fsencode(elsewhere), ctypes.c_long(0), size)

    _add(path, (count,), how)


def put_together(path: Path, elsewhere: Path, name: str, shape: tuple[int, ...]) -> None:
    """Add a variable to a NetCDF file that is made of one of another file."""

    def how(hdf5: ctypes.CDLL, made: ctypes.c_int64, space: ctypes.c_int64) -> None:
        hdf5.H5Pset_virtual(made, space, os.fsencode(elsewhere), name.encode(), space)

    _add(path, shape, how)


def _add(path: Path, shape: tuple[int, ...], how: Callable[..., None]) -> None:
    """Add ``elsewhere`` to a NetCDF file, stored as `how` says."""
    folder = Path(netCDF4.__file__).parent.parent / "netcdf4.libs"
    hdf5 = ctypes.CDLL(str(next(folder.glob("libhdf5-*"))))
    key, size = ctypes.c_int64, ctypes.c_uint64
    for name in ("H5Fopen", "H5Screate_simple", "H5Pcreate", "H5Dcreate2"):
        getattr(hdf5, name).restype = key
    hdf5.H5open()
    file = key(hdf5.H5Fopen(os.fsencode(path), 1, key(0)))
    space = key(hdf5.H5Screate_simple(len(shape), (size * len(shape))(*shape), None))
    stored = key(hdf5.H5Pcreate(key.in_dll(hdf5, "H5P_CLS_DATASET_CREATE_ID_g")))
    how(hdf5, stored, space)
    real = key.in_dll(hdf5, "H5T_IEEE_F32LE_g")
    made = key(hdf5.H5Dcreate2(file, b"elsewhere", real, space, key(0), stored, key(0)))
    assert made.value > 0
    hdf5.H5Dclose(made)
    assert hdf5.H5Fclose(file) == 0


class TestTables:
    def test_with_one_field_of_megabytes(self, tmp_path: Path) -> None:
        path = tmp_path / "gauges.csv"
        path.write_text('station_id,date,precipitation_mm\nA,"' + "x" * (1 << 20) + '",1\n')
        refused(agency_tables.read, path)


class TestLinks:
    def test_out_of_a_drop_folder_are_known_as_such(self, tmp_path: Path, secret: Path) -> None:
        folder = tmp_path / "incoming"
        folder.mkdir()
        (folder / "own.csv").write_text("1")
        (folder / "inner.csv").symlink_to("own.csv")
        (folder / "out.csv").symlink_to(secret)
        (folder / "up.csv").symlink_to("../elsewhere/secret.csv")
        watched = DropFolder(str(folder))
        assert {file.path: watched.leads_out(file) for file in watched.files()} == {
            "inner.csv": False,
            "out.csv": True,
            "own.csv": False,
            "up.csv": True,
        }
