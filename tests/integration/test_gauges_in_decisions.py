"""What gauges change in a decision: on which record it stands, what the other says, what is shown."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.compute import compute
from pipeline.steps.evaluate import evaluate
from pipeline.steps.explain import explain
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.site import publish_site
from pipeline.steps.status import status
from tests.integration.bulletin import bulletin
from tests.integration.conftest import NOW
from tests.integration.gauged_world import (
    GAUGES,
    climate,
    database,
    gauged_world,
    lose_month,
    say,
    spi_3,
)
from tests.integration.little_world import told

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def world(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Settings]]:
    with gauged_world(postgres, tmp_path_factory.mktemp("gauged")) as made:
        yield made


@pytest.fixture
def gauged(postgres: EmbeddedPostgres, world: tuple[str, Settings]) -> Iterator[Installation]:
    """The world of gauges, computed; nothing is decided yet."""
    template, settings = world
    with database(postgres, template) as (_, engine):
        yield Installation(settings, engine, clock=lambda: NOW)


DECEMBER = Month(2021, 12)


def by_gauges(place: Installation) -> Installation:
    """The installation with the setting that lets gauges decide."""
    return replace(place, settings=Settings(var=place.settings.var, source="blended"))


def stage(place: Installation, landscape_id: str, month: Month) -> object:
    ((found,),) = told(
        place.warehouse,
        "SELECT stage FROM mart.stage_month WHERE landscape_id = :id AND month = :month "
        "AND drought_type = 'meteorological'",
        id=landscape_id,
        month=month.first_day,
    )
    return found


def alerts(place: Installation, landscape_id: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Number and evidence of the meteorological alerts of a landscape, oldest first."""
    return told(  # type: ignore[return-value]
        place.warehouse,
        "SELECT alert_id, evidence FROM mart.alert WHERE landscape_id = :id "
        "AND drought_type = 'meteorological' ORDER BY month, alert_id",
        id=landscape_id,
    )


def letters(place: Installation, landscape_id: str) -> dict[str, str]:
    """The newest letter about a landscape, by language, its lines joined."""
    rows = told(
        place.warehouse,
        "SELECT language, draft FROM alert.message JOIN alert.transition USING (alert_id) "
        "JOIN landscape.landscape USING (landscape_key) WHERE form = 'letter' "
        "AND landscape_id = :id AND drought_type = 'meteorological' ORDER BY alert_id",
        id=landscape_id,
    )
    return {str(language): " ".join(str(draft).split()) for language, draft in rows}


def by_source(place: Installation) -> list[str]:
    """What is late, but for the plans: the world ends years before the clock of the test."""
    return [line for line in status(place).late if " plan: " not in line]


class TestWhatDecides:
    def test_the_grid_does_unless_a_setting_says_otherwise(self, gauged: Installation) -> None:
        evaluate(gauged)
        by_grid = stage(gauged, "west", DECEMBER)
        assert by_grid == stage(gauged, "east", DECEMBER) != "severe"
        dry = spi_3(gauged, "west", "blended")["2021-12"]
        assert dry is not None
        assert dry <= -2.0
        evaluate(by_gauges(gauged))
        assert stage(gauged, "west", DECEMBER) == "severe"
        assert stage(gauged, "east", DECEMBER) == by_grid

    def test_each_alert_names_the_record_it_stands_on(self, gauged: Installation) -> None:
        evaluate(by_gauges(gauged))
        newest = alerts(gauged, "west")[-1][1]["inputs"]
        assert newest["source"] == "blended"
        assert newest["coverage_fraction"] == 1.0
        assert newest["gauges"]["grid"] == newest["beside"]["source"] == "grid"
        assert {one["verdict"] for one in newest["beside"]["readings"]} == {"disagrees"}
        elsewhere = [one["inputs"] for _, one in alerts(gauged, "east")]
        assert {one["source"] for one in elsewhere} == {"grid"}
        assert {one["beside"] for one in elsewhere} == {None}

    def test_the_bulletin_names_both(self, gauged: Installation) -> None:
        evaluate(by_gauges(gauged))
        said = bulletin(by_gauges(gauged))
        assert "Source: gauges inside the landscape on the normals of grid; elsewhere grid." in said

    def test_gauges_that_fell_silent_are_said_to_be_where_they_decide(
        self, gauged: Installation
    ) -> None:
        evaluate(by_gauges(gauged))
        assert by_source(by_gauges(gauged)) == []
        for station_id in GAUGES:
            lose_month(gauged, station_id, DECEMBER)
        compute(gauged)
        (said,) = by_source(by_gauges(gauged))
        assert "(west since 2021-11), and their stages are held" in said
        assert by_source(gauged) == []


