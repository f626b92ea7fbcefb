"""The Uzbek plan against reported droughts on real data, 1979-2014: the figures of docs/backtest.md.

What a person can check: 2000-01 was a drought of the whole country and is found by every ladder;
`test_uzbekistan` says which districts the file reaches; the counts of reports are those of the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.backtest import Outcome, Verdict
from pipeline.plans.scorecard import Backtest, StageScore
from pipeline.plans.scores import Estimate
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.backtest import Question, backtest
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from tests.integration.conftest import TEMPLATE
from tests.integration.gauged_world import database

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

DOCUMENT = Path(__file__).parents[2] / "docs" / "backtest.md"
STEP = Homogenisation(Month(1997, 10), 0.75)
PLAN = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)


@pytest.fixture(scope="module")
def found(
    postgres: EmbeddedPostgres, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backtest]:
    """The plan over the rain as it stands, and over that without the step of 1998-99."""
    with database(postgres, TEMPLATE) as (_, engine):
        settings = Settings(
            var=tmp_path_factory.mktemp("backtest"), calibration=CalibrationPeriod(1981, 2010)
        )
        place = Installation(settings, engine)
        districts = read_landscapes(
            shared_data / "boundaries" / "uzb_adm2_geoboundaries.geojson",
            id_field="shapeID",
            name_field="shapeName",
            country="UZ",
            land_use="irrigated",
        )
        load_landscapes(place, districts)
        ingest_grid(
            place,
            shared_data / "reanalysis" / "cfsr_uzbekistan_1979_2014_cds_layout.nc",
            source="cfsr",
            product="monthly-mean",
        )
        compute(place)
        yield backtest(place, Question((PLAN,), Country.UZBEKISTAN, step=STEP))


def stages(found: Backtest, run: int) -> dict[tuple[DroughtType, str], StageScore]:
    return {
        (ladder.drought_type, stage.stage): stage
        for ladder in found.runs[run].ladders
        for stage in ladder.stages
    }


def test_what_is_tested(found: Backtest) -> None:
    assert [run.step for run in found.runs] == [None, STEP]
    assert [run.reached for run in found.runs] == [99, 99]
    assert (found.landscapes, str(found.first), str(found.last)) == (199, "1979-01", "2014-07")
    assert [str(one) for one in found.terms.episodes] == [
        "2000-01 to 2001-12",
        "2008-03 to 2008-09",
        "2011-05 to 2011-08",
    ]
    assert sum(len(one.reports) for one in found.terms.episodes) == 4
    assert [str(one) for one in found.runs[0].judged_by] == [
        "99 of 199 landscapes, 10 % of the area",
        "9 of 23 landscapes, 19 % of the area",
        "15 of 27 landscapes, 8 % of the area",
    ]
    assert len(found.terms.outside) == 1  # 2021


def test_three_droughts_and_no_year_without_give_no_ratio(found: Backtest) -> None:
    assert [one.split(", got ")[1] for one in found.lacks] == ["3", "0"]
    assert {one.scores for run in (0, 1) for one in stages(found, run).values()} == {None}


def test_the_drought_of_2000_is_a_hit_of_each_ladder_in_both_runs(found: Backtest) -> None:
    for run in (0, 1):
        of_run = stages(found, run)
        for drought_type in DroughtType:
            of_2000 = [one.outcomes[0] for key, one in of_run.items() if key[0] is drought_type]
            assert Verdict.HIT in {one.verdict for one in of_2000}
            assert Verdict.MISS not in {one.verdict for one in of_2000}
            # A report of the year 2000 is entered by the rain of that winter and spring.
            entered = [one.entered for one in of_2000 if one.verdict is Verdict.HIT]
            assert all(e and Month(2000, 1) <= e <= Month(2000, 4) for e in entered)


def test_no_fit_is_lost_by_leaving_a_drought_out(found: Backtest) -> None:
    """30 years, three of them with a missing month, less three windows that hold 2000-01: 24."""
    assert not any("have fewer than 24 years" in one for run in found.runs for one in run.cautions)


def test_it_says_that_no_headwater_was_asked(found: Backtest) -> None:
    assert all(any("199 of 199 landscapes" in one for one in run.cautions) for run in found.runs)


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading of the document, by their first cell."""
    section = DOCUMENT.read_text("utf-8").split(f"### {heading}\n")[1].split("\n#")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[2:]}


def in_short(outcome: Outcome) -> str:
    match outcome.verdict:
        case Verdict.HIT:
            return f"{outcome.lead_months:+d}{' over' if outcome.is_taken_back else ''}"
        case Verdict.STOOD:
            return f"stood {outcome.entered}"
        case _:
            return "missed"


def said(estimate: Estimate | None, times: int = 1) -> str:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    of = [f"{times * one:.2f}" for one in (estimate.value, estimate.low, estimate.high)]
    return f"{of[0]} ({of[1]}-{of[2]})"


def test_the_document_tells_what_each_stage_said(found: Backtest) -> None:
    before, after = stages(found, 0), stages(found, 1)
    assert documented("What each stage said") == {
        f"{drought_type} {stage}": [
            in_short(outcome)
            for both in zip(one.outcomes, after[drought_type, stage].outcomes, strict=True)
            for outcome in both
        ]
        for (drought_type, stage), one in before.items()
    }


def test_the_document_tells_how_often(found: Backtest) -> None:
    before, after = stages(found, 0), stages(found, 1)
    expected = {
        f"{drought_type} {stage}": [
            cell
            for one in (scored, after[drought_type, stage])
            for cell in (
                said(one.months_per_year),
                f"{10 * one.flickers_per_year.value:.2f}" if one.flickers_per_year else "",
                f"{one.alarms.entered}, {len(one.alarms.unreported)}",
            )
        ]
        for (drought_type, stage), scored in before.items()
    }
    assert documented("How often a stage stood") == expected


def test_the_document_tells_how_many_alerts(found: Backtest) -> None:
    assert documented("Alerts") == {
        str(one.drought_type): [said(one.changes_per_year), said(other.changes_per_year)]
        for one, other in zip(found.runs[0].ladders, found.runs[1].ladders, strict=True)
    }
