from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.stations.departures import departures, spikes
from pipeline.stations.neighbours import (
    NEAREST,
    Neighbourhood,
    Point,
    distance_km,
    neighbourhood,
    neighbours,
)
from pipeline.stations.slips import slips
from tests.unit.stations.gauges import gauge, shared_weather

WEATHER = shared_weather(1961, 40)
NORMAL = gauge(WEATHER, 1.0, seed=2)
"""A gauge as it should be."""
NEIGHBOUR = gauge(WEATHER, 1.6, seed=3)


def beside(own: pd.Series, neighbour: pd.Series = NEIGHBOUR) -> Neighbourhood:
    totals = pd.DataFrame({"A": own, "B": neighbour})
    found = neighbourhood(totals, "A", ["B"])
    assert found is not None
    return found


def stretched(factor: float, first: str, last: str, totals: pd.Series = NORMAL) -> pd.Series:
    inside = (totals.index >= first) & (totals.index <= last)
    return totals.mask(inside, totals * factor)


def months_of(findings: pd.DataFrame) -> list[tuple[str, str]]:
    return [
        (f"{first:%Y-%m}", f"{last:%Y-%m}")
        for first, last in zip(findings["first_day"], findings["last_day"], strict=True)
    ]


# --- neighbours -------------------------------------------------------------------------------


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_km(Point(41.0, 70.0), Point(42.0, 70.0)) == pytest.approx(111.2, abs=0.1)


def test_pskem_and_chatkal_are_71_km_apart() -> None:
    """70.99 km on the ellipsoid (Vincenty), 71.0 on the sphere."""
    distance = distance_km(Point(41.9147, 70.3653), Point(41.8555, 71.2197))
    assert distance == pytest.approx(71.0, abs=0.3)


def test_neighbours_are_near_and_the_nearest_come_first() -> None:
    places = {"A": Point(41, 70), "B": Point(42, 70), "C": Point(41.5, 70), "far": Point(43, 70)}
    assert neighbours(places, "A") == ["C", "B"]
    assert neighbours(places, "nowhere") == []


def test_only_so_many_neighbours_are_looked_at() -> None:
    places = {f"{n:02d}": Point(41 + n / 100, 70) for n in range(30)}
    assert len(neighbours(places, "00")) == NEAREST


def test_the_neighbour_is_scaled_by_the_ratio_of_the_means() -> None:
    """Where one gauge always has twice the rain of the other, it says so exactly."""
    found = beside(NORMAL, NORMAL * 2)
    assert found.expected_mm.to_numpy() == pytest.approx(NORMAL.to_numpy())


@pytest.mark.parametrize(
    "neighbour",
    [
        pytest.param(gauge(shared_weather(1961, 40, seed=9), seed=4), id="other weather"),
        pytest.param(NEIGHBOUR.where(NEIGHBOUR.index < "1964"), id="three years in common"),
        pytest.param(NEIGHBOUR * 0, id="a gauge that never has rain"),
    ],
)
def test_who_cannot_tell_is_no_neighbour(neighbour: pd.Series) -> None:
    assert neighbourhood(pd.DataFrame({"A": NORMAL, "B": neighbour}), "A", ["B"]) is None


# --- departures -------------------------------------------------------------------------------


def test_years_at_half_of_what_the_neighbours_say_are_found_to_a_few_months() -> None:
    (finding,) = departures("A", beside(stretched(0.5, "1982-01-01", "1987-12-01"))).to_dict(
        "records"
    )
    assert abs((finding["first_day"] - pd.Timestamp("1982-01-01")).days) < 200
    assert abs((finding["last_day"] - pd.Timestamp("1987-12-31")).days) < 200
    assert finding["reason"].startswith("for years under 3/4 of")


def test_the_gauge_that_kept_its_normal_is_not_blamed() -> None:
    faulty = stretched(0.5, "1982-01-01", "1987-12-01")
    assert departures("A", beside(NEIGHBOUR, faulty)).empty


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(NORMAL, id="nothing"),
        pytest.param(stretched(0.5, "1982-01-01", "1982-12-01"), id="one bad year"),
    ],
)
def test_what_is_no_departure(own: pd.Series) -> None:
    assert departures("A", beside(own)).empty


