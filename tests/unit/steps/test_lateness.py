"""What the operator is told of late data, and what to do about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipeline.core.months import Month
from pipeline.steps.lateness import behind, lateness, silent_gauges

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
