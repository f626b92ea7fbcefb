from __future__ import annotations

import json
import resource
from collections import Counter
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Polygon, box

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, LandUse
from pipeline.core.panels import GAPS
from pipeline.landscapes.landscape import landscape_of
from pipeline.landscapes.series import landscape_means, with_gaps
from pipeline.landscapes.weights import Grid, area_weights
from pipeline.sources import grid_files
from pipeline.sources.landscape_files import read_landscapes, write_landscapes

SQUARE, BESIDE = box(65.0, 40.0, 66.0, 41.0), box(66.0, 40.0, 67.0, 41.0)
FULL: dict[str, object] = {
    "landscape_id": "UZ-1",
    "name_en": "Nurata",
    "names": {"uz": "Nurota", "ru": "Нурата"},
    "country_code": "UZ",
    "land_use": "irrigated",
    "is_salt_affected": True,
    "is_derived": False,
    "headwater_landscape_id": "KG-1",
    "aridity_index": 0.18,
}


def geojson(path: Path, *features: tuple[dict[str, object], Polygon | None]) -> Path:
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": None if geometry is None else geometry.__geo_interface__,
            }
            for properties, geometry in features
        ],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def test_a_full_feature(tmp_path: Path) -> None:
    [found] = read_landscapes(geojson(tmp_path / "a.geojson", (FULL, SQUARE)))
    assert found.landscape_id == "UZ-1"
    assert found.country is Country.UZBEKISTAN
    assert found.names == {"en": "Nurata", "uz": "Nurota", "ru": "Нурата"}
    assert found.land_use is LandUse.IRRIGATED
    assert found.is_salt_affected
    assert not found.is_derived
    assert found.headwater_landscape_id == "KG-1"
    assert found.aridity_index == 0.18
    assert found.geometry.equals(SQUARE)


