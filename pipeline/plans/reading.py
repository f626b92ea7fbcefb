"""Plan documents read from YAML or from stored values; every fault names the place and the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.core.careful_yaml import Written
from pipeline.core.documents import Place, fault_line, model_from, written_mapping
from pipeline.core.errors import InputError
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import STORED

_UNSAID = ("stages", "texts", "rule", "group")
"""Steps of a place that are ours, not the document's."""


def from_yaml(text: str, where: str) -> Plan:
    """Return the plan written in `text`; `where` names the file in errors.

    Raises:
        InputError: not YAML, an unknown or repeated key, a missing one, a text that is not there in
            every language, or a contradiction; every fault is named with its line, one line each.
    """
    written = written_mapping(text, where, "a plan")
    return from_mapping(written.values, where, written)


def from_mapping(raw: Mapping[str, Any], where: str, written: Written | None = None) -> Plan:
    """Return the plan held in plain values; `written` knows their lines.

    Raises:
        InputError: as `from_yaml`.
    """
    lacking = [fault_line(where, place, said, written) for place, said in _untranslated(raw)]
    try:
        plan = model_from(raw, where, Plan, unsaid=_UNSAID, written=written)
    except InputError as error:
        raise InputError("\n".join((str(error), *lacking))) from error
    if lacking:
        raise InputError("\n".join(lacking))
    return plan


def from_stored(raw: Mapping[str, Any], where: str) -> Plan:
    """Return a plan that was once taken in, though it has a rule that could never begin or end.

    Past decisions rest on it, and a stored version can be neither mended nor taken away.

    Raises:
        InputError: as `from_mapping` otherwise.
    """
    return model_from(raw, where, Plan, unsaid=_UNSAID, context=STORED)


def _untranslated(raw: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield the place and the fault of each text that lacks a language of the plan."""
    languages = raw.get("languages")
    if not languages:
        yield (
            ("languages",),
            "expected the languages of the plan's texts and letters, such as [en, ru, uz], got none; "
            "name them",
        )
        return
    if not isinstance(languages, (list, tuple)) or {*map(type, languages)} != {str}:
        return  # refused by the model
    wanted = list(languages)
    if "en" not in wanted:
        yield (
            ("languages",),
            "expected en among them: it stands in where another has no words; add it",
        )
    seen: set[int] = set()
    for place, text in _texts(raw, ()):
        if id(text) in seen:
            continue  # an alias repeats it
        seen.add(id(text))
        lacking = sorted({*wanted} - text.keys())
        if lacking:
            yield (
                place,
                f"expected a text in each of the plan's languages ({', '.join(wanted)}), got none in "
                f"{', '.join(lacking)}; add it, under 'unchecked' if no speaker has checked it",
            )


def _texts(part: object, place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Yield the texts of a part of a document: what has words in English."""
    if isinstance(part, dict):
        if "en" in part:
            yield place, part
        for key, one in part.items():
            yield from _texts(one, (*place, str(key)))
    elif isinstance(part, (list, tuple)):
        for number, one in enumerate(part):
            yield from _texts(one, (*place, number))
