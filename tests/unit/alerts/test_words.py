from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum

import pytest

from pipeline.alerts.catalogue import shipped_catalogue
from pipeline.alerts.facts import Change
from pipeline.alerts.figures import (
    calendar_month_in_words,
    day_in_words,
    month_after_since,
    month_in_words,
    share_in_words,
    threshold_in_words,
    value_in_words,
)
from pipeline.alerts.letters import WIDTH
from pipeline.alerts.outcomes import Outcome
from pipeline.alerts.words import LANGUAGES, Heading, words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import (
    Country,
    DroughtType,
    IndexCode,
    IndexFamily,
    LandUse,
    Release,
    Season,
)
from pipeline.core.months import Month
from pipeline.plans.actions import Family
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import SourceKind

EN, RU = words_of("en"), words_of("ru")
SPI, PERCENT = IndexCode.parse("spi_3"), IndexCode.parse("pn_3")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    ("field", "vocabulary"),
    [
        pytest.param("countries", Country, id="every country has a name"),
        pytest.param("land_uses", LandUse, id="every land use"),
        pytest.param("drought", DroughtType, id="every drought"),
        pytest.param("of_drought", DroughtType, id="every drought after the word stage"),
        pytest.param("gaps", Gap, id="every gap"),
        pytest.param("happened", Change, id="every change has a sentence"),
        pytest.param("in_short", Change, id="every change has a subject"),
        pytest.param("consequences", Outcome, id="every outcome"),
        pytest.param("group_consequences", Outcome, id="every outcome within a group"),
        pytest.param("groups", Form, id="every form of group"),
        pytest.param("headings", Heading, id="every part of a letter"),
        pytest.param("kinds", SourceKind, id="every kind of source"),
        pytest.param("releases", Release, id="every release"),
    ],
)
def test_nothing_is_without_words(language: str, field: str, vocabulary: type[StrEnum]) -> None:
    assert set(getattr(words_of(language), field)) == set(vocabulary)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_index_is_without_words(language: str) -> None:
    said = words_of(language).indices
    assert set(said.full) == set(said.short) == set(said.blind) == set(IndexFamily)
    assert set(said.season_labels) == set(said.short_season_labels) == set(Season)
    without_value = {Outcome.SILENT, Outcome.OUT_OF_SEASON, Outcome.LAPSED}
    assert set(said.area_compared) == set(Outcome) - without_value
    assert set(words_of(language).compared) == set(Outcome) - without_value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_action_has_a_name(language: str) -> None:
    families = words_of(language).actions.families
    assert set(families) == set(Family)
    assert len(set(families.values())) == len(Family)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_stage_came_to_is_said_only_where_it_can_be_so(language: str) -> None:
    words = words_of(language)
    moves = {Change.BEGAN, Change.ESCALATED, Change.EASED, Change.ENDED}
    assert set(words.by_conditions) == moves
    assert set(words.let_go) == {Change.EASED, Change.ENDED}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_banner_fits_on_one_line(language: str) -> None:
    assert len(words_of(language).banner) <= WIDTH


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_written_in_the_letters_of_their_language(language: str) -> None:
    texts = shipped_catalogue(language).texts
    patterns = {"month", "since_month", "month_name", "since_month_name", "day", "short.month"}
    said = " ".join(text for key, text in texts.items() if key not in patterns)
    script = "CYRILLIC" if language in {"ru", "kk", "ky", "tg"} else "LATIN"
    # Names of indices, units, works and commands, and what stands in braces.
    said = re.sub(r"\{\w+\}|SWEI|CLDR|m³|TARBIL|ugip\S+|drought explain", "", said)
    letters = {letter: unicodedata.name(letter) for letter in said if letter.isalpha()}
    assert [
        one
        for one, name in letters.items()
        if script not in name and "COMMA" not in name and "APOSTROPHE" not in name
    ] == []
    assert unicodedata.is_normalized("NFC", said)


@pytest.mark.parametrize(
    ("language", "letters"),
    [
        pytest.param("kk", "әғқңөұүһі", id="Kazakh"),
        pytest.param("ky", "ңөү", id="Kyrgyz"),
        pytest.param("tg", "ғӣқӯҳҷ", id="Tajik"),
        pytest.param("tk", "äçňöşüý", id="Turkmen"),
        pytest.param("uz", "ʻʼ", id="Uzbek"),
        pytest.param("tr", "çğıöşü", id="Turkish"),
    ],
)
def test_no_letter_of_one_language_stands_in_another(language: str, letters: str) -> None:
    said = " ".join(shipped_catalogue(language).texts.values()).lower()
    own = {"kk": "әғқңөұүһі", "ky": "ңөү", "tg": "ғӣқӯҳҷ", "ru": ""}
    latin = {"tk": "äçžňöşüý", "uz": "ʻʼ", "tr": "âçğıîiöşüûi\N{COMBINING DOT ABOVE}"}
    foreign = set("".join((own if language in own else latin).values())) - set(
        (own | latin)[language]
    )
    if language in latin:
        foreign -= set("iâîû")
    assert not foreign & set(said)
    assert set(letters) - {"һ"} <= set(said)


JULY = date(2021, 7, 8)


