"""Stages of a month in words: the situation, changes, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_text
from pipeline.delivery.bulletin.facts import AreaFacts, StageFacts, Standing
from pipeline.delivery.bulletin.stages_in_words import (
    change,
    is_quiet,
    missing,
    situation,
    stage_cell,
)
from pipeline.delivery.bulletin.words import bulletin_words
from pipeline.delivery.stage_colours import NOT_KNOWN as GREY
from pipeline.delivery.stage_colours import colour_of_rank
from tests.unit.delivery.bulletin.cases import (
    FERGANA,
    MONTH,
    NOT_KNOWN,
    SPI_3,
    TR_PLAN,
    UNHEARD,
    UZBEKISTAN,
    WARNING,
    WATCH,
    landscape,
    of_uzbekistan,
    standing,
)

EN = bulletin_words("en")


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param(standing(WATCH), standing(WATCH), "unchanged", id="as before"),
        pytest.param(standing(), standing(), "", id="no stage as before: nothing"),
        pytest.param(standing(WATCH), standing(), "new", id="a stage begins"),
        pytest.param(
            standing(WARNING), standing(WATCH), 'graver: was "Watch"', id="a graver stage"
        ),
        pytest.param(
            standing(WATCH), standing(WARNING), 'milder: was "Warning"', id="a milder stage"
        ),
        pytest.param(standing(), standing(WATCH), 'ended: was "Watch"', id="a stage ends"),
        pytest.param(
            standing(WATCH),
            standing(WARNING, version="0"),
            'before: "Warning"',
            id="ranks of different plans are not compared",
        ),
        pytest.param(
            standing(WATCH),
            standing(WATCH, version="0"),
            "unchanged",
            id="the same stage under another plan",
        ),
        pytest.param(
            standing(WATCH),
            UNHEARD,
            "before: not known",
            id="what was not known is not called none",
        ),
        pytest.param(UNHEARD, standing(), "before: no stage", id="knowledge is lost"),
        pytest.param(
            standing(WATCH),
            standing(WATCH, is_confirmed=False),
            'before: "Watch", unconfirmed',
            id="a held stage is confirmed again",
        ),
        pytest.param(
            standing(WATCH, is_confirmed=False),
            standing(WATCH),
            'before: "Watch", confirmed',
            id="a stage is held too long",
        ),
        pytest.param(standing(), None, "nothing to compare with", id="the first month"),
    ],
)
def test_a_change_is_said_against_the_month_before(
    now: Standing, before: Standing | None, said: str
) -> None:
    assert change(now, before, EN) == said


def test_the_situation_is_one_sentence() -> None:
    assert situation(UZBEKISTAN.landscapes, EN) == (
        "Landscapes in a stage of some drought: 2 of 4; a month before it was 2; the gravest "
        'is "Severe", in 1: Karakalpakstan; not known or not confirmed for some drought in 2.'
    )


def test_many_names_are_cut_and_counted() -> None:
    dry = StageFacts(standing(WATCH), standing(WATCH))
    many = [landscape(f"L{number}", dry) for number in range(12)]
    assert situation(many, EN).endswith("L0, L1, L2, L3, L4, L5, L6, L7 and 4 more.")


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(NOT_KNOWN, id="no value was ever heard"),
        pytest.param(StageFacts(None), id="no stage was worked out"),
    ],
)
def test_what_is_not_known_is_never_called_none(stage: StageFacts) -> None:
    unknown = landscape("Navoi", stage, stage, stage)
    said = situation([unknown], EN)
    assert said.startswith("No landscape (of 1) is known to stand in a stage of any drought; ")
    assert said.endswith("not known or not confirmed for some drought in 1.")
    assert not is_quiet(unknown)
    text = bulletin_text(of_uzbekistan(unknown), "en")
    assert "No stage of any drought" not in text
    assert "no stage:" not in text
    cell = stage_cell(stage, EN)
    assert (cell.text, cell.colour, cell.is_sure) == ("not known", GREY, False)
    country = replace(UZBEKISTAN, landscapes=(unknown,))
    assert list(missing(country, MONTH, EN).values()) == [["Navoi"]]


def test_a_stage_has_its_colour_and_says_since_when() -> None:
    cell = stage_cell(StageFacts(standing(WARNING, MONTH), standing(WATCH)), EN)
    assert (cell.text, cell.colour) == ('"Warning"', colour_of_rank(2))
    assert cell.remarks == ("since July 2021", 'graver: was "Watch"')


def test_the_plans_own_word_stands_beside_its_translation() -> None:
    cell = stage_cell(StageFacts(standing(WARNING, MONTH, plan=TR_PLAN)), EN)
    assert cell.text == '"Warning" ("Uyarı")'


def test_the_share_of_the_area_behind_a_stage_is_said_beside_its_threshold() -> None:
    veg = AreaShare(index=IndexCode.parse("spei_veg"), at_or_below=-1.5)
    spi_3 = AreaShare(index=SPI_3, at_or_below=-1.0)
    areas = (AreaFacts(spi_3, MONTH, 0.6183, 0.5), AreaFacts(veg, MONTH, 0.4996, 0.5))
    stage = StageFacts(standing(WATCH, MONTH), standing(), areas=areas)
    assert stage_cell(stage, EN).remarks[1:3] == (
        "at 62% of the area SPI-3 is at or below -1.0 (the plan's threshold is 50%)",
        "at 49.96% of the area SPEI of the growing season, April to July is at or below -1.5 (the "
        "plan's threshold is 50%)",
    )


def test_a_plan_without_stages_for_a_drought_says_so() -> None:
    absent = landscape("Navoi", hydro=StageFacts(None, has_ladder=False))
    assert "Hydrological drought: not in the plan: 1." in bulletin_text(of_uzbekistan(absent), "en")
    assert missing(replace(UZBEKISTAN, landscapes=(absent,)), MONTH, EN) == {}


def test_a_reason_for_one_drought_only_names_it() -> None:
    country = replace(UZBEKISTAN, landscapes=(landscape("Navoi", hydro=NOT_KNOWN),))
    reason = "no grid cell with values touches the landscape (hydrological drought)"
    assert missing(country, MONTH, EN) == {reason: ["Navoi"]}


@pytest.mark.parametrize(
    ("stage", "quiet"),
    [
        pytest.param(StageFacts(standing(), standing()), True, id="no stage, as a month before"),
        pytest.param(StageFacts(standing(), standing(WATCH)), False, id="a stage has ended"),
        pytest.param(StageFacts(standing(), UNHEARD), False, id="not known a month before"),
        pytest.param(StageFacts(standing(), None), False, id="the first month"),
        pytest.param(StageFacts(standing(silent=1), standing()), False, id="held without a value"),
        pytest.param(StageFacts(None, has_ladder=False), True, id="the plan says nothing of it"),
    ],
)
def test_only_what_is_known_to_be_quiet_is_left_out_of_the_table(
    stage: StageFacts, quiet: bool
) -> None:
    one = replace(FERGANA, stages={**FERGANA.stages, DroughtType.METEOROLOGICAL: stage})
    assert is_quiet(one) is quiet


def test_the_table_is_gravest_first_and_not_known_last() -> None:
    text = bulletin_text(of_uzbekistan(*reversed(UZBEKISTAN.landscapes)), "en")
    places = [text.index(f"- {name} (") for name in ("Karakalpakstan", "Bukhara", "Navoi")]
    assert places == sorted(places)
    assert Month(2021, 7) == MONTH
