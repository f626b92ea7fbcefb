"""What docs/plans.md shows of the language of plans is that language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode
from pipeline.plans.actions import Action, Family
from pipeline.plans.conditions import Group
from pipeline.plans.document import Plan
from pipeline.plans.issuing import Automatic, Issuing
from pipeline.plans.ladders import CapMapping, Stage
from pipeline.plans.reading import from_yaml
from pipeline.plans.rule_document import Rule, RuleSources, Source

PAGE = Path(__file__).parents[3] / "docs" / "plans.md"
DOCUMENTS = Path(__file__).with_name("documents")


def shown() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_document_of_the_page_is_a_plan() -> None:
    plan = from_yaml(shown()[0], "docs/plans.md")
    assert (plan.plan_id, plan.spoken) == ("uz-drought-plan", ("en", "ru", "uz"))


def test_the_rule_on_an_area_can_be_read() -> None:
    rule = from_yaml(shown()[0], "docs/plans.md").ladders.popitem()[1].every_rule[0]
    body = rule.model_dump(mode="json", exclude={"index"})
    on_area = Rule.model_validate(body | yaml.safe_load(shown()[1])[0])
    assert on_area.measure == AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    assert on_area.thresholds.argues_for(0.5)


@pytest.mark.parametrize(
    "model",
    [Plan, Issuing, Automatic, Stage, CapMapping, Action, Rule, RuleSources, Source, Group],
    ids=lambda model: model.__name__,
)
def test_the_page_names_every_key(model: type[BaseModel]) -> None:
    text = PAGE.read_text("utf-8")
    assert [name for name in model.model_fields if f"`{name}" not in text] == []


def test_the_page_names_every_family_of_action() -> None:
    text = PAGE.read_text("utf-8")
    assert [family for family in Family if f"`{family}`" not in text] == []


def test_the_page_names_every_example() -> None:
    named = set(re.findall(r"`(\w+\.yaml)`", PAGE.read_text("utf-8")))
    assert named == {path.name for path in DOCUMENTS.glob("*.yaml")}
