from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.alerts.cap_info import parameters
from pipeline.alerts.evidence import Evidence, StagePath, Step
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.letters import letter, subject
from pipeline.alerts.paths_in_words import lines_in_groups, paths_in_words
from pipeline.alerts.reasons import reasons
from pipeline.core.gaps import Gap
from pipeline.plans.conditions import Form
from tests.unit.alerts import cases, together


def plain(lines: list[str]) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def with_paths(facts: AlertFacts, *paths: StagePath) -> AlertFacts:
    return replace(facts, evidence=facts.evidence.model_copy(update={"paths": paths}))


def test_the_conditions_are_listed_as_the_plan_puts_them_together() -> None:
    assert paths_in_words(together.alert(), "en") == [
        '- The plan\'s conditions for stage "Warning": met',
        "  * all of these hold: yes",
        "    * Headwater Naryn: SPI-12: -1.68; threshold -1.5, for ending 0.0: met",
        "    * at least 2 of these hold: yes",
        "      * SPI-6: -1.21; threshold -1.0, for ending 0.0: met",
        "      * SPEI-6: -1.03; threshold -1.0, for ending 0.0: met",
        "      * share of the area with SPI-3 at or below -1.0: 55%; threshold 50%, for ending 30%: "
        "met",
    ]


def test_what_is_not_known_is_said_to_be_so() -> None:
    silent = {**together.DEEPENS, together.HEADWATER: [Gap.NOT_PUBLISHED] * 3}
    facts = together.alert(silent, Change.CORRECTED)
    told = paths_in_words(replace(facts, from_stage="warning"), "en")
    assert told[:3] == [
        '- The plan\'s conditions for stage "Warning": not known',
        "  * all of these hold: not known",
        "    * Headwater Naryn: SPI-12: no value: the source has not published it; threshold -1.5, "
        "for ending 0.0: not known",
    ]


def test_a_condition_on_the_stage_before_names_it() -> None:
    step = Step(
        holds=False,
        form=Form.NONE_OF,
        coming_from=("watch", "none"),
        members=(Step(holds=True, comparison=1),),
    )
    root = Step(holds=False, form=Form.ANY_OF, members=(step,))
    facts = with_paths(together.alert(), StagePath(stage="warning", condition=root))
    assert paths_in_words(facts, "en")[2] == (
        '    * none of these holds (only after a month in: "Watch", no stage): no'
    )


def test_several_conditions_of_which_any_is_enough_are_said_to_be_so() -> None:
    rules = tuple(Step(holds=number == 1, comparison=number) for number in (1, 2))
    root = Step(holds=True, form=Form.ANY_OF, members=rules)
    facts = with_paths(together.alert(), StagePath(stage="warning", condition=root))
    told = paths_in_words(facts, "en")
    assert told[1] == "  * any of these holds: yes"
    assert [line.rpartition(": ")[2] for line in told[2:]] == ["met", "not met"]
    assert lines_in_groups(facts.evidence) == []


def test_a_plan_without_groups_lists_none() -> None:
    assert paths_in_words(cases.escalated(), "en") == []
    assert lines_in_groups(cases.escalated().evidence) == []


def test_a_rule_in_a_group_does_not_begin_the_stage_by_itself() -> None:
    facts = together.alert()
    assert [line.stage for line in lines_in_groups(facts.evidence)] == ["warning"] * 4
    told = "\n".join(reasons(facts, "en"))
    assert '* at or below -1.5: a condition for stage "Warning" is now met' in told
    assert "begins" not in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            Change.ESCALATED,
            "the plan's conditions for a graver stage are met, and the stage of hydrological drought "
            'rises from "Watch" to "Warning".',
            id="it rises",
        ),
        pytest.param(
            Change.REMINDED, 'stage "Warning" of hydrological drought still stands.', id="it stands"
        ),
    ],
)
def test_no_single_index_is_said_to_have_crossed(change: Change, told: str) -> None:
    text = " ".join(letter(together.alert(change=change), "en").body.split())
    assert told in text
    assert "has crossed" not in text


def test_the_headwater_is_named_and_what_its_value_rests_on() -> None:
    told = plain(reasons(together.alert(), "ru"))
    assert told[0].startswith("- Верховья, Нарын: SPI-12 (осадки за последние 12 месяцев")
    assert told[1] == (
        "  Источник этого значения: смоделированные данные в формате era5-land. Предварительные "
        "значения: окончательные могут изменить стадию. Ячейки со значениями покрывают 90 % "
        "территории."
    )


def test_a_headwater_without_a_name_is_told_by_its_id() -> None:
    facts = replace(together.alert(), headwater_names={})
    assert reasons(facts, "en")[0].startswith("- Headwater KG-N: SPI-12 (")


def test_where_the_headwater_is_heard_its_water_is_not_called_unseen() -> None:
    note = "Water from the headwaters is not counted here"
    assert note not in " ".join(letter(together.alert(), "en").body.split())


def test_an_unknown_headwater_is_said() -> None:
    own = {key: row for key, row in together.DEEPENS.items() if key != together.HEADWATER}
    facts = together.alert(own, Change.REMINDED, has_headwater=False)
    body = " ".join(letter(facts, "en").body.split())
    assert "The headwater of this irrigated land is not known: rules on it were not asked." in body
    assert "Water from the headwaters is not counted here" in body


def test_the_list_comes_back_with_the_evidence() -> None:
    facts = together.alert()
    again = Evidence.model_validate_json(facts.evidence.model_dump_json())
    assert paths_in_words(replace(facts, evidence=again), "uz") == paths_in_words(facts, "uz")
    assert subject(facts, "en").startswith("[EXERCISE] Fergana, Uzbekistan: hydrological drought")
    assert dict(parameters(facts))["plan_id"] == "eight-languages"
