"""Whether a clock can be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.core.clock import implausible

NOW = datetime(2026, 11, 8, 6, tzinfo=UTC)


def test_a_clock_that_agrees_with_all_is_plausible() -> None:
    assert implausible(NOW, None) is None
    assert implausible(NOW, NOW + timedelta(minutes=59)) is None
    assert implausible(NOW, NOW - timedelta(days=900), {"the data store": NOW}) is None
    assert implausible(NOW, None, {"the data store": NOW - timedelta(hours=23)}) is None


@pytest.mark.parametrize(
    ("now", "newest", "others", "said"),
    [
        pytest.param(
            datetime(2000, 1, 1, tzinfo=UTC), None, {}, "2000-01-01 00:00 UTC, before", id="a new day one"
        ),
        pytest.param(
            NOW, NOW + timedelta(minutes=61), {}, "written at 2026-11-08 07:01 UTC", id="behind a commit"
        ),
        pytest.param(
            NOW, None, {"the data store": NOW + timedelta(days=2)}, "the data store 2026-11-10", id="behind"
        ),
        pytest.param(
            NOW, None, {"the database": NOW - timedelta(days=2)}, "the database 2026-11-06", id="ahead"
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_said_with_both_times_and_the_remedy(
    now: datetime, newest: datetime | None, others: dict[str, datetime], said: str
) -> None:
    wrong = implausible(now, newest, others)
    assert wrong is not None
    assert wrong.startswith("clock: it shows ")
    assert said in wrong
    assert "timedatectl" in wrong
