"""Judge gauges anew, and make their months anew: after new values, a policy, or a place.

Everything follows from the observations stored, so a review repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from pipeline.core.ids import Origin
from pipeline.stations.findings import FINDING_COLUMNS
from pipeline.stations.neighbours import Point, neighbours
from pipeline.stations.review import (
    OF_MONTHS,
    OF_OBSERVATIONS,
    month_findings,
    months_of,
    observation_findings,
    reviewed_stations,
)
from pipeline.warehouse.findings import judge_observations, read_suspects, replace_findings
from pipeline.warehouse.observations import count_observations, read_observations
from pipeline.warehouse.station_months import (
    read_precipitation,
    save_station_months,
    save_suspects,
)
from pipeline.warehouse.stations import read_places, read_policies

MOST_AT_ONCE = 250_000
"""Observations in memory: three daily records of a century."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review came to."""

    months: int
    """Months of the gauges' records."""
    gaps: int
    """Those without a precipitation total."""
    changed: int
    """Those that are new or different."""


def review_stations(connection: Connection, stations: Sequence[str]) -> Reviewed:
    """Check gauges and their neighbours, save verdicts, and save the months of the gauges.

    In the caller's transaction, who is the only writer.
    """
    months = [_months_of(connection, some) for some in _batches(connection, stations)]
    if not months:
        return Reviewed(0, 0, 0)
    made = pd.concat(months, ignore_index=True)
    reviewed = _review_months(connection, made, stations)
    judge_observations(connection, reviewed)
    suspects = read_suspects(connection, reviewed)
    others = sorted(set(reviewed) - set(stations))
    changed = save_station_months(connection, _with_suspects(made, suspects), Origin.REAL)
    changed += save_suspects(connection, others, suspects)
    return Reviewed(len(made), int(made["gap"].notna().sum()), changed)


def _batches(connection: Connection, stations: Sequence[str]) -> Iterator[list[str]]:
    """The gauges that have a record, a few at a time: all of a network do not fit into memory."""
    batch: list[str] = []
    held = 0
    for station, count in count_observations(connection, stations):
        if batch and held + count > MOST_AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(station)
        held += count
    if batch:
        yield batch


def _months_of(connection: Connection, stations: Sequence[str]) -> pd.DataFrame:
    """Check these gauges' observations, save the findings, and return their months."""
    observations = read_observations(connection, stations)
    policies = read_policies(connection, stations)
    found, months = [], []
    for source, rows in observations.groupby("source"):
        findings = observation_findings(rows)
        found.append(findings.assign(source=source))
        months.append(months_of(rows, findings, policies).assign(source=source))
    replace_findings(connection, stations, OF_OBSERVATIONS, _below(found))
    return pd.concat(months, ignore_index=True)


def _review_months(
    connection: Connection, made: pd.DataFrame, stations: Sequence[str]
) -> list[str]:
    """Check monthly totals of these gauges and of their neighbours; return whose were checked."""
    places = {name: Point(*place) for name, place in read_places(connection).items()}
    reviewed = reviewed_stations(places, stations)
    around = {near for name in reviewed for near in neighbours(places, name)} | set(reviewed)
    held = read_precipitation(connection, sorted(around - set(stations)))
    every = pd.concat([made[list(held.columns)], held], ignore_index=True)
    fullest = _fullest_source(every)
    found = []
    for source in every.loc[every["station_id"].isin(reviewed), "source"].unique():
        own = set(every.loc[every["source"] == source, "station_id"])
        of_source = every["station_id"].map(
            {name: source if name in own else best for name, best in fullest.items()}
        )
        judged = sorted(own & set(reviewed))
        told = every[every["source"] == of_source]
        found.append(month_findings(told, places, judged).assign(source=source))
    replace_findings(connection, reviewed, OF_MONTHS, _below(found))
    return reviewed


def _fullest_source(months: pd.DataFrame) -> dict[str, str]:
    """For each station the source with most totals, to stand beside its neighbours."""
    counts = months.groupby(["station_id", "source"])["precipitation_mm"].count()
    return dict(counts.groupby("station_id").idxmax().tolist())


def _below(parts: list[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if not part.empty]
    if not full:
        return pd.DataFrame(columns=["source", *FINDING_COLUMNS])
    return pd.concat(full, ignore_index=True)


def _with_suspects(months: pd.DataFrame, suspects: pd.DataFrame) -> pd.DataFrame:
    joined = months.merge(suspects, on=["station_id", "source", "month"], how="left")
    return joined.assign(n_suspect=joined["n_suspect"].fillna(0).astype(int))
