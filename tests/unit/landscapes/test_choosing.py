from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.gaps import Gap
from pipeline.core.panels import GAPS, gap_code
from pipeline.landscapes.choosing import Offer, choice

NAN = float("nan")
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def offer(
    rain: float | Gap = NAN,
    *,
    final: bool = True,
    coverage: float | None = None,
    temperature: float = NAN,
    pet: float = NAN,
    received_at: datetime = MONDAY,
    issued_at: datetime | None = None,
    file_id: int = 1,
) -> Offer:
    """One file's word for one landscape in one month."""
    gap = rain if isinstance(rain, Gap) else None
    covered = coverage if coverage is not None else (0.0 if gap else 1.0)
    return Offer(
        file_id=file_id,
        issued_at=issued_at,
        received_at=received_at,
        is_final=np.array([final]),
        precipitation_mm=np.array([[NAN if gap else float(rain)]]),  # type: ignore[arg-type]
        gaps=np.array([[gap_code(gap)]], dtype=np.uint8),
        coverage=np.array([[covered]]),
        beside={"temperature_mean_c": np.array([[temperature]]), "pet_mm": np.array([[pet]])},
    )


def held(offers: Sequence[Offer]) -> dict[str, Any]:
    chosen = choice(offers)
    return {
        "rain": chosen.precipitation_mm[0, 0],
        "gap": GAPS[chosen.gaps[0, 0]],
        "temperature": chosen.beside["temperature_mean_c"][0, 0],
        "pet": chosen.beside["pet_mm"][0, 0],
        "final": bool(chosen.is_final[0, 0]),
        "file": int(chosen.file_ids[0, 0]),
    }


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(
            offer(10.0), offer(20.0, final=False, received_at=TUESDAY),
            id="final goes before preliminary, though it came earlier",
        ),
        pytest.param(
            offer(10.0, final=False), offer(Gap.NOT_PUBLISHED, received_at=TUESDAY),
            id="a preliminary value before a final gap",
        ),
        pytest.param(
            offer(10.0, coverage=0.6), offer(20.0, final=False, received_at=TUESDAY),
            id="a final value of part of the landscape before a preliminary one of all",
        ),
        pytest.param(
            offer(10.0), offer(20.0, coverage=0.7, received_at=TUESDAY),
            id="of one release, the wider one",
        ),
        pytest.param(
            offer(10.0, coverage=0.6), offer(Gap.LOW_COVERAGE, coverage=0.49, received_at=TUESDAY),
            id="a value before a gap of less coverage",
        ),
        pytest.param(
            offer(10.0, received_at=TUESDAY), offer(20.0), id="alike in all, the one received last"
        ),
        pytest.param(
            offer(10.0, received_at=TUESDAY, coverage=0.999), offer(20.0),
            id="a few cells less are alike",
        ),
        pytest.param(
            offer(10.0, issued_at=TUESDAY), offer(20.0, issued_at=MONDAY, received_at=TUESDAY),
            id="if both say when they were made, the later made, not the later received",
        ),
        pytest.param(
            offer(10.0, issued_at=MONDAY, received_at=TUESDAY), offer(20.0),
            id="if one is silent, the one received last",
        ),
        pytest.param(
            offer(Gap.LOW_COVERAGE, coverage=0.3, final=False),
            offer(Gap.OUTSIDE_GRID, received_at=TUESDAY),
            id="of gaps, one of a file that has some cells here",
        ),
        pytest.param(
            offer(Gap.NOT_PUBLISHED), offer(Gap.OUTSIDE_GRID, received_at=TUESDAY),
            id="nothing published before elsewhere",
        ),
        pytest.param(
            offer(Gap.OUTSIDE_GRID, final=False),
            replace(offer(Gap.NOT_PUBLISHED, received_at=TUESDAY), has_precipitation=False),
            id="elsewhere before a file that is not of precipitation at all",
        ),
    ],
)  # fmt: skip
def test_which_of_two_files_holds(better: Offer, worse: Offer) -> None:
    better, worse = replace(better, file_id=7), replace(worse, file_id=8)
    assert held([better, worse])["file"] == 7
    assert held([worse, better]) == pytest.approx(held([better, worse]), nan_ok=True)


