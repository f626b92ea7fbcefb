from __future__ import annotations

from pathlib import Path

import pytest
from shapely.geometry import Polygon, box

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.building import Unit
from pipeline.sources.boundary_files import read_basins, read_irrigated, read_units
from tests.unit.sources.test_landscape_files import geojson

SQUARE, BESIDE = box(65.0, 40.0, 66.0, 41.0), box(66.0, 40.0, 67.0, 41.0)
CROSSED = Polygon([(65, 40), (66, 41), (66, 40), (65, 41)])
DISTRICT: dict[str, object] = {
    "code": 7,
    "name": "Nurata",
    "name_ru": "Нуратинский",
    "kind": "район ",
    "country_code": "UZ",
}

BASIN: dict[str, object] = {
    "basin_id": 12,
    "name_en": "Naryn",
    "name_ru": "Нарын",
    "headwater_basin_id": "4",
    "land_use": "tree_based",
    "country_code": "KG",
}


def units(path: Path, *features: tuple[dict[str, object], Polygon], **fields: object) -> list[Unit]:
    asked = {"id_field": "code", "name_field": "name", "names": {}, **fields}
    return read_units([geojson(path / "a.geojson", *features)], **asked)  # type: ignore[arg-type]


class TestUnits:
    def test_a_unit_has_the_names_of_the_columns_asked_for(self, tmp_path: Path) -> None:
        [found] = units(tmp_path, (DISTRICT, SQUARE), names={"ru": "name_ru"})
        assert found.unit_id == "7"
        assert found.country is Country.UZBEKISTAN
        assert found.names == {"en": "Nurata", "ru": "Нуратинский"}
        assert found.geometry.equals(SQUARE)

    def test_a_name_may_be_put_together_from_columns(self, tmp_path: Path) -> None:
        names = {"ru": "{name_ru} {kind}"}
        [found] = units(tmp_path, (DISTRICT, SQUARE), name_field="{name} district", names=names)
        assert found.names == {"en": "Nurata district", "ru": "Нуратинский район"}

    def test_an_empty_cell_leaves_that_name_out(self, tmp_path: Path) -> None:
        names = {"ru": "{name_ru} {kind}"}
        [found] = units(tmp_path, ({**DISTRICT, "kind": None}, SQUARE), names=names)
        assert found.names == {"en": "Nurata"}

    def test_features_of_one_unit_are_joined(self, tmp_path: Path) -> None:
        [found] = units(tmp_path, (DISTRICT, SQUARE), (DISTRICT, BESIDE))
        assert found.geometry.equals(box(65, 40, 67, 41))
        assert found.features == 2

    def test_files_are_read_one_after_the_other(self, tmp_path: Path) -> None:
        files = [
            geojson(tmp_path / f"{code}.geojson", ({**DISTRICT, "code": code}, SQUARE))
            for code in ("b", "a")
        ]
        found = read_units(files, id_field="code", name_field="name", names={})
        assert [unit.unit_id for unit in found] == ["b", "a"]

    @pytest.mark.parametrize(
        ("changes", "fields", "told"),
        [
            pytest.param({"country_code": None}, {}, "'7': country_code is empty", id="no country"),
            pytest.param({"country_code": "XX"}, {}, "expected one of KZ, .*, got 'XX'", id="a country that is none of the six"),
            pytest.param({"code": None}, {}, "feature 1: code is empty", id="no id"),
            pytest.param({"name": ""}, {}, "'7': name is empty", id="no English name"),
            pytest.param({}, {"name_field": "{title} x"}, "no column 'title', expected one of code, name", id="no such column"),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_told(
        self, tmp_path: Path, changes: dict[str, object], fields: dict[str, object], told: str
    ) -> None:
        with pytest.raises(InputError, match=told):
            units(tmp_path, ({**DISTRICT, **changes}, SQUARE), **fields)

    def test_two_units_of_one_id_are_refused(self, tmp_path: Path) -> None:
        other = {**DISTRICT, "name": "Zafarabad"}
        with pytest.raises(InputError, match=r"feature 2 '7': .* Nurata, got Zafarabad"):
            units(tmp_path, (DISTRICT, SQUARE), (other, BESIDE))

    def test_a_crossed_boundary_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="'7': invalid geometry"):
            units(tmp_path, (DISTRICT, CROSSED))


class TestBasins:
    def test_a_full_basin(self, tmp_path: Path) -> None:
        far = box(73, 41, 74, 42)
        [found] = read_basins([geojson(tmp_path / "a.geojson", (BASIN, far))])
        assert (found.basin_id, found.headwater_basin_id) == ("12", "4")
        assert found.names == {"en": "Naryn", "ru": "Нарын"}
        assert (found.land_use, found.country) == (LandUse.TREE_BASED, Country.KYRGYZSTAN)

    def test_what_it_need_not_say(self, tmp_path: Path) -> None:
        little = {"basin_id": "a", "name_en": "A", "headwater_basin_id": None}
        [found] = read_basins([geojson(tmp_path / "a.geojson", (little, SQUARE))])
        assert (found.headwater_basin_id, found.land_use, found.country) == (
            None,
            LandUse.PASTORAL,
            None,
        )

    @pytest.mark.parametrize(
        ("changes", "geometry", "told"),
        [
            pytest.param({"basin_id": None}, SQUARE, "basin_id or name_en is empty", id="no id"),
            pytest.param({"land_use": "forest"}, SQUARE, "land_use: expected one of", id="a land use there is not"),
            pytest.param({}, box(5, 40, 6, 41), "'12': outside the six countries", id="a basin of another continent"),
            pytest.param({}, box(30, 38, 31, 39), "'12': outside KG", id="a basin far from its country"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told(
        self, tmp_path: Path, changes: dict[str, object], geometry: Polygon, told: str
    ) -> None:
        with pytest.raises(InputError, match=told):
            read_basins([geojson(tmp_path / "a.geojson", ({**BASIN, **changes}, geometry))])

    def test_a_missing_column_is_told(self, tmp_path: Path) -> None:
        rest = {key: value for key, value in BASIN.items() if key != "headwater_basin_id"}
        with pytest.raises(InputError, match="no column 'headwater_basin_id'"):
            read_basins([geojson(tmp_path / "a.geojson", (rest, SQUARE))])


class TestIrrigatedLand:
    def test_overlapping_fields_are_joined(self, tmp_path: Path) -> None:
        overlapping = box(65.5, 40.0, 67.0, 41.0)
        path = geojson(tmp_path / "a.geojson", ({}, SQUARE), ({}, overlapping))
        assert read_irrigated(path).equals(box(65, 40, 67, 41))

    def test_a_crossed_field_is_refused(self, tmp_path: Path) -> None:
        path = geojson(tmp_path / "a.geojson", ({}, SQUARE), ({}, CROSSED))
        with pytest.raises(InputError, match=r"feature 2: expected a valid polygon"):
            read_irrigated(path)
