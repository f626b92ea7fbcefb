"""One message for many: it fits its form, counts what there is, and hides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.digest import digest
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gsm import fits_one_sms
from pipeline.alerts.letters import WIDTH, Letter
from pipeline.alerts.recipients import Form
from pipeline.alerts.short import sms
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.ids import DroughtType, Origin
from pipeline.core.months import Month
from tests.unit.alerts import cases, shipped_alerts

UZBEK = [one for one in shipped_alerts.PLACES if one.country == "UZ"]


def told(alerts: list[AlertFacts], language: str, form: Form) -> Letter:
    return digest(alerts, language, form)


def uzbek(*changes: tuple[int, DroughtType, Change, str, str]) -> list[AlertFacts]:
    """Alerts of an exercise in Uzbekistan: place, drought, change, from and to which stage."""
    return [
        shipped_alerts.alert(
            UZBEK[place], kind, change, old, new, inputs=cases.SIMULATED, alert_id=100 + n
        )
        for n, (place, kind, change, old, new) in enumerate(changes)
    ]


SOIL, RAIN = DroughtType.AGRICULTURAL, DroughtType.METEOROLOGICAL
SEVERAL = uzbek(
    (0, RAIN, Change.BEGAN, "none", "watch"),
    (1, RAIN, Change.ESCALATED, "watch", "severe"),
    (1, SOIL, Change.BEGAN, "none", "warning"),
    (2, RAIN, Change.ENDED, "warning", "none"),
    (3, RAIN, Change.BEGAN, "none", "watch"),
)


def test_a_letter_reads_as_agreed() -> None:
    found = told(SEVERAL, "en", Form.LETTER)
    assert found.subject == "[EXERCISE] Drought stages: 4 landscapes, June 2021"
    head, _, rest = found.body.partition("These are proposals by the plan, not orders:\n")
    assert head == (
        "EXERCISE - SIMULATED DATA - no real drought\n\n"
        "One message instead of many: 5 messages, 4 landscapes.\n"
        'Meteorological drought: "Severe" (1), "Watch" (2), no stage (1).\n'
        'Agricultural drought: "Warning" (1).\n'
        "The letter on each is attached: why, by which data and plan, and who\n"
        "approved it.\n\n"
        "UZBEKISTAN, meteorological drought\n"
        "- Bukhara Region: stage rises from \"Watch\" to \"Severe\", Jun 2021, alert\n"
        "  101\n"
        '- Andijan Region: stage "Watch" begins, Jun 2021, alert 100\n'
        '- Jizzakh Region: stage "Watch" begins, Jun 2021, alert 104\n'
        '- Fergana Region: stage "Warning" ends, Jun 2021, alert 103\n\n'
        "UZBEKISTAN, agricultural drought\n"
        '- Bukhara Region: stage "Warning" begins, Jun 2021, alert 102\n\n'
    )  # fmt: skip
    assert rest.endswith("\n\nEXERCISE - SIMULATED DATA - no real drought\n")


def test_a_chat_message_reads_as_agreed() -> None:
    assert told(SEVERAL, "ru", Form.BRIEF).body == (
        "УЧЕНИЕ - СМОДЕЛИРОВАННЫЕ ДАННЫЕ - настоящей засухи нет\n"
        "Одно сообщение вместо многих: 5 сообщений, 4 территории.\n"
        "Метеорологическая засуха: «Сильная засуха» (1), «Наблюдение» (2), стадии нет (1).\n"
        "Сельскохозяйственная засуха: «Предупреждение» (1).\n"
        "- Бухарская область: метеозасуха, стадия теперь «Сильная засуха», прежде «Наблюдение», "
        "06.2021, №101\n"
        "- Бухарская область: агрозасуха, начинается стадия «Предупреждение», 06.2021, №102\n"
        "- Андижанская область: метеозасуха, начинается стадия «Наблюдение», 06.2021, №100\n"
        "- Джизакская область: метеозасуха, начинается стадия «Наблюдение», 06.2021, №104\n"
        "- Ферганская область: метеозасуха, стадия «Предупреждение» закончилась, 06.2021, №103\n"
        "Текст этого сообщения не проверен носителем языка.\n"
        "Письмо по каждому сообщению запросите у отправителя по его номеру.\n"
        "УЧЕНИЕ"
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param(
            "en",
            'EXERCISE. Drought stages: 4 landscapes, Jun 2021. "Severe" (1), "Watch" (2), no stage (1)',
            id="in English every stage",
        ),
        pytest.param(
            "ru", "УЧЕНИЕ. Стадии: 4 территории, 06.2021. «Сильная засуха» (1), …*",
            id="in Russian the gravest, and that there are others",
        ),
        pytest.param(
            "tr",
            'TATBIKAT. Kuraklik asamalari: 4 alan, 06.2021. "Severe" (1), "Watch" (2), asama yok (1) '
            "(ceviri denetlenmedi)", id="in Turkish, and in words that nobody has checked it",
        ),
    ],
)  # fmt: skip
def test_a_text_message_counts_landscapes_by_their_gravest_stage(
    language: str, expected: str
) -> None:
    assert told(SEVERAL, language, Form.SMS).body == expected


def test_the_newest_alert_of_a_drought_is_what_counts_and_what_is_proposed() -> None:
    june, july = uzbek(
        (0, RAIN, Change.BEGAN, "none", "watch"), (0, RAIN, Change.ENDED, "watch", "none")
    )
    july = replace(july, month=Month(2021, 7))
    found = told([july, june], "en", Form.LETTER).body
    assert "Meteorological drought: no stage (1).\n" in found
    assert "proposals" not in found
    assert found.index("alert 100") < found.index("alert 101")
    brief = told([july, june], "en", Form.BRIEF).body
    assert 'stage "Watch" ends, Jul 2021, alert 101\n- and 1 more\n' in brief
    assert told([july, june], "en", Form.SMS).body == (
        "EXERCISE. Drought stages: 1 landscape, Jul 2021. no stage (1)"
    )


def test_proposals_are_summed_by_land_use_over_landscapes_not_over_alerts() -> None:
    irrigated = [n for n, one in enumerate(UZBEK) if one.land_use == "irrigated"][:2]
    alerts = uzbek(*((n, RAIN, Change.BEGAN, "none", "warning") for n in irrigated))
    alerts += uzbek((irrigated[0], SOIL, Change.BEGAN, "none", "warning"))
    lines = told(alerts, "en", Form.LETTER).body.replace("\n  ", " ").split("\n")
    assert lines.count("Irrigated land:") == 1
    informing = [line for line in lines if line.startswith("- plain information")]
    assert len(informing) == 1
    assert informing[0].endswith(": 2 landscapes")


def test_drafts_among_adopted_alerts_are_marked_one_by_one() -> None:
    draft, adopted = cases.escalated(), replace(cases.adopted(), alert_id=18, landscape_id="KZ-X")
    found = told([draft, adopted], "en", Form.BRIEF).body
    assert "- DRAFT. Mangystau: " in found
    assert "- Mangystau: " in found
    assert told([draft, adopted], "en", Form.SMS).body.startswith("DRAFT. ")
    assert "DRAFT" not in told([draft], "en", Form.BRIEF).body
    assert words_of("en").not_adopted in told([draft], "en", Form.BRIEF).body
    assert words_of("en").not_adopted not in told([adopted], "en", Form.BRIEF).body


def test_a_text_message_without_room_for_a_stage_says_of_what_the_stages_are() -> None:
    kyrgyz = [one for one in shipped_alerts.PLACES if one.country == "KG"]
    alerts = [
        shipped_alerts.alert(
            kyrgyz[n], RAIN, Change.ESCALATED, "none", stage, inputs=cases.SIMULATED, alert_id=n
        )
        for n, stage in enumerate(("severe", "watch"))
    ]
    assert told(alerts, "ky", Form.SMS).body == (
        "ОКУУ МАШЫГУУСУ. Кургакчылык баскычтары: 2 аймак, 06.2021*"
    )


def test_stages_of_one_rank_come_in_the_same_order_in_every_language() -> None:
    province, *others = (one for one in shipped_alerts.PLACES if one.country == "TR")
    alerts = [
        shipped_alerts.alert(
            place, kind, Change.BEGAN, "none", stage, inputs=cases.SIMULATED, alert_id=n
        )
        for n, (place, kind, stage) in enumerate(
            [(province, RAIN, "acil_durum"), (others[0], SOIL, "severe")]
        )
    ]
    assert '"Emergency" (1), "Severe" (1)' in told(alerts, "en", Form.SMS).body
    assert "«Экстренная ситуация» (1)" in told(alerts, "ru", Form.SMS).body


def test_one_alert_alone_is_the_text_message_about_it() -> None:
    assert told(SEVERAL[:1], "uz", Form.SMS).body == sms(SEVERAL[0], "uz")


def test_nothing_is_no_digest() -> None:
    with pytest.raises(ValueError, match="expected alerts, got none"):
        digest([], "en", Form.LETTER)


many = st.lists(shipped_alerts.alerts(), min_size=1, max_size=25)


@settings(deadline=None, max_examples=50)
@given(many, st.sampled_from(LANGUAGES))
def test_a_digest_fits_its_form_and_holds_every_mark(
    alerts: list[AlertFacts], language: str
) -> None:
    words = words_of(language)
    is_exercise = any(one.evidence.inputs.origin is Origin.SIMULATED for one in alerts)
    shuffled = [*alerts[1::2], *alerts[::2]]
    for form in ("letter", "brief", Form.SMS):
        found = told(alerts, language, form)
        assert found.subject.startswith(f"[{words.exercise}] ") is is_exercise
        assert "\n" not in found.subject
        if len({one.alert_id for one in alerts}) == len(alerts):
            assert told(shuffled, language, form) == found
    letter, brief, text = (
        told(alerts, language, form).body for form in ("letter", "brief", Form.SMS)
    )
    assert all(len(line) <= WIDTH for line in letter.splitlines() if " " in line.strip())
    assert all(str(one.alert_id) in letter for one in alerts)
    assert len(brief) <= 1000
    assert fits_one_sms(text)
    assert text.isprintable()
    for body in (letter, brief):
        assert body.startswith(words.banner) is is_exercise
        assert (words.unchecked in body.replace("\n", " ")) is (language != "en")
        assert (words.not_adopted in body.replace("\n", " ")) is not is_exercise


@settings(deadline=None, max_examples=50)
@given(many)
def test_a_chat_message_tells_or_counts_every_alert(alerts: list[AlertFacts]) -> None:
    lines = told(alerts, "en", Form.BRIEF).body.split("\n")
    listed = [line for line in lines if line.startswith("- ")]
    more = [int(line.split()[2]) for line in listed if line.startswith("- and ")]
    assert len(listed) - len(more) + sum(more) == len(alerts)
