from __future__ import annotations

from pathlib import Path

from pipeline.core.ids import DroughtType
from pipeline.plans.outline import Line, outline
from pipeline.plans.reading import from_yaml
from tests.unit.plans.broken import SOUND, broken

FOLDER = Path(__file__).with_name("documents")


def lines(text: str) -> list[Line]:
    return outline(from_yaml(text, "plan.yaml").ladders[DroughtType.AGRICULTURAL])


def test_a_ladder_is_told_in_short_lines() -> None:
    assert lines(SOUND) == [
        Line("watch", "spei_6 <= -1", ">= 0", "generic"),
        Line("alert", "all of:"),
        Line("", "  spei_6 <= -1.5", ">= 0", "generic"),
        Line("", "  sma_1 <= -1", ">= 0", "generic"),
    ]


def test_time_land_and_silence_are_told() -> None:
    text = broken(
        ("          enter_after: 1\n", "          enter_after: 2\n"),
        (
            "          source: &generic\n",
            "          calendar_months: [11, 12, 1, 5]\n          land_uses: [irrigated, rainfed]\n"
            "          salt_affected: true\n          where: headwater\n"
            "          ends_after_silence: 6\n          source: &generic\n",
        ),
    )
    assert lines(text)[0] == Line(
        "watch",
        "spei_6 of the headwater <= -1 for 2 months (May, Nov-Jan, irrigated or rainfed, salt-affected)",
        ">= 0, or more than 6 months without a value",
        "generic",
    )


def test_who_stands_behind_each_number_is_told_where_they_differ() -> None:
    text = broken(("persistence: *g", "persistence: {kind: agency, reference: a table}"))
    assert lines(text)[0].source == "threshold generic, exit generic, months agency"


def test_a_share_of_the_area_is_graver_where_it_is_more() -> None:
    text = broken(
        (
            "- index: spei_6\n          enter_at: -1.0",
            "- area_share: {index: spi_3, at_or_below: -1.0}\n          enter_at: 0.5",
        ),
        ("exit_at: 0.0\n          exit_after", "exit_at: 0.5\n          has_dead_band: false\n"
         "          exit_after"),
    )  # fmt: skip
    assert lines(text)[0] == Line(
        "watch", "area_share_spi_3_at_or_below_-1.0 >= 0.5", "< 0.5", "generic"
    )


def test_a_group_says_what_it_comes_from() -> None:
    text = (FOLDER / "recovery_phases.yaml").read_text("utf-8")
    found = lines(text)
    assert found[0] == Line("recovery", "after alarm or emergency or recovery alone:")
    assert [line.begins for line in found if line.stage == "emergency"] == ["at least 2 of:"]
    combined = lines((FOLDER / "european_combined_indicator.yaml").read_text("utf-8"))
    assert [line.begins for line in combined if line.stage == "soil_recovery"] == [
        "none of, after warning or soil_recovery alone:"
    ]