class TestTheEvidence:
    def test_gauges_agree_while_they_depart_as_the_grid_does(self, gauged: Installation) -> None:
        evaluate(gauged)
        alert_id, evidence = alerts(gauged, "west")[0]
        decided = next(c for c in evidence["comparisons"] if c["was_active"] != c["is_active"])
        reading = evidence["inputs"]["beside"]["readings"][0]
        assert (reading["index"], reading["verdict"]) == ("spi_3", "agrees")
        assert reading["value"] == pytest.approx(decided["value"], abs=1e-3)
        told = explain(gauged, alert_id)
        assert "Gauges inside the landscape agree: SPI-3" in " ".join(told.argument.split())
        said = str(told.tables)
        assert str((reading["stage"], "spi_3", repr(reading["value"]), "agrees")) in said
        assert "in the month with fewest 2 reported" in said

    def test_a_letter_by_gauges_says_that_the_grid_does_not_agree(
        self, gauged: Installation
    ) -> None:
        golive(by_gauges(gauged), DECEMBER + 1)
        letter = letters(gauged, "west")
        assert "Source: gauges inside the landscape on the normals of grid." in letter["en"]
        assert "100% of the gauges reported." in letter["en"]
        assert "The grid grid by itself does not agree: SPI-3 " in letter["en"]
        assert "Сетка grid сама по себе с этим не согласуется: SPI-3 " in letter["ru"]

    def test_gauges_that_say_nothing_say_why(self, gauged: Installation) -> None:
        evaluate(gauged)
        month = told(
            gauged.warehouse,
            "SELECT min(month) FROM mart.alert WHERE landscape_id = 'west' "
            "AND drought_type = 'meteorological'",
        )[0][0]
        for station_id in GAUGES:
            lose_month(gauged, station_id, Month.of(month))  # type: ignore[arg-type]
        compute(gauged)
        say(gauged, "DELETE FROM alert.approval; DELETE FROM alert.transition")
        say(gauged, "DELETE FROM plan.stage_month")
        evaluate(gauged)
        reading = alerts(gauged, "west")[0][1]["inputs"]["beside"]["readings"][0]
        assert (reading["verdict"], reading["gap"]) == ("silent", "too_few_observations")

    def test_sparse_reporting_is_told(self, gauged: Installation) -> None:
        say(
            gauged,
            "UPDATE series.station_month SET policy = 'sparse_reporting', n_assumed_dry = 10",
        )
        compute(gauged)
        evaluate(gauged)
        alert_id, evidence = alerts(gauged, "west")[0]
        # Two gauges, three months of the window, ten days each.
        assert evidence["inputs"]["gauges"]["n_assumed_dry"] == 60
        said = str(explain(gauged, alert_id).tables)
        assert "completeness by sparse_reporting" in said
        assert "days taken as dry: 60" in said


