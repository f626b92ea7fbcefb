"""The rules that docs/plans.md shows are rules."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode
from pipeline.plans.rule_document import Rule

PAGE = Path(__file__).parents[3] / "docs" / "plans.md"


def test_the_rules_of_the_page_can_be_read() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    whole, excerpt = (yaml.safe_load(text) for text in shown)
    (rule,) = whole["rules"]
    assert Rule.model_validate(rule).measure == IndexCode.parse("spi_3")
    on_area = Rule.model_validate(
        {key: value for key, value in rule.items() if key != "index"} | excerpt[0]
    )
    assert on_area.measure == AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    assert on_area.thresholds.argues_for(0.5)


def test_the_page_names_every_key_of_a_rule() -> None:
    text = PAGE.read_text("utf-8")
    assert [name for name in Rule.model_fields if f"`{name}" not in text] == []
