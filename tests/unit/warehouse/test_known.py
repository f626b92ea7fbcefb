from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.warehouse.known import rows_at, seen

NOON = datetime(2027, 3, 3, 12, tzinfo=UTC)


def test_now_tables_are_read_as_they_are() -> None:
    assert rows_at("plan.stage_month", None) == "plan.stage_month"
    assert seen("loaded_at", None) == "TRUE"


def test_a_moment_asks_for_all_that_was_ever_held() -> None:
    said = rows_at("plan.stage_month", NOON)
    assert said.startswith("(SELECT * FROM plan.stage_month_ever WHERE ")
    assert "known_from <= CAST('2027-03-03T12:00:00+00:00' AS timestamptz)" in said
    assert said.count("mart.unseen_at") == 2


def test_a_moment_keeps_its_offset() -> None:
    in_tashkent = datetime(2027, 3, 3, 17, tzinfo=timezone(timedelta(hours=5)))
    assert "2027-03-03T17:00:00+05:00" in seen("loaded_at", in_tashkent)


def test_a_time_of_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a time with an offset"):
        seen("loaded_at", datetime(2027, 3, 3, 12))  # noqa: DTZ001 - it is what is tested
