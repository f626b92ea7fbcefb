"""The warehouse: what it promises its readers, who may see what, and what it never forgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from math import nan
from threading import Barrier

import numpy as np
import pandas as pd
import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, Country, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.indices.calibration import Calibration
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.reading import from_mapping
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.stations.observations import Disclosure, Quarantined, Station
from pipeline.stations.places import positions_of
from pipeline.steps.approve import approve
from pipeline.steps.check import check
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.review_stations import review_stations
from pipeline.steps.status import pending_alerts, status
from pipeline.warehouse.calibrations import Series, read_calibrations, save_calibrations
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.landscapes import read_landscapes, save_landscapes
from pipeline.warehouse.migrations import migrate, refuse_other_version, sql_folder
from pipeline.warehouse.observations import (
    ObservationSeries,
    save_observations,
    save_quarantined,
    save_unread,
)
from pipeline.warehouse.plans import read_plan, save_plan
from pipeline.warehouse.stations import save_positions, save_stations
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.little_world import (
    JANUARY,
    PERIOD,
    SOURCE,
    Spoken,
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
    told,
)
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

OURS = "('ops', 'landscape', 'series', 'index', 'plan', 'alert', 'mart', 'public')"
UNCOMMENTED = f"""
WITH relation AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname IN {OURS} AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
    -- Alembic's own.
    AND NOT (n.nspname = 'public' AND c.relname = 'alembic_version')
)
SELECT 'schema ' || nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
AND obj_description(oid, 'pg_namespace') IS NULL
UNION ALL
SELECT 'relation ' || name FROM relation WHERE obj_description(oid, 'pg_class') IS NULL
UNION ALL
SELECT 'column ' || name || '.' || attname FROM relation JOIN pg_attribute ON attrelid = oid
WHERE attnum > 0 AND NOT attisdropped AND col_description(oid, attnum) IS NULL
UNION ALL
SELECT 'function ' || oid::regprocedure FROM pg_proc
WHERE pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN {OURS})
AND obj_description(oid, 'pg_proc') IS NULL
ORDER BY 1
"""  # noqa: S608 - names written above

MART = {
    "landscape": (
        "landscape_id landscape_key version valid_from country_code name_en names land_use "
        "is_salt_affected is_derived area_km2 headwater_landscape_id geometry_geojson "
        "aridity_index"
    ),
    "aridity": (
        "landscape_id basis calibration aridity_index aridity_class pet_method precipitation_mm "
        "pet_mm row_key"
    ),
    "climate_month": (
        "landscape_id month precipitation_mm temperature_mean_c pet_mm gap source release origin "
        "coverage_fraction known_from pet_hargreaves_mm soil_moisture_m3_m3 "
        "snow_water_equivalent_mm snow_melt_mm snowfall_mm row_key"
    ),
    "index_month": (
        "landscape_id month index_code value gap source release origin calibration known_from "
        "row_key"
    ),
    "index_month_wide": (
        "landscape_id month spi_1 spi_2 spi_3 spi_6 spi_9 spi_12 spi_24 spei_1 spei_2 spei_3 "
        "spei_6 spei_9 spei_12 spei_24 pn_1 pn_3 pn_6 pn_9 pn_12 gaps source release origin "
        "calibration known_from spi_hy spi_veg spei_hy spei_veg smri_1 smri_3 smri_6 smri_12 "
        "smri_hy swei_1 sma_1 sma_3 row_key"
    ),
    "area_share": (
        "landscape_id month index_code class share covered_fraction gap source release origin "
        "calibration known_from row_key"
    ),
    "headwater_index_month": (
        "landscape_id headwater_landscape_id month index_code value gap source release origin "
        "calibration known_from row_key"
    ),
    "calibration": (
        "landscape_id index_code calendar_month calibration distribution parameters "
        "probability_of_zero n_years source pet_method landscape_version fitted_at is_blind "
        "row_key"
    ),
    "stage_month": (
        "landscape_id month plan_id plan_version drought_type stage stage_rank since_month "
        "is_confirmed silent_months known_from row_key"
    ),
    "alert": (
        "alert_id chain_id landscape_id month drought_type change from_stage to_stage plan_id "
        "plan_version evidence decided_at approval approved_by cap_identifier office legal_basis "
        "protocol protocol_date page_checksum door requested_at escalated_at expired_at answered_at"
    ),
    "issuer": "issuer_id country_code name office legal_basis since ended_at",
    "bulletin": (
        "month scope outgoing_number outgoing_date issued_by office legal_basis accepts_unchecked files "
        "issued_at"
    ),
    "evaluation": (
        "decided_at committed_at versions calibration sources min_coverage first_month to_month "
        "stage_rows transitions told stale_landscapes is_rebuilt row_key"
    ),
    "delivery": (
        "delivery_id alert_id channel recipient_id language state attempts sent_at error form "
        "next_attempt_at digest_id"
    ),
    "recipient": (
        "recipient_key recipient_id channel form language countries provinces land_uses "
        "drought_types from_stage added_at ended_at"
    ),
    "station_month": (
        "station_id name latitude longitude elevation_m month precipitation_mm temperature_mean_c "
        "gap resolution policy n_observations n_assumed_dry n_suspect suspicion source origin "
        "known_from row_key"
    ),
    "station": (
        "station_id name latitude longitude elevation_m policy positions first_month last_month "
        "months months_with_precipitation suspect_share row_key"
    ),
    "station_position": (
        "station_id latitude longitude elevation_m note known_from valid_from row_key"
    ),
    "observation": (
        "station_id quantity resolution last_day n_days value verdict reason source file_name "
        "line known_from row_key"
    ),
    "quarantine": "quarantine_id file_name source line station_id reason record rejected_at",
    "ingest": (
        "file_name source kind origin n_read n_stored n_quarantined n_unchanged ingested_at row_key"
    ),
    "indicator": (
        "landscape_id indicator unit value period_from period_to issued_on document_number "
        "issued_by note known_from row_key"
    ),
    "freshness": (
        "country_code source newest_month release known_from landscapes_with_values landscapes "
        "newest_final_month expected_month months_late oldest_late_month late_since "
        "preliminary_overdue oldest_preliminary_overdue row_key"
    ),
    "agreement": (
        "landscape_id source calibration gauges n_months gauge_mm grid_mm ratio difference_mm "
        "correlation rank_correlation anomaly_correlation anomaly_rank_correlation n_years "
        "break_year break_statistic break_critical has_break ratio_before ratio_after shortfall "
        "known_from row_key"
    ),
    "agreement_month": (
        "landscape_id month source gauge_mm grid_mm n_gauges n_suspect n_assumed_dry policies "
        "known_from row_key"
    ),
    "revision_value": (
        "landscape_id month source quantity calibration old_value new_value old_gap new_gap "
        "old_release new_release old_known_from changed_at"
    ),
    "revision_stage": (
        "landscape_id month drought_type old_stage old_stage_rank old_plan_id old_plan_version "
        "new_stage new_stage_rank new_plan_id new_plan_version old_known_from changed_at alert_id "
        "approval"
    ),
    "climate_month_ever": (
        "landscape_id month precipitation_mm temperature_mean_c pet_mm gap source release origin "
        "coverage_fraction known_from pet_hargreaves_mm soil_moisture_m3_m3 "
        "snow_water_equivalent_mm snow_melt_mm snowfall_mm known_until row_key"
    ),
    "index_month_ever": (
        "landscape_id month index_code value gap source release origin calibration known_from "
        "known_until row_key"
    ),
    "index_month_wide_ever": (
        "landscape_id month spi_1 spi_2 spi_3 spi_6 spi_9 spi_12 spi_24 spei_1 spei_2 spei_3 "
        "spei_6 spei_9 spei_12 spei_24 pn_1 pn_3 pn_6 pn_9 pn_12 gaps source release origin "
        "calibration known_from spi_hy spi_veg spei_hy spei_veg smri_1 smri_3 smri_6 smri_12 "
        "smri_hy swei_1 sma_1 sma_3 known_until row_key"
    ),
    "area_share_ever": (
        "landscape_id month index_code class share covered_fraction gap source release origin "
        "calibration known_from known_until row_key"
    ),
    "stage_month_ever": (
        "landscape_id month plan_id plan_version drought_type stage stage_rank since_month "
        "is_confirmed silent_months known_from known_until row_key"
    ),
    "landscape_ever": (
        "landscape_id landscape_key version valid_from country_code name_en names land_use "
        "is_salt_affected is_derived area_km2 headwater_landscape_id geometry_geojson "
        "aridity_index known_until"
    ),
    "drought_event": (
        "landscape_id drought_type plan_id plan_version onset ended is_open duration_months "
        "highest_stage highest_stage_rank is_confirmed source calibration index_code severity "
        "intensity peak_value peak_month months_with_gap severity_gap known_from row_key"
    ),
    "area_in_drought": (
        "country_code month drought_type stage stage_rank landscapes area_km2 share or_graver_km2 "
        "or_graver_share unconfirmed_landscapes unconfirmed_km2 without_statement_km2 "
        "country_landscapes country_km2 known_from row_key"
    ),
    "stage_month_wide": (
        "landscape_id month meteorological_stage meteorological_rank meteorological_is_confirmed "
        "agricultural_stage agricultural_rank agricultural_is_confirmed hydrological_stage "
        "hydrological_rank hydrological_is_confirmed highest_rank known_from row_key"
    ),
    "plan_timeline": (
        "country_code plan_id plan_version status title_en authority is_shipped effective_from "
        "rules_from rules_until superseded_by_plan_id superseded_by_version loaded_at row_key "
        "effective_to reigns"
    ),
    "plan_rule": (
        "country_code plan_id plan_version drought_type stage stage_rank rule_number measure "
        "index_code indicator unit area_index_code area_class enter_at enter_after exit_at "
        "exit_after calendar_months land_uses threshold_kind threshold_reference exit_kind "
        "exit_reference persistence_kind persistence_reference row_key path where_heard "
        "salt_affected gap_breaks_run_after ends_after_silence coming_from hold_limit "
        "late_after_days"
    ),
    "plan_action": (
        "country_code plan_id plan_version drought_type stage stage_rank action_number family "
        "action_en action_by_language action_unchecked who_by_language who_unchecked within_days "
        "land_uses salt_affected row_key"
    ),
    "alert_comparison": (
        "landscape_id month drought_type alert_id comparison_number change stage where_heard "
        "heard_landscape_id measure index_code indicator unit area_index_code area_class value "
        "withheld gap enter_at enter_after exit_at exit_after run_before run_after was_active "
        "is_active silent_months threshold_kind threshold_reference exit_kind exit_reference "
        "persistence_kind persistence_reference source release coverage_fraction calibration "
        "document_number issued_on plan_id plan_version decided_at row_key"
    ),
    "latest_status": (
        "landscape_id drought_type month stage stage_rank since_month months_in_stage "
        "is_confirmed silent_months plan_id plan_version index_values index_gaps source "
        "calibration release origin alert_id alert_change alert_month alert_approval known_from "
        "row_key"
    ),
    "latest_status_wide": (
        "landscape_id country_code name_en names land_use is_salt_affected area_km2 month "
        "meteorological_stage meteorological_rank meteorological_since "
        "meteorological_is_confirmed agricultural_stage agricultural_rank agricultural_since "
        "agricultural_is_confirmed hydrological_stage hydrological_rank hydrological_since "
        "hydrological_is_confirmed highest_rank spi_1 spi_3 spi_6 spi_12 spei_3 spei_6 spei_12 "
        "pn_3 smri_hy swei_1 sma_1 source calibration release origin known_from geometry_geojson "
        "row_key"
    ),
    "input_quality": (
        "landscape_id month index_code source calibration landscape_version months_in_window "
        "months_with_rain months_with_inputs months_preliminary lowest_coverage_fraction "
        "months_with_gauges fewest_gauges assumed_dry_days suspect_values pet_method n_years "
        "probability_of_zero has_break row_key"
    ),
    "climate_month_long": (
        "landscape_id month quantity unit value gap source release origin known_from row_key"
    ),
    "area_share_wide": (
        "landscape_id month index_code covered_fraction at_or_below_m0_5 at_or_below_m0_8 "
        "at_or_below_m1_0 at_or_below_m1_3 at_or_below_m1_5 at_or_below_m1_6 at_or_below_m2_0 gap "
        "source release origin calibration known_from row_key"
    ),
    "revision_report": (
        "changed_at country_code source quantity calibration month landscapes filled lost "
        "mean_change largest_change stages_changed corrections corrections_told"
    ),
}


SPI_3 = IndexCode.parse("spi_3")
SPEI_6 = IndexCode.parse("spei_6")
PN_1 = IndexCode.parse("pn_1")


@pytest.fixture(scope="module")
def catalogue(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A warehouse with three gauges, to look at only."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE catalogue TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url("catalogue"))
    save_gauges(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE catalogue WITH (FORCE)"))
    admin.dispose()


def moment(warehouse: Engine) -> datetime:
    """The database's clock, between two transactions."""
    ((now,),) = told(warehouse, "SELECT clock_timestamp()")
    assert isinstance(now, datetime)
    return now


