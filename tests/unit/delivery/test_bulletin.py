"""The bulletin of a small month, written out by hand, and what may never be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse, Origin, Release
from pipeline.core.months import Month
from pipeline.delivery.bulletin import (
    bulletin_name,
    bulletin_page,
    bulletin_text,
    caution,
    change,
    missing,
    months_overdue,
    situation,
)
from pipeline.delivery.bulletin_facts import (
    AreaFacts,
    BulletinFacts,
    CountryFacts,
    Freshness,
    LandscapeFacts,
    Revised,
    StageFacts,
    Standing,
)
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import Source, SourceKind
from pipeline.plans.shipped import shipped_plans

EXPECTED = Path(__file__).parent / "expected"
MONTH = Month(2021, 7)
LONG_AGO = Month(2019, 1)
PLANS = {plan.country: plan for plan in shipped_plans()}
MET, AGRI, HYDRO = DroughtType
SPI_3 = IndexCode.parse("spi_3")
BANNER = "EXERCISE - SIMULATED DATA - no real drought"


def standing(
    stage: str = "none",
    rank: int = 0,
    since: Month = LONG_AGO,
    *,
    own: tuple[str, ...] = (),
    is_confirmed: bool = True,
    silent: int = 0,
    version: str = "1",
) -> Standing:
    return Standing(stage, own, rank, since, is_confirmed, silent, "uz-generic", version)


NONE = StageFacts(standing(), standing())
UNHEARD = standing(since=Month(1979, 1), is_confirmed=False, silent=511)
NOT_KNOWN = StageFacts(UNHEARD, UNHEARD, {SPI_3: Gap.OUTSIDE_GRID})


def landscape(
    name: str,
    met: StageFacts = NONE,
    agri: StageFacts = NONE,
    hydro: StageFacts = NONE,
    land_use: LandUse = LandUse.PASTORAL,
    *,
    is_derived: bool = False,
) -> LandscapeFacts:
    stages = {MET: met, AGRI: agri, HYDRO: hydro}
    return LandscapeFacts(name.lower(), name, land_use, is_derived, stages)


UZBEKISTAN = CountryFacts(
    Country.UZBEKISTAN,
    (PLANS[Country.UZBEKISTAN],),
    (
        landscape(
            "Bukhara",
            StageFacts(standing(since=MONTH), standing("Watch", 1, Month(2021, 2))),
            StageFacts(
                standing("Watch", 1, Month(2020, 11), is_confirmed=False, silent=4),
                standing("Watch", 1, Month(2020, 11), silent=3),
                {SPI_3: Gap.NOT_PUBLISHED},
            ),
            land_use=LandUse.IRRIGATED,
        ),
        landscape("Fergana"),
        landscape(
            "Karakalpakstan",
            StageFacts(standing("Severe", 3, MONTH), standing("Warning", 2, Month(2021, 5))),
            StageFacts(standing("Watch", 1, MONTH), standing()),
            StageFacts(standing(silent=1), standing()),
            LandUse.RAINFED,
            is_derived=True,
        ),
        landscape("Navoi", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN),
    ),
)
TURKIYE = CountryFacts(
    Country.TURKIYE,
    (PLANS[Country.TURKIYE],),
    (
        landscape(
            "Konya",
            StageFacts(
                standing("Warning", 2, MONTH, own=("Uyarı",)),
                standing("Emergency", 3, Month(2021, 6), own=("Acil durum",)),
            ),
        ),
    ),
)
FACTS = BulletinFacts(
    month=MONTH,
    made_at=datetime(2021, 9, 20, 9, 30, tzinfo=timezone(timedelta(hours=5))),
    origin=Origin.REAL,
    source="era5-land",
    calibration="1991-2020",
    releases={Release.PRELIMINARY: 5},
    countries=(TURKIYE, UZBEKISTAN),
    freshness=(
        Freshness(Country.TURKIYE, "era5-land", MONTH, Release.PRELIMINARY, 1, 1),
        Freshness(
            Country.UZBEKISTAN,
            "era5-land",
            MONTH,
            Release.PRELIMINARY,
            3,
            4,
            months_late=1,
            oldest_late_month=MONTH + 1,
            late_since=date(2021, 9, 7),
        ),
    ),
    expected_month=MONTH + 1,
    revised=None,
    unfinished={"ingest": "not published"},
    pending=1,
)
SIMULATED = replace(FACTS, origin=Origin.SIMULATED)


class Visible(HTMLParser):
    """Collects tags, cells by row, and everything that is to be read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1][0] != "style":
            self.words.append(data.strip())
            if self.tags[-1][0] in {"td", "th", "small"} and self.rows:
                self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()


