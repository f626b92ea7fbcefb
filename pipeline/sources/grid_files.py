"""Grid files on disk, told apart by their first bytes and never by their name.

The store may send a ZIP although NetCDF was asked for. Files are read from memory: from disk the
netCDF library reads the missing end of a classic file as zeros, which is drought, and HDF5 mixes
up a damaged file it failed to open with a whole one written in its place.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import netCDF4
import xarray as xr
from xarray.backends import NetCDF4DataStore

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.grids.cds_layout import monthly_fields
from pipeline.grids.merging import joined

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_ZIP = b"PK\x03\x04"
_GRIB = b"GRIB"
_HDF5_HEADER_BYTES = 48
_COMPACT_SUPERBLOCK = 2
"""From this version on the HDF5 header states its widths and addresses earlier."""
_AGAIN = "download it again"


def read(path: Path, *, product: Product | str | None = None) -> xr.Dataset:
    """Return the monthly fields of the file, wholly in memory, as `monthly_fields` gives them.

    `product` says what accumulated fields stand for where the file itself does not.

    Raises:
        InputError: no such file, not NetCDF nor a ZIP of NetCDF, damaged or cut short, or its
            content is refused by `monthly_fields`.
    """
    given = None if product is None else _product(product)
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected a grid file; correct the path")
    content = path.read_bytes()
    parts = _unzipped(content, str(path)) if content.startswith(_ZIP) else [(str(path), content)]
    fields = [
        monthly_fields(_dataset(part, where), product=given, where=where) for where, part in parts
    ]
    if not fields:
        raise InputError(f"{path}: an empty ZIP, expected NetCDF files in it; {_AGAIN}")
    return fields[0] if len(fields) == 1 else joined(fields, str(path))


def _product(text: str) -> Product:
    if text not in set(Product):
        raise InputError(
            f"--product: expected {' or '.join(Product)}, got {str(text)!r}; see the documentation "
            "of the data set"
        )
    return Product(text)


def _unzipped(content: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    """Yield each file of a ZIP with a name for it; checksums are verified."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield f"{where} ({name})", archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _damaged(content, where, f"a broken ZIP: {error}") from error


def _dataset(content: bytes, where: str) -> xr.Dataset:
    if content.startswith(_HDF5):
        _refuse_short_hdf5(content, where)
    elif not content.startswith(_CLASSIC):
        raise InputError(f"{where}: {_other_content(content)}")
    # Damage may trip any of the layers below: HDF5, netCDF, the decoding of times.
    try:
        with netCDF4.Dataset(where, memory=content) as file:
            store = NetCDF4DataStore(file)  # type: ignore[no-untyped-call]  # xarray leaves it so
            return xr.open_dataset(store, decode_timedelta=False).load()
    except (OSError, RuntimeError, ValueError, AttributeError, LookupError) as error:
        raise _damaged(content, where, f"damaged or cut short ({error})") from error


def _other_content(content: bytes) -> str:
    if not content:
        return f"the file is empty, expected NetCDF; {_AGAIN}"
    if content.startswith(_GRIB):
        return "GRIB is not read yet, expected NetCDF; ask the store for data_format netcdf"
    if content[:40].lstrip()[:1] in (b"<", b"{"):
        return f"expected NetCDF, got a web page or a message: {content[:40]!r}; {_AGAIN}"
    return f"expected NetCDF (HDF5 or classic) or a ZIP of it, got {content[:8]!r}; {_AGAIN}"


def _refuse_short_hdf5(content: bytes, where: str) -> None:
    """Compare the size with the end of file that the HDF5 superblock states."""
    if len(content) < _HDF5_HEADER_BYTES:
        raise _damaged(content, where, "cut short inside its header")
    version = content[8]
    width = content[9] if version >= _COMPACT_SUPERBLOCK else content[13]
    at = {0: 24, 1: 28}.get(version, 12) + 2 * width
    expected = int.from_bytes(content[at : at + width], "little")
    if len(content) < expected:
        raise _damaged(content, where, f"cut short, its header promises {expected:,}")


def _damaged(content: bytes, where: str, reason: str) -> InputError:
    return InputError(
        f"{where}: expected a whole file, got {len(content):,} bytes; {reason}; {_AGAIN}"
    )
