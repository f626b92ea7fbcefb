"""``python -m pipeline.sources.grib_messages``: what ecCodes finds in a GRIB file.

``keys FILE`` writes JSON: what each message says of itself. ``fields FILE OFFSET:SIZE ...`` writes
arrays of numpy one behind the other: latitude and longitude of each point of the first of these
messages, then the values of each. Never imported by us: see `pipeline.sources.apart`.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import eccodes
import numpy as np
import numpy.typing as npt

from pipeline.sources import apart

_MISSING = 1.0e36
_GRID_KEYS = (
    "gridType",
    "Ni",
    "Nj",
    "latitudeOfFirstGridPointInDegrees",
    "longitudeOfFirstGridPointInDegrees",
    "latitudeOfLastGridPointInDegrees",
    "longitudeOfLastGridPointInDegrees",
    "iScansNegatively",
    "jScansPositively",
    "jPointsAreConsecutive",
    "alternativeRowScanning",
)
_MEANS = {
    "avg_2t": "t2m",
    "avg_2d": "d2m",
    "avg_10u": "u10",
    "avg_10v": "v10",
    "avg_sp": "sp",
    "avg_sd_m": "sd",
}
"""Edition 2 gives time means names of their own."""


def keys(path: Path) -> Iterator[bytes]:
    """Yield the messages of the file as one list in JSON, each with the fields of a `Message`."""
    spans = eccodes.codes_extract_offsets_sizes(str(path), eccodes.CODES_PRODUCT_GRIB, True)
    yield json.dumps([_described(path, int(offset), int(size)) for offset, size in spans]).encode()


def _described(path: Path, offset: int, size: int) -> dict[str, str | int]:
    with _handle(path, offset, size) as message:

        def key(name: str) -> str:
            try:
                return str(eccodes.codes_get(message, name, ktype=str))
            except eccodes.KeyValueNotFoundError:
                return ""

        name = key("cfVarName")
        return {
            "offset": offset,
            "size": size,
            "code": _MEANS.get(name, name),
            "units": key("units"),
            "date": key("dataDate").zfill(8),
            "time": key("validityTime").zfill(4),
            "stream": key("stream"),
            "step_type": key("stepType"),
            "expver": key("expver"),
            "grid": " ".join(map(key, _GRID_KEYS)),
        }


def fields(path: Path, spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the points of the first message, then the values of each in the order of its points.

    Raises:
        ValueError: a message has points without a value.
    """
    with _handle(path, *spans[0]) as message:
        latitudes, longitudes = (
            np.asarray(eccodes.codes_get_array(message, name), dtype=np.float64)
            for name in ("latitudes", "longitudes")
        )
    yield from map(_saved, (latitudes, longitudes))
    for span in spans:
        values = _values(path, *span)
        if values.size != latitudes.size:
            raise ValueError(f"the message at byte {span[0]:,} has points without a value")
        yield _saved(values)


def _values(path: Path, offset: int, size: int) -> npt.NDArray[np.float32]:
    """The values of one message, NaN where missing."""
    with _handle(path, offset, size) as message:
        eccodes.codes_set(message, "missingValue", _MISSING)
        found = eccodes.codes_get_values(message)
    return np.where(found == _MISSING, np.nan, found).astype(np.float32)


def _saved(array: npt.NDArray[np.floating]) -> bytes:
    place = io.BytesIO()
    np.save(place, array, allow_pickle=False)
    return place.getvalue()


@contextmanager
def _handle(path: Path, offset: int, size: int) -> Iterator[int]:
    with path.open("rb") as file:
        file.seek(offset)
        message = eccodes.codes_new_from_message(file.read(size))
    try:
        yield message
    finally:
        eccodes.codes_release(message)


def main(question: str, file: str, *spans: str) -> int:
    """Answer one question about a file; return the exit code."""
    path = Path(file)
    if question == "keys":
        return apart.answer(lambda: keys(path))
    pairs = [(int(offset), int(size)) for offset, size in (span.split(":") for span in spans)]
    return apart.answer(lambda: fields(path, pairs))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