def test_the_text_reads_as_written_by_hand() -> None:
    assert bulletin_text(FACTS) == (EXPECTED / "bulletin-2021-07.txt").read_text("utf-8")
    assert bulletin_name(MONTH) == "bulletin-2021-07.txt"


def test_the_page_has_a_row_for_each_landscape_gravest_first_and_not_known_last() -> None:
    rows = [row for row in Visible(bulletin_page(FACTS)).rows if row[0] != "Landscape"]
    assert rows == [
        [
            "Konya pasture",
            '"Warning" ("Uyarı") since Jul 2021, down from "Emergency" ("Acil durum")',
            "none since Jan 2019",
            "none since Jan 2019",
        ],
        [
            "Karakalpakstan rainfed land, derived",
            '"Severe" since Jul 2021, up from "Warning"',
            '"Watch" since Jul 2021, new',
            "none since Jan 2019, held, 1 month without a value",
        ],
        [
            "Bukhara irrigated land",
            'none since Jul 2021, ended, was "Watch"',
            '"Watch", unconfirmed since Nov 2020, held, 4 months without a value, '
            'was "Watch", confirmed',
            "none since Jan 2019",
        ],
        ["Fergana pasture", *["none since Jan 2019"] * 3],
        ["Navoi pasture", "not known", "not known", "not known"],
    ]


def test_the_page_carries_the_sentences_of_the_text() -> None:
    page = " ".join(" ".join(Visible(bulletin_page(FACTS)).words).split())
    for sentence in (
        "Internal working page.",
        situation(UZBEKISTAN),
        "Late: stages are known up to July 2021",
        "no grid cell with values touches the landscape (1): Navoi.",
        "Uzbekistan, era5-land: newest month July 2021 (preliminary), values for 3 of 4 landscapes; "
        "1 month late, August 2021 since 7 September 2021.",
        "The latest run of step ingest ended: not published",
        "1 alert waits for approval.",
        "(uz-generic), version\N{NO-BREAK SPACE}2. A template: no authority has adopted it.".replace(
            "\N{NO-BREAK SPACE}", " "
        ),
        "Preliminary values: the final ones may change the stage.",
        "Calibration: 1991-2020.",
        "Made at 2021-09-20 04:30 UTC.",
    ):
        assert sentence in page


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param(standing("Watch", 1), standing("Watch", 1), "", id="as before: nothing"),
        pytest.param(standing("Watch", 1), standing(), "new", id="a stage begins"),
        pytest.param(
            standing("Warning", 2), standing("Watch", 1), 'up from "Watch"', id="a graver stage"
        ),
        pytest.param(
            standing("Watch", 1), standing("Warning", 2), 'down from "Warning"', id="a milder stage"
        ),
        pytest.param(standing(), standing("Watch", 1), 'ended, was "Watch"', id="a stage ends"),
        pytest.param(
            standing("Watch", 1),
            standing("Warning", 2, version="0"),
            'was "Warning"',
            id="ranks of different plans are not compared",
        ),
        pytest.param(
            standing("Watch", 1),
            standing("Watch", 1, version="0"),
            "",
            id="the same stage under another plan: nothing",
        ),
        pytest.param(
            standing("Watch", 1),
            UNHEARD,
            "was not known",
            id="what was not known is not called none",
        ),
        pytest.param(UNHEARD, standing(), "was none", id="knowledge is lost"),
        pytest.param(
            standing("Watch", 1),
            standing("Watch", 1, is_confirmed=False),
            'was "Watch", unconfirmed',
            id="a held stage is confirmed again",
        ),
        pytest.param(standing(), None, "nothing to compare with", id="the first month"),
    ],
)
def test_a_change_is_said_against_the_month_before(
    now: Standing, before: Standing | None, said: str
) -> None:
    assert change(now, before) == said


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(NOT_KNOWN, id="no value was ever heard"),
        pytest.param(StageFacts(None), id="no stage was worked out"),
    ],
)
def test_what_is_not_known_is_never_called_none(stage: StageFacts) -> None:
    country = replace(UZBEKISTAN, landscapes=(landscape("Navoi", stage, stage, stage),))
    facts = replace(FACTS, countries=(country,))
    assert "none in" not in situation(country)
    assert situation(country).count("not known in 1") == 3
    assert "No stage of any drought" not in bulletin_text(facts)
    assert Visible(bulletin_page(facts)).rows[-1] == ["Navoi pasture", *["not known"] * 3]
    assert list(missing(country, MONTH).values()) == [["Navoi"]]


