"""Columns of numbers to and from Postgres's binary COPY format, rendered by numpy.

Rows that are null in the same places and hold the same words are equally long, so that a group of
them is one array; where groups mix, their rows are put in order again. Rows that come in the order
of a table's key are cheapest for Postgres to take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import sql
from sqlalchemy import Connection

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_LENGTH = np.dtype(">i4")
_NULL = (-1).to_bytes(4, "big", signed=True)
_JSONB_VERSION = b"\x01"
_ELEMENT_OIDS = {"f4": 700, "f8": 701}
_ROWS_AT_ONCE = 1 << 14
_LARGEST_CODE = 2**62
_POSTGRES_EPOCH = np.datetime64("2000-01-01", "D")


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers, dims ``(row,)``, or of arrays of as many, dims ``(row, element)``.

    float64 is ``double precision``, float32 ``real``, int64 ``bigint``, int32 ``integer``, int16
    ``smallint``, bool ``boolean``, datetime64 ``date``.
    """

    values: Array
    is_null: Mask | None = None
    """Dims ``(row,)``; None: a number is null where it is NaN, an array never."""

    def kinds(self) -> tuple[Array, int]:
        """Return what tells rows of different lengths apart, and how many kinds there are."""
        is_null = self._nulls()
        if is_null is None or not is_null.any():
            return np.zeros(len(self.values), np.int64), 1
        return is_null, 2

    def _nulls(self) -> Mask | None:
        if self.is_null is not None:
            return self.is_null
        is_float = self.values.ndim == 1 and self.values.dtype.kind == "f"
        return np.isnan(self.values) if is_float else None

    def piece(self, kind: int) -> tuple[bytes, Array | None]:
        """Return the bytes before the value and the values, still as this machine writes them.

        Arrays are opaque and as Postgres writes them; None for a null.
        """
        if kind == 1:
            return _NULL, None
        values = _as_postgres(self.values)
        if values.ndim == 1:
            return _int32(values.itemsize), values
        values = values.astype(values.dtype.newbyteorder(">"))
        fields = np.empty(values.shape, np.dtype([("length", _LENGTH), ("value", values.dtype)]))
        fields["length"], fields["value"] = values.itemsize, values
        size = values.shape[1] * fields.itemsize
        oid = _ELEMENT_OIDS[values.dtype.str[1:]]
        head = b"".join(map(_int32, (1, 0, oid, values.shape[1], 1)))
        # One opaque item a row, so that it is copied like a single number.
        opaque = fields.view(np.dtype((np.void, size)))[:, 0]
        return _int32(len(head) + size) + head, opaque


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A column of few different words: row n holds ``words[codes[n]]``; None is null."""

    codes: Array
    words: Sequence[str | None]
    is_jsonb: bool = False

    @classmethod
    def same(cls, word: str, rows: int) -> Words:
        """One word for all rows."""
        return cls(np.zeros(rows, np.int64), [word])

    def kinds(self) -> tuple[Array, int]:
        """As `Numbers.kinds`."""
        return self.codes, len(self.words)

    def piece(self, kind: int) -> tuple[bytes, Array | None]:
        """As `Numbers.piece`; the word is among the bytes before the value, which there is none."""
        word = self.words[kind]
        if word is None:
            return _NULL, None
        content = (_JSONB_VERSION if self.is_jsonb else b"") + word.encode()
        return _int32(len(content)) + content, None


Column = Numbers | Words


def rendered(columns: Sequence[Column]) -> Iterator[bytes]:
    """Yield files that COPY … FROM STDIN (FORMAT binary) reads, of some thousand rows each."""
    kinds = [column.kinds() for column in columns]
    number, firsts = distinct(kinds)
    pieces: dict[tuple[int, int], tuple[bytes, Array | None]] = {}

    def group(first: int) -> _Group:
        """What a row has in common with all of the same number."""
        shared = []
        for position, (column, (of_column, _)) in enumerate(zip(columns, kinds, strict=True)):
            kind = (position, int(of_column[first]))
            if kind not in pieces:
                pieces[kind] = column.piece(kind[1])
            shared.append(pieces[kind])
        return _Group.of(shared)

    groups: dict[int, _Group] = {}
    for start in range(0, len(number), _ROWS_AT_ONCE):
        block = number[start : start + _ROWS_AT_ONCE]
        present = np.flatnonzero(np.bincount(block)).tolist()
        for n in present:
            if n not in groups:
                groups[n] = group(int(firsts[n]))
        yield b"".join((HEADER, _in_order(block, start, {n: groups[n] for n in present}), TRAILER))


def _in_order(numbers: Positions, start: int, groups: Mapping[int, _Group]) -> bytes:
    """Render the rows from `start` on, whose groups `numbers` tells."""
    if len(groups) == 1:
        (only,) = groups.values()
        return only.rows(np.arange(start, start + len(numbers))).tobytes()
    rows = np.empty(len(numbers), object)
    for number, group in groups.items():
        at = np.flatnonzero(numbers == number)
        rows[at] = group.rows(start + at).tolist()
    return b"".join(rows)


def distinct(codes: Iterable[tuple[Array, int]]) -> tuple[Positions, Positions]:
    """Number the rows of several columns of small codes: equal rows, equal number.

    Args:
        codes: of each column the codes, dims ``(row,)``, and one more than the largest of them.

    Returns:
        The number of each row, from 0, and of each number the first row that has it.
    """
    whole: Array | None = None
    size = 1
    for column, kinds in codes:
        if whole is None:
            whole, size = column.astype(np.int64), kinds
            continue
        if kinds == 1:
            continue
        if size * kinds > _LARGEST_CODE:
            unique, whole = np.unique(whole, return_inverse=True)
            size = len(unique)
        whole = whole * kinds + column
        size *= kinds
    assert whole is not None  # noqa: S101 - a table has columns
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return number.astype(np.intp), first.astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Rows that are equally long: a template, and where each number goes in it."""

    template: Array
    record: np.dtype[np.void]
    numbers: tuple[Array, ...]

    @classmethod
    def of(cls, pieces: Sequence[tuple[bytes, Array | None]]) -> _Group:
        """What rows of these pieces share."""
        template = bytearray(len(pieces).to_bytes(2, "big"))
        places: list[int] = []
        for before, values in pieces:
            template += before
            if values is not None:
                places.append(len(template))
                template += bytes(values.itemsize)
        numbers = tuple(values for _, values in pieces if values is not None)
        record = np.dtype(
            {
                "names": [f"n{n}" for n in range(len(numbers))],
                "formats": [values.dtype.newbyteorder(">") for values in numbers],
                "offsets": places,
                "itemsize": len(template),
            }
        )
        return cls(np.frombuffer(bytes(template), np.uint8), record, numbers)

    def rows(self, at: Positions) -> Array:
        """The rows at these positions, one opaque item each."""
        block = np.empty((len(at), len(self.template)), np.uint8)
        block[:] = self.template
        records = block.view(self.record)[:, 0]
        for n, values in enumerate(self.numbers):
            records[f"n{n}"] = values[at]
        return block.view(np.dtype((np.void, len(self.template))))[:, 0]


