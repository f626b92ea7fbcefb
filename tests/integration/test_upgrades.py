"""From every earlier version of the tables, with data in them, to the newest: nothing is lost.

`eras/NNNN.sql` leaves in the tables of migration NNNN what the software of that time left there:
values, replaced values, decisions. One warehouse grows from era to era; before each step a copy of it
is kept, and each copy is brought to the newest version in one go.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, Engine, create_engine, text

from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.settings import Settings
from pipeline.steps.backup import Programs, back_up
from pipeline.steps.check import looked_over
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.steps.plans import take_shipped_plans
from pipeline.warehouse.holders import SCHEMAS
from pipeline.warehouse.migrations import migrate, pending, refuse_other_version, sql_folder
from pipeline.warehouse.plans import save_plan
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.little_world import landscape, say_spi_3, settle, told

# One worker grows the warehouse for all of them.
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("upgrades")]

FILES = sorted((sql_folder() / "migrations").glob("*.sql"))
ERAS = [path.name[:4] for path in FILES[:-1]]
WITH_PLANS = "0005"
WITH_MARTS = "0007"
MAY_2026 = "2026-05-20 00:00+00"
"""Between what the eras know from the beginning and what they replace."""
GROWN = {"gaps", "gap_set_number", "replaced_number", "known_from", "known_until"}
"""Columns that a migration fills in, moves elsewhere or numbers anew; what they say is asked of mart."""
OTHER_MEANING = {"freshness", "quarantine", "evaluation", "revision_report"}
"""Views that a later version made say something else: what is late, what may be shown."""


def shipped_then() -> Plan:
    """The plan of Uzbekistan as it came with the software until plans had a second version."""
    path = Path(__file__).with_name("eras") / "uz-generic-1.yaml"
    return from_stored(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


@dataclass
class Era:
    """A warehouse as the software of one version left it."""

    database: str
    tables: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows of each table, as JSON by column."""
    marts: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows of each view of mart, and of the functions as of a moment."""


def rows_of(connection: Connection, relation: str, columns: list[str]) -> Counter[str]:
    names = ", ".join(f'"{name}"' for name in columns)
    query = f"SELECT row_to_json(one)::text FROM (SELECT {names} FROM {relation}) AS one"  # noqa: S608
    return Counter(connection.exec_driver_sql(query.replace("%", "%%")).scalars())


def relations(connection: Connection, kind: str, schemas: list[str]) -> dict[str, list[str]]:
    """Columns of each relation of a kind, by schema and name."""
    found = connection.execute(
        text(
            "SELECT format('%I.%I', n.nspname, c.relname), array_agg(a.attname ORDER BY a.attnum) "
            "FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid "
            "JOIN pg_attribute AS a ON a.attrelid = c.oid "
            "WHERE c.relkind = :kind AND n.nspname = ANY (:schemas) AND a.attnum > 0 "
            "AND NOT a.attisdropped GROUP BY 1"
        ),
        {"kind": kind, "schemas": schemas},
    )
    return {str(name): [str(one) for one in columns] for name, columns in found}


def tables_of(connection: Connection) -> dict[str, Counter[str]]:
    kept = relations(connection, "r", list(SCHEMAS))
    return {
        table: rows_of(connection, table, [one for one in columns if one not in GROWN])
        for table, columns in kept.items()
    }


def marts_of(connection: Connection) -> dict[str, Counter[str]]:
    views = relations(connection, "v", ["mart"])
    # The wide view gives the reasons of all gaps in one, of indices that came later too; the long one
    # gives each.
    found = {
        view: rows_of(connection, view, [one for one in columns if one != "gaps"])
        for view, columns in views.items()
    }
    for name, view in (("index_month", "mart.index_month"), ("stage_month", "mart.stage_month")):
        if view in views:
            then = f"mart.{name}_as_of('{MAY_2026}')"
            found[then] = rows_of(connection, then, views[view])
    return found


def same_columns(rows: Counter[str], kept: set[str]) -> Counter[str]:
    """The rows with some of their columns alone."""
    cut: Counter[str] = Counter()
    for row, times in rows.items():
        known = {name: value for name, value in json.loads(row).items() if name in kept}
        cut[json.dumps(known, sort_keys=True)] += times
    return cut


def lost(before: Counter[str], after: Counter[str]) -> Counter[str]:
    """Rows that were there and are not, by the columns that both have."""
    if not before:
        return Counter()
    kept = set(json.loads(next(iter(before))))
    if after:
        kept &= set(json.loads(next(iter(after))))
    return same_columns(before, kept) - same_columns(after, kept)


class Growing:
    """A warehouse that is taken from era to era as its own software did it."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
        postgres.ensure_database("growing")
        self.engine = create_engine(postgres.url("growing"))
        self._say_all(
            "CREATE TABLE public.applied_migration (name text PRIMARY KEY, sha256 text NOT NULL, "
            "applied_at timestamptz DEFAULT now()); "
            "CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY)"
        )

    def grow(self, path: Path) -> Era:
        """Apply one migration, and leave in its tables what its software would have."""
        era = path.name[:4]
        self._say_all(path.read_text(encoding="utf-8"))
        with self.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO public.applied_migration (name, sha256) VALUES (:name, :sha256)"),
                {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            )
            connection.execute(text("DELETE FROM public.alembic_version"))
            connection.execute(
                text("INSERT INTO public.alembic_version VALUES (:era)"), {"era": era}
            )
            if era == WITH_PLANS:
                save_plan(connection, shipped_then(), is_shipped=True)
        left = Path(__file__).with_name("eras") / f"{era}.sql"
        if left.exists():
            self._say_all(left.read_text(encoding="utf-8"))
        self.engine.dispose()
        with self.admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE era_{era} TEMPLATE growing")
        return Era(f"era_{era}")

    def _say_all(self, statements: str) -> None:
        with self.engine.begin() as connection:
            connection.connection.cursor().execute(statements)


