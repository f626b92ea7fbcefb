"""Daily elements as GHCN-Daily names them, to records of precipitation and temperature.

PRCP is the rain of a day; MDPR that of several days together, DAPR how many, both on the last of
them. TMAX and TMIN are a day's extremes, TAVG a mean of hourly reports or one by another rule.
Source: https://www.ncei.noaa.gov/pub/data/ghcn/daily/readme.txt, section III.
"""

from __future__ import annotations

import re

import pandas as pd

from pipeline.stations.observations import RECORD_COLUMNS, Disclosure, Quantity, Station

PRECIPITATION, SEVERAL_DAYS, SEVERAL_DAYS_COUNT = "PRCP", "MDPR", "DAPR"
QUANTITIES = {
    PRECIPITATION: Quantity.PRECIPITATION.value,
    SEVERAL_DAYS: Quantity.PRECIPITATION.value,
    "TMAX": Quantity.TEMPERATURE_MAX.value,
    "TMIN": Quantity.TEMPERATURE_MIN.value,
    "TAVG": Quantity.TEMPERATURE_MEAN.value,
}
WANTED = (*QUANTITIES, SEVERAL_DAYS_COUNT)
TOTALS = (PRECIPITATION, SEVERAL_DAYS)
LONGEST_PERIOD_DAYS = 31

OTHERS = re.compile(
    "A(CMC|CMH|CSC|CSH|DPT|SLP|STP|WBT|WDR|WND)|DA(EV|SF|TN|TX|WM)|DWPR|EVAP|FMTM|FRG[BT]|FRTH|GAHT"
    "|MD(EV|SF|TN|TX|WM)|MNPN|MXPN|PGTM|PSUN|RHAV|RHM[NX]|SNOW|SNWD|S[NX][0-9][1-7]|TAXN|THIC|TOBS"
    "|TSUN|WDF[125GIM]|WDMV|WES[DF]|WSF[125GIM]|W[TV][0-9]{2}"
)
"""Elements that are not read. A name that is neither here nor wanted is a misprint."""

MISSING = -9999
MISSING_PRESUMED_ZERO = "P"
QUALITY_FLAGS = {
    "D": "duplicate", "G": "gap", "I": "internal consistency", "K": "streak or frequent value",
    "L": "length of a period of several days", "M": "megaconsistency", "N": "naught",
    "O": "climatological outlier", "R": "lagged range", "S": "spatial consistency",
    "T": "temporal consistency", "W": "too warm for snow", "X": "bounds",
    "Z": "flagged after a manual review",
}  # fmt: skip
"""The provider's check that a value failed, as its readme names them."""

PRESUMED = "missing, which the provider presumes to be zero (measurement flag P)"
UNCOUNTED = "a total of several days (MDPR) without one number of days (DAPR, 1 to 31)"

_DAY = ["station_id", "last_day"]


def is_element(names: pd.Series) -> pd.Series:
    """Return where a name is one of GHCN-Daily's elements, wanted or not."""
    return names.isin(list(WANTED)) | names.str.fullmatch(OTHERS)


def as_records(values: pd.DataFrame) -> pd.DataFrame:
    """Return the values of wanted elements as records, columns `RECORD_COLUMNS`.

    Refused: a value with a quality flag, one that is "missing presumed zero", and a total of
    several days whose number of days is unknown. A trace counts 0 mm; the source flag refuses
    nothing. DAPR has no record of its own: it is the `n_days` of its MDPR.

    Args:
        values: one row a value that is not missing, columns ``line``, ``station_id``,
            ``element``, ``last_day``, ``value`` (mm, degrees C, days), ``measurement`` and
            ``quality`` (flags, empty where none) and ``text``.
    """
    wanted = values[values["element"].isin(list(WANTED))].reset_index(drop=True)
    totals = _with_several_day_totals(wanted.assign(reason=_reasons(wanted), n_days=1))
    kept = totals[totals["element"] != SEVERAL_DAYS_COUNT]
    return kept.assign(quantity=kept["element"].map(QUANTITIES))[list(RECORD_COLUMNS)]


def stations_of(records: pd.DataFrame) -> tuple[Station, ...]:
    """Return the stations of records of which the file gives no more than the id: open ones."""
    return tuple(
        Station(station, disclosure=Disclosure.OPEN)
        for station in sorted(records["station_id"].unique())
    )


def _reasons(values: pd.DataFrame) -> pd.Series:
    flag = values["quality"]
    meaning = flag.map(QUALITY_FLAGS).fillna("unknown")
    failed = "the provider's quality flag " + flag + " (" + meaning + ")"
    presumed = pd.Series(PRESUMED, values.index)
    is_presumed = values["measurement"] == MISSING_PRESUMED_ZERO
    return failed.where(flag != "", presumed.where(is_presumed, ""))


def _with_several_day_totals(values: pd.DataFrame) -> pd.DataFrame:
    """Give each MDPR the days that its DAPR counts."""
    is_total = values["element"] == SEVERAL_DAYS
    if not is_total.any():
        return values
    days = _counts(values)
    is_counted = is_total & days.notna()
    n_days = values["n_days"].mask(is_counted, days).astype(int)
    is_uncounted = is_total & ~is_counted & (values["reason"] == "")
    return values.assign(n_days=n_days, reason=values["reason"].mask(is_uncounted, UNCOUNTED))


def _counts(values: pd.DataFrame) -> pd.Series:
    """The one number of days that stands for each row's station and day; NaN where none or two."""
    counts = values[(values["element"] == SEVERAL_DAYS_COUNT) & (values["reason"] == "")]
    of_day = counts.groupby(_DAY)["value"].agg(["min", "max"])
    single = of_day["min"].where(of_day["min"] == of_day["max"])
    found = single.reindex(pd.MultiIndex.from_frame(values[_DAY])).to_numpy()
    days = pd.Series(found, index=values.index, dtype=float)
    return days.where(days.between(1, LONGEST_PERIOD_DAYS) & (days % 1 == 0))
