"""The sections behind the stages: proposals, rules and their sources, data, alerts, the region."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pipeline.core.ids import BLENDED, Country, IndexCode, LandUse, Origin
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_content
from pipeline.delivery.bulletin.content import Block, Listing, Paragraph, Subheading, Table
from pipeline.delivery.bulletin.facts import (
    BulletinFacts,
    Freshness,
    LandscapeFacts,
    Revised,
    StageFacts,
)
from pipeline.plans.lateness import LateReading
from tests.unit.alerts.groups import MEMORY
from tests.unit.delivery.bulletin.cases import (
    BUKHARA,
    FACTS,
    FERGANA,
    MONTH,
    OF_REGION,
    OF_TURKIYE,
    SEVERE,
    UZBEKISTAN,
    WARNING,
    WATCH,
    content_of,
    landscape,
    of_uzbekistan,
    standing,
)


def section(facts: BulletinFacts, key: str, language: str = "en") -> tuple[Block, ...]:
    found = {one.key: one.blocks for one in bulletin_content(facts, language).sections}
    return found[key]


def lines(blocks: tuple[Block, ...]) -> list[str]:
    told: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph | Subheading):
            told.append(block.text)
        elif isinstance(block, Listing):
            told += [f"{entry.lead} {entry.text}".strip() for entry in block.entries]
    return told


def rows(blocks: tuple[Block, ...], number: int = 0) -> list[list[str]]:
    tables = [block for block in blocks if isinstance(block, Table)]
    return [[", ".join([c.text, *c.remarks]) for c in row] for row in tables[number].rows]


def test_proposals_say_who_and_within_how_many_days_by_kind_of_land() -> None:
    blocks = section(FACTS, "actions")
    assert lines(blocks) == [
        "What the plan proposes for the stages that stand. These are proposals for consideration, "
        "not orders. Days are counted from the day an alert is issued.",
        "Irrigated land",
        'Agricultural drought, "Watch": Bukhara.',
        "Rainfed land",
        'Meteorological drought, "Severe": Karakalpakstan.',
        'Agricultural drought, "Watch": Karakalpakstan.',
    ]
    assert rows(blocks)[0] == [
        "Closer observation of soil moisture and of the state of crops, pasture and trees, monitoring",
        "Uzhydromet",
        "14",
        '"Watch": Agricultural',
    ]


def test_what_is_for_salt_affected_land_is_proposed_only_where_there_is_some() -> None:
    def proposals(*, salty: bool) -> str:
        one = replace(BUKHARA, is_salt_affected=salty)
        return str(rows(section(of_uzbekistan(one), "actions")))

    assert "on salt-affected land only" in proposals(salty=True)
    assert "salt" not in proposals(salty=False)


def test_an_action_of_two_stages_stands_once() -> None:
    dry = StageFacts(standing(WATCH), standing(WATCH))
    one = landscape("A", dry, dry, land_use=LandUse.PASTORAL)
    found = [row for row in rows(section(of_uzbekistan(one), "actions")) if "Plain info" in row[0]]
    assert [row[3] for row in found] == ['"Watch": Meteorological, Agricultural']


def test_without_a_stage_nothing_is_proposed() -> None:
    assert lines(section(of_uzbekistan(FERGANA), "actions")) == [
        "No stage is known to stand, so nothing is proposed."
    ]


def test_conditions_that_count_together_stand_below_each_other() -> None:
    country = replace(UZBEKISTAN, plans=(MEMORY,))
    found = rows(section(replace(FACTS, countries=(country,)), "thresholds"))
    assert [row[:3] for row in found] == [
        ['"Warning"', "all of these:", ""],
        ['"Warning"', "– SPI-3: at or below -1.0", "at or above -0.5"],
        [
            '"Warning"',
            "– soil moisture anomaly (1 month, in standard deviations): at or below -1.0",
            "at or above -0.5",
        ],
        ['"Watch"', "SPI-3: at or below -1.0", "at or above -0.5"],
        [
            '"Recovery"',
            'all of these: (only after a month in: "Watch", "Warning", "Recovery")',
            "",
        ],
        ['"Recovery"', "– SPI-3: at or below 0.5", "at or above 1.0"],
        [
            '"Recovery"',
            "– soil moisture anomaly (1 month, in standard deviations): at or below 0.0",
            "at or above 0.5",
        ],
    ]


def test_every_threshold_has_its_source_with_kind_and_reference() -> None:
    blocks = section(OF_TURKIYE, "thresholds")
    first, *_ = rows(blocks)
    assert first[:3] == [
        '"Emergency" ("Acil durum")',
        "percent of normal (3 months): at or below 55%",
        "above 55%",
    ]
    assert first[3].startswith("agency [1]")
    said = " ".join(lines(blocks))
    assert "A template: no authority has adopted it." in said
    assert "[1] table of an agency (TARBIL" in said
    assert "not adopted by national law" in said


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        pytest.param(FACTS, "Source: era5-land.", id="one source"),
        pytest.param(
            replace(FACTS, origin=Origin.SIMULATED),
            "Source: simulated data in the layout of era5-land.",
            id="a simulated one",
        ),
        pytest.param(
            replace(FACTS, sources=(BLENDED, "era5-land")),
            "Source: gauges inside the landscape on the normals of era5-land; elsewhere era5-land.",
            id="gauges, and a grid elsewhere",
        ),
        pytest.param(FACTS, "Compared with the years 1991-2020.", id="the years compared with"),
        pytest.param(
            FACTS,
            "era5-land: newest month July 2021 (preliminary), landscapes with values: 3 of 4; late: 1 "
            "month, the first is August 2021, due on 7 September 2021.",
            id="late by its schedule",
        ),
        pytest.param(
            FACTS,
            'The latest run of the step "ingest" did not end well: the source has not published the '
            "data.",
            id="a step that did not end well",
        ),
        pytest.param(
            replace(FACTS, expected_month=None),
            "No schedule is set for this source: whether its data are late cannot be said.",
            id="a source without a schedule does not seem in time",
        ),
    ],
)
def test_the_data_say(facts: BulletinFacts, line: str) -> None:
    assert line in lines(section(facts, "data"))


def fresh(one: Freshness) -> list[str]:
    country = replace(UZBEKISTAN, freshness=(one,))
    return lines(section(replace(FACTS, countries=(country,)), "data"))


def test_a_country_without_values_newer_values_and_final_ones_overdue_are_said() -> None:
    never = Freshness("era5-land", None, None, 0, 16)
    held = replace(UZBEKISTAN.freshness[0], months_late=0, oldest_late_month=None)
    assert "era5-land: no values yet (landscapes: 16)." in fresh(never)
    newer = fresh(replace(held, newest_month=MONTH + 1))
    assert any(line.endswith("3 of 4; newer than the stages.") for line in newer)
    stuck = fresh(replace(held, preliminary_overdue=3))
    assert any(line.endswith("; final values overdue: 3 months.") for line in stuck)


def test_what_is_late_by_the_plan_is_said_with_its_day() -> None:
    one = LateReading(
        Country.UZBEKISTAN, IndexCode.parse("spi_3"), MONTH + 1, 20, date(2021, 9, 20), 2, 4
    )
    country = replace(UZBEKISTAN, late_readings=(one,))
    said = lines(section(replace(FACTS, countries=(country,)), "data"))
    assert (
        "Late by the plan: SPI-3 of August 2021, landscapes without values: 2 of 4; the plan allows 20 "
        "days after the end of the month, here until 20 September 2021."
    ) in said


def test_a_bulletin_of_an_older_month_says_nothing_of_what_is_fresh_today() -> None:
    older = replace(FACTS, is_newest=False)
    assert not [line for line in lines(section(older, "data")) if "newest month" in line]
    assert bulletin_content(older, "en").warnings == ()


@pytest.mark.parametrize(
    ("expected", "months"),
    [
        pytest.param(None, 0, id="the source has no schedule"),
        pytest.param(MONTH - 1, 0, id="the stages are ahead of the schedule"),
        pytest.param(MONTH, 0, id="they are in time"),
        pytest.param(MONTH + 1, 1, id="the next month is due"),
        pytest.param(Month(2022, 1), 6, id="and so are five more"),
    ],
)
def test_stages_are_late_once_the_source_should_have_brought_the_month(
    expected: Month | None, months: int
) -> None:
    facts = replace(FACTS, expected_month=expected)
    assert facts.months_overdue == months
    warned = bulletin_content(facts, "en").warnings
    assert len(warned) == (months > 0)
    assert all(f"(missing: {months} month" in line for line in warned)


@pytest.mark.parametrize(
    ("revised", "said"),
    [
        pytest.param(
            Revised(2, Month(2021, 5), Month(2021, 6), 1),
            "(landscapes: 2; months: May 2021 – June 2021); corrections to what was told: 1.",
            id="two landscapes, one of them to be told",
        ),
        pytest.param(
            Revised(1, Month(2021, 6), Month(2021, 6), 0),
            "(landscapes: 1; months: June 2021); nothing of it had been told.",
            id="one landscape in one month, not told",
        ),
    ],
)
def test_stages_that_later_values_changed_are_said_once(revised: Revised, said: str) -> None:
    country = replace(UZBEKISTAN, revised=revised)
    (_, line) = bulletin_content(replace(FACTS, countries=(country,)), "en").warnings
    assert said in line


def test_alerts_are_counted_by_their_answer_and_the_approved_ones_named() -> None:
    blocks = section(FACTS, "alerts")
    assert "approved: 1; waiting for approval: 1; waiting, on other months: 2." in lines(blocks)
    assert rows(blocks) == [
        [
            "Karakalpakstan",
            'Meteorological drought: stage rises from "Warning" to "Severe"',
            "G. Yusupova, 9 August 2021",
        ]
    ]


def test_an_alert_bears_the_day_of_the_country_whose_people_approved_it() -> None:
    (told,) = UZBEKISTAN.alerts.approved
    late = replace(told, answered_at=datetime(2021, 8, 9, 21, 30, tzinfo=UTC))
    counts = replace(UZBEKISTAN.alerts, approved=(late,))
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, alerts=counts),))
    assert rows(section(facts, "alerts"))[0][2] == "G. Yusupova, 10 August 2021"


def test_an_alert_that_left_by_an_order_names_no_person() -> None:
    (told,) = UZBEKISTAN.alerts.approved
    counts = replace(UZBEKISTAN.alerts, approved=(replace(told, approved_by=None),))
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, alerts=counts),))
    assert rows(section(facts, "alerts"))[0][2] == "by the plan, 9 August 2021"


def test_the_region_sets_the_countries_side_by_side() -> None:
    blocks = section(OF_REGION, "stages")
    assert [row[:3] for row in rows(blocks)] == [
        ["Türkiye", "1", '"Warning" ("Uyarı"): 1'],
        ["Uzbekistan", "4", '"Severe": 1, no stage: 2, not known: 1'],
    ]
    assert "Türkiye: milder: 1 (Konya)." in lines(blocks)
    assert (
        "Uzbekistan: new: 1 (Karakalpakstan); graver: 1 (Karakalpakstan); ended: 1 (Bukhara); "
        "changed otherwise: 1 (Bukhara)."
    ) in lines(blocks)


def test_the_region_names_the_gravest_changes_and_counts_the_others() -> None:
    def new(name: str, rank: int) -> LandscapeFacts:
        return landscape(name, StageFacts(standing(rank, MONTH), standing()))

    ranks = {"A": WATCH, "B": WATCH, "C": WATCH, "D": WATCH, "E": WARNING, "F": SEVERE, "G": WATCH}
    moved = [new(name, rank) for name, rank in ranks.items()]
    # Of two landscapes with one name each counts, and one with two changes is one landscape.
    twice = StageFacts(standing(SEVERE, MONTH), standing())
    moved.append(replace(landscape("G", twice, twice), landscape_id="another"))
    country = replace(UZBEKISTAN, landscapes=tuple(moved))
    facts = replace(OF_REGION, countries=(OF_REGION.countries[0], country))
    blocks = section(facts, "stages")
    assert "Uzbekistan: new: 8 (F, G, E, A, B, C and 2 more)." in lines(blocks)
    assert (
        "Landscapes with a stage other than after June 2021, the gravest first; all of them stand in "
        "the bulletins of the countries:"
    ) in lines(blocks)


def test_the_region_names_the_country_of_each_line_on_the_data() -> None:
    said = lines(section(OF_REGION, "data"))
    assert any(line.startswith("Türkiye: era5-land: newest month July 2021") for line in said)
    assert any(line.startswith("Uzbekistan: era5-land: newest month July 2021") for line in said)


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 территория;"), (2, "2 территории;"), (5, "5 территорий;"), (21, "21 территория;")],
    ids=["one", "a few", "many", "twenty-one is as one"],
)
def test_russian_counts_in_three_forms(number: int, said: str) -> None:
    quiet = of_uzbekistan(*(replace(FERGANA, landscape_id=str(n)) for n in range(number)))
    assert lines(section(quiet, "stages", "ru"))[0].startswith(said)


def test_months_and_numbers_follow_the_language() -> None:
    said = " ".join(content_of("a month of one country", "uz").texts())
    assert "2021-yil iyul" in said
    assert "-1,20" in said
