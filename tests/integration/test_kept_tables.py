"""Small tables that triggers keep beside large ones follow whatever is done to those.

The checks that compare each with what it follows from are the judges; `test_checks.py` sees them find
errors that are planted.
"""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, text

from pipeline.core.ids import Country
from pipeline.plans.shipped import shipped_plans
from pipeline.warehouse.checks import read_checks, run_checks
from pipeline.warehouse.landscapes import save_landscapes
from pipeline.warehouse.plans import save_plan
from tests.integration.little_world import grid_file, landscape, told

pytestmark = pytest.mark.postgres

STAGE = """
INSERT INTO plan.stage_month (
    landscape_key, month, drought_type, plan_id, plan_version, stage, stage_rank, since_month,
    is_confirmed, silent_months)
SELECT k, m, d, plan_id, version, 'none', 0, m, TRUE, 0
FROM generate_series(1, 2) AS k
CROSS JOIN unnest(ARRAY['2026-01-01', '2026-02-01', '2026-03-01']::date[]) AS m
CROSS JOIN unnest(ARRAY['meteorological', 'hydrological']) AS d
CROSS JOIN (SELECT plan_id, version FROM plan.document WHERE country_code = 'UZ' LIMIT 1) AS p
"""
CLIMATE = """
INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, gap, coverage_fraction, release,
    origin, file_id)
SELECT k, m, s, 1, CASE k WHEN 1 THEN 10 END, CASE k WHEN 2 THEN 'low_coverage' END, 1, 'final', 'real',
    (SELECT min(file_id) FROM ops.file)
FROM generate_series(1, 2) AS k
CROSS JOIN unnest(ARRAY['2026-01-01', '2026-02-01', '2026-03-01']::date[]) AS m
CROSS JOIN unnest(ARRAY['era5-land', 'cfsr']) AS s
"""
WATCH = "UPDATE plan.stage_month SET stage = 'watch', stage_rank = 1 WHERE "
DEEDS = {
    "the newest month changes": WATCH + "month = '2026-03-01'",
    "an older month changes": WATCH + "month = '2026-01-01'",
    "a month comes and one changes": STAGE.replace("'2026-01-01', ", "'2026-04-01', ").replace(
        "'none', 0", "'watch', 1"
    )
    + "ON CONFLICT (landscape_key, month, drought_type) DO UPDATE SET stage = 'watch', stage_rank = 1",
    "the newest month goes": "DELETE FROM plan.stage_month WHERE month = '2026-03-01'",
    "a ladder goes": "DELETE FROM plan.stage_month WHERE drought_type = 'hydrological'",
    "a stage becomes another ladder's": "UPDATE plan.stage_month SET drought_type = 'agricultural' "
    "WHERE drought_type = 'hydrological'",
    "a stage becomes an older month's": "UPDATE plan.stage_month SET month = '2025-01-01', "
    "since_month = '2025-01-01' WHERE month = '2026-03-01'",
    "all stages go at once": "TRUNCATE plan.stage_month",
    "a value becomes a gap": "UPDATE series.climate_month SET precipitation_mm = NULL, "
    "gap = 'rejected' WHERE month = '2026-03-01'",
    "a value becomes preliminary": "UPDATE series.climate_month SET release = 'preliminary' "
    "WHERE month = '2026-02-01' AND source = 'cfsr'",
    "a month goes": "DELETE FROM series.climate_month WHERE month = '2026-02-01'",
    "a value becomes another source's": "UPDATE series.climate_month SET source = 'chirps' "
    "WHERE source = 'cfsr' AND month = '2026-02-01'",
    "a value becomes another month's": "UPDATE series.climate_month SET month = '2026-07-01' "
    "WHERE source = 'cfsr' AND month = '2026-02-01'",
    "what is blended comes": "UPDATE series.climate_month SET source = 'blended', "
    "file_id = NULL WHERE source = 'cfsr'",
    "all values go at once": "TRUNCATE series.climate_month",
    "a country is corrected": "UPDATE landscape.version SET country_code = 'TJ' "
    "WHERE landscape_key = 1",
}


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Two landscapes of Uzbekistan with three months of stages on two ladders and of two sources."""
    with warehouse.begin() as connection:
        save_landscapes(connection, [landscape("A"), landscape("B")])
        grid_file(connection)
        for plan in shipped_plans():
            save_plan(connection, plan, is_shipped=True)
        connection.exec_driver_sql(STAGE)
        connection.exec_driver_sql(CLIMATE)
    return warehouse


def disagreeing(warehouse: Engine) -> list[int]:
    names = ["latest_stages_that_disagree", "months_held_that_disagree"]
    with warehouse.connect() as connection:
        found = list(run_checks(connection, read_checks(names)))
    assert [one.trouble for one in found] == [None, None]
    return [one.count for one in found]


KEPT = "SELECT (SELECT count(*) FROM plan.latest_stage), (SELECT count(*) FROM series.month_held)"


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_they_follow(world: Engine, deed: str) -> None:
    assert told(world, KEPT) == [(4, 6)]
    with world.begin() as connection:
        connection.exec_driver_sql(deed)
    assert disagreeing(world) == [0, 0]


def test_a_landscape_that_moves_is_counted_where_it_lies_once_more(world: Engine) -> None:
    for country in (Country.TAJIKISTAN, Country.TAJIKISTAN, Country.UZBEKISTAN):
        with world.begin() as connection:
            save_landscapes(connection, [landscape("A", country)])
        assert disagreeing(world) == [0, 0]
    assert told(world, "SELECT DISTINCT country_code FROM series.month_held") == [("UZ",)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            WATCH + "landscape_key = 1 AND month = '2026-03-01'",
            WATCH + "landscape_key = 1 AND month = '2026-01-01'",
            id="stages of one landscape",
        ),
        pytest.param(
            "UPDATE series.climate_month SET release = 'preliminary' WHERE landscape_key = 1",
            "UPDATE series.climate_month SET release = 'preliminary' WHERE landscape_key = 2",
            id="values of one month",
        ),
    ],
)
def test_two_hands_at_once_take_turns(world: Engine, first: str, second: str) -> None:
    with world.connect() as one, world.connect() as other:
        one.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
        one.exec_driver_sql(first)
        done = threading.Event()

        def write() -> None:
            other.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
            other.exec_driver_sql(second)
            other.commit()
            done.set()

        hand = threading.Thread(target=write)
        hand.start()
        assert not done.wait(0.3)
        one.commit()
        hand.join(20)
        assert done.is_set()
    assert disagreeing(world) == [0, 0]


def test_they_are_made_anew(world: Engine) -> None:
    with world.begin() as connection:
        connection.exec_driver_sql("DELETE FROM plan.latest_stage; DELETE FROM series.month_held")
    assert disagreeing(world) == [4, 6]
    with world.begin() as connection:
        connection.execute(text("SELECT plan.make_latest_stages(), series.make_months_held()"))
    assert disagreeing(world) == [0, 0]
    assert told(world, KEPT) == [(4, 6)]
