"""``python -m pipeline.sources.netcdf_look``: whether NetCDF files stand on themselves alone.

It reads a list of their paths, as JSON, from standard input, and writes which is the first that does
not, of what kind that is, and why: ``{"number": …, "kind": …, "reason": …}``; ``null`` where all do.
Never imported by us: see `pipeline.sources.apart`.

HDF5 lets a variable lie in other files, of any name. Here each variable is begun to be read while no
file can be opened any more.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

import netCDF4
from netCDF4 import _netCDF4

from pipeline.sources import apart

ELSEWHERE, PACKED, DAMAGED = "elsewhere", "packed", "damaged"
_OF_THE_FILE = (0, 1, 2)
"""How the library calls values in pieces, in one run, or in the head of the file. What is put together
of values in other files is none of these; where those cannot be opened, it is filled up in silence."""
_FILTERS = ("zstd", "bzip2", "blosc", "szip")
_NAMES = {307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle",
          32013: "ZFP", 32015: "Zstandard", 32026: "Blosc2"}  # fmt: skip
_MOST_FILTERS = 32
"""Of one variable, says HDF5."""

_library = ctypes.CDLL(_netCDF4.__file__)
"""The binding, and with it the library it is bound to, which knows more than the binding tells."""


class _FaultError(Exception):
    """Why a variable cannot be read from its file alone."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def look(paths: Sequence[str]) -> Iterator[bytes]:
    """Yield the first fault of these files."""
    _load_filters()
    for number, path in enumerate(paths):
        try:
            _look_at(Path(path))
        except _FaultError as error:
            fault = {"number": number, "kind": error.kind, "reason": str(error)}
            yield json.dumps(fault).encode()
            return
    yield b"null"


def _load_filters() -> None:
    """Have HDF5 load what it unpacks with: it does so when it first needs it, from files."""
    with netCDF4.Dataset("memory", "w", memory=1024) as empty:
        for name in _FILTERS:
            getattr(empty, f"has_{name}_filter")()


def _look_at(path: Path) -> None:
    with path.open("rb") as file:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    try:
        with _no_other_file(), netCDF4.Dataset("memory", memory=content) as held:
            for variable in held.variables.values():
                _begin_to_read(variable)
    except (OSError, RuntimeError) as error:  # of damaged bytes; the machine has no part in it
        raise _FaultError(DAMAGED, str(error)) from error
    content.close()  # of one that is refused the library may hold on to it


@contextmanager
def _no_other_file() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _begin_to_read(variable: netCDF4.Variable) -> None:  # type: ignore[type-arg]
    place = variable._grpid, variable._varid  # noqa: SLF001
    storage = ctypes.c_int(-1)
    if _library.nc_inq_var_chunking(*place, ctypes.byref(storage), None):
        raise _FaultError(DAMAGED, f"{variable.name} is damaged")
    if storage.value not in _OF_THE_FILE:
        raise _FaultError(ELSEWHERE, f"{variable.name} lies in other files")
    unknown = [
        number for number in _filters(*place) if _library.nc_inq_filter_avail(place[0], number)
    ]
    if unknown:
        said = ", ".join(
            f"{number} ({_NAMES.get(number, 'of a kind of its own')})" for number in unknown
        )
        raise _FaultError(PACKED, f"{variable.name} with filter {said}")
    if variable.size:
        try:
            variable[(0,) * variable.ndim]
        except (OSError, RuntimeError) as error:
            raise _FaultError(
                DAMAGED, f"{variable.name} is damaged, or lies in another file ({error})"
            ) from error


def _filters(group: int, variable: int) -> list[int]:
    """The numbers of the filters that a variable is packed with."""
    count, numbers = ctypes.c_size_t(0), (ctypes.c_uint * _MOST_FILTERS)()
    _library.nc_inq_var_filter_ids(group, variable, ctypes.byref(count), numbers)
    return list(numbers[: count.value])


def main() -> int:
    """Answer for the files named on standard input; return the exit code."""
    paths = json.load(sys.stdin)
    largest = max(Path(path).stat().st_size for path in paths)
    return apart.answer(lambda: look(paths), memory=apart.MOST_MEMORY + 2 * largest)


if __name__ == "__main__":
    raise SystemExit(main())
