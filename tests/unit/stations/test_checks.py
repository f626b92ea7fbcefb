from __future__ import annotations

from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stations.checks import judged, refuse_contradictions, refuse_impossible
from pipeline.stations.observations import RECORD_COLUMNS, Quantity

RAIN, HEAT, LOW = (
    Quantity.PRECIPITATION.value,
    Quantity.TEMPERATURE_MEAN.value,
    Quantity.TEMPERATURE_MIN.value,
)


def records(*rows: tuple[int, str, str, int, float]) -> pd.DataFrame:
    """One row each of line, quantity, last day, days, value."""
    frame = pd.DataFrame(rows, columns=["line", "quantity", "last_day", "n_days", "value"])
    frame["last_day"] = pd.to_datetime(frame["last_day"])
    frame = frame.assign(station_id="38462", reason="", text=frame["line"].map("row {}".format))
    return frame[list(RECORD_COLUMNS)]


@pytest.mark.parametrize(
    ("quantity", "n_days", "value", "is_refused"),
    [
        pytest.param(RAIN, 1, 0.0, False, id="no rain is possible"),
        pytest.param(RAIN, 1, -0.1, True, id="less than no rain is not"),
        pytest.param(RAIN, 1, 1825.0, False, id="the world record of a day is possible"),
        pytest.param(RAIN, 1, 2000.5, True, id="two metres and more in a day are not"),
        pytest.param(RAIN, 10, 2000.5, False, id="but in a dekad they are"),
        pytest.param(RAIN, 11, 6000.5, True, id="six metres and more in a dekad are not"),
        pytest.param(RAIN, 31, 6000.5, False, id="but in a month they are"),
        pytest.param(RAIN, 31, 9500.5, True, id="nine and a half in a month are not"),
        pytest.param(RAIN, 1, float("inf"), True, id="endless rain is not"),
        pytest.param(HEAT, 1, -70.0, False, id="seventy degrees of frost are possible"),
        pytest.param(HEAT, 1, -70.1, True, id="more are not"),
        pytest.param(HEAT, 1, 60.1, True, id="sixty degrees of heat and more are not"),
        pytest.param(LOW, 1, -999.9, True, id="a code for missing is no temperature"),
    ],
)
def test_what_is_physically_impossible_is_refused(
    quantity: str, n_days: int, value: float, is_refused: bool
) -> None:
    checked = refuse_impossible(records((2, quantity, "2001-03-31", n_days, value)))
    assert (checked["reason"] != "").tolist() == [is_refused]


def test_contradicting_values_are_all_refused_and_name_each_other() -> None:
    rows = records(
        (2, RAIN, "2001-03-01", 1, 4.0),
        (3, RAIN, "2001-03-02", 1, 1.0),
        (4, RAIN, "2001-03-01", 1, 5.0),
        (5, HEAT, "2001-03-01", 1, 5.0),
    )
    reason = "different values for one station and period, in lines 2, 4"
    assert refuse_contradictions(rows)["reason"].tolist() == [reason, "", reason, ""]


def test_the_same_total_for_a_day_and_for_three_contradict_each_other() -> None:
    rows = records((2, RAIN, "2001-03-03", 1, 4.0), (3, RAIN, "2001-03-03", 3, 4.0))
    assert (refuse_contradictions(rows)["reason"] != "").all()


def test_a_repeat_contradicts_nothing() -> None:
    rows = records((2, RAIN, "2001-03-01", 1, 4.0), (9, RAIN, "2001-03-01", 1, 4.0))
    assert (refuse_contradictions(rows)["reason"] == "").all()


def test_an_impossible_value_does_not_contradict_a_possible_one() -> None:
    rows = records((2, RAIN, "2001-03-01", 1, -4.0), (3, RAIN, "2001-03-01", 1, 4.0))
    assert (judged(rows)["reason"] == "").tolist() == [False, True]


def test_the_reason_of_the_provider_stays() -> None:
    rows = records((2, RAIN, "2001-03-01", 1, -4.0)).assign(reason="flag I")
    assert judged(rows)["reason"].tolist() == ["flag I"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from([-1.0, 0.0, 2.5])), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_lines_decides_nothing(told: list[tuple[int, float]], random: Random) -> None:
    rows = [(n, RAIN, f"2001-03-0{day}", 1, value) for n, (day, value) in enumerate(told, start=1)]
    shuffled = random.sample(rows, k=len(rows))
    one, other = (judged(records(*some)).set_index("line")["reason"] for some in (rows, shuffled))
    assert (one == "").to_dict() == (other == "").sort_index().to_dict()
