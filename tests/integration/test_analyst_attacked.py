"""An analyst's login in the hands of an attacker: what it may do, what it can learn, what ends it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.core.errors import ConflictError, InputError
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.checkup import Patient, Verdict, look_at_analysts
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.steps.readers import let_readers_in
from pipeline.steps.sessions import end_long_questions
from pipeline.warehouse import locks
from pipeline.warehouse.analysts import (
    Limits,
    add_analyst,
    end_long_transactions,
    read_analysts,
    read_open_doors,
    remove_analyst,
)
from tests.integration.conftest import NOW
from tests.integration.gauged_world import database, gauged_world
from tests.integration.little_world import told
from tests.integration.test_warehouse import save_gauges

pytestmark = pytest.mark.postgres

PASSWORD = "open-sesame"  # noqa: S105 - of a server that lives as long as this test


@dataclass(frozen=True)
class Attacked:
    """A warehouse with values that are not open, and an analyst's way in."""

    owner: Engine
    name: str
    login: str = "karimova"

    def address(self, login: str | None = None, database: str | None = None) -> str:
        url = self.owner.url.set(
            drivername="postgresql",
            username=login or self.login,
            password=PASSWORD,
            database=database or self.name,
        )
        return url.render_as_string(hide_password=False)

    def connect(self, login: str | None = None) -> psycopg.Connection[Any]:
        """A session that has put aside whatever the login was given as a default."""
        connection = psycopg.connect(self.address(login), autocommit=True)
        for setting in ("default_transaction_read_only", "statement_timeout"):
            connection.execute(f"SET {setting} = 0")
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        return connection


@pytest.fixture(scope="module")
def attacked(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attacked]:
    """Gauges of each class of disclosure; west blended with one that is closed; a closed indicator."""
    folder = tmp_path_factory.mktemp("attacked")
    with (
        gauged_world(postgres, folder) as (template, settings),
        database(postgres, template) as (name, engine),
    ):
        save_gauges(engine)
        place = Installation(
            Settings(var=settings.var, source="blended"), engine, clock=lambda: NOW
        )
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE series.station SET disclosure = 'restricted' WHERE station_id = 'G2'")
            )
            connection.execute(text(CLOSED_INDICATOR))
            forget_early_months(connection)
        evaluate(place)
        with engine.begin() as connection:
            for table, change in CORRECTIONS.items():
                connection.execute(text(f"UPDATE {table} SET {change}"))  # noqa: S608
        let_readers_in(engine, is_server_ours=True)
        logins = ("karimova", "nazarov")
        with engine.begin() as connection:
            for login in logins:
                add_analyst(connection, login, PASSWORD, Limits())
        yield Attacked(engine, name)
        with engine.begin() as connection:
            for login in logins:
                remove_analyst(connection, login)


