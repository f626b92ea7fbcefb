"""Tiny histories worked by hand: what stands, what was entered, how early, what flickers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.plans.backtest import (
    Alarms,
    History,
    Outcome,
    Spell,
    Verdict,
    Yardstick,
    alarms,
    available_in,
    judged,
    shares,
    spells,
    years,
)
from pipeline.plans.reports import Kind
from tests.unit.plans.histories import START, episode, history, report

QUARTER = Yardstick()


def test_a_share_is_one_of_area_and_counts_graver_stages() -> None:
    one = history("0122", "0011", "0000", areas=(1.0, 2.0, 5.0))
    assert shares(one, 1).tolist() == [0.0, 0.125, 0.375, 0.375]
    assert shares(one, 2).tolist() == [0.0, 0.0, 0.125, 0.125]


def test_a_share_is_of_the_area_known_and_unknown_while_that_is_less_than_half() -> None:
    # Of 8 square kilometres that are ever known 1, then 3, then 4, then all 8 are.
    one = history("1111", ".000", "..11", "...0", areas=(1.0, 2.0, 1.0, 4.0))
    found = shares(one, 1)
    assert np.isnan(found[:2]).all()
    assert found[2:].tolist() == [0.5, 0.25]


def test_a_landscape_that_is_never_known_has_no_part_in_it() -> None:
    assert shares(history("01", "..", areas=(1.0, 99.0)), 1).tolist() == [0.0, 1.0]


def test_spells_are_runs_at_the_share_or_above() -> None:
    share = np.array([np.nan, 0.3, 0.2, 0.25, 0.9, 0.1, 0.25])
    assert spells(share, START, 0.25) == [
        Spell(Month(2000, 2), Month(2000, 2), was_entered=False),
        Spell(Month(2000, 4), Month(2000, 5), was_entered=True),
        Spell(Month(2000, 7), Month(2000, 7), was_entered=True),
    ]


def test_a_third_of_three_thirds_is_a_third() -> None:
    """0.1 + 0.2 of 0.9: what is a third on paper is not less for the computer's rounding."""
    one = history("01", "01", "00", areas=(0.1, 0.2, 0.6))
    assert len(spells(shares(one, 1), START, 1 / 3)) == 1


@pytest.mark.parametrize(
    ("days", "month", "found"),
    [
        pytest.param(0, Month(1999, 12), "1999-12", id="on its last day"),
        pytest.param(7, Month(1999, 12), "2000-01", id="a week later"),
        pytest.param(31, Month(1999, 12), "2000-01", id="by the end of the next month"),
        pytest.param(32, Month(1999, 12), "2000-02", id="and a day"),
        pytest.param(29, Month(2000, 1), "2000-02", id="the 29th of a leap February"),
        pytest.param(29, Month(2001, 1), "2001-03", id="there is none in 2001"),
    ],
)
def test_data_are_there_so_many_days_after_the_last_day(
    days: int, month: Month, found: str
) -> None:
    assert str(available_in(month, days)) == found


