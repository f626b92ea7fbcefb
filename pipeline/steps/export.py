"""The marts as a folder of files, all of one moment: read once, written in every format at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, text

from pipeline.core.dictionary import Dictionary, View
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.moments import Moment
from pipeline.delivery.bulletin.facts import kinds_not_national
from pipeline.delivery.tables.folder import refuse_taken, whole_folder
from pipeline.delivery.tables.kinds import GEOJSON, CsvStyle, Format
from pipeline.delivery.tables.notices import About, Shown, moment
from pipeline.delivery.tables.package import Written, describe
from pipeline.delivery.tables.workbook import MOST_ROWS, NO_POLYGON
from pipeline.steps.export_files import filters_of, writing
from pipeline.steps.installation import ENGINE, Installation
from pipeline.steps.progress import Advance, quietly
from pipeline.warehouse.dictionary import read_dictionary
from pipeline.warehouse.evaluations import read_time
from pipeline.warehouse.marts import (
    Choice,
    Snapshot,
    is_readable,
    read_newest_moment,
    snapshot,
)
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.plans import read_plans

USUAL_FORMATS = (Format.PARQUET, Format.GEOPARQUET, Format.CSV, Format.XLSX)

_MOST_ROWS_UNASKED = 200_000
"""Of a sheet that nobody asked for: larger ones take minutes to write and to open."""

_ON_REQUEST = {
    "area_share": ("a row for each class", "area_share_wide", "has them side by side"),
    "climate_month_long": ("a row for each quantity", "climate_month", "has them side by side"),
    "headwater_index_month": ("values of another landscape", "index_month_wide", "has them"),
    "index_month": ("a row for each index", "index_month_wide", "has them side by side"),
    "input_quality": ("a row for each value of an index", None, ""),
    "observation": ("single observations", "station_month", "has the months made of them"),
    "revision_value": ("every value that was replaced", "revision_report", "sums them up"),
}
"""Views that are large and leave when they are named: what they hold, which view suffices, and how."""

_FIRST_MOMENT = text("SELECT min(committed_at) FROM ops.moment WHERE committed_at < 'infinity'")

_MOST_NAMES = 5
"""Of views in one line of a terminal; the files name them all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted; what is left empty is as usual."""

    views: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ()
    choice: Choice = field(default_factory=Choice)
    as_of: Moment | None = None
    """`choice` as it was known then."""
    style: CsvStyle = field(default_factory=CsvStyle)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    rows: dict[str, int]
    """By view."""
    left_out: tuple[str, ...]
    """What was not, and why, a line each; where many views share a reason, how many."""
    label: str | None


def export(
    installation: Installation,
    folder: Path,
    asked: Asked,
    *,
    replace: bool = False,
    advance: Advance = quietly,
) -> Exported:
    """Write views of `mart` to `folder`, which appears when all of it is whole.

    Raises:
        InputError: the folder is taken; the moment is in the future; there is no such view, no row,
            or no way to ask a view as of a moment; more rows than a sheet of Excel holds were asked
            for as XLSX.
        ConflictError: another run is writing to the same folder.
        DeliveryError: the disk is full, or may not be written to.
        ConnectionError: the database gave up on the way.
    """
    refuse_taken(folder, replace=replace)
    asked = _dated(installation, asked)
    with _one_moment(installation) as connection, snapshot(connection) as held:
        plan = _planned(held, read_dictionary(connection), asked)
        about = _about(connection, installation, asked.choice)
        with whole_folder(folder, replace=replace) as part:
            written = _written(held, part, asked, plan, about, advance)
            _refuse_nothing(connection, asked.choice, written)
            describe(part, about, written, _lines(plan.left_out), asked.style)
    rows = {one.view.name: one.shown.rows for one in written}
    return Exported(rows, tuple(_lines(plan.left_out, most=_MOST_NAMES)), about.label)


@dataclass(frozen=True, slots=True)
class _LeftOut:
    names: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Plan:
    tables: list[tuple[View, list[Format]]]
    left_out: list[_LeftOut]


def _lines(left_out: Sequence[_LeftOut], *, most: int | None = None) -> list[str]:
    """Return a line for each reason; of more views than `most` it says how many they are."""
    return [
        f"{', '.join(one.names)}: {one.why}"
        if most is None or len(one.names) <= most
        else f"{len(one.names)} views: {one.why} (README.txt names them)"
        for one in left_out
    ]


@contextmanager
def _one_moment(installation: Installation) -> Iterator[Connection]:
    engine = installation.warehouse.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def _dated(installation: Installation, asked: Asked) -> Asked:
    """Return what is asked with its moment, of a day the last instant that is past."""
    if asked.as_of is None:
        return asked
    with installation.warehouse.connect() as connection:  # before the moment of the files
        at = asked.as_of.until(read_time(connection))
    return replace(asked, choice=replace(asked.choice, as_of=at))


def _about(connection: Connection, installation: Installation, choice: Choice) -> About:
    identity = read_identity(connection)
    return About(
        software=ENGINE,
        installation_id=identity.installation_id,
        origin=identity.origin,
        exported_at=installation.clock(),
        newest_change=read_newest_moment(connection),
        generic_plans=_generic_plans(connection, choice),
    )


def _generic_plans(connection: Connection, choice: Choice) -> dict[Country, tuple[str, ...]]:
    return {
        country: tuple(
            f"{plan.plan_id} version {plan.version}"
            for _, plan in timetable.plans
            if plan.status != "adopted" or kinds_not_national(plan)
        )
        for country, timetable in read_plans(connection, choice.as_of).items()
    }


def _planned(held: Snapshot, dictionary: Dictionary, asked: Asked) -> _Plan:
    """Choose the views and the formats of each, before anything is written."""
    views, left_out = (
        (_named(dictionary, asked), []) if asked.views else _usual(dictionary, asked.choice)
    )
    plan = _Plan([], left_out)
    formats = asked.formats or USUAL_FORMATS
    is_unasked = Format.XLSX not in asked.formats
    most_rows = min(MOST_ROWS, _MOST_ROWS_UNASKED) if is_unasked else MOST_ROWS
    too_long = []
    for whole in views:
        view = asked.choice.columns_of(whole)
        fit = [one for one in formats if not one.is_map or view.has(GEOJSON)]
        if Format.XLSX in fit and held.has_more_than(most_rows, view, asked.choice):
            fit.remove(Format.XLSX)
            too_long.append(view.name)
        if fit:
            plan.tables.append((view, fit))
    _refuse_deaf(asked.choice, views)
    if too_long and not is_unasked:
        raise InputError(
            f"xlsx: {', '.join(too_long)}: more rows than the {MOST_ROWS:,} a sheet of Excel holds; "
            "choose fewer by --from, --until, --country or --index, take a view with the indices "
            "side by side, or another format"
        )
    plan.left_out.extend(
        _LeftOut((f"{name} as XLSX",), f"more than {most_rows:,} rows") for name in too_long
    )
    sheets = [view for view, fit in plan.tables if Format.XLSX in fit]
    if any(view.has(GEOJSON) for view in sheets):
        plan.left_out.append(_LeftOut((f"{GEOJSON} as XLSX",), NO_POLYGON))
    if not plan.tables:
        raise InputError(
            f"export: expected a view with polygons for {', '.join(formats)}, got "
            f"{', '.join(asked.views)}; choose `landscape`, or another format"
        )
    return plan


def _named(dictionary: Dictionary, asked: Asked) -> list[View]:
    found = []
    for name in dict.fromkeys(asked.views):
        view = dictionary.view(name)
        if view is None or not is_readable(view):
            known = ", ".join(one.name for one in dictionary.views if is_readable(one))
            raise InputError(f"--view: expected one of {known}, got {name!r}")
        if asked.choice.as_of and dictionary.function(f"{name}_as_of") is None:
            known = ", ".join(one.name for one in dictionary.views if _is_dated(dictionary, one))
            raise InputError(
                f"--as-of: {name} is not kept as it was at each moment; expected some of {known}"
            )
        found.append(view)
    return found


def _usual(dictionary: Dictionary, choice: Choice) -> tuple[list[View], list[_LeftOut]]:
    """Return the views that are exported when none is named, and those that are not, with reasons."""
    found: list[View] = []
    left_out: list[_LeftOut] = []
    undated: list[str] = []
    for view in dictionary.views:
        if not is_readable(view) or view.name.endswith("_ever"):
            continue
        if choice.as_of and not _is_dated(dictionary, view):
            undated.append(view.name)
        elif view.name in _ON_REQUEST:
            left_out.append(_LeftOut((view.name,), _why_asked(dictionary, view.name, choice)))
        else:
            found.append(view)
    if undated:
        left_out.append(_LeftOut(tuple(undated), "not kept as they were at each moment"))
    return found, left_out


def _why_asked(dictionary: Dictionary, name: str, choice: Choice) -> str:
    what, other, how = _ON_REQUEST[name]
    view = dictionary.view(other) if other else None
    if view is not None and (not choice.as_of or _is_dated(dictionary, view)):
        what += f"; {view.name} {how}"
    return f"{what} (--view {name})"


def _is_dated(dictionary: Dictionary, view: View) -> bool:
    return dictionary.function(f"{view.name}_as_of") is not None


def _refuse_deaf(choice: Choice, views: Sequence[View]) -> None:
    """Refuse a filter that has no meaning in any of the views."""
    heard = {name for view in views for name in choice.heard_by(view)}
    for name in filters_of(choice):
        if name not in heard:
            raise InputError(
                f"--{name}: none of the views has it ({', '.join(view.name for view in views)}); "
                "leave it out, or name another view"
            )


def _refuse_nothing(connection: Connection, choice: Choice, written: Sequence[Written]) -> None:
    concerned = [one.shown for one in written if one.shown.chosen]
    if concerned and not any(shown.rows for shown in concerned):
        words = "; ".join(dict.fromkeys(_in_order(shown) for shown in concerned))
        see = "see `drought status` for what is held"
        first = connection.execute(_FIRST_MOMENT).scalar() if choice.as_of else None
        if first is not None:
            see = (
                f"nothing at all was known here before {moment(first)}; give a later moment or other "
                "filters, or leave --as-of out for what is held now"
            )
        raise InputError(f"export: expected rows, got none for {words}; {see}")


def _in_order(shown: Shown) -> str:
    return ", ".join(f"{name} {words}" for name, words in shown.chosen.items())


def _written(
    held: Snapshot, part: Path, asked: Asked, plan: _Plan, about: About, advance: Advance
) -> list[Written]:
    """Write every table in each of its formats."""
    of = sum(held.estimated_rows(view, asked.choice) for view, _ in plan.tables)
    has_sheets = any(Format.XLSX in formats for _, formats in plan.tables)
    done = 0

    def seen(view: str, rows: int) -> None:
        nonlocal done
        done += rows
        advance(view, done, max(done, of))

    with writing(part, about, asked.choice, asked.style, has_sheets=has_sheets) as files:
        for view, formats in plan.tables:
            files.write(view, formats, held.batches(view, asked.choice), seen)
        files.finish(_lines(plan.left_out))
    return files.written
