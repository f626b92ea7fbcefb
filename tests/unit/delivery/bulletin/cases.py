"""Facts of a small month, written out by hand: four landscapes of Uzbekistan, one of Türkiye."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

from shapely import box

from pipeline.alerts.facts import Change
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse, Origin, Release
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_content
from pipeline.delivery.bulletin.content import BulletinContent
from pipeline.delivery.bulletin.facts import (
    REGION,
    AlertCounts,
    BulletinFacts,
    CountryFacts,
    Freshness,
    IssueFacts,
    LandscapeFacts,
    MonthOfRain,
    NoteFacts,
    StageFacts,
    Standing,
    ToldAlert,
)
from pipeline.delivery.bulletin.year import SMRI_HY, SPI_HY
from pipeline.delivery.outlines import outlines
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import Source, SourceKind
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.texts import LocalText

MONTH = Month(2021, 7)
LONG_AGO = Month(2019, 1)
PLANS = {plan.country: plan for plan in shipped_plans()}
UZ_PLAN, TR_PLAN = PLANS[Country.UZBEKISTAN], PLANS[Country.TURKIYE]
MET, AGRI, HYDRO = DroughtType
SPI_3 = IndexCode.parse("spi_3")
BANNER = "EXERCISE - SIMULATED DATA - no real drought"
WATCH, WARNING, SEVERE = 1, 2, 3


def names(rank: int, plan: Plan = UZ_PLAN, one: DroughtType = MET) -> LocalText:
    return plan.ladders[one].stages[rank - 1].names


def standing(
    rank: int = 0,
    since: Month = LONG_AGO,
    *,
    plan: Plan = UZ_PLAN,
    is_confirmed: bool = True,
    silent: int = 0,
    version: str = "2",
) -> Standing:
    named = names(rank, plan) if rank else None
    return Standing(named, rank, since, is_confirmed, silent, plan.plan_id, version)


NONE = StageFacts(standing(), standing())
UNHEARD = standing(0, Month(1979, 1), is_confirmed=False, silent=511)
NOT_KNOWN = StageFacts(UNHEARD, UNHEARD, {SPI_3: Gap.OUTSIDE_GRID})


def rain(so_far: float = 10.0, normal: float = 20.0) -> tuple[MonthOfRain, ...]:
    """Twelve months alike, in mm a month."""
    return tuple(MonthOfRain(MONTH - back, so_far, normal) for back in reversed(range(12)))


def landscape(
    name: str,
    met: StageFacts = NONE,
    agri: StageFacts = NONE,
    hydro: StageFacts = NONE,
    land_use: LandUse = LandUse.PASTORAL,
    *,
    is_derived: bool = False,
    is_salt_affected: bool = False,
    plan: Plan | None = UZ_PLAN,
    ru: str | None = None,
    uz: str | None = None,
) -> LandscapeFacts:
    called = {"en": name, "ru": ru, "uz": uz}
    return LandscapeFacts(
        landscape_id=name.lower(),
        names={language: text for language, text in called.items() if text is not None},
        land_use=land_use,
        is_salt_affected=is_salt_affected,
        is_derived=is_derived,
        area_km2=1000.0,
        stages={MET: met, AGRI: agri, HYDRO: hydro},
        rain=rain(),
        indices={SPI_HY: -1.2, SMRI_HY: None},
        plan=plan,
    )


BUKHARA = landscape(
    "Bukhara",
    StageFacts(standing(0, MONTH), standing(WATCH, Month(2021, 2))),
    StageFacts(
        standing(WATCH, Month(2020, 11), is_confirmed=False, silent=4),
        standing(WATCH, Month(2020, 11), silent=3),
        {SPI_3: Gap.NOT_PUBLISHED},
    ),
    land_use=LandUse.IRRIGATED,
    is_salt_affected=True,
    ru="Бухарская область",
    uz="Buxoro viloyati",
)
FERGANA = landscape("Fergana", ru="Ферганская область", uz="Fargʻona viloyati")
KARAKALPAKSTAN = landscape(
    "Karakalpakstan",
    StageFacts(standing(SEVERE, MONTH), standing(WARNING, Month(2021, 5))),
    StageFacts(standing(WATCH, MONTH), standing()),
    StageFacts(standing(silent=1), standing()),
    LandUse.RAINFED,
    is_derived=True,
    ru="Каракалпакстан",
    uz="Qoraqalpogʻiston",
)
NAVOI = replace(
    landscape(
        "Navoi", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, ru="Навоийская область", uz="Navoiy viloyati"
    ),
    rain=(),
    indices={},
)
UZBEKISTAN = CountryFacts(
    Country.UZBEKISTAN,
    (UZ_PLAN,),
    (BUKHARA, FERGANA, KARAKALPAKSTAN, NAVOI),
    releases={Release.PRELIMINARY: 4},
    freshness=(
        Freshness(
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
    alerts=AlertCounts(
        approved=(
            ToldAlert(
                "karakalpakstan",
                MET,
                Change.ESCALATED,
                names(WARNING),
                names(SEVERE),
                "G. Yusupova",
                datetime(2021, 8, 9, 6, 0, tzinfo=UTC),
            ),
        ),
        waiting=1,
        waiting_on_others=2,
    ),
)
KONYA = landscape(
    "Konya",
    StageFacts(
        standing(WARNING, MONTH, plan=TR_PLAN), standing(SEVERE, Month(2021, 6), plan=TR_PLAN)
    ),
    plan=TR_PLAN,
)
TURKIYE = CountryFacts(
    Country.TURKIYE,
    (TR_PLAN,),
    (KONYA,),
    releases={Release.PRELIMINARY: 1},
    freshness=(Freshness("era5-land", MONTH, Release.PRELIMINARY, 1, 1),),
)
SQUARES = {
    one.landscape_id: box(65 + place, 39, 66 + place, 40)
    for place, one in enumerate((*UZBEKISTAN.landscapes, KONYA))
}
FACTS = BulletinFacts(
    scope=Country.UZBEKISTAN,
    month=MONTH,
    is_newest=True,
    made_at=datetime(2021, 9, 20, 9, 30, tzinfo=timezone(timedelta(hours=5))),
    software="cacilm-drought 1",
    origin=Origin.REAL,
    sources=("era5-land",),
    calibration="1991-2020",
    countries=(UZBEKISTAN,),
    expected_month=MONTH + 1,
    unfinished={"ingest": "not_published"},
    outlines=outlines({name: SQUARES[name] for name in list(SQUARES)[:4]}, width=400),
)
SIMULATED = replace(FACTS, origin=Origin.SIMULATED)
OF_TURKIYE = replace(FACTS, scope=Country.TURKIYE, countries=(TURKIYE,), outlines=None)
OF_REGION = replace(
    FACTS, scope=REGION, countries=(TURKIYE, UZBEKISTAN), outlines=outlines(SQUARES, width=400)
)
ISSUE = IssueFacts(
    "14-07/21",
    date(2021, 8, 10),
    "G. Yusupova",
    "Head of the drought desk",
    "Order 3 of 2021",
    accepts_unchecked=True,
)
NOTE = NoteFacts(
    "en",
    "Rain stayed far from the plains.\n\nSnow was gone by May;\nthe rivers are low.",
    "R. Karimov",
    datetime(2021, 8, 8, 5, 0, tzinfo=UTC),
)
ISSUED = replace(FACTS, notes=(NOTE,), issue=ISSUE)
FIRST_MONTH = replace(
    FACTS,
    countries=(
        replace(
            UZBEKISTAN,
            landscapes=(landscape("Navoi", StageFacts(standing(WATCH, MONTH)), StageFacts(None)),),
        ),
    ),
)
QUIET = replace(FACTS, countries=(replace(UZBEKISTAN, landscapes=(FERGANA,)),), outlines=None)
NOTHING_LOADED = replace(
    FACTS, countries=(replace(UZBEKISTAN, landscapes=(NAVOI,), plans=()),), outlines=None
)
SAMPLES = {
    "a month of one country": FACTS,
    "simulated": SIMULATED,
    "another plan": OF_TURKIYE,
    "the region": OF_REGION,
    "issued, with a note": ISSUED,
    "the first month": FIRST_MONTH,
    "no stage": QUIET,
    "nothing known": NOTHING_LOADED,
}


@cache
def content_of(name: str, language: str) -> BulletinContent:
    """The sample of this name in words."""
    return bulletin_content(SAMPLES[name], language)


def of_uzbekistan(*landscapes: LandscapeFacts) -> BulletinFacts:
    country = replace(UZBEKISTAN, landscapes=landscapes)
    return replace(FACTS, countries=(country,), outlines=None)


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
                                for rule in stage.every_rule
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