def forget_early_months(connection: Connection) -> None:
    """Leave a year of the thirty: each question below reads all there is."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in (
        "series.climate_month",
        "series.station_month",
        "series.agreement_month",
        "index.value_month",
    ):
        connection.execute(text(f"DELETE FROM {table} WHERE month < '2021-01-01'"))  # noqa: S608
    connection.execute(text("SET LOCAL session_replication_role = origin"))


CLOSED_INDICATOR = """
INSERT INTO series.indicator (
    landscape_key, indicator, unit, value, period_from, period_to, issued_on, document_number,
    issued_by, disclosure, file_id
)
VALUES (
    1, 'water_availability_forecast', 'percent_of_norm', 71.5, '2021-04-01', '2021-09-01',
    '2021-04-02', '1', 'agency', 'restricted', 1
)
"""

CORRECTIONS = {
    "series.station_month": "precipitation_mm = precipitation_mm + 1",
    "series.observation": "value = value + 1",
    "series.climate_month": "pet_mm = 1",
    "series.agreement": "gauge_mm = gauge_mm + 1",
    "series.agreement_month": "gauge_mm = gauge_mm + 1",
    "series.indicator": "value = value + 1",
    "index.value_month": "spi_3 = spi_3 / 2",
}
"""So that each of them has a predecessor, which is hidden as well."""

LOCKS = [value for name, value in vars(locks).items() if isinstance(value, int)]

DENIED = [
    # Write.
    "INSERT INTO mart.landscape (landscape_id) VALUES ('x')",
    "UPDATE mart.landscape SET name_en = 'x'",
    "DELETE FROM alert.delivery",
    "TRUNCATE index.value_month",
    "COPY series.station FROM STDIN",
    "SELECT nextval('ops.outcome_outcome_id_seq')",
    "SELECT setval('ops.outcome_outcome_id_seq', 1)",
    "CREATE TABLE public.mine (one integer)",
    "CREATE TABLE mart.mine (one integer)",
    "CREATE SCHEMA karimova",
    "CREATE SCHEMA AUTHORIZATION karimova",
    "CREATE TEMP TABLE mine (one integer)",
    "SELECT repeat('x', 1000) INTO TEMP mine FROM generate_series(1, 10)",
    "CREATE TEMP VIEW mine AS SELECT 1",
    "CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OPERATOR mart.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    "CREATE DATABASE mine",
    "COMMENT ON VIEW mart.landscape IS 'x'",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, '\\x00')",
    "SELECT lo_put(1, 0, '\\x00')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_logical_emit_message(FALSE, 'x', repeat('x', 1000))",
    "SELECT pg_create_physical_replication_slot('mine', TRUE)",
    "SELECT pg_export_snapshot()",
    "PREPARE TRANSACTION 'mine'",
    # Read.
    "COPY (SELECT 1) TO '/tmp/mine'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_ls_logdir()",
    "SELECT pg_stat_file('base')",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_statistic_ext_data",
    "SELECT query_to_xml('SELECT * FROM series.station', TRUE, TRUE, '')",
    "SELECT table_to_xml('series.station', TRUE, TRUE, '')",
    "SELECT ts_stat('SELECT name::tsvector FROM series.station')",
    "SELECT * FROM public.applied_migration",
    "SELECT series.closed_landscape FROM series.closed_landscape",
    "SELECT * FROM ops.end_long_questions(interval '0')",
    "SELECT ops.copy_comments('mart.landscape', 'mart.landscape')",
    "SELECT lo_export(1, '/tmp/mine')",
    # Become another, or change what binds it.
    "SET ROLE drought_pipeline",
    "SET ROLE drought",
    "SET SESSION AUTHORIZATION drought",
    "GRANT drought_pipeline TO karimova",
    "ALTER ROLE karimova SUPERUSER",
    "ALTER ROLE karimova CONNECTION LIMIT -1",
    "ALTER ROLE karimova SET temp_file_limit = -1",
    "ALTER ROLE nazarov PASSWORD 'x'",
    "ALTER DATABASE {database} SET statement_timeout = 0",
    "ALTER SYSTEM SET shared_buffers = '1MB'",
    "CREATE ROLE mine",
    "SET temp_file_limit = -1",
    "SET session_replication_role = replica",
    "SET log_statement = 'none'",
    "SET lo_compat_privileges = on",
    "LOAD 'auto_explain'",
    "SELECT pg_reload_conf()",
    "SELECT pg_rotate_logfile()",
    "SELECT pg_switch_wal()",
    "SELECT pg_stat_reset()",
    # Stand in others' way.
    "SELECT pg_notify('x', 'y')",
    "LOCK TABLE mart.landscape IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE mart.landscape IN SHARE MODE",
    "LOCK TABLE index.value_month IN ACCESS SHARE MODE",
    "SELECT * FROM mart.index_month FOR UPDATE",
    "ANALYZE index.value_month",
    *(f"SELECT pg_advisory_lock({key})" for key in LOCKS),
    *(f"SELECT pg_try_advisory_lock({key}, 1)" for key in LOCKS),
    f"SELECT pg_advisory_lock_shared({LOCKS[0]})",
    f"SELECT pg_advisory_xact_lock({LOCKS[0]})",
    f"SELECT pg_try_advisory_xact_lock_shared({LOCKS[0]})",
]


ALONE = ("CREATE DATABASE", "ALTER SYSTEM")
"""What Postgres refuses in a transaction before it looks at rights; the rest runs in one."""


class TestWhatItMayNotDo:
    @pytest.mark.parametrize("statement", DENIED)
    def test_is_denied(self, attacked: Attacked, statement: str) -> None:
        said = statement.format(database=attacked.name)
        with attacked.connect() as session:
            session.autocommit = statement.startswith(ALONE)
            with pytest.raises(psycopg.Error) as denied:
                session.execute(said)
            session.rollback()
        assert isinstance(
            denied.value,
            errors.InsufficientPrivilege | errors.ObjectNotInPrerequisiteState,
        ), denied.value

    def test_nothing_is_left_open(self, attacked: Attacked) -> None:
        with attacked.owner.connect() as connection:
            assert read_open_doors(connection) == []

    def test_the_doctor_says_so(self, attacked: Attacked) -> None:
        patient = Patient(Settings(), attacked.owner, lambda: NOW, 0, is_thorough=False)
        assert look_at_analysts(patient) == (
            Verdict.OK,
            "2 logins, which read mart and nothing else",
        )

    def test_reads_no_table_view_or_sequence_outside_mart(self, attacked: Attacked) -> None:
        query = (
            "SELECT c.oid::regclass::text FROM pg_class AS c "
            "JOIN pg_namespace AS n ON c.relnamespace = n.oid "
            "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S', 'f') "
            "AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('mart', 'information_schema') "
            "AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') "
            "OR has_schema_privilege(n.oid, 'USAGE') AND n.nspname <> 'public')"
        )
        with attacked.connect() as session:
            assert session.execute(query).fetchall() == []

    def test_calls_no_function_of_ours_outside_mart(self, attacked: Attacked) -> None:
        query = (
            "SELECT oid::regprocedure FROM pg_proc WHERE has_function_privilege(oid, 'EXECUTE') "
            "AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'mart'::regnamespace, "
            "'information_schema'::regnamespace)"
        )
        with attacked.connect() as session:
            assert session.execute(query).fetchall() == []

    def test_sees_no_statistics_of_tables_it_may_not_read(self, attacked: Attacked) -> None:
        with attacked.owner.begin() as connection:
            connection.execute(text("ANALYZE series.station_month"))
        known = "SELECT * FROM pg_stats WHERE schemaname !~ '^pg_|^information_schema$'"
        with attacked.connect() as session:
            assert session.execute(known).fetchall() == []
            assert session.execute("SELECT * FROM pg_stats_ext").fetchall() == []
        assert told(attacked.owner, known) != []

    @pytest.mark.parametrize("elsewhere", ["postgres", "template1", "of another warehouse"])
    def test_gets_into_no_other_database(
        self, attacked: Attacked, warehouse: Engine, elsewhere: str
    ) -> None:
        let_readers_in(warehouse, is_server_ours=False)
        other = str(warehouse.url.database) if "another" in elsewhere else elsewhere
        with pytest.raises(psycopg.OperationalError, match=r'permission denied for database "'):
            psycopg.connect(attacked.address(database=other))

    def test_cannot_lift_the_limit_of_its_files_on_disk(self, attacked: Attacked) -> None:
        with attacked.connect() as session:
            assert session.execute("SHOW temp_file_limit").fetchone() == ("2GB",)
        with attacked.owner.begin() as connection:
            connection.execute(text("ALTER ROLE nazarov SET temp_file_limit = '1MB'"))
        with attacked.connect("nazarov") as session:
            session.execute("SET work_mem = '64kB'")
            with pytest.raises(errors.ConfigurationLimitExceeded, match="temporary file size"):
                session.execute("SELECT i FROM generate_series(1, 1000000) AS i ORDER BY -i")

    def test_has_no_more_sessions_than_it_is_given(self, attacked: Attacked) -> None:
        sessions = [attacked.connect("nazarov") for _ in range(4)]
        try:
            with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                attacked.connect("nazarov")
        finally:
            for session in sessions:
                session.close()

    @pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
    def test_ends_nobody_elses_session(self, attacked: Attacked, function: str) -> None:
        with (
            attacked.owner.connect() as ours,
            attacked.connect("nazarov") as theirs,
            attacked.connect() as session,
        ):
            for pid in (
                ours.execute(text("SELECT pg_backend_pid()")).scalar_one(),
                theirs.info.backend_pid,
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    session.execute(f"SELECT {function}({pid})")

    def test_sees_nobody_elses_questions(self, attacked: Attacked) -> None:
        with attacked.connect("nazarov") as theirs, attacked.connect() as session:
            theirs.execute("SELECT 'a question of nazarov'")
            seen = session.execute("SELECT query FROM pg_stat_activity").fetchall()
        assert not [query for (query,) in seen if "a question of nazarov'" in query]


VIEWS = "SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace ORDER BY 1"
FUNCTIONS = """
SELECT proname, oidvectortypes(proargtypes) FROM pg_proc
WHERE pronamespace = 'mart'::regnamespace AND proretset ORDER BY 1
"""
COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = 'mart.{}'::regclass AND attnum > 0 ORDER BY attnum
"""
ARGUMENTS = {"timestamp with time zone": "now()", "date": "now()::date"}

