"""Every index in the words of every language; the sentences were read aloud, and stand here whole."""

from __future__ import annotations

import pytest

from pipeline.alerts.indices_in_words import gap_in_words, index_in_words, short_index
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode
from pipeline.core.indicators import Indicator

YEARS = "1991-2020"
IN_EN = "compared with the same time of year in 1991-2020; 0 is usual, less is drier)"
IN_RU = (
    "в сравнении с тем же временем года в 1991-2020 гг.; 0 означает обычное, меньше 0 означает "
    "суше)"
)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("index", INDEX_CODES, ids=str)
@pytest.mark.parametrize("month", [1, 4, 10])
def test_every_index_has_words_in_every_language(
    index: IndexCode, month: int, language: str
) -> None:
    words = words_of(language)
    full = index_in_words(index, month, YEARS, words)
    said = [full, short_index(index, month, words)]
    said += [gap_in_words(gap, index, month, words) for gap in Gap]
    assert YEARS in full
    assert all(text and "{" not in text and "  " not in text for text in said)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_indices_have_the_same_words(language: str) -> None:
    words = words_of(language)
    assert len({index_in_words(code, 8, YEARS, words) for code in INDEX_CODES}) == 31
    assert len({short_index(code, 8, words) for code in INDEX_CODES}) == 31


@pytest.mark.parametrize(
    ("code", "month", "english", "russian"),
    [
        pytest.param(
            "spi_1",
            6,
            f"SPI-1 (precipitation of the month {IN_EN}",
            f"SPI-1 (осадки за месяц {IN_RU}",
            id="one month",
        ),
        pytest.param(
            "spei_24",
            6,
            f"SPEI-24 (precipitation less potential evapotranspiration of the last 24 months {IN_EN}",
            f"SPEI-24 (осадки за вычетом потенциального испарения за последние 24 месяца {IN_RU}",
            id="twenty-four months, of which Russian counts the four",
        ),
        pytest.param(
            "spi_hy",
            2,
            f"SPI since 1 October (precipitation of the 5 months from October to February {IN_EN}",
            f"SPI с 1 октября (осадки за 5 месяцев, с октября по февраль, {IN_RU}",
            id="the water year in February",
        ),
        pytest.param(
            "spi_hy",
            10,
            f"SPI since 1 October (precipitation of October, the first month, {IN_EN}",
            f"SPI с 1 октября (осадки за первый месяц, октябрь, {IN_RU}",
            id="its first month",
        ),
        pytest.param(
            "spei_veg",
            7,
            "SPEI of the growing season (precipitation less potential evapotranspiration of the 4 "
            f"months from April to July {IN_EN}",
            "SPEI за вегетационный период (осадки за вычетом потенциального испарения за 4 месяца, "
            f"с апреля по июль, {IN_RU}",
            id="the growing season in July",
        ),
        pytest.param(
            "spi_veg",
            12,
            f"SPI of the growing season (precipitation of the 6 months from April to September {IN_EN}",
            f"SPI за вегетационный период (осадки за 6 месяцев, с апреля по сентябрь, {IN_RU}",
            id="out of season the months are those of the whole season",
        ),
        pytest.param(
            "pn_3",
            6,
            "Precipitation of the last 3 months in percent of the mean for the same time of year in "
            "1991-2020",
            "Осадки за последние 3 месяца в процентах от среднего за то же время года в 1991-2020 гг.",
            id="percent of normal",
        ),
        pytest.param(
            "smri_6",
            6,
            f"SMRI-6 (snow melt and rain of the last 6 months {IN_EN}",
            f"SMRI-6 (вода от таяния снега и дождя за последние 6 месяцев {IN_RU}",
            id="snow melt and rain",
        ),
        pytest.param(
            "swei_1",
            3,
            "SWEI (snow water equivalent, the water held in the snow, compared with the same month "
            "of the years 1991-2020; 0 is usual, below 0 is less snow)",
            "SWEI (запас воды в снеге в сравнении с тем же месяцем в 1991-2020 гг.; 0 означает "
            "обычное, меньше 0 означает меньше обычного)",
            id="snow water",
        ),
        pytest.param(
            "sma_3",
            6,
            "Soil moisture anomaly of the last 3 months (the upper metre of soil compared with the "
            "same time of year in 1991-2020, in standard deviations; 0 is usual, less is drier)",
            "Аномалия влажности почвы за последние 3 месяца (верхний метр почвы в сравнении с тем "
            "же временем года в 1991-2020 гг., в стандартных отклонениях; 0 означает обычное, "
            "меньше 0 означает суше)",
            id="soil moisture",
        ),
    ],
)
def test_an_index_reads(code: str, month: int, english: str, russian: str) -> None:
    index = IndexCode.parse(code)
    assert index_in_words(index, month, YEARS, words_of("en")) == english
    assert index_in_words(index, month, YEARS, words_of("ru")) == russian


