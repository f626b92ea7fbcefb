"""A check is a query with a title for people."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.core.errors import InputError
from pipeline.warehouse.checks import Check, Severity, in_words, read_checks

TITLE = "-- [notice] It may\n-- be wrong. Do: look.\n"


def test_a_title_may_go_over_lines_and_the_rest_is_the_query() -> None:
    one = Check.parse("one", TITLE + "SELECT 1\nFROM x; -- kept\n;\n")
    assert (one.severity, one.means, one.remedy) == (Severity.NOTICE, "It may be wrong.", "look.")
    assert one.query == "SELECT 1\nFROM x; -- kept\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("SELECT 1;", id="no title"),
        pytest.param("-- [error] It is wrong.\nSELECT 1;", id="nothing to do"),
        pytest.param("-- [fatal] It is wrong. Do: look.\nSELECT 1;", id="an unknown severity"),
    ],
)
def test_one_without_a_title_is_refused(content: str) -> None:
    with pytest.raises(InputError, match=r"sql/checks/one\.sql: expected a comment"):
        Check.parse("one", content)


def test_rows_are_read_as_people_write() -> None:
    row = {
        "landscape_id": "A",
        "month": date(2021, 7, 1),
        "issued_on": date(2021, 7, 5),
        "value": 0.1 + 0.2,
        "gap": None,
        "known_from": datetime(2021, 8, 7, 6, 0, 1, tzinfo=UTC),
    }
    assert in_words(row) == (
        "landscape_id A, month 2021-07, issued_on 2021-07-05, value 0.3, "
        "known_from 2021-08-07 06:00:01 UTC"
    )


def test_each_check_says_what_it_means_and_what_to_do_in_whole_sentences() -> None:
    checks = read_checks()
    assert len(checks) >= 40
    for one in checks:
        assert one.means.endswith((".", ":")), one.name
        assert one.remedy.endswith("."), one.name
