"""What a bulletin says in each language: read as text, and the laws that hold for every sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from pipeline.alerts.catalogue import Domain, shipped_catalogue
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.delivery.bulletin import bulletin_content, bulletin_text, has_unchecked
from pipeline.delivery.bulletin.facts import BulletinFacts, languages
from pipeline.delivery.bulletin.text import as_text
from pipeline.delivery.bulletin.wording import caution
from pipeline.delivery.bulletin.words import Caution
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import SourceKind
from tests.unit.delivery.bulletin.cases import (
    BANNER,
    FACTS,
    ISSUE,
    ISSUED,
    NOTE,
    OF_REGION,
    SAMPLES,
    SIMULATED,
    TR_PLAN,
    UZ_PLAN,
    UZBEKISTAN,
    adopted,
    content_of,
)

EXPECTED = Path(__file__).parent / "expected"
GENERIC = "Generic thresholds, not adopted by national law; draft, not for public release"


@pytest.mark.parametrize(
    ("facts", "language", "name"),
    [
        pytest.param(ISSUED, "en", "uzbekistan-2021-07.en.txt", id="issued, in English"),
        pytest.param(FACTS, "ru", "uzbekistan-2021-07.ru.txt", id="a working paper, in Russian"),
        pytest.param(FACTS, "uz", "uzbekistan-2021-07.uz.txt", id="a working paper, in Uzbek"),
        pytest.param(OF_REGION, "en", "region-2021-07.en.txt", id="the region"),
    ],
)
def test_it_reads_as_was_read_and_agreed(facts: BulletinFacts, language: str, name: str) -> None:
    assert bulletin_text(facts, language) == (EXPECTED / name).read_text("utf-8")


SAID = [
    pytest.param(name, language, id=f"{name}, {language}")
    for name, language in product(SAMPLES, LANGUAGES)
]


@pytest.mark.parametrize(("name", "language"), SAID)
def test_every_language_says_every_sample_without_a_hole(name: str, language: str) -> None:
    content = content_of(name, language)
    assert content.language == language
    assert not [text for text in content.texts() if "{" in text or "}" in text or "None" in text]
    assert [section.key for section in content.sections] == [
        "stages", "year", "actions", "alerts", "data", "thresholds", "reading",
    ]  # fmt: skip
    assert all(section.heading and section.blocks for section in content.sections)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("name", ["a month of one country", "the region", "nothing known"])
def test_no_english_is_left_in_a_translation(name: str, language: str) -> None:
    said = " ".join(content_of(name, language).texts())
    theirs = shipped_catalogue(language, Domain.BULLETIN).texts
    english = {
        key: text
        for key, text in shipped_catalogue("en", Domain.BULLETIN).texts.items()
        if len(text) > 12 and "{" not in text and theirs[key] != text
    }
    assert english
    assert [key for key, text in english.items() if text in said] == []


@pytest.mark.parametrize(("name", "language"), SAID)
def test_what_must_be_known_first_is_said_first_and_last(name: str, language: str) -> None:
    facts, content, words = SAMPLES[name], content_of(name, language), words_of(language)
    said = " ".join(as_text(content).split())
    assert content.is_exercise == facts.is_simulated
    assert (words.banner in content.cautions) == facts.is_simulated
    assert said.startswith(" ".join(content.cautions))
    assert said.endswith(" ".join(content.cautions))
    assert content.title.startswith(f"{words.exercise}: ") == facts.is_simulated


def test_an_exercise_says_so_before_all_else_in_the_title_and_on_the_map() -> None:
    content = bulletin_content(SIMULATED, "en")
    assert content.cautions == (BANNER, GENERIC)
    assert content.title == "EXERCISE: Drought bulletin, Uzbekistan, July 2021"
    assert content.map is not None
    assert ">EXERCISE</text>" in content.map.svg
    assert "simulated data in the layout of era5-land" in bulletin_text(SIMULATED, "en")


def test_a_draft_says_so_in_the_title_and_on_the_map() -> None:
    content = bulletin_content(FACTS, "en")
    assert content.title == "DRAFT: Drought bulletin, Uzbekistan, July 2021"
    assert content.map is not None
    assert ">DRAFT</text>" in content.map.svg


@pytest.mark.parametrize(
    ("plan", "because"),
    [
        pytest.param(UZ_PLAN, Caution.GENERIC, id="generic thresholds"),
        pytest.param(TR_PLAN, Caution.AGENCY, id="an agency's table"),
        pytest.param(
            adopted(UZ_PLAN, SourceKind.GENERIC),
            Caution.GENERIC,
            id="an adopted plan with generic numbers",
        ),
        pytest.param(
            adopted(UZ_PLAN, SourceKind.NATIONAL).model_copy(
                update={"status": "template", "authority": None}
            ),
            Caution.TEMPLATE,
            id="a template with national numbers",
        ),
        pytest.param(adopted(UZ_PLAN, SourceKind.NATIONAL), None, id="an adopted plan"),
    ],
)
def test_thresholds_that_are_not_law_are_said(plan: Plan, because: Caution | None) -> None:
    assert caution([plan]) == because
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, plans=(plan,)),))
    content = bulletin_content(facts, "en")
    assert len(content.cautions) == (because is not None)
    assert content.title.startswith("DRAFT: ") == (because is not None)
    assert content.map is not None
    assert ("DRAFT" in content.map.svg) == (because is not None)


def test_an_unchecked_language_says_so_and_english_does_not() -> None:
    assert has_unchecked(FACTS, "ru")
    assert not has_unchecked(FACTS, "en")
    assert (
        "Текст этого бюллетеня не проверен носителем языка."
        in bulletin_content(FACTS, "ru").cautions
    )


@pytest.mark.parametrize(
    ("accepts", "language", "is_issued"),
    [
        pytest.param(False, "en", True, id="a checked language is issued"),
        pytest.param(False, "uz", False, id="an unchecked one stays a working paper"),
        pytest.param(True, "uz", True, id="unless the issuer accepts it"),
    ],
)
def test_what_nobody_has_checked_is_issued_only_if_it_is_accepted(
    accepts: bool, language: str, is_issued: bool
) -> None:
    facts = replace(ISSUED, issue=replace(ISSUE, accepts_unchecked=accepts))
    content = bulletin_content(facts, language)
    assert content.is_issued is is_issued
    assert content.signature.is_issued is is_issued
    assert ("14-07/21" in content.standing) is is_issued
    filled = [line.value for line in content.signature.lines]
    assert bool("".join(filled)) is is_issued


def test_a_bulletin_nobody_issued_leaves_room_to_sign() -> None:
    content = bulletin_content(FACTS, "en")
    assert content.standing == "Working paper, not issued"
    assert [line.label for line in content.signature.lines] == [
        "Outgoing number", "Date", "Name", "Office", "Legal basis", "Signature",
    ]  # fmt: skip


def test_the_forecasters_words_stand_in_paragraphs_with_their_name_and_day() -> None:
    note = bulletin_content(ISSUED, "en").note
    assert note is not None
    assert note.paragraphs == (
        "Rain stayed far from the plains.",
        "Snow was gone by May; the rivers are low.",
    )
    assert note.signed == "R. Karimov, 8 August 2021"


def test_note_and_making_bear_the_time_of_the_country_of_the_region_utc() -> None:
    night = datetime(2021, 8, 8, 21, 30, tzinfo=UTC)
    late = replace(ISSUED, notes=(replace(NOTE, written_at=night),), made_at=night)
    said = bulletin_content(late, "en")
    assert said.note is not None
    assert said.note.signed == "R. Karimov, 9 August 2021"
    assert said.made.startswith("Made at 2021-08-09 02:30 UTC+05:00 by")
    region = bulletin_content(replace(OF_REGION, made_at=night), "en")
    assert region.made.startswith("Made at 2021-08-08 21:30 UTC by")


def test_words_in_another_language_say_in_which() -> None:
    russian = replace(NOTE, language="ru", body="Дождей не было.")
    both = replace(FACTS, notes=(NOTE, russian))
    found = {one: bulletin_content(both, one).note for one in ("en", "ru", "uz")}
    assert {one: note.paragraphs[0] for one, note in found.items() if note is not None} == {
        "en": "Rain stayed far from the plains.",
        "ru": "Дождей не было.",
        "uz": "Rain stayed far from the plains.",
    }
    assert found["uz"] is not None
    assert found["uz"].signed.endswith("Boshqa tilda yozilgan: inglizcha")
    assert bulletin_content(FACTS, "en").note is None


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_proclaimed(name: str) -> None:
    said = as_text(content_of(name, "en")).replace('"Emergency"', "").lower()
    assert "emergency" not in said
    assert "declare" not in said
    assert "storm warning" not in said


def test_a_bulletin_speaks_as_its_plan_does() -> None:
    assert languages(FACTS) == ("en", "ru", "uz")
    assert languages(OF_REGION) == ("en", "ru")
    no_plan = replace(FACTS, scope=Country.UZBEKISTAN, countries=(replace(UZBEKISTAN, plans=()),))
    assert languages(no_plan) == ("en", "ru")


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="expected a language among"):
        bulletin_content(FACTS, "de")


def test_the_same_facts_give_the_same_words() -> None:
    assert bulletin_content(FACTS, "uz") == bulletin_content(replace(FACTS), "uz")