def number_of(warehouse: Engine, table: str) -> object:
    return told(warehouse, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - names of ours


class TestTheCatalogue:
    def test_every_schema_table_view_column_and_function_says_what_it_is(
        self, catalogue: Engine
    ) -> None:
        assert told(catalogue, UNCOMMENTED) == []

    def test_a_new_thing_without_a_comment_is_found(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "CREATE SCHEMA extra; CREATE TABLE series.snow (depth_mm integer); "
                    "CREATE VIEW mart.snow AS SELECT depth_mm FROM series.snow; "
                    "CREATE FUNCTION mart.melt() RETURNS integer LANGUAGE sql AS 'SELECT 1'; "
                    "COMMENT ON TABLE series.snow IS 'Snow.'"
                )
            )
        assert [row[0] for row in told(warehouse, UNCOMMENTED)] == [
            "column mart.snow.depth_mm",
            "column series.snow.depth_mm",
            "function mart.melt()",
            "relation mart.snow",
            "schema extra",
        ]

    def test_the_views_of_mart_are_these(self, catalogue: Engine) -> None:
        found = told(
            catalogue,
            "SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace ORDER BY 1",
        )
        assert [row[0] for row in found] == sorted(MART)

    @pytest.mark.parametrize("view", MART)
    def test_a_view_of_mart_has_these_columns_in_this_order(
        self, catalogue: Engine, view: str
    ) -> None:
        found = told(
            catalogue,
            "SELECT attname FROM pg_attribute WHERE attrelid = ('mart.' || :view)::regclass "
            "AND attnum > 0 ORDER BY attnum",
            view=view,
        )
        assert [row[0] for row in found] == MART[view].split()

    def test_the_functions_of_mart_return_what_its_views_hold(self, catalogue: Engine) -> None:
        found = told(
            catalogue,
            "SELECT oid::regprocedure::text, prorettype::regtype::text FROM pg_proc "
            "WHERE pronamespace = 'mart'::regnamespace ORDER BY 1",
        )
        assert found == [
            ("mart.area_share_as_of(timestamp with time zone)", "mart.area_share"),
            ("mart.climate_month_as_of(timestamp with time zone)", "mart.climate_month"),
            ("mart.freshness_at(timestamp with time zone)", "record"),
            ("mart.index_month_as_of(timestamp with time zone)", "mart.index_month"),
            ("mart.index_month_wide_as_of(timestamp with time zone)", "mart.index_month_wide"),
            ("mart.indicator_as_of(timestamp with time zone)", "mart.indicator"),
            ("mart.landscape_as_of(timestamp with time zone)", "mart.landscape"),
            ("mart.row_key(integer,date,integer,integer,integer)", "bigint"),
            ("mart.stage_month_as_of(timestamp with time zone)", "mart.stage_month"),
            ("mart.unseen_at(timestamp with time zone)", "timestamp with time zone[]"),
        ]

    def test_a_twin_has_the_columns_of_its_table_and_the_time_until_which_they_held(
        self, catalogue: Engine
    ) -> None:
        laid_out = told(
            catalogue,
            "SELECT c.oid::regclass::text, array_agg(a.attname::text ORDER BY a.attnum) "
            "FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
            "WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.oid",
        )
        columns = {str(name): names for name, names in laid_out if isinstance(names, list)}
        twins = {name for name in columns if name.endswith("_superseded")}
        assert twins == {
            "series.agreement_superseded",
            "series.agreement_month_superseded",
            "series.climate_month_superseded",
            "series.indicator_superseded",
            "series.observation_superseded",
            "series.station_month_superseded",
            "series.station_position_superseded",
            "index.area_share_superseded",
            "index.calibration_superseded",
            "index.value_month_superseded",
            "plan.drought_event_superseded",
            "plan.stage_month_superseded",
        }
        in_part = {"index.area_share_superseded", "index.value_month_superseded"}
        for twin in twins:
            told_by = {*columns[twin.removesuffix("_superseded")], "known_until"}
            if twin in in_part:
                told_by = told_by - {"gaps"} | {"gap_set_number", "replaced_number"}
            assert {*columns[twin]} == told_by