CLOSED_STATION = "station_id IN (SELECT station_id FROM series.station WHERE disclosure <> 'open')"
CLOSED_LANDSCAPE = "landscape_key IN (SELECT landscape_key FROM series.closed_landscape)"
CLOSED_BLEND = f"source = 'blended' AND {CLOSED_LANDSCAPE}"
HIDDEN = {
    "series.station": "disclosure <> 'open'",
    **dict.fromkeys(
        [
            "series.station_month",
            "series.station_month_superseded",
            "series.station_position",
            "series.observation",
            "series.observation_superseded",
            "series.quarantine",
        ],
        CLOSED_STATION,
    ),
    **dict.fromkeys(
        [
            "series.climate_month",
            "series.climate_month_superseded",
            "index.value_month",
            "index.value_month_superseded",
            "index.calibration",
            "plan.drought_event",
        ],
        CLOSED_BLEND,
    ),
    **dict.fromkeys(
        [
            "series.agreement",
            "series.agreement_superseded",
            "series.agreement_month",
            "series.agreement_month_superseded",
        ],
        CLOSED_LANDSCAPE,
    ),
    **dict.fromkeys(["series.indicator", "series.indicator_superseded"], "disclosure <> 'open'"),
}
"""Which rows hold what an analyst must not learn."""
SECRET_INTEGERS = (
    "n_observations",
    "n_suspect",
    "n_assumed_dry",
    "n_gauges",
    "n_months",
    "n_years",
)
SECRET_TEXTS = ("name", "note", "record", "suspicion", "document_number", "issued_by")


