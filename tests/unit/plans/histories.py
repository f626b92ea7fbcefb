"""Histories and reports small enough to know by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.backtest import History
from pipeline.plans.reports import Confidence, Episode, Kind, Report

UZ = Country.UZBEKISTAN
STAGES = ("watch", "warning")
START = Month(2000, 1)


def history(*rows: str, areas: Sequence[float] | None = None, first: Month = START) -> History:
    """Ranks by landscape, a letter a month: `.` for no knowledge, as in ``..0012210``."""
    ranks = np.array([[0 if c == "." else int(c) for c in row] for row in rows]).T
    known = np.array([[c != "." for c in row] for row in rows]).T
    return History(first, STAGES, ranks, known, np.array(areas or [1.0] * len(rows), dtype=float))


def report(start: str, end: str, kind: Kind = Kind.DROUGHT) -> Report:
    types = (DroughtType.AGRICULTURAL,) if kind is Kind.DROUGHT else ()
    return Report(
        2, UZ, kind, Month.parse(start), Month.parse(end), "somewhere", (), types,
        Confidence.HIGH, "dry", "a paper", "https://example.org", "",
    )  # fmt: skip


def episode(start: str, end: str) -> Episode:
    one = report(start, end)
    return Episode(one.start, one.end, (one,))
