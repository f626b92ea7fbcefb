"""Reported droughts: a strict table of what others said, and the independent episodes in it.

A report is one statement with its source; an episode is what is left when the reports that speak of
the same months of a country are taken together. `reported/README.md` tells the format to people.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TypeVar

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month

HEADINGS = (
    "country", "kind", "start", "end", "place", "landscapes", "type", "confidence",
    "statement", "source_title", "source_url", "note",
)  # fmt: skip
SHIPPED = "drought_events.csv"
WHOLE_COUNTRY = "*"
_URL = re.compile(r"https?://\S+")

W = TypeVar("W", bound=StrEnum)


class Kind(StrEnum):
    """What a report says of its months."""

    DROUGHT = "drought"
    NONE = "none"
    """A source says that there was no drought: silence is no such report."""


class Confidence(StrEnum):
    """How sure we are of a report, by its source and by how clearly it speaks of months."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Report:
    """One statement about some months of a country."""

    line: int
    """Of the file, where the record begins."""
    country: Country
    kind: Kind
    start: Month
    end: Month
    """The last month, included."""
    place: str
    """The words of the report."""
    landscapes: tuple[str, ...]
    """Ids or names of landscapes, or codes of first-level units; empty: the whole country."""
    types: tuple[DroughtType, ...]
    confidence: Confidence
    statement: str
    source_title: str
    source_url: str
    note: str
    """How place and months were read out of the words."""

    def overlaps(self, other: Report) -> bool:
        """Whether both speak of a month."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True)
class Episode:
    """An independent drought of a country: reports of overlapping or adjacent months, as one."""

    start: Month
    end: Month
    reports: tuple[Report, ...]

    @property
    def landscapes(self) -> tuple[str, ...]:
        """The places of all its reports; empty as soon as one speaks of the whole country."""
        if any(not report.landscapes for report in self.reports):
            return ()
        return tuple(dict.fromkeys(name for r in self.reports for name in r.landscapes))

    @property
    def types(self) -> tuple[DroughtType, ...]:
        """As which types of drought it was reported."""
        said = {one for report in self.reports for one in report.types}
        return tuple(one for one in DroughtType if one in said)

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


def read_reports(text: str, where: str) -> list[Report]:
    """Return the reports of a CSV text, in its order.

    Args:
        text: commas, the headings `HEADINGS` in that order, months as ``YYYY-MM``.
        where: the file, for messages.

    Raises:
        InputError: anything that is not understood, with the line; a record given twice; months
            without drought that a drought of the same country is reported in.
    """
    reports = [_report(cells, f"{where}, line {line}", line) for line, cells in _rows(text, where)]
    _refuse_repeated(reports, where)
    _refuse_contradictions(reports, where)
    return reports


def shipped_reports() -> list[Report]:
    """Return the reports that come with the package.

    Raises:
        InputError: the shipped file is damaged.
    """
    file = files("pipeline.plans").joinpath("reported", SHIPPED)
    return read_reports(file.read_text("utf-8"), SHIPPED)


def episodes(reports: Iterable[Report], country: Country) -> list[Episode]:
    """Return the independent droughts of `country`, oldest first.

    Reports whose months overlap, or follow each other without a month between, speak of one.
    """
    of_country = [r for r in reports if r.country is country and r.kind is Kind.DROUGHT]
    found: list[Episode] = []
    for report in sorted(of_country, key=lambda one: (one.start, one.end, one.line)):
        if found and report.start <= found[-1].end + 1:
            last = found.pop()
            end = max(last.end, report.end)
            found.append(Episode(last.start, end, (*last.reports, report)))
        else:
            found.append(Episode(report.start, report.end, (report,)))
    return found


def months_without(reports: Iterable[Report], country: Country) -> list[Report]:
    """Return the reports that `country` had no drought, oldest first."""
    found = [r for r in reports if r.country is country and r.kind is Kind.NONE]
    return sorted(found, key=lambda one: (one.start, one.end))


def _rows(text: str, where: str) -> list[tuple[int, list[str]]]:
    """Return the records below the headings, each with the line it begins in."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{where}, line {line}: expected CSV, got {error}; put cells that hold commas or "
            "quotation marks between quotation marks"
        ) from error
    if not rows or tuple(rows[0][1]) != HEADINGS:
        got = ",".join(rows[0][1]) if rows else "nothing"
        raise InputError(
            f"{where}, line 1: expected the headings {','.join(HEADINGS)}, got {got}; copy them, "
            "and see docs/backtest.md for what goes below"
        )
    return rows[1:]


