"""Monthly values of gauges."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, text

from pipeline.core.ids import Origin
from pipeline.warehouse.upsert import save_rows

_MONTH_COLUMNS = (
    "station_id", "month", "source", "precipitation_mm", "temperature_mean_c", "gap", "resolution",
    "policy", "n_observations", "n_assumed_dry", "n_suspect", "suspicion", "origin", "file_id",
)  # fmt: skip
_KEYS = ("station_id", "month", "source")


def save_station_months(connection: Connection, months: pd.DataFrame, origin: Origin) -> int:
    """Save monthly values; return how many were new or different.

    Args:
        connection: the caller's transaction.
        months: as `stations.months.MONTH_COLUMNS`, with ``source``, ``n_suspect``, ``suspicion``
            and ``file_id``.
        origin: of the record.
    """
    cells = months.assign(origin=str(origin), month=months["month"].dt.date)
    table = cells[list(_MONTH_COLUMNS)].astype(object)
    return save_rows(
        connection,
        ("series", "station_month"),
        _KEYS,
        _MONTH_COLUMNS,
        table.where(table.notna(), None).itertuples(index=False, name=None),
        incidental=("file_id",),
    )


def save_suspects(connection: Connection, stations: Sequence[str], suspects: pd.DataFrame) -> int:
    """Let `suspects` (as `read_suspects`) be all the suspicion in these stations' months."""
    held = connection.execute(
        text(
            "SELECT station_id, source, month, n_suspect, suspicion FROM series.station_month "
            "WHERE station_id = ANY(:stations) ORDER BY 1, 2, 3"
        ),
        {"stations": list(stations)},
    ).all()
    columns = ["station_id", "source", "n_suspect", "suspicion"]
    found = {
        (station, source, month): (n, why)
        for month, (station, source, n, why) in zip(
            suspects["month"].dt.date,
            suspects[columns].itertuples(index=False, name=None),
            strict=True,
        )
    }
    changed = [
        {"station": row.station_id, "source": row.source, "month": row.month, "n": n, "why": why}
        for row in held
        for n, why in [found.get((row.station_id, row.source, row.month), (0, None))]
        if (n, why) != (row.n_suspect, row.suspicion)
    ]
    if changed:
        connection.execute(
            text(
                "UPDATE series.station_month SET n_suspect = :n, suspicion = :why "
                "WHERE station_id = :station AND source = :source AND month = :month"
            ),
            changed,
        )
    return len(changed)


def read_precipitation(connection: Connection, stations: Sequence[str]) -> pd.DataFrame:
    """Return monthly totals, columns ``station_id, source, month, precipitation_mm, resolution``."""
    rows = connection.execute(
        text(
            "SELECT station_id, source, month, precipitation_mm, resolution "
            "FROM series.station_month WHERE station_id = ANY(:stations)"
        ),
        {"stations": list(stations)},
    ).all()
    columns = ["station_id", "source", "month", "precipitation_mm", "resolution"]
    table = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    return table.assign(
        month=pd.to_datetime(table["month"]).astype("datetime64[s]"),
        precipitation_mm=table["precipitation_mm"].astype(float),
    )
