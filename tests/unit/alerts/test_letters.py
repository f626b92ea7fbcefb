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

from pipeline.alerts.facts import AlertFacts, Approval, Change, Door
from pipeline.alerts.letters import WIDTH, letter, signed, unchecked_texts
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.plans.texts import LocalText
from tests.unit.alerts import cases, groups, together, water
from tests.unit.alerts.together import with_stage

EXPECTED = Path(__file__).parent / "expected"
FORBIDDEN = {
    "en": r"declare|declaration|emergenc|disaster|storm|catastroph",
    "ru": r"объявл|чрезвычайн|штормов|бедстви|катастроф",
    "kk": r"жариялан|төтенше|апат|дауыл",
    "ky": r"жарыялан|өзгөчө кырдаал|кырсык|бороон",
    "tg": r"эълон|фавқулод|офат|тӯфон",
    "tk": r"yglan|adatdan daşary|heläkçilik|betbagtçylyk|tupan",
    "uz": r"eʼlon|favqulodda|ofat|falokat|boʻron",
    "tr": r"ilan ed|olağanüstü|acil|afet|felaket|fırtına",
}
"""What claims more than the plan does, in each language."""
QUOTED = re.compile(r'"[^"]*"|«[^»]*»|“[^”]*”')


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
        *(
            pytest.param(f"together.{one}", together.alert, one, id=f"rules together, in {one}")
            for one in LANGUAGES
        ),
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
    text = f"{found.subject}\n{signed(found.body, cases.APPROVAL, language)}"
    assert not set("{}") & set(text)
    assert not any("  " in line.lstrip() for line in text.splitlines())
    assert re.search(FORBIDDEN[language], QUOTED.sub("", text), re.IGNORECASE) is None


@given(alerts | turkish_alerts, languages)
def test_simulated_data_are_said_first_and_last_and_real_ones_never(
    facts: AlertFacts, language: str
) -> None:
    banner = words_of(language).banner
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
    name = {"en": "Jizzakh", "uz": "Jizzax", "tr": "Jizzakh"}.get(language, "Джизакская область")
    where = f"{name}, {words_of(language).countries[facts.country]}"
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


@pytest.mark.parametrize("facts", [groups.fed_by_headwater(), groups.dry_below_its_headwater()])
def test_water_from_a_headwater_that_was_heard_is_not_said_to_be_left_out(
    facts: AlertFacts,
) -> None:
    assert "is not counted here" not in " ".join(letter(facts, "en").body.split())


def test_a_stage_that_rests_on_documents_alone_says_nothing_of_the_grid() -> None:
    body = letter(water.alert([97.0, 82.5]), "en").body
    assert "document 3/21 of 10 March 2021" in " ".join(body.split())
    assert "era5-land" not in body
    assert "DATA" not in body


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
    with pytest.raises(InputError, match=r"among en, ru, .* tr, got 'kaa'; add its catalogue"):
        letter(cases.began(), "kaa")


def test_every_translation_waits_for_a_speaker_and_english_does_not() -> None:
    waiting = [one for one in LANGUAGES if unchecked_texts(cases.escalated(), one)]
    assert waiting == [one for one in LANGUAGES if one != "en"]


def test_an_unchecked_name_of_who_would_act_marks_the_letter() -> None:
    facts = together.alert()
    stage = facts.plan.ladders[facts.drought_type].stage("warning")
    who = LocalText.model_validate({"en": "users", "unchecked": ["en"]})
    action = stage.actions[0].model_copy(update={"who": who})
    assert not unchecked_texts(facts, "en")
    assert unchecked_texts(with_stage(facts, stage.model_copy(update={"actions": (action,)})), "en")


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


def test_an_alert_that_leaves_by_itself_cites_the_order() -> None:
    order = "Order No. 12 of 2027-03-01, art. 4 (invented)"
    approval = Approval(
        "the desk", "the desk", datetime(2021, 7, 8, 5, tzinfo=UTC), order, door=Door.PLAN
    )
    assert signed("The letter.\n", approval, "en") == (
        "The letter.\n\nAPPROVAL\n"
        "Sent without a person's approval, as Order No. 12 of 2027-03-01, art. 4\n"
        "(invented) allows.\n"
    )
    assert f"Основание: {order}." in " ".join(signed("Письмо.\n", approval, "ru").split())


def test_a_stage_that_is_let_go_is_not_said_to_have_come_back() -> None:
    body = " ".join(letter(together.let_go(), "en").body.split())
    assert (
        "no values have come for longer than the plan allows, and the stage of hydrological drought "
        'goes from "Watch" to no stage.'
    ) in body
    told = 'without a value for 3 months: stage "Watch" is let go, as the plan says'
    assert told in body
    assert "come back" not in body
    assert "значений нет 3 месяца: стадия «Наблюдение» снимается" in " ".join(
        letter(together.let_go(), "ru").body.split()
    )


def test_a_ladder_that_could_not_move_says_why() -> None:
    body = " ".join(letter(groups.held_by_memory(), "en").body.split())
    assert (
        "The plan moves from stage to stage only in months in which all its measures have values; "
        "the stage is held."
    ) in body


def test_a_reminder_says_that_the_plan_asks_for_it() -> None:
    facts = together.alert({**together.DEEPENS, together.HEADWATER: [0.1] * 3}, Change.REMINDED)
    told = "The plan has this stage reviewed at intervals of 3 months."
    assert told in " ".join(letter(facts, "en").body.split())
    assert told not in " ".join(letter(together.alert(), "en").body.split())


several = st.lists(st.sampled_from([*Gap, -2.4, -1.2, -0.4, 0.6]), min_size=4, max_size=4)
shares = st.lists(st.sampled_from([*Gap, 0.2, 0.7]), min_size=4, max_size=4)


@given(
    st.fixed_dictionaries(
        {heard: shares if heard == together.SPI_3_LOW else several for heard in together.DEEPENS}
    ),
    st.sampled_from(Change),
    languages,
)
def test_rules_that_count_together_can_be_told_in_every_language(
    values: together.Values, change: Change, language: str
) -> None:
    found = letter(together.alert(values, change), language)
    assert not set("{}") & set(found.subject + found.body)
    assert max(map(len, found.body.splitlines())) <= WIDTH
    assert not any("  " in line.lstrip() for line in found.body.splitlines())


def test_a_correction_cites_an_earlier_message_only_where_one_left() -> None:
    told = cases.corrected()
    untold = replace(told, was_told=False)
    said = " ".join(letter(told, "en").body.split())
    assert (
        'An earlier message said stage "Warning"; the data now at hand say stage "Watch".' in said
    )
    said = " ".join(letter(untold, "en").body.split())
    assert 'by the data now at hand: before stage "Warning", now stage "Watch".' in said
    for language in LANGUAGES:
        assert letter(told, language).body != letter(untold, language).body
