"""Components: what each part of the work may do in the warehouse, and what it may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from pipeline.core.components import COMMON, MEMBERSHIPS, PIPELINE, Component
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.approve import approve
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from pipeline.warehouse.databases import make_roles
from pipeline.warehouse.engine import acting_as, may_act_as
from tests.integration.conftest import TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

INGEST, COMPUTE, DECIDE, APPROVE, DELIVER, PUBLISH, WATCH, CONFIGURE = Component
WRITERS = {
    "alert.approval": {DECIDE, APPROVE, CONFIGURE},
    "alert.bulletin": {PUBLISH},
    "alert.bulletin_note": {PUBLISH},
    "alert.channel": {DELIVER},
    "alert.delivery": {DECIDE, APPROVE, DELIVER, CONFIGURE},
    "alert.digest": {DELIVER, CONFIGURE},
    "alert.issuer": {CONFIGURE},
    "alert.message": {DECIDE, APPROVE, CONFIGURE},
    "alert.notice": {DECIDE, DELIVER, WATCH, CONFIGURE},
    "alert.recipient": {CONFIGURE},
    "alert.transition": {DECIDE, CONFIGURE},
    "index.area_share": {COMPUTE},
    "index.calibration": {INGEST, COMPUTE, CONFIGURE},
    "index.cell_calibration": {INGEST, COMPUTE, CONFIGURE},
    "index.computed": {COMPUTE},
    "index.share_month": {COMPUTE},
    "index.value_month": {COMPUTE},
    "landscape.landscape": {CONFIGURE},
    "landscape.version": {CONFIGURE},
    "ops.grid_month": {INGEST, COMPUTE, CONFIGURE},
    "ops.outcome": set(Component),
    "ops.identity": {INGEST, CONFIGURE},
    "plan.area_basis": {DECIDE, CONFIGURE},
    "plan.area_in_drought": {DECIDE, CONFIGURE},
    "plan.deciding_series": {DECIDE, CONFIGURE},
    "plan.document": {CONFIGURE},
    "plan.drought_event": {DECIDE, CONFIGURE},
    "plan.evaluation": {DECIDE, CONFIGURE},
    "plan.stage_month": {DECIDE, CONFIGURE},
    "series.agreement": {COMPUTE},
    "series.agreement_month": {COMPUTE},
    "series.climate_month": {COMPUTE},
    "series.landscape_gauge": {COMPUTE},
}
"""Who may write what stands in alerts, plans, indices, landscapes and the series they rest on."""
ONLY_TRIGGERS = {
    "index.area_share_superseded",
    "index.calibration_superseded",
    "index.code",
    "index.gap_set",
    "index.value_month_superseded",
    "index.window_length",
    "ops.moment",
    "ops.series_number",
    "plan.drought_event_superseded",
    "plan.latest_stage",
    "plan.stage_month_superseded",
    "series.agreement_month_superseded",
    "series.agreement_superseded",
    "series.climate_month_superseded",
    "series.indicator_superseded",
    "series.month_held",
    "series.observation_superseded",
    "series.station_disclosure",
    "series.station_month_superseded",
    "series.station_position_superseded",
}
"""History, and what is counted beside a table: written with the owner's rights alone."""
MAY_WRITE = """
SELECT c.oid::regclass::text
FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname IN ('ops', 'landscape', 'series', 'index', 'plan', 'alert', 'mart', 'public')
AND c.relkind IN ('r', 'v') AND (
    has_table_privilege(:role, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')
    OR has_any_column_privilege(:role, c.oid, 'INSERT, UPDATE, REFERENCES')
)
"""


@pytest.fixture
def world(installation: Installation) -> Installation:
    """Two landscapes, one of them with an alert that was approved and one that waits."""
    settle(installation.warehouse, [landscape("A"), landscape("B")])
    say_spi_3(installation.warehouse, {"A": [0.4, -1.2], "B": [0.4, -1.2]})
    golive(installation, JANUARY + 1)
    evaluate(installation)
    approve(installation, pending_alerts(installation)[:1], APPROVAL)
    return installation