# One landscape, months 2000-01 to 2001-12, a drought reported from 2001-03 to 2001-06; the window
# of six months opens with 2000-09. Data are there seven days after the month.
#           J F M A M J J A S O N D J F M A M J J A S O N D
@pytest.mark.parametrize(
    ("ranks", "watch", "warning"),
    [
        pytest.param(
            "000000000000000000000000",
            Outcome(Verdict.MISS), Outcome(Verdict.MISS),
            id="silence is a miss",
        ),
        pytest.param(
            "000000000011222221000000",
            # Watch by the data of November, there in December: 3 months ahead of March.
            Outcome(Verdict.HIT, Month(2000, 11), 3), Outcome(Verdict.HIT, Month(2001, 1), 1),
            id="entered ahead, each stage for itself",
        ),
        pytest.param(
            "000000001000000000000000",
            Outcome(Verdict.HIT, Month(2000, 9), 5, is_taken_back=True), Outcome(Verdict.MISS),
            id="the first month of the window, though it was over before the start",
        ),
        pytest.param(
            "000000010000000000000000",
            Outcome(Verdict.MISS), Outcome(Verdict.MISS),
            id="a month before the window opens, and over, is no word of it",
        ),
        pytest.param(
            "000000011111111111110000",
            Outcome(Verdict.STOOD, Month(2000, 8)), Outcome(Verdict.MISS),
            id="entered before the window and still there is no news",
        ),
        pytest.param(
            "111111111111111121111111",
            Outcome(Verdict.STOOD, Month(2000, 1)), Outcome(Verdict.HIT, Month(2001, 5), -3),
            id="a graver stage that is entered within it is news, late",
        ),
        pytest.param(
            "111111110000111111000000",
            Outcome(Verdict.HIT, Month(2001, 1), 1), Outcome(Verdict.MISS),
            id="left and entered again: the entry inside the window counts",
        ),
        pytest.param(
            "000000000100110111000000",
            Outcome(Verdict.HIT, Month(2001, 4), -2), Outcome(Verdict.MISS),
            id="two warnings taken back, and one that lasts, late: that one counts",
        ),
        pytest.param(
            "000000000111111011100000",
            Outcome(Verdict.HIT, Month(2000, 10), 4), Outcome(Verdict.MISS),
            id="a warning that lasts into the first month was not taken back",
        ),
        pytest.param(
            "000000000101100000000000",
            Outcome(Verdict.HIT, Month(2000, 12), 2, is_taken_back=True), Outcome(Verdict.MISS),
            id="two warnings, both taken back: the last one counts",
        ),
        pytest.param(
            "000000000000000001100000",
            Outcome(Verdict.HIT, Month(2001, 6), -4), Outcome(Verdict.MISS),
            id="the last month of the drought is a hit, and late",
        ),
        pytest.param(
            "000000000000000000110000",
            Outcome(Verdict.MISS), Outcome(Verdict.MISS),
            id="a month after its end is a miss",
        ),
        pytest.param(
            "..............1111110000",
            Outcome(Verdict.STOOD, Month(2001, 3)), Outcome(Verdict.MISS),
            id="what stands in the first month known was not seen to begin",
        ),
        pytest.param(
            "...............111110000",
            Outcome(Verdict.NOT_KNOWN), Outcome(Verdict.NOT_KNOWN),
            id="no knowledge at the start: not judged",
        ),
    ],
)  # fmt: skip
def test_what_a_stage_said_of_a_drought(ranks: str, watch: Outcome, warning: Outcome) -> None:
    reported = episode("2001-03", "2001-06")
    found = [judged(history(ranks), rank, reported, QUARTER, 7) for rank in (1, 2)]
    assert found == [watch, warning]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("1999-11", "2000-03", id="it begins before the record"),
        pytest.param("2002-01", "2002-03", id="it begins after it"),
    ],
)
def test_a_drought_that_begins_outside_the_record_is_not_judged(start: str, end: str) -> None:
    one = judged(history("0" * 12 + "1" * 12), 1, episode(start, end), QUARTER, 7)
    assert one == Outcome(Verdict.NOT_KNOWN)


def test_late_data_shorten_the_lead() -> None:
    one = history("000000000011222221000000")
    reported = episode("2001-03", "2001-06")
    # Of November 2000: there on 30 November, in December, and (100 days on) on 10 March.
    leads = [judged(one, 1, reported, QUARTER, days).lead_months for days in (0, 7, 100)]
    assert leads == [4, 3, 0]


def test_a_stage_stands_by_the_share_that_is_asked_for() -> None:
    one = history("0" * 10 + "1" * 14, "0" * 12 + "1" * 12, areas=(1.0, 3.0))
    reported = episode("2001-03", "2001-06")
    by_share = {
        share: judged(one, 1, reported, Yardstick(least_share=share), 0).entered
        for share in (0.25, 0.26, 1.0)
    }
    assert by_share == {0.25: Month(2000, 11), 0.26: Month(2001, 1), 1.0: Month(2001, 1)}


def test_spells_are_counted_by_what_was_reported_beside_them() -> None:
    #             J F M A M J J A S O N D J F M A M J J A S O N D
    one = history("110001100000000000011000" + "000111000000" + "000000110000")
    reported = [episode("2001-12", "2002-01")]  # the window opens with 2001-06
    without = [report("2002-04", "2002-06", Kind.NONE), report("2003-08", "2003-12", Kind.NONE)]
    # 2000-01 stood already; 2000-06 has no report; 2001-08 lies in the window;
    # 2002-04 and 2003-07 touch months without drought.
    assert alarms(one, 1, reported, without, QUARTER) == Alarms(
        4,
        1,
        (
            Spell(Month(2000, 6), Month(2000, 7), was_entered=True),
            Spell(Month(2002, 4), Month(2002, 6), was_entered=True),
            Spell(Month(2003, 7), Month(2003, 8), was_entered=True),
        ),
        (
            Spell(Month(2002, 4), Month(2002, 6), was_entered=True),
            Spell(Month(2003, 7), Month(2003, 8), was_entered=True),
        ),
    )


def test_a_spell_that_outlasts_a_drought_is_not_false() -> None:
    one = history("0" * 12 + "1" * 24)
    without = [report("2002-01", "2002-12", Kind.NONE)]
    found = alarms(one, 1, [episode("2001-03", "2001-06")], without, QUARTER)
    assert (found.reported, found.unreported, found.false) == (1, (), ())


