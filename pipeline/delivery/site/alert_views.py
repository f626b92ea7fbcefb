"""Alerts and their chains, in the words of their letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.alerts.facts import Approval, Door
from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.letters import subject, what_happened
from pipeline.alerts.local_time import local_day
from pipeline.alerts.reasons import reasons
from pipeline.delivery.site.facts import SiteFacts, Told
from pipeline.delivery.site.frames import frame
from pipeline.delivery.site.map_page import landscape_language
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.standings import css_of
from pipeline.delivery.site.views import AlertsPage, AlertView, ChainView, Line
from pipeline.plans.conditions import NO_STAGE

LISTED = 100
"""The newest alerts on the page of all."""
WITH_REASONS = 12
"""The newest alerts of a landscape, and of all, that show their evidence on the page."""


def alerts_page(facts: SiteFacts, said: Speech) -> AlertsPage:
    """Return the newest alerts of all landscapes."""
    shown = [one for one in facts.told if one.facts.landscape_id in facts.landscape]
    views = []
    for number, told in enumerate(shown[:LISTED]):
        land = facts.landscape[told.facts.landscape_id]
        there = landscape_language(facts, land, said.language)
        way = "" if there == said.language else f"../{there}/"
        href = f"{way}landscape/{land.slug}.html#{anchor(told)}"
        views.append(alert_view(told, said, "../", href=href, has_reasons=number < WITH_REASONS))
    return AlertsPage(
        frame(facts, said, "alerts", said.texts["alerts.title"]),
        tuple(views),
        is_cut=len(shown) > LISTED,
        pending=sum(one.state == "pending" for one in facts.told),
    )


def chains(told: Iterable[Told], said: Speech, root: str) -> Iterator[ChainView]:
    """Yield the chains of one landscape, newest first.

    Args:
        told: its alerts, newest first.
        said: the words of the page.
        root: the way from the page to the root of the site.
    """
    by_chain: dict[str, list[Told]] = {}
    for one in told:
        by_chain.setdefault(one.facts.chain_id, []).append(one)
    shown = 0
    for alerts in by_chain.values():
        views = []
        for one in alerts:
            views.append(alert_view(one, said, root, has_reasons=shown < WITH_REASONS))
            shown += 1
        newest = alerts[0].facts
        drought = capitalised(said.words.drought[newest.drought_type], said.language)
        yield ChainView(drought, newest.to_stage != NO_STAGE, tuple(views))


def anchor(told: Told) -> str:
    """Return the id of an alert on its landscape's page."""
    return f"alert-{told.facts.alert_id}"


def alert_view(
    told: Told, said: Speech, root: str, *, href: str = "", has_reasons: bool = True
) -> AlertView:
    """Return one alert."""
    facts, language = told.facts, said.language
    ladder = facts.plan.ladders[facts.drought_type]
    known = {stage.stage for stage in ladder.stages} | {NO_STAGE}
    rank = ladder.rank(facts.to_stage) if facts.to_stage in known else None
    return AlertView(
        anchor=anchor(told),
        subject=subject(facts, language),
        month=month_in_words(facts.month, said.words),
        to_css=css_of(rank),
        state=told.state,
        state_text=_state(told, said),
        happened=tuple(what_happened(facts, language)),
        reasons=tuple(lines(reasons(facts, language))) if has_reasons else (),
        href=href,
        cap_href=f"{root}{told.cap_path}" if told.cap_path else "",
    )


def lines(told: Iterable[str]) -> Iterator[Line]:
    """Yield lines of a letter's list by their level: its marks are for plain text."""
    for text in told:
        bare = text.lstrip()
        level = (len(text) - len(bare)) // 2
        yield Line(bare[2:] if bare[:2] in {"- ", "* "} else bare, level)


def _state(told: Told, said: Speech) -> str:
    answer = told.answer
    if answer is None or told.state not in {"approved", "refused"}:
        return said.texts[f"state.{told.state}"]
    if answer.door is Door.PLAN:
        return said.words.automatic.format(order=answer.legal_basis)
    return _answered(answer, told, said)


def _answered(answer: Approval, told: Told, said: Speech) -> str:
    state = told.state
    day = day_in_words(local_day(answer.answered_at, told.facts.country), said.words)
    by = {"name": answer.name, "office": answer.office, "day": day}
    if not answer.name:
        return said.say(f"state.{state}_by_office", office=answer.office, day=day)
    return said.say(f"state.{state}_by", **by)
