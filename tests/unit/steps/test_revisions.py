"""How rows of changes become what people read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.core.months import Month
from pipeline.steps.revisions import Change, MonthRevision, month_revisions, stage_revisions
from pipeline.terminal import told_in_words

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
MAY, JUNE, AUGUST = date(2026, 5, 1), date(2026, 6, 1), date(2026, 8, 1)
STAGE: dict[str, Any] = {
    "country_code": "UZ",
    "landscape_id": "A",
    "name_en": "District A",
    "month": MAY,
    "drought_type": "meteorological",
    "old_stage": "watch",
    "new_stage": "none",
    "is_new_plan": False,
    "changed_at": NOON,
    "alert_id": 7,
    "approval": "pending",
}


def values(quantity: str, month: date = MAY, **others: float) -> dict[str, Any]:
    row = {"source": "era5-land", "month": month, "quantity": quantity, "landscapes": 3}
    counts = {"filled": 0, "lost": 1, "settled": 2, "mean_change": -0.5, "largest_change": -2.0}
    return {**row, **counts, **others}


def test_rain_and_spi_3_of_a_month_stand_in_one_record() -> None:
    found = month_revisions([values("precipitation_mm"), values("spi_3", landscapes=4)])
    change = Change(3, 0, 1, -0.5, -2.0)
    assert found == (
        MonthRevision("era5-land", Month(2026, 5), 2, change, Change(4, 0, 1, -0.5, -2.0)),
    )


def test_a_month_may_change_in_its_index_only() -> None:
    """The windows of later months hold the rain that was revised."""
    (found,) = month_revisions([values("spi_3", JUNE)])
    assert (found.month, found.precipitation_mm) == (Month(2026, 6), Change())


@pytest.mark.parametrize(
    ("second", "runs"),
    [
        pytest.param({"month": JUNE}, [("2026-05", "2026-06")], id="the next month, changed alike"),
        pytest.param(
            {"month": AUGUST}, [("2026-05",) * 2, ("2026-08",) * 2], id="not the next month"
        ),
        pytest.param(
            {"month": JUNE, "new_stage": "warning"},
            [("2026-05",) * 2, ("2026-06",) * 2],
            id="to another stage",
        ),
        pytest.param(
            {"month": JUNE, "landscape_id": "B"},
            [("2026-05",) * 2, ("2026-06",) * 2],
            id="another landscape",
        ),
        pytest.param(
            {"month": JUNE, "alert_id": 8},
            [("2026-05",) * 2, ("2026-06",) * 2],
            id="another correction",
        ),
    ],
)
def test_months_in_a_row_that_changed_alike_are_one_run(
    second: dict[str, Any], runs: list[tuple[str, str]]
) -> None:
    found = stage_revisions([STAGE, {**STAGE, **second}])
    assert [(str(one.first), str(one.last)) for one in found] == runs


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param({}, "waits for approval (alert 7)", id="not answered yet"),
        pytest.param({"approval": "approved"}, "yes (alert 7)", id="told"),
        pytest.param({"approval": "refused"}, "no: refused (alert 7)", id="refused"),
        pytest.param(
            {"approval": "not_needed"}, "no: nothing had been told", id="before going live"
        ),
        pytest.param(
            {"approval": None, "alert_id": None, "is_new_plan": True},
            "another plan; no: nothing had been told",
            id="another plan, and no correction",
        ),
    ],
)
def test_whether_a_change_was_told_is_said(row: dict[str, Any], said: str) -> None:
    (found,) = stage_revisions([{**STAGE, **row}])
    assert told_in_words(found) == said
