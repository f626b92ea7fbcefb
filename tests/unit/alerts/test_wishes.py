from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.wishes import Wishes, language_for, lies_in, objections, wants
from pipeline.core.ids import Country, DroughtType, LandUse
from tests.unit.alerts import cases

STAGES = ("none", "watch", "warning", "severe")
"""Of the shipped ladder of Kazakhstan, mildest first."""
LANGUAGES = ("en", "ru", "kk", "uz")


def alert(from_stage: str, to_stage: str, **others: object) -> AlertFacts:
    """A change on pasture in Mangystau."""
    return replace(cases.escalated(), from_stage=from_stage, to_stage=to_stage, **others)  # type: ignore[arg-type]


countries = st.sets(st.sampled_from(Country)).map(frozenset)
some_wishes = st.builds(
    Wishes,
    countries,
    st.sets(st.sampled_from(["KZ-MAN", "KZ", "UZ-JI", "KZ-MA"])).map(frozenset),
    st.sets(st.sampled_from(LandUse)).map(frozenset),
    st.sets(st.sampled_from(DroughtType)).map(frozenset),
    st.none() | st.sampled_from([*STAGES[1:], "no_such_stage"]),
)
some_alerts = st.builds(
    alert,
    st.sampled_from(STAGES),
    st.sampled_from(STAGES),
    country=st.sampled_from([Country.KAZAKHSTAN, Country.UZBEKISTAN]),
    land_use=st.sampled_from(LandUse),
)


@given(some_alerts)
def test_who_wishes_nothing_wants_everything(facts: AlertFacts) -> None:
    assert wants(Wishes(), facts)


@given(some_wishes, some_alerts)
def test_to_take_a_wish_away_loses_nothing(wishes: Wishes, facts: AlertFacts) -> None:
    if wants(wishes, facts):
        for name in ("countries", "provinces", "land_uses", "drought_types"):
            assert wants(replace(wishes, **{name: frozenset()}), facts)
        assert wants(replace(wishes, from_stage=None), facts)


@given(some_wishes, some_alerts)
def test_an_alert_is_wanted_or_there_is_a_reason_against_it(
    wishes: Wishes, facts: AlertFacts
) -> None:
    assert wants(wishes, facts) == (objections(wishes, facts) == [])


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=12), st.sampled_from(STAGES[1:]))
def test_whoever_asked_from_a_stage_always_knows_whether_it_is_reached(
    months: list[str], from_stage: str
) -> None:
    """However a drought goes up and down its ladder, the last alert that came there is true."""
    graver = STAGES[STAGES.index(from_stage) :]
    stands, known = "none", False
    for stage in months:
        if stage != stands and wants(Wishes(from_stage=from_stage), alert(stands, stage)):
            known = stage in graver
        stands = stage
        assert known == (stands in graver)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        pytest.param(Wishes(frozenset({Country.KAZAKHSTAN})), [], id="the country"),
        pytest.param(
            Wishes(frozenset({Country.UZBEKISTAN, Country.TURKIYE})),
            ["wants TR or UZ, it is KZ"],
            id="other countries",
        ),
        pytest.param(Wishes(provinces=frozenset({"KZ-MAN"})), [], id="the province"),
        pytest.param(
            Wishes(provinces=frozenset({"KZ-MA"})),
            ["wants KZ-MA, it is KZ-MAN"],
            id="letters with which its id begins",
        ),
        pytest.param(
            Wishes(land_uses=frozenset({LandUse.IRRIGATED})),
            ["wants irrigated, it is pastoral"],
            id="another land use",
        ),
        pytest.param(
            Wishes(drought_types=frozenset({DroughtType.HYDROLOGICAL}), from_stage="severe"),
            [
                "wants hydrological, it is agricultural",
                "wants severe and graver, it is watch to warning",
            ],
            id="two wishes that are not met",
        ),
        pytest.param(Wishes(from_stage="warning"), [], id="the stage it reaches"),
        pytest.param(Wishes(from_stage="watch"), [], id="a milder stage than it reaches"),
        pytest.param(Wishes(from_stage="izleme"), [], id="a stage this ladder has no word for"),
    ],
)
def test_a_wish_is_met_or_says_why_not(wishes: Wishes, said: list[str]) -> None:
    assert objections(wishes, alert("watch", "warning")) == said


@pytest.mark.parametrize(
    ("facts", "is_wanted"),
    [
        pytest.param(alert("severe", "none", change=Change.ENDED), True, id="its end"),
        pytest.param(alert("severe", "watch", change=Change.EASED), True, id="that it is left"),
        pytest.param(alert("warning", "none", change=Change.ENDED), False, id="a milder end"),
        pytest.param(
            alert("severe", "severe", change=Change.REMINDED), True, id="a reminder of it"
        ),
        pytest.param(
            alert("watch", "watch", change=Change.REMINDED), False, id="a milder reminder"
        ),
        pytest.param(
            alert("none", "severe", change=Change.CORRECTED), True, id="a correction to it"
        ),
        pytest.param(alert("acil", "none"), True, id="a stage only the plan before had"),
    ],
)
def test_from_a_stage_means_to_reach_it_or_to_leave_it(facts: AlertFacts, is_wanted: bool) -> None:
    assert wants(Wishes(from_stage="severe"), facts) == is_wanted


@given(st.from_regex(r"[A-Z]{2}-[A-Z0-9]{1,3}", fullmatch=True), st.sampled_from(LandUse))
def test_landscapes_built_of_a_unit_lie_in_it_and_in_no_unit_that_begins_alike(
    unit: str, land_use: LandUse
) -> None:
    assert lies_in(f"{unit}-{land_use}", unit)
    assert lies_in(unit, unit)
    assert not lies_in(f"{unit}X-{land_use}", unit)


@given(st.sampled_from(LANGUAGES), st.lists(st.sampled_from(LANGUAGES), unique=True))
def test_a_reader_is_told_in_a_language_that_leaves_if_any_does(
    reader: str, leaving: list[str]
) -> None:
    language = language_for(reader, leaving)
    assert (language is None) == (not leaving)
    assert language is None or language in leaving
    assert reader not in leaving or language == reader


@pytest.mark.parametrize(
    ("leaving", "language"),
    [
        pytest.param(["en", "ru", "uz"], "uz", id="the reader's own"),
        pytest.param(["en", "ru"], "ru", id="else Russian"),
        pytest.param(["en", "kk"], "en", id="else English"),
        pytest.param(["kk"], "kk", id="else what there is"),
    ],
)
def test_the_language_of_a_reader_of_uzbek(leaving: list[str], language: str) -> None:
    assert language_for("uz", leaving) == language