class TestMigrations:
    @pytest.fixture
    def empty(self, postgres: EmbeddedPostgres) -> Iterator[str]:
        """The URL of a database that holds nothing."""
        postgres.ensure_database("empty")
        yield postgres.url("empty")
        admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE empty WITH (FORCE)"))
        admin.dispose()

    def test_they_are_applied_once(self, empty: str) -> None:
        engine = create_engine(empty)
        with (
            engine.connect() as connection,
            pytest.raises(InputError, match="got none of them; run `drought db migrate`"),
        ):
            refuse_other_version(connection)
        names = sorted(path.name for path in (sql_folder() / "migrations").glob("*.sql"))
        assert migrate(engine) == names
        assert migrate(engine) == []
        with engine.connect() as connection:
            refuse_other_version(connection)
        engine.dispose()

    def test_two_at_once_wait_for_each_other(self, empty: str) -> None:
        start = Barrier(2)

        def one() -> list[str]:
            engine = create_engine(empty)
            start.wait(timeout=20)
            applied = migrate(engine)
            engine.dispose()
            return applied

        with ThreadPoolExecutor() as pool:
            first, second = (job.result(timeout=60) for job in [pool.submit(one), pool.submit(one)])
        assert sorted([len(first), len(second)]) == [0, len(first or second)]
        assert first or second

    def test_one_that_was_edited_after_it_was_applied_is_refused(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "UPDATE public.applied_migration SET sha256 = repeat('0', 64) "
                    "WHERE name = '0003_series.sql'"
                )
            )
        with pytest.raises(ConflictError, match=r"0003_series\.sql: was edited") as refused:
            migrate(warehouse)
        assert "expected the checksum 000000000000, got " in str(refused.value)
        assert str(refused.value).endswith("write the change as a new migration")
        with warehouse.connect() as connection, pytest.raises(ConflictError, match="was edited"):
            refuse_other_version(connection)

    def test_a_warehouse_that_lacks_one_is_not_current(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            refuse_other_version(connection)
            connection.execute(
                text("DELETE FROM public.applied_migration WHERE name = '0008_roles.sql'")
            )
            with pytest.raises(InputError, match=r"older than this software.* run `drought db mig"):
                refuse_other_version(connection)

    def test_a_warehouse_of_newer_software_is_refused(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text("INSERT INTO public.applied_migration VALUES ('0042_later.sql', 'x')")
            )
            with pytest.raises(InputError, match=r"newer than this software, got 0042_later\.sql"):
                refuse_other_version(connection)


class Login:
    """Somebody who may log in, in one of our roles."""

    def __init__(self, owner: Engine, role: str) -> None:
        self.name = f"somebody_in_{role}"
        self.owner = owner
        url = owner.url.set(username=self.name, password="open-sesame")
        self._say(f"CREATE ROLE {self.name} LOGIN PASSWORD 'open-sesame' IN ROLE {role}")
        self.warehouse = create_engine(url)

    def leave(self) -> None:
        self.warehouse.dispose()
        self._say(f"DROP OWNED BY {self.name}; DROP ROLE {self.name}")

    def _say(self, statement: str) -> None:
        with self.owner.begin() as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="module")
