"""What a month of the grid store was made of, when it is stale, and what holds of several files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.gaps import Gap
from pipeline.core.ids import Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import gap_code
from pipeline.landscapes.choosing import Offer, choice
from pipeline.steps.cell_offers import HARGREAVES, PET, RAIN, held_maps
from pipeline.steps.take_maps import climate_fingerprint, stale_months
from pipeline.warehouse.files import HeldFile

NOON = datetime(2026, 11, 8, 12, tzinfo=UTC)
ONE = HeldFile(1, "one.nc", "grid/aa/aa.nc", "grid", "monthly-mean", Origin.REAL, NOON)
TWO = HeldFile(2, "two.nc", "grid/bb/bb.nc", "grid", None, Origin.REAL, NOON + timedelta(hours=1))
FINAL, PRELIMINARY = Release.FINAL, Release.PRELIMINARY
BEFORE = climate_fingerprint({ONE: FINAL, TWO: PRELIMINARY})


@pytest.mark.parametrize(
    ("files", "is_same"),
    [
        pytest.param({TWO: PRELIMINARY, ONE: FINAL}, True, id="named in another order"),
        pytest.param(
            {replace(ONE, file_id=9, name="copy.nc"): FINAL, TWO: PRELIMINARY}, True,
            id="registered under another name",
        ),
        pytest.param({ONE: FINAL}, False, id="a file less"),
        pytest.param({ONE: FINAL, TWO: FINAL}, False, id="another release"),
        pytest.param(
            {replace(ONE, product="monthly-total"): FINAL, TWO: PRELIMINARY}, False,
            id="read as another product",
        ),
        pytest.param(
            {replace(ONE, archive_key="grid/cc/cc.nc"): FINAL, TWO: PRELIMINARY}, False,
            id="other bytes",
        ),
        pytest.param(
            {replace(ONE, received_at=NOON + timedelta(days=1)): FINAL, TWO: PRELIMINARY}, False,
            id="received in another order",
        ),
    ],
)  # fmt: skip
def test_a_fingerprint_says_what_a_month_was_made_of(
    files: dict[HeldFile, Release], *, is_same: bool
) -> None:
    number = climate_fingerprint(files)
    assert (number == BEFORE) is is_same
    assert 0 < number < 2**64


def test_months_are_stale_that_are_absent_or_made_of_something_else() -> None:
    may, june, july = (Month(2026, n) for n in (5, 6, 7))
    expected = {may: 1, june: 2, july: 3}
    assert stale_months(expected, {may: 1, june: 9}, None) == [june, july]
    assert stale_months(expected, {may: 1, june: 9}, june) == [june]
    assert stale_months(expected, expected, None) == []


values = st.lists(st.sampled_from([0.0, 1.5, np.nan]), min_size=6, max_size=6).map(
    lambda cells: np.array(cells).reshape(2, 3)
)


@st.composite
def offers(draw: st.DrawFn) -> list[Offer]:
    """Two or three files of two months and three cells, each with some of the quantities."""
    made = []
    for file_id in range(draw(st.integers(1, 3))):
        has_rain = draw(st.booleans()) or file_id == 0
        rain = draw(values) if has_rain else np.full((2, 3), np.nan)
        names = draw(st.sets(st.sampled_from([PET, HARGREAVES])))
        gap = Gap.OUTSIDE_GRID if has_rain else Gap.NOT_PUBLISHED
        made.append(
            Offer(
                file_id=file_id,
                issued_at=draw(st.none() | st.just(NOON)),
                received_at=NOON + timedelta(hours=draw(st.integers(0, 3))),
                is_final=np.array(draw(st.tuples(st.booleans(), st.booleans()))),
                precipitation_mm=rain,
                gaps=(np.isnan(rain) * gap_code(gap)).astype(np.uint8),
                coverage=(~np.isnan(rain)).astype(float),
                beside={name: draw(values) for name in sorted(names)},
                has_precipitation=has_rain,
            )
        )
    return made


@settings(deadline=None)
@given(offers())
def test_what_holds_for_a_cell_is_what_holds_for_a_landscape(files: list[Offer]) -> None:
    held, expected = held_maps(files), choice(files)
    assert np.array_equal(held[RAIN], expected.precipitation_mm, equal_nan=True)
    for name in (PET, HARGREAVES):
        nothing = np.full((2, 3), np.nan)
        assert np.array_equal(held[name], expected.beside.get(name, nothing), equal_nan=True)