@pytest.mark.parametrize(
    ("code", "month", "english", "russian"),
    [
        pytest.param("spi_3", 6, "SPI-3", "SPI-3", id="a fixed window"),
        pytest.param(
            "spi_hy",
            2,
            "SPI since 1 October (5 months)",
            "SPI с 1 октября (5 месяцев)",
            id="winter",
        ),
        pytest.param(
            "smri_hy",
            10,
            "SMRI since 1 October (1 month)",
            "SMRI с 1 октября (1 месяц)",
            id="first",
        ),
        pytest.param(
            "spei_veg",
            8,
            "SPEI of the growing season, April to August",
            "SPEI за вегетационный период, с апреля по август",
            id="summer",
        ),
        pytest.param(
            "spi_veg",
            4,
            "SPI of the growing season, April",
            "SPI за вегетационный период, апрель",
            id="the first month of summer",
        ),
        pytest.param(
            "pn_3", 6, "percent of normal (3 months)", "процент от нормы (3 месяца)", id="percent"
        ),
        pytest.param("swei_1", 3, "SWEI", "SWEI", id="snow"),
        pytest.param(
            "sma_1",
            6,
            "soil moisture anomaly (1 month, in standard deviations)",
            "аномалия влажности почвы (1 месяц, в стандартных отклонениях)",
            id="soil",
        ),
    ],
)
def test_the_short_form_reads(code: str, month: int, english: str, russian: str) -> None:
    index = IndexCode.parse(code)
    assert short_index(index, month, words_of("en")) == english
    assert short_index(index, month, words_of("ru")) == russian


VEG, SPI_3 = IndexCode.parse("spi_veg"), IndexCode.parse("spi_3")


@pytest.mark.parametrize(
    ("measure", "month", "gap", "english", "russian"),
    [
        pytest.param(
            VEG,
            12,
            Gap.NOT_APPLICABLE,
            "the index does not exist in this calendar month; it runs from April to September",
            "в этом календарном месяце индекса нет, он рассчитывается с апреля по сентябрь",
            id="out of season",
        ),
        pytest.param(
            AreaShare(index=VEG, at_or_below=-1.0),
            3,
            Gap.NOT_APPLICABLE,
            "the index does not exist in this calendar month; it runs from April to September",
            "в этом календарном месяце индекса нет, он рассчитывается с апреля по сентябрь",
            id="the area out of season",
        ),
        pytest.param(
            VEG,
            7,
            Gap.NOT_APPLICABLE,
            "rain is too rare at this time of year for the index to say anything",
            "осадки в это время года слишком редки, чтобы индекс что-либо показывал",
            id="in season, and blind",
        ),
        pytest.param(
            IndexCode.parse("swei_1"),
            8,
            Gap.NOT_APPLICABLE,
            "snow is too rare in this month for the index to say anything",
            "снег в этом месяце слишком редок, чтобы индекс что-либо показывал",
            id="no snow",
        ),
        pytest.param(
            AreaShare(index=SPI_3, at_or_below=-1.0),
            7,
            Gap.NOT_PUBLISHED,
            "there is no map of this month",
            "карты за этот месяц нет",
            id="no map",
        ),
        pytest.param(
            Indicator.parse("snow_survey", "mm"),
            7,
            Gap.NOT_PUBLISHED,
            "the source has not published it",
            "источник его не опубликовал",
            id="an indicator",
        ),
    ],
)
def test_a_gap_says_what_is_missing(
    measure: IndexCode | AreaShare | Indicator, month: int, gap: Gap, english: str, russian: str
) -> None:
    assert gap_in_words(gap, measure, month, words_of("en")) == english
    assert gap_in_words(gap, measure, month, words_of("ru")) == russian
