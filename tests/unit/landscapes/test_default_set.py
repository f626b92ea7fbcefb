"""The shipped landscapes: complete, named as today, where they say they are, and rederivable."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, shape

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.default import derive
from tests.unit.sources.maps import write_map

FOLDER = Path(__file__).parents[3] / "pipeline" / "landscapes" / "default"
GEOJSON = FOLDER / "landscapes.geojson"

COUNTS = {"KZ": 16, "KG": 8, "TJ": 5, "TM": 5, "UZ": 14, "TR": 81}

NATIONAL_LANGUAGES = {"KZ": "kk", "KG": "ky", "TJ": "tg", "TM": "tk", "UZ": "uz", "TR": "tr"}
CYRILLIC = {"ru", "kk", "ky", "tg"}

COVER_SHARES = (
    "cropland_fraction",
    "grassland_fraction",
    "barren_fraction",
    "forest_fraction",
    "savanna_fraction",
    "shrubland_fraction",
    "wetland_fraction",
    "built_up_fraction",
)

# ISO 3166-2 codes, for Kazakhstan as they stood until November 2022, and latitude and longitude of
# a town in each unit, mostly its seat.
TOWNS = """
KZ-AKM 53.28 69.39  KZ-AKT 50.28 57.21  KZ-ALA 43.24 76.93  KZ-ALM 43.87 77.07
KZ-AST 51.15 71.43  KZ-ATY 47.11 51.92  KZ-KAR 49.80 73.10  KZ-KUS 53.21 63.63
KZ-KZY 44.85 65.51  KZ-MAN 43.65 51.17  KZ-PAV 52.29 76.95  KZ-SEV 54.87 69.15
KZ-VOS 49.95 82.61  KZ-YUZ 43.30 68.25  KZ-ZAP 51.23 51.37  KZ-ZHA 42.90 71.37
KG-B 40.06 70.82    KG-C 42.81 73.85    KG-GB 42.87 74.59   KG-J 40.93 73.00
KG-N 41.43 75.99    KG-O 40.53 72.80    KG-T 42.52 72.24    KG-Y 42.49 78.39
TJ-DU 38.56 68.79   TJ-GB 37.49 71.55   TJ-KT 37.84 68.78   TJ-RA 39.02 70.37
TJ-SU 40.28 69.63   TM-A 37.95 58.38    TM-B 39.51 54.37    TM-D 41.84 59.97
TM-L 39.09 63.57    TM-M 37.60 61.83    UZ-AN 40.78 72.34   UZ-BU 39.77 64.43
UZ-FA 40.39 71.78   UZ-JI 40.12 67.84   UZ-NG 41.00 71.67   UZ-NW 40.09 65.38
UZ-QA 38.86 65.80   UZ-QR 42.46 59.61   UZ-SA 39.65 66.96   UZ-SI 40.49 68.78
UZ-SU 37.22 67.28   UZ-TK 41.30 69.25   UZ-TO 41.02 70.14   UZ-XO 41.55 60.63
TR-01 37.00 35.32   TR-02 37.76 38.28   TR-03 38.76 30.54   TR-04 39.72 43.05
TR-05 40.65 35.83   TR-06 39.93 32.86   TR-07 36.89 30.71   TR-08 41.18 41.82
TR-09 37.84 27.84   TR-10 39.65 27.88   TR-11 40.14 29.98   TR-12 38.88 40.50
TR-13 38.40 42.11   TR-14 40.74 31.61   TR-15 37.72 30.29   TR-16 40.19 29.06
TR-17 40.15 26.41   TR-18 40.60 33.61   TR-19 40.55 34.95   TR-20 37.78 29.09
TR-21 37.91 40.23   TR-22 41.68 26.56   TR-23 38.67 39.22   TR-24 39.75 39.50
TR-25 39.90 41.27   TR-26 39.78 30.52   TR-27 37.06 37.38   TR-28 40.91 38.39
TR-29 40.46 39.48   TR-30 37.57 43.74   TR-31 36.20 36.16   TR-32 37.76 30.55
TR-33 36.80 34.63   TR-34 41.01 28.98   TR-35 38.42 27.14   TR-36 40.60 43.10
TR-37 41.38 33.78   TR-38 38.73 35.48   TR-39 41.73 27.22   TR-40 39.15 34.16
TR-41 40.77 29.94   TR-42 37.87 32.48   TR-43 39.42 29.98   TR-44 38.35 38.31
TR-45 38.61 27.43   TR-46 37.58 36.93   TR-47 37.31 40.73   TR-48 37.22 28.36
TR-49 38.73 41.49   TR-50 38.62 34.71   TR-51 37.97 34.68   TR-52 40.98 37.88
TR-53 41.02 40.52   TR-54 40.78 30.40   TR-55 41.29 36.33   TR-56 37.93 41.94
TR-57 42.03 35.15   TR-58 39.75 37.02   TR-59 40.98 27.51   TR-60 40.31 36.55
TR-61 41.00 39.72   TR-62 39.11 39.55   TR-63 37.17 38.79   TR-64 38.67 29.41
TR-65 38.49 43.38   TR-66 39.82 34.81   TR-67 41.45 31.79   TR-68 38.37 34.03
TR-69 40.26 40.22   TR-70 37.18 33.22   TR-71 39.85 33.52   TR-72 37.88 41.13
TR-73 37.52 42.46   TR-74 41.63 32.34   TR-75 41.11 42.70   TR-76 39.92 44.04
TR-77 40.65 29.27   TR-78 41.20 32.63   TR-79 36.72 37.12   TR-80 37.07 36.25
TR-81 40.84 31.16
"""

# Old, foreign or garbled names the source carries, and those of the Soviet and recent past.
OLD_NAMES = (
    """
