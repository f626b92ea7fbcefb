"""A plan against reported droughts: two districts under a made-up grid, worked out a second time with SciPy.

The west is dry in five planted droughts, and in 2018 with the east, where nothing was reported.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from shapely import box
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse
from pipeline.core.months import Month, months_between
from pipeline.indices.calibration import Limits
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.backtest import Outcome, Verdict, Yardstick
from pipeline.plans.reports import HEADINGS
from pipeline.plans.scorecard import Backtest, LadderScore
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.steps.backtest import Question, backtest
from pipeline.steps.backtest_indices import Fitting, read_driven, recomputed
from pipeline.steps.basis import read_basis
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.records import decided_by
from pipeline.warehouse.landscapes import read_landscapes
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.gauged_world import database
from tests.integration.test_uzbekistan import contents
from tests.unit.grids.raw import raw

pytestmark = pytest.mark.postgres

FIRST, LAST = Month(1990, 1), Month(2020, 12)
PERIOD = CalibrationPeriod(1991, 2020)
MONTHS = list(months_between(FIRST, LAST))
DRY_IN_THE_WEST = (
    ("1995-04", "1995-12"), ("2000-02", "2001-06"), ("2005-05", "2005-09"), ("2009-11", "2010-09"),
    ("2015-01", "2015-06"), ("2018-03", "2018-08"),
)  # fmt: skip
DRY_IN_THE_EAST = (("2018-03", "2018-08"),)
REPORTED = (
    ("1995-07", "1995-10", "west"), ("2000-06", "2001-12", "west"), ("2005-06", "2005-09", "east"),
    ("2010-04", "2010-09", "*"), ("2015-03", "2015-06", "west"),
)  # fmt: skip
PLANS = {plan.country: plan for plan in shipped_plans()}
PLAN = PLANS[Country.UZBEKISTAN]
SPI_3 = IndexCode.parse("spi_3")
ENTER_AT = (-1.0, -1.5, -2.0)
DROUGHT = Path(sys.executable).with_name("drought")


def rain_mm(seed: int, dry: Sequence[tuple[str, str]]) -> np.ndarray:
    """Some 40 mm a month; a twentieth of it while it is dry."""
    rain = np.random.default_rng(seed).gamma(6.0, 7.0, len(MONTHS)) + 5.0
    for first, last in dry:
        rain[
            Month.parse(first).ordinal - FIRST.ordinal : Month.parse(last).ordinal
            - FIRST.ordinal
            + 1
        ] *= 0.05
    return rain


RAIN = {"west": rain_mm(1, DRY_IN_THE_WEST), "east": rain_mm(2, DRY_IN_THE_EAST)}


@pytest.fixture(scope="module")
def world(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("backtest")
    with database(postgres, TEMPLATE) as (_, engine):
        place = Installation(Settings(var=folder / "var"), engine, clock=lambda: NOW)
        load_landscapes(place, [district("west", 59.6), district("east", 61.6)])
        grid = np.stack([RAIN["west"], RAIN["west"], RAIN["east"], RAIN["east"]], axis=1)
        days = np.array([month.days for month in MONTHS])
        raw(
            {"tp": np.repeat((grid / 1000 / days[:, np.newaxis])[:, np.newaxis, :], 3, axis=1)},
            [f"{month}-01" for month in MONTHS],
            latitudes=(42.0, 41.0, 40.0),
            longitudes=(60.0, 61.0, 62.0, 63.0),
            expver="0001",
        ).to_netcdf(folder / "grid.nc")
        ingest_grid(place, folder / "grid.nc", source="grid", product="monthly-mean")
        compute(place)
        yield place


def district(name: str, west: float) -> Landscape:
    return Landscape(
        name, Country.UZBEKISTAN, name, {}, LandUse.RAINFED, False, False, None,
        box(west, 40.0, west + 1.8, 42.0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five droughts, and 2018 of which somebody says that there was none."""
    return write_reports(
        tmp_path_factory.mktemp("reports") / "reports.csv",
        [("drought", *one) for one in REPORTED] + [("none", "2018-01", "2018-12", "*")],
    )