def test_geopackage_in_another_coordinate_system(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    columns = {"code": [7], "name_en": ["Nurata"], "name_uz": ["Nurota"], "name_kaa": [None]}
    table = gpd.GeoDataFrame(columns, geometry=[SQUARE], crs="EPSG:4326")
    table.to_crs("EPSG:32641").to_file(path, layer="landscapes", driver="GPKG")
    [found] = read_landscapes(
        path, id_field="code", country="UZ", land_use="rainfed", is_derived=True
    )
    assert found.landscape_id == "7"
    assert found.names == {"en": "Nurata", "uz": "Nurota"}
    assert found.is_derived
    # A nanodegree is the way there and back.
    assert found.geometry.equals_exact(SQUARE, 1e-8)


def test_what_a_feature_says_goes_before_what_the_caller_says(tmp_path: Path) -> None:
    silent = {**FULL, "landscape_id": "UZ-2", "land_use": None}
    path = geojson(tmp_path / "a.geojson", (FULL, SQUARE), (silent, BESIDE))
    found = read_landscapes(path, land_use="pastoral", country="KZ")
    assert [str(each.land_use) for each in found] == ["irrigated", "pastoral"]
    assert [str(each.country) for each in found] == ["UZ", "UZ"]


def test_ids_stay_as_they_are(tmp_path: Path) -> None:
    ids = ("00120", " x ", "79887680B61721126470320")
    features = [({**FULL, "landscape_id": name}, SQUARE) for name in ids]
    found = read_landscapes(geojson(tmp_path / "a.geojson", *features))
    assert tuple(each.landscape_id for each in found) == ids


CROSSED = Polygon([(65, 40), (66, 41), (66, 40), (65, 41)])


@pytest.mark.parametrize(
    ("fields", "geometry", "message"),
    [
        pytest.param({"land_use": "wood"}, SQUARE, r"feature 2 'UZ-2': unknown land_use.*'wood'",
                     id="unknown land use"),
        pytest.param({"land_use": None}, SQUARE, r"feature 2: land_use is empty.*--land-use",
                     id="no land use"),
        pytest.param({"country_code": None}, SQUARE, r"feature 2: country_code is.*--country",
                     id="no country"),
        pytest.param({"landscape_id": "UZ-1"}, SQUARE, "more than one of 'UZ-1'", id="an id twice"),
        pytest.param({}, CROSSED, r"feature 2 'UZ-2': invalid.*\[65.5 40.5\]", id="invalid"),
        pytest.param({}, None, "feature 2 'UZ-2': no readable geometry", id="no geometry"),
        pytest.param({}, box(2.0, 48.0, 3.0, 49.0), "feature 2 'UZ-2': outside the six countries",
                     id="elsewhere"),
    ],
)  # fmt: skip
def test_a_bad_feature_is_named(
    tmp_path: Path, fields: dict[str, object], geometry: Polygon | None, message: str
) -> None:
    second = {**FULL, "landscape_id": "UZ-2", **fields}
    path = geojson(tmp_path / "a.geojson", (FULL, SQUARE), (second, geometry))
    with pytest.raises(InputError, match=message) as refusal:
        read_landscapes(path)
    assert str(refusal.value).startswith(f"{path}: ")


def test_a_ring_that_is_a_point_is_named_like_any_other(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", (FULL, SQUARE), ({**FULL, "landscape_id": "2"}, SQUARE))
    collection = json.loads(path.read_text())
    collection["features"][1]["geometry"]["coordinates"] = [[[65, 40], [65, 40]]]
    path.write_text(json.dumps(collection))
    with pytest.raises(InputError, match="feature 2 '2': no readable geometry"):
        read_landscapes(path)


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", ({"code": "1", "title": "Nurata"}, SQUARE))
    with pytest.raises(InputError, match=r"no column 'landscape_id'.*code, title; .*--id-field"):
        read_landscapes(path)
    with pytest.raises(InputError, match=r"no column 'label' for name_en.*--name-field"):
        read_landscapes(path, id_field="code", name_field="label")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param('{"type": "FeatureCollection", "features": [{"ty', "GDAL cannot read",
                     id="cut short"),
        pytest.param("a;b\n1;2\n", "expected GeoJSON or GeoPackage", id="another format"),
        pytest.param('{"type": "FeatureCollection", "features": []}', "got none", id="no feature"),
    ],
)  # fmt: skip
def test_a_file_without_landscapes(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_landscapes(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.gpkg: no such file"):
        read_landscapes(tmp_path / "absent.gpkg")


def test_two_layers_are_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    table = gpd.GeoDataFrame({"landscape_id": ["1"]}, geometry=[SQUARE], crs="EPSG:4326")
    for layer in ("old", "new"):
        table.to_file(path, layer=layer, driver="GPKG")
    with pytest.raises(InputError, match=r"expected one layer, got 2 \(old, new\)"):
        read_landscapes(path)


def test_positions_without_a_coordinate_system(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    table = gpd.GeoDataFrame({"landscape_id": ["1"]}, geometry=[SQUARE])
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        table.to_file(path, driver="GPKG")
    with pytest.raises(InputError, match=r"no coordinate system, expected one such as EPSG:4326"):
        read_landscapes(path)


class TestWriting:
    SILENT = landscape_of(
        {**FULL, "landscape_id": "2", "names": {"kaa": "Nókis"}, "headwater_landscape_id": None, "aridity_index": None},
        BESIDE,
        "a",
    )  # fmt: skip

    @pytest.mark.parametrize("name", ["a.geojson", "a.gpkg"])
    def test_what_is_written_is_read_again(self, tmp_path: Path, name: str) -> None:
        given = [landscape_of(FULL, SQUARE, "a"), self.SILENT]
        write_landscapes(tmp_path / name, given)
        found = read_landscapes(tmp_path / name)
        assert [replace(one, geometry=SQUARE) for one in found] == [
            replace(one, geometry=SQUARE) for one in given
        ]
        assert [one.boundary_sha256 for one in found] == [one.boundary_sha256 for one in given]
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_even_where_no_landscape_says_it(self, tmp_path: Path) -> None:
        write_landscapes(tmp_path / "a.geojson", [self.SILENT])
        [found] = read_landscapes(tmp_path / "a.geojson")
        assert (found.headwater_landscape_id, found.aridity_index) == (None, None)

    def test_area_stands_beside_for_people(self, tmp_path: Path) -> None:
        write_landscapes(tmp_path / "a.gpkg", [self.SILENT])
        [area_km2] = gpd.read_file(tmp_path / "a.gpkg")["area_km2"]
        assert area_km2 == pytest.approx(self.SILENT.area_km2, abs=0.001)

    def test_another_format_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"a\.shp: expected a name that ends in .geojson or"):
            write_landscapes(tmp_path / "a.shp", [self.SILENT])

    @pytest.mark.parametrize(
        ("name", "lacking"),
        [
            pytest.param("a.geojson", 10_000, id="in the middle"),
            pytest.param("a.geojson", 40, id="at its end"),
            pytest.param("a.gpkg", 60_000, id="of a GeoPackage"),
        ],
    )
    def test_a_full_disk_leaves_no_file(self, tmp_path: Path, name: str, lacking: int) -> None:
        many = [replace(self.SILENT, landscape_id=str(number)) for number in range(100)]
        write_landscapes(tmp_path / name, many)
        size = (tmp_path / name).stat().st_size
        (tmp_path / name).unlink()
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - lacking, unlimited[1]))
        try:
            with pytest.raises(OSError, match=f"{name}: it could not be written"):
                write_landscapes(tmp_path / name, many)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        assert not list(tmp_path.iterdir())

    def test_a_file_that_is_there_stays_until_the_new_one_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "a.geojson"
        write_landscapes(path, [self.SILENT])
        before = path.read_bytes()
        with pytest.raises(AttributeError):
            write_landscapes(path, [self.SILENT, None])  # type: ignore[list-item]
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("file", "fields", "country", "count", "area_km2"),
    [
        # Areas of the countries as national statistics give them, within 2 %, and 5 %
        # where a district layer leaves out the great lake.
        pytest.param("uzb_adm2_geoboundaries", ("shapeID", "shapeName"), "UZ", 199, 448_900,
                     id="Uzbekistan"),
        pytest.param("kaz_adm2_geoboundaries_2017", ("shapeID", "shapeName"), "KZ", 174, 2_724_900,
                     id="Kazakhstan"),
        pytest.param("kgz_adm2_cod_moes_2018", ("ADM2_PCODE", "ADM2_EN"), "KG", 53, 199_900,
                     id="Kyrgyzstan"),
    ],
)  # fmt: skip
def test_real_districts(
    shared_data: Path, file: str, fields: tuple[str, str], country: str, count: int, area_km2: float
) -> None:
    path = shared_data / "boundaries" / f"{file}.geojson"
    found = read_landscapes(
        path, id_field=fields[0], name_field=fields[1], country=country, land_use="rainfed"
    )
    assert len(found) == count
    tolerance = 0.05 if country == "KG" else 0.02
    assert sum(each.area_km2 for each in found) == pytest.approx(area_km2, rel=tolerance)


