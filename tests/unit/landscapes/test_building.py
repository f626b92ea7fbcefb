from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.building import (
    Unit,
    UnitParts,
    are_fields_rainfed,
    landscapes_of,
    polygons_of,
    tally,
    unit_parts,
)
from pipeline.landscapes.landscape import geodesic_area_km2
from pipeline.landscapes.legend import NO_DATA, Cover, Kind, Unclaimed, default_legend
from pipeline.landscapes.rasters import RasterPiece
from pipeline.sources.rasters import class_polygons

WEST, EAST = box(65.0, 40.0, 65.5, 41.0), box(65.5, 40.0, 66.0, 41.0)
CLASSES = (0, 1, 8, 10, 12, 13, 16)
"""Water, forest, savanna, grassland, cropland, urban, barren: one of each kind."""


WHOLE = box(65.0, 40.0, 66.0, 41.0)


def unit(geometry: BaseGeometry = WHOLE, **changes: object) -> Unit:
    fields = {"names": {"en": "Nurata", "uz": "Nurota"}, "country": Country.UZBEKISTAN, **changes}
    return Unit(unit_id="UZ-1", geometry=geometry, **fields)  # type: ignore[arg-type]


def multi(*polygons: Polygon) -> MultiPolygon:
    return MultiPolygon(polygons)


def parts_of(
    cells: Mapping[Kind, MultiPolygon], whole: Unit | None = None, **options: object
) -> UnitParts:
    return unit_parts(whole or unit(), cells, **options)  # type: ignore[arg-type]


def zone_km2(south: float, north: float, degrees: float) -> float:
    """Area of WGS84 between two parallels, `degrees` of longitude wide, by its closed formula."""
    semi_minor_km, eccentricity = 6356.752314, 0.0818191908

    def zone(latitude: float) -> float:
        sine = math.sin(math.radians(latitude))
        bulge = math.atanh(eccentricity * sine) / (2 * eccentricity)
        return bulge + sine / (2 * (1 - (eccentricity * sine) ** 2))

    return semi_minor_km**2 * math.radians(degrees) * (zone(north) - zone(south))


class TestOneUnit:
    def test_a_landscape_is_the_part_in_cells_of_its_land_use(self) -> None:
        # The eastern cells reach far beyond the unit.
        found = parts_of(
            {LandUse.PASTORAL: multi(WEST), LandUse.TREE_BASED: multi(box(65.5, 39, 68, 43))}
        )
        assert found.parts.keys() == {LandUse.PASTORAL, LandUse.TREE_BASED}
        assert found.parts[LandUse.PASTORAL].equals(WEST)
        assert found.parts[LandUse.TREE_BASED].equals(EAST)
        for part in found.parts.values():
            assert geodesic_area_km2(part) == pytest.approx(zone_km2(40, 41, 0.5), rel=1e-6)

    def test_a_cell_on_the_boundary_gives_exactly_the_part_inside(self) -> None:
        triangle = Polygon([(65, 40), (66, 40), (65, 41)])
        found = parts_of({LandUse.PASTORAL: multi(box(64.5, 39.5, 65.5, 40.5))}, unit(triangle))
        assert found.parts[LandUse.PASTORAL].equals(box(65, 40, 65.5, 40.5))

    def test_parts_come_in_the_order_of_the_vocabulary(self) -> None:
        cells = {LandUse.RAINFED: multi(WEST), LandUse.PASTORAL: multi(EAST)}
        assert list(parts_of(cells).parts) == [LandUse.PASTORAL, LandUse.RAINFED]

    def test_cells_that_only_touch_the_unit_are_no_landscape(self) -> None:
        beside = multi(box(66, 40, 67, 41), box(64, 41, 65, 42))
        found = parts_of({LandUse.PASTORAL: multi(WEST, EAST), LandUse.TREE_BASED: beside})
        assert list(found.parts) == [LandUse.PASTORAL]
        assert not found.dropped_km2

    def test_what_no_land_use_claims_is_told_by_name(self) -> None:
        cells = {Unclaimed("water"): multi(WEST), NO_DATA: multi(box(65.5, 40.5, 66, 41))}
        found = parts_of(cells).unclaimed_km2
        assert found == {
            "water": pytest.approx(zone_km2(40, 41, 0.5), rel=1e-6),
            "no data": pytest.approx(zone_km2(40.5, 41, 0.5), rel=1e-6),
            "outside the land-cover map": pytest.approx(zone_km2(40, 40.5, 0.5), rel=1e-6),
        }

    @pytest.mark.parametrize(
        ("least", "is_kept"),
        [pytest.param(0.94, True, id="large enough"), pytest.param(0.96, False, id="too small")],
    )
    def test_a_part_below_the_least_area_is_left_out_and_told(
        self, least: float, is_kept: bool
    ) -> None:
        # A hundredth of a degree either way: 0.854 by 1.110 km.
        sliver = box(65.0, 40.0, 65.01, 40.01)
        cells = {LandUse.PASTORAL: multi(EAST), LandUse.TREE_BASED: multi(sliver)}
        found = parts_of(cells, min_area_km2=least)
        assert (LandUse.TREE_BASED in found.parts) is is_kept
        told = {} if is_kept else {LandUse.TREE_BASED: pytest.approx(0.948, abs=0.001)}
        assert found.dropped_km2 == told

    def test_a_class_without_a_name_in_the_legend_is_refused(self) -> None:
        strange = Unclaimed("class 42", is_in_legend=False)
        with pytest.raises(
            InputError, match=r"'UZ-1': expected classes of the legend, got class 42"
        ):
            parts_of({strange: multi(WEST)})

    def test_such_a_class_outside_the_unit_is_nobodys_concern(self) -> None:
        strange = Unclaimed("class 42", is_in_legend=False)
        cells = {strange: multi(box(66, 40, 67, 41)), LandUse.PASTORAL: multi(WEST, EAST)}
        assert list(parts_of(cells).parts) == [LandUse.PASTORAL]


