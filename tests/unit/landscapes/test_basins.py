from __future__ import annotations

import pytest
from shapely.geometry import MultiPolygon, Polygon, box

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.basins import Basin, Linked, headwaters_of, with_headwaters
from pipeline.landscapes.building import Unit, derived_landscape
from pipeline.landscapes.landscape import Landscape

PLAIN, HILLS, PEAKS = box(65, 40, 67, 41), box(67, 40, 69, 41), box(69, 40, 71, 41)
"""Three basins in a row; the water runs west."""


def basin(basin_id: str, above: str | None, geometry: Polygon = PLAIN, **changes: object) -> Basin:
    fields: dict[str, object] = {
        "names": {"en": basin_id.title()},
        "land_use": LandUse.PASTORAL,
        "country": None,
        **changes,
    }
    return Basin(basin_id, headwater_basin_id=above, geometry=geometry, **fields)  # type: ignore[arg-type]


RIVER = [
    basin("plain", "hills", PLAIN),
    basin("hills", "peaks", HILLS),
    basin("peaks", None, PEAKS, names={"en": "Peaks", "ru": "Вершины", "kaa": "?"}),
]
UNITS = [
    Unit("UZ-1", Country.UZBEKISTAN, {"en": "a"}, box(64, 39, 69.4, 42)),
    Unit("KG-1", Country.KYRGYZSTAN, {"en": "b"}, box(69.4, 39, 72, 42)),
]


def landscape(name: str, geometry: Polygon, use: LandUse = LandUse.IRRIGATED) -> Landscape:
    return derived_landscape(name, Country.UZBEKISTAN, {"en": name}, use, MultiPolygon([geometry]))


def linked(*landscapes: Landscape, basins: list[Basin] = RIVER) -> Linked:
    return with_headwaters(landscapes, basins, UNITS, "basins.gpkg")


class TestTheWayUp:
    def test_ends_at_the_headwater(self) -> None:
        assert headwaters_of(RIVER, "a") == {"plain": "peaks", "hills": "peaks", "peaks": "peaks"}

    def test_an_unknown_basin_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"a: headwater_basin_id: .* got moon, sea"):
            headwaters_of([basin("x", "sea"), basin("y", "moon")], "a")

    @pytest.mark.parametrize(
        ("way", "circle"),
        [
            pytest.param({"x": "x"}, "x -> x", id="a basin that feeds itself"),
            pytest.param({"x": "y", "y": "x"}, "x -> y -> x", id="two that feed each other"),
            pytest.param({"w": "x", "x": "y", "y": "x"}, "x -> y -> x", id="a way into a circle"),
        ],
    )
    def test_a_circle_is_refused(self, way: dict[str, str], circle: str) -> None:
        with pytest.raises(InputError, match=f"got the circle {circle};"):
            headwaters_of([basin(one, above) for one, above in way.items()], "a")

    def test_one_id_twice_is_refused(self) -> None:
        with pytest.raises(InputError, match="got more than one of x;"):
            headwaters_of([basin("x", None), basin("x", None)], "a")


class TestLinks:
    def test_irrigated_land_drinks_from_the_headwater_of_its_basin(self) -> None:
        found = linked(landscape("oasis", box(65.1, 40.1, 65.2, 40.2)))
        oasis, peaks = found.landscapes
        assert oasis.headwater_landscape_id == peaks.landscape_id == "peaks-headwater"
        assert found.headwaters == ["peaks-headwater"]

    def test_other_land_lives_on_its_own_rain(self) -> None:
        fields = landscape("oasis", box(65.1, 40.1, 65.2, 40.2))
        pasture = landscape("pasture", box(65.3, 40.1, 65.4, 40.2), LandUse.PASTORAL)
        found = linked(pasture, fields).landscapes
        assert [one.landscape_id for one in found] == ["pasture", "oasis", "peaks-headwater"]
        assert found[0].headwater_landscape_id is None

    def test_the_basin_with_the_largest_part_counts(self) -> None:
        basins = [
            *RIVER,
            basin("moor", None, box(64, 42, 65, 43), country=Country.UZBEKISTAN),
            basin("fen", "moor", box(64, 40, 65, 41)),
        ]
        found = linked(landscape("east", box(64.9, 40, 65.2, 40.1)), landscape("west", box(64.7, 40, 65.1, 40.1)), basins=basins)  # fmt: skip
        assert [one.headwater_landscape_id for one in found.landscapes[:2]] == [
            "peaks-headwater",
            "moor-headwater",
        ]
        assert not found.divided

    def test_irrigated_land_in_the_headwater_needs_no_other(self) -> None:
        found = linked(landscape("valley", box(69.1, 40.1, 69.2, 40.2)))
        assert found.landscapes[0].headwater_landscape_id is None
        assert found.on_own_water == ["valley"]
        assert found.headwaters == []

    def test_irrigated_land_in_no_basin_is_told(self) -> None:
        oasis = landscape("oasis", box(65.1, 40.1, 65.2, 40.2))
        found = linked(oasis, landscape("far", box(60, 40, 61, 41)))
        assert found.without_basin == ["far"]
        assert found.landscapes[1].headwater_landscape_id is None

    def test_land_of_which_no_basin_holds_half_is_told(self) -> None:
        found = linked(landscape("wide", box(64.0, 39.5, 66.0, 40.5)))
        assert found.divided == ["wide"]
        assert found.landscapes[0].headwater_landscape_id == "peaks-headwater"

    def test_a_layer_of_another_country_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"basins.gpkg: expected basins that hold irrigated"):
            linked(landscape("far", box(60, 40, 61, 41)))


class TestHeadwaters:
    def test_is_the_whole_basin_and_derived(self) -> None:
        made = linked(landscape("oasis", box(65.1, 40.1, 65.2, 40.2))).landscapes[-1]
        assert made.geometry.equals(PEAKS)
        assert made.names == {"en": "Peaks: headwater", "ru": "Вершины: верховья"}
        assert made.land_use is LandUse.PASTORAL
        assert made.is_derived
        # 1.6 of its 2 degrees.
        assert made.country is Country.KYRGYZSTAN

    def test_its_columns_go_before_what_is_assumed(self) -> None:
        told = basin("top", None, PEAKS, land_use=LandUse.TREE_BASED, country=Country.UZBEKISTAN)
        basins = [basin("plain", "top", PLAIN), told]
        made = linked(landscape("oasis", box(65.1, 40.1, 65.2, 40.2)), basins=basins).landscapes[-1]
        assert (made.land_use, made.country) == (LandUse.TREE_BASED, Country.UZBEKISTAN)

    def test_mostly_beyond_the_units_it_must_say_its_country(self) -> None:
        # 0.4 of its 2 degrees are in Uzbekistan, and the rest in a country that nobody asked for.
        oasis = landscape("oasis", box(65.1, 40.1, 65.2, 40.2))
        with pytest.raises(InputError, match=r"basin 'peaks': .* fill in country_code"):
            with_headwaters([oasis], RIVER, UNITS[:1], "basins.gpkg")

    def test_far_from_all_units_it_must_say_its_country(self) -> None:
        basins = [basin("plain", "top", PLAIN), basin("top", None, box(74, 42, 75, 43))]
        with pytest.raises(InputError, match=r"basin 'top': .* fill in country_code"):
            linked(landscape("oasis", box(65.1, 40.1, 65.2, 40.2)), basins=basins)
