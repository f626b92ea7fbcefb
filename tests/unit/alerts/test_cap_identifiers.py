from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.alerts.cap_identifiers import cap_identifier
from pipeline.alerts.facts import AlertFacts
from pipeline.core.ids import Country
from tests.unit.alerts import cases

INSTALLATION = "6a4de9c8-3d86-4a38-9d2c-6a1a7b0d8a11"
ARC = "2.49.0.1.860.0"


def named(facts: AlertFacts, installation: str = INSTALLATION, arc: str | None = ARC) -> str:
    return cap_identifier(facts, installation, arc)


def test_below_an_arc_all_numbers_are_numbers_of_an_object_identifier() -> None:
    for number in range(200):
        found = named(replace(cases.began(), alert_id=number + 1))
        assert re.fullmatch(
            rf"urn:oid:{re.escape(ARC)}\.(0|[1-9]\d*)\.2021\.6\.{number + 1}\.(0|[1-9]\d*)", found
        )
        assert all(int(arc) < 2**31 for arc in found.removeprefix("urn:oid:").split("."))


def test_many_alerts_in_one_second_have_names_of_their_own() -> None:
    facts = cases.began()
    names = {named(replace(facts, alert_id=number)) for number in range(1, 1001)}
    assert len(names) == 1000


def test_two_installations_give_other_names() -> None:
    facts = cases.began()
    for arc in (ARC, None):
        assert named(facts, "one", arc) != named(facts, "two", arc)


def test_the_same_decision_keeps_its_name_when_a_warehouse_is_restored() -> None:
    assert named(cases.began()) == named(cases.began())


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"landscape_id": "UZ-SA"}, id="on another landscape"),
        pytest.param({"to_stage": "severe"}, id="to another stage"),
        pytest.param({"chain_id": "UZ-JI-2021-05-m"}, id="in another chain"),
        pytest.param(
            {"evidence": cases.adopted().evidence},
            id="on other evidence",
        ),
    ],
)
def test_another_decision_under_the_same_number_has_another_name(other: dict[str, object]) -> None:
    facts = cases.began()
    assert named(replace(facts, **other)) != named(facts)


@pytest.mark.parametrize(
    ("country", "arc"),
    [
        pytest.param(Country.UZBEKISTAN, None, id="without an authority"),
        pytest.param(Country.KAZAKHSTAN, ARC, id="the arc is of another country"),
    ],
)
def test_else_the_name_has_a_form_of_our_own(country: Country, arc: str | None) -> None:
    facts = replace(cases.began(), country=country)
    assert named(facts, "one", arc) == f"cacilm-drought.one.{country}.2021-06.17"
