"""Maps of indices and shares of area: what they say, and what a change makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import text

from pipeline.core.area_shares import AreaShare
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES, CELL_INDEX_CODES, IndexCode
from pipeline.core.months import Month, months_between
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.cell_maps import VALUE, index_path
from pipeline.steps.compute import compute
from pipeline.steps.draw_map import draw_map
from pipeline.steps.index_maps import Mapped, bring_index_maps
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.map_shares import take_shares
from pipeline.steps.maps import bring_maps
from pipeline.steps.run import run
from pipeline.steps.take_maps import take_maps
from pipeline.warehouse.area_shares import read_area_shares
from tests.integration.little_world import told
from tests.integration.mapped_world import (
    LAST,
    LATITUDES,
    LONGITUDES,
    SOURCE,
    files_of_store,
    ingest,
    landscape,
    new_place,
    store_of,
    tables,
    whole_record,
    write_grid,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PERIOD = CalibrationPeriod(1991, 2020)
SPI_1, SPI_3, SPI_12 = (IndexCode.parse(f"spi_{n}") for n in (1, 3, 12))
SPEI_3, SPI_VEG = IndexCode.parse("spei_3"), IndexCode.parse("spi_veg")


@pytest.fixture(scope="module")
def mapped(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Mapped]]:
    """All but the newest month, computed on both levels; tests copy it and leave it as it is."""
    folder = tmp_path_factory.mktemp("mapped")
    with new_place(postgres, folder) as place:
        ingest(place, write_grid(folder / "record.nc", whole_record(last=LAST - 1)))
        compute(place)
        yield place, bring_maps(place)


@pytest.fixture
def place(
    postgres: EmbeddedPostgres, mapped: tuple[Installation, Mapped], tmp_path: Path
) -> Iterator[Installation]:
    with new_place(postgres, tmp_path, copy_of=mapped[0]) as copied:
        yield copied


def bring(place: Installation, *codes: IndexCode) -> Mapped:
    """Do as `bring_maps` for some indices; the others have no maps and no shares."""
    store = take_maps(place, SOURCE, None, _silent)
    assert store is not None
    made = bring_index_maps(place, store, SOURCE, PERIOD, codes=codes)
    made.share_months, made.share_rows = take_shares(place, store, SOURCE, PERIOD, None, _silent)
    return made


def _silent(what: str, done: int, of: int) -> None:
    pass


def cell(latitude: float, longitude: float, place: Installation) -> int:
    grid = store_of(place).grid
    row, column = grid.latitudes.index(latitude), grid.longitudes.index(longitude)
    return row * len(grid.longitudes) + column


def maps_of(place: Installation, code: IndexCode, months: list[Month]) -> np.ndarray:
    """Dims ``(month, latitude, longitude)``, the cells of the files."""
    cells = np.array([cell(lat, lon, place) for lat in LATITUDES for lon in LONGITUDES])
    values = store_of(place).read(index_path(PERIOD, code), VALUE, months, cells)
    return values.reshape(len(months), len(LATITUDES), len(LONGITUDES))


def shares_of(
    place: Installation, landscape_id: str, code: IndexCode, month: Month
) -> list[tuple[object, ...]]:
    """Class, share, covered part and gap, mildest class first."""
    return told(
        place.warehouse,
        "SELECT class, share, covered_fraction, gap FROM mart.area_share "
        "WHERE landscape_id = :id AND index_code = :code AND month = :month ORDER BY class DESC",
        id=landscape_id,
        code=str(code),
        month=month.first_day,
    )


def gap_of(place: Installation, landscape_id: str, code: IndexCode, month: Month) -> object:
    ((gap,),) = {(row[3],) for row in shares_of(place, landscape_id, code, month)}
    return gap


# --- what they say ----------------------------------------------------------------------------


def test_a_first_run_makes_every_map_and_share(mapped: tuple[Installation, Mapped]) -> None:
    _, made = mapped
    record = len(whole_record(last=LAST - 1))
    assert made.fitted == list(CELL_INDEX_CODES)
    # The growing season has six of twelve months, in each of 31 years.
    assert made.maps == {
        code: 31 * 6 if str(code).endswith("_veg") else record for code in CELL_INDEX_CODES
    }
    assert (made.share_months, made.share_rows) == (record, record * 4)
    assert made.lacking is None


@pytest.fixture(scope="module")
def of_one_cell(
    mapped: tuple[Installation, Mapped],
) -> dict[Month, dict[str, float | None]]:
    """All indices of the landscape that is one cell, by month."""
    rows = told(
        mapped[0].warehouse,
        "SELECT month, to_jsonb(w) FROM mart.index_month_wide AS w WHERE landscape_id = 'one'",
    )
    return {Month.of(month): values for month, values in rows}  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("code", CELL_INDEX_CODES, ids=str)
def test_a_landscape_of_one_cell_has_the_index_of_that_cell(
    mapped: tuple[Installation, Mapped],
    of_one_cell: dict[Month, dict[str, float | None]],
    code: IndexCode,
) -> None:
    """Two ways through the program: the mean of one cell is that cell."""
    place, _ = mapped
    months = sorted(month for month in of_one_cell if code.months_back(month.month))
    of_cell = maps_of(place, code, months)[:, LATITUDES.index(40.0), LONGITUDES.index(62.0)]
    expected = np.array([of_one_cell[month][str(code)] for month in months], dtype=float)
    assert np.isfinite(expected).sum() > 150
    # Maps keep four decimals, of rain in single precision.
    np.testing.assert_allclose(of_cell, expected, atol=2e-4)


def test_a_share_is_the_area_counted_cell_by_cell(mapped: tuple[Installation, Mapped]) -> None:
    place, _ = mapped
    months = list(months_between(Month(2000, 1), Month(2001, 12)))
    values = maps_of(place, SPI_3, months)[:, 1:4, 0:3]
    # On a sphere a cell from south to north has the area sin(north) - sin(south).
    edges = np.radians(np.array(LATITUDES[1:4])[:, np.newaxis] + np.array([0.5, -0.5]))
    weights = np.repeat((np.sin(edges[:, 0]) - np.sin(edges[:, 1]))[:, np.newaxis], 3, axis=1)
    found = set()
    for month, field in zip(months, values, strict=True):
        for limit, share, covered, gap in shares_of(place, "nine", SPI_3, month):
            expected = weights[field <= limit].sum() / weights.sum()
            assert (share, covered, gap) == (pytest.approx(expected, abs=1e-4), 1.0, None)
            found.add(round(expected, 1))
    assert len(found) > 5


@pytest.mark.parametrize(
    ("landscape_id", "code", "month", "gap"),
    [
        pytest.param("nine", SPI_3, Month(2000, 5), None, id="values everywhere"),
        pytest.param("desert", SPI_1, Month(2000, 7), Gap.NOT_APPLICABLE, id="a dry season"),
        pytest.param("desert", SPI_12, Month(2000, 7), None, id="a year has rain"),
        pytest.param("nine", SPI_VEG, Month(2000, 12), Gap.NOT_APPLICABLE, id="out of season"),
        pytest.param("nine", SPI_VEG, Month(2000, 4), None, id="the season's first month"),
        pytest.param("outside", SPI_3, Month(2000, 5), Gap.OUTSIDE_GRID, id="no cell with a value"),
        pytest.param("nine", SPI_12, Month(1991, 11), Gap.SHORT_HISTORY, id="eleven months held"),
        pytest.param("nine", SPI_12, Month(1991, 12), None, id="twelve months held"),
    ],
)
def test_a_share_or_why_there_is_none(
    mapped: tuple[Installation, Mapped],
    landscape_id: str,
    code: IndexCode,
    month: Month,
    gap: Gap | None,
) -> None:
    place, _ = mapped
    rows = shares_of(place, landscape_id, code, month)
    assert [row[0] for row in rows] == list(AREA_CLASSES)
    assert gap_of(place, landscape_id, code, month) == gap
    assert {row[1] is None for row in rows} == {gap is not None}


def test_shares_are_read_as_decimal_numbers_with_their_gaps(
    mapped: tuple[Installation, Mapped],
) -> None:
    place, _ = mapped
    dry, veg = AreaShare(index=SPI_3, at_or_below=-1.0), AreaShare(index=SPI_VEG, at_or_below=-2.0)
    month = Month(2000, 12)
    keys = dict(told(place.warehouse, "SELECT landscape_id, landscape_key FROM mart.landscape"))  # type: ignore[arg-type]
    with place.warehouse.connect() as connection:
        found = read_area_shares(
            connection, SOURCE, PERIOD, [dry, veg], since=month - 1, until=month
        )
    assert {frozenset(months) for months in found.values()} == {frozenset({month - 1, month})}
    of_nine = found[keys["nine"]][month]
    shown = shares_of(place, "nine", SPI_3, month)[AREA_CLASSES.index(-1.0)][1]
    assert of_nine[dry] == pytest.approx(shown, abs=1e-7)
    assert of_nine[dry] == round(float(of_nine[dry]), 4)  # type: ignore[arg-type]
    assert of_nine[veg] is Gap.NOT_APPLICABLE


# --- what a change makes anew -----------------------------------------------------------------


def test_the_same_again_makes_nothing(place: Installation) -> None:
    before = files_of_store(place), tables(place.warehouse)
    made = bring_maps(place)
    assert (made.fitted, made.maps, made.share_months) == ([], {}, 0)
    assert (files_of_store(place), tables(place.warehouse)) == before


def test_the_newest_month_alone_equals_a_run_over_all_to_the_bit(
    place: Installation, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    newest = write_grid(tmp_path / "newest.nc", [LAST])
    ingest(place, newest)
    made = bring_maps(place)
    assert made.fitted == []
    assert set(made.maps.values()) == {1}
    # December lies outside the growing season.
    assert len(made.maps) == len(CELL_INDEX_CODES) - 2
    assert (made.share_months, made.share_rows) == (1, 4)
    with new_place(postgres, tmp_path / "all at once") as other:
        ingest(other, write_grid(tmp_path / "record.nc", whole_record(last=LAST - 1)))
        ingest(other, newest)
        bring_maps(other)
        assert files_of_store(place) == files_of_store(other)
        assert tables(place.warehouse) == tables(other.warehouse)


def test_a_revised_month_changes_only_what_its_windows_reach(
    place: Installation, tmp_path: Path
) -> None:
    """March 2019 comes again: final in place of nothing less, so the file made later holds."""
    revised = Month(2019, 3)
    before = {code: maps_of(place, code, list(_season(code))) for code in (SPI_3, SPI_VEG)}
    ingest(place, write_grid(tmp_path / "revised.nc", [revised], rain_factor=3.0))
    made = bring_maps(place)
    assert made.fitted == []  # though the period holds the month: a fit is never replaced
    reached = {
        code: sum(
            code.months_back(month.month) > month.ordinal - revised.ordinal
            for month in months_between(revised, LAST - 1)
        )
        for code in CELL_INDEX_CODES
    }
    assert (reached[SPI_1], reached[SPI_3], reached[SPI_12], reached[SPI_VEG]) == (1, 3, 12, 0)
    assert made.maps == {code: count for code, count in reached.items() if count}
    assert made.share_months == max(reached.values())
    for code, values in before.items():
        after = maps_of(place, code, list(_season(code)))
        differs = (np.nan_to_num(after) != np.nan_to_num(values)).any(axis=(1, 2))
        changed = [month for month, is_so in zip(_season(code), differs, strict=True) if is_so]
        assert changed == ([revised + n for n in range(3)] if code is SPI_3 else [])


def _season(code: IndexCode) -> list[Month]:
    return [month for month in whole_record(last=LAST - 1) if code.months_back(month.month)]


def test_other_landscapes_make_shares_anew_and_no_map(place: Installation) -> None:
    before = files_of_store(place)
    load_landscapes(place, [landscape("one", 60.5, 39.5, 61.5, 40.5)])
    made = bring_maps(place)
    record = len(whole_record(last=LAST - 1))
    assert (made.maps, made.share_months) == ({}, record)
    # Only the landscape that moved has other shares.
    assert 0 < made.share_rows <= record
    assert files_of_store(place) == before
    assert told(
        place.warehouse,
        "SELECT DISTINCT landscape_id FROM index.area_share_superseded "
        "JOIN landscape.landscape USING (landscape_key)",
    ) == [("one",)]


def test_cells_that_come_later_get_fits_and_the_others_keep_theirs(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    record = whole_record(last=Month(2020, 12))
    with new_place(postgres, tmp_path) as place:
        west_file = write_grid(
            tmp_path / "west.nc", record, longitudes=LONGITUDES[:2], with_weather=False
        )
        ingest(place, west_file)
        bring(place, SPI_3)
        west = maps_of(place, SPI_3, record)[:, :, :2]
        assert np.isnan(maps_of(place, SPI_3, record)[:, :, 2:]).all()
        east_file = write_grid(
            tmp_path / "east.nc", record, longitudes=LONGITUDES[2:], with_weather=False
        )
        ingest(place, east_file)
        assert bring(place, SPI_3).fitted == [SPI_3]
        values = maps_of(place, SPI_3, record)
        np.testing.assert_array_equal(values[:, :, :2], west)
        assert np.isfinite(values[24:, 1:3, 2:]).all()


def test_nothing_is_fitted_before_the_period_is_whole(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with new_place(postgres, tmp_path) as place:
        ingest(place, write_grid(tmp_path / "late.nc", whole_record(Month(2019, 1), LAST)))
        made = bring_maps(place)
        assert made.lacking == "336 months of 1991-2020 are not held yet: nothing is fitted"
        assert (made.fitted, made.maps, made.share_months) == ([], {}, 0)
        assert told(place.warehouse, "SELECT * FROM index.cell_calibration") == []


def test_rain_alone_gives_spi_and_says_what_is_lacking(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with new_place(postgres, tmp_path) as place:
        path = write_grid(tmp_path / "rain.nc", whole_record(last=LAST - 1), with_weather=False)
        ingest(place, path)
        made = bring(place, SPI_3, SPEI_3)
        assert list(made.maps) == [SPI_3]
        assert made.lacking == "no SPEI: the source lacks what evaporation is computed from"
        assert gap_of(place, "nine", SPEI_3, Month(2000, 5)) == Gap.NOT_PUBLISHED
        assert gap_of(place, "nine", SPI_3, Month(2000, 5)) is None


def test_a_file_that_was_misread_takes_its_fits_with_it(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """As monthly totals the rain is a thirtieth: fits to it would be wrong for ever."""
    record = whole_record(last=LAST - 1)
    path = write_grid(tmp_path / "record.nc", record, with_weather=False)
    fits = []
    with new_place(postgres, tmp_path) as place:
        for product in ("monthly-mean", "monthly-total", "monthly-mean"):
            ingest(place, path, product)
            bring(place, SPI_3)
            fits += told(place.warehouse, "SELECT fit FROM index.cell_calibration")
    assert fits[0] == fits[2] != fits[1]


def test_shares_of_the_past_are_kept(place: Installation, tmp_path: Path) -> None:
    month = LAST - 1
    with place.warehouse.connect() as connection:
        then = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    before = shares_of(place, "nine", SPI_1, month)
    ingest(place, write_grid(tmp_path / "dry.nc", [month], rain_factor=0.01))
    bring_maps(place)
    assert shares_of(place, "nine", SPI_1, month) != before
    kept = told(
        place.warehouse,
        "SELECT class, share, covered_fraction, gap FROM mart.area_share_as_of(:then) "
        "WHERE landscape_id = 'nine' AND index_code = 'spi_1' AND month = :month "
        "ORDER BY class DESC",
        then=then,
        month=month.first_day,
    )
    assert kept == before


# --- where they cannot be made ----------------------------------------------------------------


class _Refusing(MemoryFileSystem):  # type: ignore[misc]
    """An object store whose client has errors of its own, as that of S3 has."""

    protocol = "refusing"

    def exists(self, path: str, **kwargs: object) -> bool:
        raise RuntimeError("no credentials")


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        pytest.param("{var}/file", OSError, id="a folder that cannot be made"),
        pytest.param("refusing://grids", RuntimeError, id="a store that turns us away"),
    ],
)
def test_a_run_without_maps_decides_stages_all_the_same_and_fails_in_the_end(
    place: Installation, url: str, refusal: type[Exception]
) -> None:
    register_implementation("refusing", _Refusing, clobber=True)
    (place.settings.var / "file").write_text("in the way")
    elsewhere = {"grids_url": url.format(var=place.settings.var)}
    place = replace(place, settings=place.settings.model_copy(update=elsewhere))
    with pytest.raises(refusal):
        run(place, LAST - 1, LAST - 1)
    steps = told(place.warehouse, "SELECT step, state FROM ops.outcome ORDER BY outcome_id")
    assert steps[-5:] == [
        ("maps", "failed"),
        *((step, "done") for step in ("evaluate", "deliver", "bulletins", "publish")),
    ]
    newest = told(place.warehouse, "SELECT max(month) FROM mart.stage_month")
    assert newest == [((LAST - 1).first_day,)]


# --- as a picture and as a file ---------------------------------------------------------------


def test_a_map_leaves_as_netcdf(mapped: tuple[Installation, Mapped], tmp_path: Path) -> None:
    place, _ = mapped
    month = Month(2000, 7)
    draw_map(place, SPI_1, month, tmp_path / "map.nc")
    with xr.open_dataset(tmp_path / "map.nc") as found:
        cells = {"latitude": list(LATITUDES), "longitude": list(LONGITUDES)}
        values = found["spi_1"].sel(cells).to_numpy()
        np.testing.assert_allclose(values, maps_of(place, SPI_1, [month])[0], atol=1e-6)
        blind = found["not_applicable"].sel(cells).to_numpy()
        assert blind.tolist() == [[1] * 4, *[[0] * 4] * 4]
        assert np.isnan(values[0]).all()
        assert found.attrs["calibration_period"] == "1991-2020"
        assert (found.attrs["origin"], found.attrs["release"]) == ("real", "final")


def test_a_map_leaves_as_a_picture(mapped: tuple[Installation, Mapped], tmp_path: Path) -> None:
    place, _ = mapped
    draw_map(place, SPI_1, Month(2000, 7), tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [tmp_path / "map.png"]


def test_a_map_of_files_that_were_replaced_is_not_drawn(
    place: Installation, tmp_path: Path
) -> None:
    """It would be shown as final, and would be preliminary."""
    soon = write_grid(tmp_path / "preliminary.nc", [LAST], expver="0005", rain_factor=0.5)
    ingest(place, soon)
    bring(place, SPI_3)
    ingest(place, write_grid(tmp_path / "final.nc", [LAST]))
    with pytest.raises(InputError, match=r"2021-12 is not of the files that are held now"):
        draw_map(place, SPI_3, LAST, tmp_path / "map.nc")
    draw_map(place, SPI_3, LAST - 1, tmp_path / "map.nc")
    bring(place, SPI_3)
    draw_map(place, SPI_3, LAST, tmp_path / "map.nc")
    with xr.open_dataset(tmp_path / "map.nc") as found:
        assert found.attrs["release"] == "final"


@pytest.mark.parametrize(
    ("code", "month", "told_so"),
    [
        pytest.param(SPI_VEG, Month(2000, 12), "outside its season", id="out of season"),
        pytest.param(SPI_1, LAST, "expected a map of 2021-12", id="a month that is not held"),
    ],
)
def test_there_is_no_such_map(
    mapped: tuple[Installation, Mapped],
    tmp_path: Path,
    code: IndexCode,
    month: Month,
    told_so: str,
) -> None:
    with pytest.raises(InputError, match=told_so):
        draw_map(mapped[0], code, month, tmp_path / "map.png")
    assert list(tmp_path.iterdir()) == []
