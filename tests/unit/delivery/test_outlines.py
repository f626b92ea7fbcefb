"""Landscapes as paths: borders stay common, nobody vanishes, and the bytes have an end."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from pipeline.delivery.outlines import Outline, OutlineMap, Projection, outlines
from pipeline.landscapes.default import default_landscapes_file

Corner = tuple[int, int]


def rings(outline: Outline) -> list[list[Corner]]:
    """Read a path as a browser does: a place, then steps."""
    found = []
    for ring in re.findall(r"M(.*?)z", outline.path):
        numbers = [int(n) for n in re.findall(r"-?\d+", ring)]
        x, y = numbers[:2]
        corners = [(x, y)]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + dx, y + dy
            corners.append((x, y))
        found.append(corners)
    return found


def edges(outline: Outline) -> set[frozenset[Corner]]:
    return {
        frozenset(edge)
        for ring in rings(outline)
        for edge in pairwise([*ring, ring[0]])
        if len(set(edge)) > 1
    }


def area(outline: Outline) -> float:
    polygons = [Polygon(ring) for ring in rings(outline)]
    return float(shapely.unary_union([p.buffer(0) for p in polygons]).area)


@pytest.fixture(scope="module")
def default() -> dict[str, BaseGeometry]:
    read = json.loads(default_landscapes_file().read_text("utf-8"))
    return {one["properties"]["landscape_id"]: shape(one["geometry"]) for one in read["features"]}


@pytest.fixture(scope="module")
def drawn(default: dict[str, BaseGeometry]) -> OutlineMap:
    return outlines(default, most_bytes=30_000)


WAVE = [(60 + n / 50, 40 + 0.05 * math.sin(n)) for n in range(101)]
NORTH = Polygon([*WAVE, (62, 42), (60, 42)])
SOUTH = Polygon([*WAVE, (62, 38), (60, 38)])


def test_neighbours_keep_one_border_however_coarse_it_is() -> None:
    found = outlines({"north": NORTH, "south": SOUTH}, most_bytes=120)
    north, south = found.outlines.values()
    common = edges(north) & edges(south)
    assert found.have_common_borders
    assert len(rings(north)[0]) < 50
    # Each has its three other sides; all else is the border.
    assert len(edges(north) - common) == len(edges(south) - common) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("UZ-AN", "UZ-NG", id="in the Fergana valley"),
        pytest.param("KZ-AKM", "KZ-KAR", id="in the steppe"),
        pytest.param("UZ-QR", "KZ-AKT", id="across a frontier"),
    ],
)
def test_neighbours_of_the_default_set_leave_no_sliver(
    default: dict[str, BaseGeometry], drawn: OutlineMap, one: str, other: str
) -> None:
    assert default[one].intersection(default[other]).length > 0.5
    assert edges(drawn.outlines[one]) & edges(drawn.outlines[other])


def test_no_landscape_is_lost_and_the_bytes_keep_their_bound(
    default: dict[str, BaseGeometry], drawn: OutlineMap
) -> None:
    assert list(drawn.outlines) == list(default)
    assert drawn.path_bytes <= 30_000
    assert all(rings(one) and area(one) > 0 for one in drawn.outlines.values())
    assert all(re.fullmatch(r"(M[\d -]+l[\d -]+z)+", one.path) for one in drawn.outlines.values())


def test_a_large_landscape_keeps_its_size(
    default: dict[str, BaseGeometry], drawn: OutlineMap
) -> None:
    true = shapely.transform(default["UZ-NW"], drawn.projection.to_map).area
    assert area(drawn.outlines["UZ-NW"]) == pytest.approx(true, rel=0.02)


def test_what_is_too_small_to_see_is_a_dot_where_it_lies() -> None:
    small = box(69.2, 41.3, 69.201, 41.301)
    found = outlines({"large": box(60, 36, 80, 50), "small": small})
    dot = found.outlines["small"]
    assert dot.is_dot
    assert not found.outlines["large"].is_dot
    assert area(dot) == 32
    ((x, y),) = found.projection.to_map(shapely.get_coordinates(small.centroid))
    assert dot.point == (round(x), round(y))
    assert Polygon(rings(dot)[0]).contains(Point(dot.point))


def test_landscapes_that_overlap_are_drawn_all_the_same() -> None:
    """As of a built set: cells of one use, and a district that lies over them."""
    squares = [box(60 + n / 10, 40, 60.1 + n / 10, 40.1) for n in range(0, 20, 2)]
    found = outlines({"cells": MultiPolygon(squares), "district": box(60.55, 39.9, 61.25, 40.2)})
    assert not found.have_common_borders
    assert len(rings(found.outlines["cells"])) == 10
    assert len(rings(found.outlines["district"])) == 1


def test_thousands_of_scattered_cells_come_to_an_end() -> None:
    cells = [
        box(x / 10, y / 10, x / 10 + 0.1, y / 10 + 0.1)
        for x in range(600, 700)
        for y in range(380, 440)
        if (x * 7 + y * 13) % 3 == 0
    ]
    found = outlines({"pasture": MultiPolygon(cells)}, most_bytes=5_000)
    assert found.path_bytes <= 5_000
    assert rings(found.outlines["pasture"])


def test_a_hole_stays_a_hole() -> None:
    ring = Polygon(
        [(60, 40), (64, 40), (64, 44), (60, 44)], [[(61, 41), (61, 43), (63, 43), (63, 41)]]
    )
    assert len(rings(outlines({"ring": ring}).outlines["ring"])) == 2


def test_nothing_is_a_map_of_nothing() -> None:
    assert outlines({}).outlines == {}


def test_the_projection_is_spherical_mercator() -> None:
    """Snyder (1987), equation 7-2 on a sphere: at 45 N the ordinate is 0.8813736 radii."""
    projection = Projection(0.0, 0.0, 1.0)
    ((x, y),) = projection.to_map(shapely.get_coordinates(Point(60, 45)))
    assert x == 60
    assert y == pytest.approx(-math.degrees(0.8813736), abs=1e-5)


@given(st.floats(25, 90), st.floats(35, 56))
def test_a_place_on_the_map_leads_back_to_its_degrees(longitude: float, latitude: float) -> None:
    projection = Projection(25.0, 70.0, 36.0)
    ((x, y),) = projection.to_map(shapely.get_coordinates(Point(longitude, latitude)))
    assert projection.to_degrees(x, y) == pytest.approx((longitude, latitude), abs=1e-9)


@pytest.mark.parametrize(
    "numbers",
    [pytest.param("M5 7l-3-4 5 6z", id="a minus sign parts numbers as well as a space")],
)
def test_a_path_is_written_as_short_as_svg_allows(numbers: str) -> None:
    found = rings(Outline(numbers, (0, 0), (0, 0, 0, 0), is_dot=False))
    assert found == [[(5, 7), (2, 3), (7, 9)]]
