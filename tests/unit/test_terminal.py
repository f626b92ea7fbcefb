"""What the terminal says of sources and revisions, word for word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console

from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.steps.revisions import Change, MonthRevision, Revisions, StageRevision
from pipeline.terminal import (
    channel_line,
    freshness_line,
    print_revisions,
    schedule_cells,
    stage_table,
)
from pipeline.warehouse.channels import ChannelWaiting
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


def printed(found: Revisions, width: int = 140) -> str:
    paper = Console(width=width)
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


RAIN = Change(landscapes=27, filled=12, lost=3, mean=-10.25, largest=-104.25)
AUGUST = MonthRevision("agency-radar", Month(2026, 8), 27, RAIN, Change(27, mean=0.1, largest=1.25))
STAGE = StageRevision(
    Country.UZBEKISTAN, "U", "Kashkadarya Region, irrigated", DroughtType.METEOROLOGICAL,
    Month(2026, 7), Month(2026, 8), "no drought", "extreme drought",
    datetime(2026, 11, 7, tzinfo=UTC), False, 7, "pending",
)  # fmt: skip


def test_a_narrow_screen_gets_a_list_of_which_nothing_is_cut() -> None:
    assert printed(Revisions((AUGUST,), (STAGE,)), 80).splitlines() == [
        "2026-08 agency-radar; 27 now final",
        "  rain: changed in 27, mean -10.2 mm, largest -104.2 mm",
        "  SPI-3: changed in 27, mean +0.10, largest +1.25",
        "  gaps: 12 filled, 3 new",
        "2026-07 to 2026-08 UZ Kashkadarya Region, irrigated",
        "  meteorological: was no drought, is extreme drought",
        "  told: waits for approval (alert 7)",
    ]


def test_a_wide_screen_gets_tables_of_which_nothing_is_cut() -> None:
    text = printed(Revisions((AUGUST,), ()), 120)
    heading, row = (line for line in text.splitlines() if "│" in line or "┃" in line)
    assert [cell.strip() for cell in heading.strip("┃").split("┃")] == [
        *("month", "source", "changed", "mean mm", "largest mm", "now final"),
        *("SPI-3", "mean", "largest", "gaps"),
    ]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        *("2026-08", "agency-radar", "27", "-10.2", "-104.2", "27"),
        *("27", "+0.10", "+1.25", "12 filled, 3 new"),
    ]


@pytest.mark.parametrize("width", [20, 80, 100, 120, 140])
def test_months_sources_and_names_are_whole_at_any_width(width: int) -> None:
    text = printed(Revisions((AUGUST,), (STAGE,)), width)
    assert "…" not in text
    for word in (
        "2026-08",
        "agency-radar",
        "-104.2",
        "2026-07 to 2026-08",
        STAGE.name,
        "(alert 7)",
    ):
        assert word in text


def test_stages_are_folded_on_a_narrow_screen_and_not_cut() -> None:
    row = {
        "landscape_id": "U", "name_en": "Kashkadarya Region, irrigated", "country_code": "UZ",
        "land_use": "irrigated", "is_derived": True, "stage": "extreme drought", "stage_rank": 4,
        "is_confirmed": False,
    }  # fmt: skip
    paper = Console(width=80)
    with paper.capture() as text:
        paper.print(stage_table([{**row, "drought_type": name} for name in DroughtType]))
    assert "…" not in text.get()
    lines = [line for line in text.get().splitlines() if "│" in line]
    columns = zip(*(line.strip("│").split("│") for line in lines), strict=True)
    whole = ["".join(part.strip() for part in parts).replace(" ", "") for parts in columns]
    assert whole[1:] == [
        *("KashkadaryaRegion,irrigated", "irrigated(derived)"),
        *("extremedrought(unconfirmed)",) * 3,
    ]


@pytest.mark.parametrize(
    ("channel", "line"),
    [
        pytest.param(
            ChannelWaiting("mail", 1, 0, None, None, None), "mail: 1 waits", id="waits for hours"
        ),
        pytest.param(
            ChannelWaiting(
                "sms",
                12,
                2,
                datetime(2026, 11, 8, 6, 0, tzinfo=UTC),
                "channel sms: 503 Service Unavailable; it is tried again later",
                datetime(2026, 11, 8, 6, 10, tzinfo=UTC),
            ),
            "sms: 12 wait (2 of them refused so far); no answer since 2026-11-08 06:00 UTC; next try "
            "after 2026-11-08 06:10 UTC; last: channel sms: 503 Service Unavailable; it is tried again "
            "later",
            id="does not answer",
        ),
    ],
)
def test_how_a_channel_stands(channel: ChannelWaiting, line: str) -> None:
    assert channel_line(channel) == line
