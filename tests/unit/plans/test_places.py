"""Which landscapes a report speaks of: by id, by name, by the unit most of them lies in."""

from __future__ import annotations

import pytest
from shapely import box

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.default import default_landscapes_file
from pipeline.landscapes.landscape import Landscape
from pipeline.plans.places import named_landscapes
from pipeline.plans.reports import shipped_reports
from pipeline.sources.landscape_files import read_landscapes

UNITS = {"UZ-QR": box(56, 42, 62, 46), "UZ-XO": box(60, 41, 62, 42)}


def landscape(name: str, west: float, east: float, **names: str) -> Landscape:
    return Landscape(
        name, Country.UZBEKISTAN, f"{name} District", names, LandUse.IRRIGATED, False, False, None,
        box(west, 42.5, east, 43.5),
    )  # fmt: skip


INSIDE = landscape("inside", 60.0, 61.0, ru="Нукус")
MOSTLY = landscape("mostly", 61.3, 62.3)
HALF = landscape("half", 61.5, 62.5)
OUTSIDE = landscape("outside", 64.0, 65.0)
ALL = (INSIDE, MOSTLY, HALF, OUTSIDE)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        pytest.param((), [True] * 4, id="no name means the whole country"),
        pytest.param(("outside",), [False, False, False, True], id="an id"),
        pytest.param(("HALF district",), [False, False, True, False], id="an English name"),
        pytest.param(("нукус",), [True, False, False, False], id="a Russian name"),
        pytest.param(("UZ-QR",), [True, True, False, False], id="more than half lies in the unit"),
        pytest.param(("UZ-QR", "outside"), [True, True, False, True], id="a unit and an id"),
        pytest.param(("UZ-XO",), [False] * 4, id="a unit without landscapes"),
    ],
)
def test_landscapes_are_found(names: tuple[str, ...], found: list[bool]) -> None:
    assert named_landscapes(names, ALL, UNITS, "a.csv, line 2").tolist() == found


def test_a_name_of_nothing_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"a\.csv, line 2: landscapes: expected ids or names .*'Xorazm'"
    ):
        named_landscapes(("inside", "Xorazm"), ALL, UNITS, "a.csv, line 2")


def test_every_place_of_the_shipped_reports_is_a_unit_of_its_country() -> None:
    units = {one.landscape_id: one.country for one in read_landscapes(default_landscapes_file())}
    for report in shipped_reports():
        assert all(units[name] is report.country for name in report.landscapes), report.place