def test_the_share_of_the_area_behind_a_stage_is_said_beside_its_threshold() -> None:
    veg = AreaShare(index=IndexCode.parse("spei_veg"), at_or_below=-1.5)
    spi_3 = AreaShare(index=SPI_3, at_or_below=-1.0)
    areas = (AreaFacts(spi_3, MONTH, 0.6183, 0.5), AreaFacts(veg, MONTH, 0.4996, 0.5))
    stage = StageFacts(standing("Watch", 1, MONTH), standing(), areas=areas)
    country = CountryFacts(Country.UZBEKISTAN, (), (landscape("Navoi", stage),))
    text = " ".join(bulletin_text(replace(FACTS, countries=(country,))).split())
    assert (
        'meteorological "Watch", since Jul 2021, at 62% of the area SPI-3 is at or below -1.0 (the '
        "plan's threshold is 50%), at 49.96% of the area SPEI of the growing season, April to July is "
        "at or below -1.5 (the plan's threshold is 50%), new; agricultural"
    ) in text


def test_a_plan_without_stages_for_a_drought_says_so() -> None:
    absent = StageFacts(None, has_ladder=False)
    country = replace(UZBEKISTAN, landscapes=(landscape("Navoi", hydro=absent),))
    assert "hydrological drought no stages in the plan for 1" in situation(country)
    assert missing(country, MONTH) == {}


def test_a_reason_for_one_drought_only_names_it() -> None:
    country = replace(UZBEKISTAN, landscapes=(landscape("Navoi", hydro=NOT_KNOWN),))
    reason = "no grid cell with values touches the landscape (hydrological drought)"
    assert missing(country, MONTH) == {reason: ["Navoi"]}


def adopted(plan: Plan, kind: SourceKind) -> Plan:
    """The plan as if an authority had adopted it, with every number from one kind of source."""
    law = Source(kind=kind, reference="Resolution 1")
    sources = {"threshold": law, "exit": law, "persistence": law}
    ladders = {
        drought_type: ladder.model_copy(
            update={
                "stages": tuple(
                    stage.model_copy(
                        update={
                            "rules": tuple(
                                rule.model_copy(
                                    update={"source": rule.source.model_copy(update=sources)}
                                )
                                for rule in stage.rules
                            )
                        }
                    )
                    for stage in ladder.stages
                )
            }
        )
        for drought_type, ladder in plan.ladders.items()
    }
    return plan.model_copy(
        update={"status": "adopted", "authority": "The ministry", "ladders": ladders}
    )


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        pytest.param(
            PLANS[Country.UZBEKISTAN],
            "Generic thresholds, not adopted by national law; draft, not for public release",
            id="generic thresholds",
        ),
        pytest.param(
            PLANS[Country.TURKIYE],
            "Generic thresholds and an agency's table, not adopted by national law; draft, not for "
            "public release",
            id="an agency's table",
        ),
        pytest.param(
            adopted(PLANS[Country.UZBEKISTAN], SourceKind.GENERIC),
            "Generic thresholds, not adopted by national law; draft, not for public release",
            id="an adopted plan with generic numbers",
        ),
        pytest.param(
            adopted(PLANS[Country.UZBEKISTAN], SourceKind.NATIONAL).model_copy(
                update={"status": "template", "authority": None}
            ),
            "Thresholds of a template, not adopted by national law; draft, not for public release",
            id="a template with national numbers",
        ),
        pytest.param(
            adopted(PLANS[Country.UZBEKISTAN], SourceKind.NATIONAL), None, id="an adopted plan"
        ),
    ],
)
def test_thresholds_that_are_not_law_are_said_first(plan: Plan, said: str | None) -> None:
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, plans=(plan,)),))
    assert caution(facts) == said
    first = Visible(bulletin_page(facts)).words[1]
    assert first == (said or "Drought bulletin, July 2021")


def test_an_exercise_says_so_first_and_last() -> None:
    lines = bulletin_text(SIMULATED).splitlines()
    words = Visible(bulletin_page(SIMULATED)).words
    assert (lines[0], lines[-1]) == (BANNER, BANNER)
    assert (words[1], words[-1]) == (BANNER, BANNER)
    assert "simulated data in the layout of era5-land" in bulletin_text(SIMULATED)


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
    assert months_overdue(facts) == months
    assert ("Late: " in bulletin_text(facts)) == (months > 0)


