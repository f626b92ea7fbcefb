"""Grid files on disk, told apart by their first bytes and never by their name.

The store may send a ZIP although NetCDF was asked for. A file may hold one month or many years;
its fields are read for as many months at a time as the caller wants to hold.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol

import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Origin, Product
from pipeline.core.months import Month
from pipeline.grids.cds_layout import completed, part_fields
from pipeline.grids.merging import joined
from pipeline.sources import machine, zips
from pipeline.sources.grib_files import GRIB, grib_part
from pipeline.sources.netcdf_files import (
    Content,
    damaged,
    is_netcdf,
    netcdf_part,
    refuse_reaching_out,
)

MONTHS_AT_ONCE = 12
"""A year of the six countries at 0.1 degree in eight variables takes some 50 MB as it comes."""
SHARE_OF_MEMORY = 4
MOST_BYTES_AT_ONCE = machine.memory() // SHARE_OF_MEMORY
"""Of the fields that are asked for together, of all parts: while they are converted and joined it takes
some two and a half times that. The six countries, each hour of the day, need 0.2 GB for a variable."""
READ_WHOLE_BYTES = 64 << 20
"""Larger files are mapped into memory, which they need not fit. A disk that fails under a mapped file
ends the process, so what is small is read."""
UNPACKED_AT_LEAST = 4 << 30
MOST_UNPACKED_BY_PACKED = 100
"""What a ZIP may come to by its own size, where that is more than `UNPACKED_AT_LEAST`. Packed already,
grids come to some four times it; a file made of nothing but zeros comes to a thousand times."""
_CHUNK_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
_SNIFFED_BYTES = 40
_AGAIN = "download it again"
_NEGATIVES = re.compile(r"negative_(\w+)_cells")


class Part(Protocol):
    """One file of a reply."""

    @property
    def where(self) -> str: ...

    @property
    def months(self) -> tuple[Month, ...]: ...

    def size(self, months: Collection[Month]) -> int:
        """Return the bytes that `raw` takes in memory, before anything of it is read."""

    def raw(self, months: Collection[Month]) -> xr.Dataset:
        """Return every stamp of `months`, laid out as the store does."""


@dataclass(frozen=True, slots=True)
class GridFile:
    """A grid file that stands open: a file of the store, or a ZIP of several."""

    where: str
    parts: tuple[Part, ...]
    product: Product | None

    @property
    def months(self) -> tuple[Month, ...]:
        """The months it holds, oldest first."""
        return tuple(sorted({month for part in self.parts for month in part.months}))

    def size(self, months: Collection[Month]) -> int:
        """Return the bytes that the fields of `months` take as they come, before any is read."""
        return sum(part.size(months) for part in self._parts_of(months))

    def fields(self, months: Collection[Month]) -> xr.Dataset:
        """Return the fields of `months`, in memory, as `monthly_fields` gives them.

        Raises:
            InputError: damaged, or refused by `part_fields`; or parts that do not fit.
        """
        found = [
            part_fields(part.raw(months), product=self.product, where=part.where)
            for part in self._parts_of(months)
        ]
        return completed(found[0] if len(found) == 1 else joined(found, self.where))

    def _parts_of(self, months: Collection[Month]) -> list[Part]:
        return [part for part in self.parts if not set(months).isdisjoint(part.months)]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a grid file holds, known after reading all of it."""

    releases: Mapping[Month, str]
    """Of each month, oldest first: ``final``, ``preliminary``, or '' where the file is silent."""
    variables: tuple[str, ...]
    origin: Origin
    fields: int
    """Months times variables, counted where both meet."""
    empty_fields: int
    """Those of `fields` without any value."""
    raised_cells: Mapping[str, int]
    """Of quantities that cannot be below 0, how many cells packing had left there; 0 now."""


def contents(path: Path, *, product: Product | str | None = None) -> Contents:
    """Read the whole file at `path`, a few months at a time, and return what it holds.

    Raises:
        InputError: as `read`; or a month is more than may be held, or its parts are of two origins.
    """
    releases: dict[Month, str] = {}
    count = empty = 0
    raised: Counter[str] = Counter()
    variables: dict[str, None] = {}
    origins: set[str] = set()
    with opened(path, product=product, is_new=True) as file:
        for months in in_blocks(file.months, file.size):
            _refuse_large(file, months)
            fields = file.fields(months)
            releases |= zip(months, map(str, fields["release"].to_numpy()), strict=True)
            variables |= dict.fromkeys(map(str, fields.data_vars))
            origins.add(fields.attrs["origin"])
            count += fields.sizes["month"] * len(fields.data_vars)
            empty += _empty(fields)
            raised += _raised(fields)
    if len(origins) > 1:
        raise InputError(f"{path}: expected one origin, got both; give the files one by one")
    return Contents(releases, tuple(variables), Origin(origins.pop()), count, empty, raised)


def variables_in(path: Path, *, product: Product | str | None = None) -> tuple[str, ...]:
    """Return our names of the variables of the file at `path`, after a look at its first month.

    Raises:
        InputError: as `read`.
    """
    with opened(path, product=product) as file:
        return tuple(map(str, file.fields(file.months[:1]).data_vars))


def _empty(fields: xr.Dataset) -> int:
    return sum(
        int((~field.notnull().any(("latitude", "longitude"))).sum())
        for field in fields.data_vars.values()
    )


def _raised(fields: xr.Dataset) -> Counter[str]:
    found = ((_NEGATIVES.fullmatch(key), count) for key, count in fields.attrs.items())
    words = {match[1].replace("_", " "): int(count) for match, count in found if match}
    return Counter({word: count for word, count in words.items() if count})