def _report(cells: Sequence[str], where: str, line: int) -> Report:
    if len(cells) != len(HEADINGS):
        raise InputError(
            f"{where}: expected {len(HEADINGS)} cells, got {len(cells)}; put cells that hold commas "
            "between quotation marks"
        )
    row = dict(zip(HEADINGS, cells, strict=True))
    kind = _word(row, "kind", Kind, where)
    start, end = (_month(row, name, where) for name in ("start", "end"))
    if end < start:
        raise InputError(
            f"{where}: end: expected {start} or later, the last month of the drought, got {end}; "
            "correct one of them"
        )
    for name in ("place", "statement", "source_title"):
        _demand_text(row, name, where)
    return Report(
        line,
        _word(row, "country", Country, where),
        kind,
        start,
        end,
        row["place"],
        _landscapes(row["landscapes"], kind, where),
        _types(row["type"], kind, where),
        _word(row, "confidence", Confidence, where),
        row["statement"],
        row["source_title"],
        _url(row["source_url"], where),
        row["note"],
    )


def _word(row: dict[str, str], name: str, vocabulary: type[W], where: str) -> W:
    try:
        return vocabulary(row[name])
    except ValueError as error:
        known = ", ".join(vocabulary)
        raise InputError(
            f"{where}: {name}: expected one of {known}, got {row[name]!r}; correct it"
        ) from error


def _month(row: dict[str, str], name: str, where: str) -> Month:
    try:
        return Month.parse(row[name])
    except InputError as error:
        raise InputError(f"{where}: {name}: {error}; correct it") from error


def _demand_text(row: dict[str, str], name: str, where: str) -> None:
    if not row[name]:
        raise InputError(
            f"{where}: {name}: expected a text, got none; a report without it cannot be judged"
        )


def _landscapes(cell: str, kind: Kind, where: str) -> tuple[str, ...]:
    if cell == WHOLE_COUNTRY:
        return ()
    names = [name.strip() for name in cell.split(";")]
    if not all(names) or WHOLE_COUNTRY in names or len(set(names)) < len(names):
        raise InputError(
            f"{where}: landscapes: expected '*' for the whole country, or ids or names with ';' "
            f"between them, each once, got {cell!r}; correct it"
        )
    if kind is Kind.NONE:
        raise InputError(
            f"{where}: landscapes: expected '*' where the kind is none, got {cell!r}: a part of the "
            "country without drought says nothing of the alarms of the whole; leave the record out"
        )
    return tuple(names)


def _types(cell: str, kind: Kind, where: str) -> tuple[DroughtType, ...]:
    if kind is Kind.NONE:
        if cell:
            raise InputError(
                f"{where}: type: expected nothing where the kind is none, got {cell!r}; empty it"
            )
        return ()
    return tuple(
        _word({"type": name.strip()}, "type", DroughtType, where) for name in cell.split(";")
    )


def _url(cell: str, where: str) -> str:
    if _URL.fullmatch(cell) is None:
        raise InputError(
            f"{where}: source_url: expected an address that begins with http:// or https://, got "
            f"{cell!r}; a report must be found again by its readers"
        )
    return cell


def _refuse_repeated(reports: Sequence[Report], where: str) -> None:
    first: dict[tuple[object, ...], int] = {}
    for one in reports:
        key = (one.country, one.kind, one.start, one.end, one.landscapes, one.source_url)
        if key in first:
            raise InputError(
                f"{where}, line {one.line}: the record of line {first[key]} again: same country, "
                "months, landscapes and source; expected each once; take one of them out"
            )
        first[key] = one.line


def _refuse_contradictions(reports: Sequence[Report], where: str) -> None:
    droughts = [one for one in reports if one.kind is Kind.DROUGHT]
    for quiet in (one for one in reports if one.kind is Kind.NONE):
        for drought in droughts:
            if drought.country is quiet.country and drought.overlaps(quiet):
                raise InputError(
                    f"{where}, line {quiet.line}: no drought from {quiet.start} to {quiet.end}, but "
                    f"line {drought.line} reports one from {drought.start} to {drought.end}; "
                    "expected months that no drought of the country is reported in; shorten it"
                )
