from __future__ import annotations

import pytest

from pipeline.plans.comparison import differences
from pipeline.plans.reading import from_mapping, from_stored, from_yaml
from pipeline.plans.shipped import shipped_plans
from tests.unit.plans.broken import SOUND, broken

RULE = (
    "{index: sma_1, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}"
)


def found(*edits: tuple[str, str]) -> list[str]:
    return differences(from_yaml(SOUND, "old.yaml"), from_yaml(broken(*edits), "new.yaml"))


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("          enter_at: -1.0\n", "          enter_at: -1.2\n")],
            ["ladders.agricultural.watch.rules.spei_6.enter_at: was -1, is -1.2"],
            id="a threshold",
        ),
        pytest.param(
            [("exit_after: 1\n          source", "exit_after: 1\n          calendar_months: [4, 5, 6]\n          source")],
            ["ladders.agricultural.watch.rules.spei_6.calendar_months: was not said, is 4, 5, 6"],
            id="calendar months",
        ),
        pytest.param(
            [("hold_limit: 3\n", "hold_limit: 4\nlate_after_days: 20\n")],
            ["hold_limit: was 3, is 4", "late_after_days: was not said, is 20"],
            id="limits",
        ),
        pytest.param(
            [("title: {en: A test, ru: Проверка, unchecked: [ru]}", "title: {en: A trial, ru: Проверка}")],
            ["title: other words in en", "title: checked by a speaker now in ru"],
            id="words, and who checked them",
        ),
        pytest.param(
            [("languages: [en, ru]", "languages: [en]"), ("names: {en: Alert, ru: Тревога}", "names: {en: Alert}")],
            ["languages: less: ru", "ladders.agricultural.alert.names: taken out in ru"],
            id="a language",
        ),
        pytest.param(
            [("actions: [*look]", "actions: [*look, {do: {en: act, ru: действовать}, family: support, who: {en: all, ru: все}, within_days: 3}]")],
            ["ladders.agricultural.alert.actions: added: 'act'"],
            id="an action more",
        ),
        pytest.param(
            [("within_days: 7", "within_days: 9")],
            [
                "ladders.agricultural.watch.actions.'look'.within_days: was 7, is 9",
                "ladders.agricultural.alert.actions.'look'.within_days: was 7, is 9",
            ],
            id="by when an action is proposed",
        ),
        pytest.param(
            [("- stage: alert\n", "- stage: alarm\n")],
            ["ladders.agricultural: taken out: alert", "ladders.agricultural: added: alarm"],
            id="a stage of another name",
        ),
        pytest.param(
            [("        - all_of:\n", f"        - {RULE}\n        - all_of:\n")],
            ["ladders.agricultural.alert.rules: added: sma_1, from -1 on, to 0"],
            id="a rule more",
        ),
        pytest.param(
            [("        - all_of:\n", "        - coming_from: [watch]\n          all_of:\n")],
            ["ladders.agricultural.alert.rules.[all_of: spei_6 + sma_1].coming_from: was not said, is watch"],
            id="where a group comes from",
        ),
        pytest.param(
            [("        - all_of:\n", "        - any_of:\n")],
            [
                "ladders.agricultural.alert.rules: taken out: [all_of: spei_6 + sma_1]",
                "ladders.agricultural.alert.rules: added: [any_of: spei_6 + sma_1]",
            ],
            id="the form of a group",
        ),
        pytest.param(
            [("kind: generic", "kind: national"), ("WMO-No. 1090", '"Order no. 3, art. 2"')],
            [
                f"ladders.agricultural.{place}.source.{number}.{key}"
                for place in ("watch.rules.spei_6", "alert.rules.[all_of: spei_6 + sma_1].all_of.spei_6",
                              "alert.rules.[all_of: spei_6 + sma_1].all_of.sma_1")
                for number in ("threshold", "exit", "persistence")
                for key in ("kind: was generic, is national", "reference: was WMO-No. 1090, is Order no. 3, art. 2")
            ],
            id="who stands behind the numbers",
        ),
    ],
)  # fmt: skip
def test_each_difference_is_one_line(edits: list[tuple[str, str]], expected: list[str]) -> None:
    assert found(*edits) == expected


def test_a_long_text_is_not_quoted() -> None:
    body = from_yaml(SOUND, "plan.yaml").as_json()
    one, other = (from_mapping(body | {"notes": word * 100}, "plan") for word in ("a ", "b "))
    assert differences(one, other) == ["notes: other words"]


def test_equal_documents_do_not_differ() -> None:
    assert found() == []


def test_the_order_of_stages_is_a_difference() -> None:
    body = from_yaml(SOUND, "plan.yaml").as_json()
    body["ladders"]["agricultural"].reverse()
    turned = from_mapping(body, "turned")
    assert differences(from_yaml(SOUND, "plan.yaml"), turned) == [
        "ladders.agricultural: in another order: alert, watch"
    ]


def test_an_action_of_before_is_known_again() -> None:
    (plan,) = (one for one in shipped_plans() if one.plan_id == "uz-generic")
    old = plan.as_json()
    actions = old["ladders"]["meteorological"][0]["actions"]
    bare = actions[0]["do"]
    actions[0] = bare
    before = from_stored(old, "a version of before")
    place = f"ladders.meteorological.watch.actions.'{bare['en']}'"
    assert [line.partition(": ")[0] for line in differences(before, plan)] == [
        *(f"{place}.family", f"{place}.who", f"{place}.within_days")
    ]
