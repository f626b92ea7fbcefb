"""Units of columns, as their names say them."""

from __future__ import annotations

import pytest

from pipeline.core.dictionary import Column


@pytest.mark.parametrize(
    ("name", "type_", "unit"),
    [
        pytest.param("precipitation_mm", "double precision", "mm", id="rain"),
        pytest.param("soil_moisture_m3_m3", "double precision", "m3/m3", id="soil moisture"),
        pytest.param("temperature_mean_c", "double precision", "degC", id="temperature"),
        pytest.param("spi_3", "double precision", "1", id="an index has no unit"),
        pytest.param("pn_3", "double precision", "percent", id="percent of normal"),
        pytest.param("coverage_fraction", "real", "1", id="a fraction"),
        pytest.param("covered_share", "text", None, id="a text has none"),
        pytest.param("month", "date", None, id="a month has none"),
        pytest.param("value", "double precision", None, id="the row says it"),
    ],
)
def test_the_unit_of_a_column(name: str, type_: str, unit: str | None) -> None:
    assert Column(name, type_, "").unit == unit
