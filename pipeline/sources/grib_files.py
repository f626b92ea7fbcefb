"""GRIB as one part of a grid file, laid out as the store lays out NetCDF.

Each message says itself what it is: stream, step type, experiment version, month. The messages are
decoded by `pipeline.sources.grib_messages`, a program that runs in a process of its own. No index
file is written beside the file.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.grids.product import HOURS_OF_DAY, MONTHLY_MEANS
from pipeline.grids.variables import known_codes
from pipeline.sources import apart

Floats = npt.NDArray[np.float64]
Field = npt.NDArray[np.float32]

GRIB = b"GRIB"
DIMS = ("valid_time", "latitude", "longitude")
_PROGRAM = "pipeline.sources.grib_messages"
_STAMPS_AT_ONCE = 12
"""The program holds the fields that it is asked for, and so do we."""
_REGULAR = "regular_ll"
_DEGREE_DECIMALS = 4
_SECONDS_AT_LEAST = 60.0
_SECONDS_PER_MB = 2.0

Stamp = tuple[Month, int, str]
"""A month, an hour and an experiment version: fields that differ in none belong together."""


@dataclass(frozen=True, slots=True)
class Message:
    """One field of a GRIB file, as its keys describe it; '' for a key it lacks."""

    offset: int
    size: int
    code: str
    """Name of the variable as NetCDF files have it, such as ``t2m``."""
    units: str
    date: str
    """Reference date, YYYYMMDD; the day may be 00 in monthly means."""
    time: str
    """Hour and minute it is valid at, HHMM: the reference time and the step together."""
    stream: str
    step_type: str
    expver: str
    grid: str
    """What tells one grid from another, beginning with its type."""


@dataclass(frozen=True, slots=True)
class GribPart:
    """One GRIB file of one kind of monthly means on one grid."""

    path: Path
    where: str
    messages: tuple[Message, ...]

    @property
    def months(self) -> tuple[Month, ...]:
        """The months it holds, oldest first."""
        return tuple(sorted({_stamp(message)[0] for message in self.messages}))

    def size(self, months: Collection[Month]) -> int:
        """Return the bytes that `raw` takes in memory."""
        stamps = {_stamp(message) for message in self.messages if _stamp(message)[0] in months}
        codes = {message.code for message in self.messages}
        points = math.prod(map(int, re.findall(r"\d+", self.messages[0].grid)[:2]))
        return len(stamps) * len(codes) * points * np.dtype(np.float32).itemsize

    def raw(self, months: Collection[Month]) -> xr.Dataset:
        """Return the messages of `months` as one Dataset, in memory.

        A field that one variable has and another lacks is missing there, as after a plain merge of
        step types. The hour of the day is kept where there is a mean for each, and else not: it is
        06:00 or 00:00.

        Raises:
            InputError: a message cannot be decoded.
        """
        wanted = [message for message in self.messages if _stamp(message)[0] in months]
        stamps = sorted({_stamp(message) for message in wanted})
        held: dict[str, Field] = {}
        for start in range(0, len(stamps), _STAMPS_AT_ONCE):
            block = stamps[start : start + _STAMPS_AT_ONCE]
            messages = [message for message in wanted if _stamp(message) in block]
            place, fields = self._decoded(messages)
            shape = (len(stamps), place.latitudes.size, place.longitudes.size)
            for message, field in zip(messages, fields, strict=True):
                if message.code not in held:
                    held[message.code] = np.full(shape, np.nan, dtype=np.float32)
                held[message.code][stamps.index(_stamp(message))] = place.laid_out(field)
        described = {message.code: message for message in wanted}
        return xr.Dataset(
            {code: (DIMS, values, _attrs(described[code])) for code, values in held.items()},
            coords={
                "valid_time": np.array(
                    [f"{month}-01T{hour:02d}" for month, hour, _ in stamps], dtype="datetime64[ns]"
                ),
                "latitude": place.latitudes,
                "longitude": place.longitudes,
                "expver": ("valid_time", [expver for _, _, expver in stamps]),
            },
        )

    def _decoded(self, messages: Sequence[Message]) -> tuple[_Place, Iterator[Field]]:
        """Where the points of these messages belong, and the values of each."""
        spans = [f"{message.offset}:{message.size}" for message in messages]
        arrays = io.BytesIO(_told("fields", self.path, self.where, *spans))
        place = _Place.of(np.load(arrays), np.load(arrays))
        return place, (np.load(arrays) for _ in messages)


def _attrs(message: Message) -> dict[str, str]:
    """The keys of a message, under the names the store's converter gives them."""
    return {
        "units": message.units,
        "GRIB_stream": message.stream,
        "GRIB_stepType": message.step_type,
    }


