"""Gauges beside a grid: how far they agree, and the series blended of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.core.errors import InputError
from pipeline.core.months import Month, months_between
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.compute import compute
from pipeline.steps.evaluate import evaluate
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from tests.integration.conftest import NOW
from tests.integration.gauged_world import (
    DRY_FROM,
    FIRST,
    GAUGES,
    MONTHS,
    climate,
    database,
    gauged_world,
    lose_month,
    rain_mm,
    say,
    settle_under_grid,
    spi_3,
)
from tests.integration.little_world import told
from tests.unit.grids.raw import raw

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


class TestTheBlendedSeries:
    def test_it_is_the_gauges_departure_on_the_grids_normal(self, gauged: Installation) -> None:
        found = climate(gauged, "west", "blended")
        assert len(found) == MONTHS
        # Until the gauges dry up, they depart from their normals as the grid does from its own.
        for month in months_between(FIRST, DRY_FROM + -1):
            assert found[str(month)] == (pytest.approx(rain_mm(month), rel=1e-5), None, 1.0)
        june = rain_mm(Month(2021, 6))
        assert found["2021-06"][0] == pytest.approx(0.1 * june, rel=1e-5)
        assert climate(gauged, "west", "grid")["2021-06"][0] == pytest.approx(june, rel=1e-5)

    def test_a_landscape_without_gauges_has_none(self, gauged: Installation) -> None:
        assert climate(gauged, "east", "blended") == {}
        assert told(gauged.warehouse, "SELECT landscape_id FROM mart.agreement") == [("west",)]

    def test_one_of_two_gauges_is_enough_and_says_so(self, gauged: Installation) -> None:
        lose_month(gauged, "G1", Month(2021, 2))
        compute(gauged)
        expected = (pytest.approx(rain_mm(Month(2021, 2)), rel=1e-5), None, 0.5)
        assert climate(gauged, "west", "blended")["2021-02"] == expected

    def test_a_month_without_gauges_is_a_gap_and_not_the_grid(self, gauged: Installation) -> None:
        for station_id in GAUGES:
            lose_month(gauged, station_id, Month(2021, 2))
        compute(gauged)
        assert climate(gauged, "west", "blended")["2021-02"] == (None, "too_few_observations", 0.0)
        missing = told(
            gauged.warehouse,
            "SELECT to_char(month, 'YYYY-MM') FROM mart.index_month WHERE index_code = 'spi_3' "
            "AND source = 'blended' AND gap = 'too_few_observations' ORDER BY 1",
        )
        assert missing == [("2021-02",), ("2021-03",), ("2021-04",)]

    def test_computing_again_changes_nothing(self, gauged: Installation) -> None:
        before = everything(gauged.warehouse)
        assert compute(gauged) == 0
        assert everything(gauged.warehouse) == before

    def test_a_corrected_gauge_is_fitted_anew_and_the_grid_is_not(
        self, gauged: Installation
    ) -> None:
        fitted = "SELECT source, max(fitted_at) FROM index.calibration GROUP BY source ORDER BY 1"
        (_, blended), (_, grid) = told(gauged.warehouse, fitted)
        say(
            gauged,
            "UPDATE series.station_month SET precipitation_mm = precipitation_mm * 2 "
            "WHERE station_id = 'G1' AND month = '2000-01-01'",
        )
        assert compute(gauged) > 0
        (_, blended_now), (_, grid_now) = told(gauged.warehouse, fitted)
        assert blended_now > blended  # type: ignore[operator]
        assert grid_now == grid

    def test_a_new_month_of_a_gauge_is_judged_by_the_fit_there_is(
        self, gauged: Installation
    ) -> None:
        fitted = "SELECT max(fitted_at) FROM index.calibration WHERE source = 'blended'"
        before = told(gauged.warehouse, fitted)
        say(
            gauged,
            "UPDATE series.station_month SET precipitation_mm = 300 WHERE month = '2021-12-01'",
        )
        compute(gauged)
        assert told(gauged.warehouse, fitted) == before
        wet = spi_3(gauged, "west", "blended")["2021-12"]
        assert wet is not None
        assert wet > 0

    def test_gauges_that_depart_otherwise_do_not_suffice(self, gauged: Installation) -> None:
        say(
            gauged,
            "UPDATE series.station_month SET precipitation_mm = 100 + 50 * sin(extract(epoch "
            "FROM month) / 1e7)",
        )
        compute(gauged)
        assert told(gauged.warehouse, "SELECT shortfall FROM mart.agreement") == [
            ("low_correlation",)
        ]
        assert climate(gauged, "west", "blended") == {}

    def test_a_landscape_whose_gauges_move_away_loses_it_and_what_was_shown_is_kept(
        self, gauged: Installation
    ) -> None:
        say(gauged, "UPDATE series.station SET longitude = 64.5")
        compute(gauged)
        assert climate(gauged, "west", "blended") == {}
        assert spi_3(gauged, "west", "blended") == {}
        assert told(gauged.warehouse, "SELECT * FROM mart.agreement") == []
        for table in ("series.climate_month", "index.value_month"):
            kept = f"SELECT count(*) FROM {table}_superseded WHERE source = 'blended'"  # noqa: S608
            assert told(gauged.warehouse, kept) == [(MONTHS,)]

    def test_no_file_may_come_under_its_name(self, gauged: Installation, tmp_path: Path) -> None:
        path = tmp_path / "other.nc"
        raw({"tp": 0.001}, ["2022-01-01"], expver="0001").to_netcdf(path)
        with pytest.raises(InputError, match="and not refused or blended, got 'blended'"):
            ingest_grid(gauged, path, source="blended", product="monthly-mean")


def everything(warehouse: Engine) -> list[list[tuple[object, ...]]]:
    return [
        told(warehouse, f"SELECT * FROM {table} ORDER BY 1, 2, 3")  # noqa: S608 - names of ours
        for table in (
            "series.climate_month",
            "series.agreement",
            "series.agreement_superseded",
            "series.agreement_month",
            "series.agreement_month_superseded",
            "index.value_month",
            "index.value_month_superseded",
            "index.calibration",
        )
    ]


class TestTheAgreement:
    def test_its_figures_are_these(self, gauged: Installation) -> None:
        ((gauges, n_months, ratio, *correlations, has_break, year, shortfall),) = told(
            gauged.warehouse,
            "SELECT gauges, n_months, ratio, correlation, rank_correlation, anomaly_correlation, "
            "anomaly_rank_correlation, has_break, break_year, shortfall FROM mart.agreement",
        )
        assert gauges == ["G1", "G2"]
        assert n_months == 360
        # The gauges have the mean of 2 and 0.8 times the grid's rain.
        assert ratio == pytest.approx(1 / 1.4, rel=1e-5)
        assert correlations == pytest.approx([1.0] * 4, abs=1e-4)
        # From April 2021, half of that water year, they have a tenth of it.
        assert (has_break, year) == (True, 2021)
        assert shortfall is None

    def test_each_month_says_what_was_assumed(self, gauged: Installation) -> None:
        say(
            gauged,
            "UPDATE series.station_month SET policy = 'sparse_reporting', n_assumed_dry = 17 "
            "WHERE station_id = 'G1'",
        )
        say(gauged, "UPDATE series.station_month SET n_suspect = 2 WHERE station_id = 'G2'")
        lose_month(gauged, "G2", Month(2020, 5))
        compute(gauged)
        rows = told(
            gauged.warehouse,
            "SELECT to_char(month, 'YYYY-MM'), n_gauges, n_suspect, n_assumed_dry, policies "
            "FROM mart.agreement_month",
        )
        said = {month: rest for month, *rest in rows}
        assert said["2020-04"] == [2, 2, 17, ["sparse_reporting", "wmo_1203"]]
        assert said["2020-05"] == [1, 0, 17, ["sparse_reporting"]]


class TestWithoutGauges:
    def test_nothing_is_kept_and_the_setting_is_refused(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        settle_under_grid(installation, tmp_path)
        compute(installation)
        for table in ("agreement", "agreement_month", "landscape_gauge"):
            query = f"SELECT count(*) FROM series.{table}"  # noqa: S608 - names of ours
            assert told(installation.warehouse, query) == [(0,)]
        assert climate(installation, "west", "blended") == {}
        chosen = Settings(var=installation.settings.var, source="blended")
        with pytest.raises(InputError, match="DROUGHT_SOURCE: expected a landscape with enough"):
            evaluate(replace(installation, settings=chosen))


class TestWithSeveralGrids:
    @pytest.fixture
    def two_grids(self, gauged: Installation, tmp_path: Path) -> Installation:
        path = tmp_path / "other.nc"
        raw({"tp": 0.002}, ["2021-12-01"], latitudes=(42.0, 41.0), expver="0001").to_netcdf(path)
        ingest_grid(gauged, path, source="other", product="monthly-mean")
        return gauged

    @pytest.mark.parametrize(
        ("grid", "message"),
        [
            pytest.param(None, "set DROUGHT_BLEND_WITH", id="one must be chosen"),
            pytest.param("third", "DROUGHT_BLEND_WITH: expected one of", id="one that is held"),
        ],
    )
    def test_the_one_to_blend_with_is_named(
        self, two_grids: Installation, grid: str | None, message: str
    ) -> None:
        chosen = Settings(var=two_grids.settings.var, source="blended", blend_with=grid)
        with pytest.raises(InputError, match=message):
            compute(replace(two_grids, settings=chosen))

    def test_the_named_one_is_taken(self, two_grids: Installation) -> None:
        chosen = Settings(var=two_grids.settings.var, source="blended", blend_with="grid")
        before = everything(two_grids.warehouse)
        assert compute(replace(two_grids, settings=chosen)) == 0
        assert everything(two_grids.warehouse) == before