def analyst(catalogue: Engine) -> Iterator[Engine]:
    """The catalogue as an analyst reaches it."""
    login = Login(catalogue, "drought_analyst")
    yield login.warehouse
    login.leave()


@pytest.fixture
def pipeline(warehouse: Engine) -> Iterator[Engine]:
    """The warehouse as the pipeline reaches it where it is not the owner."""
    login = Login(warehouse, "drought_pipeline")
    yield login.warehouse
    login.leave()


def save_gauges(warehouse: Engine) -> None:
    """One gauge of each disclosure class, each with a month, a place and a refused record.

    The file also holds a line that names no gauge, and so might be any one's.
    """
    gauges = [
        Station(f"gauge-{d}", f"the {d} gauge", 38.0, 66.0, 400.0, disclosure=d) for d in Disclosure
    ]
    names = [one.station_id for one in gauges]
    records = pd.DataFrame(
        {
            "line": range(2, 2 + len(names)),
            "station_id": names,
            "quantity": "precipitation_mm",
            "last_day": pd.Timestamp("2021-01-31"),
            "n_days": 31,
            "value": [41.5, 42.5, 43.5],
            "reason": "",
            "text": [f"record of {name}" for name in names],
        }
    )
    refused = records.assign(quantity="temperature_mean_c", reason="too warm", by_provider=False)
    with warehouse.begin() as connection:
        file_id = grid_file(connection)
        save_stations(connection, gauges, file_id)
        save_positions(connection, positions_of(gauges), NOW.date())
        series = ObservationSeries("agency", "monthly", file_id)
        save_observations(connection, records, series)
        save_quarantined(connection, refused, series)
        lost = Quarantined("rain.csv", 9, "", "no station", "99.9")
        save_unread(connection, [lost], file_id)
        review_stations(connection, names)


