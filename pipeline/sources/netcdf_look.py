"""``python -m pipeline.sources.netcdf_look FILE``: whether a NetCDF file stands on itself alone.

HDF5 lets a variable lie in another file, of any name. Here each variable is begun to be read while no
file can be opened any more. Never imported by us: see `pipeline.sources.apart`.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

import netCDF4

from pipeline.sources import apart


def look(path: Path) -> Iterator[bytes]:
    """Yield nothing.

    Raises:
        ValueError: a variable cannot be read without another file, or at all.
    """
    with path.open("rb") as file:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    try:
        _begin_to_read(content)
    except (OSError, RuntimeError) as error:  # of damaged bytes; the machine has no part in it
        raise ValueError(str(error)) from error
    yield b""


def _begin_to_read(content: mmap) -> None:
    with netCDF4.Dataset("memory", memory=content) as held:
        for name, variable in held.variables.items():
            if variable.size:
                try:
                    variable[(0,) * variable.ndim]
                except (OSError, RuntimeError) as error:
                    raise ValueError(
                        f"{name} is damaged, or lies in another file ({error})"
                    ) from error


def main(file: str) -> int:
    """Answer for one file; return the exit code."""
    path = Path(file)
    return apart.answer(lambda: look(path), memory=apart.MOST_MEMORY + 2 * path.stat().st_size)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
