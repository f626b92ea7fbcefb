from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.issue_table import (
    REQUIRED,
    GivenIssue,
    IndicatorFile,
    columns_of,
    given_issue,
    is_header,
    judged,
)
from pipeline.stations.observations import Disclosure

TODAY = date(2026, 4, 1)
GOOD = {
    "indicator": "water_availability_forecast",
    "landscape_id": "UZ-JI",
    "issued_on": "2026-03-10",
    "period_from": "2026-04",
    "period_to": "2026-09",
    "value": "82.5",
    "unit": "percent_of_norm",
    "document_number": "12-3/45",
}


def row(line: int = 2, *, has_decimal_comma: bool = True, **changed: str) -> GivenIssue:
    said = GOOD | changed
    return given_issue(line, list(said), list(said.values()), has_decimal_comma=has_decimal_comma)


def test_a_row_is_an_issue() -> None:
    read = row(issued_by="Uzhydromet", disclosure="open", note="first")
    assert read.indicator == Indicator.parse("water_availability_forecast", "percent_of_norm")
    assert (read.issue.issued_on, read.issue.value) == (date(2026, 3, 10), 82.5)
    assert (read.issue.period_from, read.issue.period_to) == (Month(2026, 4), Month(2026, 9))
    assert (read.issue.document_number, read.issue.issued_by) == ("12-3/45", "Uzhydromet")
    assert (read.disclosure, read.issue.is_open, read.note) == (Disclosure.OPEN, True, "first")


def test_what_says_nothing_of_disclosure_is_restricted() -> None:
    assert (row().disclosure, row().issue.is_open) == (Disclosure.RESTRICTED, False)


def test_what_is_for_the_agency_is_not_open() -> None:
    assert not row(disclosure="agency").issue.is_open