@dataclass(frozen=True)
class Secrets:
    """What all hidden values are set to."""

    number: float
    integer: int
    text: str
    boolean: bool


ONE = Secrets(0.234375, 1, "aaa-secret", boolean=False)
OTHER = Secrets(0.765625, 7, "zzz-secret", boolean=True)
"""Every condition below holds for these and not for the ones above."""
CONDITIONS = {
    "double precision": ("{} > 0.5", f"1 / ({{}} - {ONE.number}) < 0"),
    "integer": ("{} > 3",),
    "smallint": ("{} > 3",),
    "bigint": ("{} > 3",),
    "text": ("{} > 'm'",),
    "boolean": ("{}",),
}
KEYS = (
    *("landscape_id", "station_id", "country_code", "source", "calibration", "index_code"),
    *("row_key", "release", "origin"),
)
"""What tells which value it is, and not the value."""


def hide(connection: Connection, secrets: Secrets) -> None:
    """Set every hidden value that is not a gap to the secret of its type, replaced ones to half of it.

    So a view that tells how a value changed has a secret to tell too.
    """
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table, where in HIDDEN.items():
        columns = connection.execute(
            text(
                "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                "WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND NOT attisdropped"
            ),
            {"name": table},
        )
        of_table = secrets
        if table.endswith("_superseded"):
            of_table = replace(secrets, number=secrets.number / 2)
        set_to = {name: _secret(name, kind, of_table) for name, kind in columns}
        said = ", ".join(
            f"{name} = CASE WHEN {name} IS NOT NULL THEN {value} END"
            for name, value in set_to.items()
            if value is not None
        )
        done = connection.execute(text(f"UPDATE {table} SET {said} WHERE {where}"))  # noqa: S608
        assert done.rowcount > 0, table
        # Statistics of their own would make plans of their own.
        connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))


def _secret(column: str, kind: str, secrets: Secrets) -> str | None:
    if kind == "double precision":
        return f"{secrets.number}"
    if column in SECRET_INTEGERS:
        return f"{secrets.integer}"
    if column in SECRET_TEXTS:
        return f"'{secrets.text}'"
    return f"{secrets.boolean}" if column == "has_break" else None


@pytest.fixture(scope="module")
def worlds(attacked: Attacked, postgres: EmbeddedPostgres) -> Iterator[tuple[Engine, Engine]]:
    """Two copies of the warehouse that differ in hidden values alone."""
    attacked.owner.dispose()  # a copy is made of what nobody is connected to
    with (
        database(postgres, attacked.name) as (_, one),
        database(postgres, attacked.name) as (_, other),
    ):
        for world, secrets in ((one, ONE), (other, OTHER)):
            with world.begin() as connection:
                hide(connection, secrets)
            # Equal in size too: the planner looks at it.
            with world.connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in HIDDEN:
                    alone.execute(text(f"VACUUM FULL {table}"))
        yield one, other


