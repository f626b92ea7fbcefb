"""The figures of a ladder put together, by hand; ratios only where there is enough to tell."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.backtest import History, Verdict, Yardstick
from pipeline.plans.reports import Episode, Kind, Report
from pipeline.plans.scorecard import LadderScore, Terms, ladder_score
from pipeline.plans.scores import Resampling
from tests.unit.plans.histories import episode, report

YEARS = 12
FIRST = Month(2000, 1)
LEAVING = Resampling(draws=200)


def world(*dry: tuple[str, str]) -> History:
    """One landscape, 2000 to 2011, in `watch` in these months."""
    ranks = np.zeros((12 * YEARS, 1), dtype=np.int64)
    for first, last in dry:
        start, stop = (Month.parse(one).ordinal - FIRST.ordinal for one in (first, last))
        ranks[start : stop + 1] = 1
    known = np.ones(ranks.shape, dtype=np.bool_)
    return History(FIRST, ("watch",), ranks, known, np.array([3.0]))


DRY = world(
    ("2001-02", "2001-06"), ("2003-05", "2003-05"), ("2005-01", "2005-12"), ("2008-04", "2008-06")
)
REPORTED = [
    episode("2001-03", "2001-06"),  # entered a month ahead
    episode("2003-04", "2003-06"),  # entered a month late
    episode("2005-10", "2005-12"),  # stood since January
    episode("2007-01", "2007-03"),  # missed
    episode("2009-06", "2009-08"),  # missed
]
QUIET = [report("2008-01", "2008-12", Kind.NONE)]


def scored(reported: list[Episode], quiet: list[Report], history: History = DRY) -> LadderScore:
    terms = Terms(reported, quiet, Yardstick(), LEAVING, latency_days=0)
    return ladder_score(DroughtType.AGRICULTURAL, history, [DRY] * len(reported), terms)


def test_five_droughts_and_a_year_without_give_the_ratios() -> None:
    (stage,) = scored(REPORTED, QUIET).stages
    assert [(one.verdict, one.lead_months) for one in stage.outcomes] == [
        (Verdict.HIT, 1),
        (Verdict.HIT, -1),
        (Verdict.STOOD, None),
        (Verdict.MISS, None),
        (Verdict.MISS, None),
    ]
    counts = stage.counts
    assert (counts.hits, counts.stood, counts.misses, counts.false_alarms) == (2, 1, 2, 1)
    assert stage.scores is not None
    assert stage.scores.pod is not None
    assert stage.scores.far is not None
    assert stage.scores.csi is not None
    assert stage.scores.pod.value == pytest.approx(2 / 5)
    assert stage.scores.far.value == pytest.approx(1 / 3)
    assert stage.scores.csi.value == pytest.approx(2 / 6)


@pytest.mark.parametrize(
    ("reported", "quiet"),
    [
        pytest.param(REPORTED[:4], QUIET, id="four droughts"),
        pytest.param(REPORTED, [], id="no year documented as without drought"),
        pytest.param(
            REPORTED, [report("1999-01", "1999-12", Kind.NONE)], id="one before the record"
        ),
        pytest.param(
            [*REPORTED[:4], episode("2013-01", "2013-06")], QUIET, id="the fifth is not judged"
        ),
    ],
)
def test_with_less_there_are_counts_alone(reported: list[Episode], quiet: list[Report]) -> None:
    (stage,) = scored(reported, quiet).stages
    assert stage.scores is None
    assert (stage.counts.hits, stage.counts.stood) == (2, 1)


def test_rates_are_those_of_a_landscape_and_year() -> None:
    found = scored([], [])
    (stage,) = found.stages
    assert stage.months_per_year is not None
    assert found.changes_per_year is not None
    assert stage.months_per_year.value == pytest.approx((5 + 1 + 12 + 3) / YEARS)
    assert found.changes_per_year.value == pytest.approx(8 / YEARS)
    assert stage.months_per_year.low is not None
    assert (stage.alarms.entered, stage.alarms.reported) == (4, 0)


def test_a_spell_beside_a_drought_that_began_before_the_record_has_its_report() -> None:
    earlier = [episode("1999-10", "2001-03")]
    terms = Terms([], [], Yardstick(), LEAVING, latency_days=0, outside=earlier)
    (stage,) = ladder_score(DroughtType.AGRICULTURAL, DRY, [], terms).stages
    assert (stage.alarms.reported, len(stage.alarms.unreported)) == (1, 3)
    assert stage.outcomes == ()


def test_hits_are_judged_by_what_does_not_know_the_drought_and_rates_by_all() -> None:
    (stage,) = scored(REPORTED[:1], [], history=world(("2010-01", "2010-02"))).stages
    assert stage.outcomes[0].verdict is Verdict.HIT
    assert stage.alarms.reported == 0
    assert stage.share.sum() == 2.0
