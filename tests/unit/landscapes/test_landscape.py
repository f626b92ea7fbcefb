from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.landscape import (
    COUNTRY_BOXES,
    REGION_BOX,
    Landscape,
    checked_geometry,
    landscape_of,
    refuse_duplicates,
)

SQUARE = box(65.0, 40.0, 66.0, 41.0)
RECORD: dict[str, object] = {
    "landscape_id": "UZ-NUR",
    "country_code": "UZ",
    "name_en": "Nurata",
    "land_use": "pastoral",
}


def landscape(geometry: BaseGeometry | None = SQUARE, **fields: object) -> Landscape:
    return landscape_of({**RECORD, **fields}, geometry, "a.geojson: feature 7")


def test_a_record_becomes_a_landscape() -> None:
    made = landscape(names='{"uz": "Nurota"}', is_salt_affected=True)
    assert made == Landscape(
        landscape_id="UZ-NUR",
        country=Country.UZBEKISTAN,
        name_en="Nurata",
        names={"en": "Nurata", "uz": "Nurota"},
        land_use=LandUse.PASTORAL,
        is_salt_affected=True,
        is_derived=False,
        headwater_landscape_id=None,
        geometry=SQUARE,
    )


def test_area_is_that_of_the_ellipsoid() -> None:
    # The zone of WGS84 between two parallels, from its closed formula, one degree wide. Our edges
    # are geodesics, which bulge from the parallels by a hundred-thousandth of the area.
    semi_minor_km, eccentricity = 6356.752314, 0.0818191908

    def zone(latitude: float) -> float:
        sine = math.sin(math.radians(latitude))
        bulge = math.atanh(eccentricity * sine) / (2 * eccentricity)
        return bulge + sine / (2 * (1 - (eccentricity * sine) ** 2))

    expected = semi_minor_km**2 * math.radians(1) * (zone(41) - zone(40))
    assert landscape().area_km2 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param(None, None, id="not said"),
        pytest.param("", None, id="empty"),
        pytest.param(0, 0.0, id="no rain at all"),
        pytest.param("0.18", 0.18, id="a number as text"),
    ],
)
def test_aridity_index(cell: object, expected: float | None) -> None:
    assert landscape(aridity_index=cell).aridity_index == expected


def test_edges_are_straight_in_degrees_however_long() -> None:
    # Ten degrees along a parallel: a geodesic would rise 22 km above it.
    long = landscape(box(60.0, 40.0, 70.0, 41.0)).area_km2
    pieces = [landscape(box(60.0 + at, 40.0, 61.0 + at, 41.0)).area_km2 for at in range(10)]
    assert long == pytest.approx(sum(pieces), rel=1e-6)


def test_holes_are_taken_out_of_the_area_however_they_turn() -> None:
    hole = box(65.4, 40.4, 65.6, 40.6)
    ring = hole.exterior.coords
    whole = landscape().area_km2
    for turned in (ring, ring[::-1]):
        holed = Polygon(SQUARE.exterior.coords, [turned])
        assert landscape(holed).area_km2 == pytest.approx(whole - landscape(hole).area_km2)


@given(st.integers(0, 3), st.booleans(), st.booleans(), st.floats(-4e-8, 4e-8))
def test_the_same_boundary_has_the_same_hash(
    start: int, is_turned: bool, is_multi: bool, shift: float
) -> None:
    ring = list(SQUARE.exterior.coords)[:-1]
    ring = [(x + shift, y + shift) for x, y in ring[start:] + ring[:start]]
    polygon = Polygon(ring[::-1] if is_turned else ring)
    drawn_anew = MultiPolygon([polygon]) if is_multi else polygon
    assert landscape(drawn_anew).boundary_sha256 == landscape().boundary_sha256


