"""Texts that a spreadsheet could take for a formula."""

from __future__ import annotations

import pytest

from pipeline.delivery.site.csv_files import without_formula


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("=HYPERLINK(1)", "'=HYPERLINK(1)", id="a formula"),
        pytest.param("+1", "'+1", id="a plus"),
        pytest.param("-1", "'-1", id="a minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="an old function"),
        pytest.param("\t=1", "'\t=1", id="a tab before"),
        pytest.param("UZ-AN", "UZ-AN", id="an id stays as it is"),
        pytest.param("a=b", "a=b", id="a sign inside is no formula"),
    ],
)
def test_no_id_begins_like_a_formula(text: str, written: str) -> None:
    assert without_formula(text) == written
