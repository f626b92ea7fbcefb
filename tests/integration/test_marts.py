"""The marts: droughts, areas, latest status, plans, inputs, revisions; each figure worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES, INDEX_CODES, Country, DroughtType, IndexCode, Release
from pipeline.core.months import Month, months_between
from pipeline.indices.calibration import calibrate, nothing_fitted
from pipeline.indices.drivers import Drivers
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_mapping
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.warehouse.calibrations import Series, save_calibrations
from pipeline.warehouse.landscapes import save_landscapes
from pipeline.warehouse.plans import read_plans, save_plan
from tests.integration.conftest import TEMPLATE
from tests.integration.little_world import (
    JANUARY,
    PERIOD,
    SOURCE,
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
    told,
)
from tests.unit.indices.records import panel, rain_mm

pytestmark = pytest.mark.postgres

SILENT = Gap.NOT_PUBLISHED
A: list[float] = [0.3, -0.4, -0.8, -1.2, -1.7, -0.6, -0.2, 0.1, -0.9, 0.5, -2.2, -0.1]
B: list[float | Gap] = [0.5, 0.5, 0.5, -1.1, SILENT, -0.5, 0.2, 0.5, *[SILENT] * 4]
"""Watch from April to June with a gap in May; from September on nobody hears anything."""
T: list[float] = [0.5] * 12
ANALYST = "SET ROLE drought_analyst"
EVENTS = (
    "SELECT to_char(onset, 'YYYY-MM'), to_char(ended, 'YYYY-MM'), duration_months, highest_stage, "
    "round(severity::numeric, 3)::float8 FROM mart.drought_event WHERE landscape_id = :id "
    "AND drought_type = 'meteorological' ORDER BY onset"
)


def placed(landscape_id: str, width: float, country: Country = Country.UZBEKISTAN) -> Landscape:
    """A strip from 66 degrees east on, so many degrees wide."""
    return replace(landscape(landscape_id, country), geometry=box(66.0, 38.0, 66.0 + width, 39.0))


LANDSCAPES = [
    placed("A", 1.0),
    placed("B", 2.0),
    placed("D", 4.0),
    placed("T", 1.0, Country.TURKIYE),
]
KM2 = {one.landscape_id: one.area_km2 for one in LANDSCAPES}


def filled(warehouse: Engine) -> Installation:
    """A year of three landscapes, evaluated; of the fourth, D, nothing is known."""
    settle(warehouse, LANDSCAPES)
    say_spi_3(warehouse, {"A": A, "B": B, "T": T})
    installation = Installation(Settings(), warehouse)
    evaluate(installation)
    return installation


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """That year, to look at only."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE marts TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url("marts"))
    filled(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE marts WITH (FORCE)"))
    admin.dispose()


def one(warehouse: Engine, query: str, **values: object) -> dict[str, object]:
    """The only row of a query, by column, as an analyst reads it."""
    with warehouse.connect() as connection:
        connection.execute(text(ANALYST))
        return dict(connection.execute(text(query), values).mappings().one())


def without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}


