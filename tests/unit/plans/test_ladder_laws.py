"""Laws of the stage engine over ladders, land and readings of any kind."""

from __future__ import annotations

from itertools import pairwise

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.gaps import Gap
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Heard, Land
from pipeline.plans.rules import Reading, speaks
from pipeline.plans.stages import StageMonth, stage_history
from tests.unit.plans.random_ladders import FIRST, reading, stories

Story = tuple[Ladder, Land, dict[Heard, list[Reading]]]

law = settings(deadline=None, max_examples=60)


def history(story: Story, *, after: StageMonth | None = None) -> list[StageMonth]:
    ladder, land, readings = story
    return stage_history(ladder, land, readings, hold_limit=3, after=after)


def heard_a_value(month: StageMonth) -> bool:
    return any(f.reading.value is not None and speaks(f.rule, f.reading) for f in month.findings)


@law
@given(stories(), st.data())
def test_a_history_can_be_taken_up_from_any_month(story: Story, data: st.DataObject) -> None:
    ladder, land, readings = story
    whole = history(story)
    cut = data.draw(st.integers(1, len(whole) - 1))
    rest = {heard: series[cut:] for heard, series in readings.items()}
    assert history((ladder, land, rest), after=whole[cut - 1]) == whole[cut:]


@law
@given(stories(), st.data())
def test_what_comes_later_changes_no_month_before(story: Story, data: st.DataObject) -> None:
    ladder, land, readings = story
    whole = history(story)
    cut = data.draw(st.integers(1, len(whole)))
    known = {heard: series[:cut] for heard, series in readings.items()}
    assert history((ladder, land, known)) == whole[:cut]


@law
@given(stories())
def test_a_month_without_a_value_never_makes_a_stage_graver(story: Story) -> None:
    for before, now in pairwise(history(story)):
        if not heard_a_value(now):
            lets_go = any(f.before.active and not f.after.active for f in now.findings)
            assert now.rank <= before.rank
            assert lets_go or now.stage == before.stage


@law
@given(stories())
def test_no_stage_stands_before_a_value_was_heard(story: Story) -> None:
    for month in history(story):
        if heard_a_value(month):
            return
        assert (month.rank, month.is_confirmed) == (0, False)


@law
@given(stories(with_memory=True))
def test_a_ladder_with_a_memory_moves_only_where_all_its_rules_heard(story: Story) -> None:
    if not story[0].has_memory:
        return
    months = history(story)
    for before, now in pairwise(months):
        heard_all = all(
            f.reading.value is not None and speaks(f.rule, f.reading) for f in now.findings
        )
        assert now.is_held is not heard_all
        assert heard_all or now.stage == before.stage


@law
@given(stories(with_memory=False))
def test_a_ladder_without_a_memory_is_never_held(story: Story) -> None:
    assert not any(month.is_held for month in history(story))


@law
@given(stories(), st.integers(1, 12))
def test_blind_months_change_neither_stage_nor_confirmation(story: Story, blind: int) -> None:
    ladder, land, readings = story
    *_, last = history(story)
    count = last.month.ordinal - FIRST.ordinal + 1
    after = {
        heard: [*series, *(reading(count + n, Gap.NOT_APPLICABLE) for n in range(blind))]
        for heard, series in readings.items()
    }
    *_, then = history((ladder, land, after))
    assert (then.stage, then.since) == (last.stage, last.since)
    if not ladder.has_memory:
        assert (then.is_confirmed, then.silent_months) == (last.is_confirmed, last.silent_months)


@law
@given(stories(with_memory=False))
def test_values_inside_every_dead_band_change_nothing(story: Story) -> None:
    ladder, land, readings = story
    *_, last = history(story)
    count = last.month.ordinal - FIRST.ordinal + 1
    between: dict[Heard, float] = {}
    for heard in readings:
        bands = [(rule.enter_at, rule.exit_at) for rule in ladder.every_rule if rule.heard == heard]
        low, high = max(enter for enter, _ in bands), min(leave for _, leave in bands)
        if high - low <= 0.05:
            return
        between[heard] = (low + high) / 2
    after = {
        heard: [*series, *(reading(count + n, between[heard]) for n in range(24))]
        for heard, series in readings.items()
    }
    assert {month.stage for month in history((ladder, land, after))[count:]} <= {last.stage} | (
        # What was never heard until now is known to be off, which none_of may have waited for.
        {stage.stage for stage in ladder.stages} if _waits(last) else set()
    )


def _waits(month: StageMonth) -> bool:
    return any(not finding.after.heard for finding in month.findings)


@law
@given(stories())
def test_the_gravest_stage_whose_condition_holds_stands(story: Story) -> None:
    for month in history(story):
        ranks = {stage.stage: n for n, stage in enumerate(story[0].stages, start=1)}
        on = [ranks[one.stage] for one in month.paths if one.node.holds]
        plain = [
            ranks[f.stage]
            for f in month.findings
            if f.after.active and not _grouped(f.stage, month)
        ]
        if not month.is_held:
            assert month.rank == max([0, *on, *plain])


def _grouped(stage: str, month: StageMonth) -> bool:
    return any(one.stage == stage for one in month.paths)


@law
@given(stories())
def test_the_beginning_of_a_stage_is_where_it_was_entered(story: Story) -> None:
    months = history(story)
    for before, now in pairwise(months):
        assert now.since == (before.since if now.stage == before.stage else now.month)


@law
@given(stories())
def test_a_review_comes_each_time_the_period_is_over(story: Story) -> None:
    periods = {stage.stage: stage.review_after for stage in story[0].stages}
    for month in history(story):
        stood, period = month.month.ordinal - month.since.ordinal, periods.get(month.stage)
        assert month.is_review == (period is not None and stood > 0 and stood % period == 0)


@law
@given(stories())
def test_a_ladder_is_read_back_as_it_was_written(story: Story) -> None:
    ladder = story[0]
    text = yaml.safe_dump(ladder.model_dump(mode="json", exclude_defaults=True))
    assert Ladder.model_validate(yaml.safe_load(text)) == ladder
