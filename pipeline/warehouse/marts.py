"""Reading views of `mart` whole, as a stream of Arrow batches, all at one moment.

The batches come by binary COPY (ADBC), an order of magnitude faster than through a cursor. Where
the login may, the rows are read in the role `drought_analyst`: what that role cannot see is not
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi
from psycopg import Cursor, sql
from sqlalchemy import Connection, text

from pipeline.core.dictionary import View
from pipeline.core.ids import INDEX_CODES, Country, IndexCode
from pipeline.core.months import Month

ANALYST = "drought_analyst"

_AS_THEY_ARE = {
    "text", "character varying", "date", "timestamp with time zone", "boolean", "smallint",
    "integer", "bigint", "real", "double precision", "real[]", "double precision[]", "integer[]",
    "bigint[]", "text[]",
}  # fmt: skip
_ORDER = ("landscape_id", "station_id", "drought_type", "index_code", "class", "source",
          "calibration", "month")  # fmt: skip
"""What rows are sorted by first, so that a condition on it skips most of a file."""
_BYTES_A_BATCH = 16 << 20
_ROWS_A_PART = 100_000
_MEMORY = "64MB"
"""A large view is read landscapes by landscapes, in parts that Postgres sorts in that memory: sorted
as a whole, 57 million rows would lie on its disk twice."""
_LANDSCAPE = sql.Identifier("t", "landscape_id")
_INDICES = frozenset(map(str, INDEX_CODES))
# Since Postgres 16 whoever made a role is its member, and may yet not take it.
_MAY_TAKE_ROLE = text(
    "SELECT pg_has_role(current_user, :role, CASE WHEN current_setting('server_version_num')::integer "
    "< 160000 THEN 'MEMBER' ELSE 'SET' END)"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are wanted; what is empty or None leaves all in."""

    first: Month | None = None
    last: Month | None = None
    countries: tuple[Country, ...] = ()
    indices: tuple[IndexCode, ...] = ()
    sources: tuple[str, ...] = ()
    calibrations: tuple[str, ...] = ()
    as_of: datetime | None = None

    def heard_by(self, view: View) -> dict[str, str]:
        """Return the part of the choice that has a meaning in `view`, in words, by its name."""
        said = {
            "from": ("month", str(self.first or "")),
            "until": ("month", str(self.last or "")),
            "source": ("source", ", ".join(self.sources)),
            "calibration": ("calibration", ", ".join(self.calibrations)),
        }
        heard = {name: words for name, (column, words) in said.items() if view.has(column)}
        if view.has("country_code") or view.has("landscape_id"):
            heard["country"] = ", ".join(self.countries)
        if view.has("index_code") or _index_columns(view):
            heard["index"] = ", ".join(map(str, self.indices))
        heard["as of"] = self.as_of.isoformat() if self.as_of else ""
        return {name: words for name, words in heard.items() if words}

    def columns_of(self, view: View) -> View:
        """Return `view` with the columns that are wanted of it: of indices side by side the chosen."""
        wanted = set(map(str, self.indices))
        if not wanted or not _index_columns(view):
            return view
        kept = tuple(c for c in view.columns if c.name not in _INDICES or c.name in wanted)
        return View(view.name, view.meaning, kept)


def _index_columns(view: View) -> list[str]:
    return [column.name for column in view.columns if column.name in _INDICES]


def is_readable(view: View) -> bool:
    """Return whether `view` can leave as a table: geometries of PostGIS stay where they are."""
    return all(not column.type.startswith("geometry") for column in view.columns)


