"""What the operator is told of late data, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import Country, IndexCode
from pipeline.core.indicators import Indicator, IndicatorCode, IndicatorUnit, Measure
from pipeline.core.months import Month
from pipeline.plans.lateness import LateReading
from pipeline.plans.rule_document import OfHeadwater
from pipeline.steps.lateness import behind, late_by_plan, lateness, silent_gauges

IN_TIME: dict[str, Any] = {
    "country_code": "UZ",
    "source": "era5-land",
    "expected_month": date(2026, 10, 1),
    "months_late": 0,
    "oldest_late_month": None,
    "late_since": None,
    "preliminary_overdue": 0,
    "oldest_preliminary_overdue": None,
}
TWO_LATE = {
    "months_late": 2,
    "oldest_late_month": date(2026, 9, 1),
    "late_since": date(2026, 10, 7),
}
THREE_STUCK = {"preliminary_overdue": 3, "oldest_preliminary_overdue": date(2026, 3, 1)}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([], [], id="nothing ingested: nothing late"),
        pytest.param([IN_TIME], [], id="in time: nothing"),
        pytest.param(
            [{**IN_TIME, "months_late": None, "preliminary_overdue": None}],
            [],
            id="a source without a schedule is never late",
        ),
        pytest.param(
            [{**IN_TIME, **TWO_LATE}],
            [
                "UZ era5-land: 2 months late: 2026-09 has been due since 2026-10-07; run `drought "
                "ingest era5-land --from 2026-09 --to 2026-10`; if the store does not answer or has "
                "nothing, its page of messages says why"
            ],
            id="what is fetched is fetched again, from the oldest to the newest",
        ),
        pytest.param(
            [{**IN_TIME, **TWO_LATE, "months_late": 1, "oldest_late_month": date(1995, 3, 1)}],
            [
                "UZ era5-land: 1 month late: 1995-03 has been due since 2026-10-07; run `drought "
                "ingest era5-land --from 1995-03 --to 1995-03`; if the store does not answer or has "
                "nothing, its page of messages says why"
            ],
            id="of a hole long ago that month alone is fetched",
        ),
        pytest.param(
            [{**IN_TIME, **TWO_LATE, "source": "cfsr"}],
            [
                "UZ cfsr: 2 months late: 2026-09 has been due since 2026-10-07; give the files: "
                "`drought ingest grid FILE… --source cfsr`"
            ],
            id="what comes as files is to be given",
        ),
        pytest.param(
            [{**IN_TIME, **THREE_STUCK}],
            [
                "UZ era5-land: 3 months still preliminary, though final values should have come: "
                "2026-03 is the oldest; they are asked for again each month; the data set's page says "
                "whether they are out"
            ],
            id="final values that do not come",
        ),
    ],
)
def test_each_thing_that_is_late_is_said_with_its_remedy(
    rows: list[dict[str, Any]], said: list[str]
) -> None:
    assert lateness(rows) == said


def test_countries_that_share_a_delay_stand_in_one_sentence_and_others_do_not() -> None:
    rows = [
        {**IN_TIME, **TWO_LATE, "country_code": "KG"},
        {**IN_TIME, "country_code": "TJ"},
        {**IN_TIME, **TWO_LATE, "country_code": "TM", "months_late": 1},
        {**IN_TIME, **TWO_LATE},
    ]
    assert [line.split(":")[0] for line in lateness(rows)] == ["KG, UZ era5-land", "TM era5-land"]


OCTOBER, SEPTEMBER = Month(2026, 10), Month(2026, 9)


@pytest.mark.parametrize(
    ("untaken", "values_to", "stages_to", "said"),
    [
        pytest.param(0, OCTOBER, OCTOBER, [], id="all steps have kept up"),
        pytest.param(0, None, None, [], id="nothing came"),
        pytest.param(
            1,
            SEPTEMBER,
            SEPTEMBER,
            [
                "era5-land: 1 month came and is not computed; run `drought compute` and `drought "
                "evaluate`"
            ],
            id="a month waits for compute",
        ),
        pytest.param(
            0,
            OCTOBER,
            SEPTEMBER,
            [
                "stages: 2026-10 has values of era5-land and no stages; run `drought compute` and "
                "`drought evaluate`"
            ],
            id="a month waits for evaluate",
        ),
    ],
)
def test_what_came_and_went_no_further_is_said(
    untaken: int, values_to: Month | None, stages_to: Month | None, said: list[str]
) -> None:
    assert behind("era5-land", untaken, values_to, stages_to) == said


def test_gauges_that_decide_and_fell_silent_are_named_the_longest_silent_first() -> None:
    heard_to = {"D": OCTOBER, "C": SEPTEMBER, "B": Month(2015, 12), "A": OCTOBER}
    (said,) = silent_gauges(heard_to)
    assert "in 4 of the landscapes that gauges decide (B since 2015-12, C since 2026-09, D " in said
    assert ", …), and their stages are held" in said
    assert silent_gauges({}) == []


def late(heard: str, kind: str = "index", **changes: object) -> LateReading:
    measure: Measure = IndexCode.parse("spi_3")
    if kind == "indicator":
        measure = Indicator(IndicatorCode.RESERVOIR_STORAGE, IndicatorUnit.PERCENT_OF_FULL)
    elif kind == "area":
        measure = AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    else:
        measure = IndexCode.parse(heard)
    said = OfHeadwater(measure) if "headwater" in kind else measure
    told = LateReading(
        Country.UZBEKISTAN, said, Month(2026, 9), 20, date(2026, 10, 20), landscapes=2, asked=3
    )
    return replace(told, **changes)  # type: ignore[arg-type]


def test_what_is_late_by_the_plan_is_said_in_one_line_with_the_day_it_was_due() -> None:
    assert late_by_plan([late("spei_6"), late("spi_3"), late("spi_12", "headwater")]) == [
        "UZ plan: no value of spei_6, spi_3, spi_12 of the headwater for 2026-09 in 2 of 3 "
        "landscapes; the plan allows 20 days after the month's end, until 2026-10-20; see above "
        "whether its source is late; if the month came, run `drought compute`"
    ]


def test_what_is_brought_otherwise_or_lacks_elsewhere_stands_for_itself() -> None:
    lines = late_by_plan(
        [
            late("spi_3"),
            late("spi_6", landscapes=1),
            late("", "indicator"),
            late("", "area"),
            late("spi_3", country=Country.TURKIYE),
        ]
    )
    assert len(lines) == 5
    assert "`drought ingest indicator FILE`" in lines[2]
    assert "`drought compute --maps`" in lines[3]
    assert lines[4].startswith("TR plan: ")
