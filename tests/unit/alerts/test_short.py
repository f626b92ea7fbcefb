"""Text messages and chat messages: they fit, they are marked, and say no more than the letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.facts import AlertFacts, Approval, Change, Door
from pipeline.alerts.gsm import fits_one_sms
from pipeline.alerts.naming import quoted_stage
from pipeline.alerts.short import BRIEF, brief, signed_brief, sms
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.errors import InputError
from pipeline.core.ids import DroughtType
from pipeline.plans.texts import LocalText
from tests.unit.alerts import cases, shipped_alerts

EXPECTED = Path(__file__).parent / "expected" / "short"
AGENCY = Approval("A. Karimova", "Drought desk", datetime(2021, 7, 8, tzinfo=UTC))


def room(text: str) -> int:
    """The room of one SMS, by the letters in it alone; not by the code that is tested."""
    is_cyrillic = any("CYRILLIC" in unicodedata.name(one, "") for one in text)
    return 70 if is_cyrillic or _marked(text) else 160


def _marked(text: str) -> bool:
    return any(one not in "äöüÄÖÜñÑéÉèàùìòÇåÅøØæÆß" for one in text if not one.isascii())


@pytest.mark.parametrize(
    ("facts", "language", "expected"),
    [
        pytest.param(
            cases.began, "en",
            'EXERCISE. Jizzakh, Uzbekistan: meteorological drought, stage "Watch" begins, Jun 2021, '
            "alert 17", id="an exercise, with room for everything",
        ),
        pytest.param(
            cases.began, "ru",
            "УЧЕНИЕ. Джизакская обл.: метеозасуха, «Наблюдение», 06.2021, №17*",
            id="in Russian with a short name of the drought",
        ),
        pytest.param(
            cases.escalated, "ru",
            "ПРОЕКТ. Мангистауская обл.: агрозасуха, «Предупреждение» 06.2021 №17*",
            id="by thresholds that nobody adopted",
        ),
        pytest.param(
            cases.adopted, "ru",
            "Мангистауская обл.: агрозасуха, теперь «Предупреждение», 06.2021, №17*",
            id="by an adopted plan, which needs no mark",
        ),
        pytest.param(
            cases.turkish, "tr",
            'TASLAK. Konya, Türkiye: meteorolojik kuraklik, asama simdi "Acil durum", önceden '
            '"Uyari", 06.2021, No17 (ceviri denetlenmedi)',
            id="in Turkish, folded, with room to say that nobody has checked it",
        ),
        pytest.param(
            cases.unconfirmed, "ru",
            "ПРОЕКТ. Марыйский велаят: метеозасуха, «Наблюдение»?, 06.2021, №17*",
            id="a stage that is held, not known",
        ),
        pytest.param(
            cases.corrected, "ru",
            "ПРОЕКТ. Нарынская обл.: метеозасуха, испр.: «Наблюдение» 06.2021 №17*",
            id="a correction",
        ),
    ],
)  # fmt: skip
def test_a_text_message_reads_as_agreed(
    facts: Callable[[], AlertFacts], language: str, expected: str
) -> None:
    assert sms(facts(), language) == expected
    assert len(expected) <= room(expected)


@settings(deadline=None)
@given(shipped_alerts.alerts(), st.integers(0, 2))
def test_a_text_message_fits_one_sms_whatever_it_is_about(facts: AlertFacts, which: int) -> None:
    language = facts.plan.spoken[which]
    text = sms(facts, language)
    assert len(text) <= room(text), text
    assert text.isprintable()
    mark = words_of(language).exercise if facts.is_simulated else words_of(language).short.draft
    assert text.startswith(f"{_plain(mark, text)}. ")
    assert str(facts.alert_id) in text
    assert "2021" in text
    stages = {facts.to_stage} | ({facts.from_stage} if facts.change is Change.ENDED else set())
    assert any(_is_named(quoted_stage(one, facts, language), text) for one in stages)


def _is_named(stage: str, text: str) -> bool:
    """Whether the stage stands there whole, or cut so that one sees it, and not to a stump."""
    return _plain(stage, text) in text or (stage[:9] in text and "…»" in text)


def _plain(text: str, like: str) -> str:
    """`text` as it is in a message: with its own letters, or folded by the reader's eye."""
    if text in like:
        return text
    marks = {"ʻ": "'", "ʼ": "'", "ı": "i", "“": '"', "”": '"'}
    plain = "".join(marks.get(one, one) for one in text)
    kept = "äöüÄÖÜÇ"
    return "".join(
        one if one in kept else unicodedata.normalize("NFD", one)[0] if one.isalpha() else one
        for one in plain
    )


@settings(deadline=None)
@given(
    st.sampled_from([cases.began, cases.escalated, cases.corrected, cases.unconfirmed]),
    st.text(min_size=1, max_size=300),
    st.text(min_size=1, max_size=120),
    st.integers(1, 2**63 - 1),
    st.sampled_from(LANGUAGES),
)
def test_no_name_is_too_long_or_too_odd_for_a_text_message(
    facts: Callable[[], AlertFacts], name: str, stage: str, alert_id: int, language: str
) -> None:
    told = replace(
        _with_stages(facts(), stage), landscape_names={"en": name, "ru": name}, alert_id=alert_id
    )
    text = sms(told, language)
    assert text.isprintable()
    assert fits_one_sms(text)
    assert str(alert_id) in text
    assert len(brief(told, language)) <= BRIEF