def test_a_source_without_a_schedule_says_so_instead_of_seeming_in_time() -> None:
    sentence = "No schedule is set for this source: whether its data are late cannot be said."
    assert sentence in _unwrapped(bulletin_text(replace(FACTS, expected_month=None)))
    assert sentence not in _unwrapped(bulletin_text(FACTS))


def test_a_country_without_any_value_and_final_values_that_do_not_come_are_said() -> None:
    never = Freshness(Country.KAZAKHSTAN, "era5-land", None, None, 0, 16)
    stuck = replace(FACTS.freshness[0], months_late=0, preliminary_overdue=3)
    text = _unwrapped(bulletin_text(replace(FACTS, freshness=(never, stuck))))
    assert "- Kazakhstan, era5-land: no values of 16 landscapes yet." in text
    assert "1 of 1 landscape; final values of 3 months overdue." in text


@pytest.mark.parametrize(
    ("revised", "said"),
    [
        pytest.param(
            Revised(2, Month(2021, 5), Month(2021, 6), 1),
            "Revised: since July 2021 came, later values or another boundary have changed the stage "
            "of 2 landscapes in May 2021 to June 2021; 1 correction is an alert of its own. "
            "`drought revisions` lists them.",
            id="two landscapes, one of them to be told",
        ),
        pytest.param(
            Revised(1, Month(2021, 6), Month(2021, 6), 0),
            "stage of 1 landscape in June 2021; nothing of it had been told.",
            id="one landscape in one month, not told",
        ),
    ],
)
def test_stages_that_later_values_changed_are_said_once(revised: Revised, said: str) -> None:
    facts = replace(FACTS, revised=revised)
    page = " ".join(Visible(bulletin_page(facts)).words)
    assert said in _unwrapped(bulletin_text(facts))
    assert said in _unwrapped(page)
    assert "Revised" not in bulletin_text(FACTS)


def test_values_newer_than_the_stages_are_said() -> None:
    newer = replace(FACTS.freshness[1], newest_month=Month(2021, 8))
    facts = replace(FACTS, freshness=(newer,))
    assert "values for 3 of 4 landscapes, newer than the stages" in _unwrapped(bulletin_text(facts))


def _unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_a_name_cannot_bring_markup_or_lines_of_its_own() -> None:
    name = '<script>alert("x")</script>\n- Another (pasture): none'
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, landscapes=(landscape(name),)),))
    assert "script" not in {tag for tag, _ in Visible(bulletin_page(facts)).tags}
    assert "\n- Another" not in bulletin_text(facts)


@pytest.mark.parametrize("facts", [FACTS, SIMULATED], ids=["real data", "simulated data"])
def test_nothing_is_proclaimed(facts: BulletinFacts) -> None:
    for text in (bulletin_text(facts), " ".join(Visible(bulletin_page(facts)).words)):
        without_the_plans_own_word = text.replace('"Emergency"', "")
        assert "emergency" not in without_the_plans_own_word.lower()
        assert "declare" not in text.lower()


def test_the_page_stands_alone_and_can_be_read_aloud() -> None:
    tags = Visible(bulletin_page(FACTS)).tags
    names = [tag for tag, _ in tags]
    assert ("html", {"lang": "en"}) in tags
    assert not {"script", "img", "link", "iframe"} & set(names)
    assert [a["href"] for tag, a in tags if tag == "a"] == ["bulletin-2021-07.txt"]
    assert all(a["scope"] in {"col", "row"} for tag, a in tags if tag == "th")
    assert names.count("caption") == names.count("table") == 2
    headings = [int(tag[1]) for tag in names if tag in {"h1", "h2", "h3"}]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))


def test_a_page_of_129_landscapes_in_drought_stays_below_100_kilobytes() -> None:
    worst = UZBEKISTAN.landscapes[0].stages[AGRI]
    many = tuple(
        landscape(f"Province of a long name {n}", worst, worst, worst, is_derived=True)
        for n in range(129)
    )
    facts = replace(FACTS, countries=(replace(UZBEKISTAN, landscapes=many),))
    assert len(bulletin_page(facts).encode()) < 100_000


def test_the_same_facts_give_the_same_words() -> None:
    assert bulletin_text(FACTS) == bulletin_text(replace(FACTS))
    later = replace(FACTS, made_at=FACTS.made_at + timedelta(hours=1))
    changed = set(bulletin_page(FACTS).splitlines()) ^ set(bulletin_page(later).splitlines())
    assert all("Made at" in line for line in changed)
    assert len(changed) == 2
