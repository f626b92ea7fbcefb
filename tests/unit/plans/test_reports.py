"""Reported droughts: what is understood, what is refused with its line, and what is one episode."""

from __future__ import annotations

import csv
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.reports import (
    HEADINGS,
    Confidence,
    Kind,
    Report,
    episodes,
    months_without,
    read_reports,
    shipped_reports,
)

UZ, TR = Country.UZBEKISTAN, Country.TURKIYE
GOOD = {
    "country": "UZ",
    "kind": "drought",
    "start": "2000-01",
    "end": "2001-12",
    "place": "national; Khorezm worst",
    "landscapes": "*",
    "type": "hydrological;agricultural",
    "confidence": "high",
    "statement": 'yields fell "14-17 %", by the report',
    "source_title": "Country Profile, p. 14",
    "source_url": "https://example.org/profile",
    "note": "",
}
QUIET = GOOD | {"kind": "none", "start": "1992-01", "end": "1992-12", "type": ""}


def cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def table(*rows: dict[str, str]) -> str:
    lines = [",".join(HEADINGS), *(",".join(cell(row[name]) for name in HEADINGS) for row in rows)]
    return "\n".join(lines) + "\n"


def test_a_record_is_read_as_it_stands() -> None:
    assert read_reports(table(GOOD), "a.csv") == [
        Report(
            2,
            UZ,
            Kind.DROUGHT,
            Month(2000, 1),
            Month(2001, 12),
            "national; Khorezm worst",
            (),
            (DroughtType.HYDROLOGICAL, DroughtType.AGRICULTURAL),
            Confidence.HIGH,
            'yields fell "14-17 %", by the report',
            "Country Profile, p. 14",
            "https://example.org/profile",
            "",
        )
    ]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_do_not_matter() -> None:
    text = "\ufeff" + table(GOOD).replace("\n", "\r\n") + "\r\n\r\n"
    assert read_reports(text, "a.csv") == read_reports(table(GOOD), "a.csv")