class TestFields:
    @pytest.mark.parametrize(
        ("country", "latitude", "expected"),
        [
            pytest.param("UZ", 40.0, False, id="cotton of the south is irrigated"),
            pytest.param("KZ", 53.0, True, id="wheat of the north is rainfed"),
            pytest.param("KZ", 47.9, False, id="just south of 48 degrees is irrigated"),
            pytest.param("KZ", 48.0, True, id="48 degrees is rainfed"),
            pytest.param("TR", 39.0, True, id="all of Türkiye is rainfed"),
        ],
    )
    def test_without_a_layer_country_and_latitude_decide(
        self, country: str, latitude: float, expected: bool
    ) -> None:
        assert are_fields_rainfed(Country(country), latitude) is expected

    def test_the_middle_of_the_fields_counts_and_not_that_of_the_unit(self) -> None:
        long = unit(box(70, 44, 71, 50), country=Country.KAZAKHSTAN)
        north, south = multi(box(70, 49, 71, 50)), multi(box(70, 44, 71, 45))
        assert list(parts_of({Cover.CROPLAND: north}, long).parts) == [LandUse.RAINFED]
        assert list(parts_of({Cover.CROPLAND: south}, long).parts) == [LandUse.IRRIGATED]

    def test_a_layer_tells_irrigated_from_rainfed_fields(self) -> None:
        found = parts_of({Cover.CROPLAND: multi(WEST)}, irrigated=box(65.25, 30, 70, 50)).parts
        assert found[LandUse.IRRIGATED].equals(box(65.25, 40, 65.5, 41))
        assert found[LandUse.RAINFED].equals(box(65.0, 40, 65.25, 41))

    def test_where_the_layer_is_empty_all_fields_are_rainfed(self) -> None:
        found = parts_of({Cover.CROPLAND: multi(WEST)}, irrigated=MultiPolygon())
        assert list(found.parts) == [LandUse.RAINFED]

    def test_the_layer_says_nothing_of_pasture(self) -> None:
        found = parts_of({LandUse.PASTORAL: multi(WEST)}, irrigated=box(65, 40, 66, 41))
        assert list(found.parts) == [LandUse.PASTORAL]

    def test_fields_join_what_the_map_itself_calls_irrigated(self) -> None:
        cells = {Cover.CROPLAND: multi(WEST), LandUse.IRRIGATED: multi(EAST)}
        [(use, part)] = parts_of(cells).parts.items()
        assert use is LandUse.IRRIGATED
        assert part.equals(box(65, 40, 66, 41))


class TestLandscapes:
    def test_id_and_names_are_of_unit_and_land_use(self) -> None:
        [made] = landscapes_of(parts_of({LandUse.PASTORAL: multi(WEST)}))
        assert made.landscape_id == "UZ-1-pastoral"
        assert made.name_en == "Nurata: pastoral land"
        assert made.names == {"en": "Nurata: pastoral land", "uz": "Nurota: yaylovlar"}
        assert made.country is Country.UZBEKISTAN
        assert made.is_derived
        assert (made.is_salt_affected, made.headwater_landscape_id) == (False, None)

    def test_a_language_without_the_words_is_left_out(self) -> None:
        named = unit(names={"en": "Nurata", "kaa": "Nurata"})
        [made] = landscapes_of(parts_of({LandUse.PASTORAL: multi(WEST)}, named))
        assert made.names == {"en": "Nurata: pastoral land"}