def _as_postgres(values: Array) -> Array:
    if values.dtype.kind == "M":
        return ((values.astype("datetime64[D]") - _POSTGRES_EPOCH).astype(np.int64)).astype("i4")
    return values.astype(np.uint8) if values.dtype.kind == "b" else values


def _int32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def among(column: str, keys: Sequence[int]) -> sql.Composed:
    """Return the condition that `column` is one of `keys`, or at least near them.

    Keys that lie close together become a range, which the planner finds a better way for than for
    a list of thousands; the caller leaves out what else is in it.
    """
    name, least, most = sql.Identifier(column), min(keys, default=0), max(keys, default=0)
    if most - least < 2 * len(keys):
        return sql.SQL("{} BETWEEN {} AND {}").format(name, sql.Literal(least), sql.Literal(most))
    return sql.SQL("{} = ANY({})").format(name, sql.Literal(list(keys)))


def places_of(found: Array, keys: Sequence[int]) -> tuple[Mask, Positions]:
    """Return which of the keys `found` are among `keys`, and at which position those are."""
    known = np.array(keys)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known, found, sorter=order), len(known) - 1)
    position = order[at]
    is_ours = known[position] == found
    return is_ours, position[is_ours]


def read_columns(
    connection: Connection, query: sql.Composed, columns: Sequence[tuple[str, str]]
) -> Array:
    """Return the rows of `query`, none of whose values is null, as one structured array.

    Args:
        connection: the caller's transaction.
        query: its columns are of the types of `columns`, in their order.
        columns: names and numpy types: ``i4`` for ``integer``, ``f8`` for ``double precision``,
            ``u1`` for ``boolean``, ``M8[D]`` for ``date``.
    """
    cursor = connection.connection.cursor()
    with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)) as copy:
        content = bytearray()
        for part in copy:
            content += part
    wire = [("count", ">i2")]
    for name, kind in columns:
        wire += [(f"{name} length", ">i4"), (name, ">i4" if kind == "M8[D]" else f">{kind}")]
    body = memoryview(content)[len(HEADER) : -len(TRAILER)]
    rows = np.frombuffer(body, np.dtype(wire))
    found = np.empty(len(rows), np.dtype([(name, kind) for name, kind in columns]))
    for name, kind in columns:
        is_date = kind == "M8[D]"
        found[name] = _POSTGRES_EPOCH + rows[name].astype("m8[D]") if is_date else rows[name]
    return found
