"""The history of each landscape as CSV: its indices, why one is missing, and its stages.

As the exports of tables write it: UTF-8 with a byte-order mark, and numbers with a point. No text in
it can be taken for a formula: names are left out, and an id that begins like one has an apostrophe
before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.ids import INDEX_CODES, DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.delivery.site.facts import (
    IndexHistory,
    LandscapeFacts,
    SiteFacts,
    StageAt,
    StageHistory,
)
from pipeline.delivery.tables.csv_text import BYTE_ORDER_MARK, as_text
from pipeline.delivery.tables.kinds import CsvStyle
from pipeline.delivery.tables.notices import NO_OPINION, SIMULATED, attributions

README = "data/README.txt"
ALWAYS = (
    "spi_1",
    "spi_3",
    "spi_6",
    "spi_12",
    "spi_24",
    "spei_3",
    "spei_6",
    "spei_12",
    "pn_3",
    "pn_12",
)
"""Indices in every file, besides those that the plans hear."""
_FORMULA = tuple("=+-@\t\r")
_STYLE = CsvStyle()


def shown_indices(facts: SiteFacts) -> list[IndexCode]:
    """Return the indices in the files: some that always are, and all that a plan hears."""
    heard = {
        rule.index
        for timetable in facts.plans.values()
        for reign in timetable.reigns
        for ladder in reign.plan.ladders.values()
        for rule in ladder.every_rule
        if rule.index is not None
    }
    return [one for one in INDEX_CODES if str(one) in ALWAYS or one in heard]


def landscape_csv(facts: SiteFacts, land: LandscapeFacts) -> bytes:
    """Return the whole history of a landscape, one row a month, oldest first."""
    history = facts.indices.get(land.landscape_id)
    stages = {one: facts.history.get((land.landscape_id, one), {}) for one in DroughtType}
    months = _months(history, stages)
    columns: dict[str, pa.Array] = {}
    if facts.is_simulated:
        columns["label"] = pa.array([SIMULATED] * len(months), pa.string())
    name = without_formula(land.landscape_id)
    columns["landscape_id"] = pa.array([name] * len(months), pa.string())
    columns["month"] = pa.array([month.first_day for month in months], pa.date32())
    columns |= dict(_index_columns(history, months, shown_indices(facts)))
    for one, of_type in stages.items():
        columns |= _stage_columns(one, [of_type.get(month) for month in months])
    return _written(columns)


def without_formula(text: str) -> str:
    """Return `text`, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _months(
    history: IndexHistory | None, stages: Mapping[DroughtType, StageHistory]
) -> list[Month]:
    found = set() if history is None else set(history.months)
    return sorted(found.union(*stages.values()))


def _index_columns(
    history: IndexHistory | None, months: Sequence[Month], shown: Sequence[IndexCode]
) -> Iterator[tuple[str, pa.Array]]:
    at = {} if history is None else {month: n for n, month in enumerate(history.months)}
    places = [at.get(month) for month in months]
    for one in shown:
        values = None if history is None else history.values.get(one)
        column = [None if n is None or values is None else values[n] for n in places]
        yield str(one), pa.array(column, pa.float32())
    names = {str(one) for one in shown}
    held = [None if n is None or history is None else (history, n) for n in places]
    texts = {
        "gaps": [one and _gaps(one[0].gaps[one[1]], names) for one in held],
        "source": [one and one[0].sources[one[1]] for one in held],
        "release": [one and str(one[0].releases[one[1]]) for one in held],
    }
    for title, told in texts.items():
        yield title, pa.array(told, pa.string())


def _gaps(gaps: Mapping[str, str], names: set[str]) -> str | None:
    """Return why indices are missing: ``spi_1=not_applicable;spei_3=short_history``."""
    return ";".join(f"{name}={gap}" for name, gap in sorted(gaps.items()) if name in names) or None


def _stage_columns(
    drought_type: DroughtType, stages: Sequence[StageAt | None]
) -> dict[str, pa.Array]:
    known = [None if one is None else one for one in stages]
    return {
        f"{drought_type}_stage": pa.array([one and one.stage for one in known], pa.string()),
        f"{drought_type}_rank": pa.array(
            [None if one is None else one.rank for one in known], pa.int16()
        ),
        f"{drought_type}_is_confirmed": pa.array(
            [None if one is None else one.is_confirmed for one in known], pa.bool_()
        ),
    }


def _written(columns: Mapping[str, pa.Array]) -> bytes:
    head = BYTE_ORDER_MARK + ",".join(columns).encode() + b"\n"
    fields = [as_text(column, _STYLE) for column in columns.values()]
    lines = pc.binary_join_element_wise(*fields, ",", null_handling="replace", null_replacement="")
    body = "".join(f"{line}\n" for line in lines.to_pylist())
    return head + body.encode()


def readme(facts: SiteFacts) -> bytes:
    """Return what the files say of themselves: columns, origin, whose data, how far to trust them."""
    sources = sorted({source for one in facts.indices.values() for source in one.sources})
    label = [SIMULATED, ""] if facts.is_simulated else []
    stages = (
        "told by alerts that were approved and made public; `none`: no alert was in force"
        if facts.is_public
        else "as computed by the plan in force; not alerts, and for use inside the agency"
    )
    lines = [
        *label,
        "One file for each landscape, one row a month.",
        "",
        "landscape_id       the landscape (an apostrophe before it keeps spreadsheets from computing)",
        "month              its first day",
        "spi_3, spei_6, ... indices, unitless; pn_3, ...: percent of normal; empty where missing",
        "gaps               why an index is missing, by its name",
        "source             the data behind the indices",
        "release            preliminary or final",
        f"..._stage          the stage of that drought type, {stages}",
        "..._rank           0 for none, 1 for the mildest stage, and so on",
        "..._is_confirmed   false where the stage is held for want of values",
        "",
        f"Calibration of the indices: {facts.calibration}.",
        *attributions(sources, facts.origin),
        NO_OPINION,
        *label,
    ]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()
