"""Who wants to be told of an alert: what a recipient asked for, against what an alert says.

Pure selection. A wish that a plan has no words for never leaves anybody in the dark: what cannot be
judged is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.words import COMMON_LANGUAGES
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.ladders import Ladder


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a recipient wants to be told of; what is empty or None leaves all in."""

    countries: frozenset[Country] = frozenset()
    provinces: frozenset[str] = frozenset()
    """First-level units, by the beginning of landscapes' ids: see `lies_in`."""
    land_uses: frozenset[LandUse] = frozenset()
    drought_types: frozenset[DroughtType] = frozenset()
    from_stage: str | None = None
    """Only alerts that reach or leave this stage, or a graver one of their ladder."""


def wants(wishes: Wishes, facts: AlertFacts) -> bool:
    """Return whether whoever has these wishes is to be told of an alert."""
    return not objections(wishes, facts)


def objections(wishes: Wishes, facts: AlertFacts) -> list[str]:
    """Return each wish that an alert does not meet, in words; none: it is wanted."""
    return list(_objections(wishes, facts))


def _objections(wishes: Wishes, facts: AlertFacts) -> Iterator[str]:
    said: Sequence[tuple[str, Collection[str]]] = (
        (facts.country, wishes.countries),
        (facts.land_use, wishes.land_uses),
        (facts.drought_type, wishes.drought_types),
    )
    for value, wanted in said:
        if wanted and value not in wanted:
            yield f"wants {_listed(wanted)}, it is {value}"
    if wishes.provinces and not any(lies_in(facts.landscape_id, one) for one in wishes.provinces):
        yield f"wants {_listed(wishes.provinces)}, it is {facts.landscape_id}"
    if wishes.from_stage is not None and not _touches(wishes.from_stage, facts):
        stages = dict.fromkeys((facts.from_stage, facts.to_stage))
        yield f"wants {wishes.from_stage} and graver, it is {' to '.join(stages)}"


def _listed(words: Collection[str]) -> str:
    return " or ".join(sorted(words))


def lies_in(landscape_id: str, province: str) -> bool:
    """Return whether a landscape lies in a first-level unit, by their ids.

    The ids of the shipped landscapes are those of the units; `drought landscapes build` puts the land
    use behind the id of the unit, and agencies the number of a district behind that of the province.
    So a landscape lies in a province if its id is the province's, or goes on after it with a sign
    that is neither letter nor digit.

    >>> [lies_in(one, "UZ-SU") for one in ("UZ-SU", "UZ-SU-irrigated", "UZ-SU.07", "UZ-SUX", "UZ")]
    [True, True, True, False, False]
    """
    rest = landscape_id.removeprefix(province)
    return landscape_id.startswith(province) and (not rest or not rest[0].isalnum())


def _touches(from_stage: str, facts: AlertFacts) -> bool:
    """Whether an alert reaches or leaves `from_stage` or a graver one; True where nobody can say."""
    ladder = facts.plan.ladders[facts.drought_type]
    threshold = _rank(from_stage, ladder)
    ranks = [_rank(stage, ladder) for stage in (facts.from_stage, facts.to_stage)]
    return threshold is None or any(rank is None or rank >= threshold for rank in ranks)


def _rank(stage: str, ladder: Ladder) -> int | None:
    """The rank of a stage; None: only the plan before had it, or another ladder has."""
    if stage == NO_STAGE:
        return 0
    names = [one.stage for one in ladder.stages]
    return names.index(stage) + 1 if stage in names else None


def language_for(reader: str, leaving: Sequence[str]) -> str | None:
    """Return the language in which a reader is told, of those that leave; None: none does.

    The reader's own, else Russian, else English, else the first of them.
    """
    wished = (reader, *reversed(COMMON_LANGUAGES), *leaving)
    return next((one for one in wished if one in leaving), None)
