"""The landscape builder on the real districts, and what the warehouse makes of its landscapes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.landscape import Landscape
from pipeline.landscapes.weights import Grid
from pipeline.sources.landscape_files import read_landscapes
from pipeline.sources.weights_cache import cached_area_weights
from pipeline.steps.build_landscapes import Built, Order, build_landscapes
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.warehouse.landscapes import save_landscapes
from tests.integration.little_world import SOURCE, grid_file, landscape, settle, told

SPHERE = pyproj.Geod(a=6371008.8, b=6371008.8)
"""That of the area weights, see `pipeline.landscapes.weights`."""
LAND_COVER = "landscape/mcd12c1_igbp_2019_cacilm_bbox.tif"


@dataclass(frozen=True)
class Layer:
    """A file of districts and its columns."""

    file: str
    id_field: str
    name_field: str
    names: Mapping[str, str]
    features: int
    units: int


LAYERS = {
    "KZ": Layer("kaz_adm2_geoboundaries_2017", "shapeID", "{shapeName} district", {}, 174, 174),
    "KG": Layer(
        "kgz_adm2_cod_moes_2018",
        "ADM2_PCODE",
        "{ADM2_EN} {ADM2TYP_EN}",
        {"ru": "{ADM2_RU} {ADM2TYP_RU}", "ky": "{ADM2_KY} {ADM2TYP_KY}"},
        53,
        53,
    ),
    # Four districts come in two features each.
    "TJ": Layer(
        "tjk_adm2_wfp_prism_v2",
        "admin2_pcode",
        "{admin2Name_en} district",
        {"ru": "admin2Name_ru", "tg": "admin2Name_tg"},
        62,
        58,
    ),
    "UZ": Layer("uzb_adm2_geoboundaries", "shapeID", "shapeName", {}, 199, 199),
}


def order(data: Path, country: str) -> Order:
    layer = LAYERS[country]
    return Order(
        boundaries=[data / "boundaries" / f"{layer.file}.geojson"],
        id_field=layer.id_field,
        name_field=layer.name_field,
        names=layer.names,
        country=Country(country),
        land_cover=data / LAND_COVER,
        min_area_km2=10.0,
    )


@pytest.fixture(scope="module")
def trial(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Built]]:
    """Landscapes of all districts of four countries: the file and what was told, by country."""
    folder = tmp_path_factory.mktemp("built")
    made = {}
    for country in LAYERS:
        path = folder / f"{country}.geojson"
        made[country] = path, build_landscapes(order(shared_data, country), path, _nobody)
    return made


def _nobody(what: str, done: int, of: int) -> None:
    pass


def _area_km2(geometry: BaseGeometry, globe: pyproj.Geod) -> float:
    stepped = shapely.segmentize(shapely.orient_polygons(geometry), 0.05)
    return abs(float(globe.geometry_area_perimeter(stepped)[0])) / 1e6


def all_of(trial: dict[str, tuple[Path, Built]]) -> list[Landscape]:
    return [one for _, built in trial.values() for one in built.landscapes]


class TestRealDistricts:
    def test_all_488_are_used(self, trial: dict[str, tuple[Path, Built]]) -> None:
        assert sum(layer.features for layer in LAYERS.values()) == 488
        for country, (_, built) in trial.items():
            assert built.tally.units.count == LAYERS[country].units
        joined = LAYERS["TJ"].features - LAYERS["TJ"].units
        assert [len(built.joined) for _, built in trial.values()] == [0, 0, joined, 0]

    def test_their_whole_area_is_accounted_for(self, trial: dict[str, tuple[Path, Built]]) -> None:
        for _, built in trial.values():
            tally = built.tally
            sums = [*tally.landscapes.values(), *tally.dropped.values(), *tally.unclaimed.values()]
            assert sum(one.km2 for one in sums) == pytest.approx(tally.units.km2, rel=1e-3)

    @pytest.mark.parametrize(
        ("longitude", "latitude", "use"),
        [
            pytest.param(68.33, 40.52, LandUse.IRRIGATED, id="the Hungry Steppe is irrigated"),
            pytest.param(60.62, 41.62, LandUse.IRRIGATED, id="Khorezm is an oasis"),
            pytest.param(68.78, 37.72, LandUse.IRRIGATED, id="cotton along the Vakhsh"),
            pytest.param(62.73, 53.72, LandUse.RAINFED, id="wheat of Kostanay"),
            pytest.param(75.22, 41.33, LandUse.PASTORAL, id="summer pastures of Naryn"),
            pytest.param(67.02, 47.03, LandUse.PASTORAL, id="the Betpak-Dala steppe"),
            pytest.param(83.12, 50.62, LandUse.TREE_BASED, id="forests of the Altai"),
        ],
    )
    def test_known_places_have_the_land_use_they_are_known_for(
        self,
        trial: dict[str, tuple[Path, Built]],
        longitude: float,
        latitude: float,
        use: LandUse,
    ) -> None:
        place = Point(longitude, latitude)
        assert [one.land_use for one in all_of(trial) if one.geometry.contains(place)] == [use]

    @pytest.mark.parametrize(
        ("longitude", "latitude"),
        [
            pytest.param(69.26, 41.31, id="Tashkent is a city"),
            pytest.param(77.22, 42.43, id="Issyk-Kul is a lake"),
            pytest.param(73.32, 38.33, id="the eastern Pamirs are bare"),
        ],
    )
    def test_what_nobody_farms_is_in_no_landscape(
        self, trial: dict[str, tuple[Path, Built]], longitude: float, latitude: float
    ) -> None:
        place = Point(longitude, latitude)
        assert not any(one.geometry.contains(place) for one in all_of(trial))

    def test_names_are_in_the_languages_of_the_boundaries(
        self, trial: dict[str, tuple[Path, Built]]
    ) -> None:
        by_id = {one.landscape_id: one for one in all_of(trial)}
        assert by_id["KG04210000000-pastoral"].names == {
            "en": "Ak-Tala district: pastoral land",
            "ru": "Ак-Талинский район: пастбища",
            "ky": "Ак-Талаа району: жайыттар",
        }
        assert by_id["3505207-irrigated"].names == {
            "en": "Asht district: irrigated land",
            "ru": "Аштский: орошаемые земли",
            "tg": "Ашт: заминҳои обёришаванда",
        }

    def test_weights_of_their_pieces_sum_to_their_areas(
        self, trial: dict[str, tuple[Path, Built]], tmp_path: Path
    ) -> None:
        latitudes = tuple(np.round(np.arange(57.0, 33.9, -0.1), 1).tolist())
        longitudes = tuple(np.round(np.arange(45.0, 90.1, 0.1), 1).tolist())
        landscapes = all_of(trial)
        geometries = [one.geometry for one in landscapes]
        weights = cached_area_weights(tmp_path, Grid(latitudes, longitudes), geometries)
        sums = np.asarray(weights.cell_km2.sum(axis=1)).ravel()
        on_sphere = [_area_km2(one.geometry, SPHERE) for one in landscapes]
        # A cell is one area throughout, though its north is narrower than its south.
        assert sums == pytest.approx(on_sphere, rel=1e-3)
        # The ellipsoid's cells are larger in the north: by 0.51 % at 55.4 degrees.
        assert sums == pytest.approx([one.area_km2 for one in landscapes], rel=5.5e-3)
        assert sums.sum() == pytest.approx(sum(one.area_km2 for one in landscapes), rel=5e-3)
        assert weights.coverage_fraction == pytest.approx(1.0)
        again = cached_area_weights(tmp_path, Grid(latitudes, longitudes), geometries)
        assert (again.cell_km2 != weights.cell_km2).nnz == 0
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.postgres
    def test_every_file_loads_as_it_is(
        self, trial: dict[str, tuple[Path, Built]], installation: Installation
    ) -> None:
        for path, built in trial.values():
            read = read_landscapes(path)
            assert load_landscapes(installation, read)["new"] == len(built.landscapes)
        again = read_landscapes(trial["TJ"][0])
        assert load_landscapes(installation, again)["unchanged"] == len(again)
        counted = dict(
            told(installation.warehouse, "SELECT land_use, count(*) FROM mart.landscape GROUP BY 1")
        )
        assert counted == Counter(str(one.land_use) for one in all_of(trial))

    @pytest.mark.postgres
    def test_made_up_basins_link_them_to_their_headwaters(
        self, shared_data: Path, tmp_path: Path, installation: Installation
    ) -> None:
        """No real basin layer is at hand: boxes around the Chu, the Talas and the mountains."""
        layer = tmp_path / "basins.geojson"
        layer.write_text(json.dumps(BASINS))
        path = tmp_path / "kg.gpkg"
        build_landscapes(replace(order(shared_data, "KG"), basins=[layer]), path, _nobody)
        read = read_landscapes(path)
        headwaters = {one.name_en: one.headwater_landscape_id for one in read}
        assert headwaters["Sokuluk district: irrigated land"] == "mountains-headwater"
        assert headwaters["Manas district: irrigated land"] == "mountains-headwater"
        assert headwaters["Sokuluk district: pastoral land"] is None
        with pytest.raises(InputError, match="got mountains-headwater;"):
            load_landscapes(installation, [one for one in read if one.land_use != "pastoral"])
        load_landscapes(installation, read)
        [(country, area_km2)] = told(
            installation.warehouse,
            "SELECT country_code, area_km2 FROM mart.landscape "
            "WHERE landscape_id = 'mountains-headwater'",
        )
        # 2.5 degrees at 41.95 N by 0.9 degrees: 207 by 100 km.
        assert (country, area_km2) == ("KG", pytest.approx(20_700, rel=0.01))


def _basin(
    basin_id: str, above: str | None, west: float, south: float, east: float, north: float
) -> dict[str, object]:
    properties = {"basin_id": basin_id, "name_en": basin_id.title(), "headwater_basin_id": above}
    geometry = box(west, south, east, north).__geo_interface__
    return {"type": "Feature", "properties": properties, "geometry": geometry}


BASINS = {
    "type": "FeatureCollection",
    "features": [
        _basin("chu", "mountains", 73.4, 42.5, 76.5, 43.5),
        _basin("talas", "mountains", 70.5, 42.3, 73.4, 43.0),
        _basin("mountains", None, 73.5, 41.5, 76.0, 42.4),
    ],
}


@pytest.mark.postgres
class TestHeadwaters:
    def test_unknown_ones_are_refused_and_nothing_is_loaded(
        self, installation: Installation
    ) -> None:
        fed = [
            replace(landscape("A"), headwater_landscape_id="PAMIR"),
            replace(landscape("B"), headwater_landscape_id="ALAI"),
            landscape("C"),
        ]
        with pytest.raises(InputError, match="got ALAI, PAMIR; load the headwaters first"):
            load_landscapes(installation, fed)
        assert told(installation.warehouse, "SELECT * FROM mart.landscape") == []
        [(state,)] = told(installation.warehouse, "SELECT state FROM ops.outcome")
        assert state == "failed"

    def test_one_may_be_in_the_file_or_loaded_before(self, installation: Installation) -> None:
        fed = replace(landscape("A"), headwater_landscape_id="PAMIR")
        assert load_landscapes(installation, [fed, landscape("PAMIR")])["new"] == 2
        other = replace(landscape("B"), headwater_landscape_id="PAMIR")
        assert load_landscapes(installation, [other])["new"] == 1


@pytest.mark.postgres
class TestAridity:
    def test_a_landscape_without_it_is_the_version_it_always_was(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            save_landscapes(connection, [landscape("A")])
        # As it was computed before there was such a field.
        assert told(warehouse, "SELECT fingerprint FROM landscape.version") == [
            ("0970696068de0c1c8c5f1cfb13d4f5e18ddecac6a07b7365fe6bf2b086b0bcc0",)
        ]

    def test_stating_it_is_a_new_version(self, warehouse: Engine) -> None:
        stated = replace(landscape("A"), aridity_index=0.12)
        with warehouse.begin() as connection:
            save_landscapes(connection, [landscape("A")])
            assert save_landscapes(connection, [stated])["changed"] == 1
            assert save_landscapes(connection, [stated])["unchanged"] == 1
        query = "SELECT version, aridity_index FROM mart.landscape"
        assert told(warehouse, query) == [(2, 0.12)]

    @pytest.mark.parametrize(
        ("index", "expected"),
        [
            pytest.param(0.0499, "hyper-arid", id="the driest"),
            pytest.param(0.05, "arid", id="0.05 is arid already"),
            pytest.param(0.2, "semi-arid", id="0.2 is semi-arid already"),
            pytest.param(0.5, "dry sub-humid", id="0.5 is dry sub-humid already"),
            pytest.param(0.65, "humid", id="0.65 is humid already"),
        ],
    )
    def test_classes_are_those_of_unep(
        self, warehouse: Engine, index: float, expected: str
    ) -> None:
        with warehouse.begin() as connection:
            save_landscapes(connection, [replace(landscape("A"), aridity_index=index)])
        query = "SELECT basis, calibration, aridity_index, aridity_class FROM mart.aridity"
        assert told(warehouse, query) == [("stated", None, index, expected)]

    def test_where_nobody_stated_it_the_climate_of_the_calibration_says_it(
        self, warehouse: Engine
    ) -> None:
        settle(warehouse, [landscape("PENMAN"), landscape("HARGREAVES"), landscape("BLENDED")])
        with warehouse.begin() as connection:
            file_id = grid_file(connection, number=2)
            _calibrate(connection, 1, SOURCE, "penman_monteith")
            _calibrate(connection, 2, SOURCE, "hargreaves")
            _calibrate(connection, 3, "blended", "penman_monteith")
            for key, source in ((1, SOURCE), (2, SOURCE), (3, "blended")):
                _rain(connection, key, source, None if source == "blended" else file_id)
        query = (
            "SELECT landscape_id, basis, calibration, aridity_index, aridity_class, pet_method, "
            "precipitation_mm, pet_mm FROM mart.aridity ORDER BY landscape_id"
        )
        # Blended: the mean would be that of gauges which may be closed.
        assert told(warehouse, query) == [
            ("HARGREAVES", SOURCE, "1991-2020", pytest.approx(0.1), "arid", "hargreaves",
             pytest.approx(180.0), pytest.approx(1800.0)),
            ("PENMAN", SOURCE, "1991-2020", pytest.approx(0.15), "arid", "penman_monteith",
             pytest.approx(180.0), pytest.approx(1200.0)),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("missing_to", "rows"),
        [
            pytest.param("1997-01-01", 1, id="24 Junes suffice"),
            pytest.param("1998-01-01", 0, id="23 do not"),
        ],
    )
    def test_every_calendar_month_needs_its_years(
        self, warehouse: Engine, missing_to: str, rows: int
    ) -> None:
        settle(warehouse, [landscape("A")])
        with warehouse.begin() as connection:
            _calibrate(connection, 1, SOURCE, "penman_monteith")
            _rain(connection, 1, SOURCE, grid_file(connection, number=2))
            connection.execute(
                text(
                    "UPDATE series.climate_month SET pet_mm = NULL "
                    "WHERE extract(MONTH FROM month) = 6 AND month < CAST(:to AS date)"
                ),
                {"to": missing_to},
            )
        assert told(warehouse, "SELECT count(*) FROM mart.aridity") == [(rows,)]


def _calibrate(connection: Connection, key: int, source: str, pet_method: str) -> None:
    connection.execute(
        text(
            "INSERT INTO index.calibration (landscape_key, landscape_version, source, calibration, "
            "index_code, calendar_month, distribution, parameters, n_years, pet_method) "
            "SELECT :key, 1, :source, '1991-2020', code, m, 'loglogistic', '{}', 30, :pet_method "
            "FROM generate_series(1, 12) AS m, unnest(ARRAY['spei_1', 'spei_3']) AS code"
        ),
        {"key": key, "source": source, "pet_method": pet_method},
    )


def _rain(connection: Connection, key: int, source: str, file_id: int | None) -> None:
    """15 mm of rain, 100 mm of PET, 150 by Hargreaves each month; ten times that outside 1991-2020."""
    connection.execute(
        text(
            "INSERT INTO series.climate_month (landscape_key, month, source, landscape_version, "
            "precipitation_mm, pet_mm, pet_hargreaves_mm, coverage_fraction, release, origin, "
            "file_id) SELECT :key, m, :source, 1, 15 * r, 100, 150, 1, 'final', 'real', :file_id "
            "FROM generate_series(date '1985-01-01', '2025-12-01', interval '1 month') AS m, "
            "LATERAL (SELECT CASE WHEN extract(YEAR FROM m) BETWEEN 1991 AND 2020 THEN 1 ELSE 10 "
            "END AS r) AS wet"
        ),
        {"key": key, "source": source, "file_id": file_id},
    )