class TestDroughts:
    def test_a_drought_that_is_over(self, world: Engine) -> None:
        row = one(
            world, "SELECT * FROM mart.drought_event WHERE landscape_id = 'A' AND NOT is_open"
        )
        assert row.pop("severity") == pytest.approx(1.2 + 1.7 + 0.6 + 0.2)
        assert row.pop("intensity") == pytest.approx(3.7 / 4)
        assert without(row, "known_from", "row_key") == {
            "landscape_id": "A",
            "drought_type": "meteorological",
            "plan_id": "uz-generic",
            "plan_version": "2",
            "onset": date(2021, 4, 1),
            "ended": date(2021, 8, 1),
            "is_open": False,
            "duration_months": 4,
            "highest_stage": "warning",
            "highest_stage_rank": 2,
            "is_confirmed": True,
            "source": SOURCE,
            "calibration": "1991-2020",
            "index_code": "spi_3",
            "peak_value": -1.7,
            "peak_month": date(2021, 5, 1),
            "months_with_gap": 0,
            "severity_gap": None,
        }

    def test_one_that_stands_and_one_with_a_gap(self, world: Engine) -> None:
        assert told(world, EVENTS, id="A")[1:] == [("2021-11", None, 2, "severe", 2.3)]
        assert told(world, EVENTS, id="B") == [("2021-04", "2021-07", 3, "watch", 1.6)]
        row = one(world, "SELECT * FROM mart.drought_event WHERE landscape_id = 'B'")
        assert (row["months_with_gap"], row["intensity"]) == (1, pytest.approx(0.8))
        assert told(world, EVENTS, id="T") == []

    def test_a_correction_replaces_what_was_shown_or_does_away_with_it(
        self, warehouse: Engine
    ) -> None:
        installation = filled(warehouse)
        say_spi_3(warehouse, {"A": [*A[:4], -0.3, *A[5:]]})
        evaluate(installation)
        assert told(warehouse, EVENTS, id="A")[0] == ("2021-04", "2021-08", 4, "watch", 2.3)
        say_spi_3(warehouse, {"A": [0.5] * 7}, first=JANUARY + 2)
        evaluate(installation)
        assert [row[0] for row in told(warehouse, EVENTS, id="A")] == ["2021-11"]
        gone = "SELECT severity, known_from < known_until FROM plan.drought_event_superseded ORDER BY 1"
        assert told(warehouse, gone) == [
            (pytest.approx(2.3), True),
            (pytest.approx(3.7), True),
        ]
        before = told(warehouse, "SELECT * FROM plan.drought_event ORDER BY 1, 2, 3")
        evaluate(installation)
        assert told(warehouse, "SELECT * FROM plan.drought_event ORDER BY 1, 2, 3") == before

    def test_of_a_part_that_is_evaluated_they_follow_from_all_that_is_held(
        self, warehouse: Engine
    ) -> None:
        installation = filled(warehouse)
        say_spi_3(warehouse, {"A": [-1.3, *A[1:5], 0.4, *A[6:]]})
        evaluate(installation, to=JANUARY + 4)
        # January to May as they are now, June and July as they were; the rest as it was.
        assert told(warehouse, EVENTS, id="A") == [
            ("2021-01", "2021-08", 7, "warning", 5.6),
            ("2021-11", None, 2, "severe", 2.3),
        ]
        evaluate(installation)
        assert told(warehouse, EVENTS, id="A")[0] == ("2021-01", "2021-06", 5, "warning", 5.4)

    def test_one_of_a_type_that_a_later_plan_has_no_ladder_for_does_not_stand_for_ever(
        self, warehouse: Engine
    ) -> None:
        settle(warehouse, LANDSCAPES)
        later = version("uz-generic", "3", "2021-05", "2")
        kept = {
            name: of for name, of in later.as_json()["ladders"].items() if name != "meteorological"
        }
        with warehouse.begin() as connection:
            plan = from_mapping(later.as_json() | {"ladders": kept}, "a test")
            save_plan(connection, plan, is_shipped=False)
        say_spi_3(warehouse, {"A": A, "B": B, "T": T})
        installation = Installation(Settings(), warehouse)
        evaluate(installation)
        expected = [("2021-04", "2021-05", 1, "watch", 1.2)]
        assert told(warehouse, EVENTS, id="A") == expected
        evaluate(installation, to=JANUARY + 1)  # the rest as it is held
        assert told(warehouse, EVENTS, id="A") == expected

    def test_a_landscape_whose_gauges_are_closed_tells_stages_and_no_deficit(
        self, warehouse: Engine
    ) -> None:
        filled(warehouse)
        with warehouse.begin() as connection:
            close(connection, "A")
            connection.execute(text("UPDATE plan.drought_event SET source = 'blended'"))
            connection.execute(text("UPDATE plan.deciding_series SET source = 'blended'"))
            connection.execute(text("UPDATE index.value_month SET source = 'blended'"))
        row = one(
            warehouse, "SELECT * FROM mart.drought_event WHERE landscape_id = 'A' AND is_open"
        )
        assert (row["duration_months"], row["highest_stage"]) == (2, "severe")
        hidden = ("severity", "intensity", "peak_value", "peak_month", "months_with_gap")
        assert [row[name] for name in hidden] == [None] * 5
        assert row["severity_gap"] == "not_open"
        open_one = one(warehouse, "SELECT * FROM mart.drought_event WHERE landscape_id = 'B'")
        assert open_one["severity"] == pytest.approx(1.6)
        for view in ("input_quality", "index_month", "index_month_wide"):
            seen = told(warehouse, f"SELECT DISTINCT landscape_id FROM mart.{view} ORDER BY 1")  # noqa: S608
            assert seen == [("B",), ("T",)]
        status = "SELECT * FROM mart.latest_status WHERE landscape_id = :id AND stage_rank = :rank"
        assert (
            one(warehouse, f"{status} AND drought_type = 'meteorological'", id="A", rank=3)[
                "index_values"
            ]
            is None
        )
        wide = "SELECT * FROM mart.latest_status_wide WHERE landscape_id = :id"
        assert one(warehouse, wide, id="A")["spi_3"] is None
        assert one(warehouse, wide, id="T")["spi_3"] == 0.5


def close(connection: Connection, landscape_id: str) -> None:
    """Let a restricted gauge have spoken for a landscape."""
    connection.execute(
        text("INSERT INTO series.station (station_id, disclosure) VALUES ('closed', 'restricted')")
    )
    connection.execute(
        text(
            "INSERT INTO series.landscape_gauge (landscape_key, station_id) "
            "SELECT landscape_key, 'closed' FROM landscape.landscape WHERE landscape_id = :id"
        ),
        {"id": landscape_id},
    )


AREAS = (
    "SELECT stage, stage_rank, landscapes, area_km2, or_graver_km2, unconfirmed_km2 "
    "FROM mart.area_in_drought WHERE country_code = 'UZ' AND drought_type = 'meteorological' "
    "AND month = :month ORDER BY stage_rank"
)


def near(*numbers: object) -> tuple[object, ...]:
    return tuple(pytest.approx(n) if isinstance(n, float) else n for n in numbers)


