"""The expected letters are files in `expected/`, read and agreed line by line: edit them by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.facts import AlertFacts, Approval, Change
from pipeline.alerts.letters import WIDTH, letter, signed, unchecked_texts
from pipeline.alerts.words import LANGUAGES
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.plans.document import LocalText
from tests.unit.alerts import cases

EXPECTED = Path(__file__).parent / "expected"
FORBIDDEN = re.compile(
    r"declare|declaration|emergenc|disaster|storm|catastroph|объявл|чрезвычайн|штормов|бедстви|катастроф",
    re.IGNORECASE,
)
QUOTED = re.compile(r'"[^"]*"|«[^»]*»')


@pytest.mark.parametrize(
    ("name", "facts", "language"),
    [
        pytest.param("began.en", cases.began, "en", id="an exercise in Uzbekistan begins"),
        pytest.param("began.ru", cases.began, "ru", id="the same in Russian"),
        pytest.param("escalated.ru", cases.escalated, "ru", id="Kazakhstan rises, in Russian"),
        pytest.param("ended.en", cases.ended, "en", id="Tajikistan ends"),
        pytest.param("corrected.en", cases.corrected, "en", id="Kyrgyzstan is corrected"),
        pytest.param("corrected.ru", cases.corrected, "ru", id="the same in Russian"),
        pytest.param("turkish.en", cases.turkish, "en", id="Türkiye with the table's own words"),
        pytest.param("unconfirmed.en", cases.unconfirmed, "en", id="a stage held in silence"),
        pytest.param("adopted.en", cases.adopted, "en", id="a plan that was adopted"),
    ],
)
def test_the_letter_reads_as_agreed(
    name: str, facts: Callable[[], AlertFacts], language: str
) -> None:
    found = letter(facts(), language)
    text = f"Subject: {found.subject}\n\n{signed(found.body, cases.APPROVAL, language)}"
    assert text == (EXPECTED / f"{name}.txt").read_text("utf-8")


values = st.sampled_from([*Gap, -2.4, -1.6, -1.1, -0.4, 0.3])
alerts = st.builds(
    cases.alert,
    st.sampled_from([c for c in Country if c is not Country.TURKIYE]),
    st.sampled_from(DroughtType),
    st.sampled_from(Change),
    st.lists(values, min_size=2, max_size=8),
    inputs=st.sampled_from([cases.REAL, cases.SIMULATED]),
    told_before=st.sampled_from(["none", "watch", "warning", "severe"]),
    land_use=st.sampled_from(LandUse),
)
turkish_alerts = st.builds(
    cases.alert,
    st.just(Country.TURKIYE),
    st.just(DroughtType.METEOROLOGICAL),
    st.sampled_from(Change),
    st.lists(st.sampled_from([Gap.REJECTED, 40.0, 60.0, 70.0, 90.0]), min_size=2, max_size=5),
    told_before=st.sampled_from(["none", "izlemeye_basla", "uyari", "acil_durum"]),
)
languages = st.sampled_from(sorted(LANGUAGES))


@given(alerts | turkish_alerts, languages)
def test_no_letter_claims_more_than_the_plan(facts: AlertFacts, language: str) -> None:
    found = letter(facts, language)
    text = QUOTED.sub("", f"{found.subject}\n{signed(found.body, cases.APPROVAL, language)}")
    assert FORBIDDEN.search(text) is None
    assert "{" not in text


@given(alerts | turkish_alerts, languages)
def test_simulated_data_are_said_first_and_last_and_real_ones_never(
    facts: AlertFacts, language: str
) -> None:
    banner = LANGUAGES[language].banner
    lines = signed(letter(facts, language).body, cases.APPROVAL, language).splitlines()
    assert (lines[0] == banner, lines[-1] == banner) == (facts.is_simulated,) * 2
    assert (banner in lines) is facts.is_simulated


@given(alerts | turkish_alerts, languages)
def test_a_letter_fits_a_plain_text_reader(facts: AlertFacts, language: str) -> None:
    found = letter(facts, language)
    assert max(map(len, found.body.splitlines())) <= WIDTH
    assert "\n" not in found.subject
    assert found.body.endswith("\n")


@given(alerts, languages)
def test_the_first_line_names_where_and_the_subject_too(facts: AlertFacts, language: str) -> None:
    found = letter(facts, language)
    where = {
        "en": f"Jizzakh, {LANGUAGES['en'].countries[facts.country]}",
        "ru": f"Джизакская область, {LANGUAGES['ru'].countries[facts.country]}",
    }[language]
    assert where in found.subject
    assert found.body.splitlines()[2 * facts.is_simulated].startswith(where)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        pytest.param(cases.escalated, True, id="generic thresholds stay inside"),
        pytest.param(cases.turkish, True, id="so do those of an agency"),
        pytest.param(cases.adopted, False, id="an adopted plan may be told"),
    ],
)
def test_what_no_order_has_adopted_is_not_for_publication(
    facts: Callable[[], AlertFacts], says: bool
) -> None:
    assert ("Not for publication" in letter(facts(), "en").body) is says


def test_irrigated_land_says_what_the_index_cannot_see() -> None:
    facts = cases.escalated()
    assert "headwaters" not in letter(facts, "en").body
    assert "headwaters" in letter(replace(facts, land_use=LandUse.IRRIGATED), "en").body


def test_a_value_is_never_shown_on_the_wrong_side_of_a_threshold() -> None:
    facts = cases.alert(
        Country.UZBEKISTAN, DroughtType.METEOROLOGICAL, Change.REMINDED, [-1.2, -1.4996]
    )
    assert "-1.4996" in letter(facts, "en").body


def test_an_unheard_of_name_falls_back_to_english() -> None:
    facts = replace(cases.escalated(), landscape_names={"en": "Mangystau"})
    assert letter(facts, "ru").subject.startswith("Mangystau, Казахстан")


def test_a_line_break_in_a_name_cannot_break_the_subject() -> None:
    facts = replace(cases.escalated(), landscape_names={"en": "Mangy\r\nBcc: all@example.org"})
    assert "\n" not in letter(facts, "en").subject
    assert "\r" not in letter(facts, "en").subject


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="among en, ru, got 'kk'"):
        letter(cases.began(), "kk")


def test_russian_waits_for_a_speaker_and_english_does_not() -> None:
    assert unchecked_texts(cases.escalated(), "ru")
    assert not unchecked_texts(cases.escalated(), "en")


def test_an_unchecked_text_of_the_plan_marks_the_letter() -> None:
    facts = cases.escalated()
    title = LocalText.model_validate({"en": "A plan translated by machine", "unchecked": ["en"]})
    facts = replace(facts, plan=facts.plan.model_copy(update={"title": title}))
    assert unchecked_texts(facts, "en")
    assert "No speaker has checked" in letter(facts, "en").body


def test_an_approval_without_a_basis_says_so() -> None:
    approval = Approval("A. Karimova", "Drought desk", datetime(2021, 7, 8, 5, tzinfo=UTC))
    text = signed("The letter.\n", approval, "en")
    assert text == (
        "The letter.\n\nAPPROVAL\n"
        "Approved for sending by A. Karimova, Drought desk, 8 July 2021, 05:00\n(+00:00).\n"
        "No legal basis was cited.\n"
    )
