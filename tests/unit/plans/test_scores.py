"""Ratios against hand-computed ones; the bootstrap against cases whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.plans.backtest import Verdict
from pipeline.plans.scores import (
    Counts,
    Estimate,
    Resampling,
    block_picks,
    estimate,
    lacking,
    scores,
)

ONES = np.ones(40)


def test_ratios_are_those_of_a_contingency_table_worked_by_hand() -> None:
    """Six droughts, four of them hits; two false alarms: POD 4/6, FAR 2/6, CSI 4/8."""
    hits = np.array([1, 0, 1, 0, 1, 1])
    known = np.array([1, 1, 1, 1, 1, 1])
    false = np.array([0, 2, 0, 0, 0, 0])
    found = scores(hits, known, false, Resampling())
    assert found.pod == Estimate(pytest.approx(4 / 6))
    assert found.far == Estimate(pytest.approx(2 / 6))
    assert found.csi == Estimate(pytest.approx(4 / 8))


def test_without_hits_and_alarms_there_is_no_false_alarm_ratio() -> None:
    none = np.zeros(12, dtype=int)
    found = scores(none, np.ones(12, dtype=int), none, Resampling())
    assert found.far is None
    assert found.pod == Estimate(0.0)


def test_verdicts_are_counted_and_standing_is_no_hit() -> None:
    said = [Verdict.HIT, Verdict.STOOD, Verdict.HIT, Verdict.MISS, Verdict.NOT_KNOWN]
    found = Counts.of(said, 3)
    assert found == Counts(2, 1, 1, 1, 3)
    assert found.known == 4


@pytest.mark.parametrize(
    ("episodes", "quiet", "words"),
    [
        pytest.param(5, 12, [], id="enough of both"),
        pytest.param(4, 12, ["got 4"], id="a drought too few"),
        pytest.param(5, 11, ["got 11"], id="a month without drought too few"),
        pytest.param(3, 0, ["got 3", "got 0"], id="neither"),
    ],
)
def test_ratios_need_five_droughts_and_a_year_without(
    episodes: int, quiet: int, words: list[str]
) -> None:
    found = lacking(episodes, quiet)
    assert len(found) == len(words)
    assert all(one.endswith(word) for one, word in zip(found, words, strict=True))


def test_blocks_are_years_in_a_row_around_the_end() -> None:
    picks = block_picks(7, Resampling(block_years=3, draws=100))
    assert picks.shape == (100, 7)
    for draw in picks:
        for start in (0, 3):
            block = draw[start : start + 3]
            assert ((np.diff(block) % 7) == 1).all()


def test_each_year_is_drawn_as_often_as_any_other() -> None:
    picks = block_picks(10, Resampling(block_years=4, draws=20_000))
    often = np.bincount(picks.ravel(), minlength=10) / picks.size
    # Moving blocks that stop at the end would draw the first year a third as often.
    assert often == pytest.approx(np.full(10, 0.1), abs=0.004)


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    series = np.random.default_rng(5).normal(10.0, 2.0, 40)
    one, same, other = (estimate(series, ONES, Resampling(seed=seed)) for seed in (7, 7, 8))
    assert one == same
    assert one != other


def test_single_years_give_the_interval_of_the_normal_mean() -> None:
    """Blocks of one year: the mean of n draws is normal about the mean, spread s / sqrt(n)."""
    series = np.random.default_rng(2).normal(10.0, 2.0, 400)
    found = estimate(series, np.ones(400), Resampling(block_years=1, draws=20_000))
    assert found is not None
    half = 1.6449 * series.std() / math.sqrt(400)
    assert found.value == pytest.approx(series.mean())
    assert (found.low, found.high) == pytest.approx(
        (series.mean() - half, series.mean() + half), abs=0.02 * half
    )


def test_blocks_that_hold_a_whole_cycle_know_its_mean() -> None:
    """Dry and wet years by turns: two in a row always have the mean."""
    series = np.tile([0.0, 12.0], 20)
    assert estimate(series, ONES, Resampling(block_years=2)) == Estimate(6.0, 6.0, 6.0)
    alone = estimate(series, ONES, Resampling(block_years=1))
    assert alone is not None
    assert alone.low is not None
    assert alone.low < 5.0


def test_years_that_come_in_runs_are_known_worse_than_single_ones() -> None:
    """Five dry years, five wet ones, by turns, drawn in blocks of five: 8 blocks, each somewhere
    between all dry and all wet. The variance of a block's mean over its ten places in the cycle is
    (0² + 0.2² + 0.4² + 0.6² + 0.8² + 1² + …)/10 - 0.5² = 3.4/10 - 0.25 = 0.09, of the mean of
    eight 0.09/8; by single years it would be 0.25/40."""
    series = np.tile([1.0] * 5 + [0.0] * 5, 4)
    picks = block_picks(40, Resampling(block_years=5, draws=40_000))
    assert series[picks].mean(axis=1).var() == pytest.approx(0.09 / 8, rel=0.03)
    alone = block_picks(40, Resampling(block_years=1, draws=40_000))
    assert series[alone].mean(axis=1).var() == pytest.approx(0.25 / 40, rel=0.03)


def test_a_short_record_has_a_value_and_no_interval() -> None:
    assert estimate(np.arange(9), np.ones(9), Resampling()) == Estimate(4.0)


def test_nothing_to_divide_by_is_no_estimate() -> None:
    assert estimate(np.zeros(20), np.zeros(20), Resampling()) is None


def test_draws_without_an_episode_say_nothing() -> None:
    """(39/40)^40, 0.363 of the draws, miss the one year; in all others its hit is all there is."""
    once = np.zeros(40)
    once[20] = 1.0
    resampling = Resampling(block_years=1)
    missing = (once[block_picks(40, resampling)].sum(axis=1) == 0.0).mean()
    assert missing == pytest.approx(0.363, abs=0.03)
    assert estimate(once, once, resampling) == Estimate(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [pytest.param({"block_years": 0}, id="no block"), pytest.param({"draws": 10}, id="few draws")],
)
def test_a_resampling_that_says_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="bootstrap: expected"):
        Resampling(**wrong)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 12), min_size=10, max_size=60),
    st.integers(1, 12),
    st.integers(0, 2**32),
)
def test_an_interval_holds_the_value_unless_draws_are_skewed(
    months: list[int], block: int, seed: int
) -> None:
    of = np.ones(len(months))
    found = estimate(np.array(months), of, Resampling(block, 400, seed))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert min(months) <= found.low <= found.high <= max(months)


def test_five_hits_of_five_have_no_bracket() -> None:
    hits = np.array([1, 0, 0, 0, 0] * 5)
    found = scores(hits, hits, 0 * hits, Resampling(draws=100))
    assert (found.pod, found.far) == (Estimate(1.0), Estimate(0.0))
