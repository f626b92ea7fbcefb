"""Ladders that nobody wrote: any stages, rules and groups that the language of plans allows."""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.core.gaps import Gap
from pipeline.core.ids import LandUse
from pipeline.core.months import Month
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Heard, Land
from pipeline.plans.rules import Reading

FIRST = Month(2000, 1)
ALL_LAND = [str(use) for use in LandUse]
SOURCE = {"kind": "generic", "reference": "a test"}
SOURCES = {"threshold": SOURCE, "exit": SOURCE, "persistence": SOURCE}
CAP = {
    "severity": "Minor",
    "urgency": "Future",
    "certainty": "Possible",
    "response_type": "Monitor",
}
LOOK = {
    "do": {"en": "look"},
    "family": "monitoring",
    "who": {"en": "someone"},
    "within_days": 7,
}
MEASURES = ("spi_3", "spei_6", "spi_12")
STAGES = ("watch", "warning", "severe", "extreme")

tenths = st.integers(-25, 15).map(lambda n: n / 10)
months_in_a_row = st.integers(1, 3)
seasons = st.none() | st.sets(st.integers(1, 12), min_size=4)


@st.composite
def rules(draw: st.DrawFn, *, lets_go: bool = True) -> dict[str, Any]:
    """A rule for all land that speaks long enough to begin and to end."""
    enter_at = draw(tenths)
    band = draw(st.integers(0, 15)) / 10
    said: dict[str, Any] = {
        "index": draw(st.sampled_from(MEASURES)),
        "where": draw(st.sampled_from(["landscape", "landscape", "headwater"])),
        "enter_at": enter_at,
        "enter_after": draw(months_in_a_row),
        "exit_at": round(enter_at + band, 1),
        "exit_after": draw(months_in_a_row),
        "has_dead_band": band > 0,
        "gap_breaks_run_after": draw(st.integers(0, 3)),
        "ends_after_silence": draw(st.none() | st.integers(1, 4)) if lets_go else None,
        "hold_limit": draw(st.none() | st.integers(0, 4)),
        "source": SOURCES,
    }
    season = draw(seasons)
    if season is not None:
        said |= {"calendar_months": sorted(season), "enter_after": 1, "exit_after": 1}
    return said


SENSELESS = ("no way leads there", "in every usual month", "in which all its rules speak")
"""Ladders that are refused as a whole."""


@st.composite
def groups(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    form = draw(st.sampled_from(["any_of", "all_of", "none_of", "at_least"]))
    single = rules(lets_go=form != "none_of")
    inner = single | groups(depth - 1) if depth > 1 and form != "none_of" else single
    members = draw(st.lists(inner, min_size=2, max_size=3))
    said: dict[str, Any] = (
        {"at_least": draw(st.integers(1, len(members))), "of": members}
        if form == "at_least"
        else {form: members}
    )
    return said


@st.composite
def remembering(draw: st.DrawFn, stages: tuple[str, ...]) -> dict[str, Any]:
    """A group that counts only where the ladder came from certain stages."""
    said = draw(groups())
    return said | {
        "coming_from": draw(st.lists(st.sampled_from(("none", *stages)), min_size=1, unique=True))
    }


@st.composite
def ladders(draw: st.DrawFn, *, with_memory: bool | None = None) -> Ladder:
    """Any ladder of plain rules and groups; None: with or without a memory."""
    stages = STAGES[: draw(st.integers(1, len(STAGES)))]
    has_memory = draw(st.booleans()) if with_memory is None else with_memory
    grouped = groups().filter(lambda one: "none_of" not in one)
    condition = grouped | remembering(stages) if has_memory else grouped
    said = []
    for number, stage in enumerate(stages):
        # One plain rule a ladder: plain ones on one measure would have to be in order.
        plain = [draw(rules())] if number == 0 else []
        said.append(
            {
                "stage": stage,
                "names": {"en": stage},
                "cap": CAP,
                "review_after": draw(st.none() | st.integers(1, 4)),
                "actions": [LOOK],
                "rules": plain + draw(st.lists(condition, min_size=1, max_size=2)),
            }
        )
    try:
        return Ladder.model_validate(said)
    except ValidationError as error:
        if any(reason in str(error) for reason in SENSELESS):
            reject()
        raise


lands = st.builds(
    Land,
    st.sampled_from(LandUse),
    is_salt_affected=st.booleans(),
    has_headwater=st.booleans(),
)
values = st.one_of(tenths, tenths, tenths, st.just(Gap.NOT_PUBLISHED), st.just(Gap.NOT_APPLICABLE))


@st.composite
def heard_by(draw: st.DrawFn, ladder: Ladder) -> dict[Heard, list[Reading]]:
    """Some years of readings of all that a ladder hears."""
    count = draw(st.integers(2, 30))
    return {
        heard: [reading(n, value) for n, value in enumerate(draw(series(count)))]
        for heard in sorted(ladder.heard, key=str)
    }


def series(count: int) -> st.SearchStrategy[list[float | Gap]]:
    return st.lists(values, min_size=count, max_size=count)


def reading(n: int, value: float | Gap) -> Reading:
    month = FIRST + n
    return Reading(month, None, value) if isinstance(value, Gap) else Reading(month, value)


@st.composite
def stories(
    draw: st.DrawFn, *, with_memory: bool | None = None
) -> tuple[Ladder, Land, dict[Heard, list[Reading]]]:
    """A ladder, land, and what was heard there."""
    ladder = draw(ladders(with_memory=with_memory))
    return ladder, draw(lands), draw(heard_by(ladder))
