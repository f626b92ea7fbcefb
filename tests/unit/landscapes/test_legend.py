from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import LandUse
from pipeline.landscapes.default import derive
from pipeline.landscapes.legend import (
    Cover,
    Unclaimed,
    default_legend,
    legend_from_yaml,
)

LITTLE = """
legend: little
title: two classes
reference: none
classes:
  1: {name: wood, land_use: tree_based}
  2: {name: rock, land_use: none}
"""


class TestDefault:
    def test_names_every_class_of_both_products(self) -> None:
        assert sorted(default_legend().classes) == list(range(18))

    @pytest.mark.parametrize(
        ("share", "expected"),
        [
            pytest.param("cropland_fraction", {Cover.CROPLAND}, id="fields"),
            pytest.param("grassland_fraction", {LandUse.PASTORAL}, id="grass is grazed"),
            pytest.param("shrubland_fraction", {LandUse.PASTORAL}, id="shrubs are browsed"),
            pytest.param("forest_fraction", {LandUse.TREE_BASED}, id="forests"),
            pytest.param("savanna_fraction", {LandUse.AGRO_SYLVO_PASTORAL}, id="scattered trees"),
            pytest.param("barren_fraction", {Cover.NONE}, id="rock and ice feed nobody"),
            pytest.param("built_up_fraction", {Cover.NONE}, id="a city is no landscape"),
            pytest.param("wetland_fraction", {Cover.NONE}, id="reeds are nobody's pasture"),
        ],
    )
    def test_groups_classes_as_the_default_landscapes_do(
        self, share: str, expected: set[object]
    ) -> None:
        classes = default_legend().classes
        assert {classes[code].land_use for code in derive.IGBP_CLASSES[share]} == expected


class TestKinds:
    def test_classes_of_one_land_use_are_one_kind(self) -> None:
        kinds, positions = default_legend().kinds(np.array([[10, 6], [12, 7]], dtype=np.uint8))
        assert [[kinds[at] for at in row] for row in positions.tolist()] == [
            [LandUse.PASTORAL, LandUse.PASTORAL],
            [Cover.CROPLAND, LandUse.PASTORAL],
        ]

    def test_classes_that_are_none_stay_apart_by_name(self) -> None:
        kinds, _ = default_legend().kinds(np.array([15, 16], dtype=np.uint8))
        assert kinds == [Unclaimed("permanent snow and ice"), Unclaimed("barren land")]

    def test_a_class_the_legend_does_not_name_is_marked(self) -> None:
        kinds, _ = default_legend().kinds(np.array([10, 42], dtype=np.uint8))
        assert kinds[1] == Unclaimed("class 42", is_in_legend=False)

    def test_a_class_called_like_a_land_use_is_none_all_the_same(self) -> None:
        legend = legend_from_yaml(LITTLE.replace("rock", "pastoral"), "a.yaml")
        assert legend.kinds(np.array([2]))[0] == [Unclaimed("pastoral")]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        pytest.param("tree_based", "forest", "a.yaml: classes.1.land_use: expected one of pastoral, "
                     "agro_sylvo_pastoral, tree_based, irrigated, rainfed, home_garden, cropland, "
                     "none, got 'forest'", id="a land use there is not"),
        pytest.param("name: rock", "label: rock", "a.yaml: classes.2.label: unknown key", id="an unknown key"),
        pytest.param("  2:", "  1:", "the key 1 is written twice", id="a class named twice"),
        pytest.param("  2:", "  two:", "a.yaml: classes", id="a class without a code"),
        pytest.param("title: two classes\n", "", "a.yaml: title: missing key", id="no title"),
        pytest.param("land_use: none", "land_use: ", "got None", id="nothing said"),
    ],
)  # fmt: skip
def test_a_wrong_legend_is_refused_by_place(was: str, becomes: str, told: str) -> None:
    assert was in LITTLE
    with pytest.raises(InputError) as refused:
        legend_from_yaml(LITTLE.replace(was, becomes), "a.yaml")
    assert told in str(refused.value)
