"""The main questions are answered by index: EXPLAIN says so, asked as an analyst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from pipeline.core.ids import INDEX_CODES, Origin
from pipeline.core.panels import Panel
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.indices import save_index_values
from pipeline.warehouse.landscapes import read_landscapes
from tests.integration.conftest import TEMPLATE
from tests.integration.little_world import JANUARY, PERIOD, SOURCE, landscape, settle

pytestmark = pytest.mark.postgres

LANDSCAPES, MONTHS, REVISED = 300, 400, 24
LARGE = {
    *("value_month", "value_month_superseded", "stage_month", "stage_month_superseded"),
    "climate_month",
}
LANDSCAPE, MONTH, LONG = "landscape_id = 'L007'", "month = '2030-07-01'", "index_code = 'spi_3'"
KEY, STAGES, STAGES_OF_MONTH = "value_month_pkey", "stage_month_pkey", "stage_month_month_idx"
OLD = "value_month_superseded_landscape_key_month_replaced_number_idx"
OLD_MONTH = "value_month_superseded_month_idx"

# Stages stand on three rows a landscape and month: one for each drought type.
STAGE_ROWS = text("""
INSERT INTO plan.stage_month (
    landscape_key, month, drought_type, plan_id, plan_version, stage, stage_rank, since_month,
    is_confirmed, silent_months)
SELECT landscape_key, CAST(:first AS date) + n * interval '1 month', one, plan_id, version, 'none',
    0, CAST(:first AS date), TRUE, 0
FROM landscape.landscape CROSS JOIN generate_series(0, :months - 1) AS n
CROSS JOIN unnest(ARRAY['meteorological', 'agricultural', 'hydrological']) AS one
CROSS JOIN (SELECT plan_id, version FROM plan.document LIMIT 1) AS d
ORDER BY n, landscape_key
""")
CLIMATE_ROWS = text("""
INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, coverage_fraction, release, origin, file_id)
SELECT landscape_key, CAST(:first AS date) + n * interval '1 month', 'era5-land', 1, 10, 1, 'final', 'real',
    (SELECT min(file_id) FROM ops.file)
FROM landscape.landscape CROSS JOIN generate_series(0, :months - 1) AS n
ORDER BY n, landscape_key
""")
REVISED_STAGES = text("""
UPDATE plan.stage_month SET is_confirmed = FALSE
WHERE drought_type = 'agricultural' AND month >= CAST(:since AS date)
""")


def save_indices(warehouse: Engine, first: int, months: int, more: float) -> None:
    rng = np.random.default_rng(3)
    shape = (months, LANDSCAPES)
    gaps = np.zeros(shape, np.uint8)
    with warehouse.begin() as connection:
        keys, versions = zip(
            *((one.landscape_key, one.version) for one in read_landscapes(connection)), strict=True
        )
        values = {
            code: Panel(JANUARY + first, rng.random(shape) + more, gaps) for code in INDEX_CODES
        }
        series = Series(SOURCE, PERIOD, keys, versions)
        save_index_values(connection, series, values, gaps > 0, Origin.REAL)


@pytest.fixture(scope="module")
def full(postgres: EmbeddedPostgres) -> Iterator[tuple[Engine, datetime]]:
    """A warehouse with rows enough that the planner has to choose, and a moment before revisions."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE question_plans TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url("question_plans"))
    settle(engine, [landscape(f"L{n:03}") for n in range(LANDSCAPES)])
    save_indices(engine, 0, MONTHS, 0.0)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(STAGE_ROWS, {"first": JANUARY.first_day, "months": MONTHS})
        connection.execute(text("SELECT plan.make_latest_stages()"))
        connection.execute(CLIMATE_ROWS, {"first": JANUARY.first_day, "months": MONTHS})
    with engine.connect() as connection:
        then: datetime = connection.execute(text("SELECT now()")).scalar_one()
    save_indices(engine, MONTHS - REVISED, REVISED, 0.5)
    with engine.begin() as connection:
        since = (JANUARY + (MONTHS - REVISED)).first_day
        connection.execute(REVISED_STAGES, {"since": since})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    yield engine, then
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE question_plans WITH (FORCE)"))
    admin.dispose()


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def ways(connection: Connection, question: str, then: datetime) -> tuple[set[str], set[str]]:
    """Return the indexes an analyst's question goes by, and the large tables it reads through.

    An index that is read from one end to the other is no way either: its table counts as read.
    """
    connection.execute(text("SET LOCAL ROLE drought_analyst"))
    return scans(connection, question, {"then": then} if ":then" in question else {})