class TestTheAnalyst:
    @pytest.mark.parametrize("view", MART)
    def test_reads_every_view(self, analyst: Engine, view: str) -> None:
        assert told(analyst, f"SELECT * FROM mart.{view}") is not None  # noqa: S608

    def test_asks_for_any_moment(self, analyst: Engine) -> None:
        assert told(analyst, "SELECT * FROM mart.index_month_as_of(now())") == []
        assert told(analyst, "SELECT * FROM mart.stage_month_as_of(now())") == []
        assert told(analyst, "SELECT * FROM mart.indicator_as_of(now())") == []
        assert told(analyst, "SELECT * FROM mart.freshness_at(now())") == []

    def test_reads_nothing_else(self, analyst: Engine) -> None:
        others = told(
            analyst,
            "SELECT c.oid::regclass::text FROM pg_class AS c "
            "JOIN pg_namespace AS n ON c.relnamespace = n.oid "
            "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S') "
            "AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('mart', 'information_schema')",
        )
        assert len(others) > 25
        for (name,) in others:
            with pytest.raises(ProgrammingError, match="permission denied"):
                told(analyst, f"SELECT * FROM {name}")  # noqa: S608 - names of ours

    def test_writes_nothing(self, analyst: Engine) -> None:
        may = told(
            analyst,
            "SELECT c.oid::regclass::text FROM pg_class AS c "
            "JOIN pg_namespace AS n ON c.relnamespace = n.oid "
            "WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname !~ '^pg_' AND ("
            "has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES') "
            "OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')) "
            "UNION ALL SELECT nspname FROM pg_namespace "
            "WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')",
        )
        assert may == []
        with pytest.raises(ProgrammingError, match="permission denied"):
            told(analyst, "DELETE FROM alert.delivery RETURNING delivery_id")

    def test_calls_the_functions_of_mart_and_no_other_of_ours(self, analyst: Engine) -> None:
        may = told(
            analyst,
            "SELECT oid::regproc::text FROM pg_proc WHERE has_function_privilege(oid, 'EXECUTE') "
            "AND pronamespace IN (SELECT oid FROM pg_namespace "
            "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') ORDER BY 1",
        )
        assert may == [
            ("mart.area_share_as_of",),
            ("mart.climate_month_as_of",),
            ("mart.freshness_at",),
            ("mart.index_month_as_of",),
            ("mart.index_month_wide_as_of",),
            ("mart.indicator_as_of",),
            ("mart.landscape_as_of",),
            ("mart.row_key",),
            ("mart.stage_month_as_of",),
            ("mart.unseen_at",),
        ]

    def test_sees_open_gauges_only(self, analyst: Engine) -> None:
        assert told(analyst, "SELECT station_id, precipitation_mm FROM mart.station_month") == [
            ("gauge-open", 41.5)
        ]
        assert told(analyst, "SELECT station_id, record FROM mart.quarantine") == [
            ("gauge-open", "record of gauge-open")
        ]
        assert told(analyst, "SELECT station_id, value FROM mart.observation") == [
            ("gauge-open", 41.5)
        ]
        assert told(analyst, "SELECT station_id FROM mart.station") == [("gauge-open",)]
        assert told(analyst, "SELECT station_id FROM mart.station_position") == [("gauge-open",)]

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param("SELECT * FROM mart.station_month WHERE pg_temp.seen(name)", id="months"),
            pytest.param("SELECT * FROM mart.quarantine WHERE pg_temp.seen(record)", id="records"),
            pytest.param(
                "SELECT * FROM mart.observation WHERE pg_temp.seen(station_id || value)",
                id="observations",
            ),
            pytest.param("SELECT * FROM mart.station WHERE pg_temp.seen(name)", id="stations"),
            pytest.param(
                "SELECT * FROM mart.station_position WHERE pg_temp.seen(station_id)", id="places"
            ),
        ],
    )
    def test_cannot_listen_to_the_rows_a_view_hides(self, analyst: Engine, query: str) -> None:
        heard: list[str | None] = []
        address = analyst.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            connection.add_notice_handler(lambda notice: heard.append(notice.message_primary))
            connection.execute(
                "CREATE FUNCTION pg_temp.seen(what text) RETURNS boolean LANGUAGE plpgsql "
                "COST 0.0001 AS $$ BEGIN RAISE NOTICE '%', what; RETURN TRUE; END $$"
            )
            assert connection.execute(query).rowcount == 1
        assert len(heard) == 1
        assert "open" in str(heard)

    def test_learns_of_no_hidden_row_by_an_error(self, analyst: Engine) -> None:
        query = "SELECT station_id FROM mart.station_month WHERE 1 / (precipitation_mm - 43.5) < 0"
        assert told(analyst, query) == [("gauge-open",)]