def as_analyst(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    connection.execute(text("SET LOCAL ROLE karimova"))
    rows = [tuple(row) for row in connection.exec_driver_sql(query.replace("%", "%%"))]
    connection.execute(text("RESET ROLE"))
    return rows


def relations(connection: Connection) -> list[str]:
    """Everything in mart that gives rows."""
    views = [str(name) for (name,) in connection.execute(text(VIEWS))]
    functions = [
        f"{name}({', '.join(ARGUMENTS[one] for one in kinds.split(', ') if one)})"
        for name, kinds in connection.execute(text(FUNCTIONS))
    ]
    return views + functions


SHOWN_WHEN_OPEN = {
    "agreement",
    "agreement_month",
    "calibration",
    "climate_month",
    "index_month",
    "index_month_wide",
    "indicator",
    "observation",
    "quarantine",
    "revision_value",
    "station",
    "station_month",
    "station_position",
}


class TestWhatItCannotLearn:
    def test_no_view_or_function_shows_a_hidden_value(self, worlds: tuple[Engine, Engine]) -> None:
        shown = (
            "SELECT count(*) FROM mart.{} AS row WHERE to_jsonb(row)::text ~ '0\\.234375|-secret'"
        )
        with worlds[0].connect() as connection:
            for relation in relations(connection):
                assert as_analyst(connection, shown.format(relation)) == [(0,)], relation
            # What is open is shown, so the search above could find something.
            connection.execute(text("UPDATE series.station SET disclosure = 'open'"))
            connection.execute(text("UPDATE series.indicator SET disclosure = 'open'"))
            found = {
                relation
                for relation in relations(connection)
                if as_analyst(connection, shown.format(relation)) != [(0,)]
            }
            connection.rollback()
        assert found >= SHOWN_WHEN_OPEN

    @pytest.mark.parametrize(
        "planner",
        [
            pytest.param("", id="the plans Postgres chooses"),
            pytest.param("seqscan hashjoin mergejoin memoize", id="by index"),
            pytest.param("indexscan bitmapscan nestloop", id="by whole tables"),
        ],
    )
    def test_no_plan_tells_a_hidden_value(
        self, worlds: tuple[Engine, Engine], planner: str
    ) -> None:
        with worlds[0].connect() as connection:
            questions = list(self.questions(connection))
        assert len(questions) > 300
        one, other = (self.plans(world, questions, planner) for world in worlds)
        told_by: dict[str, list[str]] = {}
        for question, first, second in zip(questions, one, other, strict=True):
            if first != second:
                relation, _, condition = question.partition(" WHERE ")
                told_by.setdefault(relation, []).append(condition)
        assert told_by == {}

    def questions(self, connection: Connection) -> Iterator[str]:
        for relation in relations(connection):
            columns = self.columns(connection, relation)
            places = {"landscape_id": "west", "station_id": "gauge-restricted"}
            here = "".join(f"{n} = '{p}' AND " for n, p in places.items() if n in columns)
            for name, kind in columns.items():
                for condition in () if name in KEYS else CONDITIONS.get(kind, ()):
                    yield f"SELECT * FROM mart.{relation} WHERE {here}{condition.format(name)}"  # noqa: S608

    def columns(self, connection: Connection, relation: str) -> dict[str, str]:
        described = connection.exec_driver_sql(f"SELECT * FROM mart.{relation} LIMIT 0")  # noqa: S608
        kinds = connection.execute(text("SELECT oid, format_type(oid, NULL) FROM pg_type"))
        by_oid: dict[int, str] = dict(iter(kinds))
        assert described.cursor is not None
        return {one[0]: by_oid[int(str(one[1]))] for one in described.cursor.description}

    def plans(self, world: Engine, questions: Sequence[str], planner: str) -> list[object]:
        off = [f"enable_{kind}" for kind in planner.split()]
        with world.connect() as connection:
            for setting in [*off, "jit", "max_parallel_workers_per_gather"]:
                connection.execute(text(f"SET LOCAL {setting} = 0"))
            return [self.plan(connection, question) for question in questions]

    def plan(self, connection: Connection, question: str) -> object:
        """What EXPLAIN tells of rows, or the error."""
        explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) "
        try:
            with connection.begin_nested():
                ((found,),) = as_analyst(connection, explain + question)
        except DBAPIError as error:
            connection.execute(text("RESET ROLE"))
            return str(error.orig)
        return _counts(found)


