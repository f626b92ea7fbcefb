"""Columns of numbers saved at once: as rows saved one by one, and read back to the last bit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from pipeline.core.gaps import Gap
from pipeline.warehouse.binary import Column, Numbers, Words, among, read_columns
from pipeline.warehouse.upsert import save_columns, save_rows
from tests.integration.little_world import (
    JANUARY,
    SOURCE,
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
    told,
)

pytestmark = pytest.mark.postgres

KINDS = ("final", "preliminary", None)
TABLE = """
CREATE TABLE public.{name} (
    key integer NOT NULL, month date NOT NULL, value double precision, shares real[], kind text,
    note jsonb, file bigint, PRIMARY KEY (key, month)
)
"""
Row = tuple[int, int, float | None, str | None, int]
_numbers = itertools.count(1)

ROWS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 400),
        st.none() | st.floats(allow_nan=False),
        st.sampled_from(KINDS),
        st.integers(1, 2),
    ),
    max_size=12,
    unique_by=lambda row: row[:2],
)


def columns(rows: Sequence[Row]) -> Mapping[str, Column]:
    keys, months, values, kinds, files = zip(*rows, strict=True) if rows else ((),) * 5
    kind = np.array([KINDS.index(one) for one in kinds], dtype=np.int64)
    count = len(rows)
    return {
        "key": Numbers(np.array(keys, "i4")),
        "month": Numbers(np.datetime64("1950-01-01") + np.array(months, "m8[D]")),
        "value": Numbers(np.array(values, float)),
        "shares": Numbers(np.ones((count, 3), "f4"), is_null=kind == 1),
        "kind": Words(kind, KINDS),
        "note": Words(kind, ["{}", '{"a": "б"}', None], is_jsonb=True),
        "file": Numbers(np.array(files, "i8")),
    }


def as_rows(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    start = np.datetime64("1950-01-01")
    return [
        (
            key,
            (start + np.timedelta64(day, "D")).item(),
            value,
            None if kind == "preliminary" else [1.0, 1.0, 1.0],
            kind,
            {"final": "{}", "preliminary": '{"a": "б"}', None: None}[kind],
            file,
        )
        for key, day, value, kind, file in rows
    ]


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(ROWS, min_size=1, max_size=3))
def test_columns_are_saved_as_rows_are(warehouse: Engine, batches: list[list[Row]]) -> None:
    number = next(_numbers)
    names = (f"by_row_{number}", f"by_column_{number}")
    keys = ("key", "month")
    for name in names:
        with warehouse.begin() as connection:
            connection.execute(text(TABLE.format(name=name)))
    for batch in batches:
        given = columns(batch)
        with warehouse.begin() as connection:
            one = save_rows(
                connection, ("public", names[0]), keys, tuple(given), as_rows(batch), ("file",)
            )
            other = save_columns(
                connection, ("public", names[1]), keys, given, incidental=("file",)
            )
        assert one == other
        held = [told(warehouse, f"SELECT * FROM public.{name} ORDER BY 1, 2") for name in names]  # noqa: S608 - names above
        assert held[0] == held[1]


def test_new_rows_go_straight_in_and_a_row_that_is_held_is_refused(warehouse: Engine) -> None:
    rows: list[Row] = [(1, 0, 0.1, "final", 1), (1, 31, None, None, 1)]

    def save(connection: Connection) -> int:
        return save_columns(
            connection, ("public", "straight"), ("key", "month"), columns(rows), are_new=True
        )

    with warehouse.begin() as connection:
        connection.execute(text(TABLE.format(name="straight")))
        assert save(connection) == 2
    with pytest.raises(Exception, match="duplicate key"), warehouse.begin() as connection:
        save(connection)


@pytest.mark.parametrize("keys", [[1, 2, 9], [1, 9]], ids=["a range", "two far apart"])
def test_numbers_are_read_back_to_the_last_bit(warehouse: Engine, keys: list[int]) -> None:
    values = {1: 0.1, 2: -1 / 3, 9: 5e-324}
    rows: list[Row] = [(key, 31, value, "final", 1) for key, value in values.items()]
    with warehouse.begin() as connection:
        connection.execute(text(TABLE.format(name="read_back")))
        save_columns(connection, ("public", "read_back"), ("key", "month"), columns(rows))
        query = sql.SQL("SELECT key, month, value, file = 1 FROM public.read_back WHERE {}").format(
            among("key", keys)
        )
        kinds = [("key", "i4"), ("month", "M8[D]"), ("value", "f8"), ("first", "u1")]
        found = read_columns(connection, query, kinds)
    assert found["key"].tolist() == keys
    assert found["value"].tolist() == [values[key] for key in keys]
    assert set(found["month"].astype(str)) == {"1950-02-01"}
    assert found["first"].tolist() == [1] * len(keys)


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    settle(warehouse, [landscape("A"), landscape("B")])
    return warehouse


def test_new_rows_lie_in_the_order_of_their_key(world: Engine) -> None:
    # Rows with a gap are shorter than those without, and are not put apart.
    say_spi_3(world, {"A": [-1.2, Gap.REJECTED, 0.1], "B": [Gap.REJECTED, 0.2, 0.3]})
    lying = told(world, "SELECT month, landscape_key FROM index.value_month ORDER BY ctid")
    assert len(lying) == 6
    assert lying == sorted(lying)


def test_equal_rows_are_not_even_locked(world: Engine) -> None:
    # A row that was locked or written has another transaction at its end.
    touched = "SELECT xmin::text, xmax::text, ctid::text FROM index.value_month ORDER BY 1, 2, 3"
    say_spi_3(world, {"A": [-1.2, 0.3], "B": [0.1, 0.2]})
    before = told(world, touched)
    assert say_spi_3(world, {"A": [-1.2, 0.3], "B": [0.1, 0.2]}) == 0
    assert told(world, touched) == before


def test_rows_replaced_at_once_are_all_kept(world: Engine) -> None:
    say_spi_3(world, {"A": [-1.2, 0.3], "B": [0.1, 0.2]})
    assert say_spi_3(world, {"A": [-1.3, 0.3], "B": [0.2, 0.3]}) == 3
    kept = told(
        world,
        "SELECT o.landscape_key, o.month, o.spi_3, o.known_until = n.known_from "
        "FROM index.value_month_superseded AS o JOIN index.value_month AS n "
        "USING (landscape_key, month, source, calibration) ORDER BY 1, 2",
    )
    first, second = JANUARY.first_day, (JANUARY + 1).first_day
    assert kept == [(1, first, -1.2, True), (2, first, 0.1, True), (2, second, 0.2, True)]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        pytest.param("spi_veg = -3.1", "standardised_values_are_cut", id="beyond the cut"),
        pytest.param("sma_3 = 'NaN'", "standardised_values_are_cut", id="no number"),
        pytest.param("spei_1 = 3.1", "standardised_values_are_cut", id="beyond it above"),
        pytest.param("pn_6 = -1", "percents_are_not_negative", id="less than nothing"),
        pytest.param("pn_12 = 'infinity'", "percents_are_not_negative", id="without end"),
        pytest.param("landscape_version = 7", "a landscape or version", id="an unknown version"),
    ],
)
def test_a_value_that_cannot_be_is_refused(world: Engine, change: str, refusal: str) -> None:
    say_spi_3(world, {"A": [-1.2]})
    with pytest.raises(IntegrityError, match=refusal), world.begin() as connection:
        connection.execute(text(f"UPDATE index.value_month SET {change}"))  # noqa: S608 - above


class TestHeadwater:
    def values(self, warehouse: Engine) -> list[tuple[object, ...]]:
        return told(
            warehouse,
            "SELECT landscape_id, headwater_landscape_id, value, source "
            "FROM mart.headwater_index_month WHERE index_code = 'spi_3' ORDER BY 1, 4",
        )

    @pytest.fixture
    def linked(self, warehouse: Engine) -> Engine:
        """B is irrigated from A."""
        below = replace(landscape("B"), headwater_landscape_id="A")
        settle(warehouse, [landscape("A"), below, landscape("C")])
        say_spi_3(warehouse, {"A": [-1.2], "B": [0.3], "C": [0.4]})
        return warehouse

    def test_a_landscape_is_shown_the_index_of_the_water_it_lives_on(self, linked: Engine) -> None:
        assert self.values(linked) == [("B", "A", -1.2, SOURCE)]

    def test_every_index_is_there_once(self, linked: Engine) -> None:
        codes = "SELECT count(*), count(DISTINCT index_code) FROM mart.headwater_index_month"
        assert told(linked, codes) == [(31, 31)]

    @pytest.mark.parametrize(
        ("disclosure", "sources"),
        [("open", ["blended", SOURCE]), ("restricted", [SOURCE])],
        ids=["open gauges are shown", "closed gauges are not"],
    )
    def test_what_closed_gauges_gave_the_headwater_is_not_shown(
        self, linked: Engine, disclosure: str, sources: list[str]
    ) -> None:
        with linked.begin() as connection:
            connection.execute(
                text("INSERT INTO series.station (station_id, disclosure) VALUES ('G', :how)"),
                {"how": disclosure},
            )
            connection.execute(
                text(
                    "INSERT INTO series.landscape_gauge (landscape_key, station_id) VALUES (1, 'G');"
                    "CREATE TEMP TABLE one AS SELECT * FROM index.value_month WHERE landscape_key = 1;"
                    "UPDATE one SET source = 'blended'; INSERT INTO index.value_month SELECT * FROM one"
                )
            )
        assert [source for *_, source in self.values(linked)] == sources


def test_the_drivers_of_a_month_are_shown(world: Engine) -> None:
    drivers = {
        "pet_hargreaves_mm": 91.5,
        "soil_moisture_m3_m3": 0.25,
        "snow_water_equivalent_mm": 12.0,
        "snow_melt_mm": 3.5,
        "snowfall_mm": 0.0,
    }
    with world.begin() as connection:
        say_climate(
            connection, 1, JANUARY, 20.0, file_id=grid_file(connection, number=2), beside=drivers
        )
    ((shown,),) = told(world, "SELECT to_jsonb(c) FROM mart.climate_month AS c")
    assert isinstance(shown, dict)
    assert {name: shown[name] for name in drivers} == drivers
