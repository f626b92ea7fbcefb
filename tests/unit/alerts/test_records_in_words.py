from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.alerts.argument import argument
from pipeline.alerts.evidence import (
    Beside,
    Evidence,
    Gauges,
    Inputs,
    OtherReading,
    Verdict,
)
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.letters import letter
from pipeline.core.gaps import Gap
from tests.unit.alerts import cases

GAUGES = Gauges(
    grid="era5-land", n_months=6, fewest=2, n_suspect=0, n_assumed_dry=0, policies=("wmo_1203",)
)


def reading(
    verdict: Verdict, value: float | None = None, gap: Gap | None = None, stage: str = "warning"
) -> OtherReading:
    return OtherReading(stage=stage, index="spei_6", value=value, gap=gap, verdict=verdict)


def beside(*readings: OtherReading, source: str = "blended", is_open: bool = True) -> Beside:
    return Beside(source=source, is_open=is_open, readings=readings)


def alert(**inputs: object) -> AlertFacts:
    """As `escalated`, a warning on SPEI-6 of -1.71, with other inputs."""
    facts = cases.escalated()
    changed = facts.evidence.inputs.model_copy(update=inputs)
    return replace(facts, evidence=facts.evidence.model_copy(update={"inputs": changed}))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("other", "english", "russian"),
    [
        pytest.param(
            beside(reading(Verdict.AGREES, -1.8)),
            "Gauges inside the landscape agree: SPEI-6 -1.80.",
            "Данные постов на территории с этим согласуются: SPEI-6 -1,80.",
            id="gauges agree",
        ),
        pytest.param(
            beside(reading(Verdict.DISAGREES, -1.496)),
            "Gauges inside the landscape do not agree: SPEI-6 -1.496.",
            "Данные постов на территории с этим не согласуются: SPEI-6 -1,496.",
            id="gauges do not, and the value is not shown on the wrong side",
        ),
        pytest.param(
            beside(reading(Verdict.SILENT, gap=Gap.TOO_FEW_OBSERVATIONS)),
            "Gauges inside the landscape say nothing (no gauge reported enough days).",
            "Посты на территории ничего не показывают (ни один пост не передал данные за "
            "достаточное число дней).",
            id="gauges are silent",
        ),
        pytest.param(
            beside(reading(Verdict.AGREES), is_open=False),
            "Gauges inside the landscape agree.",
            "Данные постов на территории с этим согласуются.",
            id="gauges that are not open agree without a number",
        ),
        pytest.param(
            beside(reading(Verdict.AGREES, -1.2, stage="watch"), reading(Verdict.DISAGREES, -1.2)),
            "Gauges inside the landscape do not agree: SPEI-6 -1.20.",
            "Данные постов на территории с этим не согласуются: SPEI-6 -1,20.",
            id="what counts is the stage that the alert is about",
        ),
    ],
)
def test_a_letter_says_in_one_line_whether_gauges_agree(
    other: Beside, english: str, russian: str
) -> None:
    facts = alert(beside=other, gauges=GAUGES)
    assert english in flat(letter(facts, "en").body)
    assert russian in flat(letter(facts, "ru").body)
    assert flat(letter(facts, "en").body).count("Gauges inside") == 1


def test_where_gauges_decide_the_letter_says_so_and_asks_the_grid() -> None:
    grid = beside(reading(Verdict.DISAGREES, -0.4), source="era5-land")
    body = flat(letter(alert(source="blended", beside=grid, gauges=GAUGES), "en").body)
    assert "Source: gauges inside the landscape on the normals of era5-land." in body
    assert "97% of the gauges reported." in body
    assert "The grid era5-land by itself does not agree: SPEI-6 -0.40." in body
    assert "Cells with values" not in body


def test_what_was_assumed_of_gauges_is_said_where_anything_was() -> None:
    sparse = GAUGES.model_copy(update={"n_assumed_dry": 41, "n_suspect": 2})
    body = flat(letter(alert(gauges=sparse), "en").body)
    assert "Days without a report from a gauge that were taken as dry: 41." in body
    assert "Gauge values that a check marks as suspect: 2." in body
    assert "taken as dry" not in letter(alert(gauges=GAUGES), "en").body


def test_without_another_record_a_letter_is_silent_and_the_argument_is_not() -> None:
    assert "auges" not in letter(cases.escalated(), "en").body
    assert "There was no other record to compare with." in flat(argument(cases.escalated()))


def test_evidence_stored_before_there_was_a_second_record_can_still_be_read() -> None:
    stored = cases.escalated().evidence.model_dump(mode="json")
    del stored["inputs"]["beside"], stored["inputs"]["gauges"]
    assert Evidence.model_validate(stored) == cases.escalated().evidence
    assert isinstance(Evidence.model_validate(stored).inputs, Inputs)


def test_evidence_with_it_comes_back_as_it_was_stored() -> None:
    record = alert(beside=beside(reading(Verdict.AGREES, -1.8)), gauges=GAUGES).evidence
    assert Evidence.model_validate_json(record.model_dump_json()) == record
