from __future__ import annotations

import pytest

from pipeline.core.authority_arcs import ISO_NUMERIC, country_of
from pipeline.core.errors import InputError
from pipeline.core.ids import Country

PUBLISHED = {"KZ": 398, "KG": 417, "TJ": 762, "TM": 795, "UZ": 860, "TR": 792}
"""ISO 3166-1."""


def test_every_country_has_its_number() -> None:
    assert {str(country): code for country, code in ISO_NUMERIC.items()} == PUBLISHED


@pytest.mark.parametrize(
    ("arc", "country"),
    [
        pytest.param("2.49.0.1.860.0", Country.UZBEKISTAN, id="an authority called 0"),
        pytest.param("2.49.0.1.398.1.2", Country.KAZAKHSTAN, id="a longer arc"),
    ],
)
def test_an_arc_is_of_a_country(arc: str, country: Country) -> None:
    assert country_of(arc) is country


@pytest.mark.parametrize(
    "arc",
    [
        pytest.param("2.49.0.0.860.0", id="the register's own arc, not that of messages"),
        pytest.param("2.49.0.1.860", id="no authority"),
        pytest.param("2.49.0.1.276.0", id="a country that is none of the six"),
        pytest.param("2.49.0.1.860.00", id="a leading zero"),
        pytest.param("2.49.0.1.0860.0", id="a leading zero in the country"),
        pytest.param("urn:oid:2.49.0.1.860.0", id="a prefix"),
        pytest.param("2.49.0.1.860.0\n", id="a line break"),
        pytest.param("", id="nothing"),
    ],
)
def test_no_arc_of_ours(arc: str) -> None:
    with pytest.raises(InputError, match=r"such as 2\.49\.0\.1\.860\.0"):
        country_of(arc)