def test_a_moved_boundary_has_another_hash() -> None:
    moved = shapely.transform(SQUARE, lambda positions: positions + 1.0e-6)
    assert landscape(moved).boundary_sha256 != landscape().boundary_sha256


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        pytest.param(None, "no readable geometry, expected a polygon", id="no geometry"),
        pytest.param(Polygon(), "no readable geometry, expected a polygon", id="empty"),
        pytest.param(Point(65, 40), "got Point", id="a point"),
        pytest.param(LineString([(65, 40), (66, 41)]), "got LineString", id="a line"),
        pytest.param(
            Polygon([(65, 40), (66, 41), (66, 40), (65, 41)]), r"Self-intersection\[65.5 40.5\]",
            id="rings that cross, with the place where they do",
        ),
        pytest.param(box(40, 65, 41, 66), "outside the six countries, expected", id="swapped"),
        pytest.param(
            box(500000, 4400000, 510000, 4410000), "is the coord|are longitude", id="projected"
        ),
        pytest.param(box(27, 38, 28, 39), "outside UZ, expected to meet 55.5 to 73.7 E",
                     id="a landscape of Türkiye under the code of Uzbekistan"),
    ],
)  # fmt: skip
def test_what_is_no_landscape_is_refused(geometry: BaseGeometry | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        landscape(geometry)
    assert str(refusal.value).startswith("a.geojson: feature 7 'UZ-NUR': ")


def test_heights_are_dropped() -> None:
    raised = shapely.force_3d(SQUARE, 300.0)
    assert not checked_geometry(raised, Country.UZBEKISTAN, "a").has_z


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"land_use": "forest"}, "unknown land_use, expected one of pastoral, .*'forest'",
                     id="land use"),
        pytest.param({"country_code": "AF"}, "unknown country_code.*got 'AF'", id="country"),
        pytest.param({"name_en": " "}, "name_en is empty", id="no name"),
        pytest.param({"names": "Nurota"}, "names: expected JSON", id="names that are no JSON"),
        pytest.param({"names": "[1]"}, "names: expected an object", id="names in a list"),
        pytest.param({"is_salt_affected": "maybe"}, "is_salt_affected: expected true or false",
                     id="neither true nor false"),
        pytest.param({"headwater_landscape_id": "UZ-NUR"}, "is the landscape itself",
                     id="its own headwater"),
        pytest.param({"aridity_index": "dry"}, "aridity_index: expected rain by PET.*'dry'",
                     id="aridity in words"),
        pytest.param({"aridity_index": -0.1}, "aridity_index: expected rain by PET, from 0",
                     id="aridity below zero"),
        pytest.param({"aridity_index": 2000}, "from 0 to 20, got 2000", id="aridity in ten-thousandths"),
        pytest.param({"aridity_index": float("nan")}, "got nan", id="aridity that is no number"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=rf"^a\.geojson: feature 7 'UZ-NUR': .*{message}"):
        landscape(**fields)


def test_a_landscape_needs_an_id() -> None:
    with pytest.raises(InputError, match=r"^a\.geojson: feature 7: landscape_id is empty"):
        landscape(landscape_id=None)


@pytest.mark.parametrize(
    ("cell", "flag"),
    [(None, False), ("", False), (True, True), (0, False), (1, True), ("TRUE", True)],
    ids=["missing is false", "empty is false", "a truth", "zero", "one", "a word"],
)
def test_flags(cell: object, flag: bool) -> None:
    assert landscape(is_salt_affected=cell).is_salt_affected is flag


def test_duplicate_ids_are_named_once_each() -> None:
    a, b = landscape(), landscape(landscape_id="B")
    refuse_duplicates([a, b], "a.geojson")
    with pytest.raises(InputError, match=r"^a\.geojson: expected each .* more than one of 'B'; "):
        refuse_duplicates([a, b, b, b], "a.geojson")


@pytest.mark.parametrize("country", list(Country), ids=str)
def test_every_country_lies_in_the_region(country: Country) -> None:
    assert box(*REGION_BOX).contains(box(*COUNTRY_BOXES[country]))