def test_a_drought_that_the_neighbours_share_is_no_departure() -> None:
    years = ("1982-01-01", "1987-12-01")
    dry = beside(stretched(0.4, *years), stretched(0.4, *years, totals=NEIGHBOUR))
    assert departures("A", dry).empty


def test_years_without_reports_are_no_departure() -> None:
    silent = NORMAL.mask((NORMAL.index >= "1982") & (NORMAL.index < "1988"))
    assert departures("A", beside(silent)).empty


# --- spikes -----------------------------------------------------------------------------------


def test_one_month_far_out_of_line_is_found() -> None:
    own = NORMAL.copy()
    own["1990-06-01"] = 170.0
    own["1991-06-01"] = 20.0
    assert months_of(spikes("A", beside(own))) == [("1990-06", "1990-06")]


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(NORMAL.mask(NORMAL.index == "1990-06-01", 170.0), id="a spike"),
        pytest.param(stretched(0.5, "1982-01-01", "1987-12-01"), id="years at half"),
    ],
)
def test_what_a_hidden_neighbour_measured_is_in_no_reason(own: pd.Series) -> None:
    """The reasons of an open gauge are public."""

    def reasons(neighbour: pd.Series) -> list[str]:
        found = beside(own, neighbour)
        return [*spikes("A", found)["reason"], *departures("A", found)["reason"]]

    wetter = NEIGHBOUR.mask(NEIGHBOUR.index.year.isin([1985, 1990]), NEIGHBOUR * 1.2)
    assert reasons(NEIGHBOUR) == reasons(wetter) != []


def test_the_neighbour_of_a_spike_is_not_blamed() -> None:
    odd = NORMAL.copy()
    odd["1990-06-01"] = 170.0
    assert spikes("A", beside(NEIGHBOUR, odd)).empty


def test_a_flood_that_the_neighbours_share_is_no_spike() -> None:
    own, neighbour = NORMAL.copy(), NEIGHBOUR.copy()
    own["1990-06-01"], neighbour["1990-06-01"] = 170.0, 272.0
    assert spikes("A", beside(own, neighbour)).empty


# --- slips ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "said"),
    [(10.0, "10 times"), (25.4, "25.4 times"), (0.1, "1/10 of"), (1 / 25.4, "1/25.4 of")],
)
@pytest.mark.parametrize("has_neighbours", [True, False])
def test_two_slipped_years_are_found_with_their_factor(
    factor: float, said: str, has_neighbours: bool
) -> None:
    own = stretched(factor, "1975-01-01", "1976-12-01")
    (finding,) = slips("A", own, beside(own) if has_neighbours else None).to_dict("records")
    assert f"about {said} the usual" in finding["reason"]
    assert abs((finding["first_day"] - pd.Timestamp("1975-01-01")).days) < 100
    assert abs((finding["last_day"] - pd.Timestamp("1976-12-31")).days) < 100


def test_a_single_slipped_month_is_found() -> None:
    own = NORMAL.copy()
    own["1990-03-01"] = 900.0
    assert months_of(slips("A", own, None)) == [("1990-03", "1990-03")]


@pytest.mark.parametrize("factor", [0.3, 3.0], ids=["a dry year", "a wet year"])
def test_weather_is_no_slip(factor: float) -> None:
    own = stretched(factor, "1975-01-01", "1975-12-01")
    assert slips("A", own, None).empty


def test_a_drought_of_a_tenth_that_the_neighbours_share_is_no_slip() -> None:
    years = ("1975-01-01", "1976-12-01")
    dry = stretched(0.1, *years)
    assert slips("A", dry, beside(dry, stretched(0.1, *years, totals=NEIGHBOUR))).empty


def test_a_desert_where_a_shower_is_ten_times_the_usual_is_left_alone() -> None:
    drizzle = gauge(WEATHER, 0.02) * np.random.default_rng(8).choice([0.1, 4.0], len(WEATHER))
    assert slips("A", drizzle, None).empty
