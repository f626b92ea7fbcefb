"""Of several files that hold a month, the one whose word each landscape takes.

What is chosen follows from the files alone, in whatever order and however often they came, but for
one case: two files of one release that cover a landscape alike and differ in values. The one the
store made later holds, if all files of that month and release say when they were made; if one does
not, the one received last, because nothing else tells a correction from what it corrects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.core.gaps import Gap
from pipeline.core.panels import GapCodes, gap_code

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

BESIDE = (
    "temperature_mean_c",
    "pet_mm",
    "pet_hargreaves_mm",
    "soil_moisture_m3_m3",
    "snow_water_equivalent_mm",
    "snow_melt_mm",
    "snowfall_mm",
)
"""What is kept of a month beside its precipitation, where a file has it."""

_COVERAGE_DECIMALS = 2
"""Files whose coverage differs by less than about a hundredth of the landscape cover it alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What one file has for some months; dims ``(month, landscape)``, NaN where it has nothing."""

    file_id: int
    issued_at: datetime | None
    """When the store made the file, where it says so."""
    received_at: datetime
    is_final: Flags
    """Dims ``(month,)``: final or preliminary."""
    precipitation_mm: Floats
    gaps: GapCodes
    """Why precipitation is missing; 0 where it is not."""
    coverage: Floats
    """The part of the landscape with precipitation, 0 to 1."""
    beside: Mapping[str, Floats] = field(default_factory=dict)
    """Of `BESIDE` what the file has; a name it lacks stands for NaN throughout."""
    has_precipitation: bool = True
    """Whether it is a file of precipitation at all: one of temperature alone has no word on gaps."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What holds, of several offers; dims ``(month, landscape)``."""

    precipitation_mm: Floats
    gaps: GapCodes
    coverage: Floats
    beside: Mapping[str, Floats]
    """Every name that an offer has; NaN where none has a value."""
    is_final: Flags
    """False as soon as any of the values is a preliminary one."""
    file_ids: npt.NDArray[np.int64]
    """The file that precipitation, or its gap, was taken from."""

    @property
    def is_complete(self) -> bool:
        """Whether no offer of a lesser release could add anything to the fields that are there."""
        return not any(
            np.isnan(values).any() for values in (self.precipitation_mm, *self.beside.values())
        )


def choice(offers: Sequence[Offer]) -> Choice:
    """Return what holds of `offers`, which are of the same months and landscapes.

    A value goes before a gap, final before preliminary, wide coverage before narrow. Among gaps
    the one of a file that has cells in the landscape goes first, then one of a file whose source
    has published nothing, then one of a file that lies elsewhere, last that of a file which is not
    of precipitation. Each of the other fields comes from the same file as precipitation, or from
    the next best that has it.
    """
    order = _best_last(offers)
    best, finals = order[-1], _finals(offers)
    is_final = _taken(finals, best)
    beside: dict[str, Floats] = {}
    for name in dict.fromkeys(name for offer in offers for name in offer.beside):
        beside[name], giver = _last_given(_stacked(offers, name), order)
        is_final &= _taken(finals, giver) | np.isnan(beside[name])
    return Choice(
        _taken(np.stack([offer.precipitation_mm for offer in offers]), best),
        _taken(np.stack([offer.gaps for offer in offers]), best),
        _taken(np.stack([offer.coverage for offer in offers]), best),
        beside,
        is_final,
        np.array([offer.file_id for offer in offers], dtype=np.int64)[best],
    )


def _stacked(offers: Sequence[Offer], name: str) -> Floats:
    nothing = np.full(offers[0].gaps.shape, np.nan)
    return np.stack([offer.beside.get(name, nothing) for offer in offers])


def _best_last(offers: Sequence[Offer]) -> Positions:
    """Positions of the offers, worst to best; dims ``(rank, month, landscape)``."""
    gaps = np.stack([offer.gaps for offer in offers])
    coverage = np.stack([offer.coverage for offer in offers])
    ages = np.broadcast_to(_ages(offers)[:, :, np.newaxis], gaps.shape)
    speaks = np.array([offer.has_precipitation for offer in offers])
    # The last key weighs most.
    keys = (
        ages,
        gaps == gap_code(Gap.NOT_PUBLISHED),
        coverage.round(_COVERAGE_DECIMALS),
        _finals(offers),
        np.broadcast_to(speaks[:, np.newaxis, np.newaxis], gaps.shape),
        coverage > 0.0,
        gaps == 0,
    )
    return np.lexsort(keys, axis=0)


def _finals(offers: Sequence[Offer]) -> Flags:
    shape = offers[0].gaps.shape
    return np.stack([np.broadcast_to(offer.is_final[:, np.newaxis], shape) for offer in offers])


def _ages(offers: Sequence[Offer]) -> Positions:
    """Ranks among the files of a release, oldest first; dims ``(offer, month)``."""
    ranks = np.zeros((len(offers), offers[0].is_final.size), dtype=np.intp)
    for month in range(ranks.shape[1]):
        for release in (False, True):
            peers = [n for n, offer in enumerate(offers) if offer.is_final[month] == release]
            for rank, n in enumerate(_oldest_first(offers, peers)):
                ranks[n, month] = rank
    return ranks


def _oldest_first(offers: Sequence[Offer], peers: Sequence[int]) -> list[int]:
    all_say = all(offers[n].issued_at is not None for n in peers)

    def age(n: int) -> tuple[datetime, datetime, int]:
        offer = offers[n]
        issued_at = offer.issued_at if all_say and offer.issued_at else offer.received_at
        return issued_at, offer.received_at, offer.file_id

    return sorted(peers, key=age)


def _last_given(values: Floats, order: Positions) -> tuple[Floats, Positions]:
    """The best value that is not missing, and the position of its offer."""
    ranked = np.take_along_axis(values, order, axis=0)
    is_given = ~np.isnan(ranked)
    rank = len(values) - 1 - np.argmax(is_given[::-1], axis=0)
    found = np.take_along_axis(order, rank[np.newaxis], axis=0)[0]
    return _taken(values, found), found


def _taken(stacked: npt.NDArray[np.generic], offer: Positions) -> npt.NDArray[Any]:
    taken: npt.NDArray[Any] = np.take_along_axis(stacked, offer[np.newaxis], axis=0)[0]
    return taken