def _with_stages(facts: AlertFacts, name: str) -> AlertFacts:
    """The same by a plan whose stages all have this name, in all its languages."""
    names = LocalText.model_construct(texts={"en": name, "ru": name}, unchecked=frozenset())
    ladder = facts.plan.ladders[facts.drought_type]
    stages = tuple(stage.model_copy(update={"names": names}) for stage in ladder.stages)
    ladders = {
        **facts.plan.ladders,
        facts.drought_type: ladder.model_copy(update={"stages": stages}),
    }
    return replace(facts, plan=facts.plan.model_copy(update={"ladders": ladders}))


def test_a_name_is_cut_only_where_nothing_else_gives_room() -> None:
    place = next(one for one in shipped_alerts.PLACES if one.landscape_id == "TJ-GB")
    facts = shipped_alerts.alert(
        place, DroughtType.AGRICULTURAL, Change.ESCALATED, "watch", "severe",
        inputs=cases.SIMULATED, alert_id=1234567,
    )  # fmt: skip
    assert sms(facts, "ru") == (
        "УЧЕНИЕ. Горно-Бадахшанская авт. о…: «Сильная засуха» 06.2021 №1234567*"
    )


@pytest.mark.parametrize(
    ("name", "facts", "language"),
    [
        pytest.param("began.en", cases.began, "en", id="an exercise in Uzbekistan begins"),
        pytest.param("began.uz", cases.began, "uz", id="the same in Uzbek"),
        pytest.param("escalated.ru", cases.escalated, "ru", id="Kazakhstan rises, in Russian"),
        pytest.param("ended.ru", cases.ended, "ru", id="Tajikistan ends, in Russian"),
        pytest.param("corrected.en", cases.corrected, "en", id="Kyrgyzstan is corrected"),
        pytest.param("turkish.tr", cases.turkish, "tr", id="Türkiye in Turkish"),
        pytest.param("unconfirmed.en", cases.unconfirmed, "en", id="a stage held in silence"),
    ],
)
def test_a_chat_message_reads_as_agreed(
    name: str, facts: Callable[[], AlertFacts], language: str
) -> None:
    found = signed_brief(brief(facts(), language), cases.APPROVAL, language)
    assert found + "\n" == (EXPECTED / f"{name}.txt").read_text("utf-8")


@settings(deadline=None)
@given(shipped_alerts.alerts(), st.integers(0, 2))
def test_a_chat_message_is_short_and_holds_every_mark(facts: AlertFacts, which: int) -> None:
    language = facts.plan.spoken[which]
    words, draft = words_of(language), brief(facts, language)
    signed = signed_brief(draft, AGENCY, language)
    lines = signed.split("\n")
    assert len(signed) <= 1000
    assert AGENCY.name in signed
    assert str(facts.alert_id) in signed
    assert words.template in signed
    assert (words.unchecked in lines) is (language != "en")
    if facts.is_simulated:
        assert (lines[0], lines[-1]) == (words.banner, words.exercise)
    else:
        assert words.not_adopted in lines
        assert words.banner not in lines
    # What was approved is what leaves, and one line more.
    assert [line for line in lines if AGENCY.name not in line] == draft.split("\n")


@settings(deadline=None)
@given(shipped_alerts.alerts(cases.REAL))
def test_what_is_proposed_is_told_or_counted(facts: AlertFacts) -> None:
    lines = brief(facts, "en").split("\n")
    stage = next(
        (s for s in facts.plan.ladders[facts.drought_type].stages if s.stage == facts.to_stage),
        None,
    )
    proposed = (
        ()
        if stage is None
        else stage.actions_for(facts.land_use, is_salt_affected=facts.is_salt_affected)
    )
    told = [line for line in lines if line.startswith("- ")]
    more = [line for line in told if line.startswith("- and ")]
    count = len(told) - len(more) + sum(int(line.split()[2]) for line in more)
    assert count == len(proposed)
    assert (words_of("en").not_orders in lines) is bool(proposed)


def test_a_long_office_is_cut_and_the_banner_stays_last() -> None:
    long = replace(cases.APPROVAL, office="Office of " + "very " * 60 + "long names")
    signed = signed_brief(brief(cases.began(), "en"), long, "en")
    assert len(signed) <= BRIEF
    assert signed.split("\n")[-1] == "EXERCISE"
    assert signed.split("\n")[-2].startswith("Approved for sending by A. Karimova, Office of very")
    assert signed.split("\n")[-2].endswith("…, 8 July 2021.")


def test_a_message_that_left_by_itself_cites_the_order() -> None:
    by_order = replace(cases.APPROVAL, door=Door.PLAN, legal_basis="Order 5")
    signed = signed_brief(brief(cases.escalated(), "en"), by_order, "en")
    assert signed.endswith("Sent without a person's approval, as Order 5 allows.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_marks_of_text_messages_are_short_and_numbers_whole(language: str) -> None:
    words = words_of(language)
    assert len(words.short.draft) <= 12
    assert len(words.exercise) <= 20
    pairs = [pair.partition("=") for pair in words.short.abbreviations.split(", ")]
    assert all(word and cut and len(cut) <= len(word) for word, _, cut in pairs)


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="'kaa'"):
        sms(cases.began(), "kaa")