class TestDisclosure:
    @pytest.fixture
    def closed(self, gauged: Installation) -> Installation:
        """One of the two gauges is not open; the gauges decide."""
        say(gauged, "UPDATE series.station SET disclosure = 'restricted' WHERE station_id = 'G2'")
        evaluate(by_gauges(gauged))
        return gauged

    def test_an_analyst_sees_no_blended_value(self, closed: Installation) -> None:
        relations = (
            "mart.climate_month",
            "mart.index_month",
            "mart.index_month_wide",
            "mart.calibration",
            "mart.index_month_as_of(now())",
        )
        for relation in relations:
            query = f"SELECT DISTINCT source FROM {relation} ORDER BY 1"  # noqa: S608
            assert as_analyst(closed, query) == [("grid",)], relation
        say(closed, "UPDATE series.station SET disclosure = 'open'")
        for relation in relations:
            query = f"SELECT DISTINCT source FROM {relation} ORDER BY 1"  # noqa: S608
            assert as_analyst(closed, query) == [("blended",), ("grid",)], relation

    def test_nor_does_the_site_show_one(self, closed: Installation) -> None:
        publish_site(by_gauges(closed))

        def values(name: str) -> list[str]:
            rows = (closed.settings.site / f"data/{name}.csv").read_text("utf-8-sig").splitlines()
            return [row["spi_1"] for row in csv.DictReader(rows) if row["spi_1"]]

        assert values("west") == []
        assert values("east")
        say(closed, "UPDATE series.station SET disclosure = 'open'")
        publish_site(by_gauges(closed))
        assert values("west")

    def test_nor_how_the_gauges_agree(self, closed: Installation) -> None:
        query = (
            "SELECT (SELECT count(*) FROM mart.agreement), "
            "(SELECT count(*) > 0 FROM mart.agreement_month)"
        )
        assert as_analyst(closed, query) == [(0, False)]
        say(closed, "UPDATE series.station SET disclosure = 'open'")
        assert as_analyst(closed, query) == [(1, True)]

    def test_nor_what_a_revision_changed(self, closed: Installation) -> None:
        for station_id in GAUGES:
            lose_month(closed, station_id, Month(2020, 5))
        compute(closed)
        query = "SELECT count(*) > 0 FROM mart.revision_value WHERE source = 'blended'"
        assert as_analyst(closed, query) == [(False,)]
        say(closed, "UPDATE series.station SET disclosure = 'open'")
        assert as_analyst(closed, query) == [(True,)]

    def test_nor_by_way_of_a_gauge_that_has_left(self, closed: Installation) -> None:
        before = told(closed.warehouse, "SELECT now()")[0][0]
        say(closed, "UPDATE series.station SET longitude = 64.5 WHERE station_id = 'G2'")
        compute(closed)
        query = (
            "SELECT count(*) FROM mart.index_month_as_of(CAST(:at AS timestamptz)) "
            "WHERE source = 'blended'"
        )
        assert as_analyst(closed, query, at=before) == [(0,)]
        assert climate(closed, "west", "blended") == {}

    def test_learns_of_no_hidden_value_by_an_error(self, closed: Installation) -> None:
        query = (
            "SELECT count(*) FROM mart.climate_month WHERE landscape_id = 'west' "
            "AND 1 / (CASE source WHEN 'blended' THEN 0 ELSE 1 END) > 0"
        )
        assert as_analyst(closed, query) == [(31 * 12,)]

    def test_the_evidence_withholds_what_decided_and_shows_the_grid(
        self, closed: Installation
    ) -> None:
        found = alerts(closed, "west")
        assert found
        for _, evidence in found:
            assert evidence["inputs"]["source"] == "blended"
            assert {line["value"] for line in evidence["comparisons"]} == {None}
            assert evidence["inputs"]["beside"]["readings"][0]["value"] is not None
        told = explain(closed, found[0][0])
        assert "the value is not open to everyone" in " ".join(told.argument.split())
        assert "not open: beyond enter" in str(told.tables)

    def test_beside_the_grid_only_whether_they_agree_is_said(self, gauged: Installation) -> None:
        say(gauged, "UPDATE series.station SET disclosure = 'agency'")
        evaluate(gauged)
        alert_id, evidence = alerts(gauged, "west")[0]
        reading = evidence["inputs"]["beside"]["readings"][0]
        assert (reading["value"], reading["verdict"]) == (None, "agrees")
        assert f"('{reading['stage']}', 'spi_3', 'not open', 'agrees')" in str(
            explain(gauged, alert_id).tables
        )


def as_analyst(place: Installation, query: str, **values: object) -> list[tuple[object, ...]]:
    with place.warehouse.connect() as connection:
        connection.execute(text("SET ROLE drought_analyst"))
        return [tuple(row) for row in connection.execute(text(query), values)]
