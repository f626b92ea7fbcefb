"""The JSON Schema of a plan document, for editors that complete and check while one writes.

It says what a person writes, as the models read it. What one place says about another (thresholds
that cross, a text without a language of the plan) only `drought plans check` can see.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pipeline.core.forecasts import MAX_LEAD_MONTHS
from pipeline.core.ids import AREA_CLASSES, CELL_INDEX_CODES, INDEX_CODES
from pipeline.plans.conditions import Form
from pipeline.plans.document import Plan

_LANGUAGES = r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$"
_MONTH = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "examples": ["2027-01"]}
_INDEX = {"enum": [str(code) for code in INDEX_CODES], "description": "An index that is computed."}
_TEXT = {
    "type": "object",
    "description": "One text in several languages; English always.",
    "properties": {
        "unchecked": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Languages in which no speaker has checked it.",
        }
    },
    "patternProperties": {_LANGUAGES: {"type": "string", "minLength": 1, "pattern": r"\S"}},
    "required": ["en"],
    "additionalProperties": False,
}
_LOW = {"description": "The index is low at this value or below."}
_LOW_INDEX = {
    "AreaShare": {
        "index": {
            "enum": [str(code) for code in CELL_INDEX_CODES],
            "description": "An index that is mapped.",
        },
        "at_or_below": {"enum": list(AREA_CLASSES), **_LOW},
    },
    "ForecastProbability": {
        "index": _INDEX,
        "at_or_below": {"type": "number", **_LOW},
        "lead_months": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LEAD_MONTHS,
            "description": "Months between the forecast and the month it is for.",
        },
    },
}
_MEASURES = ("index", "indicator", "area_share", "forecast")
_NEEDED_OF_ACTIONS = ["family", "who", "within_days"]


def plan_schema() -> dict[str, Any]:
    """Return the schema: JSON Schema, draft 2020-12."""
    made = Plan.model_json_schema(mode="validation")
    definitions = made.pop("$defs")
    definitions["LocalText"] = _TEXT
    definitions["Ladder"] = _ladder(definitions["Ladder"])
    _demand(definitions["Action"], _NEEDED_OF_ACTIONS)
    definitions["Rule"]["oneOf"] = [_written(name) for name in _MEASURES]
    definitions["Rule"]["dependentRequired"] = {"indicator": ["unit"], "unit": ["indicator"]}
    definitions["Group"]["oneOf"] = [_written(form) for form in Form]
    definitions["Group"]["dependentRequired"] = {"at_least": ["of"], "of": ["at_least"]}
    condition = {"anyOf": [{"$ref": "#/$defs/Rule"}, {"$ref": "#/$defs/Group"}]}
    definitions["Condition"] = {"description": "A rule, or a group of rules.", **condition}
    for name, properties in _LOW_INDEX.items():
        definitions[name]["properties"] = properties
    definitions["Month"] = _MONTH
    _demand(made, ["languages"])
    whole = {**made, "title": "A national drought plan, one version", "$defs": definitions}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_for_people(_referred(whole)),
    }


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


def _demand(definition: dict[str, Any], names: list[str]) -> None:
    """Let keys be needed that only documents of before may lack."""
    for name in names:
        said = definition["properties"][name]
        if "anyOf" in said:
            said |= said.pop("anyOf")[0]
        said.pop("default")
    definition["required"] = [*definition["required"], *names]


def _written(name: str) -> dict[str, Any]:
    """One of several keys, of which exactly one is written."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _ladder(made: dict[str, Any]) -> dict[str, Any]:
    stages = made["properties"]["stages"]
    return {
        "description": made["description"],
        "type": "array",
        "minItems": 1,
        "items": stages["items"],
    }


def _referred(part: Any) -> Any:  # noqa: ANN401 - plain values
    """Write the alternatives of a rule and a group once, and leave out what nothing refers to."""
    whole = _replaced(part)
    used: set[str] = set()
    waiting = set(re.findall(r"#/\$defs/(\w+)", json.dumps({**whole, "$defs": {}})))
    while waiting:
        name = waiting.pop()
        used.add(name)
        more = re.findall(r"#/\$defs/(\w+)", json.dumps(whole["$defs"][name]))
        waiting |= set(more) - used
    whole["$defs"] = {name: whole["$defs"][name] for name in sorted(used)}
    return whole


def _replaced(part: Any) -> Any:  # noqa: ANN401 - plain values
    if isinstance(part, list):
        return [_replaced(one) for one in part]
    if not isinstance(part, dict):
        return part
    members = part.get("oneOf", [])
    if {"$ref": "#/$defs/Rule"} in members:
        return {"$ref": "#/$defs/Condition"}
    if part.get("$ref") == "#/$defs/IndexCode":
        return _INDEX
    return {key: _replaced(one) for key, one in part.items()}


def _for_people(part: Any) -> Any:  # noqa: ANN401 - plain values
    """Take out made-up titles and the layout of docstrings; a list of words has each once."""
    if isinstance(part, list):
        return [_for_people(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _for_people(one) for key, one in part.items() if not _is_made_up(key, one)}
    if isinstance(kept.get("description"), str):
        kept["description"] = _described(kept["description"])
    return kept


def _described(docstring: str) -> str:
    words = " ".join(docstring.partition(">>>")[0].split())
    for ours, theirs in (("True", "true"), ("False", "false"), ("None", "null")):
        words = re.sub(rf"\b{ours}\b", theirs, words)
    return words


def _is_made_up(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str) and len(value.split()) < 4) or key == (
        "discriminator"
    )
