"""From files to series and indices: parts of the area, releases, corrections, several writers.

Two landscapes, one in each of two areas; rain that differs from month to month; thirty years.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from shapely import box
from sqlalchemy import text

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse, Release
from pipeline.core.months import Month, months_between
from pipeline.landscapes.landscape import Landscape
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.warehouse.locks import only_writer
from tests.integration.little_world import told
from tests.unit.grids.raw import raw

pytestmark = pytest.mark.postgres

WEST, EAST = (60.0, 61.0, 62.0), (69.0, 70.0, 71.0)
LATITUDES = (42.0, 41.0, 40.0, 39.0, 38.0)
FIRST, LAST = Month(1991, 1), Month(2021, 12)

Write = Callable[..., Path]


@pytest.fixture
def place(installation: Installation) -> Installation:
    """An installation with a landscape in the west and one in the east."""
    load_landscapes(
        installation,
        [
            _landscape("west", Country.UZBEKISTAN, 60.5),
            _landscape("east", Country.TAJIKISTAN, 69.5),
        ],
    )
    return installation


def _landscape(landscape_id: str, country: Country, west: float) -> Landscape:
    boundary = box(west, 38.5, west + 1.0, 41.5)
    return Landscape(
        landscape_id, country, landscape_id, {}, LandUse.RAINFED, False, False, None, boundary
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of rain (mm a day) for months and longitudes."""
    numbers = iter(range(100))

    def file(
        first: Month = FIRST,
        last: Month = LAST,
        *,
        longitudes: tuple[float, ...] = (*WEST, 63.0, 64.0, 65.0, 66.0, 67.0, 68.0, *EAST),
        instead: Mapping[Month, float] | None = None,
        expver: str = "0001",
        variable: str = "tp",
    ) -> Path:
        months = list(months_between(first, last))
        rain = [(instead or {}).get(month, _rain_mm_a_day(month)) / 1000 for month in months]
        path = tmp_path / f"grid-{next(numbers)}.nc"
        raw(
            {variable: rain if variable == "tp" else 280.0},
            [f"{month}-01" for month in months],
            latitudes=LATITUDES,
            longitudes=longitudes,
            expver=expver,
        ).to_netcdf(path)
        return path

    return file


def _rain_mm_a_day(month: Month) -> float:
    return float(np.random.default_rng(month.ordinal).gamma(2.0, 0.8))


def ingest(place: Installation, path: Path, product: str = "monthly-mean") -> None:
    ingest_grid(place, path, source="grid", product=product)


def series(place: Installation, landscape_id: str) -> dict[str, tuple[object, ...]]:
    rows = told(
        place.warehouse,
        "SELECT to_char(month, 'YYYY-MM'), precipitation_mm, gap, release "
        "FROM mart.climate_month WHERE landscape_id = :id",
        id=landscape_id,
    )
    return {str(month): rest for month, *rest in map(list, rows)}  # type: ignore[misc]


def index(place: Installation, landscape_id: str, month: Month, code: str = "spi_3") -> object:
    ((value,),) = told(
        place.warehouse,
        "SELECT coalesce(value::text, gap) FROM mart.index_month "
        "WHERE landscape_id = :id AND month = :month AND index_code = :code",
        id=landscape_id,
        month=month.first_day,
        code=code,
    )
    return value


def test_rain_a_day_becomes_rain_a_month(place: Installation, write: Write) -> None:
    month = Month(2020, 2)
    ingest(place, write(month, month, instead={month: 1.0}))
    compute(place)
    assert series(place, "west")["2020-02"] == pytest.approx([29.0, None, "final"], abs=1e-4)


@pytest.mark.parametrize("order", [(WEST, EAST), (EAST, WEST)], ids=["west first", "east first"])
def test_files_of_two_parts_of_the_area_add_up(
    place: Installation, write: Write, order: tuple[tuple[float, ...], ...]
) -> None:
    for longitudes in order:
        ingest(place, write(longitudes=longitudes))
    compute(place)
    for landscape_id in ("west", "east"):
        gaps = {gap for _, gap, _ in series(place, landscape_id).values()}
        assert gaps == {None}


def test_a_later_file_of_one_part_leaves_the_other_as_it_was(
    place: Installation, write: Write
) -> None:
    ingest(place, write())
    compute(place)
    before = series(place, "west")
    ingest(place, write(longitudes=EAST, instead={LAST: 9.0}))
    compute(place)
    assert series(place, "west") == before
    assert series(place, "east")[str(LAST)][0] == pytest.approx(9.0 * LAST.days, rel=1e-6)


@pytest.mark.parametrize("late", ["0001", "0005"], ids=["final is late", "preliminary is late"])
def test_a_final_value_stands_whichever_came_last(
    place: Installation, write: Write, late: str
) -> None:
    files = {"0001": {LAST: 2.0}, "0005": {LAST: 7.0}}
    for expver in sorted(files, key=lambda one: one == late):
        ingest(place, write(LAST, LAST, instead=files[expver], expver=expver))
        compute(place)
    rain, _, release = series(place, "west")[str(LAST)]
    assert (rain, release) == (pytest.approx(2.0 * LAST.days, rel=1e-6), "final")


