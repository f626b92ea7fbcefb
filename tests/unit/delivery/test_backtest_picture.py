"""The picture of a backtest: its words, its bands, its shades, and what must be said beside it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from pipeline.core.errors import DeliveryError
from pipeline.core.ids import Country, DroughtType, Origin
from pipeline.core.months import Month
from pipeline.delivery.backtest_picture import EXERCISE, colours, figure, save_picture
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.plans.backtest import Yardstick
from pipeline.plans.scorecard import Backtest, LandReached, Run, Terms, ladder_score
from pipeline.plans.scores import Resampling
from pipeline.plans.shipped import shipped_plans
from tests.unit.plans.histories import episode, history

PLAN = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
STOOD = history("0" * 60 + "1" * 24 + "2" * 36, "0" * 84 + "1" * 36)
TERMS = Terms([episode("2008-01", "2008-12")], [], Yardstick(), Resampling(draws=100), 7)


def run(step: Homogenisation | None) -> Run:
    ladders = tuple(
        ladder_score(drought_type, STOOD, [STOOD], TERMS) for drought_type in DroughtType
    )
    return Run(PLAN, step, 2, ladders, (), (LandReached(2, 2, 1.0),))


FOUND = Backtest(
    country=Country.UZBEKISTAN,
    sources=("cfsr",),
    origin=Origin.REAL,
    calibration="1981-2010",
    is_latency_stated=True,
    first=Month(2000, 1),
    last=Month(2009, 12),
    landscapes=2,
    reports="reports.csv",
    terms=TERMS,
    runs=(run(None), run(Homogenisation(Month(2004, 1), 0.8))),
)


def words(found: Backtest) -> str:
    texts = [text.get_text() for text in figure(found).findobj(Text)]
    return " ".join(" ".join(texts).split())


def test_it_says_what_it_shows_and_what_it_cannot_prove() -> None:
    said = words(FOUND)
    for part in (
        "UZ: area in a stage, 2000-01 to 2009-12",
        "rain as it stands",
        "rain before 2004-01 times 0.8",
        "calibration 1981-2010",
        "watch or graver",
        "reported drought",
        "25 % of the area",
        "Reported droughts: 1, independent of each other, by 1 reports",
        "no drought was declared",
        "adopted by no authority",
        *DroughtType,
    ):
        assert part in said
    assert EXERCISE not in said


def test_simulated_weather_is_said_over_all_of_it() -> None:
    assert EXERCISE in words(replace(FOUND, origin=Origin.SIMULATED))


def test_a_panel_stands_for_each_ladder_and_run_and_its_bands_for_the_share() -> None:
    page = figure(FOUND)
    assert len(page.axes) == 6
    assert [axes.get_ylabel() for axes in page.axes] == [
        f"{drought_type}\n{letter}" for drought_type in DroughtType for letter in "AB"
    ]
    drawn = io.BytesIO()
    page.savefig(drawn, format="png")
    drawn.seek(0)
    pixels = matplotlib.image.imread(drawn)

    def colour(year: float, percent: float) -> tuple[float, ...]:
        x, y = page.axes[0].transData.transform((year, percent))
        return tuple(pixels[pixels.shape[0] - 1 - int(y), int(x), :3])

    watch, warning = (to_rgb(one) for one in colours(2))
    assert colour(2003.0, 40.0) == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
    # From 2005 half the area in watch; from 2007 that half in warning, and the other in watch.
    assert colour(2006.0, 40.0) == pytest.approx(watch, abs=0.02)
    assert colour(2006.0, 60.0) == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
    assert colour(2009.5, 40.0) == pytest.approx(warning, abs=0.02)
    assert colour(2009.5, 60.0) == pytest.approx(watch, abs=0.02)


def test_graver_is_darker_for_any_number_of_stages() -> None:
    for stages in range(1, 7):
        light = [np.dot(to_rgb(one), (0.2126, 0.7152, 0.0722)) for one in colours(stages)]
        assert len(light) == stages
        assert light == sorted(light, reverse=True)


def test_it_is_small_enough_for_a_letter_and_says_what_it_is(tmp_path: Path) -> None:
    save_picture(FOUND, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size < 200_000
    assert b"area in a stage" in (tmp_path / "a.png").read_bytes()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="could not be written"):
        save_picture(FOUND, tmp_path / "none" / "a.png")
