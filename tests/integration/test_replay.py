"""A past decision once more: gauges and their disclosure, what the command shows, what it refuses."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaitingError
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from pipeline import wiring
from pipeline.cli import main
from pipeline.commands.options import screen
from pipeline.core.ids import LandUse
from pipeline.core.moments import Moment
from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans import shipped
from pipeline.settings import Settings
from pipeline.stations.observations import Disclosure
from pipeline.steps.compute import compute
from pipeline.steps.differences import Difference, Kind
from pipeline.steps.evaluate import evaluate
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.plans import load_plan
from pipeline.steps.replay import Replay, replay
from pipeline.steps.stations import disclose
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.migrations import sql_folder
from tests.integration.conftest import NOW
from tests.integration.gauged_world import (
    LAST,
    database,
    gauged_world,
    lose_month,
    rain_mm,
    say,
)
from tests.integration.little_world import landscape, told
from tests.unit.grids.raw import raw

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def template(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Settings]]:
    with gauged_world(postgres, tmp_path_factory.mktemp("gauged")) as made:
        yield made


@pytest.fixture
def place(postgres: EmbeddedPostgres, template: tuple[str, Settings]) -> Iterator[Installation]:
    """Two landscapes, one with gauges, decided by gauges and grid together; nothing decided yet."""
    name, settings = template
    with database(postgres, name) as (_, engine):
        by_both = Settings(var=settings.var, source="blended")
        yield Installation(by_both, engine, clock=lambda: NOW)


def now(place: Installation) -> Moment:
    ((at,),) = told(place.warehouse, "SELECT clock_timestamp()")
    assert isinstance(at, datetime)
    return Moment(at, at, "then")


def replayed(place: Installation, at: Moment) -> tuple[Replay, list[Difference]]:
    differences: list[Difference] = []
    return replay(place, at, tell=differences.append), differences


@dataclass(frozen=True)
class TwoDecisions:
    """By other gauges, another disclosure and another setting each."""

    place: Installation
    first: Moment
    second: Moment


@pytest.fixture
def two(place: Installation) -> TwoDecisions:
    evaluate(place)
    first = now(place)
    # A month of the calibration period goes, so that the blended series is fitted anew.
    lose_month(place, "G1", Month(2005, 7))
    lose_month(place, "G2", Month(2021, 10))
    disclose(place, ["G2"], Disclosure.RESTRICTED, by="A. Karimova", reason="asked for")
    compute(place)
    by_grid = replace(place, settings=Settings(var=place.settings.var))
    evaluate(by_grid)
    return TwoDecisions(by_grid, first, now(place))


class TestGauges:
    def test_each_decision_repeats_with_the_gauges_fits_and_disclosure_of_its_time(
        self, two: TwoDecisions
    ) -> None:
        ((dropped,),) = told(
            two.place.warehouse, "SELECT count(*) FROM index.calibration_superseded"
        )
        assert dropped
        found, differences = replayed(two.place, two.first)
        assert differences == []
        assert found.evaluation.sources == ("blended", "grid")
        assert [one.source for one in found.indices] == ["blended", "grid"]
        assert {one.tallies["spi_3"].compared for one in found.indices} == {372, 2 * 372}
        assert found.compared[Kind.CHANGE] > 20
        found, differences = replayed(two.place, two.second)
        assert differences == []
        assert found.evaluation.sources == ("grid",)

    def test_who_might_see_a_gauge_then_is_in_the_evidence(self, two: TwoDecisions) -> None:
        """The history of disclosure forgotten, values that were shown then would be withheld."""
        say(two.place, "DELETE FROM series.station_disclosure WHERE known_from < now()")
        say(
            two.place,
            "INSERT INTO series.station_disclosure VALUES ('G2', 'restricted', '-infinity')",
        )
        found, differences = replayed(two.place, two.first)
        assert found.is_failure
        assert {one.kind for one in differences} == {Kind.CHANGE}
        assert any("withheld" in one.now for one in differences)

    def test_without_the_fits_of_its_time_it_would_not_repeat(self, two: TwoDecisions) -> None:
        say(two.place, "DELETE FROM index.calibration_superseded")
        found, differences = replayed(two.place, two.first)
        assert {one.kind for one in differences} == {Kind.INDEX}
        (of_gauges, of_grid) = found.indices
        assert of_gauges.tallies["spi_3"].differing > 300
        assert of_grid.tallies["spi_3"].differing == 0


def test_nothing_is_written(two: TwoDecisions) -> None:
    tables = told(
        two.place.warehouse,
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace IN "
        "(SELECT oid FROM pg_namespace WHERE nspname IN ('series', 'index', 'plan', 'alert', 'ops'))",
    )

    def rows() -> dict[object, list[tuple[object, ...]]]:
        return {
            name: told(two.place.warehouse, f"SELECT count(*), max(xmin::text) FROM {name}")  # noqa: S608 - of the catalogue
            for (name,) in tables
        }

    before = rows()
    replayed(two.place, two.first)
    assert rows() == before
    assert len(before) > 30


def test_values_of_an_older_series_are_told_apart(place: Installation, tmp_path: Path) -> None:
    """June was corrected, and the indices computed anew to June alone: what followed was stale."""
    place = replace(place, settings=Settings(var=place.settings.var))
    june = Month(2021, 6)
    path = tmp_path / "june.nc"
    raw(
        {"tp": [rain_mm(june) * 1.5 / 1000 / june.days]},
        [f"{june}-01"],
        latitudes=(42.0, 41.0, 40.0, 39.0, 38.0),
        longitudes=[60.0 + n for n in range(12)],
        expver="0001",
    ).to_netcdf(path)
    ingest_grid(place, path, source="grid", product="monthly-mean")
    compute(place, to=june)
    evaluate(place)
    found, differences = replayed(place, now(place))
    assert found.waiting
    assert found.waiting == len(differences)
    assert {one.month for one in differences} == {june + n for n in range(1, 7)}
    assert (found.differing.total(), found.is_failure) == (0, False)
    compute(place)
    evaluate(place)
    assert replayed(place, now(place))[1] == []
    assert june + 6 == LAST


class TestBeforeThereWasARecord:
    """The record forgotten and rebuilt as the migration does, from what evaluations wrote."""

    KNOWN = "SELECT decided_at, calibration, sources, to_month, transitions FROM plan.evaluation"

    def rebuild(self, place: Installation) -> None:
        whole = (sql_folder() / "migrations" / "0020_decisions.sql").read_text("utf-8")
        start = whole.index("INSERT INTO plan.evaluation")
        with place.warehouse.begin() as connection:
            connection.execute(text("DELETE FROM plan.evaluation"))
            connection.connection.cursor().execute(whole[start : whole.index(";", start)])

    def test_what_evaluations_wrote_tells_by_what_they_decided(self, place: Installation) -> None:
        evaluate(place, to=Month(2021, 8))
        first = now(place)
        evaluate(place)
        second = now(place)
        by_grid = replace(place, settings=Settings(var=place.settings.var))
        evaluate(by_grid)
        recorded = told(place.warehouse, self.KNOWN)
        self.rebuild(place)
        assert told(place.warehouse, self.KNOWN) == recorded
        assert len(recorded) == 3
        for moment, newest in ((first, Month(2021, 8)), (second, None), (now(place), None)):
            found, differences = replayed(place, moment)
            assert differences == []
            assert (found.evaluation.is_rebuilt, found.evaluation.to) == (True, newest)
            # Of what was not recorded nobody knows that it was the same.
            assert "numpy" in found.other_versions
            is_told = found.compared[Kind.CHANGE] > 0
            assert ("cacilm-drought" in found.other_versions) is not is_told


class TestWhoWritesWaits:
    def test_what_decisions_rest_on_is_not_changed_while_one_is_made(
        self, place: Installation, tmp_path: Path
    ) -> None:
        plan = tmp_path / "plan.yaml"
        plan.write_text(PLAN.read_text("utf-8").replace("uz-generic", "uz-other"), "utf-8")
        works = (
            lambda: load_plan(place, plan),
            lambda: load_landscapes(place, [replace(landscape("A"), land_use=LandUse.PASTORAL)]),
            lambda: disclose(place, ["G1"], Disclosure.OPEN, by="A. Karimova", reason="a test"),
        )
        with ThreadPoolExecutor(len(works)) as pool:
            with only_writer(place.warehouse):
                begun = [pool.submit(work) for work in works]
                for one in begun:
                    with pytest.raises(StillWaitingError):
                        one.result(timeout=0.3)
            for one in begun:
                one.result(timeout=30)


PLAN = next(path for path in (Path(shipped.__file__).parent / "documents").glob("uz*.yaml"))


class TestTheCommand:
    @pytest.fixture
    def decided(self, place: Installation) -> Installation:
        evaluate(place)
        return place

    def run(self, place: Installation, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        """Run `drought evaluate`; return its exit code."""
        monkeypatch.setattr(wiring, "installation", lambda reads_only=False: place)
        monkeypatch.setattr(sys, "argv", ["drought", "evaluate", *arguments])
        monkeypatch.setattr(screen, "width", 200)
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    def test_says_in_one_sentence_that_all_is_equal(
        self,
        decided: Installation,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        at = now(decided).last.isoformat()
        assert self.run(decided, monkeypatch, "--as-of", at) == 0
        said = capsys.readouterr().out
        assert "by blended, else grid, calibration 1991-2020" in said
        ((changes,),) = told(decided.warehouse, "SELECT count(*) FROM mart.alert")
        # 2 landscapes, 3 kinds of drought, 372 months; 31 indices of both and of the blended one.
        assert (
            "equal: what was known then gives what was decided then, 2,232 stages, "
            f"{changes} changes of stage with their evidence and 34,596 values of indices, "
            "of 2 landscapes"
        ) in said

    def test_lists_what_differs_and_fails(
        self,
        decided: Installation,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        with decided.warehouse.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("UPDATE plan.stage_month SET is_confirmed = NOT is_confirmed"))
            connection.execute(
                text(
                    "UPDATE index.value_month SET swei_1 = 1.5, gaps = gaps - 'swei_1', "
                    "release = 'preliminary' WHERE month = '2020-02-01' AND source = 'grid'"
                )
            )
        path = tmp_path / "differences.csv"
        at = now(decided).last.isoformat()
        assert self.run(decided, monkeypatch, "--as-of", at, "--report", str(path)) == 1
        said = capsys.readouterr().out
        assert "different: 4 of 34,596 values of indices, 2,232 of 2,232 stages" in said
        assert "though the software is the same" in said
        assert f"and 2,212 more; in {path}" in " ".join(said.split())
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 4 + 2_232
        assert {(row["source"], row["of"], row["was"], row["would_be"]) for row in rows[:4]} == {
            ("grid", "swei_1", "1.5", "not_published"),
            ("grid", "release", "preliminary", "final"),
        }
        assert (rows[4]["what"], rows[4]["source"]) == ("stage", "")

    def test_of_another_version_differences_are_no_failure(
        self,
        decided: Installation,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        say(decided, """UPDATE plan.evaluation SET versions = versions || '{"numpy": "1.0"}'""")
        with decided.warehouse.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(
                text("UPDATE plan.stage_month SET silent_months = 9 WHERE month = '2021-12-01'")
            )
        at = now(decided).last.isoformat()
        assert self.run(decided, monkeypatch, "--as-of", at) == 0
        said = capsys.readouterr().out
        assert "by other software than decided then" in said
        assert "version of numpy: 1.0 then" in said
        assert "silent months 9" in said

    @pytest.mark.parametrize(
        ("arguments", "code", "why"),
        [
            pytest.param(["--as-of", "2027-03-03T12:00"], 2, "without an offset", id="no offset"),
            pytest.param(["--as-of", "2999-01-01"], 1, "expected one in the past", id="the future"),
            pytest.param(
                ["--as-of", "2001-01-01"],
                1,
                "expected a moment after the first evaluation, got 2001-01-01; the first was of",
                id="before the first decision",
            ),
            pytest.param(
                ["--as-of", "2021-01-01", "--to", "2021-01"], 2, "without --from", id="with months"
            ),
            pytest.param(["--report", "x.csv"], 2, "expected it with --as-of", id="a report alone"),
        ],
    )
    def test_refuses_what_it_cannot_answer(
        self,
        decided: Installation,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        arguments: Sequence[str],
        code: int,
        why: str,
    ) -> None:
        assert self.run(decided, monkeypatch, *arguments) == code
        assert why in " ".join(capsys.readouterr().err.replace("│", " ").split())

    def test_nothing_decided_is_said(
        self,
        place: Installation,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert self.run(place, monkeypatch, "--as-of", "2026-01-01") == 1
        assert "nothing was decided yet" in capsys.readouterr().err
