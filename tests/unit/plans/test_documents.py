"""Plans of the literature as documents, replayed over months whose stages are known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from pipeline.core.forecasts import ForecastProbability
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, LandUse
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_mapping, from_yaml
from pipeline.plans.rule_document import Heard, Land
from pipeline.plans.rules import Reading
from pipeline.plans.stages import StageMonth, stage_history

FOLDER = Path(__file__).with_name("documents")
START = Month(2001, 1)
VEGETATION = Indicator.parse("vegetation_anomaly", "standard_deviations")


@cache
def plan(name: str) -> Plan:
    return from_yaml((FOLDER / name).read_text("utf-8"), name)


def index(code: str) -> IndexCode:
    return IndexCode.parse(code)


def history(
    of: Plan,
    values: Mapping[Heard, Sequence[float | None]],
    *,
    gap: Gap = Gap.NOT_PUBLISHED,
) -> list[StageMonth]:
    (ladder,) = of.ladders.values()
    readings = {
        heard: [
            Reading(START + n, value, gap if value is None else None)
            for n, value in enumerate(series)
        ]
        for heard, series in values.items()
    }
    return stage_history(ladder, Land(LandUse.PASTORAL), readings, hold_limit=of.hold_limit)


def stages(of: Plan, values: Mapping[Heard, Sequence[float | None]]) -> list[str]:
    return [month.stage for month in history(of, values)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_test_document_is_kept_as_it_was_read(path: Path) -> None:
    read = plan(path.name)
    again = from_mapping(read.as_json(), "the warehouse")
    assert (again, again.fingerprint) == (read, read.fingerprint)


def test_an_event_of_mckee_lasts_until_the_index_is_positive() -> None:
    # McKee et al. 1993: negative values alone are no event; once -1.0 is reached it lasts, however
    # often the index rises above -1.0, until it is positive.
    spi = [0.5, -0.5, -0.99, -1.0, -0.2, -0.9, -0.01, 0.3, -0.5, -0.9, -1.2, 0.1]
    assert stages(plan("mckee_event.yaml"), {index("spi_3"): spi}) == [
        *("none", "none", "none", "event", "event", "event", "event", "none"),
        *("none", "none", "event", "none"),
    ]


@pytest.mark.parametrize(
    ("spi", "stage"),
    [
        pytest.param(-0.99, "none", id="near normal to -0.99"),
        pytest.param(-1.0, "event", id="moderately dry from -1.0"),
        pytest.param(-1.49, "event", id="moderately dry to -1.49"),
        pytest.param(-1.5, "severely_dry", id="severely dry from -1.5"),
        pytest.param(-1.99, "severely_dry", id="severely dry to -1.99"),
        pytest.param(-2.0, "extremely_dry", id="extremely dry from -2.0"),
    ],
)
def test_the_classes_are_those_of_wmo_no_1090(spi: float, stage: str) -> None:
    assert stages(plan("mckee_event.yaml"), {index("spi_3"): [spi]}) == [stage]


def test_the_classes_have_no_memory_and_the_event_has() -> None:
    spi = [-2.4, -1.7, -0.3, -1.6, 0.0]
    assert stages(plan("mckee_event.yaml"), {index("spi_3"): spi}) == [
        *("extremely_dry", "severely_dry", "event", "severely_dry", "none")
    ]


def test_the_table_of_tarbil_gives_its_own_words() -> None:
    # Above 75 no risk; 65-75 start monitoring; 55-65 warning; below 55 emergency. A limit is dry.
    percent = [130, 75.1, 75, 65.1, 65, 55.1, 55, 20, 55.1, 65.1, 75.1]
    words = ["none", "none", "izlemeye_basla", "izlemeye_basla", "uyari", "uyari", "acil_durum"]
    words += ["acil_durum", "uyari", "izlemeye_basla", "none"]
    assert stages(plan("turkiye_percent_of_normal.yaml"), {index("pn_3"): percent}) == words


STATES = (
    "none",
    "watch",
    "warning",
    "alert",
    "recovery",
    "soil_recovery",
    "vegetation_recovery",
)
"""The states of the combined indicator by their numbers in the source."""
CODES = "233 232 231 223 222 221 213 212 211 133 132 131 123 122 121 113 112 111".split()  # noqa: SIM905
"""Rain (1 deficit, 2 none), soil moisture and vegetation (1: below -1, 2: below 0, 3: 0 or more)."""
TABLE = {
    "none recovery": "000000000 113113223",
    "watch": "443443223 113113223",
    "warning soil_recovery": "543543223 513513223",
    "alert vegetation_recovery": "643643623 613613623",
}
"""The state that follows each code, by the states before it. The source's comment has 3 in the last
place of the first row and its code 2: see the document."""
WAY_THERE = {
    "none": [],
    "watch": ["133"],
    "warning": ["113"],
    "alert": ["131"],
    "recovery": ["133", "233"],
    "soil_recovery": ["113", "233"],
    "vegetation_recovery": ["131", "233"],
}
"""Codes that lead to a state, by the table itself."""


def combined(codes: Sequence[str]) -> dict[Heard, list[float | None]]:
    """Return the readings of months with these codes; rain in turn by SPI-1 and by SPI-3."""
    of_bin = {"1": -1.4, "2": -0.6, "3": 0.4}
    deficits = [code[0] == "1" for code in codes]
    by_one_month = [n % 2 == 0 for n, _ in enumerate(codes)]
    pairs = list(zip(deficits, by_one_month, strict=True))
    return {
        index("spi_1"): [-2.3 if dry and one else -1.9 for dry, one in pairs],
        index("spi_3"): [-1.2 if dry and not one else -0.9 for dry, one in pairs],
        index("sma_1"): [of_bin[code[1]] for code in codes],
        VEGETATION: [of_bin[code[2]] for code in codes],
    }


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("before", STATES)
def test_the_combined_indicator_follows_every_cell_of_its_table(before: str, code: str) -> None:
    row = next(row for states, row in TABLE.items() if before in states.split())
    expected = STATES[int(row.replace(" ", "")[CODES.index(code)])]
    found = stages(plan("european_combined_indicator.yaml"), combined([*WAY_THERE[before], code]))
    assert found[-2:] == [*([before] if before != "none" else []), expected][-2:]


def test_the_combined_indicator_is_held_while_a_value_is_missing() -> None:
    codes = ["131", "233", "232", "232"]
    whole = combined(codes)
    expected = ["alert", "vegetation_recovery", "recovery", "none"]
    assert stages(plan("european_combined_indicator.yaml"), whole) == expected
    months = history(
        plan("european_combined_indicator.yaml"), whole | {index("sma_1"): [0.4, 0.4, None, 0.4]}
    )
    assert [month.stage for month in months] == [
        *("alert", "vegetation_recovery", "vegetation_recovery", "recovery")
    ]
    assert [month.is_held for month in months] == [False, False, True, False]


@pytest.mark.parametrize("gap", [Gap.NOT_PUBLISHED, Gap.NOT_APPLICABLE])
def test_none_is_no_knowledge_in_a_ladder_with_a_memory_that_has_heard_nothing(gap: Gap) -> None:
    of = plan("european_combined_indicator.yaml")
    (ladder,) = of.ladders.values()
    months = history(of, {heard: [None, None] for heard in ladder.heard}, gap=gap)
    assert [(month.stage, month.is_confirmed) for month in months] == [("none", False)] * 2


def test_recovery_follows_an_emergency_and_no_dry_spell_before() -> None:
    found = stages(
        plan("recovery_phases.yaml"),
        {
            index("spi_3"): [0.2, -0.9, -1.3, -1.8, -1.2, -0.4, 0.3, 0.1, 0.4, 0.3],
            index("spi_6"): [0.1, -0.2, -0.8, -1.6, -1.4, -1.0, -0.4, 0.0, 0.3, 0.2],
            index("sma_3"): [0.1, -0.1, -0.4, -1.2, -1.6, -0.9, -0.4, 0.1, 0.2, 0.1],
            VEGETATION: [0.3, 0.1, -0.6, -1.6, -1.0, -0.8, -0.4, -0.2, 0.1, -0.6],
        },
    )
    # Rain begins and ends the alert; vegetation with it makes the alarm, two of three the emergency.
    # In the seventh month nothing is below -0.5 and the vegetation not back at its mean: recovery. In
    # the last one the vegetation is as poor as in the third, and there is nothing to recover from.
    assert found == [
        *("none", "alert", "alarm", "emergency", "emergency", "emergency"),
        *("recovery", "recovery", "none", "none"),
    ]


def test_the_phases_propose_other_things_to_other_livelihoods() -> None:
    (ladder,) = plan("recovery_phases.yaml").ladders.values()
    pastoral, rainfed = (
        [action.do.in_language("en") for action in ladder.stages[0].actions_for(use, is_salt_affected=salty)]
        for use, salty in ((LandUse.PASTORAL, False), (LandUse.RAINFED, True))
    )  # fmt: skip
    assert pastoral == ["restocking agreed with herders as pasture allows"]
    assert rainfed == ["a report of the crops that are left", "a test of salt in wells"]


def ready_set(three_months_ahead: Sequence[float], one_month_ahead: Sequence[float]) -> list[str]:
    def probability(lead: int) -> ForecastProbability:
        return ForecastProbability(index=index("spi_3"), at_or_below=-1.0, lead_months=lead)

    return stages(
        plan("ready_set.yaml"),
        {probability(3): three_months_ahead, probability(1): one_month_ahead},
    )


def test_set_comes_after_ready_alone() -> None:
    assert plan("ready_set.yaml").hears_forecast
    # A short lead alone is no trigger; 0.4 keeps Ready, which 0.5 began; then Set has its turn.
    assert ready_set([0.2, 0.5, 0.4], [0.6, 0.4, 0.7]) == ["none", "ready", "set"]
    assert ready_set([0.5, 0.2, 0.2], [0.2, 0.55, 0.2]) == ["ready", "set", "none"]


def test_ready_begins_and_ends_at_its_probabilities() -> None:
    assert ready_set([0.44, 0.45, 0.31], [0.1] * 3) == ["none", "ready", "ready"]
    assert ready_set([0.45, 0.3, 0.3], [0.54] * 3) == ["ready", "none", "none"]
