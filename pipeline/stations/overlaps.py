"""Totals of several days that share a day with another value of the same gauge."""

from __future__ import annotations

import pandas as pd

from pipeline.stations.days import covered_days
from pipeline.stations.findings import Check, as_findings
from pipeline.stations.observations import Verdict

_SERIES = ["station_id", "quantity", "resolution"]


def overlaps(observations: pd.DataFrame) -> pd.DataFrame:
    """Return findings that reject each total of several days that shares a day with another value.

    Files of different years may say of one day that it was read and that it was not. The reading
    of the day itself is the better one: counting both would count its rain twice.

    Args:
        observations: those that stand, columns `OBSERVATION_COLUMNS`.
    """
    covered = covered_days(observations)
    shared = covered[covered.duplicated([*_SERIES, "day"], keep=False) & (covered["n_days"] > 1)]
    stretches = shared[[*_SERIES, "last_day"]].drop_duplicates()
    return as_findings(
        stretches.assign(
            first_day=stretches["last_day"],
            verdict=Verdict.REJECTED.value,
            reason="a total of several days that shares a day with another value",
        ),
        Check.OVERLAP,
    )
