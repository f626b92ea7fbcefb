"""The closed vocabularies."""

from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import INDEX_CODES, IndexCode, IndexFamily

WRITTEN = [
    "spi_1",
    "spi_2",
    "spi_3",
    "spi_6",
    "spi_9",
    "spi_12",
    "spi_24",
    "spei_1",
    "spei_2",
    "spei_3",
    "spei_6",
    "spei_9",
    "spei_12",
    "spei_24",
    "pn_1",
    "pn_3",
    "pn_6",
    "pn_9",
    "pn_12",
]


def test_every_index_is_written_as_family_and_scale() -> None:
    assert [str(code) for code in INDEX_CODES] == WRITTEN


@pytest.mark.parametrize("text", WRITTEN)
def test_a_code_is_read_back(text: str) -> None:
    code = IndexCode.parse(text)
    family, scale = text.split("_")
    assert (code.family, code.scale_months) == (IndexFamily(family), int(scale))
    assert code in INDEX_CODES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("spi_4", id="a scale that is not computed"),
        pytest.param("pn_24", id="a scale that this family lacks"),
        pytest.param("pdsi_3", id="a family that is not computed"),
        pytest.param("SPI_3", id="capitals"),
        pytest.param("spi_03", id="a zero before the scale"),
        pytest.param("spi3", id="no underscore"),
        pytest.param("", id="an empty text"),
    ],
)
def test_another_code_is_refused_with_the_list_of_those_there_are(text: str) -> None:
    with pytest.raises(InputError) as refused:
        IndexCode.parse(text)
    assert str(refused.value) == (f"index code: expected one of {', '.join(WRITTEN)}, got {text!r}")
