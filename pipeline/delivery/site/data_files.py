"""What scripts of the site read: plain scripts that say data, so that a folder on a stick will do.

``fetch`` does not work from a folder; a script that is added to the page does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.alerts.figures import calendar_month_in_words
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.delivery.site.facts import SiteFacts
from pipeline.delivery.site.map_page import slider_months
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.standings import characters
from pipeline.delivery.site.views import Named
from pipeline.plans.document import Plan
from pipeline.plans.timetable import Timetable

_BEGIN = "window.DROUGHT=window.DROUGHT||{};"
_SAFE = str.maketrans({
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
})  # fmt: skip
"""Inside a JSON text each stands for the same letter, and none can end a script."""


def script(name: str, value: object) -> bytes:
    """Return a script that sets ``DROUGHT.<name>`` to `value`."""
    return f"{_BEGIN}DROUGHT.{name}={safe_json(value)};\n".encode()


def safe_json(value: object) -> str:
    """Return JSON that is also JavaScript, and holds nothing that a page could take for markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_SAFE)


def data_scripts(facts: SiteFacts, languages: Iterable[Speech]) -> dict[str, bytes]:
    """Return the data files by their path in the site; there is a month with stages."""
    versions = plan_versions(facts)
    found = {"data/stages.js": script("stages", _newest_stages(facts, versions))}
    by_year: dict[int, list[Month]] = {}
    for month in facts.months:
        by_year.setdefault(month.year, []).append(month)
    for year, months in by_year.items():
        body = safe_json({"months": list(map(str, months)), "ranks": _ranks(facts, months)})
        begin = f"{_BEGIN}DROUGHT.years=DROUGHT.years||{{}};"
        found[f"data/stages-{year}.js"] = f'{begin}DROUGHT.years["{year}"]={body};\n'.encode()
    for said in languages:
        found[f"data/words-{said.language}.js"] = script(
            "words", _words(versions, said, is_public=facts.is_public)
        )
    return found


def plan_versions(facts: SiteFacts) -> Sequence[Plan]:
    """Return every plan that ruled in a month shown; data files name them by their position."""
    found: dict[tuple[str, str], Plan] = {}
    for country in facts.countries:
        for reign in facts.plans[country].reigns if country in facts.plans else ():
            found[reign.plan.plan_id, reign.plan.version] = reign.plan
    return list(found.values())


def _newest_stages(facts: SiteFacts, versions: Sequence[Plan]) -> dict[str, object]:
    months = slider_months(facts)
    numbers = {(plan.plan_id, plan.version): n for n, plan in enumerate(versions)}
    return {
        "months": list(map(str, months)),
        "types": list(DroughtType),
        "slugs": [land.slug for land in facts.landscapes],
        "countries": [land.country.lower() for land in facts.landscapes],
        "plans": {
            country.lower(): list(_reigns(facts.plans[country], numbers))
            for country in facts.countries
            if country in facts.plans
        },
        "ranks": _ranks(facts, months),
    }


def _reigns(
    timetable: Timetable, numbers: Mapping[tuple[str, str], int]
) -> Iterator[tuple[str, int]]:
    """Yield from which month on which plan rules; -1: none."""
    for reign in timetable.reigns:
        yield str(reign.first), numbers[reign.plan.plan_id, reign.plan.version]
        if reign.last is not None and timetable.in_force(reign.last + 1) is None:
            yield str(reign.last + 1), -1


def _ranks(facts: SiteFacts, months: Sequence[Month]) -> dict[str, list[str]]:
    """Return a text for each landscape by its number, one character a month."""
    return {
        one: [
            characters(facts.history.get((land.landscape_id, one)), months)
            for land in facts.landscapes
        ]
        for one in DroughtType
    }


def _words(versions: Sequence[Plan], said: Speech, *, is_public: bool) -> dict[str, object]:
    words = {key: text for key, text in said.texts.items() if key.startswith("js.")}
    months = [calendar_month_in_words(number, said.words) for number in range(1, 13)]
    ladders = [_ladders(plan, said, is_public=is_public) for plan in versions]
    return {**words, "months": months, "ladders": ladders}


def _ladders(plan: Plan, said: Speech, *, is_public: bool) -> dict[str, list[list[str]]]:
    """Return the names of the stages of each drought type, by rank, with their language if another."""
    none = said.texts["stage.no_alert"] if is_public else said.words.no_stage
    return {
        one: [[none], *(_name(said.named(stage.names)) for stage in ladder.stages)]
        for one, ladder in plan.ladders.items()
    }


def _name(name: Named) -> list[str]:
    return [name.text, name.language] if name.language else [name.text]
