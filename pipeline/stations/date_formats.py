"""Dates as tables write them: YYYY-MM-DD always, and the one order that a layout names."""

from __future__ import annotations

import re

import pandas as pd

from pipeline.stations.days import Integers

ISO = "YYYY-MM-DD"
_MIDNIGHT = r"(?:[ T]0{1,2}:00(?::00)?)?"
"""Spreadsheets write it behind a date."""
_TOKENS = {"YYYY": "(?P<year>[0-9]{4})", "MM": "(?P<month>[0-9]{1,2})", "DD": "(?P<day>[0-9]{1,2})"}


def is_format(text: str, *, with_day: bool) -> bool:
    """Return whether a text names an order of YYYY, MM and, with days, DD, each once."""
    wanted = ["YYYY", "MM", *(["DD"] if with_day else [])]
    counts = [len(re.findall(token, text)) for token in _TOKENS]
    rest = re.sub("YYYY|MM|DD", "", text)
    return counts == [int(token in wanted) for token in _TOKENS] and not re.search(r"[\w\d]", rest)


def parts(text: pd.Series, *formats: str) -> tuple[Integers, Integers, Integers]:
    """Return years, months and days; all 0 where a text is in none of the formats, day 1 if it has none."""
    found = pd.DataFrame({"year": "0", "month": "0", "day": "0"}, index=text.index)
    for one in formats:
        fields = text.str.extract(f"^{_pattern(one)}$")
        if "day" not in fields:
            fields["day"] = "1"
        is_written = fields["year"].notna()
        found = found.mask(is_written, fields)
    years, months, days = (found[part].astype(int).to_numpy() for part in ("year", "month", "day"))
    return years, months, days


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    for token, pattern in _TOKENS.items():
        escaped = escaped.replace(token, pattern)
    return escaped + _MIDNIGHT
