from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from pipeline.alerts.areas import MAX_POINTS, cap_polygons
from pipeline.core.errors import InputError
from pipeline.landscapes.default import default_landscapes_file


def read_back(texts: list[str]) -> list[Polygon]:
    """Return the polygons of CAP texts as longitude and latitude."""
    return [
        Polygon([(float(lon), float(lat)) for lat, lon in (pair.split(",") for pair in t.split())])
        for t in texts
    ]


def star(corners: int, radius: float, x: float = 65, y: float = 40) -> Polygon:
    """Return an outline with many small teeth."""
    return Polygon(
        [
            (
                x + radius * (1 + 0.02 * (n % 2)) * math.cos(2 * math.pi * n / corners),
                y + radius * (1 + 0.02 * (n % 2)) * math.sin(2 * math.pi * n / corners),
            )
            for n in range(corners)
        ]
    )


def test_a_polygon_is_written_latitude_first_and_closed() -> None:
    (text,) = cap_polygons(Polygon([(66, 39), (68, 39), (67, 40.12341)]), "UZ-JI")
    points = text.split()
    assert points[0] == points[-1]
    assert set(points) == {"39.0000,66.0000", "39.0000,68.0000", "40.1234,67.0000"}


def test_an_enclave_is_not_covered() -> None:
    ring = box(60, 40, 64, 44).difference(box(61, 41, 63, 43))
    polygons = read_back(cap_polygons(ring, "KG-B"))
    assert len(polygons) == 2
    assert shapely.union_all(polygons).equals(ring)


def test_an_island_in_a_lake_is_covered_and_the_lake_is_not() -> None:
    ring = box(60, 40, 64, 44).difference(box(61, 41, 63, 43))
    island = box(61.5, 41.5, 62.5, 42.5)
    polygons = read_back(cap_polygons(MultiPolygon([ring, island]), "KG-Y"))
    assert shapely.union_all(polygons).equals(shapely.union_all([ring, island]))


def test_parts_apart_stay_apart() -> None:
    parts = MultiPolygon([box(60, 40, 61, 41), box(62, 40, 63, 41)])
    assert len(cap_polygons(parts, "KZ-ATY")) == 2


def test_a_long_outline_keeps_its_shape_with_few_points() -> None:
    outline = star(5000, 2.0)
    (polygon,) = read_back(cap_polygons(outline, "KZ-ATY"))
    assert len(polygon.exterior.coords) <= MAX_POINTS
    assert polygon.symmetric_difference(outline).area < 0.05 * outline.area


def test_small_islands_go_before_the_land_does() -> None:
    islands = [Point(60 + 0.01 * n, 45).buffer(0.002) for n in range(200)]
    land = star(500, 2.0)
    polygons = read_back(cap_polygons(MultiPolygon([land, *islands]), "KZ-ATY"))
    assert sum(len(p.exterior.coords) for p in polygons) <= MAX_POINTS
    assert max(p.area for p in polygons) == pytest.approx(land.area, rel=0.05)


shapes = st.lists(
    st.builds(
        star,
        st.integers(3, 400),
        st.floats(0.001, 1.5),
        st.floats(50, 85),
        st.floats(35, 55),
    ),
    min_size=1,
    max_size=6,
)


def expect_what_cap_asks(texts: list[str]) -> None:
    """Valid, closed, few points, against the clock, and apart from each other."""
    polygons = read_back(texts)
    assert 0 < sum(len(text.split()) for text in texts) <= MAX_POINTS
    assert all(polygon.is_valid and polygon.area > 0 for polygon in polygons)
    assert all(polygon.exterior.is_ccw for polygon in polygons)
    assert all(text.split()[0] == text.split()[-1] for text in texts)
    assert all(one.intersection(two).area == 0 for one, two in combinations(polygons, 2))


@given(shapes)
def test_polygons_are_valid_closed_few_and_do_not_overlap(stars: list[Polygon]) -> None:
    land = shapely.union_all(stars)
    pond = land.centroid.buffer(0.3 * land.area**0.5)
    expect_what_cap_asks(cap_polygons(land.difference(pond), "a landscape"))


def features(path: Path) -> list[BaseGeometry]:
    found = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [shapely.make_valid(shape(one["geometry"])) for one in found]


def expect_real_land(path: Path, count: int) -> None:
    """Every landscape of a file, simplified, covers what it covered: to 3% of its area."""
    land = features(path)
    assert len(land) == count
    for one in land:
        texts = cap_polygons(one, path.name)
        expect_what_cap_asks(texts)
        covered = shapely.union_all(read_back(texts))
        assert covered.symmetric_difference(one).area < 0.03 * one.area


def test_every_default_landscape_can_be_said() -> None:
    expect_real_land(default_landscapes_file(), 129)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param("kaz_adm2_geoboundaries_2017", 174, id="districts of Kazakhstan"),
        pytest.param("kgz_adm2_cod_moes_2018", 53, id="of Kyrgyzstan"),
        pytest.param("tjk_adm2_wfp_prism_v2", 62, id="of Tajikistan"),
        pytest.param("uzb_adm2_geoboundaries", 199, id="of Uzbekistan"),
    ],
)
def test_every_real_district_can_be_said(shared_data: Path, name: str, count: int) -> None:
    expect_real_land(shared_data / "boundaries" / f"{name}.geojson", count)


@pytest.mark.parametrize(
    "geometry",
    [
        pytest.param(Point(66, 40), id="a point has no area"),
        pytest.param(Polygon(), id="nor has nothing"),
        pytest.param(box(66, 40, 66.00001, 40.00001), id="nor what four decimals cannot show"),
    ],
)
def test_a_landscape_without_an_area_is_refused(geometry: BaseGeometry) -> None:
    with pytest.raises(InputError, match="landscape UZ-JI: expected polygons with an area"):
        cap_polygons(geometry, "UZ-JI")
