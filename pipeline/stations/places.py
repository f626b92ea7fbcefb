"""Where a gauge stood and from when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.stations.observations import Station

BEGINNING = date.min
"""Stands for the beginning of a gauge's record, whenever that was."""

SAME_PLACE_DEGREES = 0.0051
"""Half a kilometre: what writing a position with two decimals rounds away."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place of a gauge, degrees north and east, metres above the sea."""

    station_id: str
    latitude: float
    longitude: float
    elevation_m: float | None = None
    valid_from: date | None = None
    """First day at this place, or `BEGINNING`; None where nobody said."""
    note: str | None = None


def positions_of(stations: Sequence[Station], valid_from: date | None = None) -> list[Position]:
    """Return the positions of those stations that say where they stand."""
    return [
        Position(one.station_id, one.latitude, one.longitude, one.elevation_m, valid_from)
        for one in stations
        if one.latitude is not None and one.longitude is not None
    ]


def is_same_place(one: Position, other: Position) -> bool:
    """Return whether two positions may be one, written with more and fewer decimals."""
    return (
        abs(one.latitude - other.latitude) <= SAME_PLACE_DEGREES
        and abs(one.longitude - other.longitude) <= SAME_PLACE_DEGREES
    )


def new_place(held: Sequence[Position], told: Position, received: date) -> Position | None:
    """Return the row that `told` adds to a gauge's history, or None where it adds nothing.

    The first place of a gauge holds since its `BEGINNING`. A new place of which nobody says from
    when holds from the day it was received: the day of the move is not known. A dated one takes
    the place of what was held for that day. A place where the gauge once stood is no move back,
    unless it is dated: exports go on giving old positions.

    Args:
        held: the gauge's history, the oldest first.
        told: what a file says.
        received: the day the file came.
    """
    if told.valid_from is not None:
        return None if any(_says_the_same(one, told) for one in held) else told
    if not held:
        return replace(told, valid_from=BEGINNING)
    same = [one for one in held if is_same_place(one, told)]
    if not same:
        note = "; ".join(filter(None, (told.note, "told on this day; when it moved is not known")))
        return replace(told, valid_from=received, note=note)
    if same[-1].elevation_m is None and told.elevation_m is not None:
        return replace(same[-1], elevation_m=told.elevation_m)
    return None


def _says_the_same(one: Position, other: Position) -> bool:
    return (one.valid_from, one.latitude, one.longitude, one.elevation_m) == (
        other.valid_from, other.latitude, other.longitude, other.elevation_m
    )  # fmt: skip