class TestThePipeline:
    def test_does_the_work_of_a_month(self, pipeline: Engine, installation: Installation) -> None:
        at_work = replace(installation, warehouse=pipeline)
        with pipeline.connect() as connection:
            refuse_other_version(connection)
        settle(pipeline, [landscape("A")])
        say_spi_3(pipeline, {"A": [-1.2]})
        assert golive(at_work, JANUARY + 1) == 1
        say_spi_3(pipeline, {"A": [-1.3]})
        evaluate(at_work)
        approve(at_work, pending_alerts(at_work), replace(APPROVAL, answered_at=NOW))
        assert deliver(at_work).sent == 2
        assert check(at_work)
        assert status(at_work).undelivered == []
        save_gauges(pipeline)

    @pytest.mark.parametrize(
        "statement",
        [
            pytest.param("UPDATE plan.evaluation SET told = 0", id="change what was decided"),
            pytest.param("DELETE FROM plan.evaluation", id="forget what was decided"),
            pytest.param("DELETE FROM alert.issuer", id="strike off who may issue"),
            pytest.param("DELETE FROM alert.recipient", id="strike off who is told"),
            pytest.param("UPDATE alert.bulletin SET files = '{}'", id="change what was issued"),
            pytest.param("DROP TABLE alert.message", id="drop a table"),
            pytest.param("CREATE TABLE series.snow (depth_mm integer)", id="make a table"),
            pytest.param("ALTER TABLE plan.stage_month DISABLE TRIGGER ALL", id="stop the memory"),
            pytest.param("CREATE VIEW mart.snow AS SELECT 1 AS one", id="make a view"),
        ],
    )
    def test_does_not_change_the_tables_themselves(self, pipeline: Engine, statement: str) -> None:
        with (
            pytest.raises(ProgrammingError, match=r"must be owner|permission denied"),
            pipeline.begin() as connection,
        ):
            connection.execute(text(statement))


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """One district, without values yet."""
    settle(warehouse, [landscape("A")])
    return warehouse


class TestWhatWasReplaced:
    def values(self, warehouse: Engine, relation: str, **given: object) -> list[object]:
        query = f"SELECT value FROM {relation} WHERE index_code = 'spi_3'"  # noqa: S608
        return [row[0] for row in told(warehouse, query, **given)]

    def test_a_replaced_index_value_can_be_asked_for_again(self, world: Engine) -> None:
        before_all = moment(world)
        say_spi_3(world, {"A": [-1.2]}, release=Release.PRELIMINARY)
        between = moment(world)
        assert say_spi_3(world, {"A": [-1.3]}, release=Release.FINAL) == 1
        as_of = "mart.index_month_as_of(:at)"
        assert self.values(world, "mart.index_month") == [-1.3]
        assert self.values(world, as_of, at=between) == [-1.2]
        assert self.values(world, as_of, at=moment(world)) == [-1.3]
        assert self.values(world, as_of, at=before_all) == []
        assert told(world, "SELECT spi_3, release FROM index.value_month_superseded") == [
            (-1.2, "preliminary")
        ]

    def test_one_moment_has_one_truth(self, world: Engine) -> None:
        for value in (-1.2, -1.3, -1.4):
            say_spi_3(world, {"A": [value]})
        moments = told(
            world,
            "SELECT known_from, committed_at FROM ops.moment WHERE known_from IN "
            "(SELECT known_from FROM mart.index_month_ever) ORDER BY 1",
        )
        as_of = "mart.index_month_as_of(:at)"
        truths = [[self.values(world, as_of, at=at) for at in moment] for moment in moments]
        assert truths == [[[], [-1.2]], [[-1.2], [-1.3]], [[-1.3], [-1.4]]]

    def test_a_replaced_stage_can_be_asked_for_again(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [-1.2]})
        evaluate(installation)
        between = moment(world)
        say_spi_3(world, {"A": [-1.7]})
        evaluate(installation)
        query = "SELECT stage FROM {} WHERE drought_type = 'meteorological'"
        as_of = query.format("mart.stage_month_as_of(:at)")
        assert told(world, query.format("mart.stage_month")) == [("warning",)]
        assert told(world, as_of, at=between) == [("watch",)]
        assert told(world, as_of, at=moment(world)) == [("warning",)]
        assert number_of(world, "plan.stage_month_superseded") == 1

    def test_a_deleted_row_is_kept_too(self, world: Engine) -> None:
        say_spi_3(world, {"A": [-1.2]})
        between = moment(world)
        with world.begin() as connection:
            connection.execute(text("DELETE FROM index.value_month"))
        assert self.values(world, "mart.index_month") == []
        assert self.values(world, "mart.index_month_as_of(:at)", at=between) == [-1.2]

    def test_saving_twice_equals_saving_once(self, world: Engine) -> None:
        spoken: Spoken = {"A": [-1.2, Gap.NOT_PUBLISHED, 0.4]}
        assert say_spi_3(world, spoken) == 3
        before = told(world, "SELECT * FROM index.value_month ORDER BY month")
        assert say_spi_3(world, spoken) == 0
        assert told(world, "SELECT * FROM index.value_month ORDER BY month") == before
        assert number_of(world, "index.value_month_superseded") == 0

    def test_only_the_row_that_differs_is_replaced(self, world: Engine) -> None:
        say_spi_3(world, {"A": [-1.2, 0.3]})
        known = "SELECT known_from FROM index.value_month ORDER BY month"
        before = told(world, known)
        assert say_spi_3(world, {"A": [-1.2, 0.4]}) == 1
        after = told(world, known)
        assert after[0] == before[0]
        assert after[1] > before[1]

    def test_a_gap_with_another_reason_is_another_value(self, world: Engine) -> None:
        say_spi_3(world, {"A": [Gap.NOT_PUBLISHED]})
        assert say_spi_3(world, {"A": [Gap.REJECTED]}) == 1
        assert told(
            world, "SELECT value, gap FROM mart.index_month WHERE index_code = 'spi_3'"
        ) == [(None, "rejected")]

    def test_the_long_view_holds_every_index_once(self, world: Engine) -> None:
        say_spi_3(world, {"A": [-1.2]})
        long = told(world, "SELECT index_code, value, gap FROM mart.index_month")
        ((wide,),) = told(world, "SELECT to_jsonb(w) FROM mart.index_month_wide AS w")
        assert isinstance(wide, dict)
        assert len(long) == len(INDEX_CODES) == 31
        assert all(wide[str(code)] == value and gap is None for code, value, gap in long)


