"""Ratios of rain as logarithms, so that half and twice lie equally far off; and roots of totals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

NORMAL_SPREAD = 1.4826
"""The standard deviation of normal values over their median absolute deviation."""


def log_ratio(one: pd.Series, other: pd.Series) -> pd.Series:
    """Return ln(one / other), NaN where either is missing or not above zero."""
    positive, positive_other = one.where(one > 0), other.where(other > 0)
    return pd.Series(np.log((positive / positive_other).to_numpy(dtype=float)), one.index)


def cube_root(totals: pd.Series) -> pd.Series:
    """Return the cube roots, which are near normal where totals of rain are skewed."""
    return pd.Series(np.cbrt(totals.to_numpy(dtype=float)), totals.index)


def robust_spread(values: pd.Series) -> float:
    """Return a standard deviation that single odd values do not move; NaN of nothing."""
    return NORMAL_SPREAD * float((values - values.median()).abs().median())


def calendar_month(series: pd.Series | pd.DataFrame) -> npt.NDArray[np.int32]:
    """Return the calendar month of each row of an index of first days of months."""
    return np.asarray(pd.DatetimeIndex(series.index).month, dtype=np.int32)
