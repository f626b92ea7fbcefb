"""Final over preliminary over a gap, in any order, any number of times: one end.

Three landscapes: one in the west, one that the western files cover to three quarters, one in the
east. Five files of four months, in every order that hypothesis can think of, with and without
`compute` in between; what must stand at the end is worked out by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box
from sqlalchemy import Engine, text

from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.landscape import Landscape
from pipeline.steps.check import check
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from tests.integration.little_world import told
from tests.unit.grids.raw import MODA, raw

pytestmark = pytest.mark.postgres

LATITUDES = (42.0, 41.0, 40.0, 39.0, 38.0)
EVERYWHERE = tuple(float(degree) for degree in range(60, 72))
WEST = (60.0, 61.0, 62.0)
NAN = float("nan")

BORDERS = {"west": (60.5, 61.5), "edge": (61.0, 63.0), "east": (69.5, 70.5)}
"""The western files reach to 62.5: three quarters of the landscape at the edge."""

Row = tuple[float | None, float | None, str | None, float, str]
"""Rain (mm), temperature (degrees C), gap, coverage, release."""

HELD: Mapping[str, Mapping[str, Row]] = {
    # 1 mm a day of the final file; its later gap changes nothing.
    "2024-01": dict.fromkeys(BORDERS, (31.0, 5.0, None, 1.0, "final")),
    # 2 mm a day in 29 days of the final file: made later than the western one, and wider.
    "2024-02": dict.fromkeys(BORDERS, (58.0, 5.0, None, 1.0, "final")),
    # Final rain of the western file, but the temperature of the preliminary one, so the row is
    # preliminary; in the east the final file is empty and the preliminary 3 mm a day stand.
    "2024-03": {
        "west": (155.0, 7.0, None, 1.0, "preliminary"),
        "edge": (155.0, 7.0, None, 0.75, "preliminary"),
        "east": (93.0, 7.0, None, 1.0, "preliminary"),
    },
    "2024-04": dict.fromkeys(BORDERS, (None, None, "not_published", 0.0, "preliminary")),
}


def write(
    folder: Path,
    name: str,
    rain_mm_a_day: Mapping[str, float],
    *,
    expver: str,
    warmth_c: float | None,
    made: str,
    longitudes: tuple[float, ...] = EVERYWHERE,
) -> Path:
    """A file of the store: rain by month, one temperature or none, and when it was made."""
    values: dict[str, list[float]] = {"tp": [mm / 1000 for mm in rain_mm_a_day.values()]}
    if warmth_c is not None:
        values["t2m"] = [warmth_c + 273.15] * len(rain_mm_a_day)
    path = folder / f"{name}.nc"
    raw(
        values,
        [f"{month}-01" for month in rain_mm_a_day],
        latitudes=LATITUDES,
        longitudes=longitudes,
        expver=expver,
        history=MODA.replace("2026-07-01", made),
    ).to_netcdf(path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A final file, a preliminary one, two of gaps, and a final one of the west."""
    january, february, march, april = (f"2024-0{n}" for n in range(1, 5))
    return [
        write(tmp_path, "final", {january: 1.0, february: 2.0}, expver="0001", warmth_c=5.0,
              made="2024-06-01"),
        write(tmp_path, "preliminary", {january: 9.0, february: 8.0, march: 3.0}, expver="0005",
              warmth_c=7.0, made="2024-04-06"),
        write(tmp_path, "final-gap", {january: NAN, march: NAN}, expver="0001", warmth_c=NAN,
              made="2024-07-01"),
        write(tmp_path, "preliminary-gap", {february: NAN, march: NAN, april: NAN}, expver="0005",
              warmth_c=NAN, made="2024-08-01"),
        write(tmp_path, "final-west", {february: 4.0, march: 5.0}, expver="0001", warmth_c=None,
              made="2024-05-01", longitudes=WEST),
    ]  # fmt: skip


@pytest.fixture
def place(installation: Installation) -> Installation:
    boundaries = {name: box(west, 38.5, east, 41.5) for name, (west, east) in BORDERS.items()}
    load_landscapes(installation, [landscape(*one) for one in boundaries.items()])
    return installation


def landscape(name: str, boundary: Polygon) -> Landscape:
    return Landscape(
        name, Country.UZBEKISTAN, name, {}, LandUse.RAINFED, False, False, None, boundary
    )


def forget(warehouse: Engine) -> None:
    """Empty the warehouse of all that came from files."""
    with warehouse.begin() as connection:
        connection.execute(text("TRUNCATE ops.file, series.climate_month_superseded CASCADE"))


def state(place: Installation) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for month, landscape_id, *row in told(
        place.warehouse,
        "SELECT to_char(c.month, 'YYYY-MM'), l.landscape_id, c.precipitation_mm, "
        "c.temperature_mean_c, c.gap, c.coverage_fraction, c.release FROM series.climate_month "
        "AS c JOIN landscape.landscape AS l USING (landscape_key) ORDER BY 1, 2",
    ):
        found.setdefault(str(month), {})[str(landscape_id)] = tuple(row)  # type: ignore[assignment]
    return found


def take(place: Installation, path: Path) -> None:
    ingest_grid(place, path, source="grid", product="monthly-mean")


def rounded(rows: Mapping[str, Mapping[str, Row]]) -> dict[str, dict[str, tuple[object, ...]]]:
    """To three decimals: raw files are single precision."""
    return {
        month: {
            name: tuple(round(cell, 3) if isinstance(cell, float) else cell for cell in row)
            for name, row in landscapes.items()
        }
        for month, landscapes in rows.items()
    }


