"""What the rows of a station file say about the stations themselves.

Where rows disagree, what most of them say holds, whatever their order; the rest is unread.
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.numerals import numbers
from pipeline.stations.observations import Disclosure, Quarantined, Station

LATITUDE_LIMITS = (-90.0, 90.0)
LONGITUDE_LIMITS = (-180.0, 180.0)
ELEVATION_LIMITS_M = (-500.0, 9000.0)
NUMBERS = {
    "latitude": LATITUDE_LIMITS, "longitude": LONGITUDE_LIMITS, "elevation_m": ELEVATION_LIMITS_M,
}  # fmt: skip

_FIELD = ["station_id", "field"]


def said_of_stations(
    file: str,
    table: pd.DataFrame,
    *,
    decimal_comma: bool = False,
    default: Disclosure | None = None,
) -> tuple[tuple[Station, ...], tuple[Quarantined, ...]]:
    """Return the stations in the order of their ids, and what could not be understood of them.

    A row may leave empty what another says. Of two disclosure classes the stricter holds.

    Args:
        file: the name that unread cells give.
        table: text, columns ``line`` and ``station_id`` and those there are of ``name``,
            ``latitude``, ``longitude``, ``elevation_m``, ``disclosure``.
        decimal_comma: whether ``1,5`` is one and a half.
        default: the class of a station of which the file says none.
    """
    said = _said(table, decimal_comma=decimal_comma)
    faults = _faults(said)
    known = said[faults == ""]
    chosen = _chosen(known)
    keys = zip(said["station_id"], said["field"], strict=True)
    texts = pd.Series([chosen.get(key, "") for key in keys], said.index, dtype="str")
    differs = (faults == "") & (said["text"] != texts)
    reasons = faults.mask(differs, said["field"] + ": expected as elsewhere " + texts)
    stations = tuple(
        _station(station, chosen, default) for station in sorted(table["station_id"].unique())
    )
    return stations, _unread(file, said, reasons)


def _said(table: pd.DataFrame, *, decimal_comma: bool) -> pd.DataFrame:
    """Each thing said, columns line, station_id, field, text, times; a repeat only counts."""
    parts = []
    for field in ("name", *NUMBERS, "disclosure"):
        if field in table:
            given = table.loc[table[field] != "", ["line", "station_id", field]]
            text = given[field]
            if field in NUMBERS:
                number = numbers(text, decimal_comma=decimal_comma)
                text = number.astype(str).where(number.notna(), text)
            parts.append(given.assign(field=field, text=text)[["line", *_FIELD, "text"]])
    if not parts:
        return pd.DataFrame(columns=["station_id", "field", "text", "line", "times"], dtype="str")
    grouped = pd.concat(parts, ignore_index=True).groupby([*_FIELD, "text"])["line"]
    return grouped.agg(line="min", times="size").reset_index()


def _faults(said: pd.DataFrame) -> pd.Series:
    faults = pd.Series("", said.index)
    for field, (low, high) in NUMBERS.items():
        rows = said["field"] == field
        good = pd.to_numeric(said.loc[rows, "text"], errors="coerce").between(low, high)
        faults[good.index[~good]] = f"{field}: expected a number from {low:g} to {high:g}"
    is_class = said["text"].isin([str(one) for one in Disclosure])
    faults[(said["field"] == "disclosure") & ~is_class] = (
        f"disclosure: expected one of {', '.join(Disclosure)}, or nothing"
    )
    return faults


def _chosen(said: pd.DataFrame) -> dict[tuple[str, str], str]:
    """What holds, by station and field: said most often, and first in the alphabet of a tie."""
    strictness = said["text"].map({str(one): n for n, one in enumerate(Disclosure, start=1)})
    weight = said["times"].where(said["field"] != "disclosure", strictness)
    ordered = said.assign(weight=weight.astype(float)).sort_values(
        ["weight", "text"], ascending=[False, True], kind="stable"
    )
    first = ordered.drop_duplicates(_FIELD)
    return {
        (station, field): text
        for station, field, text in zip(
            first["station_id"], first["field"], first["text"], strict=True
        )
    }


def _station(
    station: str,
    chosen: dict[tuple[str, str], str],
    default: Disclosure | None,
) -> Station:
    def number(field: str) -> float | None:
        text = chosen.get((station, field))
        return None if text is None else float(text)

    said = chosen.get((station, "disclosure"))
    return Station(
        station_id=station,
        name=chosen.get((station, "name")),
        latitude=number("latitude"),
        longitude=number("longitude"),
        elevation_m=number("elevation_m"),
        disclosure=default if said is None else Disclosure(said),
    )


def _unread(file: str, said: pd.DataFrame, reasons: pd.Series) -> tuple[Quarantined, ...]:
    lost = said[reasons != ""]
    return tuple(
        Quarantined(file, int(line), station, reason, text)
        for line, station, reason, text in zip(
            lost["line"], lost["station_id"], reasons[lost.index], lost["text"], strict=True
        )
    )