def _counts(plan: object) -> object:
    told_of = ("Actual Rows", "Actual Loops", "Rows Removed", "Node Type", "Plan", "Workers")
    if isinstance(plan, list):
        return [_counts(one) for one in plan]
    if isinstance(plan, dict):
        return {key: _counts(value) for key, value in plan.items() if key.startswith(told_of)}
    return plan


class TestWhatEndsIt:
    @pytest.fixture
    def place(self, attacked: Attacked, tmp_path: Path) -> Installation:
        """An installation that gives a transaction a fifth of a second."""
        settings = Settings(var=tmp_path, analyst_minutes=0.2 / 60)
        return Installation(settings, attacked.owner, clock=lambda: NOW)

    def test_a_question_is_short_unless_it_asks_for_longer(self, attacked: Attacked) -> None:
        with psycopg.connect(attacked.address(), autocommit=True) as session:
            limits = [
                session.execute(f"SHOW {name}").fetchone()
                for name in ("statement_timeout", "idle_in_transaction_session_timeout")
            ]
            assert limits == [("1min",), ("5min",)]
            with pytest.raises(errors.ReadOnlySqlTransaction):
                session.execute("CREATE TABLE public.mine (one integer)")
            session.execute("SET statement_timeout = '50ms'")
            with pytest.raises(errors.QueryCanceled):
                session.execute("SELECT pg_sleep(60)")

    @pytest.mark.parametrize(
        "question",
        [
            pytest.param("SELECT pg_sleep(60)", id="one that sleeps"),
            pytest.param(
                "SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b",
                id="one that works",
            ),
            pytest.param(
                "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled "
                "THEN NULL; END; END LOOP; END $$",
                id="one that will not be cancelled",
            ),
        ],
    )
    def test_a_long_question_is_ended_whatever_its_login_says(
        self, attacked: Attacked, place: Installation, question: str
    ) -> None:
        heard: list[BaseException] = []

        def ask() -> None:
            try:
                with attacked.connect() as session:
                    session.execute(question)
            except psycopg.Error as error:
                heard.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        ended = 0
        for _ in range(100):
            ended += end_long_questions(place)
            asking.join(timeout=0.1)
            if not asking.is_alive():
                break
        assert (ended, [type(one) for one in heard]) == (1, [errors.AdminShutdown])
        assert told(
            attacked.owner,
            "SELECT state, row_count, message FROM ops.outcome WHERE step = 'end_long_questions' "
            "ORDER BY outcome_id DESC LIMIT 1",
        ) == [("done", 1, "sessions of karimova were ended")]

    def test_a_lock_that_a_migration_waits_for_is_let_go(
        self, attacked: Attacked, place: Installation
    ) -> None:
        with attacked.connect() as session, session.cursor() as cursor:
            cursor.execute("BEGIN; SELECT * FROM mart.landscape")
            lock = text("LOCK TABLE landscape.version IN ACCESS EXCLUSIVE MODE")
            with attacked.owner.connect() as ours:
                ours.execute(text("SET LOCAL lock_timeout = '500ms'"))
                with pytest.raises(Exception, match="lock timeout"):
                    ours.execute(lock)
            assert end_long_questions(place) == 1
            with attacked.owner.connect() as ours:
                ours.execute(text("SET LOCAL lock_timeout = '5s'"))
                ours.execute(lock)
                ours.rollback()
            with pytest.raises(errors.AdminShutdown):
                cursor.execute("SELECT 1")

    def test_nobody_else_is_ended(self, attacked: Attacked, place: Installation) -> None:
        with (
            attacked.owner.connect() as ours,
            attacked.connect() as idle,
            attacked.connect("nazarov") as young,
        ):
            ours.execute(text("SELECT pg_sleep(0.5)"))
            young.execute("BEGIN")
            with attacked.owner.begin() as connection:
                assert end_long_transactions(connection, timedelta(seconds=0.4)) == []
            for session in (idle, young):
                session.execute("SELECT 1")
            ours.execute(text("SELECT 1"))

    def test_the_pipelines_own_login_may_end_them(
        self, attacked: Attacked, place: Installation
    ) -> None:
        with attacked.owner.begin() as connection:
            connection.execute(
                text(f"CREATE ROLE timer LOGIN PASSWORD '{PASSWORD}' IN ROLE drought_pipeline")
            )
        timer = create_engine(attacked.owner.url.set(username="timer", password=PASSWORD))
        try:
            with attacked.connect() as session:
                session.execute("BEGIN")
                session.execute("SELECT pg_sleep(0.3)")
                assert end_long_questions(replace(place, warehouse=timer)) == 1
                with pytest.raises(errors.AdminShutdown):
                    session.execute("SELECT 1")
        finally:
            timer.dispose()
            with attacked.owner.begin() as connection:
                connection.execute(text("DROP ROLE timer"))


