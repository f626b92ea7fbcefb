"""The table of an agency's indicators: its columns, and a row of it as an issue.

`docs/agency_indicators.md` documents the format for those who write such files. Names and words
are understood in English and Russian. A row that cannot be understood, or cannot be true, is
refused with its reason; the rows beside it are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.core.errors import InputError
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.issue_words import COLUMNS, DISCLOSURES, INDICATORS, UNITS, plain
from pipeline.plans.issues import Issue
from pipeline.stations.observations import Disclosure

REQUIRED = (
    "indicator", "landscape_id", "issued_on", "period_from", "period_to", "value", "unit",
    "document_number",
)  # fmt: skip
OPTIONAL = ("issued_by", "disclosure", "note")

_MOST_CHARACTERS = 500
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?")
_LOCAL_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_ISO_MONTH = re.compile(r"(\d{4})-(\d{2})")
_GROUPS = re.compile(r"(?<=\d)\s(?=\d{3}(?:\D|$))")
"""The space in 19 500."""
_LOCAL_MONTH = re.compile(r"(\d{1,2})\.(\d{4})")


@dataclass(frozen=True, slots=True)
class GivenIssue:
    """An issue as a row of a file gave it."""

    line: int
    landscape_id: str
    indicator: Indicator
    issue: Issue
    disclosure: Disclosure
    note: str | None
    text: str
    """The row as it stood."""

    @property
    def key(self) -> tuple[str, Indicator, Month, Month, date]:
        """Rows of one key speak of one issue: the later one corrects the earlier."""
        issue = self.issue
        return (
            self.landscape_id,
            self.indicator,
            issue.period_from,
            issue.period_to,
            issue.issued_on,
        )


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was refused, and why."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class IndicatorFile:
    """One file, read: every row of it is in one of the two."""

    given: tuple[GivenIssue, ...]
    refused: tuple[RefusedRow, ...]
    assumed: str = ""
    """What the reader had to assume, for people; empty where nothing."""


def is_header(cells: Sequence[str]) -> bool:
    """Return whether `cells` are the column names of the table."""
    return set(REQUIRED) <= {COLUMNS.get(plain(cell)) for cell in cells}


def columns_of(header: Sequence[str]) -> list[str]:
    """Return what each column holds.

    Raises:
        InputError: an unknown column, or two that mean the same.
    """
    columns = [COLUMNS.get(plain(cell)) or cell for cell in header]
    unknown = [name for name in columns if name not in (*REQUIRED, *OPTIONAL, "")]
    if unknown:
        raise InputError(
            f"unknown column {unknown[0]!r}, expected {', '.join(REQUIRED)} and, if you like, "
            f"{', '.join(OPTIONAL)}; rename or remove it"
        )
    repeated = [name for name in columns if name and columns.count(name) > 1]
    if repeated:
        raise InputError(f"two columns mean {repeated[0]}, expected one; remove one of them")
    return columns


def given_issue(
    line: int, columns: Sequence[str], cells: Sequence[str], *, has_decimal_comma: bool
) -> GivenIssue:
    """Return the row as an issue.

    Raises:
        InputError: a field is missing or cannot be understood, or the row contradicts itself.
    """
    if any(cells[len(columns) :]):
        raise InputError(f"expected {len(columns)} fields, got {len(cells)}")
    if any(len(cell) > _MOST_CHARACTERS or _CONTROL.search(cell) for cell in cells):
        raise InputError(
            f"expected fields of at most {_MOST_CHARACTERS} characters and none of control, got "
            "others; is a quotation mark missing?"
        )
    said = dict(zip(columns, cells, strict=False))
    for name in REQUIRED:
        if not said.get(name):
            raise InputError(f"{name}: expected a value, got none")
    indicator = Indicator.parse(_word(said["indicator"], INDICATORS), _word(said["unit"], UNITS))
    disclosure = _disclosure(said.get("disclosure", ""))
    value = _number(said["value"], has_decimal_comma=has_decimal_comma)
    indicator.demand("value", value)
    issue = Issue(
        issued_on=_day("issued_on", said["issued_on"]),
        period_from=_month("period_from", said["period_from"]),
        period_to=_month("period_to", said["period_to"]),
        value=value,
        document_number=said["document_number"],
        issued_by=said.get("issued_by") or None,
        is_open=disclosure is Disclosure.OPEN,
    )
    note = said.get("note") or None
    return GivenIssue(
        line, said["landscape_id"], indicator, issue, disclosure, note, ";".join(cells)
    )


def judged(file: IndicatorFile, landscape_ids: Collection[str], today: date) -> IndicatorFile:
    """Return `file` without the rows that cannot stand; a repeat of a row stays in it once.

    Refused are landscapes that nobody loaded, documents of days to come, and all rows that speak
    of one issue and differ.
    """
    refused = list(file.refused)
    by_key: dict[object, list[GivenIssue]] = defaultdict(list)
    for given in file.given:
        reason = _objection(given, landscape_ids, today)
        if reason is None:
            by_key[given.key].append(given)
        else:
            refused.append(RefusedRow(given.line, reason, given.text))
    standing: list[GivenIssue] = []
    for rows in by_key.values():
        if all(_same(row, rows[0]) for row in rows):
            standing.append(rows[0])
        else:
            lines = ", ".join(str(row.line) for row in rows)
            reason = f"different values for one issue, in lines {lines}"
            refused += [RefusedRow(row.line, reason, row.text) for row in rows]
    in_order = tuple(sorted(refused, key=lambda row: row.line))
    return IndicatorFile(tuple(standing), in_order, file.assumed)


def _objection(given: GivenIssue, landscape_ids: Collection[str], today: date) -> str | None:
    if given.landscape_id not in landscape_ids:
        return (
            f"landscape_id: expected one of `drought landscapes list`, got {given.landscape_id!r}"
        )
    if given.issue.issued_on > today:
        return f"issued_on: expected no day after today, {today}, got {given.issue.issued_on}"
    return None


def _same(one: GivenIssue, other: GivenIssue) -> bool:
    return replace(one, line=other.line, text=other.text) == other


def _word(text: str, words: Mapping[str, str]) -> str:
    return words.get(plain(text), text)


def _disclosure(text: str) -> Disclosure:
    word = _word(text, DISCLOSURES) or Disclosure.RESTRICTED
    if word not in set(Disclosure):
        raise InputError(f"disclosure: expected {', '.join(Disclosure)} or nothing, got {text!r}")
    return Disclosure(word)


def _number(text: str, *, has_decimal_comma: bool) -> float:
    mark = "[.,]" if has_decimal_comma else "[.]"
    bare = _GROUPS.sub("", text).replace("\N{MINUS SIGN}", "-")
    if re.fullmatch(rf"-?\d+(?:{mark}\d+)?", bare, re.ASCII) is None:
        raise InputError(f"value: expected a number, got {text!r}")
    return float(bare.replace(",", "."))


def _day(name: str, text: str) -> date:
    iso, local = _ISO_DAY.fullmatch(text), _LOCAL_DAY.fullmatch(text)
    try:
        if iso is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if local is not None:
            return date(int(local[3]), int(local[2]), int(local[1]))
    except ValueError as error:
        raise InputError(f"{name}: expected a day of the calendar, got {text!r}") from error
    raise InputError(f"{name}: expected a day such as 2026-03-10 or 10.03.2026, got {text!r}")


def _month(name: str, text: str) -> Month:
    """Return the month; of a day, as Excel makes one of a month, the month that holds it."""
    iso, local = _ISO_MONTH.fullmatch(text), _LOCAL_MONTH.fullmatch(text)
    if iso is not None:
        return Month(int(iso[1]), int(iso[2]))
    if local is not None:
        return Month(int(local[2]), int(local[1]))
    try:
        return Month.of(_day(name, text))
    except InputError as error:
        raise InputError(
            f"{name}: expected a month such as 2026-04 or 04.2026, got {text!r}"
        ) from error