def write_reports(path: Path, rows: Sequence[tuple[str, str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADINGS)
        for kind, start, end, landscapes in rows:
            types = "" if kind == "none" else "meteorological"
            table.writerow(
                ["UZ", kind, start, end, "a place", landscapes, types, "high", "it was so", "a paper",
                 "https://example.org", ""]
            )  # fmt: skip
    return path


def ladder(
    found: Backtest, run: int = 0, of: DroughtType = DroughtType.METEOROLOGICAL
) -> LadderScore:
    return next(one for one in found.runs[run].ladders if one.drought_type is of)


# Worked out a second time: SPI-3 by SciPy, McKee's events by their lowest value, entries by hand.


def spi_3(rain: np.ndarray, without: tuple[Month, Month] | None) -> np.ndarray:
    """SPI-3 of every month by gammas (Thom 1958) of 1991-2020, no month of `without` in their sample."""
    totals = np.convolve(rain, np.ones(3))[: len(rain)]
    totals[:2] = np.nan
    years = np.array([month.year for month in MONTHS])
    used = (years >= 1991) & (years <= 2020)
    if without is not None:
        for back in range(3):
            used[
                without[0].ordinal - FIRST.ordinal + back : without[1].ordinal
                - FIRST.ordinal
                + back
                + 1
            ] = False
    found = np.full(len(rain), np.nan)
    for calendar in range(12):
        here = (np.arange(len(rain)) % 12 == calendar) & ~np.isnan(totals)
        sample = totals[here & used]
        spread = np.log(sample.mean()) - np.log(sample).mean()
        alpha = (1 + np.sqrt(1 + 4 * spread / 3)) / (4 * spread)
        below = stats.gamma.cdf(totals[here], alpha, scale=sample.mean() / alpha)
        found[here] = np.clip(stats.norm.ppf(below), -3.09, 3.09)
    return found


def stands(index: np.ndarray, enter_at: float) -> list[bool]:
    """Whether a stage or a graver one stands: from `enter_at` reached until the index is back at 0."""
    lowest, found = 0.0, []
    for value in index:
        if not np.isnan(value):
            lowest = 0.0 if value >= 0.0 else min(lowest, value)
        found.append(lowest <= enter_at)
    return found


def expected(standing: list[bool], start: Month, end: Month) -> Outcome:
    """What a stage said: known in the month after, window of six months, entries until the end."""
    at, last = start.ordinal - FIRST.ordinal, end.ordinal - FIRST.ordinal
    entries = [m for m in range(at - 6, last + 1) if standing[m] and not standing[m - 1]]
    if entries:
        lasting = [m for m in entries if all(standing[m : max(m, at) + 1])]
        month = lasting[0] if lasting else entries[-1]
        return Outcome(Verdict.HIT, FIRST + month, at - (month + 1), is_taken_back=not lasting)
    if not any(standing[at - 6 : last + 1]):
        return Outcome(Verdict.MISS)
    begin = max(m for m in range(last + 1) if standing[m] and not standing[m - 1])
    return Outcome(Verdict.STOOD, FIRST + begin)


def test_every_verdict_is_that_of_an_independent_calculation(
    world: Installation, reports: Path
) -> None:
    found = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    assert [str(one) for one in found.terms.episodes] == [f"{a} to {b}" for a, b, _ in REPORTED]
    for rank, stage in enumerate(ladder(found).stages):
        for (first, last, where), said in zip(REPORTED, stage.outcomes, strict=True):
            start, end = Month.parse(first), Month.parse(last)
            of_each = [
                stands(spi_3(RAIN[name], (start, end)), ENTER_AT[rank])
                for name in (("west", "east") if where == "*" else (where,))
            ]
            # Two districts of one size: either is more than a quarter.
            assert said == expected([any(both) for both in zip(*of_each, strict=True)], start, end)


def test_the_droughts_that_were_planted_are_hits_with_the_lead_of_the_rain(
    world: Installation, reports: Path
) -> None:
    """A month without rain makes SPI-3 low at once; the report came two to five months later."""
    found = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    watch = ladder(found).stages[0]
    planted = (0, 1, 3, 4)
    assert all(watch.outcomes[n].verdict is Verdict.HIT for n in planted)
    leads = [watch.outcomes[n].lead_months for n in planted]
    assert all(lead is not None and lead >= 0 for lead in leads)
    assert [run.step for run in found.runs] == [None]
    assert ladder(found, of=DroughtType.AGRICULTURAL).stages[0].counts.not_known == len(REPORTED)


def test_ratios_are_told_of_five_droughts_and_a_year_without(
    world: Installation, reports: Path
) -> None:
    found = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    assert found.lacks == []
    for stage in ladder(found).stages:
        counts = stage.counts
        assert stage.scores is not None
        assert stage.scores.pod is not None
        assert stage.scores.pod.value == pytest.approx(counts.hits / 5)
        # The dry months of 2018, which no report speaks of and one says were none.
        assert counts.false_alarms >= 1
        assert stage.scores.far is not None
        assert stage.scores.far.value == pytest.approx(
            counts.false_alarms / (counts.hits + counts.false_alarms)
        )
    by_less = write_reports(reports.with_name("less.csv"), [("drought", *one) for one in REPORTED])
    without = backtest(world, Question((PLAN,), Country.UZBEKISTAN, by_less))
    assert without.lacks == ["at least 12 months documented as without drought, got 0"]
    assert {stage.scores for stage in ladder(without).stages} == {None}


def test_rates_are_those_of_the_stored_stages(world: Installation, reports: Path) -> None:
    found = ladder(backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports)))
    standing = [
        [stands(spi_3(RAIN[name], None), enter) for enter in ENTER_AT] for name in ("west", "east")
    ]
    ranks = np.array(standing).sum(axis=1)[:, 2:]  # no index before March 1990
    for rank, stage in enumerate(found.stages, start=1):
        assert stage.months_per_year is not None
        assert stage.months_per_year.value == pytest.approx(12 * (ranks == rank).mean())
    assert found.changes_per_year is not None
    assert found.changes_per_year.value * ranks.size / 12 == pytest.approx(
        np.count_nonzero(np.diff(ranks, axis=1))
    )