@dataclass(slots=True)
class Snapshot:
    """The warehouse at one moment, whatever is committed meanwhile; open it with `snapshot`."""

    _connection: Connection
    _arrow: dbapi.Connection

    def estimated_rows(self, view: View, choice: Choice) -> int:
        """Return how many rows the planner expects; for a bar of progress."""
        plan = self._connection.connection.cursor()
        plan.execute(sql.SQL("EXPLAIN (FORMAT JSON) {}").format(_query(view, choice)))
        return int(plan.fetchone()[0][0]["Plan"]["Plan Rows"])  # type: ignore[index]

    def has_more_than(self, limit: int, view: View, choice: Choice) -> bool:
        """Return whether there are more rows than `limit`; counts no further."""
        cursor: Cursor[tuple[int]] = self._connection.connection.cursor()  # type: ignore[assignment]
        count = sql.SQL("SELECT count(*) FROM (SELECT FROM {} AS t {} LIMIT {}) AS held").format(
            _relation(view, choice), _where(view, choice), sql.Literal(limit + 1)
        )
        row = cursor.execute(count).fetchone()
        return row is not None and row[0] > limit

    def batches(self, view: View, choice: Choice) -> Iterator[pa.RecordBatch]:
        """Yield the rows in an order that is the same each time; at least one batch, maybe empty.

        Raises:
            ConnectionError: the database gave up on the way.
        """
        for part in self._parts(view, choice):
            query = _query(view, choice, part).as_string() + _order(view)
            with _told_as_ours(), self._arrow.cursor() as cursor:
                cursor.adbc_statement.set_options(
                    **{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BYTES_A_BATCH)}
                )
                cursor.execute(query)
                reader = cursor.fetch_record_batch()
                yield pa.RecordBatch.from_pylist([], schema=reader.schema)
                yield from reader

    def _parts(self, view: View, choice: Choice) -> Iterator[sql.Composable | None]:
        """Yield conditions of which every row meets one and only one; None: all rows at once."""
        rows = self.estimated_rows(view, choice)
        if rows <= 2 * _ROWS_A_PART or not view.has("landscape_id"):
            yield None
            return
        names = self._connection.execute(
            text('SELECT landscape_id FROM mart.landscape ORDER BY landscape_id COLLATE "C"')
        )
        ids = list(names.scalars())
        step = max(1, len(ids) * _ROWS_A_PART // rows)
        for start in range(0, len(ids), step):
            yield _is_among(_LANDSCAPE, ids[start : start + step])
        # No constraint holds every view to the landscapes that have a version. It costs next to
        # nothing: Postgres finds no other landscape before it looks for rows of one.
        yield sql.SQL("({0} IS NULL OR {0} <> ALL({1}::text[]))").format(
            _LANDSCAPE, sql.Literal(ids)
        )


@contextmanager
def snapshot(connection: Connection) -> Iterator[Snapshot]:
    """Give the warehouse as the transaction of `connection` sees it, to be read as an analyst.

    Args:
        connection: its transaction must be of isolation REPEATABLE READ.

    Raises:
        ConnectionError: the database does not answer.
    """
    name = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    is_member = connection.execute(_MAY_TAKE_ROLE, {"role": ANALYST}).scalar_one()
    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with _told_as_ours(), dbapi.connect(url) as arrow:
        orders = [
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            f"SET TRANSACTION SNAPSHOT {sql.Literal(name).as_string()}",
            "SET LOCAL TimeZone = 'UTC'",
            f"SET LOCAL work_mem = '{_MEMORY}'",
            *([f"SET LOCAL ROLE {ANALYST}"] if is_member else []),
        ]
        for order in orders:
            with arrow.cursor() as cursor:
                cursor.execute(order)
        yield Snapshot(connection, arrow)


def read_newest_moment(connection: Connection) -> datetime | None:
    """Return when something was last written of what is known; None: nothing yet."""
    newest = connection.execute(text("SELECT max(committed_at) FROM ops.moment")).scalar()
    return newest if isinstance(newest, datetime) else None


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """Make the driver's faults faults of the outside world, which may be tried again."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        lines = str(error).splitlines() or ["no reason given"]
        raise ConnectionError(f"database: {lines[0]}") from error


def _query(view: View, choice: Choice, part: sql.Composable | None = None) -> sql.Composed:
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(_value(c.name, c.type), sql.Identifier(c.name))
        for c in view.columns
    )
    return sql.SQL("SELECT {} FROM {} AS t {}").format(
        columns, _relation(view, choice), _where(view, choice, part)
    )


def _value(name: str, type_: str) -> sql.Composed:
    column = sql.Identifier("t", name)
    if type_ == "numeric":
        return sql.SQL("{}::double precision").format(column)
    if name == "known_until":
        # Other programs know no infinity among times: still known is an empty field.
        return sql.SQL("nullif({}, 'infinity')").format(column)
    return sql.SQL("{}" if type_ in _AS_THEY_ARE else "{}::text").format(column)


def _relation(view: View, choice: Choice) -> sql.Composed:
    if choice.as_of is None:
        return sql.SQL("{}").format(sql.Identifier("mart", view.name))
    return sql.SQL("{}({}::timestamptz)").format(
        sql.Identifier("mart", f"{view.name}_as_of"), sql.Literal(choice.as_of.isoformat())
    )


def _where(view: View, choice: Choice, part: sql.Composable | None = None) -> sql.Composable:
    conditions: list[sql.Composable] = [
        sql.SQL("t.{} {} {}").format(sql.Identifier(column), sql.SQL(sign), sql.Literal(value))
        for column, sign, value in (
            ("month", ">=", _day(choice.first)),
            ("month", "<=", _day(choice.last)),
        )
        if value is not None and view.has(column)
    ]
    for column, among in (
        ("source", list(choice.sources)),
        ("calibration", list(choice.calibrations)),
        ("index_code", list(map(str, choice.indices))),
    ):
        if among and view.has(column):
            conditions.append(_is_among(sql.Identifier("t", column), among))
    if choice.countries:
        conditions.extend(_in_countries(view, list(map(str, choice.countries))))
    if part is not None:
        conditions.append(part)
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")


def _in_countries(view: View, countries: list[str]) -> list[sql.Composed]:
    if view.has("country_code"):
        return [_is_among(sql.Identifier("t", "country_code"), countries)]
    if not view.has("landscape_id"):
        return []
    within = sql.SQL("t.landscape_id IN (SELECT landscape_id FROM mart.landscape AS l WHERE {})")
    return [within.format(_is_among(sql.Identifier("l", "country_code"), countries))]


def _is_among(column: sql.Identifier, values: list[str]) -> sql.Composed:
    return sql.SQL("{} = ANY({}::text[])").format(column, sql.Literal(values))


def _day(month: Month | None) -> date | None:
    return month.first_day if month else None


def _order(view: View) -> str:
    """Sort all rows, by letters as they are stored: no locale changes the order."""
    leading = [name for name in _ORDER if view.has(name)]
    if view.has("row_key"):
        leading.append("row_key")
    else:
        leading += [c.name for c in view.columns if c.name not in leading]
    types = {column.name: column.type for column in view.columns}
    keys = (
        sql.Identifier(name).as_string() + (' COLLATE "C"' if types[name] == "text" else "")
        for name in leading
    )
    return " ORDER BY " + ", ".join(keys)