@pytest.fixture(scope="module")
def empty(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A warehouse in which nothing is changed."""
    copy_database(postgres, "components", TEMPLATE)
    engine = create_engine(postgres.url("components"))
    yield engine
    engine.dispose()


def writable(warehouse: Engine, role: str) -> set[str]:
    with warehouse.connect() as connection:
        return set(connection.execute(text(MAY_WRITE), {"role": role}).scalars())


class TestTheRoles:
    def test_write_what_is_theirs_and_nothing_else(self, empty: Engine) -> None:
        may = {one: writable(empty, one) for one in Component}
        found = {
            table: {one for one in Component if table in may[one]}
            for table in set().union(*may.values()) | set(WRITERS)
        }
        assert {table: found[table] for table in sorted(WRITERS)} == WRITERS
        # All else is of files, requests and gauges.
        others = {table: who for table, who in found.items() if table not in WRITERS}
        assert [one for one in others if not one.startswith(("ops.", "series."))] == []
        assert {one: who for one, who in others.items() if not who <= {INGEST, CONFIGURE}} == {}

    def test_read_addresses_only_where_they_write_to_them_or_watch(self, empty: Engine) -> None:
        held = (
            "alert.recipient",
            "alert.delivery",
            "alert.digest",
            "alert.notice",
            "alert.channel",
        )
        query = text("SELECT has_table_privilege(:role, :table, 'SELECT')")
        with empty.connect() as connection:
            reads = {
                one: [t for t in held if connection.execute(query, {"role": one, "table": t}).scalar_one()]
                for one in Component
            }  # fmt: skip
        assert {one: found for one, found in reads.items() if not found} == {
            INGEST: [], COMPUTE: [], PUBLISH: []
        }  # fmt: skip
        assert reads[WATCH] == list(held)

    def test_of_those_that_watch_reads_all(self, empty: Engine) -> None:
        with empty.connect() as connection:
            query = text(
                "SELECT c.oid::regclass::text FROM pg_class AS c "
                "WHERE c.relnamespace::regnamespace::text IN "
                "('ops', 'landscape', 'series', 'index', 'plan', 'alert', 'mart') "
                "AND c.relkind IN ('r', 'v') AND NOT has_table_privilege(:role, c.oid, 'SELECT')"
            )
            assert connection.execute(query, {"role": WATCH}).all() == []

    def test_leave_history_to_the_tables(self, empty: Engine) -> None:
        for role in (*Component, PIPELINE):
            assert writable(empty, role) & ONLY_TRIGGERS == set()
        with empty.connect() as connection:
            query = text("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' "
                         "AND relname LIKE '%\\_superseded'")  # fmt: skip
            assert set(connection.execute(query).scalars()) <= ONLY_TRIGGERS

    def test_of_the_pipeline_are_all_of_them_together(self, empty: Engine) -> None:
        together = set().union(*(writable(empty, one) for one in Component))
        assert writable(empty, PIPELINE) == together

    def test_cannot_hang_a_function_of_the_owner_on_a_table_of_their_own(
        self, empty: Engine
    ) -> None:
        with empty.connect() as connection:
            query = text(
                "SELECT p.oid::regprocedure::text, r.role FROM pg_proc AS p "
                "CROSS JOIN unnest(CAST(:roles AS text[])) AS r (role) "
                "WHERE p.prosecdef AND p.prorettype = 'trigger'::regtype "
                "AND has_function_privilege(r.role, p.oid, 'EXECUTE')"
            )
            assert connection.execute(query, {"roles": [*Component, PIPELINE]}).all() == []
            query = text(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef "
                "AND pronamespace::regnamespace::text <> 'pg_catalog' "
                "AND NOT coalesce(array_to_string(proconfig, ' '), '') ~ 'search_path=.*pg_temp'"
            )
            assert connection.execute(query).all() == [], "its names can be taken by who calls it"

    def test_are_made_on_a_server_that_lacks_them(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.execute(text(f"REVOKE {Component.WATCH} FROM {PIPELINE}"))
        make_roles(warehouse)
        query = text("SELECT pg_has_role(:member, :role, 'USAGE')")
        with warehouse.connect() as connection:
            for role, member in MEMBERSHIPS:
                assert connection.execute(query, {"member": member, "role": role}).scalar_one()


REFUSED = [
    (DELIVER, "UPDATE alert.approval SET state = 'approved'"),
    (DELIVER, "UPDATE alert.message SET body = 'other words'"),
    (DELIVER, "UPDATE alert.delivery SET message_id = gen_random_uuid()"),
    (DELIVER, "UPDATE alert.delivery SET channel = 'mail', recipient_id = 'x@example.org'"),
    (DELIVER, "INSERT INTO alert.delivery (message_id, channel, recipient_id) "
              "SELECT message_id, 'mail', 'x' FROM alert.message"),
    (DELIVER, "UPDATE alert.digest SET body = 'other words'"),
    (DELIVER, "UPDATE alert.notice SET recipient_id = 'x@example.org'"),
    (DELIVER, "UPDATE alert.recipient SET ended_at = now(), ended_by = 'x'"),
    (DELIVER, "UPDATE index.value_month SET spi_3 = -3"),
    (DELIVER, "SELECT * FROM series.observation"),
    (DELIVER, "DELETE FROM plan.document"),
    (DELIVER, "UPDATE plan.stage_month SET stage = 'severe'"),
    (PUBLISH, "UPDATE alert.message SET body = 'other words'"),
    (PUBLISH, "DELETE FROM alert.delivery"),
    (PUBLISH, "SELECT * FROM alert.recipient"),
    (PUBLISH, "SELECT error FROM alert.delivery"),
    (PUBLISH, "SELECT said FROM alert.channel"),
    (PUBLISH, "UPDATE alert.approval SET state = 'approved'"),
    (INGEST, "DELETE FROM plan.stage_month"),
    (INGEST, "SELECT * FROM alert.recipient"),
    (INGEST, "SELECT * FROM alert.message"),
    (INGEST, "UPDATE alert.approval SET state = 'approved'"),
    (INGEST, "UPDATE ops.identity SET live_from = NULL"),
    (INGEST, "DELETE FROM ops.file"),
    (INGEST, "UPDATE ops.file SET sha256 = 'x'"),
    (INGEST, "UPDATE series.climate_month SET precipitation_mm = 0"),
    (COMPUTE, "UPDATE plan.stage_month SET stage = 'none'"),
    (COMPUTE, "SELECT * FROM alert.recipient"),
    (COMPUTE, "DELETE FROM index.value_month_superseded"),
    (DECIDE, "UPDATE plan.document SET status = 'adopted'"),
    (DECIDE, "INSERT INTO alert.issuer (login) VALUES ('x')"),
    (DECIDE, "UPDATE index.value_month SET spi_3 = -3"),
    (DECIDE, "UPDATE alert.transition SET to_stage = 'severe'"),
    (DECIDE, "UPDATE alert.message SET draft = 'other words'"),
    (APPROVE, "INSERT INTO alert.issuer (login) VALUES ('x')"),
    (APPROVE, "UPDATE alert.message SET draft = 'other words'"),
    (APPROVE, "UPDATE plan.stage_month SET stage = 'none'"),
    (APPROVE, "INSERT INTO alert.approval (alert_id, state) VALUES (1, 'pending')"),
    (WATCH, "UPDATE ops.outcome SET state = 'done'"),
    (WATCH, "DELETE FROM alert.notice"),
    (WATCH, "UPDATE alert.delivery SET state = 'sent'"),
    (CONFIGURE, "UPDATE plan.document SET status = 'adopted'"),
    (CONFIGURE, "DELETE FROM alert.issuer"),
    (CONFIGURE, "UPDATE alert.recipient SET address = 'x@example.org'"),
    (CONFIGURE, "UPDATE index.value_month SET spi_3 = -3"),
    *((one, "DELETE FROM ops.outcome") for one in Component),
    *((one, "INSERT INTO public.applied_migration (name, sha256) VALUES ('x', 'x')")
      for one in Component),
    *((one, "CREATE TABLE alert.mine (x int)") for one in Component),
]  # fmt: skip


@pytest.mark.parametrize(("component", "statement"), REFUSED)
def test_a_component_may_not(empty: Engine, component: Component, statement: str) -> None:
    with (
        acting_as(empty, component).begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(statement))


class TestAnAnswer:
    def test_of_a_person_is_none_of_the_deciding_component(self, world: Installation) -> None:
        with pytest.raises(SQLAlchemyError, match="may not answer for a person"):
            approve_as(world, DECIDE)
        approve_as(world, APPROVE)

    def test_comes_before_the_last_words_and_these_stay(self, world: Installation) -> None:
        other = acting_as(world.warehouse, APPROVE)
        with (
            pytest.raises(SQLAlchemyError, match="keeps them"),
            other.begin() as connection,
        ):
            connection.execute(
                text("UPDATE alert.message SET body = 'other words' WHERE body IS NOT NULL")
            )
        with (
            pytest.raises(SQLAlchemyError, match="when it is approved"),
            other.begin() as connection,
        ):
            connection.execute(text("UPDATE alert.message SET body = 'words' WHERE body IS NULL"))


def approve_as(world: Installation, component: Component) -> None:
    """Write down the answer to what waits as `approve` does, with the rights of a component."""
    with acting_as(world.warehouse, component).begin() as connection:
        connection.execute(
            text(
                "UPDATE alert.approval SET state = 'approved', name = :name, office = :office, "
                "answered_at = now(), door = 'command line', login = :login WHERE state = 'pending'"
            ),
            {"name": APPROVAL.name, "office": APPROVAL.office, "login": APPROVAL.login},
        )


class TestActing:
    def test_is_for_each_transaction_and_leaves_the_connection_as_it_was(
        self, warehouse_url: str
    ) -> None:
        login = create_engine(warehouse_url, pool_size=1, max_overflow=0)
        who = text("SELECT current_user")
        acting = acting_as(login, DELIVER)
        with acting.begin() as connection:
            assert connection.execute(who).scalar_one() == DELIVER
        with acting.connect() as connection:
            assert connection.execute(who).scalar_one() == DELIVER
            connection.commit()
            assert connection.execute(who).scalar_one() == DELIVER
        with login.connect() as connection:
            assert connection.execute(who).scalar_one() == login.url.username
        login.dispose()

    def test_as_another_takes_the_place_of_the_first(self, warehouse: Engine) -> None:
        twice = acting_as(acting_as(warehouse, CONFIGURE), DELIVER)
        with twice.connect() as connection:
            assert connection.execute(text("SELECT current_user")).scalar_one() == DELIVER

    def test_is_what_a_step_does_by_itself(self, world: Installation) -> None:
        """Without its one right it fails, though the login owns everything."""
        say_spi_3(world.warehouse, {"A": [0.4, -1.2, -2.5], "B": [0.4, -1.2, -2.5]})
        with world.warehouse.begin() as connection:
            connection.execute(text("REVOKE INSERT ON plan.evaluation FROM drought_decide"))
            connection.execute(text("REVOKE UPDATE ON alert.delivery FROM drought_deliver"))
        for step in (evaluate, deliver):
            with pytest.raises(ProgrammingError, match="permission denied"):
                step(world)  # type: ignore[operator]

    def test_is_left_where_the_role_could_not_work(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.execute(text(f"REVOKE USAGE ON SCHEMA ops FROM {COMMON}"))
        assert not may_act_as(warehouse, DELIVER)
        assert acting_as(warehouse, DELIVER) is warehouse


@pytest.fixture
def clerk(postgres: EmbeddedPostgres, world: Installation) -> Iterator[Installation]:
    """An installation whose login is in the delivering role alone."""
    owner = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("CREATE ROLE postman LOGIN PASSWORD 'open-sesame'"))
        connection.execute(text(f"GRANT {DELIVER} TO postman"))
    engine = create_engine(world.warehouse.url.set(username="postman", password="open-sesame"))
    yield replace(world, warehouse=engine)
    engine.dispose()
    with owner.connect() as connection:
        connection.execute(text("DROP ROLE postman"))
    owner.dispose()


def test_a_login_of_one_component_does_its_work_and_no_other(
    clerk: Installation, world: Installation
) -> None:
    assert deliver(clerk).sent > 0
    assert told(
        world.warehouse, "SELECT DISTINCT state FROM alert.delivery WHERE sent_at IS NOT NULL"
    )
    with pytest.raises(ProgrammingError, match="permission denied"):
        evaluate(clerk)
    with pytest.raises(ProgrammingError, match="permission denied"):
        approve(clerk, pending_alerts(world), APPROVAL)