def fitting(world: Installation) -> Fitting:
    return Fitting([SPI_3], PERIOD, Limits(rainless_share=world.settings.rainless_share))


def test_fitted_anew_from_all_months_the_indices_are_the_stored_ones(world: Installation) -> None:
    with world.warehouse.connect() as connection:
        basis = read_basis(connection, decided_by(connection, world.settings), None, besides=[PLAN])
        keys = [one.landscape_key for one in read_landscapes(connection)]
        driven = read_driven(connection, basis, keys, None)
    found = recomputed(basis, driven, fitting(world))
    assert found.short == 0
    for key in keys:
        assert [row.values[SPI_3] for row in found.rows[key]] == [
            row.values[SPI_3] for row in basis.rows[key]
        ]


def test_a_step_is_taken_out_before_anything_is_fitted(world: Installation) -> None:
    step = Homogenisation(Month(2004, 1), 0.6)
    with world.warehouse.connect() as connection:
        basis = read_basis(connection, decided_by(connection, world.settings), None, besides=[PLAN])
        (west,) = [
            one.landscape_key
            for one in read_landscapes(connection)
            if one.landscape.landscape_id == "west"
        ]
        driven = read_driven(connection, basis, [west], step)
    rain = RAIN["west"].copy()
    rain[: Month(2004, 1).ordinal - FIRST.ordinal] *= 0.6
    values = [row.values[SPI_3] for row in recomputed(basis, driven, fitting(world)).rows[west]]
    np.testing.assert_allclose(values[2:], spi_3(rain, None)[2:], atol=1e-4)


def test_the_step_that_gauges_find_is_tested_beside_the_rain_as_it_stands(
    world: Installation, reports: Path
) -> None:
    question = Question((PLAN,), Country.UZBEKISTAN, reports, is_step_by_gauges=True)
    with pytest.raises(InputError, match="grid: expected a landscape whose gauges find a step"):
        backtest(world, question)
    with world.warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO series.agreement (landscape_key, source, landscape_version, calibration, "
                "gauges, n_months, break_year, has_break, ratio_before, ratio_after) SELECT "
                "landscape_key, 'grid', version, '1991-2020', '{G1}', 300, 2004, true, 1.0, 0.8 "
                "FROM landscape.version JOIN landscape.landscape USING (landscape_key) "
                "WHERE landscape_id = 'west'"
            )
        )
    found = backtest(world, question)
    assert [run.step for run in found.runs] == [None, Homogenisation(Month(2003, 10), 0.8)]
    stood, taken_out = (ladder(found, run).stages[0].months_per_year for run in (0, 1))
    assert stood is not None
    assert taken_out is not None
    assert stood.value != taken_out.value


