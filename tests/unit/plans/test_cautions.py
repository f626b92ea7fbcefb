from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.plans.cautions import cautions, unchecked_languages
from pipeline.plans.reading import from_yaml
from tests.unit.plans.broken import SOUND, broken

FOLDER = Path(__file__).with_name("documents")
ADOPTED = [("status: template", "status: adopted"), ("authority: null", "authority: the Cabinet")]


def found(*edits: tuple[str, str]) -> list[str]:
    return cautions(from_yaml(broken(*edits), "plan.yaml"))


UNCHECKED = (
    "texts that no speaker has checked, of 8: ru (1); letters in these languages leave only if the "
    "approver accepts that"
)


def test_a_text_that_nobody_has_checked_is_one() -> None:
    assert found() == [UNCHECKED]
    assert found((", unchecked: [ru]", "")) == []


def test_unchecked_words_reach_those_too_for_whom_they_stand_in() -> None:
    plan = from_yaml(broken(), "plan.yaml")
    assert unchecked_languages(plan, ("en", "ru", "uz", "tr")) == {"ru", "uz"}
    assert unchecked_languages(plan, ("en", "tr")) == set()


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            ADOPTED,
            [
                "the plan is adopted, and of its 3 rules 3 have a threshold, exit or number of months "
                "that is not national: alerts that rest on these stay drafts",
                "the plan is adopted, and issuing.legal_basis names no order by which the office "
                "issues",
            ],
            id="generic numbers in an adopted plan",
        ),
        pytest.param(
            [*ADOPTED, ("kind: generic", "kind: national"),
             ("  answer_within_days: 5\n", "  answer_within_days: 5\n  legal_basis: Law no. 5\n"
              '  automatic: {stages: [watch], order: "Order no. 12"}\n')],
            ["alerts that lead to watch leave without a person, by Order no. 12"],
            id="automatic issue",
        ),
        pytest.param(
            [("  answer_within_days: 5\n",
              '  answer_within_days: 5\n  at_once: {stages: [alert], order: "Protocol no. 3"}\n')],
            ["alerts that lead to alert may come at night and on days of rest, by Protocol no. 3"],
            id="alerts at once",
        ),
        pytest.param(
            [("      review_after: 3\n", "")],
            [
                "agricultural: alert: said once when the stage begins and not again while it stands; "
                "'review_after' says after how many months it is"
            ],
            id="a stage that is said once",
        ),
        pytest.param(
            [("exit_at: 0.0\n          exit_after: 1\n", "exit_at: -1.0\n          exit_after: 1\n"
              "          has_dead_band: false\n")],
            [
                "agricultural: spei_6: a stage begins and ends at one value, and may come and go where "
                "the measure hovers there"
            ],
            id="equal thresholds",
        ),
        pytest.param(
            [("- index: spei_6\n", "- index: spei_6\n          where: headwater\n")],
            [
                "agricultural: a rule hears the headwater: on land whose headwater the landscape table "
                "does not name it is left out"
            ],
            id="a rule on the headwater",
        ),
        pytest.param(
            [("languages: [en, ru]", "languages: [en]")],
            ["some texts are in ru too, which 'languages' does not name: no letter is written in that"],
            id="a language more than the plan has",
        ),
    ],
)  # fmt: skip
def test_what_authors_should_know_is_said(
    edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert [one for one in found(*edits) if one != UNCHECKED] == expected


def test_land_without_a_rule_is_named() -> None:
    text = SOUND.replace("source:", "land_uses: [rainfed, irrigated]\n          source:", 1)
    text = text.replace("{index: ", "{land_uses: [rainfed], index: ")
    said = cautions(from_yaml(text, "plan.yaml"))
    assert said[-1] == (
        "agricultural: no rule is for pastoral, agro_sylvo_pastoral, tree_based, home_garden land: it "
        "never has a stage"
    )


def test_a_forecast_is_reserved() -> None:
    ready = from_yaml((FOLDER / "ready_set.yaml").read_text("utf-8"), "ready_set.yaml")
    assert cautions(ready) == [
        "a rule hears a forecast, which is reserved: nothing reads forecasts yet, so the plan can be "
        "checked and not loaded"
    ]
