from __future__ import annotations

import pytest

from pipeline.core.months import Month
from pipeline.plans.stages import StageMonth
from pipeline.steps.records import Records
from pipeline.warehouse.blended import BlendedLandscape

JUNE = Month(2021, 6)
NOTHING_COMPARED = StageMonth(JUNE, "none", 0, JUNE, True, 0, findings=())


@pytest.mark.parametrize(
    ("decided", "is_told"),
    [
        pytest.param(frozenset({1}), True, id="gauges that decide are told of"),
        pytest.param(frozenset(), False, id="gauges that are not even compared are not"),
    ],
)
def test_what_gauges_rest_on_is_told_where_they_matter(
    decided: frozenset[int], is_told: bool
) -> None:
    gauges = {1: BlendedLandscape("grid", True, {})}
    records = Records("grid", {}, {}, gauges, decided)
    assert (records.gauges_behind(1, NOTHING_COMPARED) is not None) is is_told
