from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.grids.stamps import least_settled, release_of, stamp_of_each_month

MARCH, APRIL = np.datetime64("2024-03-01"), np.datetime64("2024-04-01")


def chosen(months: list[np.datetime64], releases: list[str], has_values: list[bool]) -> list[int]:
    stamps = stamp_of_each_month(np.array(months), releases, np.array(has_values), "a.nc: tp")
    return [int(stamp) for stamp in stamps]


@pytest.mark.parametrize(
    ("releases", "has_values", "expected"),
    [
        pytest.param(["preliminary", "final"], [True, True], 1, id="final goes before preliminary"),
        pytest.param(["final", "preliminary"], [True, True], 0, id="in whatever order they come"),
        pytest.param(["final", "preliminary"], [False, True], 1, id="an empty final does not"),
        pytest.param(["", "preliminary"], [True, True], 0, id="unknown goes before preliminary"),
        pytest.param(["final", "final"], [False, True], 1, id="the other half of a doubled axis"),
        pytest.param(["preliminary", "final"], [False, False], 1, id="a month without values"),
    ],
)
def test_one_stamp_speaks_for_the_month(
    releases: list[str], has_values: list[bool], expected: int
) -> None:
    assert chosen([MARCH, MARCH], releases, has_values) == [expected]


def test_months_come_out_in_order() -> None:
    assert chosen([APRIL, MARCH], ["final", "final"], [True, True]) == [1, 0]


def test_two_stamps_of_one_release_are_not_monthly_data() -> None:
    with pytest.raises(InputError, match="2024-03 comes 2 times in one release"):
        chosen([MARCH, MARCH], ["final", "final"], [True, True])


@pytest.mark.parametrize(
    ("expver", "release"),
    [
        pytest.param("0001", "final", id="text as in new files"),
        pytest.param(b"0005", "preliminary", id="bytes"),
        pytest.param(1, "final", id="a number as in old files"),
        pytest.param(5.0, "preliminary", id="a number made floating by a missing one"),
        pytest.param("0079", "", id="an experiment we do not know"),
        pytest.param(float("nan"), "", id="missing"),
    ],
)
def test_release_of_an_experiment_version(expver: object, release: str) -> None:
    assert release_of(expver) == release


def test_values_together_are_as_settled_as_the_least_of_them() -> None:
    assert least_settled(["final", "preliminary", ""]) == "preliminary"
    assert least_settled(["final", ""]) == ""
    assert least_settled(["final", "final"]) == "final"