class TestClimate:
    def save(self, connection: Connection, file_id: int, *, rain: float | Gap = 12.5) -> int:
        beside = {"temperature_mean_c": 3.5, "pet_mm": 20.0}
        return say_climate(
            connection, 1, JANUARY, rain, file_id=file_id, coverage=0.9, beside=beside
        )

    def test_the_same_value_from_another_file_is_the_same_value(self, world: Engine) -> None:
        with world.begin() as connection:
            one, other = grid_file(connection, number=1), grid_file(connection, number=2)
            assert self.save(connection, one) == 1
        before = told(world, "SELECT * FROM series.climate_month")
        with world.begin() as connection:
            assert self.save(connection, other) == 0
        assert told(world, "SELECT * FROM series.climate_month") == before

    def test_another_value_brings_its_file_with_it(self, world: Engine) -> None:
        with world.begin() as connection:
            one, other = grid_file(connection, number=1), grid_file(connection, number=2)
            self.save(connection, one)
        with world.begin() as connection:
            assert self.save(connection, other, rain=Gap.NOT_PUBLISHED) == 1
        columns = "SELECT precipitation_mm, gap, file_id FROM series.climate_month"
        assert told(world, columns) == [(None, "not_published", other)]
        assert told(world, columns + "_superseded") == [(12.5, None, one)]

    def test_a_row_written_while_the_clock_was_ahead_is_kept_too(self, world: Engine) -> None:
        # Of a time that two rows claim the one that was there before keeps it: the row that comes
        # begins just after the other.
        with world.begin() as connection:
            one, other = grid_file(connection, number=1), grid_file(connection, number=2)
            self.save(connection, one)
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(
                text("UPDATE series.climate_month SET known_from = now() + interval '1 hour'")
            )
        with world.begin() as connection:
            self.save(connection, other, rain=20.0)
        kept = "SELECT precipitation_mm, known_until - known_from FROM {}_superseded"
        assert told(world, kept.format("series.climate_month")) == [
            (12.5, timedelta(microseconds=1))
        ]