class TestTally:
    def test_adds_up_what_became_of_the_units(self) -> None:
        cells = {
            LandUse.PASTORAL: multi(WEST),
            LandUse.TREE_BASED: multi(box(65.5, 40.0, 65.51, 40.01)),
            Unclaimed("water"): multi(box(65.51, 40.0, 66.0, 41.0)),
        }
        found = tally([parts_of(cells, min_area_km2=10.0)] * 2)
        assert (found.units.count, found.units.km2) == (2, pytest.approx(2 * zone_km2(40, 41, 1)))
        assert found.landscapes[LandUse.PASTORAL].count == 2
        assert found.landscapes[LandUse.PASTORAL].km2 == pytest.approx(2 * zone_km2(40, 41, 0.5))
        assert found.dropped.keys() == {LandUse.TREE_BASED}
        assert found.unclaimed.keys() == {"water", "outside the land-cover map"}


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(LineString([(0, 0), (1, 1)]), id="a line"),
        pytest.param(Point(3, 3), id="a point"),
        pytest.param(GeometryCollection([LineString([(2, 2), (3, 3)]), Point(3, 3)]), id="both"),
    ],
)
def test_only_polygons_are_kept_of_a_cut(rest: BaseGeometry) -> None:
    assert polygons_of(rest).is_empty
    assert polygons_of(GeometryCollection([box(0, 0, 1, 1), rest])).equals(box(0, 0, 1, 1))


@dataclass(frozen=True)
class Divided:
    whole: Unit
    piece: RasterPiece
    found: UnitParts


@st.composite
def divided_units(draw: st.DrawFn) -> Divided:
    """A unit of any star shape over a map of any classes, whose cells it crosses anyhow."""
    radii = draw(st.lists(st.floats(0.2, 1.7), min_size=3, max_size=12))
    turns = [2 * math.pi * number / len(radii) for number in range(len(radii))]
    ring = [(66 + r * math.cos(t), 41 + r * math.sin(t)) for r, t in zip(radii, turns, strict=True)]
    codes = draw(st.lists(st.sampled_from(CLASSES), min_size=36, max_size=36))
    cells = np.array(codes, dtype=np.uint8).reshape(6, 6)
    # Cells of no round size: their edges have no short decimals.
    size = draw(st.sampled_from([0.5, 1 / 3]))
    piece = RasterPiece(cells, np.ones((6, 6), np.bool_), 66 - 3 * size, 41 + 3 * size, size, size)
    kinds, positions = default_legend().kinds(cells)
    outlines = {kinds[at]: area for at, area in class_polygons(positions, piece).items()}
    irrigated = draw(st.sampled_from([None, box(65, 40, 66.3, 41.1)]))
    least = draw(st.sampled_from([0.0, 500.0]))
    whole = unit(Polygon(ring))
    return Divided(whole, piece, unit_parts(whole, outlines, irrigated, min_area_km2=least))


def cell_boxes(piece: RasterPiece, code: int) -> np.ndarray:
    rows, columns = np.nonzero(piece.values == code)
    west, north = (
        piece.west + columns * piece.width_degrees,
        piece.north - rows * piece.height_degrees,
    )
    return shapely.box(west, north - piece.height_degrees, west + piece.width_degrees, north)


# A ten-millionth of a degree along every edge.
TRIFLE = 1e-7 * 60


class TestLaws:
    @settings(deadline=None, max_examples=60)
    @given(divided_units())
    def test_no_square_kilometre_is_lost_or_counted_twice(self, divided: Divided) -> None:
        pieces = [
            *map(geodesic_area_km2, divided.found.parts.values()),
            *divided.found.dropped_km2.values(),
            *divided.found.unclaimed_km2.values(),
        ]
        whole_km2 = geodesic_area_km2(divided.whole.geometry)
        assert sum(pieces) == pytest.approx(whole_km2, rel=1e-3)

    @settings(deadline=None, max_examples=60)
    @given(divided_units())
    def test_parts_are_valid_lie_in_the_unit_and_do_not_overlap(self, divided: Divided) -> None:
        parts = divided.found.parts
        for part in parts.values():
            assert part.is_valid
            assert part.difference(divided.whole.geometry).area < TRIFLE
        for one, other in itertools.combinations(parts.values(), 2):
            assert one.intersection(other).area < TRIFLE

    @settings(deadline=None, max_examples=60)
    @given(divided_units())
    def test_a_part_is_the_sum_of_its_cells_cut_one_by_one(self, divided: Divided) -> None:
        cut = shapely.intersection(cell_boxes(divided.piece, 10), divided.whole.geometry)
        pastoral = divided.found.parts.get(LandUse.PASTORAL)
        if pastoral is not None:
            assert pastoral.area == pytest.approx(shapely.area(cut).sum(), abs=TRIFLE)
        elif LandUse.PASTORAL not in divided.found.dropped_km2:
            assert shapely.area(cut).sum() == pytest.approx(0.0, abs=TRIFLE)