def test_years_are_summed_over_landscapes() -> None:
    # 2000: 3 and 1 months of watch, 1 and 0 of warning; 2001 has two months.
    one = history("011210000000" + "11", "..1000000000" + "00")
    found = years(one, 3)
    assert found.years.tolist() == [2000, 2001]
    assert found.landscape_months.tolist() == [22, 4]
    assert found.in_stage.tolist() == [[4, 1], [2, 0]]
    # 0-1, 1-2, 2-1, 1-0, and 0-1 in January 2001; of the other 1-0: it was not seen to begin.
    assert found.changes.tolist() == [5, 1]


@pytest.mark.parametrize(
    ("ranks", "most", "watch", "warning"),
    [
        pytest.param("0110110", 1, 1, 0, id="out for a month"),
        pytest.param("0110110", 0, 0, 0, id="none is soon enough"),
        pytest.param("01000100001", 3, 1, 0, id="out for three months is, for four is not"),
        pytest.param("0121210", 1, 0, 1, id="the milder stage held, the graver flickered"),
        pytest.param("0101010", 1, 2, 0, id="each time counts"),
        pytest.param("0000110", 3, 0, 0, id="the first entry ever is none"),
        pytest.param("0111111", 3, 0, 0, id="staying is none"),
    ],
)
def test_a_stage_that_is_left_and_entered_soon_again_flickers(
    ranks: str, most: int, watch: int, warning: int
) -> None:
    assert years(history(ranks), most).flickers.sum(axis=0).tolist() == [watch, warning]


def test_a_history_can_be_cut_to_months_and_landscapes() -> None:
    one = history("0112", "0000")
    cut = one.between(Month(2000, 2), Month(2000, 3)).part(np.array([True, False]))
    assert (cut.first_month, cut.last_month) == (Month(2000, 2), Month(2000, 3))
    assert cut.ranks.tolist() == [[1], [1]]
    assert one.between(None, None).ranks.tolist() == one.ranks.tolist()
    with pytest.raises(InputError, match="expected some from 2000-01 to 2000-04"):
        one.between(Month(2001, 1), None)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"least_share": 0.0}, id="any share at all"),
        pytest.param({"least_share": 25.0}, id="percent"),
        pytest.param({"window_months": -1}, id="a window after the start"),
        pytest.param({"flicker_months": -1}, id="fewer than no months"),
    ],
)
def test_a_yardstick_that_measures_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        Yardstick(**wrong)  # type: ignore[arg-type]


ranks = st.integers(2, 60).flatmap(
    lambda months: st.lists(
        st.lists(st.integers(0, 2), min_size=months, max_size=months), min_size=1, max_size=5
    )
)


def of(some: list[list[int]]) -> History:
    return history(*("".join(map(str, row)) for row in some))


@settings(deadline=None, max_examples=60)
@given(ranks, st.floats(0.01, 1.0), st.integers(0, 11))
def test_a_graver_stage_never_stands_where_a_milder_one_does_not(
    some: list[list[int]], share: float, window: int
) -> None:
    one = of(some)
    milder, graver = (spells(shares(one, rank), START, share) for rank in (1, 2))
    months = {m for s in milder for m in range(s.first.ordinal, s.last.ordinal + 1)}
    assert all(m in months for s in graver for m in range(s.first.ordinal, s.last.ordinal + 1))


@settings(deadline=None, max_examples=60)
@given(ranks)
def test_months_in_stages_and_none_add_up_to_the_months_known(some: list[list[int]]) -> None:
    one = of(some)
    found = years(one, 3)
    of_none = int(((one.ranks == 0) & one.is_known).sum())
    assert found.in_stage.sum() + of_none == found.landscape_months.sum()
    assert found.changes.sum() <= found.landscape_months.sum()
    assert (found.flickers.sum(axis=1) <= 2 * found.changes).all()


@settings(deadline=None, max_examples=60)
@given(ranks, st.integers(0, 50), st.integers(0, 20), st.integers(0, 40))
def test_a_hit_lies_in_the_window_and_later_data_never_help(
    some: list[list[int]], start: int, length: int, days: int
) -> None:
    one, yardstick = of(some), Yardstick(window_months=4)
    reported = episode(str(START + start), str(START + start + length))
    found = judged(one, 1, reported, yardstick, days)
    if found.verdict is Verdict.HIT:
        assert found.entered is not None
        assert found.lead_months is not None
        assert reported.start - 4 <= found.entered <= reported.end
        at_once = judged(one, 1, reported, yardstick, 0).lead_months
        assert at_once is not None
        assert found.lead_months <= at_once <= 4
    else:
        assert found.lead_months is None