class TestOrigin:
    def test_the_first_file_decides_and_the_other_origin_is_refused(
        self, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            claim_origin(connection, Origin.SIMULATED, "one.nc")
            claim_origin(connection, Origin.SIMULATED, "two.nc")
        with (
            pytest.raises(ConflictError, match="holds simulated data and the file is real"),
            warehouse.begin() as connection,
        ):
            claim_origin(connection, Origin.REAL, "three.nc")
        assert told(warehouse, "SELECT origin FROM ops.identity") == [("simulated",)]


class TestPlans:
    def test_a_loaded_version_never_changes(self, warehouse: Engine) -> None:
        (shipped,) = (plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
        changed = from_mapping(shipped.as_json() | {"hold_limit": 9}, "the test")
        with warehouse.begin() as connection:
            assert not save_plan(connection, shipped, is_shipped=True)
        with (
            pytest.raises(ConflictError, match="uz-generic version 2: this version is stored"),
            warehouse.begin() as connection,
        ):
            save_plan(connection, changed, is_shipped=False)
        with warehouse.connect() as connection:
            assert read_plan(connection, "uz-generic", "2") == shipped


class TestLandscapes:
    def test_a_changed_one_is_a_new_version_and_old_values_keep_theirs(self, world: Engine) -> None:
        say_spi_3(world, {"A": [-1.2]})
        renamed = replace(landscape("A"), name_en="Another name")
        with world.begin() as connection:
            assert save_landscapes(connection, [landscape("A")])["unchanged"] == 1
            assert save_landscapes(connection, [renamed])["changed"] == 1
            assert save_landscapes(connection, [renamed])["unchanged"] == 1
            (newest,) = read_landscapes(connection)
            (first,) = read_landscapes(connection, [(1, 1)])
        assert (newest.version, newest.landscape) == (2, renamed)
        assert first.landscape == landscape("A")
        assert told(world, "SELECT landscape_version FROM index.value_month") == [(1,)]
        assert told(world, "SELECT version, name_en FROM mart.landscape") == [(2, "Another name")]


def fit(index: IndexCode, parameters: Mapping[str, float], share: float, years: int) -> Calibration:
    """A calibration of one landscape, the same in each calendar month but December: too short."""
    shape = (12, 1)
    n_years = np.full(shape, years)
    n_years[11] = 23
    return Calibration(
        index,
        PERIOD,
        {"spi": "gamma", "spei": "loglogistic", "pn": "normal_total"}[index.family],
        {name: np.full(shape, value) for name, value in parameters.items()},
        np.full(shape, share),
        n_years,
    )


class TestCalibrations:
    SERIES = Series(SOURCE, PERIOD, (1,), (1,))
    FITS = (
        fit(SPI_3, {"alpha": 1.75, "beta": 12.1, "rainless_below_mm": 1.0}, 0.1, 30),
        fit(SPEI_6, {"loc": nan, "scale": nan, "shape": nan}, nan, 29),
        fit(PN_1, {"normal_mm": 31.25, "smallest_normal_mm": 5.0}, nan, 30),
    )

    def save(self, warehouse: Engine, *fits: Calibration) -> int:
        with warehouse.begin() as connection:
            known = read_calibrations(connection, self.SERIES)
            return save_calibrations(connection, self.SERIES, fits, known, np.array([False]))

    def read(self, warehouse: Engine) -> dict[IndexCode, Calibration]:
        with warehouse.connect() as connection:
            return read_calibrations(connection, self.SERIES)

    def test_what_is_saved_is_read_back_and_no_number_is_a_null(self, world: Engine) -> None:
        assert self.save(world, *self.FITS) == 33
        found = self.read(world)
        for saved in self.FITS:
            one = found[saved.index]
            assert one.distribution == saved.distribution
            for name, values in saved.parameters.items():
                np.testing.assert_array_equal(one.parameters[name][:11], values[:11])
            np.testing.assert_array_equal(
                one.probability_of_zero[:11], saved.probability_of_zero[:11]
            )
            np.testing.assert_array_equal(one.n_years[:11], saved.n_years[:11])
        assert told(
            world,
            "SELECT parameters, probability_of_zero FROM mart.calibration "
            "WHERE index_code = 'spei_6' AND calendar_month = 1",
        ) == [({"loc": None, "scale": None, "shape": None}, None)]

    def test_a_calendar_month_with_too_few_years_is_left_to_be_fitted_later(
        self, world: Engine
    ) -> None:
        self.save(world, *self.FITS)
        found = self.read(world)[SPI_3]
        assert found.n_years[11] == 0
        assert np.isnan(found.parameters["alpha"][11])
        later = replace(self.FITS[0], n_years=np.full((12, 1), 30))
        assert self.save(world, later) == 1
        assert self.read(world)[SPI_3].n_years[11] == 30

    def test_a_stored_fit_is_never_replaced(self, world: Engine) -> None:
        self.save(world, *self.FITS)
        other = fit(SPI_3, {"alpha": 9.0, "beta": 9.0, "rainless_below_mm": 9.0}, 0.9, 30)
        assert self.save(world, other) == 0
        assert self.read(world)[SPI_3].parameters["alpha"][0] == 1.75

    def test_not_even_by_a_computation_that_began_before_it_was_stored(self, world: Engine) -> None:
        nothing_known = self.read(world)
        self.save(world, *self.FITS)
        other = fit(SPI_3, {"alpha": 9.0, "beta": 9.0, "rainless_below_mm": 9.0}, 0.9, 30)
        with world.begin() as connection:
            saved = save_calibrations(
                connection, self.SERIES, [other], nothing_known, np.array([False])
            )
        assert saved == 0
        assert self.read(world)[SPI_3].parameters["alpha"][0] == 1.75

    def test_another_version_of_the_landscape_is_fitted_anew(self, world: Engine) -> None:
        self.save(world, *self.FITS)
        with world.begin() as connection:
            save_landscapes(connection, [replace(landscape("A"), name_en="Another name")])
            changed = read_calibrations(connection, replace(self.SERIES, landscape_versions=(2,)))
        assert not changed[SPI_3].n_years.any()
        assert number_of(world, "mart.calibration") == 0


def test_the_password_of_the_warehouse_is_not_shown(warehouse_url: str) -> None:
    settings = Settings(database_url=warehouse_url)
    password = make_url(warehouse_url).password
    assert password
    assert password not in repr(settings)


def test_months_are_first_days_everywhere(catalogue: Engine) -> None:
    """Each column called month refuses the second of a month by a constraint of its own."""
    bare = told(
        catalogue,
        "SELECT c.oid::regclass::text FROM pg_class AS c "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relkind = 'r' "
        "AND a.attname = 'month' AND c.relname !~ '_superseded$' AND NOT EXISTS ("
        "SELECT 1 FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c' "
        "AND a.attnum = ANY(k.conkey) AND pg_get_constraintdef(k.oid) ~* '(extract|date_part).*month.* = ')",
    )
    assert bare == []
    assert Month.of(JANUARY.first_day) == JANUARY