def test_ids_and_names_of_landscapes_stand_side_by_side() -> None:
    (one,) = read_reports(table(GOOD | {"landscapes": "UZ-QR; Khorezm Region"}), "a.csv")
    assert one.landscapes == ("UZ-QR", "Khorezm Region")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"country": "UZB"}, "country: expected one of KZ", id="a code of three letters"
        ),
        pytest.param({"kind": "flood"}, "kind: expected one of drought, none", id="a flood"),
        pytest.param({"start": "2000"}, "start: month: expected YYYY-MM", id="a year for a month"),
        pytest.param({"end": "2001-13"}, "end: month: expected", id="a thirteenth month"),
        pytest.param({"end": "1999-12"}, "end: expected 2005-01 or later", id="an end before it"),
        pytest.param({"place": ""}, "place: expected a text", id="no place"),
        pytest.param({"statement": " "}, "statement: expected a text", id="no statement"),
        pytest.param({"source_title": ""}, "source_title: expected a text", id="no source"),
        pytest.param({"source_url": "profile"}, "source_url: expected an address", id="no address"),
        pytest.param({"landscapes": ""}, "landscapes: expected '*'", id="no landscapes"),
        pytest.param({"landscapes": "*;UZ-QR"}, "landscapes: expected '*'", id="all and one"),
        pytest.param({"landscapes": "A;A"}, "each once", id="a landscape twice"),
        pytest.param({"type": "socio"}, "type: expected one of meteorological", id="a fourth type"),
        pytest.param({"type": ""}, "type: expected one of", id="a drought of no type"),
        pytest.param({"confidence": "sure"}, "confidence: expected one of low", id="a new word"),
        pytest.param(
            {"kind": "none"}, "type: expected nothing where the kind is none", id="typed, and none"
        ),
        pytest.param(
            {"kind": "none", "type": "", "landscapes": "UZ-QR"},
            "landscapes: expected '*' where the kind is none",
            id="a province without drought",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(
    changed: dict[str, str], said: str
) -> None:
    first = GOOD | {"statement": "two\nlines"}
    with pytest.raises(InputError) as refused:
        read_reports(table(first, GOOD | {"start": "2005-01", "end": "2005-12"} | changed), "a.csv")
    assert str(refused.value).startswith("a.csv, line 4: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "line 1: expected the headings", id="an empty file"),
        pytest.param("country;kind\n", "line 1: expected the headings", id="semicolons"),
        pytest.param(table(GOOD) + "UZ,drought\n", "line 3: expected 12 cells, got 2", id="short"),
        pytest.param(table(GOOD) + '"open\n', "line 3: expected CSV", id="an open quotation mark"),
        pytest.param(table(GOOD, GOOD), "line 3: the record of line 2 again", id="twice the same"),
        pytest.param(
            table(GOOD, QUIET | {"start": "2001-12", "end": "2002-12"}),
            "line 3: no drought from 2001-12 to 2002-12, but line 2 reports one",
            id="a drought in months without",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"a\.csv") as refused:
        read_reports(text, "a.csv")
    assert said in str(refused.value)


def report(start: str, end: str, *landscapes: str, country: Country = UZ) -> Report:
    return Report(
        1, country, Kind.DROUGHT, Month.parse(start), Month.parse(end), "somewhere", landscapes,
        (DroughtType.AGRICULTURAL,), Confidence.LOW, "dry", "a paper", "https://example.org", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reports", "found"),
    [
        pytest.param([], [], id="no report, no drought"),
        pytest.param(
            [report("2000-01", "2001-12"), report("2001-01", "2001-07")],
            ["2000-01 to 2001-12"],
            id="one inside the other is the same drought",
        ),
        pytest.param(
            [report("1988-01", "1989-12"), report("1990-01", "1991-12")],
            ["1988-01 to 1991-12"],
            id="one that follows without a month between is the same",
        ),
        pytest.param(
            [report("1988-01", "1989-12"), report("1990-02", "1991-12")],
            ["1988-01 to 1989-12", "1990-02 to 1991-12"],
            id="with a month between they are two",
        ),
        pytest.param(
            [report("2000-01", "2001-12"), report("2000-06", "2000-08", country=TR)],
            ["2000-01 to 2001-12"],
            id="another country's is its own",
        ),
        pytest.param(
            [
                report("2001-01", "2001-02"),
                report("2000-01", "2000-12"),
                report("2000-03", "2000-04"),
            ],
            ["2000-01 to 2001-02"],
            id="a short one inside does not shorten it",
        ),
    ],
)
def test_reports_of_the_same_months_are_one_episode(
    reports: list[Report], found: list[str]
) -> None:
    for some in permutations(reports):
        assert [str(one) for one in episodes(some, UZ)] == found


def test_an_episode_is_of_all_places_reported_and_of_the_country_if_one_says_so() -> None:
    (one,) = episodes(
        [report("2000-01", "2000-06", "A", "B"), report("2000-04", "2000-09", "B", "C")], UZ
    )
    assert one.landscapes == ("A", "B", "C")
    (whole,) = episodes([report("2000-01", "2000-06", "A"), report("2000-04", "2000-09")], UZ)
    assert whole.landscapes == ()


spans = st.lists(
    st.tuples(st.integers(24000, 24120), st.integers(0, 30)), min_size=1, max_size=12
).map(
    lambda some: [
        report(str(Month.from_ordinal(start)), str(Month.from_ordinal(start + length)))
        for start, length in some
    ]
)


@settings(deadline=None)
@given(spans)
def test_episodes_hold_the_months_reported_and_lie_apart(reports: list[Report]) -> None:
    found = episodes(reports, UZ)
    held = {month for one in found for month in range(one.start.ordinal, one.end.ordinal + 1)}
    assert held == {m for one in reports for m in range(one.start.ordinal, one.end.ordinal + 1)}
    assert sum(len(one.reports) for one in found) == len(reports)
    for earlier, later in pairwise(found):
        assert later.start.ordinal > earlier.end.ordinal + 1


def test_months_without_drought_are_read_and_are_no_episode() -> None:
    reports = read_reports(table(GOOD, QUIET), "a.csv")
    assert [str(one) for one in episodes(reports, UZ)] == ["2000-01 to 2001-12"]
    assert [(str(one.start), str(one.end)) for one in months_without(reports, UZ)] == [
        ("1992-01", "1992-12")
    ]
    assert months_without(reports, TR) == []


def test_the_shipped_file_holds_the_facts_and_no_year_without_drought() -> None:
    """Counted by hand in the list of facts: 23 of them, and the droughts they speak of."""
    reports = shipped_reports()
    assert len(reports) == 23
    assert {country: len(episodes(reports, country)) for country in Country} == {
        Country.KAZAKHSTAN: 4,
        Country.KYRGYZSTAN: 2,
        Country.TAJIKISTAN: 1,
        Country.TURKMENISTAN: 2,
        Country.UZBEKISTAN: 4,
        Country.TURKIYE: 7,
    }
    assert not any(months_without(reports, country) for country in Country)
    assert [str(one) for one in episodes(reports, UZ)] == [
        "2000-01 to 2001-12",
        "2008-03 to 2008-09",
        "2011-05 to 2011-08",
        "2021-05 to 2021-08",
    ]


def test_the_shipped_facts_are_those_of_the_list(shared_data: Path) -> None:
    path = shared_data / "drought_events" / "drought_events_cacilm.csv"
    with path.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    shipped = shipped_reports()
    for fact, ours in zip(listed, shipped, strict=True):
        assert (fact["start"], fact["end"]) == (str(ours.start), str(ours.end))
        assert fact["source_url"] == ours.source_url
        assert set(fact["type"].split("/")) == {str(one) for one in ours.types}
        assert (fact["confidence"], fact["region"]) == (ours.confidence, ours.place)
        assert fact["statement"] in {ours.statement, "idem"}
