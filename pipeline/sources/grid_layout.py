"""How a grid store lies in Zarr v3: its axes, its arrays, and what is said beside them.

The axis of months is laid out once for all, from 1940 to 2099, so that no array is ever resized; a
chunk that was never written takes no room. Every chunk ends with its checksum.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import fsspec
import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import Store
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.core.buffer import Buffer
from zarr.errors import ArrayNotFoundError, GroupNotFoundError
from zarr.storage import FsspecStore, LocalStore

from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND, Origin
from pipeline.core.months import Month
from pipeline.landscapes.weights import Grid
from pipeline.sources.map_kinds import MapKind
from pipeline.sources.object_stores import told_as_outside

Attributes = Mapping[str, Any]

FIRST_MONTH = Month(1940, 1)
LAST_MONTH = Month(2099, 12)
MONTHS = LAST_MONTH.ordinal - FIRST_MONTH.ordinal + 1
CALENDAR_MONTHS = 12

_SETTING = "DROUGHT_GRIDS_URL"
UNREADABLE = (ValueError, RuntimeError, TypeError, KeyError)
"""What Zarr and its codecs raise on content that is not as it was written."""
REMEDY = (
    "delete the store at {place}: it is made anew from the archive; lay a copy of its folder "
    "calibration back first, if there is one, else fits follow the record as it is now"
)
_COPERNICUS = (
    "Contains modified Copernicus Climate Change Service information; neither the European "
    "Commission nor ECMWF is responsible for any use of it"
)
_WHOLE_MONTHS = (
    "A month whose fingerprint is 0 is absent: what its maps hold is not meant to be read."
)


def zarr_store(url: str) -> Store:
    """Return the Zarr store at `url`: a folder for a path or ``file:``, else by fsspec.

    Raises:
        InputError: there is no way to open such a URL.
    """
    folder = local_folder(url)
    if folder is not None:
        return LocalStore(folder)
    # Of each object s3fs would ask the size first, to read a large one in parts: ours are small.
    options = {"max_concurrency": 1} if url.startswith("s3://") else None
    with told_as_unopened():
        return _ObjectStore.from_url(url, storage_options=options)


class _ObjectStore(FsspecStore):
    """A Zarr store in an object store, whose trouble is told as that of a disk."""

    async def get(self, *given: Any, **named: Any) -> Buffer | None:  # noqa: ANN401
        with told_as_outside(_SETTING):
            return await super().get(*given, **named)

    async def set(self, *given: Any, **named: Any) -> None:  # noqa: ANN401
        with told_as_outside(_SETTING):
            await super().set(*given, **named)

    async def exists(self, key: str) -> bool:
        with told_as_outside(_SETTING):
            return await super().exists(key)

    async def delete_dir(self, prefix: str) -> None:
        with told_as_outside(_SETTING):
            await super().delete_dir(prefix)


def shown(url: str) -> str:
    """Return `url` as it may be shown: a folder as a path, else without user and query."""
    folder = local_folder(url)
    if folder is not None:
        return str(folder)
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def names_within(url: str) -> list[str]:
    """Return the names of what lies in the folder at `url`, sorted; none where there is none.

    Raises:
        InputError: there is no way to open such a URL.
    """
    folder = local_folder(url)
    if folder is not None:
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    with told_as_unopened():
        files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    with told_as_outside(_SETTING):
        held = files.ls(root, detail=False) if files.exists(root) else ()
    return sorted(str(path).rstrip("/").rpartition("/")[2] for path in held)


def local_folder(url: str) -> Path | None:
    """The folder on this machine that a path or a ``file:`` URL names.

    fsspec would take the escapes of a URL for letters of the name.
    """
    parts = urlsplit(url)
    if parts.scheme in {"file", "local"}:
        if parts.netloc not in {"", "localhost"}:
            raise InputError(
                f"DROUGHT_GRIDS_URL: expected file:///folder with three slashes, got {url!r}; "
                "correct it, or give a path"
            )
        return Path(url2pathname(parts.path))
    return None if "://" in url else Path(url).expanduser()


class RewrittenMeanwhileError(OSError):
    """What was read was written anew at the same time. Transient: it is whole again soon."""


def rewritten(what: str, place: str) -> RewrittenMeanwhileError:
    """Return the error for content of the store at `place` that changed under the reader."""
    return RewrittenMeanwhileError(
        f"{place}: {what} changed while it was read; try again when the computation is done"
    )


@contextmanager
def told_as_unopened() -> Iterator[None]:
    """Turn what fsspec says about a URL it cannot open into an error that names the setting."""
    try:
        yield
    except (ImportError, ValueError) as error:
        raise InputError(
            f"DROUGHT_GRIDS_URL: expected a URL that fsspec can open, got this: {error}; correct "
            "it, or unset it to keep grids in $DROUGHT_VAR/grids"
        ) from error


@contextmanager
def told_as_damage(what: str, place: str) -> Iterator[None]:
    """Turn what Zarr says about unreadable content into an error that names the remedy.

    What the disk or the network says (`OSError`) passes unchanged.
    """
    try:
        yield
    except UNREADABLE as error:
        raise damaged(what, place, str(error)) from error


def damaged(what: str, place: str, reason: str) -> InputError:
    """Return the error for content of the store at `place` that is not as it was written."""
    return InputError(
        f"{place}: {what} is damaged or lost, expected what was written, got: {reason}; "
        f"{REMEDY.format(place=place)}"
    )


def root_attributes(source: str, origin: Origin | None) -> dict[str, Any]:
    """What the store, and each of its sets, says of itself."""
    said = {"Conventions": "CF-1.11", "source": source, "title": _title(source, origin)}
    if origin is not None:
        said["origin"] = origin.value
    if source == ERA5_LAND and origin is Origin.REAL:
        said["license"] = _COPERNICUS
    return {**said, "comment": _WHOLE_MONTHS}


def _title(source: str, origin: Origin | None) -> str:
    about = f"Monthly grids of {source} and drought indices made of them"
    return f"SIMULATED, no observation: {about}" if origin is Origin.SIMULATED else about


def opened_group(store: Store, path: str) -> zarr.Group | None:
    """Return the group at `path`, or None where there is none."""
    try:
        return zarr.open_group(store, path=path, mode="r+", zarr_format=3)
    except GroupNotFoundError:
        return None


def opened_array(store: Store, path: str) -> zarr.Array[Any] | None:
    """Return the array at `path`, or None where there is none."""
    try:
        return zarr.open_array(store, path=path, mode="r+", zarr_format=3)
    except ArrayNotFoundError:
        return None


def existing_array(store: Store, path: str) -> zarr.Array[Any]:
    """Return the array at `path`, which was made before."""
    return zarr.open_array(store, path=path, mode="r+", zarr_format=3)


def flush(store: Store) -> None:
    """Have the disk hold what was written, before anything is written that relies on it.

    Else a power cut could leave the word that maps are there, and not the maps. A remote store
    holds what it has taken.
    """
    if isinstance(store, LocalStore):
        # One call for all: to ask for each of hundreds of files takes five times as long.
        os.sync()


def create_axes(store: Store, path: str, grid: Grid, *, months: str = "") -> None:
    """Write the coordinates of the set at `path`; `months` names its third axis, if it has one."""
    axes: dict[str, tuple[npt.NDArray[Any], dict[str, str]]] = {
        "latitude": (np.array(grid.latitudes), _axis("latitude", "degrees_north", "Y")),
        "longitude": (np.array(grid.longitudes), _axis("longitude", "degrees_east", "X")),
    }
    if months == "month":
        days = _axis("time", f"days since {FIRST_MONTH.first_day}", "T")
        axes["month"] = (_first_days(), days | {"calendar": "proleptic_gregorian"})
    elif months:
        numbers = np.arange(1, CALENDAR_MONTHS + 1, dtype=np.int32)
        axes[months] = (numbers, {"long_name": "calendar month, 1 to 12"})
    for name, (values, attributes) in axes.items():
        array = _created(
            store,
            f"{path}/{name}",
            values.shape,
            values.shape,
            (name,),
            values.dtype,
            attributes=attributes,
        )
        array[:] = values


def create_maps(
    store: Store, path: str, kind: MapKind, grid: Grid, months: str, length: int
) -> zarr.Array[Any]:
    """Create an array of maps, one a chunk, all missing."""
    return _created(
        store,
        path,
        (length, *grid.shape),
        (1, *grid.shape),
        (months, "latitude", "longitude"),
        np.dtype(kind.dtype),
        fill_value=kind.fill_value,
        attributes=kind.attributes,
    )


def create_month_array(store: Store, path: str, dtype: str, long_name: str) -> zarr.Array[Any]:
    """Create an array of one number a month, all 0, in one chunk: it is written as a whole."""
    attributes = {"long_name": long_name}
    return _created(
        store, path, (MONTHS,), (MONTHS,), ("month",), np.dtype(dtype), attributes=attributes
    )


@functools.cache
def _first_days() -> npt.NDArray[np.int32]:
    first = FIRST_MONTH.first_day
    return np.array(
        [((FIRST_MONTH + n).first_day - first).days for n in range(MONTHS)], dtype=np.int32
    )


def _axis(standard_name: str, units: str, axis: str) -> dict[str, str]:
    return {"standard_name": standard_name, "units": units, "axis": axis}


def _created(
    store: Store,
    path: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dims: tuple[str, ...],
    dtype: np.dtype[Any],
    *,
    fill_value: float = 0,
    attributes: Attributes,
) -> zarr.Array[Any]:
    return zarr.create_array(
        store,
        name=path,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        # Fast before small: a full run writes some 16,000 maps. Blosc alone has no checksum.
        compressors=[BloscCodec(cname="lz4", clevel=1, shuffle="shuffle"), Crc32cCodec()],
        fill_value=fill_value,
        zarr_format=3,
        dimension_names=dims,
        attributes=dict(attributes),
        overwrite=True,
    )
