"""``python -m tests.unit.sources.encoder``: encodes messages with ecCodes, for `encoding`.

A line that it reads is JSON: the name of a function below and its arguments. The line that it writes
is the message in hexadecimal digits.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

import eccodes
import numpy as np

Report = dict[str, float | str]


def grib(edition: int, keys: dict[str, float | str], values: list[float]) -> bytes:
    """One field on a regular grid."""
    handle = eccodes.codes_grib_new_from_samples(f"regular_ll_sfc_grib{edition}")
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, np.array(values, dtype=np.float64))
    return _released(handle)


def bufr(template: int, reports: list[Report], is_compressed: bool) -> bytes:
    """One message with a subset for each report; what a report lacks is missing.

    ecCodes counts the keys of a plain message through all its subsets.
    """
    handle = _new(template, len(reports), is_compressed=is_compressed)
    in_a_subset = _occurrences(template)
    for number, report in enumerate(reports):
        for key, value in report.items():
            rank, name = key.removeprefix("#").split("#") if "#" in key else ("1", key)
            if is_compressed:
                several = [one[key] for one in reports]
                eccodes.codes_set_array(handle, f"#{rank}#{name}", several)
            else:
                place = number * in_a_subset[name] + int(rank)
                eccodes.codes_set(handle, f"#{place}#{name}", value)
    return _packed(handle)


def _new(template: int, n_subsets: int, *, is_compressed: bool = False) -> int:
    handle = eccodes.codes_bufr_new_from_samples("BUFR4")
    eccodes.codes_set(handle, "masterTablesVersionNumber", 40)
    eccodes.codes_set(handle, "numberOfSubsets", n_subsets)
    eccodes.codes_set(handle, "compressedData", int(is_compressed))
    eccodes.codes_set_array(handle, "unexpandedDescriptors", [template])
    return int(handle)


def _occurrences(template: int) -> Counter[str]:
    """How often each key stands in one subset."""
    handle = eccodes.codes_new_from_message(_packed(_new(template, 1)))
    eccodes.codes_set(handle, "unpack", 1)
    iterator = eccodes.codes_bufr_keys_iterator_new(handle)
    counts: Counter[str] = Counter()
    while eccodes.codes_bufr_keys_iterator_next(iterator):
        counts[eccodes.codes_bufr_keys_iterator_get_name(iterator).split("#")[-1]] += 1
    eccodes.codes_bufr_keys_iterator_delete(iterator)
    eccodes.codes_release(handle)
    return counts


def _packed(handle: int) -> bytes:
    eccodes.codes_set(handle, "pack", 1)
    return _released(handle)


def _released(handle: int) -> bytes:
    message = bytes(eccodes.codes_get_message(handle))
    eccodes.codes_release(handle)
    return message


def main() -> None:
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print({"grib": grib, "bufr": bufr}[name](*arguments).hex(), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
