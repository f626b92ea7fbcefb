"""``python -m pipeline.sources.climat_messages``: what ecCodes finds in CLIMAT messages.

It reads a list of whole BUFR messages in JSON, each in hexadecimal digits, and writes a list as
long: of each message its reports, or the fault for which it has none. Never imported by us: see
`pipeline.sources.apart`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import eccodes

from pipeline.sources import apart

TEMPLATES = {307071, 307073}
NORMALS_BEGIN = "#2#year"
"""Both templates name the month first, and 3 07 073 then the years of the normals."""

Values = dict[str, float | str]
"""One station's report: keys of ecCodes in the order of the message; what is missing is left out."""


def decoded(message: bytes) -> dict[str, str | list[Values]]:
    """Return the ``subsets`` of a message, and '' or the ``fault`` for which there are none."""
    try:
        return {"subsets": list(_subsets(message)), "fault": ""}
    except (eccodes.CodesInternalError, ValueError) as error:
        return {"subsets": [], "fault": str(error)}


def _subsets(message: bytes) -> Iterator[Values]:
    with _handle(message) as handle:
        templates = {int(one) for one in eccodes.codes_get_array(handle, "unexpandedDescriptors")}
    if templates.isdisjoint(TEMPLATES):
        raise ValueError(
            f"expected one of the templates {sorted(TEMPLATES)}, got {sorted(templates)}"
        )
    return map(_values, _singles(message))


def _singles(message: bytes) -> Iterator[bytes]:
    """Messages of one subset each. By halves: to take out one, ecCodes unpacks all."""
    with _handle(message) as handle:
        n_subsets = int(eccodes.codes_get(handle, "numberOfSubsets"))
    if n_subsets == 1:
        yield message
    elif n_subsets > 1:
        middle = n_subsets // 2
        yield from _singles(_extracted(message, 1, middle))
        yield from _singles(_extracted(message, middle + 1, n_subsets))


def _extracted(message: bytes, first: int, last: int) -> bytes:
    with _handle(message) as handle:
        eccodes.codes_set(handle, "unpack", 1)
        eccodes.codes_set(handle, "extractSubsetIntervalStart", first)
        eccodes.codes_set(handle, "extractSubsetIntervalEnd", last)
        eccodes.codes_set(handle, "doExtractSubsets", 1)
        return bytes(eccodes.codes_get_message(handle))


def _values(single: bytes) -> Values:
    """What the report says of its month; the normals behind it are left alone."""
    values: Values = {}
    with _handle(single) as handle:
        eccodes.codes_set(handle, "unpack", 1)
        for key in _keys(handle):
            if key == NORMALS_BEGIN:
                break
            if key.startswith("#") and not eccodes.codes_is_missing(handle, key):
                values[key] = eccodes.codes_get(handle, key)
    return values


def _keys(handle: int) -> Iterator[str]:
    iterator = eccodes.codes_bufr_keys_iterator_new(handle)
    try:
        while eccodes.codes_bufr_keys_iterator_next(iterator):
            yield eccodes.codes_bufr_keys_iterator_get_name(iterator)
    finally:
        eccodes.codes_bufr_keys_iterator_delete(iterator)


@contextmanager
def _handle(message: bytes) -> Iterator[int]:
    handle = eccodes.codes_new_from_message(message)
    try:
        yield handle
    finally:
        eccodes.codes_release(handle)


def main() -> int:
    """Answer for the messages on standard input; return the exit code."""
    messages = [bytes.fromhex(digits) for digits in json.load(sys.stdin)]
    return apart.answer(lambda: [json.dumps(list(map(decoded, messages))).encode()])


if __name__ == "__main__":
    raise SystemExit(main())
