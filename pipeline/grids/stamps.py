"""One stamp a month: final before preliminary, chosen before anything is reduced.

A store may give a month twice (`expver` 0001 is final, 0005 preliminary) or its variables at
different hours (00:00 for instantaneous fields, 06:00 for accumulations), the rest missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError
from pipeline.core.ids import Release

Months = npt.NDArray[np.datetime64]

UNKNOWN_RELEASE = ""
_BEST_FIRST = (Release.FINAL.value, UNKNOWN_RELEASE, Release.PRELIMINARY.value)
_RELEASES = {"0001": Release.FINAL.value, "0005": Release.PRELIMINARY.value}


def release_of(expver: object) -> str:
    """Return ``final``, ``preliminary``, or '' for an experiment version we do not know."""
    text = expver.decode() if isinstance(expver, bytes) else str(expver)
    return _RELEASES.get(text.strip().removesuffix(".0").zfill(4), UNKNOWN_RELEASE)


def least_settled(releases: Iterable[str]) -> str:
    """Return the release that may be claimed for values of all these releases together."""
    return max(releases, key=_BEST_FIRST.index)


def stamp_of_each_month(
    months: Months,
    releases: Sequence[str],
    has_values: npt.NDArray[np.bool_],
    where: str,
) -> npt.NDArray[np.intp]:
    """Return the position of the stamp that speaks for each distinct month, oldest first.

    `months`, `releases` and `has_values` describe the stamps of one variable. A stamp without
    any value speaks only for a month that has no other; final goes before preliminary.

    Raises:
        InputError: two stamps of one release hold values for one month: not monthly data.
    """
    positions: dict[np.datetime64, list[int]] = {}
    for position, month in enumerate(months):
        positions.setdefault(month, []).append(position)
    return np.array(
        [
            _speaker(month, found, releases, has_values, where)
            for month, found in sorted(positions.items())
        ],
        dtype=np.intp,
    )


def _speaker(
    month: np.datetime64,
    positions: list[int],
    releases: Sequence[str],
    has_values: npt.NDArray[np.bool_],
    where: str,
) -> int:
    filled = [p for p in positions if has_values[p]]
    ranked = sorted(filled or positions, key=lambda p: _BEST_FIRST.index(releases[p]))
    best = [p for p in filled if releases[p] == releases[ranked[0]]]
    if len(best) > 1:
        raise InputError(
            f"{where}: {month.astype('datetime64[M]')} comes {len(best)} times in one release, "
            "expected one stamp a month; this is not monthly data, or two months were joined"
        )
    return ranked[0]
