"""Why a stage stands, where the share of the area at which an index is low is the reason."""

from __future__ import annotations

import pytest

from pipeline.alerts.cap_info import parameters
from pipeline.alerts.evidence import Evidence
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.letters import letter
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome
from pipeline.alerts.reasons import reasons
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from tests.unit.alerts import cases, dry_area

SPI_3_EN = (
    "SPI-3 (precipitation of the last 3 months compared with the same time of year in 1991-2020; "
    "0 is usual, less is drier)"
)
SPI_3_RU = (
    "SPI-3 (осадки за последние 3 месяца в сравнении с тем же временем года в 1991-2020 гг.; 0 "
    "означает обычное, меньше 0 означает суше)"
)
TWO_MONTHS = dry_area.plan_on(enter_after=2, exit_after=2)
NO_DEAD_BAND = dry_area.plan_on(exit_at=dry_area.MILDEST_FIRST, has_dead_band=False)


def plain(text: str) -> str:
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def told(facts: AlertFacts, language: str) -> list[str]:
    return [plain(line) for line in reasons(facts, language)]


@pytest.mark.parametrize(
    ("shares", "change", "plan", "english", "russian"),
    [
        pytest.param(
            [0.1, 0.62], Change.BEGAN, dry_area.AREA,
            'at least the plan\'s threshold of 50%: stage "Watch" begins',
            "не меньше порога плана (50 %): стадия «Наблюдение» начинается",
            id="a stage begins",
        ),
        pytest.param(
            [0.1, 0.62, 0.62], Change.BEGAN, TWO_MONTHS,
            'at least the plan\'s threshold of 50% for 2 months in a row: stage "Watch" begins',
            "не меньше порога плана (50 %) в течение 2 мес. подряд: стадия «Наблюдение» начинается",
            id="after two months",
        ),
        pytest.param(
            [0.1, 0.62], Change.CORRECTED, TWO_MONTHS,
            'at least the plan\'s threshold of 50% in 1 of 2 months: stage "Watch" does not begin '
            "yet",
            "не меньше порога плана (50 %) в течение 1 мес. из 2: стадия «Наблюдение» пока не "
            "начинается",
            id="not yet",
        ),
        pytest.param(
            [0.1, 0.42], Change.CORRECTED, dry_area.AREA,
            'less than the plan\'s threshold of 50%: stage "Watch" does not begin',
            "меньше порога плана (50 %): стадия «Наблюдение» не начинается",
            id="not at all",
        ),
        pytest.param(
            [0.62, 0.42], Change.REMINDED, dry_area.AREA,
            'more than the plan\'s threshold of 30% for ending: stage "Watch" holds',
            "больше порога окончания по плану (30 %): стадия «Наблюдение» сохраняется",
            id="it holds",
        ),
        pytest.param(
            [0.62, 0.5], Change.REMINDED, NO_DEAD_BAND,
            'at least the plan\'s threshold of 50% for ending: stage "Watch" holds',
            "не меньше порога окончания по плану (50 %): стадия «Наблюдение» сохраняется",
            id="it holds without a dead band",
        ),
        pytest.param(
            [0.62, 0.62, 0.2], Change.REMINDED, TWO_MONTHS,
            'at most the plan\'s threshold of 30% for ending in 1 of 2 months: stage "Watch" still '
            "holds",
            "не больше порога окончания по плану (30 %) в течение 1 мес. из 2: стадия «Наблюдение» "
            "пока сохраняется",
            id="it is ending",
        ),
        pytest.param(
            [0.62, 0.3], Change.ENDED, dry_area.AREA,
            'at most the plan\'s threshold of 30% for ending: stage "Watch" ends',
            "не больше порога окончания по плану (30 %): стадия «Наблюдение» заканчивается",
            id="it ends",
        ),
        pytest.param(
            [0.62, 0.49], Change.ENDED, NO_DEAD_BAND,
            'less than the plan\'s threshold of 50% for ending: stage "Watch" ends',
            "меньше порога окончания по плану (50 %): стадия «Наблюдение» заканчивается",
            id="it ends without a dead band",
        ),
        pytest.param(
            [0.62, Gap.NOT_PUBLISHED], Change.REMINDED, dry_area.AREA,
            'without a value stage "Watch" stays as it was',
            "без значения в стадии «Наблюдение» ничего не меняется",
            id="there is no map",
        ),
    ],
)  # fmt: skip
def test_what_a_share_came_to_is_told(
    shares: list[float | Gap], change: Change, plan: Plan, english: str, russian: str
) -> None:
    facts = dry_area.alert(shares, change=change, plan=plan)
    assert told(facts, "en")[1] == f"* {english}"
    assert told(facts, "ru")[1] == f"* {russian}"


