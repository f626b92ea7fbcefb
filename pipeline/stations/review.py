"""All quality checks, over what is stored of some gauges and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from pipeline.stations.departures import departures, spikes
from pipeline.stations.duplicates import duplicates
from pipeline.stations.findings import Check, is_marked, together
from pipeline.stations.months import Completeness, month_of, monthly_values
from pipeline.stations.neighbours import (
    REACH_KM,
    Neighbourhood,
    Point,
    distance_km,
    neighbourhood,
    neighbours,
)
from pipeline.stations.observations import Quantity, Verdict
from pipeline.stations.overlaps import overlaps
from pipeline.stations.persistence import persistence, rainless
from pipeline.stations.slips import slips

OF_OBSERVATIONS = (Check.OVERLAP, Check.PERSISTENCE, Check.DUPLICATE)
OF_MONTHS = (Check.RAINLESS, Check.SLIP, Check.SPIKE, Check.DEPARTURE)


def reviewed_stations(places: Mapping[str, Point], touched: Sequence[str]) -> list[str]:
    """Return the touched gauges and those that have one of them for a neighbour."""
    new = set(touched)
    around = {
        name
        for here in new & places.keys()
        for name, place in places.items()
        if distance_km(places[here], place) <= REACH_KM
    }
    listeners = {name for name in around if not new.isdisjoint(neighbours(places, name))}
    return sorted(new | listeners)


def observation_findings(observations: pd.DataFrame) -> pd.DataFrame:
    """Return what the checks of single gauges find: `OF_OBSERVATIONS`.

    Args:
        observations: of one source, columns `OBSERVATION_COLUMNS`.
    """
    standing = observations[~observations["is_rejected"]]
    return together([overlaps(standing), persistence(standing), duplicates(standing)])


def months_of(
    observations: pd.DataFrame, findings: pd.DataFrame, policies: Mapping[str, Completeness]
) -> pd.DataFrame:
    """Return the monthly values under each gauge's policy, without what the findings reject.

    Args:
        observations: of one source, columns `OBSERVATION_COLUMNS` and ``file_id``.
        findings: of the same gauges.
        policies: the policy of each gauge.

    Returns:
        Columns `months.MONTH_COLUMNS` and ``file_id``, the newest file with a value of the month
        or of an earlier one, where the month has none.
    """
    rejected = is_marked(observations, findings[findings["verdict"] == Verdict.REJECTED])
    known = observations.assign(is_rejected=observations["is_rejected"] | rejected)
    policy = known["station_id"].map(policies)
    months = pd.concat(
        [
            monthly_values(known[policy == completeness], completeness)
            for completeness in Completeness
            if (policy == completeness).any()
        ],
        ignore_index=True,
    ).sort_values(["station_id", "month"], ignore_index=True)
    newest = known.groupby(["station_id", month_of(known["last_day"]).rename("month")])["file_id"]
    files = months.merge(newest.max().reset_index(), on=["station_id", "month"], how="left")
    filled = files.groupby("station_id")["file_id"].ffill().astype("int64")
    return months.assign(file_id=filled.to_numpy())


def month_findings(
    months: pd.DataFrame, places: Mapping[str, Point], stations: Sequence[str]
) -> pd.DataFrame:
    """Return what the checks of monthly precipitation find in `stations`: `OF_MONTHS`.

    Args:
        months: of these stations and their neighbours, columns ``station_id``, ``month``,
            ``precipitation_mm`` (NaN is a gap), ``resolution``; one row a station and month.
        places: where stations stand, of those that say it.
        stations: the stations to judge.
    """
    totals = months.pivot_table(
        "precipitation_mm", "month", "station_id", aggfunc="first", dropna=False
    )
    calendar = totals.asfreq("MS")
    told = months[months["station_id"].isin(stations)]
    found = together([rainless(told), *_beside_neighbours(calendar, places, stations)])
    return _with_resolutions(found, told)


def _beside_neighbours(
    totals: pd.DataFrame, places: Mapping[str, Point], stations: Sequence[str]
) -> Iterator[pd.DataFrame]:
    for station in stations:
        if station not in totals:
            continue
        beside = _neighbourhood(totals, places, station)
        yield slips(station, totals[station], beside)
        if beside is not None:
            yield spikes(station, beside)
            yield departures(station, beside)


def _neighbourhood(
    totals: pd.DataFrame, places: Mapping[str, Point], station: str
) -> Neighbourhood | None:
    near = [name for name in neighbours(places, station) if name in totals]
    return neighbourhood(totals, station, near)


def _with_resolutions(findings: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """Each finding once for every resolution that its months were made of."""
    if findings.empty:
        return findings
    named = findings.drop(columns="resolution").reset_index(names="finding")
    inside = named.merge(months[["station_id", "month", "resolution"]], on="station_id")
    inside = inside[inside["month"].between(inside["first_day"], inside["last_day"])]
    return inside.drop_duplicates(["finding", "resolution"])[list(findings.columns)].assign(
        quantity=Quantity.PRECIPITATION.value
    )