class TestAreas:
    def test_each_stage_with_its_landscapes_and_zeros_where_none_stands(
        self, world: Engine
    ) -> None:
        a, b = KM2["A"], KM2["B"]
        assert told(world, AREAS, month=date(2021, 5, 1)) == [
            near("none", 0, 0, 0.0, a + b, 0.0),
            near("watch", 1, 1, b, a + b, 0.0),
            near("warning", 2, 1, a, a, 0.0),
            near("severe", 3, 0, 0.0, 0.0, 0.0),
        ]

    def test_what_is_not_confirmed_and_what_is_not_known_stand_apart(self, world: Engine) -> None:
        # In December B has been silent for four months, and of D nothing was ever heard.
        a, b, d = KM2["A"], KM2["B"], KM2["D"]
        row = one(
            world,
            "SELECT * FROM mart.area_in_drought WHERE country_code = 'UZ' AND stage = 'none' "
            "AND month = '2021-12-01' AND drought_type = 'meteorological'",
        )
        assert row["share"] == pytest.approx(b / (a + b + d))
        assert row["or_graver_share"] == pytest.approx((a + b) / (a + b + d))
        assert (row["unconfirmed_landscapes"], row["country_landscapes"]) == (1, 3)
        assert row["unconfirmed_km2"] == pytest.approx(b)
        assert row["without_statement_km2"] == pytest.approx(d)
        assert row["country_km2"] == pytest.approx(a + b + d)

    def test_they_are_the_stages_added_up(self, world: Engine) -> None:
        assert told(
            world,
            "SELECT country_code, month, drought_type, stage, landscapes, area_km2 "
            "FROM mart.area_in_drought WHERE landscapes > 0 ORDER BY 1, 2, 3, 4",
        ) == told(
            world,
            "SELECT l.country_code, s.month, s.drought_type, s.stage, count(*), "
            "sum(l.area_km2::numeric)::float8 "
            "FROM mart.stage_month AS s JOIN mart.landscape AS l USING (landscape_id) "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        )

    def test_the_area_is_that_of_the_boundary_the_stages_follow_from(
        self, warehouse: Engine
    ) -> None:
        installation = filled(warehouse)
        with warehouse.begin() as connection:
            save_landscapes(connection, [placed("A", 3.0)])
        evaluate(installation)  # of the indices of the old boundary
        warning = "SELECT DISTINCT area_km2 FROM mart.area_in_drought WHERE stage = 'warning' AND landscapes = 1"
        assert told(warehouse, warning) == [near(KM2["A"])]
        say_spi_3(warehouse, {"A": A})  # computed anew, and the same
        evaluate(installation)
        wider = placed("A", 3.0).area_km2
        assert told(warehouse, warning) == [near(wider)]
        total = told(warehouse, "SELECT DISTINCT country_km2 FROM mart.area_in_drought ORDER BY 1")
        assert total == [near(KM2["T"]), near(wider + KM2["B"] + KM2["D"])]

    def test_a_month_that_did_not_change_is_not_touched(self, warehouse: Engine) -> None:
        installation = filled(warehouse)
        (before,) = told(warehouse, "SELECT max(known_from) FROM mart.area_in_drought")
        say_spi_3(warehouse, {"A": [0.4]}, first=JANUARY + 12)
        evaluate(installation)
        newer = "SELECT DISTINCT month FROM mart.area_in_drought WHERE known_from > :before"
        assert told(warehouse, newer, before=before[0]) == [(date(2022, 1, 1),)]


class TestTheLatestStatus:
    def test_with_what_decides_and_the_last_change(self, world: Engine) -> None:
        row = one(
            world,
            "SELECT * FROM mart.latest_status "
            "WHERE landscape_id = 'A' AND drought_type = 'meteorological'",
        )
        (alert_id,) = told(world, "SELECT max(alert_id) FROM mart.alert WHERE landscape_id = 'A'")
        assert without(row, "known_from", "row_key") == {
            "landscape_id": "A",
            "drought_type": "meteorological",
            "month": date(2021, 12, 1),
            "stage": "severe",
            "stage_rank": 3,
            "since_month": date(2021, 11, 1),
            "months_in_stage": 2,
            "is_confirmed": True,
            "silent_months": 0,
            "plan_id": "uz-generic",
            "plan_version": "2",
            "index_values": {"spi_3": -0.1},
            "index_gaps": {},
            "source": SOURCE,
            "calibration": "1991-2020",
            "release": "final",
            "origin": "real",
            "alert_id": alert_id[0],
            "alert_change": "began",
            "alert_month": date(2021, 11, 1),
            "alert_approval": "not_needed",
        }

    def test_a_gap_has_its_reason(self, world: Engine) -> None:
        row = one(
            world,
            "SELECT * FROM mart.latest_status "
            "WHERE landscape_id = 'B' AND drought_type = 'meteorological'",
        )
        assert (row["stage"], row["is_confirmed"], row["silent_months"]) == ("none", False, 4)
        assert (row["months_in_stage"], row["since_month"]) == (6, date(2021, 7, 1))
        assert row["index_values"] == {"spi_3": None}
        assert row["index_gaps"] == {"spi_3": "not_published"}

    def test_one_row_a_landscape_with_its_boundary(self, world: Engine) -> None:
        row = one(world, "SELECT * FROM mart.latest_status_wide WHERE landscape_id = 'A'")
        assert (row["name_en"], row["country_code"]) == ("District A", "UZ")
        assert (row["month"], row["meteorological_stage"]) == (date(2021, 12, 1), "severe")
        assert (row["meteorological_since"], row["highest_rank"]) == (date(2021, 11, 1), 3)
        assert (row["agricultural_stage"], row["hydrological_rank"]) == ("none", 0)
        assert (row["spi_3"], row["spei_6"], row["pn_3"]) == (-0.1, 0.4, 104.0)
        geometry = row["geometry_geojson"]
        assert isinstance(geometry, dict)
        assert geometry["type"] == "Polygon"
        unknown = one(world, "SELECT * FROM mart.latest_status_wide WHERE landscape_id = 'D'")
        assert (unknown["month"], unknown["meteorological_stage"], unknown["spi_3"]) == (None,) * 3

    def test_the_stages_of_a_month_in_one_row(self, world: Engine) -> None:
        query = "SELECT * FROM mart.stage_month_wide WHERE landscape_id = :id AND month = :month"
        may = one(world, query, id="A", month=date(2021, 5, 1))
        assert (may["meteorological_stage"], may["meteorological_rank"]) == ("warning", 2)
        assert (may["agricultural_stage"], may["agricultural_rank"]) == ("none", 0)
        assert (may["hydrological_stage"], may["hydrological_is_confirmed"]) == ("none", True)
        assert may["highest_rank"] == 2
        december = one(world, query, id="B", month=date(2021, 12, 1))
        assert december["meteorological_is_confirmed"] is False


