"""YAML documents that people write, read into strict models; every fault names place and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.core.careful_yaml import Written, careful_yaml
from pipeline.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]
"""The keys and positions that lead to a part of a document; positions count from 0."""

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dataclass_type": "keys with values",
}
"""What pydantic's kinds of error expect, in the words of a person who writes a document."""
_NEAR = 0.7
"""How alike an unknown key must be to a known one for that to be proposed."""


def mapping_from_yaml(text: str, where: str, what: str) -> dict[str, Any]:
    """Return the keys and values of a YAML document; `where` names the file in errors.

    Args:
        text: the document.
        where: its file, for errors.
        what: what the document is, as in "a plan".

    Raises:
        InputError: as `careful_yaml`, or no mapping.
    """
    return dict(written_mapping(text, where, what).values)


def written_mapping(text: str, where: str, what: str) -> Written:
    """Return the same with the lines on which it stands.

    Raises:
        InputError: as `mapping_from_yaml`.
    """
    written = careful_yaml(text, where)
    if not isinstance(written.values, dict):
        got = "an empty file" if written.values is None else _said(written.values)
        raise InputError(f"{where}: expected the keys of {what}, got {got}")
    return written


def model_from(
    raw: Mapping[str, Any],
    where: str,
    model: type[Model],
    *,
    unsaid: Sequence[str] = (),
    context: object = None,
    written: Written | None = None,
) -> Model:
    """Return the model of a document's keys and values.

    Args:
        raw: keys and values.
        where: the file, for errors.
        model: what they must be.
        unsaid: steps of a place that are the model's and not the document's.
        context: what the model's own checks are told.
        written: where `raw` stands in the file; None: errors name no lines.

    Raises:
        InputError: an unknown or missing key, a value that does not fit, or a contradiction; every
            fault is named, one line each.
    """
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        # What an alias repeats is faulty once, where it is written.
        lines: dict[object, str] = {}
        for fault in _own_faults(error.errors()):
            place, said = _own_steps(fault["loc"], raw, unsaid), _fault(fault, model)
            line = place if written is None else _line(written, place, said)
            key = (line, place[-1:], said)
            lines.setdefault(key, fault_line(where, place, said, written))
        raise InputError("\n".join(lines.values())) from error


def fault_line(where: str, place: Place, said: str, written: Written | None = None) -> str:
    """Return a fault in one line: the file, the line in it if that is known, the place, the reason."""
    # Positions count from 1 for people.
    parts = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    line = "" if written is None else f"line {_line(written, place, said)}: "
    return f"{where}: {line}{parts or 'the document'}: {said}"


def _line(written: Written, place: Place, said: str) -> int:
    """Return the line of a fault: of the part that it names first, if it is one of the place's."""
    part: Any = written.values
    for step in place:
        part = part[step] if _has(part, step) else None
    named = re.match(r"(\w+) '([^']*)': ", said)
    if named is not None and isinstance(part, list):
        said = said[named.end() :]
        found = [
            n for n, one in enumerate(part) if _has(one, named[1]) and one[named[1]] == named[2]
        ]
        place = (*place, *found[:1])
        part = part[found[0]] if found else None
    keys = re.match(r"[\w.]+(?=: | must )", said)
    return written.line((*place, *keys[0].split("."))) if keys else written.line(place)


def _has(part: object, step: int | str) -> bool:
    if isinstance(part, Mapping):
        return step in part
    return isinstance(part, list) and isinstance(step, int) and step < len(part)


def _own_faults(found: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out faults of a whole that only follow from faults in its parts.

    A refused rule is missing in its stage, and pydantic would call the stage too short as well.
    """
    places = [fault["loc"] for fault in found]
    return [
        fault
        for fault in found
        if not any(
            len(place) > len(fault["loc"]) and place[: len(fault["loc"])] == fault["loc"]
            for place in places
        )
    ]


def _own_steps(place: Place, raw: object, unsaid: Sequence[str]) -> Place:
    """Leave out the steps that are the model's: those of `unsaid` that the document has not there."""
    steps: list[int | str] = []
    part: object = raw
    for step in place:
        has_it = _has(part, step)
        if not has_it and step in {*unsaid, "[key]"}:
            continue
        steps.append(step)
        part = part[step] if has_it else None  # type: ignore[index]
    return tuple(steps)


def _fault(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, got = error["type"], error["input"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), set(_field_names(model, set())), 1, _NEAR)
        return f"unknown key; remove it or correct its spelling{f' ({near[0]}?)' if near else ''}"
    if kind == "missing":
        return "missing key; add it"
    if kind == "invalid_key":
        return f"expected words as keys, got {error['loc'][-1]!r}; take it out, or put it in quotes"
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    expected = _expected(kind, error.get("ctx", {}))
    if expected is None:
        return str(error["msg"])
    remedy = ""
    if kind == "string_type" and isinstance(got, (int, float)):
        remedy = "; put it in quotes"
    elif kind in {"too_short", "string_too_short"}:
        remedy = "; add what is missing"
    return f"expected {expected}, got {_said(got)}{remedy}"


def _expected(kind: str, context: Mapping[str, Any]) -> str | None:
    if kind in {"enum", "literal_error"}:
        return f"{context['expected']}"
    bounds = {
        "greater_than_equal": "{ge} or more",
        "less_than_equal": "{le} or less",
        "too_short": "a list of {min_length} or more",
        "string_too_short": "a text of {min_length} letters or more",
        "string_pattern_mismatch": "a text of the form {pattern}",
    }
    return bounds[kind].format(**context) if kind in bounds else _KINDS.get(kind)


def _said(value: object) -> str:
    """Return a value in the words of a document."""
    if isinstance(value, (dict, BaseModel)):
        return "keys with values"
    if isinstance(value, (list, tuple, frozenset)):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else repr(value)


def _field_names(part: object, seen: set[object]) -> Iterator[str]:
    """Yield the keys that a model knows, at any depth."""
    if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
        seen.add(part)
        for name, field in part.model_fields.items():
            yield name
            yield from _field_names(field.annotation, seen)
    for inner in get_args(part):
        yield from _field_names(inner, seen)
