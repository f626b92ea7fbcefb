"""The closed vocabularies."""

from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import (
    AREA_CLASSES,
    CELL_INDEX_CODES,
    INDEX_CODES,
    IndexCode,
    IndexFamily,
    Season,
)

WRITTEN = [
    "spi_1", "spi_2", "spi_3", "spi_6", "spi_9", "spi_12", "spi_24", "spi_hy", "spi_veg",
    "spei_1", "spei_2", "spei_3", "spei_6", "spei_9", "spei_12", "spei_24", "spei_hy", "spei_veg",
    "pn_1", "pn_3", "pn_6", "pn_9", "pn_12",
    "smri_1", "smri_3", "smri_6", "smri_12", "smri_hy",
    "swei_1",
    "sma_1", "sma_3",
]  # fmt: skip


def test_every_index_is_written_as_family_and_window() -> None:
    assert [str(code) for code in INDEX_CODES] == WRITTEN


@pytest.mark.parametrize("text", WRITTEN)
def test_a_code_is_read_back(text: str) -> None:
    code = IndexCode.parse(text)
    family, window = text.split("_")
    assert (code.family, str(code.window)) == (IndexFamily(family), window)
    assert code in INDEX_CODES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("spi_4", id="a window that is not computed"),
        pytest.param("pn_24", id="a window that this family lacks"),
        pytest.param("pn_hy", id="a season that this family lacks"),
        pytest.param("smri_veg", id="a season that this family lacks"),
        pytest.param("pdsi_3", id="a family that is not computed"),
        pytest.param("SPI_3", id="capitals"),
        pytest.param("spi_03", id="a zero before the window"),
        pytest.param("spi3", id="no underscore"),
        pytest.param("", id="an empty text"),
    ],
)
def test_another_code_is_refused_with_the_list_of_those_there_are(text: str) -> None:
    with pytest.raises(InputError) as refused:
        IndexCode.parse(text)
    assert str(refused.value) == (f"index code: expected one of {', '.join(WRITTEN)}, got {text!r}")


def test_codes_are_ordered_as_their_columns_are() -> None:
    shuffled = [IndexCode.parse(text) for text in sorted(WRITTEN)]
    assert [str(code) for code in sorted(shuffled)] == WRITTEN


def test_cells_have_spi_and_spei_alone() -> None:
    assert [str(code) for code in CELL_INDEX_CODES] == WRITTEN[:18]


def test_area_classes_are_limits_of_drought_from_mild_to_extreme() -> None:
    assert AREA_CLASSES == (-0.5, -0.8, -1.0, -1.3, -1.5, -1.6, -2.0)


@pytest.mark.parametrize(
    ("index", "months", "longest"),
    [
        pytest.param("spi_3", [3] * 12, 3, id="a fixed window is as long in every month"),
        pytest.param(
            "spi_hy",
            [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3],
            12,
            id="the year of the rivers grows from October to September",
        ),
        pytest.param(
            "spei_veg",
            [0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0],
            6,
            id="the growing season from April to September, and is not there in winter",
        ),
    ],
)
def test_a_window_ends_with_its_month_and_looks_back(
    index: str, months: list[int], longest: int
) -> None:
    code = IndexCode.parse(index)
    assert [code.months_back(month) for month in range(1, 13)] == months
    assert code.longest_window_months == longest


def test_a_season_names_its_months_first_to_last() -> None:
    assert Season.HYDROLOGICAL.calendar_months[:4] == (10, 11, 12, 1)
    assert Season.VEGETATION.calendar_months == (4, 5, 6, 7, 8, 9)