def test_months_and_share_can_be_chosen(world: Installation, reports: Path) -> None:
    question = Question(
        (PLAN,), Country.UZBEKISTAN, reports, first=Month(2004, 1), last=Month(2012, 12),
        yardstick=Yardstick(least_share=0.6),
    )  # fmt: skip
    found = backtest(world, question)
    assert (found.first, found.last) == (Month(2004, 1), Month(2012, 12))
    assert [str(one.start) for one in found.terms.episodes] == ["2005-06", "2010-04"]
    assert len(found.terms.outside) == 3
    # Of the whole country more than half must be dry: in 2010 the west alone was.
    assert ladder(found).stages[2].outcomes[1].verdict is Verdict.MISS


def test_two_plans_stand_side_by_side(world: Installation, reports: Path) -> None:
    other = PLANS[Country.TURKIYE]
    found = backtest(world, Question((PLAN, other), Country.UZBEKISTAN, reports))
    assert [run.plan.plan_id for run in found.runs] == [PLAN.plan_id, other.plan_id]
    alone = backtest(world, Question((other,), Country.UZBEKISTAN, reports))
    for one, same in zip(ladder(found, 1).stages, ladder(alone).stages, strict=True):
        assert (one.outcomes, one.months_per_year) == (same.outcomes, same.months_per_year)


def test_rules_on_shares_of_area_are_heard_as_stored_and_it_says_so(
    world: Installation, reports: Path
) -> None:
    said = PLAN.as_json()
    for stage in said["ladders"]["meteorological"]:
        for rule in stage["rules"]:
            (enter_at,) = (rule["enter_at"],)
            del rule["index"]
            rule |= {"area_share": {"index": "spi_3", "at_or_below": -1.0}}
            rule |= {"enter_at": -enter_at / 4, "exit_at": 0.1}
    found = backtest(world, Question((type(PLAN)(**said),), Country.UZBEKISTAN, reports))
    (caution,) = [one for one in found.runs[0].cautions if "heard as stored" in one]
    assert "area_share_spi_3_at_or_below_-1.0" in caution


def test_nothing_is_written_and_a_second_time_is_the_same(
    world: Installation, reports: Path
) -> None:
    before = contents(world.warehouse)
    question = Question((PLAN,), Country.UZBEKISTAN, reports)
    one, two = (ladder(backtest(world, question)) for _ in range(2))
    assert contents(world.warehouse) == before
    for first, second in zip(one.stages, two.stages, strict=True):
        assert (first.outcomes, first.scores) == (second.outcomes, second.scores)
        assert (first.months_per_year, first.alarms) == (second.months_per_year, second.alarms)


def command(world: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DROUGHT_")} | {
        "DROUGHT_VAR": str(world.settings.var),
        "DROUGHT_DATABASE_URL": world.warehouse.url.render_as_string(hide_password=False),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [DROUGHT, "backtest", *words], env=environment, capture_output=True, text=True, timeout=120
    )


DOCUMENT = str(Path(__file__).parents[2] / "pipeline" / "plans" / "documents" / "uz.yaml")