@settings(
    deadline=None,
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.permutations(range(5)),
    again=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=4),
    computed_after=st.sets(st.integers(0, 8), max_size=3),
)
def test_any_order_any_number_of_times_ends_in_the_same_state(
    place: Installation,
    files: list[Path],
    order: list[int],
    again: list[tuple[int, int]],
    computed_after: set[int],
) -> None:
    sequence = list(order)
    for position, file in again:
        sequence.insert(position, file)
    forget(place.warehouse)
    for n, file in enumerate(sequence):
        take(place, files[file])
        if n in computed_after:
            compute(place)
    compute(place)
    assert rounded(state(place)) == HELD


@settings(
    deadline=None,
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations(range(4)), computed_after=st.sets(st.integers(0, 3), max_size=2))
def test_parts_of_one_field_in_any_order_are_exactly_the_same(
    place: Installation, pieces: list[Path], order: list[int], computed_after: set[int]
) -> None:
    # No word of when they were made, and so ordered by arrival: their values are the same, and
    # sums taken over another grid must not look like a revision.
    load_landscapes(place, [landscape("round", Point(66.1, 40.2).buffer(1.7))])
    forget(place.warehouse)
    for n, piece in enumerate(order):
        take(place, pieces[piece])
        if n in computed_after:
            compute(place)
    compute(place)
    found = state(place)
    assert found == alone(place, pieces[0])


@pytest.fixture
def pieces(tmp_path: Path) -> list[Path]:
    """One field of January at 0.1 degree, whole, and three parts of it that overlap."""
    latitudes = [round(42 - n / 10, 1) for n in range(41)]
    longitudes = [round(60 + n / 10, 1) for n in range(111)]
    values = np.random.default_rng(11).gamma(2.0, 0.001, (1, 41, 111)).astype(np.float32)
    spans = [(0, 111), (0, 50), (30, 90), (80, 111)]
    paths = [tmp_path / f"piece-{n}.nc" for n in range(len(spans))]
    for path, (start, stop) in zip(paths, spans, strict=True):
        raw(
            {"tp": values[:, :, start:stop]},
            ["2024-01-01"],
            latitudes=latitudes,
            longitudes=longitudes[start:stop],
            expver="0001",
        ).to_netcdf(path)
    return paths


def alone(place: Installation, path: Path) -> dict[str, dict[str, Row]]:
    """What one file alone comes to."""
    forget(place.warehouse)
    take(place, path)
    compute(place)
    return state(place)


def test_what_was_replaced_stays_known(place: Installation, files: list[Path]) -> None:
    final, preliminary, *_ = files
    take(place, preliminary)
    compute(place)
    take(place, final)
    compute(place)
    kept = told(
        place.warehouse,
        "SELECT DISTINCT to_char(month, 'YYYY-MM'), round(precipitation_mm::numeric, 3)::text, "
        "release FROM series.climate_month_superseded ORDER BY 1",
    )
    assert kept == [("2024-01", "279.000", "preliminary"), ("2024-02", "232.000", "preliminary")]


def test_final_rain_beside_a_preliminary_temperature_was_not_replaced(
    place: Installation, files: list[Path]
) -> None:
    # The row turns preliminary, because one of its values is; its rain is still the final one.
    _, preliminary, *_, final_west = files
    for path in (final_west, preliminary):
        take(place, path)
        compute(place)
    assert rounded(state(place))["2024-03"]["west"] == HELD["2024-03"]["west"]
    check(place, only=["final_replaced_by_preliminary"])


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        pytest.param(1.0, 4.0, ("2024-06-01", "2024-06-02"), id="the later made comes second"),
        pytest.param(4.0, 1.0, ("2024-06-02", "2024-06-01"), id="the later made comes first"),
    ],
)
def test_of_one_release_the_file_made_later_holds(
    place: Installation, tmp_path: Path, first: float, second: float, made: tuple[str, str]
) -> None:
    for n, (rain, day) in enumerate(zip((first, second), made, strict=True)):
        take(place, write(tmp_path, f"{n}", {"2024-01": rain}, expver="0001", warmth_c=5.0,
                          made=day))  # fmt: skip
        compute(place)
    assert state(place)["2024-01"]["west"][0] == pytest.approx(4.0 * 31, rel=1e-5)


def test_a_preliminary_file_is_not_opened_where_final_ones_say_all(
    place: Installation, tmp_path: Path
) -> None:
    # Proof by absence: the preliminary file is gone from the archive.
    take(place, write_with_pet_inputs(tmp_path / "p.nc", "0005", 9.0))
    compute(place)
    kept = next((place.settings.var / "archive").rglob("*.nc"))
    kept.unlink()
    take(place, write_with_pet_inputs(tmp_path / "f.nc", "0001", 1.0))
    compute(place)
    row = state(place)["2024-01"]["east"]
    assert (row[0], row[4]) == (pytest.approx(31.0, rel=1e-5), "final")


def write_with_pet_inputs(path: Path, expver: str, rain: float) -> Path:
    values = {"tp": rain / 1000, "t2m": 290.0, "d2m": 280.0, "si10": 2.0, "ssrd": 1.5e7}
    raw(
        values, ["2024-01-01"], latitudes=LATITUDES, longitudes=EVERYWHERE, expver=expver
    ).to_netcdf(path)
    return path