def _refuse_large(file: GridFile, months: Sequence[Month]) -> None:
    size = file.size(months)
    if size > MOST_BYTES_AT_ONCE:
        raise InputError(
            f"{file.where}: expected at most {MOST_BYTES_AT_ONCE / 2**30:.1f} GB for a month, a "
            f"quarter of the memory of this machine, got {size / 2**30:,.1f} GB for {months[0]}; cut "
            "it to the six countries"
        )


def in_blocks(
    months: Sequence[Month], size: Callable[[Sequence[Month]], int]
) -> Iterator[Sequence[Month]]:
    """Yield `months` in runs of at most `MONTHS_AT_ONCE`, and of no more bytes than may be held.

    A single month is yielded whatever its size: what was taken on a larger machine is to be read.

    Args:
        months: in order.
        size: the bytes of some of them, as they come.
    """
    start = 0
    while start < len(months):
        count = min(MONTHS_AT_ONCE, len(months) - start)
        while count > 1 and size(months[start : start + count]) > MOST_BYTES_AT_ONCE:
            count //= 2
        yield months[start : start + count]
        start += count


def read(path: Path, *, product: Product | str | None = None) -> xr.Dataset:
    """Return the monthly fields of the whole file in memory, as `monthly_fields` gives them.

    `product` says what accumulated fields stand for where the file itself does not.

    Raises:
        InputError: as `opened`, or the content is refused by `monthly_fields`.
    """
    with opened(path, product=product) as file:
        return file.fields(file.months)


@contextmanager
def opened(
    path: Path, *, product: Product | str | None = None, is_new: bool = False
) -> Iterator[GridFile]:
    """Open the grid file at `path`; only names and times are read yet.

    Args:
        path: the file.
        product: what accumulated fields stand for where the file itself does not say it.
        is_new: whether it comes from outside: then it may not reach for other files.

    Raises:
        InputError: no such file, not NetCDF nor GRIB nor a ZIP of these, damaged or cut short, or
            by its names alone no monthly data.
    """
    given = None if product is None else _product(product)
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected a grid file; correct the path")
    with ExitStack() as stack:
        files = _unzipped(path, stack) if _first_bytes(path) == _ZIP else [(str(path), path)]
        is_large = sum(file.stat().st_size for _, file in files) > READ_WHOLE_BYTES
        if is_new:
            refuse_reaching_out(
                [one for one in files if is_netcdf(_first_bytes(one[1], _SNIFFED_BYTES))]
            )
        parts = tuple(_part(file, where, stack, is_mapped=is_large) for where, file in files)
        if not parts:
            raise InputError(f"{path}: an empty ZIP, expected grid files in it; {_AGAIN}")
        yield GridFile(str(path), parts, given)


def _product(text: str) -> Product:
    if text not in set(Product):
        raise InputError(
            f"--product: expected {' or '.join(Product)}, got {str(text)!r}; see the documentation "
            "of the data set"
        )
    return Product(text)


def _first_bytes(path: Path, count: int = len(_ZIP)) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _unzipped(path: Path, stack: ExitStack) -> list[tuple[str, Path]]:
    """Unpack a ZIP to disk; return each file with a name for it. Checksums are verified.

    What it comes to is counted as it is written: what a ZIP says of its sizes need not be so.
    """
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    unpacked: list[tuple[str, Path]] = []
    room = max(UNPACKED_AT_LEAST, MOST_UNPACKED_BY_PACKED * path.stat().st_size)
    try:
        with zips.opened(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) > zips.MOST_PARTS:
                raise _too_much(path, f"{len(names):,} files", f"{zips.MOST_PARTS:,}")
            if not zips.is_usually_packed(archive):
                raise InputError(
                    f"{path}: expected a ZIP whose files are stored or deflated, got another way of "
                    "packing; pack them again"
                )
            for name in names:
                # Not under its own name, which may lead out of the folder.
                place = folder / str(len(unpacked))
                with archive.open(name) as packed, place.open("wb") as file:
                    while chunk := packed.read(_CHUNK_BYTES):
                        room -= len(chunk)
                        if room < 0:
                            raise _too_much(path, "more", "4 GB, or a hundred times its own size")
                        file.write(chunk)
                unpacked.append((f"{path} ({name})", place))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise damaged(path.stat().st_size, str(path), f"a broken ZIP: {error}") from error
    return unpacked


def _too_much(path: Path, got: str, expected: str) -> InputError:
    return InputError(
        f"{path}: expected a ZIP that comes to {expected} at most, got {got}; unpack it yourself, look "
        "what is in it, and give the files one by one"
    )


def _part(path: Path, where: str, stack: ExitStack, *, is_mapped: bool) -> Part:
    head = _first_bytes(path, _SNIFFED_BYTES)
    if head.startswith(GRIB):
        return grib_part(path, where)
    if not is_netcdf(head):
        raise InputError(f"{where}: {_other_content(head)}")
    return netcdf_part(_mapped(path, stack) if is_mapped else path.read_bytes(), where)


def _mapped(path: Path, stack: ExitStack) -> Content:
    with path.open("rb") as file:
        return stack.enter_context(mmap(file.fileno(), 0, access=ACCESS_READ))


def _other_content(head: bytes) -> str:
    if not head:
        return f"the file is empty, expected NetCDF or GRIB; {_AGAIN}"
    if head.lstrip()[:1] in (b"<", b"{"):
        return f"expected NetCDF or GRIB, got a web page or a message: {head!r}; {_AGAIN}"
    return f"expected NetCDF (HDF5 or classic), GRIB or a ZIP of these, got {head[:8]!r}; {_AGAIN}"
