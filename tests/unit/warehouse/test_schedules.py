"""A schedule that contradicts itself is refused."""

from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.warehouse.schedules import SourceSchedule


@pytest.mark.parametrize(
    ("days", "complaint"),
    [
        pytest.param((7, 60, None), "both, or none", id="final values that are never late"),
        pytest.param((7, None, 100), "both, or none", id="late, and never asked for"),
        pytest.param((70, 60, 100), "got 70, 60, 100", id="final before preliminary"),
        pytest.param((7, 60, 50), "got 7, 60, 50", id="late before it is asked for"),
        pytest.param((-1, None, None), "none below 0, got -1", id="before the month ends"),
    ],
)
def test_days_out_of_order_are_refused(
    days: tuple[int, int | None, int | None], complaint: str
) -> None:
    with pytest.raises(InputError, match=f"^era5-land: .*{complaint}"):
        SourceSchedule("era5-land", *days, reference="a test")


@pytest.mark.parametrize(
    "days",
    [
        pytest.param((7, 60, 100), id="preliminary, then final"),
        pytest.param((10, None, None), id="first values are final"),
        pytest.param((0, 0, 0), id="all on the last day of the month"),
    ],
)
def test_days_in_order_are_taken(days: tuple[int, int | None, int | None]) -> None:
    assert SourceSchedule("cfsr", *days, reference="a test").source == "cfsr"
