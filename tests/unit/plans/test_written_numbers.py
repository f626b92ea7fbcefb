"""Numbers, words and keys that a plan document must not hold, each refused in words that help."""

from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.indices.engine import CLIP
from pipeline.plans.reading import from_yaml
from pipeline.plans.rule_document import CUT
from tests.unit.plans.broken import SOUND, broken

ENTER = "          enter_at: -1.0\n"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(
            ("hold_limit: 3", "hold_limit: true"),
            "line 9: hold_limit: expected a number, got true; write digits",
            id="true is not one month",
        ),
        pytest.param(
            (ENTER, "          enter_at: false\n"),
            "enter_at: expected a number, got false; write digits",
            id="false is not zero",
        ),
        pytest.param(
            (ENTER, "          enter_at: -1,5\n"),
            "got '-1,5'; write -1.5, with a point and a plain minus sign",
            id="a decimal comma",
        ),
        pytest.param(
            (ENTER, "          enter_at: \u22121.5\n"),
            "write -1.5, with a point and a plain minus sign",
            id="a minus sign that no program reads",
        ),
        pytest.param(
            ("hold_limit: 3", "hold_limit: 99999999999"),
            "hold_limit: expected 9999 or less, got 99999999999",
            id="more months than a column holds",
        ),
        pytest.param(
            ("answer_within_days: 5", "answer_within_days: 99999999999"),
            "issuing.answer_within_days: expected 9999 or less",
            id="more days than a calendar has",
        ),
        pytest.param(
            (ENTER, "          enter_at: -15\n"),
            "enter_at: expected -3.09 or more, as spei_6 goes no further, got -15: the rule would "
            "never begin; correct the number",
            id="a threshold without its point",
        ),
        pytest.param(
            ("exit_at: 0.0\n          exit_after", "exit_at: 5\n          exit_after"),
            "exit_at: expected 3.09 or less, as spei_6 goes no further, got 5: the rule would never "
            "end; correct the number",
            id="an exit that no month reaches",
        ),
        pytest.param(
            ("hold_limit: 3", "hold_limit: 3\n7: seven"),
            "expected words as keys, got 7; take it out, or put it in quotes",
            id="a number as a key",
        ),
        pytest.param(
            ("languages: [en, ru]", "languages: []"),
            "languages: expected the languages of the plan's texts and letters, such as [en, ru, uz], "
            "got none; name them",
            id="no languages",
        ),
        pytest.param(
            ("        - all_of:\n", "        - and:\n"),
            "line 42: ladders.agricultural.2.rules.1.and: unknown key; remove it or correct its spelling",
            id="a group by another word",
        ),
    ],
)
def test_what_is_written_otherwise_is_refused_with_the_remedy(
    edit: tuple[str, str], message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        from_yaml(broken(edit), "plan.yaml")
    (line,) = str(refusal.value).splitlines()
    assert message in line


def test_percent_of_normal_has_no_value_below_zero() -> None:
    text = broken(("        - index: spei_6\n", "        - index: pn_3\n"))
    with pytest.raises(InputError, match="enter_at: expected 0 or more, as pn_3 goes no further"):
        from_yaml(text, "plan.yaml")


def test_the_least_and_the_greatest_value_of_an_index_are_thresholds() -> None:
    assert CUT == CLIP
    edits = (
        (ENTER, f"          enter_at: -{CUT}\n"),
        ("exit_at: 0.0\n          exit_after", f"exit_at: {CUT}\n          exit_after"),
    )
    # The alert asks for less than the watch then; its rules stand in a group.
    assert from_yaml(broken(*edits), "plan.yaml") != from_yaml(SOUND, "plan.yaml")
