"""What the terminal says of sources and revisions, word for word."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rich.console import Console

from pipeline.core.months import Month
from pipeline.steps.revisions import Change, MonthRevision, Revisions
from pipeline.terminal import freshness_line, print_revisions, schedule_cells
from pipeline.warehouse.schedules import SourceSchedule

FRESH: dict[str, Any] = {
    "country_code": "UZ",
    "source": "era5-land",
    "newest_month": date(2026, 10, 1),
    "release": "preliminary",
    "newest_final_month": date(2026, 8, 1),
    "landscapes_with_values": 13,
    "landscapes": 14,
}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {},
            "UZ era5-land: 2026-10 preliminary (final to 2026-08), values for 13 of 14 landscapes",
            id="both releases",
        ),
        pytest.param(
            {"newest_final_month": None},
            "UZ era5-land: 2026-10 preliminary, values for 13 of 14 landscapes",
            id="nothing is final yet",
        ),
        pytest.param(
            {"newest_month": None, "release": None, "newest_final_month": None},
            "UZ era5-land: no values of 14 landscapes yet",
            id="no value ever came",
        ),
    ],
)
def test_how_far_a_source_has_come(changes: dict[str, Any], line: str) -> None:
    assert freshness_line({**FRESH, **changes}) == line


@pytest.mark.parametrize(
    ("schedule", "cells"),
    [
        pytest.param(None, ("not set: never late", "-", "-", "-"), id="no schedule"),
        pytest.param(
            SourceSchedule("a", 7, 60, 100, "order 1"),
            ("day 7", "from day 60", "after day 100", "order 1"),
            id="preliminary, then final",
        ),
        pytest.param(
            SourceSchedule("a", 20, None, None, "order 1"),
            ("day 20", "never: first values are final", "-", "order 1"),
            id="final at once",
        ),
    ],
)
def test_when_a_source_is_expected(
    schedule: SourceSchedule | None, cells: tuple[str, str, str, str]
) -> None:
    assert schedule_cells(schedule) == cells


def printed(found: Revisions) -> str:
    paper = Console(width=140)
    with paper.capture() as text:
        print_revisions(paper, found)
    return text.get()


def test_a_report_of_nothing_says_so() -> None:
    assert printed(Revisions((), ())) == "nothing that had been shown was changed\n"


def test_a_change_of_almost_nothing_has_no_minus_and_a_gap_has_no_figure() -> None:
    rain = Change(landscapes=3, filled=0, lost=1, mean=-0.01, largest=4.25)
    month = MonthRevision("era5-land", Month(2026, 8), 2, rain, Change(landscapes=1, filled=1))
    text = printed(Revisions((month,), ()))
    (line,) = [line for line in text.splitlines() if "2026-08" in line]
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells == [
        *("2026-08", "era5-land", "3", "+0.0", "+4.2", "2", "1", "", "", "1 filled, 1 new")
    ]
    assert "no stage changed" in text