@pytest.mark.parametrize(
    ("language", "alone", "since", "day", "calendar"),
    [
        pytest.param("en", "June 2021", "June 2021", "8 July 2021", "May", id="English"),
        pytest.param(
            "ru", "июнь 2021 г.", "июня 2021 г.", "8 июля 2021 г.", "май", id="Russian has cases"
        ),
        pytest.param(
            "kk", "2021 жылғы маусым", "2021 жылғы маусым айынан", "2021 жылғы 8 шілде", "мамыр",
            id="Kazakh puts the year first",
        ),
        pytest.param(
            "ky", "2021-жылдын июнь айы", "2021-жылдын июнь айынан", "2021-ж. 8-июль", "май",
            id="Kyrgyz too",
        ),
        pytest.param(
            "tg", "июни соли 2021", "июни соли 2021", "8 июли соли 2021", "май",
            id="Tajik writes months small",
        ),
        pytest.param("tk", "iýun 2021", "iýun 2021", "8 iýul 2021", "maý", id="Turkmen"),
        pytest.param(
            "uz", "2021-yil iyun", "2021-yil iyun oyidan", "2021-yil 8-iyul", "may", id="Uzbek"
        ),
        pytest.param(
            "tr", "Haziran 2021", "Haziran 2021", "8 Temmuz 2021", "Mayıs",
            id="Turkish writes months with a capital",
        ),
    ],
)  # fmt: skip
def test_dates_follow_the_grammar_of_the_language(
    language: str, alone: str, since: str, day: str, calendar: str
) -> None:
    words, spaces = (
        words_of(language),
        str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  "),
    )
    june = Month(2021, 6)
    assert month_in_words(june, words).translate(spaces) == alone
    assert month_after_since(june, words).translate(spaces) == since
    assert day_in_words(JULY, words).translate(spaces) == day
    assert calendar_month_in_words(5, words) == calendar


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_of_a_year_has_a_name_of_its_own(language: str) -> None:
    words = words_of(language)
    assert len({calendar_month_in_words(one, words) for one in range(1, 13)}) == 12
    assert not any(calendar_month_in_words(one, words).isdecimal() for one in range(1, 13))


@pytest.mark.parametrize(
    ("language", "numbers", "told"),
    [
        pytest.param("en", (1, 2), ["1 month", "2 months"], id="English has two forms"),
        pytest.param(
            "ru", (1, 3, 5, 11, 21), ["1 месяц", "3 месяца", "5 месяцев", "11 месяцев", "21 месяц"],
            id="Russian has three",
        ),
        pytest.param("kk", (1, 5), ["1 ай", "5 ай"], id="Kazakh has one behind a number"),
        pytest.param("tg", (1, 5), ["1 моҳ", "5 моҳ"], id="so has Tajik"),
        pytest.param("tr", (1, 5), ["1 ay", "5 ay"], id="so has Turkish"),
    ],
)  # fmt: skip
def test_numbers_of_months(language: str, numbers: tuple[int, ...], told: list[str]) -> None:
    assert [words_of(language).months(number) for number in numbers] == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        pytest.param("en", "97%", id="English"),
        pytest.param("ru", "97\N{NO-BREAK SPACE}%", id="Russian"),
        pytest.param("kk", "97%", id="Kazakh"),
        pytest.param("tk", "97\N{NO-BREAK SPACE}%", id="Turkmen"),
        pytest.param("tr", "%97", id="Turkish puts the sign first"),
    ],
)
def test_percent(language: str, told: str) -> None:
    assert share_in_words(0.968, words_of(language)) == told


@pytest.mark.parametrize(
    ("value", "limits", "english", "russian"),
    [
        pytest.param(-1.324, (-1.0, 0.0), "-1.32", "-1,32", id="two decimals"),
        pytest.param(-0.996, (-1.0, 0.0), "-0.996", "-0,996", id="more beside a threshold"),
        pytest.param(-1.0, (-1.0, 0.0), "-1.00", "-1,00", id="on the threshold"),
        pytest.param(-0.0001, (-1.0,), "0.00", "0,00", id="no zero with a minus"),
    ],
)
def test_values(value: float, limits: tuple[float, ...], english: str, russian: str) -> None:
    assert value_in_words(value, SPI, EN, *limits) == english
    assert value_in_words(value, SPI, RU, *limits) == russian


def test_percent_of_normal_is_in_percent() -> None:
    assert value_in_words(51.44, PERCENT, EN, 55.0) == "51.4%"
    assert value_in_words(54.97, PERCENT, RU, 55.0) == "54,97\N{NO-BREAK SPACE}%"
    assert threshold_in_words(55.0, PERCENT, EN) == "55%"
    assert threshold_in_words(83.5, PERCENT, EN) == "83.5%"


@pytest.mark.parametrize(
    ("share", "limits", "english", "russian"),
    [
        pytest.param(0.6183, (0.5, 0.3), "62%", "62\N{NO-BREAK SPACE}%", id="whole percent"),
        pytest.param(0.4996, (0.5, 0.3), "49.96%", "49,96\N{NO-BREAK SPACE}%", id="its own side"),
        pytest.param(0.29, (0.29,), "29%", "29\N{NO-BREAK SPACE}%", id="on the threshold"),
    ],
)
def test_shares_of_the_area_are_in_percent(
    share: float, limits: tuple[float, ...], english: str, russian: str
) -> None:
    measure = AreaShare(index=SPI, at_or_below=-1.0)
    assert value_in_words(share, measure, EN, *limits) == english
    assert value_in_words(share, measure, RU, *limits) == russian
    assert threshold_in_words(0.29, measure, EN) == "29%"
    assert threshold_in_words(0.125, measure, EN) == "12.5%"


def test_thresholds_read_as_in_the_plan() -> None:
    written = [threshold_in_words(limit, SPI, RU) for limit in (-1.0, -1.28, 0.0)]
    assert written == ["-1,0", "-1,28", "0,0"]


def test_a_share_is_in_whole_percent() -> None:
    assert (share_in_words(0.968, EN), share_in_words(1.0, RU)) == (
        "97%",
        "100\N{NO-BREAK SPACE}%",
    )
