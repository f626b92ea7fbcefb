"""The page of one landscape: where it stands and why, its history, its alerts, its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from babel.numbers import format_decimal

from pipeline.alerts.actions_in_words import proposals
from pipeline.alerts.figures import month_in_words
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.letters import what_happened
from pipeline.alerts.naming import one_line
from pipeline.alerts.reasons import reasons
from pipeline.core.ids import DroughtType
from pipeline.delivery.site.alert_views import chains, lines
from pipeline.delivery.site.downloads import bulletin_downloads, landscape_download
from pipeline.delivery.site.facts import LandscapeFacts, SiteFacts, Told
from pipeline.delivery.site.frames import frame
from pipeline.delivery.site.history import chart_of, history_table
from pipeline.delivery.site.map_page import landscape_language, newest
from pipeline.delivery.site.plan_views import plan_view
from pipeline.delivery.site.speech import OWN_NAMES, Speech, month_name
from pipeline.delivery.site.standings import cell
from pipeline.delivery.site.thresholds_view import value_rows, what_next
from pipeline.delivery.site.views import Fact, LandscapePage, StageView

_ROOT = "../../"


def landscape_page(
    facts: SiteFacts,
    land: LandscapeFacts,
    told: Sequence[Told],
    sizes: Mapping[str, int],
    said: Speech,
) -> LandscapePage:
    """Return the page of a landscape in one language.

    Args:
        facts: of the build; there is a month with stages.
        land: the landscape.
        told: its alerts, newest first.
        sizes: bytes of the files that are linked to, by path in the site.
        said: the words of the page.
    """
    name = one_line(land.name_in(said.language))
    country = said.words.countries[land.country]
    places = {one: f"{one}/landscape/{land.slug}.html" for one in facts.languages_of(land.country)}
    return LandscapePage(
        frame=frame(facts, said, "landscape", f"{name}, {country}", elsewhere=places),
        name=name,
        country=country,
        month=month_name(newest(facts), said),
        facts=tuple(_facts(facts, land, said)),
        stages=tuple(_stage(facts, land, one, said) for one in DroughtType),
        history=history_table(facts, land, said),
        chains=tuple(chains(told, said, _ROOT)),
        plan=plan_view(facts, land.country, said),
        downloads=(landscape_download(land, sizes, said, _ROOT),),
        bulletins=bulletin_downloads(facts, land.country, sizes, said, _ROOT),
        map_href="../index.html",
    )


def _stage(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, said: Speech
) -> StageView:
    change = facts.changes.get((land.landscape_id, drought_type))
    language = said.language
    standing = facts.now.get((land.landscape_id, drought_type))
    is_present = change is not None and standing is not None and change.to_stage == standing.stage
    return StageView(
        cell=cell(facts, land, drought_type, said),
        happened=() if change is None else tuple(what_happened(change, language)[:-1]),
        reasons=() if change is None else tuple(lines(reasons(change, language))),
        values=tuple(value_rows(facts, land, drought_type, said)),
        values_month=month_in_words(newest(facts), said.words),
        ends=what_next(facts, land, drought_type, said),
        actions=_actions(proposals(change, language)) if change is not None and is_present else (),
        chart=chart_of(facts, land, drought_type, said),
    )


def _actions(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.removeprefix("- ") for text in told)


def _facts(facts: SiteFacts, land: LandscapeFacts, said: Speech) -> Iterator[Fact]:
    words, texts = said.words, said.texts
    use = words.land_uses[land.land_use]
    salt = f", {words.salt_affected}" if land.is_salt_affected else ""
    derived = f" ({texts['fact.derived']})" if land.is_derived else ""
    yield Fact(texts["fact.land_use"], capitalised(f"{use}{salt}{derived}", said.language))
    area = format_decimal(round(land.area_km2), locale=words.locale)
    yield Fact(texts["fact.area"], said.say("fact.km2", number=area))
    if land.aridity_index is not None:
        index = format_decimal(land.aridity_index, "0.00", locale=words.locale)
        kind = texts[f"aridity.{aridity_class(land.aridity_index)}"]
        yield Fact(texts["fact.aridity"], f"{kind} ({index})")
    yield from _headwater(facts, land, said)
    others = {
        code: one_line(text)
        for code, text in land.names.items()
        if code != said.language and code in OWN_NAMES
    }
    if others:
        yield Fact(texts["fact.names"], "; ".join(dict.fromkeys(others.values())))
    yield Fact(texts["fact.id"], land.landscape_id)


def _headwater(facts: SiteFacts, land: LandscapeFacts, said: Speech) -> Iterator[Fact]:
    above = facts.landscape.get(land.headwater_landscape_id or "")
    if above is not None:
        there = landscape_language(facts, above, said.language)
        way = "" if there == said.language else f"../../{there}/landscape/"
        name = one_line(above.name_in(said.language))
        yield Fact(said.texts["fact.headwater"], name, f"{way}{above.slug}.html")


def aridity_class(index: float) -> str:
    """Return the class of an aridity index (rain by PET) after UNEP (1997)."""
    classes = {0.05: "hyper_arid", 0.2: "arid", 0.5: "semi_arid", 0.65: "dry_sub_humid"}
    return next((name for limit, name in classes.items() if index < limit), "humid")