def test_real_first_level_units(shared_data: Path, tmp_path: Path) -> None:
    units = json.loads(
        (shared_data / "boundaries" / "natural_earth_admin1_cacilm6.geojson").read_text()
    )
    for number, unit in enumerate(units["features"]):
        unit["properties"] |= {"n": number, "country_code": unit["properties"]["iso_a2"]}
    path = tmp_path / "units.geojson"
    path.write_text(json.dumps(units))
    found = read_landscapes(path, id_field="n", name_field="name", land_use="pastoral")
    counts = Counter(str(each.country) for each in found)
    assert counts == {"KZ": 16, "KG": 8, "TJ": 5, "TM": 5, "UZ": 14, "TR": 81}


def test_ids_that_come_twice_in_real_districts_are_named(shared_data: Path) -> None:
    path = shared_data / "boundaries" / "tjk_adm2_wfp_prism_v2.geojson"
    with pytest.raises(InputError, match="more than one of '3509058', '3505256'"):
        read_landscapes(path, id_field="admin2_pcode", name_field="admin2Name_en", country="TJ",
                        land_use="rainfed")  # fmt: skip


def test_districts_of_uzbekistan_on_the_real_grid(shared_data: Path) -> None:
    districts = read_landscapes(
        shared_data / "boundaries" / "uzb_adm2_geoboundaries.geojson",
        id_field="shapeID", name_field="shapeName", country="UZ", land_use="rainfed",
    )  # fmt: skip
    fields = grid_files.read(
        shared_data / "reanalysis" / "cfsr_uzbekistan_1979_2014_cds_layout.nc",
        product="monthly-mean",
    )
    weights = area_weights(Grid.of(fields), [each.geometry for each in districts])
    # Spherical cells against geodesic polygons: small districts in cells of 0.3 degree differ most.
    areas = [each.area_km2 for each in districts]
    assert weights.total_km2 == pytest.approx(areas, rel=0.01)

    panel = with_gaps(landscape_means(fields["precipitation_mm"], weights), min_coverage=0.5)
    january_1979 = Counter(GAPS[code] for code in panel.gaps[0])
    assert january_1979 == {None: 99, Gap.LOW_COVERAGE: 63, Gap.OUTSIDE_GRID: 37}
    empty = [panel.first_month + row for row in range(427) if (panel.gaps[row] == 1).all()]
    assert [str(month) for month in empty] == ["1983-09", "1986-12", "1999-01"]
    assert GAPS[panel.gaps[panel.position(empty[0]), 0]] is Gap.NOT_PUBLISHED