@pytest.mark.parametrize(
    ("changed", "attribute", "expected"),
    [
        pytest.param({"value": "82,5"}, "value", 82.5, id="a decimal comma"),
        pytest.param(
            {"value": "19 500", "indicator": "reservoir_storage", "unit": "млн м³"},
            "value",
            19500,
            id="a space between thousands, and a Russian unit",
        ),
        pytest.param(
            {
                "value": "\N{MINUS SIGN}1,3",
                "indicator": "vegetation_anomaly",
                "unit": "standard_deviations",
            },
            "value",
            -1.3,
            id="an anomaly below zero",
        ),
        pytest.param({"issued_on": "10.03.2026"}, "issued_on", date(2026, 3, 10), id="local day"),
        pytest.param(
            {"issued_on": "2026-03-10 00:00:00"}, "issued_on", date(2026, 3, 10), id="midnight"
        ),
        pytest.param({"period_from": "05.2026"}, "period_from", Month(2026, 5), id="local month"),
        pytest.param(
            {"period_from": "2026-05-01"}, "period_from", Month(2026, 5), id="month as Excel's day"
        ),
    ],
)
def test_other_ways_of_writing_are_understood(
    changed: dict[str, str], attribute: str, expected: object
) -> None:
    assert getattr(row(**changed).issue, attribute) == expected


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"value": ""}, "value: expected a value, got none", id="no value"),
        pytest.param({"document_number": ""}, "document_number: expected", id="no document"),
        pytest.param({"value": "about 80"}, "got 'about 80'", id="words for a number"),
        pytest.param({"value": "-5"}, "expected 5 to 500 percent_of_norm, got -5", id="below zero"),
        pytest.param({"value": "0.85"}, "write 85 for 85 percent", id="a share for a percentage"),
        pytest.param({"issued_on": "3/10/2026"}, "a day such as", id="a day of two meanings"),
        pytest.param({"issued_on": "2026-02-30"}, "day of the calendar", id="no such day"),
        pytest.param({"period_to": "summer"}, "a month such as 2026-04", id="words for a month"),
        pytest.param({"period_to": "2026-13"}, "month from 1 to 12", id="a thirteenth month"),
        pytest.param({"period_to": "2026-03"}, "its end from 2026-04", id="period reversed"),
        pytest.param(
            {"unit": "%"}, "unit of water_availability_forecast", id="a bare percent sign"
        ),
        pytest.param({"disclosure": "maybe"}, "disclosure: expected", id="an unknown class"),
        pytest.param({"note": "x" * 501}, "quotation mark", id="a lost quotation mark"),
        pytest.param({"document_number": "1\x00"}, "none of control", id="a zero byte"),
    ],
)
def test_what_cannot_be_understood_is_refused(changed: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        row(**changed)


def test_a_comma_in_a_table_of_commas_is_not_guessed_at() -> None:
    with pytest.raises(InputError, match="got '82,5'"):
        row(value="82,5", has_decimal_comma=False)


def test_a_field_too_many_is_refused() -> None:
    with pytest.raises(InputError, match="expected 8 fields, got 9"):
        given_issue(2, list(GOOD), [*GOOD.values(), "x"], has_decimal_comma=True)


def test_russian_column_names_are_known() -> None:
    header = [
        "Показатель", "Код ландшафта", "Дата выпуска", "Период с", "Период по", "Значение",
        "Единица измерения", "Номер документа", "Примечание",
    ]  # fmt: skip
    assert is_header(header)
    assert columns_of(header) == [*REQUIRED, "note"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param([*REQUIRED, "river"], "unknown column 'river'", id="an unknown column"),
        pytest.param([*REQUIRED, "Unit"], "two columns mean unit", id="one column twice"),
    ],
)
def test_odd_columns_are_refused(header: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        columns_of(header)


def judge(*rows: GivenIssue) -> tuple[list[int], dict[int, str]]:
    file = judged(IndicatorFile(rows, ()), {"UZ-JI", "UZ-SI"}, TODAY)
    return [one.line for one in file.given], {one.line: one.reason for one in file.refused}


def test_a_repeat_stands_once() -> None:
    assert judge(row(2), row(3)) == ([2], {})


def test_contradictions_are_refused_all_of_them() -> None:
    standing, refused = judge(row(2), row(3, value="70"), row(4, landscape_id="UZ-SI"))
    assert standing == [4]
    assert refused == dict.fromkeys((2, 3), "different values for one issue, in lines 2, 3")


def test_another_issue_stands_beside() -> None:
    assert judge(row(2), row(3, issued_on="2026-02-10", value="90")) == ([2, 3], {})


def test_unknown_landscapes_and_days_to_come_are_refused() -> None:
    standing, refused = judge(
        row(2, landscape_id="Atlantis"),
        row(3, issued_on="2026-04-02"),
        row(4, issued_on="2026-04-01"),
    )
    assert standing == [4]
    assert refused[2].endswith("got 'Atlantis'")
    assert refused[3] == "issued_on: expected no day after today, 2026-04-01, got 2026-04-02"


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["UZ-JI", "UZ-SI", "Atlantis"]),
        st.sampled_from(["2026-02-10", "2026-03-10", "2026-04-02"]),
        st.sampled_from(["82.5", "70"]),
    ),
    max_size=12,
)


@given(ROWS)
@settings(deadline=None, max_examples=60)
def test_every_row_stands_repeats_one_that_stands_or_is_refused(
    said: list[tuple[str, str, str]],
) -> None:
    rows = tuple(
        row(line, landscape_id=place, issued_on=day, value=value)
        for line, (place, day, value) in enumerate(said, start=2)
    )
    file = judged(IndicatorFile(rows, ()), {"UZ-JI", "UZ-SI"}, TODAY)
    standing = {one.key: one for one in file.given}
    refused = {one.line for one in file.refused}
    for one in rows:
        is_told = one.key in standing and standing[one.key].issue == one.issue
        assert is_told is not (one.line in refused)
