"""Stages as single characters and colours."""

from __future__ import annotations

import pytest

from pipeline.core.months import Month, months_between
from pipeline.delivery.site.facts import StageAt
from pipeline.delivery.site.standings import character, characters, css_of

MAY = Month(2026, 5)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        pytest.param(StageAt("none", 0), "0", id="no stage"),
        pytest.param(StageAt("severe", 3), "3", id="a stage"),
        pytest.param(StageAt("severe", 3, is_confirmed=False), "d", id="a stage that is held"),
        pytest.param(StageAt("none", 0, is_confirmed=False), "-", id="none, and nothing was heard"),
        pytest.param(None, "-", id="no row"),
        pytest.param(StageAt("worst", 12), "9", id="more ranks than digits"),
    ],
)
def test_a_stage_is_one_character(at: StageAt | None, told: str) -> None:
    assert character(at) == told


def test_a_month_without_a_row_keeps_its_place() -> None:
    history = {MAY: StageAt("watch", 1), MAY + 2: StageAt("none", 0)}
    assert characters(history, months_between(MAY - 1, MAY + 2)) == "-1-0"
    assert characters(None, [MAY]) == "-"


@pytest.mark.parametrize(
    ("rank", "is_confirmed", "css"),
    [
        pytest.param(2, True, "s2", id="confirmed"),
        pytest.param(2, False, "s2 u", id="held"),
        pytest.param(8, True, "s5", id="graver than there are colours"),
        pytest.param(None, True, "sx", id="not known"),
    ],
)
def test_a_colour_is_a_class(rank: int | None, is_confirmed: bool, css: str) -> None:
    assert css_of(rank, is_confirmed=is_confirmed) == css
