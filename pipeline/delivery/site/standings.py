"""Stages as cells and as strings: their names, colours, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.alerts.figures import month_after_since
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.delivery.site.facts import (
    LandscapeFacts,
    SiteFacts,
    StageAt,
    StageHistory,
    StageNow,
)
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.views import Named, StageCell

GRAVEST_COLOUR = 5
NOT_KNOWN = "-"
_CONFIRMED = "0123456789"
_UNCONFIRMED = "abcdefghij"


def css_of(rank: int | None, *, is_confirmed: bool = True) -> str:
    """Return the classes of a stage's colour; the gravest serves all ranks beyond it."""
    if rank is None:
        return "sx"
    css = f"s{min(rank, GRAVEST_COLOUR)}"
    return css if is_confirmed else f"{css} u"


def character(at: StageAt | None) -> str:
    """Return a stage as one character.

    A digit is the rank, a letter the same unconfirmed (``b`` is 1), a hyphen that it is not known.
    """
    if at is None or not at.is_known:
        return NOT_KNOWN
    return (_CONFIRMED if at.is_confirmed else _UNCONFIRMED)[min(at.rank, 9)]


def characters(history: StageHistory | None, months: Iterable[Month]) -> str:
    """Return a character for each month."""
    return "".join(character((history or {}).get(month)) for month in months)


def cell(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, said: Speech
) -> StageCell:
    """Return the stage that stands in a landscape for one drought type."""
    now = facts.now.get((land.landscape_id, drought_type))
    plan = facts.plan_of(land.country)
    rank = now.rank if now is not None and now.is_known else None
    if now is None:
        has_ladder = plan is None or drought_type in plan.ladders
        name = Named(said.texts["stage.not_known" if has_ladder else "stage.no_ladder"])
    elif rank is None:
        name = Named(said.texts["stage.not_known"])
    elif rank == 0 and facts.is_public:
        name = Named(said.texts["stage.no_alert"])
    else:
        name = said.stage(now.stage, plan, drought_type)
    return StageCell(
        type_code=drought_type,
        type_name=said.words.drought[drought_type],
        rank=rank,
        name=name,
        since=_since(now, said),
        remark=_remark(now, said),
        css=css_of(rank, is_confirmed=now is None or now.is_confirmed or rank is None),
    )


def _since(now: StageNow | None, said: Speech) -> str:
    if now is None or not now.rank:
        return ""
    return said.say("stage.since", month=month_after_since(now.since, said.words))


def _remark(now: StageNow | None, said: Speech) -> str:
    if now is None or now.is_confirmed:
        return ""
    return said.words.unconfirmed.format(months=said.words.months(now.silent_months))


def gravest(cells: Sequence[StageCell]) -> StageCell:
    """Return the gravest of a landscape's stages; one that is not known where none is known."""
    known = [one for one in cells if one.rank is not None]
    # The first of equals: cells stand in the order of the drought types.
    return max(known, key=lambda one: one.rank or 0) if known else cells[0]
