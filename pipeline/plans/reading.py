"""Plan documents read from YAML or from stored values; every fault names the place and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.core.documents import mapping_from_yaml, model_from
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import STORED

_UNSAID = ("stages", "texts")
"""Steps of a place that are ours, not the document's."""


def from_yaml(text: str, where: str) -> Plan:
    """Return the plan written in `text`; `where` names the file in errors.

    Raises:
        InputError: not YAML, an unknown or repeated key, a missing one, or a contradiction.
    """
    return from_mapping(mapping_from_yaml(text, where, "a plan"), where)


def from_mapping(raw: Mapping[str, Any], where: str) -> Plan:
    """Return the plan held in plain values.

    Raises:
        InputError: as `from_yaml`; every fault is named, one line each.
    """
    return model_from(raw, where, Plan, unsaid=_UNSAID)


def from_stored(raw: Mapping[str, Any], where: str) -> Plan:
    """Return a plan that was once taken in, though it has a rule that could never begin or end.

    Past decisions rest on it, and a stored version can be neither mended nor taken away.

    Raises:
        InputError: as `from_mapping` otherwise.
    """
    return model_from(raw, where, Plan, unsaid=_UNSAID, context=STORED)