def test_the_share_is_told_with_its_index_and_class() -> None:
    facts = dry_area.alert([0.1, 0.62])
    assert told(facts, "en")[0] == f"- At 62% of the area {SPI_3_EN} is at or below -1.0"
    assert told(facts, "ru")[0] == f"- На 62 % территории {SPI_3_RU} не выше -1,0"
    subject = "the share of the area with low values of the index has crossed the plan's threshold"
    assert subject in plain(letter(facts, "en").body)
    subject = "охват территории низкими значениями индекса перешёл порог плана"
    assert subject in plain(letter(facts, "ru").body)


def test_a_share_that_is_not_known_says_why() -> None:
    facts = dry_area.alert([0.62, Gap.NOT_PUBLISHED], change=Change.REMINDED)
    assert told(facts, "en")[0] == (
        f"- Share of the area at which {SPI_3_EN} is at or below -1.0: not known (there is no map "
        "of this month)"
    )
    assert told(facts, "ru")[0] == (
        f"- Доля территории, на которой {SPI_3_RU} не выше -1,0: неизвестна (карты за этот месяц "
        "нет)"
    )


def test_over_the_winter_a_stage_of_the_growing_season_is_told_as_one() -> None:
    plan = dry_area.plan_on({"index": "spei_veg", "at_or_below": -1.5})
    facts = dry_area.alert(
        [0.62, Gap.NOT_APPLICABLE], plan=plan, last=Month(2021, 10), change=Change.REMINDED
    )
    first, second, *_ = told(facts, "en")
    assert first.endswith(
        "is at or below -1.5: not known (the index does not exist in this calendar month; it runs "
        "from April to September)"
    )
    assert second == (
        '* the rule does not speak in this calendar month: stage "Watch" stays as it was'
    )


def test_beside_gauges_that_decide_the_share_says_whose_maps_it_is_of() -> None:
    blended = cases.REAL.model_copy(update={"source": "blended"})
    assert told(dry_area.alert([0.1, 0.62], inputs=blended), "en")[0].endswith(
        "is at or below -1.0 (by the maps of era5-land)"
    )


@pytest.mark.parametrize(
    ("share", "was_on", "expected"),
    [
        pytest.param(0.62, False, Outcome.BEGAN, id="begun"),
        pytest.param(0.42, False, Outcome.QUIET, id="quiet"),
        pytest.param(0.42, True, Outcome.HOLDS, id="held"),
        pytest.param(0.30, True, Outcome.ENDED, id="ended"),
    ],
)
def test_the_outcome_of_a_share(share: float, was_on: bool, expected: Outcome) -> None:
    facts = dry_area.alert([0.62 if was_on else 0.1, share], change=Change.CORRECTED)
    assert outcome(facts.evidence.comparisons[0]) is expected


def test_out_of_the_calendar_months_of_its_rule_a_large_share_begins_nothing() -> None:
    plan = dry_area.plan_on(calendar_months=[1, 2])
    line = dry_area.alert([0.1, 0.62], plan=plan).evidence.comparisons[0]
    assert outcome(line) is Outcome.OUT_OF_SEASON


def test_cap_gives_the_share_and_its_thresholds() -> None:
    name = "area_share_spi_3_at_or_below_-1.0"
    shown = dict(parameters(dry_area.alert([0.1, 0.62])))
    assert shown[f"value:{name}"] == "0.62"
    assert shown[f"threshold:watch:{name}"].startswith("enter_at 0.5 for 1, exit_at 0.3 for 1; ")


def test_evidence_with_a_share_comes_back_as_it_was_stored() -> None:
    record = dry_area.alert([0.1, 0.62]).evidence
    again = Evidence.model_validate_json(record.model_dump_json())
    assert again == record
    line = again.comparisons[0]
    assert (str(line.measure), line.value, line.enter_at, line.mapped_by) == (
        "area_share_spi_3_at_or_below_-1.0", 0.62, 0.5, "era5-land",
    )  # fmt: skip


def test_a_share_is_open_even_where_gauges_that_are_not_decide() -> None:
    line = lines_to_tell(dry_area.alert([0.1, 0.62], are_indices_open=False))[0]
    assert (line.value, line.withheld) == (0.62, None)