UZ = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)


def version(
    plan_id: str,
    number: str,
    effective_from: str,
    supersedes: str | None,
    effective_to: str | None = None,
) -> Plan:
    body = UZ.as_json() | {
        "plan_id": plan_id,
        "version": number,
        "effective_from": effective_from,
        "effective_to": effective_to,
        "supersedes": supersedes if supersedes != number else None,
    }
    return from_mapping(body, "a test")


documents = st.lists(
    st.tuples(
        st.sampled_from(["uz-generic", "ours"]),
        st.sampled_from(["3", "4", "5"]),
        st.sampled_from(["1950-01", "2000-01", "2010-06"]),
        st.sampled_from([None, "2", "3", "4"]),
        st.booleans(),
        st.sampled_from([None, None, "2010-06", "2015-12"]),
    ),
    max_size=5,
    unique_by=lambda one: one[:2],
)


class TestPlans:
    @given(documents)
    @settings(deadline=None, max_examples=40)
    def test_the_timeline_is_what_decides_which_plan_is_in_force(
        self, world: Engine, loaded: list[tuple[str, str, str, str | None, bool, str | None]]
    ) -> None:
        months = [Month(1949, 12), Month(1950, 1), Month(1999, 12), Month(2000, 1)]
        months += [Month(2010, 5), Month(2010, 6), Month(2010, 7), Month(2016, 1), Month(2026, 1)]
        with world.connect() as connection, connection.begin() as transaction:
            for plan_id, number, effective_from, supersedes, is_shipped, effective_to in loaded:
                plan = version(plan_id, number, effective_from, supersedes, effective_to)
                save_plan(connection, plan, is_shipped=is_shipped)
            timetable = read_plans(connection)[Country.UZBEKISTAN]
            rows = connection.execute(
                text("SELECT * FROM mart.plan_timeline WHERE country_code = 'UZ'")
            ).all()
            transaction.rollback()
        for month in months:
            expected = timetable.in_force(month)
            found = [
                (row.plan_id, row.plan_version)
                for row in rows
                for first, last in row.reigns
                if Month.parse(first) <= month and (last is None or month <= Month.parse(last))
            ]
            wanted = [] if expected is None else [(expected.plan_id, expected.version)]
            assert found == wanted
        for row in rows:
            ends = [last for _, last in row.reigns]
            assert (row.rules_from is None) == (not row.reigns)
            assert row.rules_from is None or f"{row.rules_from:%Y-%m}" == row.reigns[0][0]
            assert (f"{row.rules_until:%Y-%m}" if row.rules_until else None) == (ends or [None])[-1]

    def test_a_plan_that_never_rules_says_which_does(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            save_plan(connection, version("ours", "2", "1950-01", None), is_shipped=False)
            save_plan(connection, version("ours", "3", "2000-01", None), is_shipped=False)
        rows = told(
            warehouse,
            "SELECT plan_id, plan_version, rules_from, rules_until, superseded_by_plan_id, "
            "superseded_by_version FROM mart.plan_timeline WHERE country_code = 'UZ' "
            "ORDER BY row_key",
        )
        assert rows == [
            ("uz-generic", "2", None, None, "ours", "2"),
            ("ours", "2", date(1950, 1, 1), date(1999, 12, 1), "ours", "3"),
            ("ours", "3", date(2000, 1, 1), None, None, None),
        ]

    def test_rules_are_those_of_the_documents(self, warehouse: Engine) -> None:
        plan = from_mapping(with_all_kinds_of_rules(), "a test")
        with warehouse.begin() as connection:
            save_plan(connection, plan, is_shipped=False)
        found = told(
            warehouse,
            "SELECT plan_id, drought_type, stage, stage_rank, rule_number, measure, enter_at, "
            "enter_after, exit_at, exit_after, calendar_months, land_uses, threshold_kind, "
            "threshold_reference, exit_kind, exit_reference, persistence_kind, "
            "persistence_reference FROM mart.plan_rule ORDER BY 1, 2, 4, 5",
        )
        expected = [
            (
                plan.plan_id,
                str(drought_type),
                stage.stage,
                rank,
                number,
                str(rule.measure),
                rule.enter_at,
                rule.enter_after,
                rule.exit_at,
                rule.exit_after,
                sorted(rule.calendar_months),
                sorted(rule.land_uses),
                *(
                    said
                    for source in (rule.source.threshold, rule.source.exit, rule.source.persistence)
                    for said in (str(source.kind), source.reference)
                ),
            )
            for plan in [*shipped_plans(), plan]
            for drought_type, ladder in plan.ladders.items()
            for rank, stage in enumerate(ladder.stages, start=1)
            for number, rule in enumerate(stage.every_rule, start=1)
        ]
        assert found == sorted(expected, key=lambda row: (row[0], row[1], row[3], row[4]))
        parts = told(
            warehouse,
            "SELECT index_code, indicator, unit, area_index_code, area_class FROM mart.plan_rule "
            "WHERE plan_id = 'all-kinds' AND drought_type = 'meteorological' AND stage_rank = 1 "
            "ORDER BY rule_number",
        )
        assert parts == [
            ("spi_3", None, None, None, None),
            (None, "water_availability_forecast", "percent_of_norm", None, None),
            (None, None, None, "spi_3", -1.0),
            ("spi_3", None, None, None, None),
            ("spi_3", None, None, None, None),
            ("spi_3", None, None, None, None),
            ("spei_3", None, None, None, None),
        ]

    def test_a_rule_in_a_group_says_the_way_to_it(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            plan = from_mapping(with_all_kinds_of_rules(), "a test")
            save_plan(connection, plan, is_shipped=False)
        found = told(
            warehouse,
            "SELECT rule_number, path, where_heard, salt_affected, gap_breaks_run_after, "
            "ends_after_silence, coming_from, hold_limit, late_after_days FROM mart.plan_rule "
            "WHERE plan_id = 'all-kinds' AND drought_type = 'meteorological' AND stage_rank = 1 "
            "ORDER BY rule_number",
        )
        assert found == [
            (1, "any_of 1", "landscape", None, 2, None, [], 3, 20),
            (2, "any_of 2", "landscape", None, 2, None, [], 3, 20),
            (3, "any_of 3", "landscape", None, 2, None, [], 3, 20),
            (4, "any_of 4 / all_of 1", "headwater", True, 4, None, ["watch"], 3, 20),
            (5, "any_of 4 / all_of 2 / at_least(2) 1", "landscape", True, 2, 6, ["watch"], 3, 20),
            (6, "any_of 4 / all_of 2 / at_least(2) 2", "landscape", True, 2, None, ["watch"], 1, 5),
            (
                7,
                "any_of 4 / all_of 2 / at_least(2) 3",
                "landscape",
                True,
                2,
                None,
                ["watch"],
                3,
                20,
            ),
        ]

    def test_actions_are_those_of_the_documents(self, warehouse: Engine) -> None:
        found = told(
            warehouse,
            "SELECT plan_id, drought_type, stage_rank, action_number, family, action_en, "
            "action_by_language, action_unchecked, who_by_language, who_unchecked, within_days, "
            "land_uses, salt_affected FROM mart.plan_action ORDER BY 1, 2, 3, 4",
        )
        expected = [
            (
                plan.plan_id,
                str(drought_type),
                rank,
                number,
                str(action.family),
                action.do.in_language("en"),
                action.do.texts,
                sorted(action.do.unchecked),
                None if action.who is None else action.who.texts,
                [] if action.who is None else sorted(action.who.unchecked),
                action.within_days,
                sorted(action.land_uses),
                action.salt_affected,
            )
            for plan in shipped_plans()
            for drought_type, ladder in plan.ladders.items()
            for rank, stage in enumerate(ladder.stages, start=1)
            for number, action in enumerate(stage.actions, start=1)
        ]
        assert found == sorted(expected, key=lambda row: row[:4])

    def test_an_action_that_was_a_bare_text_is_one_without_who_and_when(
        self, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "UPDATE plan.document SET body = jsonb_set(body, "
                    "'{ladders,meteorological,0,actions}', "
                    """'[{"en": "water", "ru": "вода", "unchecked": ["ru"]}]') """
                    "WHERE plan_id = 'uz-generic'"
                )
            )
        row = one(
            warehouse,
            "SELECT * FROM mart.plan_action WHERE plan_id = 'uz-generic' "
            "AND drought_type = 'meteorological' AND stage_rank = 1",
        )
        assert (row["action_by_language"], row["action_unchecked"]) == (
            {"en": "water", "ru": "вода"},
            ["ru"],
        )
        assert (row["family"], row["who_by_language"], row["within_days"]) == (None, None, None)

    def test_comparisons_are_those_of_the_evidence(self, world: Engine) -> None:
        alerts = told(
            world, "SELECT alert_id, landscape_id, evidence FROM mart.alert ORDER BY alert_id"
        )
        rows = told(
            world,
            "SELECT alert_id, comparison_number, stage, measure, value, enter_at, was_active, "
            "is_active, threshold_kind, exit_reference, where_heard, heard_landscape_id, source, "
            "release, coverage_fraction, calibration FROM mart.alert_comparison ORDER BY 1, 2",
        )
        expected: list[tuple[object, ...]] = []
        for alert_id, landscape_id, evidence in alerts:
            assert isinstance(evidence, dict)
            inputs = evidence["inputs"]
            expected += [
                (
                    alert_id, n, line["stage"], line["index"], line["value"], line["enter_at"],
                    line["was_active"], line["is_active"], line["source"]["threshold"]["kind"],
                    line["source"]["exit"]["reference"], "landscape", landscape_id,
                    inputs["source"], inputs["release"], inputs["coverage_fraction"],
                    inputs["calibration"],
                )
                for n, line in enumerate(evidence["comparisons"], start=1)
            ]  # fmt: skip
        assert len(rows) > 10
        assert rows == expected


def with_all_kinds_of_rules() -> dict[str, object]:
    body = UZ.as_json() | {"plan_id": "all-kinds"}
    stages = body["ladders"]["meteorological"]
    rules = stages[0]["rules"]
    bare = {name: value for name, value in rules[0].items() if name != "index"}
    rules[0] |= {"calendar_months": [3, 4, 5], "land_uses": ["rainfed", "pastoral"]}
    forecast = {"indicator": "water_availability_forecast", "unit": "percent_of_norm"}
    rules.append(bare | forecast | {"enter_at": 75.0, "exit_at": 90.0, "exit_after": 2})
    share = {"index": "spi_3", "at_or_below": -1.0}
    rules.append(bare | {"area_share": share, "enter_at": 0.5, "exit_at": 0.3})
    salty = {"salt_affected": True, "land_uses": ["irrigated"]}
    above = bare | salty | {"index": "spi_3", "where": "headwater", "gap_breaks_run_after": 4}
    of = [
        bare | salty | {"index": "spi_3", "ends_after_silence": 6},
        bare | salty | {"index": "spi_3", "enter_at": -1.3, "hold_limit": 1, "late_after_days": 5},
        bare | salty | {"index": "spei_3"},
    ]
    rules.append({"all_of": [above, {"at_least": 2, "of": of}], "coming_from": ["watch"]})
    return body


class TestInputs:
    def test_the_months_of_each_window(self, warehouse: Engine) -> None:
        settle(warehouse, LANDSCAPES[:1])
        say_spi_3(warehouse, {"A": [0.5] * 3})
        with warehouse.begin() as connection:
            file_id = grid_file(connection)
            months = [JANUARY + n for n in range(3)]
            say_climate(connection, 1, months[0], 10.0, file_id=file_id, beside={"pet_mm": 40.0})
            say_climate(connection, 1, months[1], Gap.LOW_COVERAGE, file_id=file_id, coverage=0.4)
            say_climate(
                connection, 1, months[2], 30.0, file_id=file_id, coverage=0.8,
                release=Release.PRELIMINARY, beside={"soil_moisture_m3_m3": 0.2},
            )  # fmt: skip
        rows = told(
            warehouse,
            "SELECT index_code, months_in_window, months_with_rain, months_with_inputs, "
            "months_preliminary, lowest_coverage_fraction FROM mart.input_quality "
            "WHERE landscape_id = 'A' AND month = '2021-03-01' AND index_code = ANY(:codes) "
            "ORDER BY array_position(:codes, index_code)",
            codes=["spi_1", "spi_3", "spei_3", "pn_12", "spi_hy", "spi_veg", "smri_1", "sma_3"],
        )
        assert rows == [
            ("spi_1", 1, 1, 1, 1, 0.8),
            ("spi_3", 3, 2, 2, 1, 0.4),
            ("spei_3", 3, 2, 1, 1, 0.4),
            ("pn_12", 12, 2, 2, 1, 0.4),
            ("spi_hy", 6, 2, 2, 1, 0.4),
            ("spi_veg", 0, 0, 0, 0, None),
            ("smri_1", 1, 1, 0, 1, 0.8),
            ("sma_3", 3, 2, 1, 1, 0.4),
        ]
        assert told(
            warehouse,
            "SELECT count(*) FROM mart.input_quality JOIN mart.index_month USING (row_key, index_code)",
        ) == [(3 * len(INDEX_CODES),)]

    def test_gauges_behind_a_blended_series_and_the_break(self, warehouse: Engine) -> None:
        settle(warehouse, LANDSCAPES[:2])
        say_spi_3(warehouse, {"A": [0.5] * 2, "B": [0.5] * 2})
        with warehouse.begin() as connection:
            close(connection, "B")
            for statement in BLENDED:
                connection.execute(text(statement))
        row = one(
            warehouse,
            "SELECT * FROM mart.input_quality WHERE landscape_id = 'A' AND source = 'blended' "
            "AND month = '2021-02-01' AND index_code = 'spi_2'",
        )
        assert (row["months_with_gauges"], row["fewest_gauges"]) == (1, 0)
        assert (row["assumed_dry_days"], row["suspect_values"]) == (3, 5)
        assert row["has_break"] is True
        grid = "SELECT * FROM mart.input_quality WHERE landscape_id = :id AND source <> 'blended' AND month = '2021-02-01' AND index_code = 'spi_2'"
        of_grid = one(warehouse, grid, id="A")
        assert (of_grid["months_with_gauges"], of_grid["has_break"]) == (None, True)
        assert one(warehouse, grid, id="B")["has_break"] is None
        assert told(warehouse, "SELECT DISTINCT landscape_id FROM mart.input_quality WHERE source = 'blended'") == [("A",)]  # fmt: skip

    def test_where_an_index_is_blind(self, warehouse: Engine) -> None:
        settle(warehouse, LANDSCAPES[:1])
        rain = rain_mm(years=30)
        rain[6::12, 0] = 0.0  # no July ever has rain
        wet = panel(rain)
        drivers = Drivers(wet, panel(np.full(wet.values.shape, 20.0)))
        period = replace(
            PERIOD, first_year=wet.first_month.year, last_year=wet.first_month.year + 29
        )
        series = Series(SOURCE, period, (1,), (1,))
        codes = [IndexCode.parse(code) for code in ("spi_1", "spi_3", "pn_1", "spei_1")]
        fits = [calibrate(code, drivers, period) for code in codes]
        known = {code: nothing_fitted(code, period, 1) for code in codes}
        with warehouse.begin() as connection:
            save_calibrations(connection, series, fits, known, np.array([False]))
        found = told(
            warehouse,
            "SELECT index_code, calendar_month, is_blind, n_years, landscape_version "
            "FROM mart.calibration",
        )
        assert {(code, month): blind for code, month, blind, *_ in found} == {
            (str(fit.index), month + 1): bool(fit.is_blind[month, 0])
            for fit in fits
            for month in range(12)
        }
        assert [row[1] for row in found if row[0] == "spi_1" and row[2]] == [7]
        assert {row[3:] for row in found if row[0] == "spi_1"} == {(30, 1)}


BLENDED = (
    "INSERT INTO index.value_month SELECT (jsonb_populate_record(v, "
    "jsonb_build_object('source', 'blended'))).* FROM index.value_month AS v",
    "INSERT INTO series.agreement (landscape_key, source, landscape_version, calibration, gauges, "
    "n_months, has_break) SELECT landscape_key, 'era5-land', 1, '1991-2020', ARRAY['g'], 300, TRUE "
    "FROM landscape.landscape",
    "INSERT INTO series.agreement_month (landscape_key, month, source, gauge_mm, n_gauges, "
    "n_suspect, n_assumed_dry, policies) SELECT landscape_key, m, 'era5-land', "
    "CASE WHEN m = '2021-01-01' THEN 10 END, CASE WHEN m = '2021-01-01' THEN 2 ELSE 0 END, 5, 3, "
    "'{}' FROM landscape.landscape, unnest(ARRAY['2021-01-01'::date]) AS m",
    "INSERT INTO series.agreement_month (landscape_key, month, source, n_gauges, n_suspect, "
    "n_assumed_dry, policies) SELECT landscape_key, '2021-02-01', 'era5-land', 0, 0, 0, '{}' "
    "FROM landscape.landscape",
)
"""A blended series beside the grid's, two gauges in January and none in February."""


class TestLongAndWide:
    def test_climate_by_quantity(self, warehouse: Engine) -> None:
        settle(warehouse, LANDSCAPES[:1])
        with warehouse.begin() as connection:
            file_id = grid_file(connection)
            say_climate(connection, 1, JANUARY, 12.5, file_id=file_id, beside={"pet_mm": 40.0})
            say_climate(connection, 1, JANUARY + 1, Gap.OUTSIDE_GRID, file_id=file_id)
        rows = told(
            warehouse,
            "SELECT quantity, unit, value, gap FROM mart.climate_month_long "
            "WHERE landscape_id = 'A' AND month = '2021-01-01' AND quantity IN "
            "('precipitation_mm', 'pet_mm', 'snow_melt_mm') ORDER BY 1",
        )
        assert rows == [
            ("pet_mm", "mm per month", 40.0, None),
            ("precipitation_mm", "mm per month", 12.5, None),
            ("snow_melt_mm", "mm per month", None, "not_published"),
        ]
        (gap,) = told(
            warehouse,
            "SELECT value, gap FROM mart.climate_month_long WHERE quantity = 'precipitation_mm' "
            "AND month = '2021-02-01'",
        )
        assert gap == (None, "outside_grid")

    def test_shares_of_area_in_columns_and_in_rows(self, warehouse: Engine) -> None:
        settle(warehouse, LANDSCAPES[:1])
        shares = [0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO index.area_share (landscape_key, month, source, calibration, "
                    "landscape_version, spi_3, gaps, release, origin) VALUES (1, '2021-01-01', "
                    ":source, '1991-2020', 1, :shares, :gaps, 'final', 'real')"
                ),
                {"source": SOURCE, "shares": shares, "gaps": '{"spi_6": "low_coverage"}'},
            )
        columns = [f"at_or_below_m{-limit:.1f}".replace(".", "_") for limit in AREA_CLASSES]
        row = one(warehouse, "SELECT * FROM mart.area_share_wide WHERE index_code = 'spi_3'")
        assert row["covered_fraction"] == pytest.approx(0.9)
        assert [row[name] for name in columns] == pytest.approx(shares[1:])
        long = told(
            warehouse,
            "SELECT class, share FROM mart.area_share WHERE index_code = 'spi_3' ORDER BY 1 DESC",
        )
        assert long == [
            (limit, pytest.approx(share))
            for limit, share in zip(AREA_CLASSES, shares[1:], strict=True)
        ]
        gap = one(warehouse, "SELECT * FROM mart.area_share_wide WHERE index_code = 'spi_6'")
        assert (gap["gap"], gap["at_or_below_m0_5"]) == ("low_coverage", None)


def test_what_each_change_brought(warehouse: Engine) -> None:
    installation = filled(warehouse)
    say_spi_3(warehouse, {"A": [-0.3], "B": [-1.7]}, first=JANUARY + 3)
    say_spi_3(warehouse, {"A": [SILENT], "B": [0.7]}, first=JANUARY + 4)
    evaluate(installation)
    rows = told(
        warehouse,
        "SELECT quantity, to_char(month, 'MM'), landscapes, filled, lost, "
        "round(mean_change::numeric, 3)::float8, round(largest_change::numeric, 3)::float8, "
        "stages_changed, corrections, corrections_told "
        "FROM mart.revision_report WHERE country_code = 'UZ' ORDER BY changed_at, month",
    )
    assert rows == [
        ("spi_3", "04", 2, 0, 0, 0.15, 0.9, None, None, None),
        ("spi_3", "05", 2, 1, 1, None, None, None, None, None),
        # A: none in April to July; B: warning in April, none from May on.
        ("meteorological_stage", "04", 2, 0, 0, 0.0, 1.0, 2, 0, 0),
        ("meteorological_stage", "05", 2, 0, 0, -1.5, -2.0, 2, 0, 0),
        ("meteorological_stage", "06", 2, 0, 0, -1.5, -2.0, 2, 0, 0),
        ("meteorological_stage", "07", 1, 0, 0, -2.0, -2.0, 1, 0, 0),
    ]


KEYED = (
    "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
    "WHERE c.relnamespace = 'mart'::regnamespace AND a.attname = 'row_key' "
    "AND c.relname !~ '_ever$' ORDER BY 1"
)
NATURAL = (
    "SELECT landscape_id, month, index_code, source, calibration, row_key FROM mart.index_month"
)


class TestRowKeys:
    def test_they_are_whole_unique_and_last(self, world: Engine) -> None:
        views = [str(name) for (name,) in told(world, KEYED)]
        assert len(views) >= 28
        for view in views:
            (counts,) = told(
                world,
                "SELECT count(*), count(DISTINCT row_key), coalesce(min(row_key), 1) >= 0, "  # noqa: S608
                f"coalesce(max(row_key), 0) < 2 ^ 53 FROM mart.{view}",
            )
            assert counts[0] == counts[1], view
            assert counts[2:] == (True, True), view
            ((last,),) = told(
                world,
                "SELECT attname FROM pg_attribute WHERE attrelid = ('mart.' || :view)::regclass "
                "AND attnum > 0 ORDER BY attnum DESC LIMIT 1",
                view=view,
            )
            # A view that gained columns since has them after it: they can be added only there.
            assert last == "row_key" or view in {"plan_rule", "plan_timeline"}, view

    def test_they_stay_when_values_change_and_others_come(self, warehouse: Engine) -> None:
        installation = filled(warehouse)
        before = set(told(warehouse, NATURAL))
        events = "SELECT landscape_id, onset, row_key FROM mart.drought_event"
        droughts = set(told(warehouse, events))
        say_spi_3(warehouse, {"A": [v - 0.05 for v in A], "B": B, "T": T})
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO index.value_month SELECT (jsonb_populate_record(v, "
                    """'{"calibration": "1981-2010", "source": "another"}')).* """
                    "FROM index.value_month AS v"
                )
            )
        evaluate(replace(installation, settings=Settings(source=SOURCE)))
        after = set(told(warehouse, NATURAL))
        assert before < after
        assert len(after) == len({row[-1] for row in after}) == 2 * len(before)
        assert droughts == set(told(warehouse, events))

    def test_as_of_gives_the_same(self, warehouse: Engine) -> None:
        filled(warehouse)
        for view in ("index_month", "index_month_wide", "stage_month"):
            now = told(warehouse, f"SELECT row_key FROM mart.{view} ORDER BY 1")  # noqa: S608
            then = f"SELECT row_key FROM mart.{view}_as_of(clock_timestamp()) ORDER BY 1"  # noqa: S608
            assert told(warehouse, then) == now

    @given(
        st.integers(1, 2**24 - 1),
        st.builds(Month, st.integers(1800, 2140), st.integers(1, 12)),
        st.integers(1, 255),
        st.integers(1, 63),
        st.integers(0, 7),
    )
    @settings(deadline=None, max_examples=25)
    def test_the_formula(
        self, world: Engine, place: int, month: Month, series: int, number: int, limit: int
    ) -> None:
        ((key,),) = told(
            world,
            "SELECT mart.row_key(:place, :month, :series, :number, :limit)",
            place=place,
            month=month.first_day,
            series=series,
            number=number,
            limit=limit,
        )
        months = month.ordinal - Month(1800, 1).ordinal
        assert key == place << 29 | months << 17 | series << 9 | number << 3 | limit
        assert isinstance(key, int)
        assert key < 2**53

    def test_the_numbers_of_indices_are_these_for_good(self, world: Engine) -> None:
        written = (
            "spi_1 spi_2 spi_3 spi_6 spi_9 spi_12 spi_24 spi_hy spi_veg spei_1 spei_2 spei_3 "
            "spei_6 spei_9 spei_12 spei_24 spei_hy spei_veg pn_1 pn_3 pn_6 pn_9 pn_12 smri_1 "
            "smri_3 smri_6 smri_12 smri_hy swei_1 sma_1 sma_3"
        )
        codes = written.split()
        found = told(world, "SELECT number, index_code FROM index.code ORDER BY 1")
        assert found[: len(codes)] == [*enumerate(codes, start=1)]
        assert {code for _, code in found} == {str(code) for code in INDEX_CODES}

    @pytest.mark.parametrize("table", ["index.code", "ops.series_number"])
    def test_the_pipeline_cannot_change_a_number(self, warehouse: Engine, table: str) -> None:
        with warehouse.connect() as connection:
            connection.execute(text("SET ROLE drought_pipeline"))
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text(f"UPDATE {table} SET number = number + 100"))  # noqa: S608

    def test_windows_are_as_long_as_the_indices_say(self, world: Engine) -> None:
        found = told(
            world,
            "SELECT index_code, calendar_month, months_back, family FROM index.code "
            "JOIN index.window_length USING (window_name)",
        )
        assert set(found) == {
            (str(code), month, code.months_back(month), str(code.family))
            for code in INDEX_CODES
            for month in range(1, 13)
        }
        months = list(months_between(Month(2021, 1), Month(2021, 12)))
        assert len(found) == len(INDEX_CODES) * len(months)


def test_what_was_decided_before_there_were_droughts_is_told_by_the_next_evaluation(
    warehouse: Engine,
) -> None:
    installation = filled(warehouse)
    before = told(warehouse, EVENTS, id="A")
    with warehouse.begin() as connection:
        connection.execute(text("TRUNCATE plan.drought_event, plan.deciding_series"))
    evaluate(installation)
    assert told(warehouse, EVENTS, id="A") == before
    assert {DroughtType(str(t)) for (t,) in told(warehouse, "SELECT DISTINCT drought_type FROM mart.latest_status")} == set(DroughtType)  # fmt: skip
