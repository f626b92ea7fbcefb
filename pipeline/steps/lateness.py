"""What is late against the schedules of the sources, in words for the operator, with the remedy."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import BLENDED, ERA5_LAND
from pipeline.core.indicators import Indicator, Measure
from pipeline.core.months import Month
from pipeline.plans.lateness import LateReading, late_together

Fresh = Mapping[str, Any]
"""One row of `mart.freshness`."""

_RENEW = "run `drought compute` and `drought evaluate`"
_MOST_NAMED = 3
_LATE = ("months_late", "oldest_late_month", "late_since", "expected_month")
_OVERDUE = ("preliminary_overdue", "oldest_preliminary_overdue")


def lateness(freshness: Iterable[Fresh]) -> list[str]:
    """Return a sentence for each thing that is late; countries that share it stand in one.

    `freshness` is rows of `mart.freshness`. A source without a schedule is never late.
    """
    rows = list(freshness)
    late = [
        f"{countries} {source}: {_late(row)}; {_remedy(source, row)}"
        for source, countries, row in _alike(rows, _LATE)
        if row["months_late"]
    ]
    overdue = [
        f"{countries} {source}: {_overdue(row)}; {_patience(source)}"
        for source, countries, row in _alike(rows, _OVERDUE)
        if row["preliminary_overdue"]
    ]
    return late + overdue


def late_by_plan(readings: Iterable[LateReading]) -> list[str]:
    """Return a sentence for what came later than a plan in force allows; alike stands in one."""
    return [
        f"{some[0].country} plan: no value of {', '.join(str(one.heard) for one in some)} for "
        f"{some[0].month} in {some[0].landscapes} of {_counted(some[0].asked, 'landscape')}; the "
        f"plan allows {_counted(some[0].days, 'day')} after the month's end, until {some[0].due}; "
        f"{_bring(some[0].measure)}"
        for some in late_together(readings)
    ]


def _bring(measure: Measure) -> str:
    if isinstance(measure, Indicator):
        return "give the agency's document: `drought ingest indicator FILE`"
    if isinstance(measure, AreaShare):
        return "`drought compute --maps` counts it once the month's grid is there"
    return "see above whether its source is late; if the month came, run `drought compute`"


def behind(
    source: str, untaken: int, values_to: Month | None, stages_to: Month | None
) -> list[str]:
    """Return what the source that decides has brought and the later steps have not taken up.

    Args:
        source: its name.
        untaken: months that came and of which no landscape means are taken.
        values_to: its newest month with values; None: there is none.
        stages_to: the newest month with stages; None: there is none.
    """
    said = []
    if untaken:
        verb = "is" if untaken == 1 else "are"
        said.append(f"{source}: {_months(untaken)} came and {verb} not computed; {_RENEW}")
    elif values_to is not None and (stages_to is None or stages_to < values_to):
        said.append(f"stages: {values_to} has values of {source} and no stages; {_RENEW}")
    return said


def without_file(source: str, months: Sequence[Month]) -> list[str]:
    """Return that nobody has given a file of some months between others, of a source without a schedule."""
    if not months:
        return []
    named = ", ".join(map(str, months[:_MOST_NAMED])) + (", …" if len(months) > _MOST_NAMED else "")
    return [
        f"{source}: no file was given of {_months(len(months))} between others ({named}); give the "
        f"files: `drought ingest grid FILE… --source {source}`"
    ]


def silent_gauges(heard_to: Mapping[str, Month]) -> list[str]:
    """Return that gauges which decide have not reported of the newest month.

    `heard_to` is the newest month of each such landscape that any of its gauges reported of.
    """
    if not heard_to:
        return []
    longest = sorted(heard_to, key=lambda landscape_id: heard_to[landscape_id])[:_MOST_NAMED]
    named = ", ".join(f"{landscape_id} since {heard_to[landscape_id]}" for landscape_id in longest)
    more = ", …" if len(heard_to) > _MOST_NAMED else ""
    return [
        f"{BLENDED}: no gauge has reported of the newest month in {len(heard_to)} of the landscapes "
        f"that gauges decide ({named}{more}), and their stages are held, though the grid has values; "
        "give the gauges' files and run `drought compute`, or decide by the grid: `DROUGHT_SOURCE`"
    ]


def _alike(rows: list[Fresh], columns: tuple[str, ...]) -> Iterator[tuple[str, str, Fresh]]:
    """Yield source, countries and one row of each group whose `columns` are equal."""
    groups: dict[tuple[Hashable, ...], list[Fresh]] = {}
    for row in rows:
        groups.setdefault((row["source"], *(row[name] for name in columns)), []).append(row)
    for alike in groups.values():
        yield alike[0]["source"], ", ".join(row["country_code"] for row in alike), alike[0]


def _late(row: Fresh) -> str:
    oldest = Month.of(row["oldest_late_month"])
    return f"{_months(row['months_late'])} late: {oldest} has been due since {row['late_since']}"


def _remedy(source: str, row: Fresh) -> str:
    if source != ERA5_LAND:
        return f"give the files: `drought ingest grid FILE… --source {source}`"
    first, last = Month.of(row["oldest_late_month"]), Month.of(row["expected_month"])
    # One hole of long ago is no reason to fetch all that came after it.
    if 2 * row["months_late"] <= last.ordinal - first.ordinal:
        last = first
    return (
        f"run `drought ingest era5-land --from {first} --to {last}`; if the store does not answer or "
        "has nothing, its page of messages says why"
    )


def _overdue(row: Fresh) -> str:
    oldest = Month.of(row["oldest_preliminary_overdue"])
    number = row["preliminary_overdue"]
    return (
        f"{_months(number)} still preliminary, though final values should have come: "
        f"{oldest}{' is the oldest' if number > 1 else ''}"
    )


def _patience(source: str) -> str:
    if source != ERA5_LAND:
        return (
            f"give the final files: `drought ingest grid FILE… --source {source} --release final`"
        )
    return "they are asked for again each month; the data set's page says whether they are out"


def _months(number: int) -> str:
    return _counted(number, "month")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