def test_rain_alone_keeps_the_temperature_and_pet_of_the_file_before() -> None:
    full = offer(10.0, temperature=3.0, pet=20.0, file_id=1)
    rain_only = offer(12.0, received_at=TUESDAY, file_id=2)
    assert held([full, rain_only]) == {
        "rain": 12.0, "gap": None, "temperature": 3.0, "pet": 20.0, "final": True, "file": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("temperature", "pet", "is_final"),
    [
        pytest.param(3.0, NAN, False, id="a preliminary temperature makes the row preliminary"),
        pytest.param(NAN, 20.0, False, id="and so does a preliminary PET"),
        pytest.param(NAN, NAN, True, id="what nobody has does not"),
    ],
)
def test_a_row_is_as_settled_as_its_least_settled_value(
    temperature: float, pet: float, is_final: bool
) -> None:
    preliminary = offer(9.0, final=False, temperature=temperature, pet=pet)
    found = held([offer(10.0), preliminary])
    assert (found["rain"], found["final"]) == (10.0, is_final)
    assert found["temperature"] == pytest.approx(temperature, nan_ok=True)
    assert found["pet"] == pytest.approx(pet, nan_ok=True)


def test_a_file_of_temperature_alone_adds_what_the_file_of_rain_lacks() -> None:
    rain = replace(offer(10.0, file_id=1), beside={"pet_mm": np.array([[20.0]])})
    heat = replace(
        offer(Gap.NOT_PUBLISHED, received_at=TUESDAY, file_id=2),
        beside={"pet_mm": np.array([[25.0]]), "pet_hargreaves_mm": np.array([[30.0]])},
        has_precipitation=False,
    )
    found = choice([rain, heat])
    assert (found.precipitation_mm[0, 0], found.gaps[0, 0], found.file_ids[0, 0]) == (10.0, 0, 1)
    assert {name: values[0, 0] for name, values in found.beside.items()} == {
        "pet_mm": 20.0, "pet_hargreaves_mm": 30.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "is_complete"),
    [
        pytest.param(offer(10.0, temperature=3.0, pet=20.0), True, id="everything is there"),
        pytest.param(offer(10.0, temperature=3.0), False, id="a field has a hole"),
        pytest.param(
            offer(Gap.OUTSIDE_GRID, temperature=3.0, pet=20.0), False, id="rain has a gap"
        ),
        pytest.param(
            replace(offer(10.0), beside={}), True, id="a field nobody offers is not waited for"
        ),
    ],
)
def test_complete_is_what_no_further_file_can_add_to(given: Offer, is_complete: bool) -> None:
    assert choice([given]).is_complete == is_complete


OFFERS = st.builds(
    offer,
    st.sampled_from([5.0, 6.0, Gap.NOT_PUBLISHED, Gap.OUTSIDE_GRID]),
    final=st.booleans(),
    temperature=st.sampled_from([NAN, 1.0, 2.0]),
    pet=st.sampled_from([NAN, 30.0]),
    received_at=st.sampled_from([MONDAY, TUESDAY]),
    issued_at=st.sampled_from([None, MONDAY, TUESDAY]),
)


@given(st.lists(OFFERS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_in_which_files_are_looked_at_never_matters(
    offers: list[Offer], random: Random
) -> None:
    numbered = [replace(one, file_id=n) for n, one in enumerate(offers)]
    shuffled = random.sample(numbered, len(numbered))
    assert held(shuffled) == pytest.approx(held(numbered), nan_ok=True)


@given(st.lists(OFFERS, min_size=1, max_size=4), OFFERS)
def test_a_gap_never_takes_a_value_away(offers: list[Offer], another: Offer) -> None:
    if held(offers)["gap"] is None:
        assert held([*offers, another])["gap"] is None


@given(st.lists(OFFERS, min_size=1, max_size=5))
def test_a_preliminary_value_never_stands_where_a_final_one_is(offers: list[Offer]) -> None:
    finals = [one for one in offers if one.is_final[0] and one.gaps[0, 0] == 0]
    if finals:
        file = held([replace(one, file_id=n) for n, one in enumerate(offers)])["file"]
        assert offers[file].is_final[0]
