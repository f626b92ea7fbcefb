from __future__ import annotations

import pytest

from pipeline.alerts.wishes import Wishes
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.steps.register import refuse_unknown_provinces, refuse_unknown_stage
from tests.unit.alerts.cases import PLANS

UZ, KZ = Country.UZBEKISTAN, Country.KAZAKHSTAN
LANDSCAPES = {"UZ-SU": UZ, "UZ-SA-irrigated": UZ, "UZ-SA-pastoral": UZ, "KZ-MAN": KZ}


def wishes(*provinces: str, of: tuple[Country, ...] = ()) -> Wishes:
    return Wishes(frozenset(of), frozenset(provinces))


@pytest.mark.parametrize(
    "wished",
    [
        pytest.param(wishes(), id="none"),
        pytest.param(wishes(of=(UZ,)), id="a country as a whole"),
        pytest.param(wishes("UZ-SA"), id="one built of its land uses"),
        pytest.param(wishes("UZ-SU", "KZ-MAN", of=(UZ, KZ)), id="one in each country"),
    ],
)
def test_provinces_with_landscapes_are_taken(wished: Wishes) -> None:
    refuse_unknown_provinces(wished, LANDSCAPES)


@pytest.mark.parametrize(
    ("wished", "said"),
    [
        pytest.param(
            wishes("UZ-S", of=(UZ,)),
            "such as UZ-SA-irrigated, UZ-SA-pastoral, UZ-SU, got UZ-S;",
            id="letters of an id name those of the country",
        ),
        pytest.param(wishes("uz-su"), "got uz-su;", id="in small letters"),
        pytest.param(
            wishes("UZ-SU", of=(KZ,)),
            "nothing of UZ-SU would ever be told",
            id="of another country",
        ),
        pytest.param(
            wishes("UZ-SU", of=(UZ, KZ)), "nothing of KZ would ever be told", id="a country without"
        ),
    ],
)
def test_a_wish_that_nothing_could_meet_is_refused(wished: Wishes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        refuse_unknown_provinces(wished, LANDSCAPES)


def test_without_landscapes_it_says_so() -> None:
    with pytest.raises(InputError, match=r"such as \(no landscapes are loaded\), got UZ-SU"):
        refuse_unknown_provinces(wishes("UZ-SU"), {})


def test_of_very_many_landscapes_some_are_named() -> None:
    many = {f"UZ-{n:03d}": UZ for n in range(200)}
    with pytest.raises(InputError, match="UZ-019 and 180 more, got UZ-SU"):
        refuse_unknown_provinces(wishes("UZ-SU"), many)


def test_a_stage_of_any_plan_in_force_is_taken_and_no_other() -> None:
    plans = list(PLANS.values())
    for stage in (None, "watch", "severe"):
        refuse_unknown_stage(stage, plans)
    with pytest.raises(InputError, match=r"a stage of a plan in force \(.*severe.*\), got 'sever'"):
        refuse_unknown_stage("sever", plans)
    with pytest.raises(InputError, match="got 'none'"):
        refuse_unknown_stage("none", plans)
