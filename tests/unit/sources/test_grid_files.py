from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.sources import grid_files
from tests.unit.grids.raw import MODA, raw


def netcdf(path: Path, dataset: xr.Dataset, kind: str = "NETCDF4") -> Path:
    dataset.to_netcdf(path, engine="netcdf4", format=kind)
    return path


def rain() -> xr.Dataset:
    """Two months large enough that most of the file is values."""
    times = ["2023-01-01T06:00", "2023-02-01T06:00"]
    return raw({"tp": [0.001, 0.002]}, times, latitudes=range(40, 10, -1), longitudes=range(40))


def heat() -> xr.Dataset:
    times = ["2023-01-01", "2023-02-01"]
    return raw({"t2m": 280.0}, times, latitudes=range(40, 10, -1), longitudes=range(40))


@pytest.mark.parametrize(
    "kind", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"]
)
def test_the_content_decides_not_the_name(tmp_path: Path, kind: str) -> None:
    fields = grid_files.read(netcdf(tmp_path / "data.zip", rain(), kind), product="monthly-mean")
    means = fields["precipitation_mm"].mean(("latitude", "longitude"))
    assert means.to_numpy() == pytest.approx([31.0, 56.0], rel=1e-6)


def test_a_zip_of_two_step_types_meets_by_month(tmp_path: Path) -> None:
    reply = tmp_path / "reply.nc"
    with zipfile.ZipFile(reply, "w") as archive:
        archive.write(netcdf(tmp_path / "a", rain()), "data_stream-moda_stepType-avgad.nc")
        archive.write(netcdf(tmp_path / "b", heat()), "data_stream-moda_stepType-avgua.nc")
    fields = grid_files.read(reply, product=Product.MONTHLY_MEAN)
    assert dict(fields.sizes) == {"month": 2, "latitude": 30, "longitude": 40}
    assert not fields["precipitation_mm"].isnull().any()
    assert not fields["temperature_mean_c"].isnull().any()


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_DATA", "ZIP"])
def test_a_download_that_broke_off_is_refused(tmp_path: Path, kind: str, kept: float) -> None:
    whole = tmp_path / "whole"
    if kind == "ZIP":
        with zipfile.ZipFile(whole, "w") as archive:
            archive.write(netcdf(tmp_path / "a", rain()), "a.nc")
    else:
        netcdf(whole, rain(), kind)
    content = whole.read_bytes()
    half = tmp_path / "half.nc"
    half.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"half\.nc: .*got [\d,]+ bytes; .*download it again$"):
        grid_files.read(half, product="monthly-mean")


def test_not_one_missing_byte_of_values_becomes_a_drought(tmp_path: Path) -> None:
    # The netCDF library reads what is missing in a classic file on disk as zeros.
    content = netcdf(tmp_path / "whole.nc", rain(), "NETCDF3_CLASSIC").read_bytes()
    half = tmp_path / "half.nc"
    for lost in (*range(1, 64), *range(64, len(content), 997)):
        half.write_bytes(content[:-lost])
        with pytest.raises(InputError, match="download it again"):
            grid_files.read(half, product="monthly-mean")


def test_a_file_cut_short_states_both_sizes(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "half.nc", rain())
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(InputError, match=f"got 9,000 bytes; cut short, .* promises {size:,}"):
        grid_files.read(path)


def test_damage_inside_a_compressed_field_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.nc"
    noise = np.random.default_rng(1).random((2, 30, 40)) / 1000
    dataset = raw({"tp": noise}, ["2023-01-01", "2023-02-01"], latitudes=range(30),
                  longitudes=range(40))  # fmt: skip
    dataset.to_netcdf(path, engine="netcdf4", encoding={"tp": {"zlib": True}})
    content = bytearray(path.read_bytes())
    middle = len(content) - len(content) // 4
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.nc: expected a whole file, got [\d,]+ bytes"):
        grid_files.read(path, product="monthly-mean")


def test_a_repaired_file_is_read_in_the_place_of_the_damaged_one(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "a.nc", rain())
    whole = path.read_bytes()
    path.write_bytes(whole[:512] + bytes(4096) + whole[4608:])
    with pytest.raises(InputError, match="download it again"):
        grid_files.read(path, product="monthly-mean")
    path.write_bytes(whole)
    assert grid_files.read(path, product="monthly-mean").sizes["month"] == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"\n<html><body>503", "got a web page or a message", id="a web page"),
        pytest.param(b'{"status": "failed"}', "got a web page or a message", id="a message"),
        pytest.param(b"Date;mm\n", "expected NetCDF .*got b'Date;mm", id="something else"),
        pytest.param(b"PK\x03\x04nonsense", "a broken ZIP", id="a broken ZIP"),
    ],
)
def test_what_is_no_netcdf_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "reply.nc"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as refusal:
        grid_files.read(path)
    assert str(refusal.value).startswith(f"{path}: ")


def test_the_part_of_a_zip_that_is_refused_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reply.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(netcdf(tmp_path / "a", rain()), "rain.nc")
        archive.writestr("notes.txt", "as agreed by telephone")
    with pytest.raises(InputError, match=r"reply\.zip \(notes\.txt\): expected NetCDF .* GRIB"):
        grid_files.read(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.nc: no such file"):
        grid_files.read(tmp_path / "absent.nc")


def test_an_unknown_product_is_refused(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "a.nc", rain())
    with pytest.raises(InputError, match="--product: expected monthly-mean or monthly-total, got"):
        grid_files.read(path, product="daily")


def test_origin_comes_from_the_content(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "real.nc", raw({"t2m": 280.0}, history=MODA, origin="simulated"))
    assert grid_files.read(path).attrs["origin"] == "simulated"


PACKINGS = ["zlib", "szip", "zstd", "bzip2", "blosc_lz", "blosc_lz4", "blosc_zstd"]


def packed(path: Path, how: str) -> Path:
    rain().to_netcdf(path, engine="netcdf4", encoding={"tp": {"compression": how}})
    return path


@pytest.mark.parametrize("how", PACKINGS)
def test_what_the_library_unpacks_is_read(tmp_path: Path, how: str) -> None:
    assert grid_files.contents(packed(tmp_path / "a.nc", how), product="monthly-mean").fields == 2


def test_packed_in_a_way_that_is_not_known_here_it_is_refused_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "a.nc", "zstd")
    # As if this installation lacked what unpacks it.
    monkeypatch.setenv("HDF5_PLUGIN_PATH", str(tmp_path))
    with pytest.raises(InputError) as refused:
        grid_files.contents(path, product="monthly-mean")
    assert str(refused.value) == (
        f"{path}: expected values packed with deflate, szip, zstd, bzip2 or blosc, got tp with filter "
        "32015 (Zstandard), which is not known here; ask for the file with deflate, or unpack it where "
        "that filter is known: nccopy -F none IN OUT"
    )
