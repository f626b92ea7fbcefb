"""Stretches of a gauge's record that a quality check marks.

A finding is a row of a DataFrame, columns `FINDING_COLUMNS`. The verdict of an observation follows
from the findings that hold its last day: suspect ones are shown and counted, rejected ones are not
counted. Which checks there are and how often they speak is in docs/method.md.
"""

from __future__ import annotations

from enum import StrEnum

import pandas as pd

from pipeline.stations.observations import Verdict

FINDING_COLUMNS = (
    "station_id", "quantity", "resolution", "check_name", "first_day", "last_day", "verdict",
    "reason",
)  # fmt: skip
"""`first_day` and `last_day` datetime64, both inside · `check_name` a `Check` · `verdict` suspect
or rejected · `reason` what the check saw, for people."""


class Check(StrEnum):
    """The quality checks that need more than one value."""

    OVERLAP = "overlap"
    PERSISTENCE = "persistence"
    RAINLESS = "rainless"
    DUPLICATE = "duplicate"
    SLIP = "slip"
    SPIKE = "spike"
    DEPARTURE = "departure"


def as_findings(stretches: pd.DataFrame, check: Check) -> pd.DataFrame:
    """Return `stretches` with every column of `FINDING_COLUMNS`; suspect where none says more."""
    given = {"check_name": check.value, "verdict": Verdict.SUSPECT.value}
    missing = {name: value for name, value in given.items() if name not in stretches}
    return stretches.assign(**missing).reindex(columns=list(FINDING_COLUMNS))


def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all findings below each other, an empty table where there are none."""
    full = [part for part in parts if not part.empty]
    if not full:
        return pd.DataFrame(columns=list(FINDING_COLUMNS))
    return pd.concat(full, ignore_index=True).drop_duplicates(
        ["station_id", "quantity", "resolution", "check_name", "first_day", "last_day"]
    )


def runs(key: pd.Series) -> pd.Series:
    """Return a number for each row that is the same along a run of equal neighbours."""
    return (key != key.shift()).cumsum()


def is_marked(observations: pd.DataFrame, findings: pd.DataFrame) -> pd.Series:
    """Return where an observation's last day lies in a finding of its gauge and quantity."""
    series = ["station_id", "quantity", "resolution"]
    spans = findings[[*series, "first_day", "last_day"]].rename(columns={"last_day": "end"})
    inside = observations[[*series, "last_day"]].reset_index(names="row").merge(spans, on=series)
    marked = inside.loc[inside["last_day"].between(inside["first_day"], inside["end"]), "row"]
    return pd.Series(observations.index.isin(marked), observations.index)