def test_a_wrong_file_is_undone_by_the_right_one_given_again(
    place: Installation, write: Write
) -> None:
    right, wrong = write(LAST, LAST, instead={LAST: 2.0}), write(LAST, LAST, instead={LAST: 7.0})
    for path in (right, wrong, right):
        ingest(place, path)
        compute(place)
    assert series(place, "west")[str(LAST)][0] == pytest.approx(2.0 * LAST.days, rel=1e-6)


def test_a_corrected_product_renews_what_was_fitted_to_the_wrong_one(
    place: Installation, write: Write
) -> None:
    path = write()
    ingest(place, path, product="monthly-total")
    compute(place)
    ingest(place, path, product="monthly-mean")
    compute(place)
    means = told(
        place.warehouse,
        "SELECT avg(value) FROM mart.index_month WHERE index_code = 'pn_12' "
        "AND month BETWEEN '1991-12-01' AND '2020-12-01' AND extract(MONTH FROM month) = 12",
    )
    assert means[0][0] == pytest.approx(100.0, abs=1e-6)


def test_history_may_come_after_the_newest_years(place: Installation, write: Write) -> None:
    ingest(place, write(Month(2019, 1), LAST))
    compute(place)
    assert index(place, "west", LAST) == "calibration_short"
    ingest(place, write(FIRST, Month(2018, 12)))
    compute(place, to=Month(2005, 12))
    assert told(place.warehouse, "SELECT count(*) FROM index.calibration") == [(0,)]
    compute(place)
    years = told(
        place.warehouse, "SELECT DISTINCT n_years FROM mart.calibration WHERE index_code = 'spi_1'"
    )
    assert years == [(30,)]
    assert index(place, "west", LAST) != "calibration_short"


def test_from_a_later_month_leaves_no_hole(place: Installation, write: Write) -> None:
    ingest(place, write())
    compute(place, to=Month(2005, 12))
    compute(place, first=Month(2010, 1))
    held = told(place.warehouse, "SELECT count(DISTINCT month) FROM index.value_month")
    assert held == [(LAST.ordinal - FIRST.ordinal + 1,)]


def test_a_file_without_rain_is_refused(place: Installation, write: Write) -> None:
    with pytest.raises(InputError, match=r"expected total precipitation \('tp'\), .* got only"):
        ingest(place, write(LAST, LAST, variable="t2m"))
    assert told(place.warehouse, "SELECT count(*) FROM ops.file") == [(0,)]


def test_months_of_a_reply_that_have_no_rain_are_gaps(
    place: Installation, write: Write, tmp_path: Path
) -> None:
    first = Month(2020, 1)
    reply = tmp_path / "reply.zip"
    with zipfile.ZipFile(reply, "w") as archive:
        archive.write(write(first, first, instead={first: 1.0}), "rain.nc")
        archive.write(write(first, first + 13, variable="t2m"), "heat.nc")
    ingest(place, reply)
    compute(place)
    held = series(place, "west")
    assert held["2020-01"] == pytest.approx([31.0, None, "final"], abs=1e-4)
    assert {held[str(first + n)][1] for n in range(1, 14)} == {"not_published"}


def test_one_writer_waits_for_the_other(place: Installation, write: Write) -> None:
    ingest(place, write(LAST, LAST))
    second = threading.Thread(target=compute, args=(place,))
    with only_writer(place.warehouse):
        second.start()
        second.join(timeout=1.0)
        assert second.is_alive()
        with place.warehouse.connect() as connection:
            assert (
                connection.execute(text("SELECT count(*) FROM series.climate_month")).scalar() == 0
            )
    second.join(timeout=30.0)
    assert not second.is_alive()
    assert series(place, "west")[str(LAST)][1] is None


def test_a_product_is_not_corrected_under_whoever_computes(
    place: Installation, write: Write
) -> None:
    # Else fits are deleted after they were read, and their indices noted as up to date.
    path = write(LAST, LAST)
    ingest(place, path, product="monthly-total")
    corrected = threading.Thread(target=ingest, args=(place, path))
    with only_writer(place.warehouse):
        corrected.start()
        corrected.join(timeout=1.0)
        assert corrected.is_alive()
    corrected.join(timeout=30.0)
    assert told(place.warehouse, "SELECT product FROM ops.file") == [("monthly-mean",)]


def test_a_preliminary_month_makes_its_windows_preliminary(
    place: Installation, write: Write
) -> None:
    ingest(place, write(FIRST, LAST - 1))
    ingest(place, write(LAST, LAST, expver="0005"))
    compute(place)
    rows = told(
        place.warehouse,
        "SELECT DISTINCT month, release FROM mart.index_month_wide "
        "WHERE month >= :month ORDER BY month",
        month=(LAST - 1).first_day,
    )
    assert [release for _, release in rows] == [Release.FINAL, Release.PRELIMINARY]