def scans(
    connection: Connection, question: str, given: Mapping[str, Any]
) -> tuple[set[str], set[str]]:
    """The same in whatever role the connection is."""
    plan = connection.execute(text(f"EXPLAIN (FORMAT json) {question}"), given).scalar_one()
    indexes, read_through = set(), set()
    for node in nodes(plan[0]["Plan"]):
        is_bounded = "Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan"
        if "Index Name" in node and is_bounded:
            indexes.add(node["Index Name"])
        elif "Relation Name" in node and not is_bounded:
            read_through |= {node["Relation Name"]} & LARGE
    return indexes, read_through


MAIN = [
    pytest.param(
        f"SELECT month, spi_3 FROM mart.index_month_wide WHERE {LANDSCAPE} ORDER BY month",  # noqa: S608
        {KEY}, id="history of a landscape",
    ),
    pytest.param(
        f"SELECT month, value FROM mart.index_month WHERE {LANDSCAPE} AND {LONG}",  # noqa: S608
        {KEY}, id="history of a landscape, long",
    ),
    pytest.param(
        f"SELECT landscape_id, spi_3 FROM mart.index_month_wide WHERE {MONTH}",  # noqa: S608
        {KEY}, id="map of a month",
    ),
    pytest.param(
        f"SELECT landscape_id, value FROM mart.index_month WHERE {MONTH} AND {LONG}",  # noqa: S608
        {KEY}, id="map of a month, long",
    ),
    pytest.param(
        "SELECT landscape_id, highest_rank, spi_3 FROM mart.latest_status_wide",
        {KEY}, id="latest state",
    ),
    pytest.param(
        f"SELECT month, stage FROM mart.stage_month WHERE {LANDSCAPE}",  # noqa: S608
        {STAGES}, id="stages of a landscape",
    ),
    pytest.param(
        f"SELECT landscape_id, stage FROM mart.stage_month WHERE {MONTH}",  # noqa: S608
        {STAGES_OF_MONTH}, id="stages of a month",
    ),
]  # fmt: skip
AS_OF = [
    pytest.param(
        f"SELECT month, spi_3 FROM mart.index_month_wide_as_of(:then) WHERE {LANDSCAPE}",  # noqa: S608
        {KEY, OLD}, id="history of a landscape",
    ),
    pytest.param(
        f"SELECT month, value FROM mart.index_month_as_of(:then) WHERE {LANDSCAPE} AND {LONG}",  # noqa: S608
        {KEY, OLD}, id="history of a landscape, long",
    ),
    pytest.param(
        f"SELECT landscape_id, spi_3 FROM mart.index_month_wide_as_of(:then) WHERE {MONTH}",  # noqa: S608
        {KEY, OLD_MONTH}, id="map of a month",
    ),
    pytest.param(
        f"SELECT month, stage FROM mart.stage_month_as_of(:then) WHERE {LANDSCAPE}",  # noqa: S608
        {STAGES}, id="stages of a landscape",
    ),
]  # fmt: skip


Full = tuple[Engine, datetime]


@pytest.mark.parametrize(("question", "indexes"), MAIN)
def test_a_main_question_goes_by_its_index(full: Full, question: str, indexes: set[str]) -> None:
    engine, then = full
    with engine.connect() as connection:
        by, read_through = ways(connection, question, then)
    assert read_through == set()
    assert indexes <= by


@pytest.mark.parametrize(("question", "indexes"), AS_OF)
def test_as_of_a_past_moment_too(full: Full, question: str, indexes: set[str]) -> None:
    engine, then = full
    with engine.connect() as connection:
        by, read_through = ways(connection, question, then)
    assert read_through == set()
    assert indexes <= by


def test_the_months_of_a_statement_are_counted_by_index(full: Full) -> None:
    """As the trigger asks."""
    engine, _ = full
    counted = (
        "SELECT * FROM series.month_counted "
        "WHERE source = ANY (ARRAY['era5-land']) AND month = ANY (ARRAY['2030-07-01'::date])"
    )
    with engine.connect() as connection:
        by, read_through = scans(connection, counted.replace("::", r"\:\:"), {})
    assert (by, read_through) == ({"climate_month_source_month_idx"}, set())


@pytest.mark.parametrize(
    "question",
    [param.values[0] for param in MAIN[:4]],
    ids=("history", "history, long", "map", "map, long"),
)
def test_without_its_key_the_table_would_be_read_through(full: Full, question: str) -> None:
    """So the tests above can fail."""
    engine, then = full
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(f"ALTER TABLE index.value_month DROP CONSTRAINT {KEY}"))
        _, read_through = ways(connection, question, then)
        transaction.rollback()
    assert read_through == {"value_month"}