def test_the_command_prints_draws_and_writes(
    world: Installation, reports: Path, tmp_path: Path
) -> None:
    done = command(
        world, "--plan", DOCUMENT, "--events", str(reports), "--homogenised", "2004-01:0.8",
        "--to-dir", str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "5, independent of each other, by 5 reports" in done.stdout
    assert re.search(r"B +uz-generic .*, rain before 2004-01 times 0.8", done.stdout)
    assert "POD" in done.stdout
    assert (tmp_path / "out" / "backtest.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "out" / "backtest.csv").open(encoding="utf-8", newline="") as file:
        figures = list(csv.DictReader(file))
    told = {
        (one["rain"], one["drought_type"], one["stage"], one["figure"], one["of"]): one["value"]
        for one in figures
    }
    assert len(told) == len(figures)
    found = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    watch = ladder(found).stages[0]
    for episode, outcome in zip(found.terms.episodes, watch.outcomes, strict=True):
        key = ("as it stands", "meteorological", "watch")
        assert told[*key, "outcome", str(episode)] == outcome.verdict
        lead = "" if outcome.lead_months is None else str(outcome.lead_months)
        assert told[*key, "lead", str(episode)] == lead
    assert told["as it stands", "meteorological", "watch", "hits", "all episodes"] == str(
        watch.counts.hits
    )


def test_the_command_says_how_few_droughts_there_are(world: Installation, reports: Path) -> None:
    few = write_reports(reports.with_name("few.csv"), [("drought", *REPORTED[0])])
    done = command(world, "--plan", DOCUMENT, "--events", str(few))
    assert done.returncode == 0, done.stderr
    assert "they cannot show how good it is" in done.stdout
    assert (
        "POD, FAR and CSI are not told: they need at least 5 independent reported droughts, got 1; "
        "at least 12 months documented as without drought, got 0"
    ) in done.stdout


def test_the_command_refuses_what_it_cannot_read(world: Installation, reports: Path) -> None:
    wrong = write_reports(reports.with_name("wrong.csv"), [("drought", "2001-01", "2000-01", "*")])
    done = command(world, "--plan", DOCUMENT, "--events", str(wrong))
    assert done.returncode == 1
    assert done.stderr.startswith("error: wrong.csv, line 2: end: expected 2001-01 or later")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"country": Country.KYRGYZSTAN}, "KG: expected landscapes with indices", id="nowhere"
        ),
        pytest.param(
            {"first": Month(2030, 1)},
            "months: expected some from 1990-01 to 2020-12",
            id="too late",
        ),
        pytest.param({"reports": Path("nosuch.csv")}, "nosuch.csv: cannot be read", id="no file"),
    ],
)
def test_a_question_without_an_answer_is_refused(
    world: Installation, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        backtest(world, replace(Question((PLAN,), Country.UZBEKISTAN), **changed))


def test_a_place_that_is_none_is_refused_with_its_line(world: Installation, reports: Path) -> None:
    wrong = write_reports(
        reports.with_name("place.csv"), [("drought", "2001-01", "2001-09", "Nowhere")]
    )
    with pytest.raises(InputError, match=r"place.csv, line 2: landscapes: expected .* 'Nowhere'"):
        backtest(world, Question((PLAN,), Country.UZBEKISTAN, wrong))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--homogenised", "1997"], "expected YYYY-MM:FACTOR", id="no step"),
        pytest.param(["--share", "25"], "share: expected more than 0 and at most 1", id="percent"),
        pytest.param(["--plot", "picture.pdf"], "that ends in .png", id="no PNG"),
        pytest.param(
            ["--from", "2001-01", "--to", "2000-01"], "must not be before", id="backwards"
        ),
        pytest.param(["--draws", "5"], "at least 100 draws", id="five draws"),
    ],
)
def test_wrong_usage_is_told_before_any_work(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["backtest", "--plan", DOCUMENT, *words], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in " ".join(re.sub("[│╭╮╰╯─]", " ", done.output).split())


def test_a_spell_beside_a_drought_before_the_months_judged_has_its_report(
    world: Installation, reports: Path
) -> None:
    question = Question((PLAN,), Country.UZBEKISTAN, reports, first=Month(2000, 7))
    whole = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    for one, of_all in zip(
        ladder(backtest(world, question)).stages, ladder(whole).stages, strict=True
    ):
        later = [spell for spell in of_all.alarms.unreported if spell.first > Month(2000, 7)]
        assert list(one.alarms.unreported) == later


def test_how_much_of_the_land_reported_on_is_heard(world: Installation, reports: Path) -> None:
    found = backtest(world, Question((PLAN,), Country.UZBEKISTAN, reports))
    assert [(one.landscapes, one.of) for one in found.runs[0].judged_by] == [
        (2, 2) if where == "*" else (1, 1) for *_, where in REPORTED
    ]
