from __future__ import annotations

import math

import pandas as pd
import pytest

from pipeline.stations.checks import (
    CANDIDATE_COLUMNS,
    quarantined,
    refuse_contradictions,
    refuse_impossible,
    settled,
)
from pipeline.stations.observations import Quantity, Quarantined

RAIN, HEAT = Quantity.PRECIPITATION.value, Quantity.TEMPERATURE_MEAN.value


def candidates(*rows: tuple[int, str, str, int, float]) -> pd.DataFrame:
    """One row each of line, quantity, last day, days, value."""
    frame = pd.DataFrame(rows, columns=["line", "quantity", "last_day", "n_days", "value"])
    frame["last_day"] = pd.to_datetime(frame["last_day"])
    frame = frame.assign(station_id="38462", reason="", text=frame["line"].map("row {}".format))
    return frame[list(CANDIDATE_COLUMNS)]


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
        pytest.param(HEAT, 1, -70.0, False, id="seventy degrees of frost are possible"),
        pytest.param(HEAT, 1, -70.1, True, id="more are not"),
        pytest.param(HEAT, 1, 60.1, True, id="sixty degrees of heat and more are not"),
        pytest.param(HEAT, 1, -999.9, True, id="a code for missing is no temperature"),
        pytest.param(RAIN, 1, math.nan, False, id="a missing value is not impossible"),
    ],
)
def test_what_is_physically_impossible_is_refused(
    quantity: str, n_days: int, value: float, is_refused: bool
) -> None:
    checked = refuse_impossible(candidates((2, quantity, "2001-03-31", n_days, value)))
    assert (checked["reason"] != "").tolist() == [is_refused]


def test_contradicting_values_are_all_refused_and_name_each_other() -> None:
    rows = candidates(
        (2, RAIN, "2001-03-01", 1, 4.0),
        (3, RAIN, "2001-03-02", 1, 1.0),
        (4, RAIN, "2001-03-01", 1, 5.0),
        (5, HEAT, "2001-03-01", 1, 5.0),
    )
    checked = refuse_contradictions(rows)
    both = "different values for one station and period, in lines 2, 4"
    assert checked["reason"].tolist() == [both, "", both, ""]
    observations = settled(checked).set_index(["quantity", "last_day"])
    day = pd.Timestamp("2001-03-01")
    assert math.isnan(observations.loc[(RAIN, day), "value"])
    assert observations.loc[(RAIN, day), "is_rejected"]
    assert observations.loc[(HEAT, day), "value"] == 5.0


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        pytest.param([4.0, 4.0], 4.0, id="a repeated row counts once"),
        pytest.param([math.nan, 4.0], 4.0, id="a value comes before a missing one"),
        pytest.param([4.0, math.nan], 4.0, id="whichever stands first"),
    ],
)
def test_rows_that_agree_become_one_observation(values: list[float], kept: float) -> None:
    rows = candidates(*((2 + n, RAIN, "2001-03-01", 1, v) for n, v in enumerate(values)))
    observations = settled(refuse_contradictions(rows))
    assert observations["value"].tolist() == [kept]
    assert not observations["is_rejected"].any()


def test_the_first_reason_stays() -> None:
    rows = candidates((2, RAIN, "2001-03-01", 1, -4.0), (3, RAIN, "2001-03-01", 1, 4.0))
    first, second = refuse_contradictions(refuse_impossible(rows))["reason"]
    assert first == "impossible precipitation, expected 0 to 2000 mm"
    assert second == "different values for one station and period, in lines 2, 3"


def test_quarantine_says_file_line_reason_and_text() -> None:
    rows = refuse_impossible(candidates((7, RAIN, "2001-03-01", 1, -4.0)))
    reason = "precipitation_mm 2001-03-01: impossible precipitation, expected 0 to 2000 mm"
    assert quarantined("gauge.csv", rows) == (
        Quarantined("gauge.csv", 7, "38462", reason, "row 7"),
    )
