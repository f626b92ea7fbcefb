from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.warehouse.binary import Column, Numbers, Words, distinct, places_of, rendered


def rows(columns: list[Column]) -> list[list[bytes | None]]:
    """The rows of all rendered files."""
    return [row for file in rendered(columns) for row in rows_of(file)]


def rows_of(content: bytes) -> list[list[bytes | None]]:
    """Take a file apart, as the manual of COPY describes it."""
    assert content[:11] == b"PGCOPY\n\xff\r\n\0"
    at, found = 19, []
    while (count := struct.unpack_from(">h", content, at)[0]) != -1:
        at += 2
        row: list[bytes | None] = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", content, at)
            at += 4
            row.append(None if length < 0 else content[at : at + length])
            at += max(length, 0)
        found.append(row)
    assert len(content) == at + 2
    return found


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param(Numbers(np.array([1.5])), struct.pack(">d", 1.5), id="double precision"),
        pytest.param(Numbers(np.array([1.5], "f4")), struct.pack(">f", 1.5), id="real"),
        pytest.param(Numbers(np.array([-7], "i4")), struct.pack(">i", -7), id="integer"),
        pytest.param(Numbers(np.array([-7], "i8")), struct.pack(">q", -7), id="bigint"),
        pytest.param(Numbers(np.array([True])), b"\x01", id="boolean"),
        pytest.param(
            Numbers(np.array(["2000-02-01"], "M8[D]")), struct.pack(">i", 31),
            id="a date is days since 2000",
        ),
        pytest.param(Numbers(np.array([np.nan])), None, id="no number is a null"),
        pytest.param(
            Numbers(np.array([3], "i4"), is_null=np.array([True])), None, id="a null said outright"
        ),
        pytest.param(
            Numbers(np.array([[1.5, -2.0]], "f4")),
            struct.pack(">iiiii", 1, 0, 700, 2, 1) + struct.pack(">ifif", 4, 1.5, 4, -2.0),
            id="an array of reals: dimensions, nulls, type, length, lower bound, elements",
        ),
        pytest.param(Words.same("Хатлон", 1), "Хатлон".encode(), id="text"),
        pytest.param(Words(np.array([0]), ["{}"], is_jsonb=True), b"\x01{}", id="jsonb"),
        pytest.param(Words(np.array([1]), ["a", None]), None, id="no word is a null"),
    ],
)  # fmt: skip
def test_how_a_value_is_written(column: Column, expected: bytes | None) -> None:
    assert rows([column]) == [[expected]]


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, width=64))
WORDS = st.sampled_from(["", "final", "preliminary", None])


@given(st.lists(st.tuples(NUMBERS, WORDS, NUMBERS), min_size=1, max_size=40))
def test_every_row_comes_out_whole_and_in_order(
    given_rows: list[tuple[float | None, str | None, float | None]],
) -> None:
    words = ["", "final", "preliminary", None]
    one, word, other = zip(*given_rows, strict=True)
    found = rows(
        [
            Numbers(np.array(one, dtype=float)),
            Words(np.array([words.index(w) for w in word]), words),
            Numbers(np.array(other, dtype=float)),
        ]
    )

    def packed(value: float | str | None) -> bytes | None:
        if isinstance(value, str):
            return value.encode()
        return None if value is None else struct.pack(">d", value)

    expected = [[packed(value) for value in row] for row in given_rows]
    assert found == expected


def test_order_is_kept_from_one_file_to_the_next() -> None:
    values = np.arange(40_000, dtype=float)
    values[::3] = np.nan
    columns: list[Column] = [Numbers(np.arange(40_000, dtype="i4")), Numbers(values)]
    assert len(list(rendered(columns))) == 3
    found = rows(columns)
    assert [key for key, _ in found] == [struct.pack(">i", n) for n in range(40_000)]
    assert [n for n, (_, value) in enumerate(found) if value is None] == list(range(0, 40_000, 3))


@given(
    st.integers(1, 20).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 8), min_size=width, max_size=width), min_size=1, max_size=30
        )
    )
)
def test_equal_rows_have_equal_numbers_however_many_columns_there_are(
    given_rows: list[list[int]],
) -> None:
    columns = np.array(given_rows).T
    # As many kinds as make the numbers overflow if they were only multiplied.
    number, first = distinct([(column, 1000) for column in columns])
    for n, row in enumerate(given_rows):
        assert given_rows[first[number[n]]] == row
    assert len(first) == len({tuple(row) for row in given_rows})


def test_keys_are_found_in_any_order_and_strangers_left_out() -> None:
    is_ours, place = places_of(np.array([7, 3, 9, 5, 1]), [5, 7, 3])
    assert is_ours.tolist() == [True, True, False, True, False]
    assert place.tolist() == [1, 2, 0]
