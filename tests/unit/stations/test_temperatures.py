from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from pipeline.stations.observations import Quantity
from pipeline.stations.temperatures import with_one_mean
from tests.unit.stations.gauges import HEAT, RAIN, daily, in_a_row

HIGH, LOW = Quantity.TEMPERATURE_MAX.value, Quantity.TEMPERATURE_MIN.value


def means(observations: pd.DataFrame) -> list[tuple[float, bool]]:
    formed = with_one_mean(observations)
    heat = formed[formed["quantity"] == HEAT].sort_values("last_day")
    return list(heat[["value", "is_rejected"]].itertuples(index=False, name=None))


def test_the_half_sum_of_the_extremes_is_the_mean_where_it_gives_as_many_days() -> None:
    days = [daily(in_a_row([30.0, 31.0]), HIGH), daily(in_a_row([10.0, 12.0]), LOW)]
    assert means(pd.concat([*days, daily(in_a_row([19.0, 20.0]), HEAT)])) == [
        (20.0, False),
        (21.5, False),
    ]


def test_the_mean_of_the_provider_is_taken_where_it_gives_more_days_and_for_all_of_them() -> None:
    days = [daily(in_a_row([30.0, 31.0]), HIGH), daily(in_a_row([10.0]), LOW)]
    assert means(pd.concat([*days, daily(in_a_row([19.0, 20.0]), HEAT)])) == [
        (19.0, False),
        (20.0, False),
    ]


def test_a_day_without_one_extreme_has_no_mean() -> None:
    observations = pd.concat(
        [daily(in_a_row([30.0, 31.0]), HIGH), daily({date(2001, 5, 2): 11.0}, LOW)]
    )
    assert means(observations) == [(21.0, False)]


def test_a_day_of_which_one_extreme_was_refused_has_a_rejected_mean() -> None:
    low = daily(in_a_row([10.0, 12.0]), LOW).assign(is_rejected=[True, False])
    (first, is_rejected), second = means(pd.concat([daily(in_a_row([30.0, 31.0]), HIGH), low]))
    assert is_rejected
    assert pd.isna(first)
    assert second == (21.5, False)


def test_rain_alone_is_left_as_it_is() -> None:
    rain = daily(in_a_row([1.0, 2.0]), RAIN)
    assert with_one_mean(rain)["value"].tolist() == pytest.approx([1.0, 2.0])