@pytest.fixture(scope="module")
def eras(postgres: EmbeddedPostgres) -> Iterator[dict[str, Era]]:
    """Each era by its number, with what it held when it was left."""
    growing = Growing(postgres)
    found: dict[str, Era] = {}
    for path in FILES[:-1]:
        era = path.name[:4]
        found[era] = growing.grow(path)
        with growing.engine.connect() as connection:
            found[era].tables = tables_of(connection)
            if era >= WITH_MARTS:
                found[era].marts = marts_of(connection)
        growing.engine.dispose()
    yield found
    growing.admin.dispose()  # the databases go with their server: dropping each writes all to disk


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest, eras: dict[str, Era]) -> Era:
    number: str = request.param
    return eras[number]


@pytest.fixture
def upgraded(era: Era, postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """The era's warehouse, brought to the newest version."""
    engine = create_engine(postgres.url(era.database))
    before = len(told(engine, "SELECT name FROM public.applied_migration"))
    assert len(migrate(engine)) == len(FILES) - before
    with engine.begin() as connection:
        refuse_other_version(connection)
        said: list[str] = []
        new = take_shipped_plans(connection, said.append)
        # Where stages were decided by the plan of then, it stays in force.
        is_decided = era.database >= f"era_{WITH_PLANS}"
        assert (len(new), len(said)) == ((5, 1) if is_decided else (6, 0))
    yield engine
    engine.dispose()


def test_nothing_is_lost_and_work_goes_on(
    era: Era, upgraded: Engine, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with upgraded.connect() as connection:
        now = tables_of(connection)
        gone = {t: list(lost(rows, now.get(t, Counter()))) for t, rows in era.tables.items()}
        assert {table: rows for table, rows in gone.items() if rows} == {}
        shown = marts_of(connection)
        hidden = {
            view: list(lost(rows, shown.get(view, Counter())))
            for view, rows in era.marts.items()
            if view.removeprefix("mart.") not in OTHER_MEANING
        }
        assert {view: rows for view, rows in hidden.items() if rows} == {}
        fresh = create_engine(postgres.url(TEMPLATE))
        with fresh.connect() as other:
            assert catalogue(connection) == catalogue(other)
        fresh.dispose()
    place = Installation(Settings(var=tmp_path / "var"), upgraded, clock=lambda: NOW)
    settle(upgraded, [landscape("N")])
    say_spi_3(upgraded, {"N": [0.2, -1.2, -1.7]}, first=Month(2026, 3))
    assert evaluate(place).transitions >= 2
    again = evaluate(place)
    assert (again.stage_rows, again.transitions) == (0, 0)
    checked = list(looked_over(upgraded))
    assert [one for one in checked if one.trouble is not None] == []
    # What a migration fills from what was there. Of the rest the eras hold odd things on purpose.
    filled = {"latest_stages_that_disagree", "months_held_that_disagree", "series_without_number"}
    assert {
        one.check.name: one.count for one in checked if one.check.name in filled
    } == dict.fromkeys(filled, 0)


def test_every_table_of_every_era_holds_something(eras: dict[str, Era]) -> None:
    """So that a migration which empties one cannot go unseen."""
    newest = eras[ERAS[-1]]
    empty = {table for table, rows in newest.tables.items() if not rows}
    # What an evaluation or a person makes in the newest version only, and is made again by it.
    assert empty <= {
        "plan.area_basis",
        "plan.area_in_drought",
        "plan.deciding_series",
        "index.calibration_superseded",
    }


def test_a_backup_before_an_upgrade_is_of_the_old_tables(
    eras: dict[str, Era], postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    newest = eras[ERAS[-1]]
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # The copies are brought to the newest version one after the other; this one is not.
        connection.exec_driver_sql("CREATE DATABASE older TEMPLATE growing")
    engine = create_engine(postgres.url("older"))
    try:
        with engine.connect() as connection:
            assert pending(connection) == [FILES[-1].name]
        place = Installation(Settings(var=tmp_path), engine)
        made = back_up(place, Programs((postgres.programs(),), postgres.root))
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE older WITH (FORCE)")
        admin.dispose()
    assert made.backup.newest_migration == FILES[-2].name
    assert made.backup.tables["alert.transition"].rows == newest.tables["alert.transition"].total()
    assert made.backup.tried_at is not None
    assert made.found == ()


def catalogue(connection: Connection) -> dict[str, Any]:
    """Everything that the tables of two warehouses can differ in, but what they hold."""
    asked = {
        "columns": (
            "SELECT c.oid::regclass::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), "
            "a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), "
            "col_description(c.oid, a.attnum) FROM ours AS c JOIN pg_attribute AS a "
            "ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
            "LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        ),
        "relations": (
            "SELECT c.oid::regclass::text, c.relkind, c.reloptions::text, "
            "obj_description(c.oid, 'pg_class'), (SELECT string_agg(one::text, ' ' ORDER BY one::text) "
            "FROM unnest(c.relacl) AS one), CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END "
            "FROM ours AS c"
        ),
        "constraints": (
            "SELECT k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid) "
            "FROM pg_constraint AS k JOIN ours AS c ON k.conrelid = c.oid"
        ),
        "indexes": "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index AS i JOIN ours AS c ON i.indrelid = c.oid",
        "triggers": (
            "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN ours AS c ON t.tgrelid = c.oid "
            "WHERE NOT t.tgisinternal"
        ),
        "functions": (
            "SELECT pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), "
            "(SELECT string_agg(one::text, ' ' ORDER BY one::text) FROM unnest(p.proacl) AS one) "
            "FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text = ANY (CAST(:schemas AS text[]))"
        ),
        "schemas": (
            "SELECT nspname, obj_description(oid, 'pg_namespace'), (SELECT string_agg(one::text, ' ' "
            "ORDER BY one::text) FROM unnest(nspacl) AS one) FROM pg_namespace "
            "WHERE nspname = ANY (CAST(:schemas AS text[]))"
        ),
    }
    ours = (
        "WITH ours AS (SELECT c.* FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid "
        "WHERE n.nspname = ANY (CAST(:schemas AS text[])) AND c.relkind IN ('r', 'v', 'm', 'S')) "
    )
    return {
        name: sorted(
            map(str, connection.execute(text(ours + query), {"schemas": list(SCHEMAS)}).all())
        )
        for name, query in asked.items()
    }
