"""What changed between the stages held and the stages that follow now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.alerts.facts import Change
from pipeline.alerts.transitions import (
    HeldStage,
    Link,
    Transition,
    chain_of,
    standing,
    transitions,
)
from pipeline.core.months import Month
from pipeline.plans.stages import StageMonth

JANUARY = Month(2021, 1)
NAMES = ("none", "watch", "warning", "severe")

ranks = st.lists(st.integers(0, 3), min_size=1, max_size=30)
"""Stages of consecutive months."""


def now(of: Sequence[int], names: Sequence[str] = NAMES) -> list[StageMonth]:
    """Stages by rank, from January on."""
    return [
        StageMonth(JANUARY + n, names[rank], rank, JANUARY + n, True, 0, ())
        for n, rank in enumerate(of)
    ]


def held(of: Sequence[int | None], names: Sequence[str] = NAMES) -> dict[Month, HeldStage]:
    """Stages held, by rank, from January on; None where a month is not held."""
    return {
        JANUARY + n: HeldStage(names[rank], rank) for n, rank in enumerate(of) if rank is not None
    }


def told(before: Mapping[Month, HeldStage], after: Sequence[StageMonth]) -> list[str]:
    """Each transition as one line: change, month, from and to, beginning of its chain."""
    return [_line(one) for one in transitions(before, after)]


def _line(one: Transition) -> str:
    month, chain = one.now.month.month, one.began.month
    return f"{one.change} {month}: {one.from_stage} > {one.now.stage}, chain {chain}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([], [0, 0, 0], [], id="no stage is no news"),
        pytest.param(
            [],
            [0, 1, 2, 1, 0],
            [
                "began 2: none > watch, chain 2",
                "escalated 3: watch > warning, chain 2",
                "eased 4: warning > watch, chain 2",
                "ended 5: watch > none, chain 2",
            ],
            id="a whole drought is one chain, from its first month to its last",
        ),
        pytest.param(
            [],
            [2],
            ["began 1: none > warning, chain 1"],
            id="before the first month there was no stage",
        ),
        pytest.param(
            [],
            [0, 3, 0],
            ["began 2: none > severe, chain 2", "ended 3: severe > none, chain 2"],
            id="a drought may begin with the gravest stage and end at once",
        ),
        pytest.param(
            [],
            [1, 0, 1, 0],
            [
                "began 1: none > watch, chain 1",
                "ended 2: watch > none, chain 1",
                "began 3: none > watch, chain 3",
                "ended 4: watch > none, chain 3",
            ],
            id="a second drought is a second chain",
        ),
        pytest.param(
            [0, 1],
            [0, 1, 2],
            ["escalated 3: watch > warning, chain 2"],
            id="only months not held are news, and their chain began in a held one",
        ),
        pytest.param(
            [0, 1, 1],
            [0, 1],
            [],
            id="held months after the newest value are left alone",
        ),
        pytest.param(
            [0, 1, 1],
            [0, 1, 2],
            ["corrected 3: watch > warning, chain 2"],
            id="a held month with another stage is a correction in the chain that was told",
        ),
        pytest.param(
            [0, 1, 1, 1],
            [0, 0, 0, 0],
            ["corrected 2: watch > none, chain 2"],
            id="a drought that never was is one correction, under the chain that was told",
        ),
        pytest.param(
            [0, 1, 2, 2],
            [0, 0, 0, 0],
            ["corrected 2: watch > none, chain 2", "corrected 3: warning > none, chain 3"],
            id="each stage that was told is taken back on its own",
        ),
        pytest.param(
            [1, 1, 1],
            [2, 1, 2],
            ["corrected 1: watch > warning, chain 1", "corrected 3: watch > warning, chain 1"],
            id="a right month between two wrong ones makes two corrections",
        ),
        pytest.param(
            [0, 0, 0],
            [0, 1, 1],
            ["corrected 2: none > watch, chain 2"],
            id="a drought that was missed is a correction, in a chain of its own",
        ),
        pytest.param(
            [0, 1],
            [0, 0, 1],
            ["corrected 2: watch > none, chain 2", "began 3: none > watch, chain 3"],
            id="after a correction the news starts from the corrected stage",
        ),
        pytest.param(
            [0, 1],
            [0, 2, 2, 0],
            ["corrected 2: watch > warning, chain 2", "ended 4: warning > none, chain 2"],
            id="the end of a corrected drought comes from the corrected stage",
        ),
        pytest.param(
            [0, 1, 1, 1],
            [0, 0, 1, 1],
            ["corrected 2: watch > none, chain 2", "reminded 4: watch > watch, chain 3"],
            id="a correction of the past is no end: what still stands is said",
        ),
        pytest.param(
            [0, 1, 1],
            [0, 0, 1, 0],
            [
                "corrected 2: watch > none, chain 2",
                "reminded 3: watch > watch, chain 3",
                "ended 4: watch > none, chain 3",
            ],
            id="what still stood is said before its end",
        ),
        pytest.param(
            [0, 0, 0, 0],
            [0, 1, 0, 0],
            ["corrected 2: none > watch, chain 2", "corrected 3: watch > none, chain 2"],
            id="a drought that was missed and is over is told with its end",
        ),
        pytest.param(
            [0, 1, 1, 0, 0, 1],
            [0, 1, 2, 0, 0, 1],
            ["corrected 3: watch > warning, chain 2"],
            id="a correction of an old drought says nothing of the present one",
        ),
        pytest.param(
            [None, None, 1],
            [0, 1, 1],
            ["began 2: none > watch, chain 2"],
            id="months before the held ones are news too, and what was held then is none",
        ),
    ],
)
def test_changes_told(
    before: Sequence[int | None], after: Sequence[int], expected: list[str]
) -> None:
    assert told(held(before), now(after)) == expected


ANOTHER_PLAN = ("none", "yellow", "orange", "red")


def test_another_plans_name_for_the_same_rank_is_no_change() -> None:
    assert told(held([0, 1, 2], ANOTHER_PLAN), now([0, 1, 2, 2])) == []


def test_the_same_stage_at_another_rank_of_another_plan_is_no_change() -> None:
    longer = ("none", "advisory", "watch", "warning", "severe")
    assert told(held([0, 3]), now([0, 4, 4], longer)) == []


def chain(
    change: Change, month: int, *, began: int, lasts_to: int, follows: int | None = None
) -> str:
    """The chain of a change, after a drought told from March to May and one told since August."""
    told = [(3, "A"), (5, "A"), (8, "B"), (9, "B")]
    links = [Link(Month(2021, told_month), name) for told_month, name in told]
    stage = StageMonth(Month(2021, month), "watch", 1, JANUARY, True, 0, ())
    since = None if follows is None else Month(2021, follows)
    one = Transition(change, "none", stage, Month(2021, began), Month(2021, lasts_to), since)
    return chain_of(one, links, "new")


def test_a_new_drought_is_a_new_chain() -> None:
    assert chain(Change.BEGAN, 11, began=11, lasts_to=11) == "new"


def test_an_end_is_told_in_the_chain_of_its_beginning() -> None:
    assert chain(Change.ENDED, 10, began=8, lasts_to=10) == "B"


def test_a_beginning_that_moves_back_keeps_the_chain() -> None:
    assert chain(Change.CORRECTED, 7, began=7, lasts_to=9) == "B"
    assert chain(Change.ENDED, 10, began=7, lasts_to=10) == "B"


def test_a_correction_of_an_old_drought_stays_in_its_chain() -> None:
    assert chain(Change.CORRECTED, 4, began=3, lasts_to=4) == "A"


def test_a_drought_that_was_missed_is_a_new_chain() -> None:
    assert chain(Change.CORRECTED, 6, began=6, lasts_to=6) == "new"


def test_a_closing_word_without_its_correction_begins_a_chain() -> None:
    assert chain(Change.REMINDED, 10, began=10, lasts_to=10, follows=7) == "new"


def test_what_still_stands_is_said_in_the_chain_that_was_corrected() -> None:
    assert chain(Change.REMINDED, 10, began=10, lasts_to=10, follows=8) == "B"


def test_a_correction_quotes_the_stage_by_the_name_it_was_held_under() -> None:
    found = told(held([0, 2], ANOTHER_PLAN), now([0, 1]))
    assert found == ["corrected 2: orange > watch, chain 2"]


@pytest.mark.parametrize(
    ("stages", "began"),
    [
        pytest.param([0, 1, 2, 2], 2, id="the drought, not the stage"),
        pytest.param([1, 0, 2], 3, id="the last drought, not the one before"),
        pytest.param([1, 1, 1], 1, id="the record begins in it"),
        pytest.param([1, 1, 0], 1, id="an end belongs to what ended"),
        pytest.param([1, 0, 0], 3, id="in no drought it is the month itself"),
    ],
)
def test_the_month_in_which_the_present_drought_began(stages: list[int], began: int) -> None:
    assert standing(now(stages)).began.month == began


@given(ranks, ranks)
def test_once_saved_nothing_is_left_to_tell(before: list[int], after: list[int]) -> None:
    list(transitions(held(before), now(after)))
    assert told(held(after), now(after)) == []


@given(ranks)
def test_what_began_and_did_not_end_stands(stages: list[int]) -> None:
    changes = [one.change for one in transitions({}, now(stages))]
    still_on = changes.count(Change.BEGAN) - changes.count(Change.ENDED)
    assert still_on == int(stages[-1] > 0)


@given(ranks)
def test_each_change_goes_on_from_the_one_before_and_leads_to_the_stage(stages: list[int]) -> None:
    found = list(transitions({}, now(stages)))
    steps = ["none", *(one.now.stage for one in found)]
    assert [one.from_stage for one in found] == steps[:-1]
    assert steps[-1] == NAMES[stages[-1]]
    assert all(one != other for one, other in pairwise(steps))


@given(ranks, st.data())
def test_month_by_month_tells_what_all_at_once_tells(
    stages: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(stages)))
    first = told({}, now(stages[:cut])) if cut else []
    assert first + told(held(stages[:cut]), now(stages)) == told({}, now(stages))


@given(ranks, ranks)
def test_no_held_month_changes_its_stage_unsaid(before: list[int], after: list[int]) -> None:
    corrected = {
        one.now.month: (one.from_stage, one.now.stage)
        for one in transitions(held(before), now(after))
        if one.change is Change.CORRECTED and one.follows is None
    }
    said: tuple[str, str] | None = None
    for n, (was, stands) in enumerate(zip(before, after, strict=False)):
        if was == stands:
            assert JANUARY + n not in corrected
            said = None
            continue
        said = corrected.get(JANUARY + n, said)
        assert said == (NAMES[was], NAMES[stands])


@given(ranks)
def test_a_chain_is_named_by_the_month_in_which_it_began(stages: list[int]) -> None:
    found = list(transitions({}, now(stages)))
    began = JANUARY
    for one in found:
        began = one.now.month if one.change is Change.BEGAN else began
        assert one.began == began


def reviewed(of: Sequence[int], every: int) -> list[StageMonth]:
    """As `now`, with a review each so many months after the first."""
    return [replace(stage, is_review=n > 0 and n % every == 0) for n, stage in enumerate(now(of))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([1, 1], [1, 1, 1], ["reminded 3: watch > watch, chain 1"], id="it stands"),
        pytest.param([1, 1], [1, 1, 2], ["escalated 3: watch > warning, chain 1"], id="it rises"),
        pytest.param([0, 0], [0, 0, 0], [], id="there is none"),
        pytest.param([1, 1, 1], [1, 1, 1], [], id="the month is held: it was said"),
    ],
)
def test_a_stage_is_said_again_where_the_plan_reviews_it(
    before: list[int], after: list[int], expected: list[str]
) -> None:
    assert [_line(one) for one in transitions(held(before), reviewed(after, 2))] == expected


@st.composite
def revised_histories(draw: st.DrawFn) -> list[list[int]]:
    """What was seen month by month: each time a month more, and the last three may have changed."""
    few = st.sampled_from([0, 0, 1, 2])
    seen = [draw(st.lists(few, min_size=1, max_size=4))]
    for _ in range(draw(st.integers(1, 7))):
        *_, last = seen
        keeps = max(0, len(last) - draw(st.integers(0, 3)))
        changed = draw(st.lists(few, min_size=len(last) - keeps, max_size=len(last) - keeps))
        seen.append([*last[:keeps], *changed, *draw(st.lists(few, max_size=1))])
    return seen


def _covers_to(
    one: Transition, before: Mapping[Month, HeldStage], after: list[StageMonth]
) -> Month:
    """The last month a correction speaks of: the same correction of several months is said once."""
    stages = {stage.month: stage.stage for stage in after}
    month = one.now.month
    while (
        one.change is Change.CORRECTED
        and one.follows is None
        and (was := before.get(month + 1)) is not None
        and (was.stage, stages[month + 1]) == (one.from_stage, one.now.stage)
    ):
        month = month + 1
    return month


@settings(deadline=None, max_examples=400)
@given(revised_histories())
@example([[0, 0, 1, 0, 1], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 1, 2]])
def test_there_is_one_live_chain_where_a_stage_stands_and_none_elsewhere(
    seen: list[list[int]],
) -> None:
    links: list[Link] = []
    words: dict[str, list[tuple[Month, int, int]]] = {}
    before: dict[Month, HeldStage] = {}
    for after in seen:
        for one in transitions(before, now(after)):
            chain_id = chain_of(one, links, f"{one.began}")
            links.append(Link(one.now.month, chain_id))
            word = (_covers_to(one, before, now(after)), len(links), one.now.rank)
            words.setdefault(chain_id, []).append(word)
        before = held(after)
        live = [chain_id for chain_id, said in words.items() if max(said)[2] > 0]
        assert len(live) == (1 if after[-1] else 0), (live, words)


def test_two_droughts_that_turn_out_to_be_one_go_on_in_the_newer_chain() -> None:
    # Told: A from January, over in March; B from April. Now March is dry too.
    links = [Link(JANUARY, "A"), Link(JANUARY + 2, "A"), Link(JANUARY + 3, "B")]
    (joined,) = transitions(held([1, 1, 0, 1]), now([1, 1, 1, 1]))
    assert _line(joined) == "corrected 3: none > watch, chain 1"
    assert chain_of(joined, links, "new") == "B"


def test_every_drought_that_was_missed_is_closed() -> None:
    assert told(held([0, 0, 0, 0, 2]), now([1, 0, 2, 0, 1])) == [
        "corrected 1: none > watch, chain 1",
        "corrected 2: watch > none, chain 1",
        "corrected 3: none > warning, chain 3",
        "corrected 4: warning > none, chain 3",
        "corrected 5: warning > watch, chain 5",
    ]
