from __future__ import annotations

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.plans.areas import area_readings
from pipeline.plans.rules import Reading


def test_a_share_a_gap_and_a_month_without_a_map_are_read() -> None:
    measure = AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    months = [Month(2021, n) for n in range(1, 5)]
    shares = {months[0]: 0.62, months[1]: Gap.LOW_COVERAGE, months[2]: None}
    assert area_readings(measure, shares, months) == [
        Reading(months[0], 0.62),
        Reading(months[1], None, Gap.LOW_COVERAGE),
        Reading(months[2], None, Gap.NOT_PUBLISHED),
        Reading(months[3], None, Gap.NOT_PUBLISHED),
    ]


def test_a_month_outside_the_season_has_nothing_to_map() -> None:
    measure = AreaShare(index=IndexCode.parse("spei_veg"), at_or_below=-1.5)
    march, april = area_readings(measure, {}, [Month(2021, 3), Month(2021, 4)])
    assert (march.gap, april.gap) == (Gap.NOT_APPLICABLE, Gap.NOT_PUBLISHED)
