"""NetCDF as one part of a grid file: its months, and the raw fields of some of them.

NetCDF is read from memory, or from a file mapped into it, and never by its name: from disk the
netCDF library reads the missing end of a classic file as zeros, which is drought, and HDF5 mixes
up a damaged file it failed to open with a whole one written in its place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import MADV_DONTNEED, mmap
from pathlib import Path

import netCDF4
import xarray as xr
from xarray.backends import NetCDF4DataStore

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.grids.cds_layout import recognised
from pipeline.grids.stamps import calendar_months, months_of_stamps
from pipeline.sources import apart

Content = bytes | mmap

MOST_ALONG = 1_000_000
"""Along one dimension: a hundred years of hours, or positions a third of a kilometre apart."""
MOST_CHUNK_BYTES = 1 << 30
"""Of what the library unpacks at once."""
_LOOK = "pipeline.sources.netcdf_look"
_SECONDS_AT_LEAST = 120.0
_SECONDS_PER_MB = 1.0
_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_HDF5_HEADER_BYTES = 48
_COMPACT_SUPERBLOCK = 2
"""From this version on the HDF5 header states its widths and addresses earlier."""


@dataclass(frozen=True, slots=True)
class NetcdfPart:
    """One NetCDF file."""

    content: Content
    where: str
    stamps: tuple[Month, ...]
    """The month of each stamp, as they come."""
    bytes_a_stamp: int
    bytes_beside: int
    """Of what has no time."""

    @property
    def months(self) -> tuple[Month, ...]:
        """The months it holds, oldest first."""
        return tuple(sorted(set(self.stamps)))

    def size(self, months: Collection[Month]) -> int:
        """Return the bytes that `raw` takes in memory."""
        held = sum(month in months for month in self.stamps)
        return self.bytes_beside + held * self.bytes_a_stamp

    def raw(self, months: Collection[Month]) -> xr.Dataset:
        """Return every stamp of `months` as the file has it, in memory.

        Raises:
            InputError: the file is damaged.
        """
        with _opened(self.content, self.where) as file:
            time, stamps = months_of_stamps(file, self.where)
            wanted = [n for n, month in enumerate(calendar_months(stamps)) if month in months]
            loaded = file.isel({time: _as_slice(wanted)}).load()
        if isinstance(self.content, mmap):
            self.content.madvise(MADV_DONTNEED)
        return loaded


def refuse_reaching_out(files: Sequence[tuple[str, Path]]) -> None:
    """Look whether NetCDF files hold their variables themselves: HDF5 lets them lie in any other file.

    Args:
        files: each with its name, for errors. One program looks at all, since it starts slowly.

    Raises:
        InputError: one cannot be read without another file, or not within the bounds given to it.
    """
    files = [(where, path) for where, path in files if path.stat().st_size]
    if not files:
        return
    sizes = [path.stat().st_size for _, path in files]
    seconds = _SECONDS_AT_LEAST + _SECONDS_PER_MB * sum(sizes) / 1e6
    given = json.dumps([str(path) for _, path in files]).encode()
    try:
        fault = json.loads(apart.ask(_LOOK, seconds=seconds, given=given, reader="netCDF"))
    except apart.UnansweredError as error:
        # It did not come to say over which.
        others = f", or one of the {len(files) - 1} files beside it" if len(files) > 1 else ""
        raise damaged(sizes[0], files[0][0] + others, f"damaged or cut short: {error}") from error
    if fault is not None:
        raise _refused(files[fault["number"]][0], sizes[fault["number"]], fault)


def _refused(where: str, size: int, fault: Mapping[str, str]) -> InputError:
    kind, reason = fault["kind"], fault["reason"]
    if kind == "packed":
        return InputError(
            f"{where}: expected values packed with deflate, szip, zstd, bzip2 or blosc, got {reason}, "
            "which is not known here; ask for the file with deflate, or unpack it where that filter is "
            "known: nccopy -F none IN OUT"
        )
    if kind == "elsewhere":
        return InputError(
            f"{where}: expected a file that holds its values itself, got one of which {reason}; ask for "
            "it in one piece"
        )
    return damaged(size, where, f"damaged or cut short: {reason}")


def is_netcdf(content: Content) -> bool:
    """Tell by the first bytes."""
    return content[: len(_HDF5)] == _HDF5 or content[:4] in _CLASSIC


def netcdf_part(content: Content, where: str) -> NetcdfPart:
    """Look at the names and times in `content`; no field is read.

    Raises:
        InputError: it is damaged or cut short, or `recognised` refuses it.
    """
    if content[: len(_HDF5)] == _HDF5:
        _refuse_short_hdf5(content, where)
    with _opened(content, where) as file:
        time, stamps = months_of_stamps(file, where)
        timed = sum(field.nbytes for field in file.variables.values() if time in field.dims)
        months = tuple(calendar_months(stamps))
        return NetcdfPart(content, where, months, timed // len(months), file.nbytes - timed)


@contextmanager
def _opened(content: Content, where: str) -> Iterator[xr.Dataset]:
    # Damage may trip any of the layers below: HDF5, netCDF, the decoding of times.
    try:
        with netCDF4.Dataset(where, memory=content) as file:
            _refuse_too_large(file, where)
            _cache_no_chunks(file)
            store = NetCDF4DataStore(file)  # type: ignore[no-untyped-call]  # xarray leaves it so
            yield recognised(xr.open_dataset(store, decode_timedelta=False), where)
    except (OSError, RuntimeError, ValueError, AttributeError, LookupError) as error:
        raise damaged(len(content), where, f"damaged or cut short ({error})") from error


def _refuse_too_large(file: netCDF4.Dataset, where: str) -> None:
    """Look at what the file says of its sizes, before anything of such a size is made.

    Some kilobytes can stand for any number of equal values.
    """
    for name, dimension in file.dimensions.items():
        if len(dimension) > MOST_ALONG:
            raise _too_large(
                where, f"{MOST_ALONG:,} positions along a dimension at most",
                f"{len(dimension):,} along {name}",
            )  # fmt: skip
    for name, variable in file.variables.items():
        chunk = variable.chunking()
        if isinstance(chunk, list):
            # A variable of texts of any length has no such type.
            size = math.prod(chunk) * getattr(variable.dtype, "itemsize", 8)
            if size > MOST_CHUNK_BYTES:
                raise _too_large(
                    where, f"pieces of {MOST_CHUNK_BYTES >> 30} GB at most",
                    f"{size / 2**30:,.0f} GB in {name}",
                )  # fmt: skip


def _too_large(where: str, expected: str, got: str) -> InputError:
    return InputError(f"{where}: expected {expected}, got {got}; cut it to the six countries")


def _cache_no_chunks(file: netCDF4.Dataset) -> None:
    """Each chunk is read once; the library would keep tens of megabytes of each variable."""
    for variable in file.variables.values():
        if isinstance(variable.chunking(), list):
            variable.set_var_chunk_cache(size=0)


def _as_slice(positions: list[int]) -> slice | list[int]:
    """A run of neighbours as a slice, which the netCDF library reads in one go."""
    first, last = positions[0], positions[-1]
    is_run = positions == list(range(first, last + 1))
    return slice(first, last + 1) if is_run else positions


def _refuse_short_hdf5(content: Content, where: str) -> None:
    """Compare the size with the end of file that the HDF5 superblock states."""
    if len(content) < _HDF5_HEADER_BYTES:
        raise damaged(len(content), where, "cut short inside its header")
    version = content[8]
    width = content[9] if version >= _COMPACT_SUPERBLOCK else content[13]
    at = {0: 24, 1: 28}.get(version, 12) + 2 * width
    expected = int.from_bytes(content[at : at + width], "little")
    if len(content) < expected:
        raise damaged(len(content), where, f"cut short, its header promises {expected:,}")


def damaged(size: int, where: str, reason: str) -> InputError:
    """Return the error for a file that is not whole."""
    return InputError(
        f"{where}: expected a whole file, got {size:,} bytes; {reason}; download it again"
    )