def grib_part(path: Path, where: str) -> GribPart:
    """Look at every message of the GRIB file at `path`.

    Raises:
        InputError: it is damaged or cut short, or holds anything but monthly means on one regular
            grid, each variable once a month and release.
    """
    messages = _messages(path, where)
    _refuse_other_streams(messages, where)
    codes = known_codes((message.code for message in messages), where)
    known = tuple(message for message in messages if message.code in codes)
    _refuse_other_grids(known, where)
    _refuse_repeats(known, where)
    return GribPart(path, where, known)


def _messages(path: Path, where: str) -> list[Message]:
    """Every message, by what it says of itself; its values are not decoded yet."""
    found = [Message(**keys) for keys in json.loads(_told("keys", path, where))]
    size = path.stat().st_size
    stray = size - sum(message.size for message in found)
    if stray:
        raise _damaged(where, size, f"{stray:,} of them belong to no message")
    return found


def _told(question: str, path: Path, where: str, *spans: str) -> bytes:
    size = path.stat().st_size
    seconds = _SECONDS_AT_LEAST + _SECONDS_PER_MB * size / 1e6
    try:
        return apart.ask(_PROGRAM, question, str(path), *spans, seconds=seconds)
    except apart.UnansweredError as error:
        raise _damaged(where, size, str(error)) from error


def _damaged(where: str, size: int, reason: str) -> InputError:
    return InputError(
        f"{where}: expected a whole GRIB file, got {size:,} bytes; damaged or cut short: {reason}; "
        "download it again"
    )


def _refuse_other_streams(messages: Sequence[Message], where: str) -> None:
    """All messages are monthly means, or all are means of the hours of the day."""
    expected = HOURS_OF_DAY if messages[0].stream == HOURS_OF_DAY else MONTHLY_MEANS
    other = next((message for message in messages if message.stream != expected), None)
    if other is not None:
        raise InputError(
            f"{where}: not monthly data, expected stream {expected!r} in each message, got "
            f"{other.stream or 'none'!r} for {other.code} of {other.date}; ask the store for "
            "monthly_averaged_reanalysis, and for the hours of the day in another request"
        )


def _refuse_other_grids(messages: Sequence[Message], where: str) -> None:
    grids = sorted({message.grid for message in messages})
    if len(grids) > 1 or not grids[0].startswith(f"{_REGULAR} "):
        raise InputError(
            f"{where}: expected one grid of latitudes and longitudes ({_REGULAR}), got "
            f"{' and '.join(grids)}; ask the store for one area, without a change of grid"
        )


def _refuse_repeats(messages: Sequence[Message], where: str) -> None:
    seen: set[tuple[str, Stamp]] = set()
    for message in messages:
        month, _, expver = stamp = _stamp(message, where)
        if (message.code, stamp) in seen:
            raise InputError(
                f"{where}: {message.code} of {month} comes twice with expver {expver or 'none'}, "
                "expected one field a month; ask the store for one member and one time a month"
            )
        seen.add((message.code, stamp))


def _stamp(message: Message, where: str = "GRIB") -> Stamp:
    """The month is that of the reference date; a day 00, and the hour of a mean, are the encoding's.

    Only the means of the hours of the day mean the hour they state.
    """
    try:
        hour = int(message.time[:2]) if message.stream == HOURS_OF_DAY else 0
        return Month(int(message.date[:4]), int(message.date[4:6])), hour, message.expver
    except (ValueError, InputError) as error:
        raise InputError(
            f"{where}: expected a date YYYYMMDD and a time HHMM in each message, got "
            f"{message.date!r} and {message.time!r} for {message.code}; download it again"
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where each point of a message belongs on a grid of ascending latitudes and longitudes."""

    latitudes: Floats
    longitudes: Floats
    row: npt.NDArray[np.intp]
    column: npt.NDArray[np.intp]

    @classmethod
    def of(cls, latitude: Floats, longitude: Floats) -> Self:
        latitudes, row = np.unique(latitude.round(_DEGREE_DECIMALS), return_inverse=True)
        longitudes, column = np.unique(longitude.round(_DEGREE_DECIMALS), return_inverse=True)
        return cls(latitudes, longitudes, row, column)

    def laid_out(self, values: Field) -> Field:
        field = np.full((self.latitudes.size, self.longitudes.size), np.nan, dtype=np.float32)
        field[self.row, self.column] = values
        return field
