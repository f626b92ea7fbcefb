"""Months or years of a gauge that are copies of each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.stations.findings import Check, as_findings, together
from pipeline.stations.observations import Quantity, Resolution

LEAST_DIFFERENT = {Quantity.PRECIPITATION.value: 4}
"""So many different values other than zero make a month of days, or a year of dekads or months,
its own: two months with one shower each may agree by chance."""
LEAST_DIFFERENT_ELSE = 8

_SERIES = ["station_id", "quantity", "resolution"]


def duplicates(observations: pd.DataFrame) -> pd.DataFrame:
    """Return findings of months (of days) or years (of dekads or months) with the same values.

    Every value and every missing one must agree, day for day. Both copies are marked, because
    nothing tells which was first. After the duplicate checks of Durre et al. (2010), which compare
    years, months of a year, and the same month of different years; here every month with every other.

    Args:
        observations: those that stand, columns `OBSERVATION_COLUMNS`.
    """
    return together([_copies(series) for _, series in observations.groupby(_SERIES)])


def _copies(series: pd.DataFrame) -> pd.DataFrame:
    block, slot, slots = _places(series)
    blocks, number = np.unique(block, return_inverse=True)
    filled = np.full((len(blocks), slots), _MISSING)
    filled[number, slot] = series["value"].to_numpy()
    least = LEAST_DIFFERENT.get(series["quantity"].iloc[0], LEAST_DIFFERENT_ELSE)
    own = np.array([_n_different(row) >= least for row in filled])
    _, copy, copies = np.unique(filled, axis=0, return_inverse=True, return_counts=True)
    copy = copy.ravel()
    is_copied = own & (copies[copy] > 1)
    if not is_copied.any():
        return pd.DataFrame()
    names = pd.Series(blocks.astype(str))
    first_day = pd.Series(blocks.astype("datetime64[s]"))
    found = pd.DataFrame({"name": names, "first_day": first_day, "copy": copy})[is_copied]
    listed = found.groupby("copy")["name"].transform(", ".join)
    end = pd.offsets.MonthEnd(1) if slots == _DAYS else pd.offsets.YearEnd(1)
    head = series.iloc[0]
    return as_findings(
        found.assign(
            **{name: head[name] for name in _SERIES},
            last_day=found["first_day"] + end,
            reason="the same values in " + listed,
        ),
        Check.DUPLICATE,
    )


_DAYS, _DEKADS = 31, 36
_MISSING = -np.inf
"""Equal to itself, which NaN is not."""


def _places(series: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """The block of each value (its month or year), its slot in the block, and the slots of one."""
    day = series["last_day"]
    if series["resolution"].iloc[0] == Resolution.DAILY:
        return day.to_numpy().astype("datetime64[M]"), day.dt.day.to_numpy() - 1, _DAYS
    dekad = np.minimum((day.dt.day.to_numpy() - 1) // 10, 2)
    slot = (day.dt.month.to_numpy() - 1) * 3 + dekad
    return day.to_numpy().astype("datetime64[Y]"), slot, _DEKADS


def _n_different(values: np.ndarray) -> int:
    return len(np.unique(values[np.isfinite(values) & (values != 0)]))
