"""YAML documents that people write, read into strict models; every fault names place and remedy."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key written twice, which YAML would silently let win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused below, by the parent
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def mapping_from_yaml(text: str, where: str, what: str) -> dict[str, Any]:
    """Return the keys and values of a YAML document; `where` names the file in errors.

    Args:
        text: the document.
        where: its file, for errors.
        what: what the document is, as in "a plan".

    Raises:
        InputError: not YAML, a repeated key, or no mapping.
    """
    try:
        raw = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader with one more check
    except yaml.YAMLError as error:
        raise InputError(f"{where}: {_yaml_fault(error)}; mend the YAML") from error
    if not isinstance(raw, dict):
        raise InputError(f"{where}: expected the keys of {what}, got {type(raw).__name__}")
    return raw


def model_from(
    raw: Mapping[str, Any],
    where: str,
    model: type[Model],
    *,
    unsaid: Sequence[str] = (),
    context: object = None,
) -> Model:
    """Return the model of a document's keys and values.

    Args:
        raw: keys and values.
        where: the file, for errors.
        model: what they must be.
        unsaid: steps of a place that are the model's and not the document's.
        context: what the model's own checks are told.

    Raises:
        InputError: an unknown or missing key, a value that does not fit, or a contradiction; every
            fault is named, one line each.
    """
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        faults = _own_faults(error.errors())
        lines = (f"{where}: {_place(fault['loc'], unsaid)}: {_fault(fault)}" for fault in faults)
        raise InputError("\n".join(lines)) from error


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


def _yaml_fault(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error)


def _place(loc: tuple[int | str, ...], unsaid: Sequence[str]) -> str:
    # Positions count from 1 for people.
    parts = [str(p + 1) if isinstance(p, int) else p for p in loc if p not in unsaid]
    return ".".join(parts) or "the document"


def _fault(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key; remove it or correct its spelling"
    if error["type"] == "missing":
        return "missing key; add it"
    return str(error["msg"]).removeprefix("Value error, ")