Leninabad, Leninobod, Ленинабадская, Karategin, Tadzhikistan, Tadzhikistan Territories
Tashauz, Ташаузский, Chardzhou, Чарджоуский, Krasnovodsk, Красноводский, Ashkhabad, Ашхабадский
Nur-Sultan, Нур-Султан, Нұр-Сұлтан, Tselinograd, Целиноградская, Alma-Ata, Алма-Атинская
South Kazakhstan, Южно-Казахстанская, Оңтүстік, Chimkent, Чимкентская, Джамбулская
Кокчетавская, Semipalatinsk, Guryev, Гурьевская, Кустанайская, Уральская, Frunze, Фрунзе
Qaraghandy, Aqmola, Aqtöbe, Qostanay, Qyzylorda, Mangghystau, Мангышлакская
Bukhoro, Ferghana, Andijon Region, Ysyk-Köl, Afyon, Icel, İçel, K. Maras, Maraş, Zinguldak
Kinkkale, Antep, Urfa, Antakya, İzmit, Izmir, Istanbul, Mugla, Nigde, Agri, Usak, Mus, Sirnak
Hakkari, Elazig, Iğdir, Kirsehir, Kirklareli, Gümüshane, Çankiri, Turkey
""".strip()
    .replace("\n", ", ")
    .split(", ")
)

RENAMED = {
    "TJ-SU": ("Sughd Region", "Согдийская область", "Вилояти Суғд"),
    "TJ-RA": (
        "Districts of Republican Subordination",
        "Районы республиканского подчинения",
        "Ноҳияҳои тобеи ҷумҳурӣ",
    ),
    "TJ-GB": (
        "Gorno-Badakhshan Autonomous Region",
        "Горно-Бадахшанская автономная область",
        "Вилояти Мухтори Кӯҳистони Бадахшон",
    ),
    "TM-D": ("Dashoguz Region", "Дашогузский велаят", "Daşoguz welaýaty"),
    "TM-L": ("Lebap Region", "Лебапский велаят", "Lebap welaýaty"),
    "TM-A": ("Ahal Region", "Ахалский велаят", "Ahal welaýaty"),
    "TM-B": ("Balkan Region", "Балканский велаят", "Balkan welaýaty"),
    "KZ-AST": ("Astana City", "город Астана", "Астана қаласы"),
    "KZ-YUZ": ("Turkistan Region", "Туркестанская область", "Түркістан облысы"),
    "KZ-ALA": ("Almaty City", "город Алматы", "Алматы қаласы"),
    "KZ-ALM": ("Almaty Region", "Алматинская область", "Алматы облысы"),
    "KG-C": ("Chuy Region", "Чуйская область", "Чүй облусу"),
    "KG-GB": ("Bishkek City", "город Бишкек", "Бишкек шаары"),
    "UZ-TK": ("Tashkent City", "город Ташкент", "Toshkent shahri"),
    "UZ-TO": ("Tashkent Region", "Ташкентская область", "Toshkent viloyati"),
    "UZ-QR": (
        "Republic of Karakalpakstan",
        "Республика Каракалпакстан",
        "Qoraqalpogʻiston Respublikasi",
    ),
    "UZ-FA": ("Fergana Region", "Ферганская область", "Fargʻona viloyati"),
    "TR-03": ("Afyonkarahisar", "Афьонкарахисар", "Afyonkarahisar"),
    "TR-33": ("Mersin", "Мерсин", "Mersin"),
    "TR-46": ("Kahramanmaraş", "Кахраманмараш", "Kahramanmaraş"),
    "TR-63": ("Şanlıurfa", "Шанлыурфа", "Şanlıurfa"),
    "TR-67": ("Zonguldak", "Зонгулдак", "Zonguldak"),
    "TR-71": ("Kırıkkale", "Кырыккале", "Kırıkkale"),
}

# What grows where, from general knowledge of the region, not from the rule.
KNOWN_LAND_USE = {
    "UZ-FA": "irrigated",
    "UZ-AN": "irrigated",
    "UZ-XO": "irrigated",
    "UZ-SI": "irrigated",
    "UZ-TO": "irrigated",
    "TJ-KT": "irrigated",
    "TJ-SU": "irrigated",
    "TM-M": "irrigated",
    "KG-C": "irrigated",
    "KZ-SEV": "rainfed",
    "KZ-KUS": "rainfed",
    "KZ-AKM": "rainfed",
    "TR-42": "rainfed",
    "TR-06": "rainfed",
    "TR-66": "rainfed",
    "TR-59": "rainfed",
    "KZ-MAN": "pastoral",
    "KZ-ATY": "pastoral",
    "KG-N": "pastoral",
    "TJ-GB": "pastoral",
    "TR-30": "pastoral",
    "TR-65": "pastoral",
    "TR-53": "tree_based",
    "TR-52": "tree_based",
    "UZ-TK": "home_garden",
}


@cache
def collection() -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(GEOJSON.read_text(encoding="utf-8"))["features"]
    return features


@cache
def units() -> dict[str, dict[str, Any]]:
    return {
        feature["properties"]["landscape_id"]: feature["properties"] for feature in collection()
    }


def multipolygon(geometry: dict[str, Any]) -> MultiPolygon:
    polygon = shape(geometry)
    assert isinstance(polygon, MultiPolygon)
    return polygon


@cache
def polygons() -> dict[str, MultiPolygon]:
    return {
        feature["properties"]["landscape_id"]: multipolygon(feature["geometry"])
        for feature in collection()
    }


def provenance() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((FOLDER / "provenance.json").read_text(encoding="utf-8"))
    return record


class TestTheSet:
    def test_holds_every_first_level_unit_of_the_six_countries(self) -> None:
        assert Counter(feature["properties"]["country_code"] for feature in collection()) == COUNTS

    def test_ids_are_the_iso_3166_2_codes_and_unique(self) -> None:
        ids = [feature["properties"]["landscape_id"] for feature in collection()]
        assert sorted(ids) == sorted(TOWNS.split()[::3])

    def test_an_id_begins_with_its_country(self) -> None:
        assert all(
            unit["landscape_id"][:3] == f"{unit['country_code']}-" for unit in units().values()
        )

    def test_claims_nothing_that_cannot_be_derived(self) -> None:
        claims = {
            (u["is_derived"], u["is_salt_affected"], u["headwater_landscape_id"])
            for u in units().values()
        }
        assert claims == {(True, False, None)}

    def test_is_one_feature_a_line_and_small(self) -> None:
        lines = GEOJSON.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 129 + 2
        assert GEOJSON.stat().st_size < 700_000


class TestPlaces:
    def test_geometries_are_valid_and_wound_as_geojson_asks(self) -> None:
        for landscape_id, polygon in polygons().items():
            assert polygon.is_valid, landscape_id
            assert all(part.exterior.is_ccw for part in polygon.geoms), landscape_id

    def test_coordinates_have_at_most_four_decimals(self) -> None:
        for polygon in polygons().values():
            coordinates = shapely.get_coordinates(polygon)
            assert np.array_equal(coordinates, coordinates.round(4))

    def test_units_do_not_overlap(self) -> None:
        for (one, a), (other, b) in combinations(polygons().items(), 2):
            if a.intersects(b):
                assert a.intersection(b).area < 1e-4, f"{one} and {other}"

    def test_each_holds_its_own_town(self) -> None:
        fields = TOWNS.split()
        towns = {
            fields[at]: Point(float(fields[at + 2]), float(fields[at + 1]))
            for at in range(0, len(fields), 3)
        }
        assert towns.keys() == polygons().keys()
        ids = list(polygons())
        # The nearest, because coarse coasts and border rivers leave a harbour outside.
        tree = shapely.STRtree(list(polygons().values()))
        found = {landscape_id: ids[tree.nearest(town)] for landscape_id, town in towns.items()}
        assert found == {landscape_id: landscape_id for landscape_id in towns}

    @pytest.mark.parametrize(
        ("landscape_id", "latitude", "longitude"),
        [
            pytest.param("KZ-VOS", 50.41, 80.25, id="East Kazakhstan still holds Semey, now Abai"),
            pytest.param("KZ-ALM", 45.02, 78.37, id="Almaty still holds Taldykorgan, now Zhetisu"),
            pytest.param("KZ-KAR", 47.78, 67.71, id="Karaganda still holds Zhezkazgan, now Ulytau"),
            pytest.param("KZ-YUZ", 42.32, 69.60, id="Turkistan still holds Shymkent"),
            pytest.param("KG-O", 40.53, 72.80, id="Osh Region holds the city of Osh"),
            pytest.param("TM-A", 37.95, 58.38, id="Ahal holds Ashgabat"),
        ],
    )
    def test_an_extent_that_is_not_todays_is_noted(
        self, landscape_id: str, latitude: float, longitude: float
    ) -> None:
        assert polygons()[landscape_id].contains(Point(longitude, latitude))
        assert units()[landscape_id]["extent_note"]

    def test_the_leased_area_of_baikonur_lies_outside(self) -> None:
        assert not any(p.contains(Point(63.31, 45.62)) for p in polygons().values())
        assert "Baikonur" in units()["KZ-KZY"]["extent_note"]


class TestNames:
    def test_every_unit_has_english_russian_and_its_own_language(self) -> None:
        for landscape_id, unit in units().items():
            expected = {"en", "ru", NATIONAL_LANGUAGES[unit["country_code"]]}
            if landscape_id == "UZ-QR":
                expected.add("kaa")
            assert unit["names"].keys() == expected, landscape_id
            assert unit["names"]["en"] == unit["name_en"]

    def test_names_are_written_in_the_letters_of_their_language(self) -> None:
        for unit in units().values():
            for language, name in unit["names"].items():
                script = "CYRILLIC" if language in CYRILLIC else "LATIN"
                letters = [unicodedata.name(letter) for letter in name if letter.isalpha()]
                # The Uzbek turned comma is a letter of no script.
                foreign = [n for n in letters if script not in n and "TURNED COMMA" not in n]
                assert letters, f"{language} is empty"
                assert not foreign, f"{name}: {foreign}"
                assert name == name.strip()
                assert unicodedata.is_normalized("NFC", name)

    @pytest.mark.parametrize("language", ["en", "ru", "kk", "ky", "tg", "tk", "uz", "tr"])
    def test_no_two_units_share_a_name(self, language: str) -> None:
        names = [unit["names"][language] for unit in units().values() if language in unit["names"]]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("landscape_id", RENAMED)
    def test_renamed_or_easily_confused_units_bear_the_present_name(
        self, landscape_id: str
    ) -> None:
        unit = units()[landscape_id]
        national = NATIONAL_LANGUAGES[unit["country_code"]]
        names = (unit["names"]["en"], unit["names"]["ru"], unit["names"][national])
        assert names == RENAMED[landscape_id]

    @pytest.mark.parametrize("old_name", OLD_NAMES)
    def test_no_old_name_is_left(self, old_name: str) -> None:
        whole = re.compile(rf"\b{re.escape(old_name)}\b")
        texts = [text for unit in units().values() for text in unit["names"].values()]
        assert [text for text in texts if whole.search(text)] == []

    def test_karakalpakstan_has_its_karakalpak_name(self) -> None:
        assert units()["UZ-QR"]["names"]["kaa"] == "Qaraqalpaqstan Respublikası"


class TestFigures:
    def test_shares_of_land_are_fractions_that_make_the_whole(self) -> None:
        for landscape_id, unit in units().items():
            shares = [unit[name] for name in COVER_SHARES]
            assert all(0 <= share <= 1 for share in [*shares, unit["arid_fraction"]]), landscape_id
            # Eight figures of three decimals are off by at most 8 times 0.0005.
            assert sum(shares) == pytest.approx(1, abs=0.004), landscape_id

    @pytest.mark.parametrize(
        ("landscape_id", "figure", "least", "most"),
        [
            pytest.param("KZ-MAN", "arid_fraction", 0.99, 1, id="Mangystau is desert"),
            pytest.param("TR-53", "arid_fraction", 0, 0.01, id="Rize is the wettest of Türkiye"),
            pytest.param("TJ-GB", "barren_fraction", 0.6, 1, id="the Pamirs are rock and ice"),
            pytest.param("UZ-AN", "cropland_fraction", 0.5, 0.9, id="Andijan is a field"),
            pytest.param("TR-22", "cropland_fraction", 0.7, 1, id="Edirne is a field"),
            pytest.param("KG-N", "grassland_fraction", 0.7, 1, id="Naryn is pasture"),
            pytest.param("UZ-TK", "built_up_fraction", 0.9, 1, id="Tashkent is built up"),
        ],
    )
    def test_figures_agree_with_what_is_known(
        self, landscape_id: str, figure: str, least: float, most: float
    ) -> None:
        assert least <= units()[landscape_id][figure] <= most

    @pytest.mark.parametrize("landscape_id", ["TR-42", "KZ-SEV", "UZ-QR", "UZ-AN", "TR-53"])
    def test_counting_cell_centres_gives_nearly_the_same_shares(
        self, shared_data: Path, landscape_id: str
    ) -> None:
        cover = derive.read_class_map(shared_data / derive.LAND_COVER)
        rows, columns = np.indices(cover.values.shape)
        inside = shapely.contains_xy(
            polygons()[landscape_id], 25.025 + columns * 0.05, 55.975 - rows * 0.05
        )
        codes = cover.values[inside & (cover.values != 0)]
        unit = units()[landscape_id]
        assert unit["cropland_fraction"] == pytest.approx(np.isin(codes, [12, 14]).mean(), abs=0.03)
        assert unit["grassland_fraction"] == pytest.approx((codes == 10).mean(), abs=0.03)


class TestLandUse:
    def test_every_land_use_is_one_of_the_vocabulary(self) -> None:
        assert {unit["land_use"] for unit in units().values()} <= set(LandUse)

    @pytest.mark.parametrize("landscape_id", KNOWN_LAND_USE)
    def test_the_rule_finds_what_is_known_to_grow_there(self, landscape_id: str) -> None:
        assert units()[landscape_id]["land_use"] == KNOWN_LAND_USE[landscape_id]

    def test_follows_from_the_shipped_figures_and_was_not_set_by_hand(self) -> None:
        for landscape_id, unit in units().items():
            country = Country(unit["country_code"])
            latitude = polygons()[landscape_id].centroid.y
            assert unit["land_use"] == derive.land_use(country, latitude, unit), landscape_id

    @pytest.mark.parametrize(
        ("country", "latitude", "shares", "expected"),
        [
            pytest.param("UZ", 41, {"built_up": 0.5}, "home_garden", id="half built up is a city"),
            pytest.param("TR", 41, {"forest": 0.4, "savanna": 0.2}, "tree_based", id="six tenths trees"),
            pytest.param(
                "TR", 41, {"forest": 0.3, "cropland": 0.29}, "agro_sylvo_pastoral", id="more trees than crops"
            ),
            pytest.param("TR", 41, {"forest": 0.3, "cropland": 0.3}, "rainfed", id="no more trees than crops"),
            pytest.param("TR", 41, {"cropland": 0.1}, "rainfed", id="a tenth of fields in Türkiye"),
            pytest.param("TR", 41, {"cropland": 0.09}, "pastoral", id="less than a tenth in Türkiye"),
            pytest.param("KZ", 48, {"cropland": 0.1}, "rainfed", id="a tenth of fields in the north"),
            pytest.param("KZ", 48, {"cropland": 0.09}, "pastoral", id="less than a tenth in the north"),
            pytest.param("KZ", 47.9, {"cropland": 0.05}, "irrigated", id="a twentieth in the south"),
            pytest.param("KZ", 47.9, {"cropland": 0.04}, "pastoral", id="less than a twentieth in the south"),
            pytest.param(
                "UZ", 40, {"cropland": 0.03, "barren": 0.6}, "irrigated", id="an oasis in a desert counts by productive land"
            ),
            pytest.param("TJ", 38, {"barren": 1.0}, "pastoral", id="bare rock does not divide by zero"),
        ],
    )  # fmt: skip
    def test_rule(
        self, country: str, latitude: float, shares: dict[str, float], expected: str
    ) -> None:
        figures = {name: shares.get(name.removesuffix("_fraction"), 0.0) for name in COVER_SHARES}
        assert derive.land_use(Country(country), latitude, figures) == expected


class TestPapers:
    def test_the_readme_counts_what_is_in_the_file(self) -> None:
        readme = (FOLDER / "README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(\w+)` \|([\d |]+)\|$", readme, re.MULTILINE)
        table = {use: [int(cell) for cell in cells.split("|")] for use, cells in rows}
        counts = Counter((u["land_use"], u["country_code"]) for u in units().values())
        expected = {
            use: [*(counts[use, c] for c in COUNTS), sum(counts[use, c] for c in COUNTS)]
            for use in LandUse
        }
        assert table == expected

    def test_the_borderline_units_are_named_in_the_readme(self) -> None:
        readme = (FOLDER / "README.md").read_text(encoding="utf-8")
        listed = provenance()["would_differ_if_a_threshold_moved_by_a_fifth"]
        assert [landscape_id for landscape_id in listed if f"`{landscape_id}`" not in readme] == []

    def test_provenance_has_the_checksums_of_the_sources(self, shared_data: Path) -> None:
        sums = provenance()["sha256"]
        for name in (derive.BOUNDARIES, derive.LAND_COVER, derive.CLIMATE):
            assert sums[name] == hashlib.sha256((shared_data / name).read_bytes()).hexdigest()
        assert sums["names.csv"] == hashlib.sha256((FOLDER / "names.csv").read_bytes()).hexdigest()

    def test_the_script_gives_the_shipped_files_again(self, shared_data: Path) -> None:
        features = derive.landscapes(shared_data)
        assert derive.geojson(features) == GEOJSON.read_text(encoding="utf-8")
        again = json.loads(json.dumps(derive.provenance(shared_data, features)))
        assert again == provenance()


class TestClassMap:
    def test_reads_codes_and_place(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "map.tif", [[1, 2, 3], [4, 5, 6]], west=25, north=56)
        found = derive.read_class_map(path)
        assert found.values.tolist() == [[1, 2, 3], [4, 5, 6]]
        assert (found.west, found.east, found.south, found.north) == (25, 26.5, 55, 56)

    @pytest.mark.parametrize(
        "profile",
        [
            pytest.param({"crs": "EPSG:32641"}, id="a map in metres"),
            pytest.param({"count": 2}, id="two bands"),
            pytest.param({"dtype": "int16"}, id="codes of two bytes"),
        ],
    )
    def test_refuses_another_raster(self, tmp_path: Path, profile: dict[str, Any]) -> None:
        path = write_map(tmp_path / "map.tif", [[1, 2, 3]], **profile)
        with pytest.raises(InputError, match=r"map.tif: expected one band of bytes .*, got"):
            derive.read_class_map(path)

    def test_refuses_what_is_no_raster(self, tmp_path: Path) -> None:
        path = tmp_path / "map.tif"
        path.write_bytes(b"GIF89a....")
        with pytest.raises(InputError, match=r"map.tif: expected a raster, got"):
            derive.read_class_map(path)

    def test_a_half_covered_cell_counts_half(self, tmp_path: Path) -> None:
        path = write_map(tmp_path / "map.tif", [[1, 2, 3], [4, 5, 6]], west=25, north=56)
        ring = [[25, 55.5], [25.75, 55.5], [25.75, 56], [25, 56], [25, 55.5]]
        unit = {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        (areas,) = derive.class_areas(derive.read_class_map(path), [unit])
        assert areas[1] == pytest.approx(np.cos(np.radians(55.75)))
        assert areas[2] == pytest.approx(areas[1] / 2)
        assert areas[3:].sum() == 0