class TestLogins:
    def test_are_listed_with_their_sessions(self, attacked: Attacked) -> None:
        with attacked.connect(), attacked.connect(), attacked.owner.connect() as connection:
            listed = {one.login: one for one in read_analysts(connection)}
        assert [*listed] == ["karimova", "nazarov"]
        found = listed["karimova"]
        assert (found.sessions, found.connection_limit, found.statement_timeout) == (2, 4, "60s")

    def test_compile_nothing_for_an_answer_of_milliseconds(self, attacked: Attacked) -> None:
        with attacked.connect() as session:
            assert session.execute("SHOW jit").fetchone() == ("off",)

    def test_one_that_is_removed_is_gone_with_its_sessions(self, attacked: Attacked) -> None:
        with attacked.owner.begin() as connection:
            add_analyst(connection, "passing_by", PASSWORD, Limits())
        session = attacked.connect("passing_by")
        with attacked.owner.begin() as connection:
            assert remove_analyst(connection, "passing_by") == 1
        with pytest.raises(errors.AdminShutdown):
            session.execute("SELECT 1")
        session.close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            attacked.connect("passing_by")
        with (
            attacked.owner.begin() as connection,
            pytest.raises(InputError, match="passing_by: expected the login of an analyst"),
        ):
            remove_analyst(connection, "passing_by")

    @pytest.mark.parametrize(
        "name", ["", "Karimova", "o'brien", "pg_read_all_data", "drought_pipeline", "a" * 64]
    )
    def test_a_name_that_is_none_is_refused(self, attacked: Attacked, name: str) -> None:
        with (
            attacked.owner.begin() as connection,
            pytest.raises(InputError, match="expected a name of lower-case letters"),
        ):
            add_analyst(connection, name, PASSWORD, Limits())

    def test_a_name_that_is_taken_is_refused(self, attacked: Attacked) -> None:
        with (
            attacked.owner.begin() as connection,
            pytest.raises(ConflictError, match="karimova: expected a new login"),
        ):
            add_analyst(connection, "karimova", PASSWORD, Limits())

    def test_the_command_prints_an_address_that_opens_mart(
        self, warehouse: Engine, warehouse_url: str, tmp_path: Path
    ) -> None:
        def drought(*arguments: str) -> str:
            told_by = subprocess.run(
                [sys.executable, "-c", "from pipeline.cli import main; main()", *arguments],
                env=os.environ
                | {"DROUGHT_DATABASE_URL": warehouse_url, "DROUGHT_VAR": str(tmp_path)},
                capture_output=True,
                text=True,
                check=True,
            )
            return told_by.stdout

        said = drought("analysts", "add", "yusupov", "--timeout", "30", "--connections", "2")
        (address,) = (line.split()[1] for line in said.splitlines() if line.startswith("address"))
        assert "ssh -N -L" in said
        with psycopg.connect(address) as session:
            assert session.execute("SELECT * FROM landscape").fetchall() == []
            assert session.execute("SHOW statement_timeout").fetchone() == ("30s",)
            listed = drought("analysts", "list")
            assert ["yusupov", "1", "2", "30s"] in [
                [cell.strip() for cell in line.strip("│┃ ").split("│")]
                for line in listed.splitlines()
            ]
            assert drought("analysts", "end-long") == "sessions ended: 0\n"
            assert (
                drought("analysts", "remove", "yusupov") == "yusupov: removed; sessions ended: 1\n"
            )
            session.close()
        with warehouse.connect() as connection:
            assert read_analysts(connection) == []

    def test_only_the_login_of_an_analyst_is_removed(self, attacked: Attacked) -> None:
        with (
            attacked.owner.begin() as connection,
            pytest.raises(InputError, match="drought: expected the login of an analyst"),
        ):
            remove_analyst(connection, "drought")
