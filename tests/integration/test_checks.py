"""Each check finds the error it is for, and is silent on a world in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from pipeline.core.errors import InputError
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.check import check, looked_over
from pipeline.steps.installation import Installation
from pipeline.terminal import checked_lines
from pipeline.warehouse import checks
from pipeline.warehouse.checks import (
    Check,
    Checked,
    Severity,
    in_words,
    read_checks,
    run_checks,
)
from tests.integration.conftest import TEMPLATE
from tests.integration.little_world import told
from tests.integration.sound_world import make_sound

pytestmark = pytest.mark.postgres

WORDS = {
    # As one who writes beside the pipeline: no trigger sees it.
    "unseen": "SET LOCAL session_replication_role = replica;",
    "a": "landscape_key = 1",
    "july": "landscape_key = 1 AND month = '2021-07-01'",
    "warning": "alert_id = (SELECT min(alert_id) FROM alert.transition WHERE month = '2021-07-01')",
}


@dataclass(frozen=True)
class Planted:
    """An error, and the first row by which it must be found."""

    check: str
    statement: str
    found: dict[str, object]
    rows: int = 1


def planted(check_name: str, name: str, statement: str, rows: int = 1, **found: object) -> Any:  # noqa: ANN401
    said = Template(statement).substitute(WORDS)
    return pytest.param(Planted(check_name, said, found, rows), id=f"{check_name}: {name}")


ALERTS = (
    planted(
        "alerts_doubled",
        "a change decided twice",
        "INSERT INTO alert.transition (chain_id, landscape_key, landscape_version, month, drought_type, "
        "change, from_stage, to_stage, plan_id, plan_version, evidence) SELECT chain_id, landscape_key, "
        "landscape_version, month, drought_type, 'corrected', from_stage, to_stage, plan_id, plan_version, "
        "evidence FROM alert.transition WHERE $warning",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "chains_doubled",
        "a second chain of a drought that goes on",
        "$unseen UPDATE alert.transition SET chain_id = 'another', change = 'eased', "
        "to_stage = 'watch' WHERE change = 'ended'",
        landscape_id="A",
        chains=2,
    ),
    planted(
        "alerts_without_approval_row",
        "one written by hand",
        "$unseen DELETE FROM alert.approval WHERE $warning",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "approvals_pending_long",
        "asked eight days ago",
        "UPDATE alert.approval SET requested_at = now() - interval '8 days' WHERE alert_id = "
        "(SELECT max(alert_id) FROM alert.approval WHERE state = 'pending')",
        landscape_id="A",
    ),
    planted(
        "told_alerts_without_messages",
        "its messages taken away",
        "$unseen DELETE FROM alert.message WHERE alert_id = "
        "(SELECT max(alert_id) FROM alert.approval WHERE state = 'pending')",
        landscape_id="A",
        approval="pending",
    ),
    planted(
        "evidence_without_value",
        "neither value nor gap",
        "UPDATE alert.transition SET evidence = jsonb_set(evidence, '{comparisons,0,value}', 'null') "
        "WHERE $warning",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "evidence_without_value",
        "a stage that rose on gaps alone",
        "UPDATE alert.transition SET evidence = jsonb_set(evidence, '{comparisons}', (SELECT jsonb_agg("
        """one || '{"value": null, "gap": "not_published"}') FROM """
        "jsonb_array_elements(evidence -> 'comparisons') AS one)) WHERE change = 'escalated'",
        landscape_id="A",
        change="escalated",
    ),
    planted(
        "evidence_of_another_plan",
        "a document that was changed",
        "$unseen UPDATE alert.transition SET evidence = jsonb_set(evidence, '{plan_fingerprint}', "
        "'\"0\"') WHERE $warning",
        landscape_id="A",
        plan_id="uz-generic",
    ),
    planted(
        "evidence_that_disagrees",
        "a value changed behind its back",
        "$unseen UPDATE index.value_month SET spi_3 = -1.19 WHERE $july",
        rows=3,
        landscape_id="A",
        month="2021-07",
        value_in_evidence="-1.2",
        value_known_then="-1.19",
    ),
    planted(
        "decisions_without_evaluation",
        "a stage written by hand",
        "$unseen UPDATE plan.stage_month SET known_from = '2021-08-01' WHERE $july "
        "AND drought_type = 'meteorological'",
        landscape_id="A",
        month="2021-07",
        decision="stage watch",
    ),
    planted(
        "stages_that_disagree_with_alerts",
        "another stage than the newest change led to",
        "$unseen UPDATE plan.stage_month SET stage = 'severe', stage_rank = 3 WHERE $a "
        "AND drought_type = 'meteorological' AND month = '2021-11-01'",
        landscape_id="A",
        month="2021-11",
        stage_by_alert="none",
        stage_shown="severe",
    ),
    planted(
        "stages_that_disagree_with_themselves",
        "a rank that is not the ladder's",
        "$unseen UPDATE plan.stage_month SET stage_rank = 2 WHERE $july "
        "AND drought_type = 'meteorological'",
        rows=2,  # and the months after it, which began with it
        landscape_id="A",
        month="2021-07",
        contradiction="the rank is not that of the plan's ladder",
    ),
    planted(
        "stages_that_disagree_with_themselves",
        "confirmed after too long a silence",
        "$unseen UPDATE plan.stage_month SET silent_months = 4 WHERE $july "
        "AND drought_type = 'meteorological'",
        contradiction="confirmed after too long a silence",
    ),
    planted(
        "stages_that_disagree_with_themselves",
        "unconfirmed though it was heard",
        "$unseen UPDATE plan.stage_month SET is_confirmed = FALSE WHERE $july "
        "AND drought_type = 'meteorological'",
        contradiction="unconfirmed though it was heard",
    ),
    planted(
        "stages_that_disagree_with_themselves",
        "a beginning that does not follow",
        "$unseen UPDATE plan.stage_month SET since_month = '2021-06-01' WHERE $a "
        "AND drought_type = 'meteorological' AND month = '2021-08-01' AND stage = 'watch'",
        landscape_id="A",
    ),
    planted(
        "droughts_that_disagree_with_stages",
        "a month too many",
        "$unseen UPDATE plan.drought_event SET duration_months = duration_months + 1 WHERE $a "
        "AND drought_type = 'meteorological'",
        landscape_id="A",
        drought_type="meteorological",
    ),
    planted(
        "areas_that_disagree_with_stages",
        "a landscape not added up",
        "UPDATE plan.area_in_drought SET landscapes = landscapes - 1 WHERE month = '2021-01-01' "
        "AND drought_type = 'agricultural' AND stage_rank = 0",
        country_code="UZ",
        month="2021-01",
        landscapes_with_stages=3,
        landscapes_added_up=2,
    ),
    planted(
        "stages_older_than_indices",
        "nothing decided for ten days",
        "$unseen UPDATE ops.outcome SET ended_at = now() - interval '10 days' WHERE step = 'evaluate'; "
        "UPDATE index.value_month SET known_from = now() - interval '3 days'",
    ),
)
DELIVERIES = (
    planted(
        "deliveries_without_approval",
        "one in the outbox before anybody answered",
        "UPDATE alert.delivery SET state = 'queued' WHERE delivery_id = "
        "(SELECT max(delivery_id) FROM alert.delivery WHERE state = 'waiting')",
        landscape_id="A",
        state="queued",
        approval="pending",
    ),
    planted(
        "deliveries_without_approval",
        "one that left, and the approval was taken back",
        "$unseen UPDATE alert.approval SET state = 'expired', name = NULL, office = NULL, answered_at = NULL "
        "WHERE state = 'approved'; DELETE FROM alert.delivery WHERE state = 'sent' AND delivery_id <> "
        "(SELECT min(delivery_id) FROM alert.delivery WHERE state = 'sent')",
        state="sent",
        approval="expired",
    ),
    planted(
        "answers_without_role",
        "by an account whose role had ended",
        "UPDATE alert.issuer SET ended_at = '2001-01-01', ended_by = 'x'",
        landscape_id="A",
        state="approved",
        door="command line",
    ),
    planted(
        "answers_without_role",
        "by an order that the plan does not cite",
        "$unseen UPDATE alert.approval SET door = 'plan', legal_basis = 'An order' "
        "WHERE state = 'approved'",
        landscape_id="A",
        door="plan",
    ),
    planted(
        "deliveries_never_queued",
        "waiting although approved",
        "UPDATE alert.delivery SET state = 'waiting', sent_at = NULL WHERE delivery_id = "
        "(SELECT min(delivery_id) FROM alert.delivery WHERE state = 'sent')",
        landscape_id="A",
    ),
    planted(
        "deliveries_stuck",
        "failing for two days",
        "UPDATE alert.delivery SET state = 'failed', sent_at = NULL, error = 'no answer' "
        "WHERE delivery_id = (SELECT min(delivery_id) FROM alert.delivery WHERE state = 'sent'); "
        "$unseen UPDATE alert.approval SET answered_at = now() - interval '2 days' "
        "WHERE state = 'approved'",
        landscape_id="A",
        state="failed",
        error="no answer",
    ),
)
CLIMATE = (
    planted(
        "climate_impossible",
        "no PET in July",
        "UPDATE series.climate_month SET pet_mm = 0 WHERE $july",
        landscape_id="A",
        month="2021-07",
        pet_mm=0.0,
    ),
    planted(
        "climate_impossible",
        "metres for millimetres",
        "UPDATE series.climate_month SET precipitation_mm = 40000 WHERE $july",
        landscape_id="A",
        precipitation_mm=40000.0,
    ),
    planted(
        "climate_impossible",
        "kelvin taken for degrees, past the rule of the table",
        "ALTER TABLE series.climate_month DROP CONSTRAINT climate_month_temperature_mean_c_check; "
        "UPDATE series.climate_month SET temperature_mean_c = 293 WHERE $july",
        landscape_id="A",
        temperature_mean_c=293.0,
    ),
    planted(
        "climate_impossible",
        "more snow than rain and snow together",
        "UPDATE series.climate_month SET snowfall_mm = precipitation_mm + 5 WHERE $july",
        landscape_id="A",
    ),
    planted(
        "months_doubled",
        "June given for July",
        "UPDATE series.climate_month AS c SET precipitation_mm = j.precipitation_mm "
        "FROM series.climate_month AS j WHERE c.month = '2021-07-01' AND j.month = '2021-06-01' "
        "AND c.landscape_key = j.landscape_key",
        month="2021-07",
        same_as_month="2021-06",
        landscapes=3,
    ),
    planted(
        "months_doubled",
        "the same files under another name",
        "INSERT INTO series.climate_month (landscape_key, month, source, landscape_version, "
        "precipitation_mm, coverage_fraction, release, origin, file_id) SELECT landscape_key, month, "
        "'era5', landscape_version, precipitation_mm, coverage_fraction, release, origin, file_id "
        "FROM series.climate_month WHERE month = '2021-07-01'",
        source="era5-land",
        same_as_source="era5",
    ),
    planted(
        "months_of_two_versions",
        "a month of the old boundary",
        "INSERT INTO landscape.version (landscape_key, version, country_code, name_en, names, land_use, "
        "is_salt_affected, is_derived, area_km2, geometry_geojson, fingerprint) SELECT landscape_key, 2, "
        "country_code, name_en, names, land_use, is_salt_affected, is_derived, area_km2, geometry_geojson, "
        "'new' FROM landscape.version WHERE $a; UPDATE series.climate_month SET landscape_version = 2 "
        "WHERE $a AND month <> '2021-07-01'",
        landscape_id="A",
        month="2021-07",
        months=1,
        of_version=1,
        others_of_version=2,
    ),
    planted(
        "values_that_repeat",
        "a file filled with its last value",
        "UPDATE series.climate_month SET precipitation_mm = 31.25 WHERE landscape_key = 1 "
        "AND month BETWEEN '2021-05-01' AND '2021-07-01'",
        landscape_id="A",
        last_month="2021-07",
        same_rain_mm=31.25,
    ),
    planted(
        "values_that_repeat",
        "the same temperature",
        "UPDATE series.climate_month SET temperature_mean_c = 21.5 WHERE landscape_key = 1 "
        "AND month BETWEEN '2021-05-01' AND '2021-07-01'",
        same_temperature_c=21.5,
    ),
    planted(
        "rain_that_jumps",
        "a slipped decimal",
        "UPDATE series.climate_month SET precipitation_mm = 10 * precipitation_mm WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "temperature_that_jumps",
        "eleven degrees too warm",
        "UPDATE series.climate_month SET temperature_mean_c = temperature_mean_c + 11 WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "years_out_of_scale",
        "a year of metres a day taken for totals",
        "UPDATE series.climate_month SET precipitation_mm = precipitation_mm / 30 "
        "WHERE landscape_key = 1 AND extract(YEAR FROM month) = 2019",
        landscape_id="A",
        first_month="2019-01",
    ),
    planted(
        "origins_mixed",
        "a simulated month among real ones",
        "UPDATE series.climate_month SET origin = 'simulated' WHERE $july",
        series="climate",
        origin="simulated",
        expected_origin="real",
        rows_held=1,
    ),
    planted(
        "final_replaced_by_preliminary",
        "a final value lost",
        "UPDATE series.climate_month SET release = 'preliminary', precipitation_mm = 9 WHERE $july",
        landscape_id="A",
        month="2021-07",
        preliminary_mm=9.0,
    ),
    planted(
        "final_values_that_changed",
        "two final files of a month",
        "UPDATE series.climate_month SET precipitation_mm = 2 * precipitation_mm + 10 WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "releases_that_differ",
        "a final value four times the preliminary one",
        "$unseen UPDATE series.climate_month SET release = 'preliminary' WHERE $july; "
        "SET LOCAL session_replication_role = origin; UPDATE series.climate_month SET "
        "release = 'final', precipitation_mm = 4 * precipitation_mm + 40 WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "releases_stay_preliminary",
        "one of 2021",
        "UPDATE series.climate_month SET release = 'preliminary' WHERE $july",
        country_code="UZ",
        source="era5-land",
        first_month="2021-07",
        months=1,
    ),
)
INDICES = (
    planted(
        "indices_impossible",
        "beyond the cut, past the rule of the table",
        "ALTER TABLE index.value_month DROP CONSTRAINT standardised_values_are_cut; "
        "UPDATE index.value_month SET spi_6 = 3.5 WHERE $july",
        landscape_id="A",
        month="2021-07",
        index_code="spi_6",
        index_value="3.5",
    ),
    planted(
        "indices_impossible",
        "a reason nobody knows",
        'UPDATE index.value_month SET spi_6 = NULL, gaps = \'{"spi_6": "no_idea"}\' WHERE $july',
        index_code="spi_6",
        gap="no_idea",
    ),
    planted(
        "missing_values_without_reason",
        "a value lost on its way",
        "UPDATE index.value_month SET spi_6 = NULL WHERE $july",
        landscape_id="A",
        month="2021-07",
        index_code="spi_6",
    ),
    planted(
        "missing_values_without_reason",
        "a value and a reason too",
        "UPDATE index.value_month SET gaps = jsonb_build_object('spi_6', 'low_coverage') WHERE $july",
        index_code="spi_6",
        gap="low_coverage",
    ),
    planted(
        "indices_that_jump",
        "SPI-12 from drought to flood in a month",
        "UPDATE index.value_month SET spi_12 = -3.05 WHERE $july; UPDATE index.value_month SET "
        "spi_12 = 1.5 WHERE landscape_key = 1 AND month = '2021-08-01'; UPDATE index.value_month SET "
        "spi_12 = 0 WHERE landscape_key = 1 AND month = '2021-09-01'",
        landscape_id="A",
        month="2021-08",
        spi_12_before=-3.05,
        spi_12=1.5,
    ),
    planted(
        "calibrations_impossible",
        "a fit to twenty years",
        "UPDATE index.calibration SET n_years = 20 WHERE landscape_key = 1 AND index_code = 'spi_3' "
        "AND calendar_month = 7",
        landscape_id="A",
        index_code="spi_3",
        calendar_month=7,
        n_years=20,
    ),
    planted(
        "calibrations_impossible",
        "a share of years above one, past the rule of the table",
        "ALTER TABLE index.calibration DROP CONSTRAINT calibration_probability_of_zero_check; "
        "UPDATE index.calibration SET probability_of_zero = 1.2 WHERE landscape_key = 1 "
        "AND index_code = 'spi_3' AND calendar_month = 7",
        probability_of_zero=1.2,
    ),
    planted(
        "calibrations_missing",
        "a fit taken away",
        "$unseen DELETE FROM index.calibration WHERE landscape_key = 1 AND index_code = 'spi_3' "
        "AND calendar_month = 7",
        landscape_id="A",
        index_code="spi_3",
        calendar_month=7,
        values_held=2,
    ),
    planted(
        "indices_stale",
        "a series that changed three days ago",
        "$unseen UPDATE index.computed SET stale_from = '2021-07-01', stale_to = '2021-07-01', "
        "computed_at = now() - interval '4 days' WHERE $a; UPDATE series.climate_month "
        "SET known_from = now() - interval '3 days' WHERE $july",
        landscape_id="A",
        first_month="2021-07",
    ),
    planted(
        "shares_impossible",
        "more below -2 than below -1.6",
        "UPDATE index.area_share SET spi_3 = ARRAY[1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2, 0.21] "
        "WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "shares_impossible",
        "more than all of the area",
        "UPDATE index.area_share SET spi_3 = ARRAY[1, 1.1, 0.5, 0.4, 0.3, 0.2, 0.2, 0] WHERE $july",
        landscape_id="A",
        month="2021-07",
    ),
    planted(
        "shares_impossible",
        "a class that lacks",
        "UPDATE index.area_share SET spi_3 = ARRAY[1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2] WHERE $july",
        landscape_id="A",
    ),
    *(
        planted(
            "months_missing_between",
            series,
            f"$unseen DELETE FROM {table} WHERE $july {more}",  # noqa: S608 - named below
            landscape_id="A",
            month="2021-07",
            series=series,
        )
        for series, table, more in (
            ("climate", "series.climate_month", ""),
            ("indices", "index.value_month", ""),
            ("shares of area", "index.area_share", ""),
            ("hydrological stages", "plan.stage_month", "AND drought_type = 'hydrological'"),
        )
    ),
    planted(
        "latest_stages_that_disagree",
        "a newest month that came unseen",
        "$unseen UPDATE plan.stage_month SET month = '2022-01-01', known_from = now() "
        "WHERE $a AND month = '2021-12-01' AND drought_type = 'hydrological'",
        landscape_id="A",
        drought_type="hydrological",
        newest_month="2022-01",
        month_shown="2021-12",
    ),
    planted(
        "latest_stages_that_disagree",
        "one of no stages",
        "$unseen DELETE FROM plan.stage_month WHERE $a AND drought_type = 'hydrological'",
        landscape_id="A",
        drought_type="hydrological",
        newest_month=None,
        month_shown="2021-12",
    ),
    planted(
        "months_held_that_disagree",
        "a value that came unseen",
        "$unseen DELETE FROM series.climate_month WHERE $july",
        country_code="UZ",
        source="era5-land",
        month="2021-07",
        landscapes_held=2,
        landscapes_counted=3,
    ),
    planted(
        "series_without_number",
        "a source without one",
        "DELETE FROM ops.series_number WHERE calibration = ''",
        source="era5-land",
        calibration="",
    ),
)
THE_REST = (
    planted(
        "evaluations_that_disagree",
        "an alert taken away",
        "UPDATE plan.evaluation SET transitions = transitions + 1 "
        "WHERE decided_at = (SELECT max(decided_at) FROM plan.evaluation)",
        noted=2,
        held=1,
    ),
    planted(
        "disclosures_that_disagree",
        "a gauge opened by hand",
        "INSERT INTO series.station (station_id) VALUES ('38462'); $unseen "
        "UPDATE series.station SET disclosure = 'open'",
        station_id="38462",
        disclosure="open",
        written_down="restricted",
    ),
    planted(
        "backup_too_old",
        "none for a week",
        "UPDATE ops.outcome SET ended_at = now() - interval '7 days' WHERE step = 'backup'; "
        "UPDATE ops.file SET received_at = now() - interval '9 days'",
    ),
    planted(
        "geometry_invalid",
        "a ring that is not closed",
        "UPDATE landscape.version SET geometry_geojson = geometry_geojson #- '{coordinates,0,-1}' "
        "WHERE $a",
        landscape_id="A",
        fault="a ring that is not closed",
    ),
    planted(
        "geometry_invalid",
        "longitude and latitude exchanged",
        "UPDATE landscape.version SET geometry_geojson = jsonb_build_object('type', 'Polygon', "
        "'coordinates', jsonb_build_array(jsonb_build_array(jsonb_build_array(38, 66), "
        "jsonb_build_array(39, 66), jsonb_build_array(39, 67), jsonb_build_array(38, 66)))) "
        "WHERE $a",
        landscape_id="A",
        fault="a corner outside the six countries",
    ),
    planted(
        "geometry_invalid",
        "a line",
        "UPDATE landscape.version SET geometry_geojson = "
        '\'{"type": "LineString", "coordinates": [[66, 38], [67, 38], [67, 39], [66, 38]]}\' '
        "WHERE $a",
        landscape_id="A",
        fault="no polygon",
    ),
    planted(
        "headwaters_without_landscape",
        "a river from nowhere",
        "UPDATE landscape.version SET headwater_landscape_id = 'Pamir' WHERE $a",
        landscape_id="A",
        headwater_landscape_id="Pamir",
    ),
    planted(
        "landscapes_doubled",
        "one boundary under two names",
        "UPDATE landscape.version AS v SET geometry_geojson = a.geometry_geojson, area_km2 = a.area_km2 "
        "FROM landscape.version AS a WHERE v.landscape_key = 2 AND a.landscape_key = 1",
        landscape_id="A",
        same_as="B",
    ),
    planted(
        "history_doubled",
        "a version that was shown beside another",
        "INSERT INTO plan.stage_month_superseded SELECT s.*, known_from + interval '1 hour' "
        "FROM plan.stage_month AS s WHERE $july AND drought_type = 'hydrological'",
        place="A",
        month="2021-07",
        held_in="plan.stage_month",
        which="hydrological",
    ),
    planted(
        "history_with_holes",
        "a row that was gone for a day",
        "INSERT INTO plan.stage_month_superseded (landscape_key, month, drought_type, plan_id, "
        "plan_version, stage, stage_rank, since_month, is_confirmed, silent_months, known_from, "
        "known_until) SELECT landscape_key, month, drought_type, plan_id, plan_version, stage, stage_rank, "
        "since_month, is_confirmed, silent_months, known_from - interval '2 days', "
        "known_from - interval '1 day' FROM plan.stage_month WHERE $july "
        "AND drought_type = 'hydrological'",
        place="A",
        month="2021-07",
        held_in="plan.stage_month",
    ),
    planted(
        "moments_without_commit",
        "a row written with the triggers off",
        "$unseen UPDATE series.climate_month SET known_from = now() WHERE $july",
        held_in="series.climate_month",
    ),
)
CASES = (*ALERTS, *DELIVERIES, *CLIMATE, *INDICES, *THE_REST)


@pytest.fixture(scope="module")
def sound(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A world in which nothing is wrong. Nobody commits anything to it."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE sound TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url("sound"))
    yield make_sound(engine, tmp_path_factory.mktemp("sound"))
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE sound WITH (FORCE)"))
    admin.dispose()


def shown(row: dict[str, object]) -> dict[str, object]:
    """A row with its months as people read them."""
    words = dict(part.split(" ", 1) for part in in_words(row).split(", ") if " " in part)
    return {name: words[name] if isinstance(one, date) else one for name, one in row.items()}


def found(connection: Connection, name: str) -> Checked:
    (one,) = run_checks(connection, read_checks([name]))
    return one


def test_nothing_is_found_where_nothing_is_wrong(sound: Installation) -> None:
    wrong = [line for one in looked_over(sound.warehouse) if one.count or one.trouble
             for line in checked_lines(one)]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("case", CASES)
def test_a_planted_error_is_found(sound: Installation, case: Planted) -> None:
    with sound.warehouse.connect() as connection:
        assert found(connection, case.check).count == 0
        connection.exec_driver_sql(case.statement)
        one = found(connection, case.check)
        connection.rollback()
    assert one.trouble is None
    assert one.count == case.rows
    assert shown(one.rows[0]) | case.found == shown(one.rows[0])


def test_a_correction_of_several_months_ends_a_chain_that_spoke_of_the_last_of_them(
    sound: Installation,
) -> None:
    with sound.warehouse.connect() as connection:
        # A second chain that was said to stand in the month after the drought ended ...
        connection.exec_driver_sql(
            "SET LOCAL session_replication_role = replica; UPDATE alert.transition SET chain_id = 'another', change = 'reminded', "
            "month = month + interval '1 month', to_stage = 'watch' WHERE change = 'ended'"
        )
        assert found(connection, "chains_doubled").count == 1
        # ... and was corrected from the month before on, in one word for both.
        connection.exec_driver_sql(
            "INSERT INTO alert.transition (chain_id, landscape_key, landscape_version, month, "
            "drought_type, change, from_stage, to_stage, plan_id, plan_version, evidence) SELECT "
            "chain_id, landscape_key, landscape_version, month - interval '1 month', drought_type, "
            "'corrected', 'watch', 'none', plan_id, plan_version, evidence FROM alert.transition "
            "WHERE chain_id = 'another'"
        )
        assert found(connection, "chains_doubled").count == 0
        connection.rollback()


def test_every_check_has_an_error_planted_for_it() -> None:
    assert {case.values[0].check for case in CASES} == {one.name for one in read_checks()}


def test_a_row_names_landscapes_and_months_and_no_keys(sound: Installation) -> None:
    with sound.warehouse.connect() as connection:
        for check_ in read_checks():
            cursor = connection.connection.cursor()
            cursor.execute(check_.query)
            names = [column[0] for column in cursor.description or ()]
            assert not [name for name in names if name.endswith("_key")], check_.name


class TestRunning:
    def test_what_it_found_is_told_and_written_down(
        self, installation: Installation, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text("UPDATE ops.identity SET origin = 'real'; INSERT INTO ops.file (sha256, "
                     "archive_key, kind, source, origin, size_bytes, name) VALUES (repeat('0', 64), "
                     "'k', 'grid', 'era5-land', 'simulated', 1, 'one.nc')")
            )  # fmt: skip
        seen: list[Checked] = []
        with pytest.raises(InputError, match=r"got origins_mixed: 1, e\.g\. series files, source "
                           r"era5-land, origin simulated, expected_origin real, rows_held 1;"):  # fmt: skip
            check(installation, tell=seen.append)
        assert len(seen) == len(read_checks())
        assert told(warehouse, "SELECT state FROM ops.outcome WHERE step = 'check'") == [
            ("failed",)
        ]
        assert set(check(installation, only=["alerts_doubled"])) == {"alerts_doubled"}

    def test_a_notice_fails_nothing_and_is_written_down(
        self, installation: Installation, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text("INSERT INTO ops.file (sha256, archive_key, kind, source, origin, size_bytes, name, "
                     "received_at) VALUES (repeat('0', 64), 'k', 'grid', 'era5-land', 'real', 1, 'a', "
                     "now() - interval '9 days')")
            )  # fmt: skip
        done = check(installation)
        assert done["backup_too_old"].count == 1
        assert not done["backup_too_old"].is_wrong
        ((message,),) = told(warehouse, "SELECT message FROM ops.outcome WHERE step = 'check'")
        assert str(message).endswith(" checks, backup_too_old 1")

    def test_an_unknown_name_is_refused_and_no_outcome(self, installation: Installation) -> None:
        with pytest.raises(InputError, match=r"expected one of alerts_doubled, .*, got nonsense"):
            check(installation, only=["nonsense"])
        assert told(installation.warehouse, "SELECT * FROM ops.outcome") == []

    def test_one_that_cannot_be_run_is_a_failure_and_stops_no_other(
        self, installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "checks"
        folder.mkdir()
        title = "-- [error] It means this.\n-- Do: that.\n"
        (folder / "a_broken.sql").write_text(title + "SELECT 1 / 0 AS thing;")
        (folder / "b_sound.sql").write_text(title + "SELECT 1 AS thing WHERE FALSE -- :none %\n;")
        monkeypatch.setattr(checks, "sql_folder", lambda: tmp_path)
        seen: list[Checked] = []
        with pytest.raises(psycopg.errors.DivisionByZero) as failed:
            check(installation, tell=seen.append)
        assert failed.value.__notes__ == ["sql/checks/a_broken.sql"]
        assert [one.trouble is None for one in seen] == [False, True]
        assert checked_lines(seen[0]) == ["broken  a_broken: could not be run: division by zero"]

    def test_it_writes_nothing(self, sound: Installation) -> None:
        writing = Check("w", Severity.ERROR, "", "", "DELETE FROM ops.outcome RETURNING 1 AS n")
        with sound.warehouse.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            (one,) = run_checks(connection, [writing])
        assert one.trouble is not None


def test_a_finding_reads_like_this(sound: Installation) -> None:
    with sound.warehouse.connect() as connection:
        statement = Template("$unseen DELETE FROM index.value_month WHERE $july")
        connection.exec_driver_sql(statement.substitute(WORDS))
        lines = checked_lines(found(connection, "months_missing_between"))
        connection.rollback()
    assert lines == [
        "error   months_missing_between: 1 row",
        "        A month lacks between two that are there: means, indices, shares of area, or stages "
        "under one plan. A window over it is wrong, and a stage may have been missed.",
        "        Do: `drought compute` for climate, indices and shares, `drought evaluate` for stages; "
        "if it stays, ingest the month again.",
        "          landscape_id A, month 2021-07, series indices, of_source era5-land 1991-2020, "
        "first_month 2020-01, last_month 2021-12",
    ]
