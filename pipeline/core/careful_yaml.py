"""YAML read with care: what a hostile or careless document could do is refused, with its line.

No tag makes an object, no alias grows a document beyond bounds, and no word turns into something
else unseen: YAML 1.1 reads `no` as false, 1:30 as 90 and 010 as 8.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.error import Mark
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from pipeline.core.errors import InputError

MAX_BYTES = 1_000_000
"""The largest document that is read: ten times the largest plan."""
MAX_NODES = 200_000
"""Keys, values and lists of a document with every alias written out."""
MAX_DEPTH = 40
"""Levels of a document with every alias written out; a plan has about a dozen."""
_MAX_DIGITS = 40

_MERGE = "tag:yaml.org,2002:merge"
_HINTS = (
    (r"character '\\t' that cannot start", "a tab; indent with spaces"),
    (r"another document", "a second document begins; write one document in a file"),
    (r"mapping values are not allowed", "a colon and a space inside a text: put the text in quotes"),
    (r"could not find expected ':'", "neither 'key: value' nor a part of the text above; see to the "
     "indentation, and that quotes are closed"),
    (r"unexpected end of stream", "a quote before this line is opened and not closed"),
    (r"expected <block end>", "the indentation does not fit the lines above"),
    (r"undefined alias '(.*)'", r"*\1 repeats what stands nowhere above it as &\1"),
    (r"second occurrence", "the name after & stands before another part above; choose another name"),
)  # fmt: skip
"""What PyYAML says, and the same for people."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a part of a document comes to with every alias written out."""

    nodes: int
    depth: int


@dataclass(frozen=True, slots=True)
class Written:
    """A document's values, and where in the file they stand."""

    values: Any
    root: Node | None

    def line(self, place: tuple[int | str, ...]) -> int:
        """Return the line of a place, or of the innermost part that is there; lines count from 1.

        Of what an alias repeats, the line where it is written.
        """
        node, line = self.root, 1
        for step in place:
            found = _step(node, step)
            if found is not None:
                node, mark = found
                line = mark.line + 1
        return line


def _step(node: Node | None, step: int | str) -> tuple[Node, Mark] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item, item.start_mark
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark
    return None


def careful_yaml(text: str, where: str) -> Written:
    """Return what a YAML document says, and where.

    Args:
        text: the document.
        where: its file, for errors.

    Raises:
        InputError: not YAML, too large, or something in it that could be misread: a tag, a merge
            key, a key written twice, an alias that grows or holds itself, a word or number that
            YAML 1.1 takes for something else.
    """
    if len(text) > MAX_BYTES:
        raise InputError(
            f"{where}: expected {MAX_BYTES:,} letters at most, got {len(text):,}; is it the file "
            "that was meant?"
        )
    try:
        loader = _Careful(text)
        root = loader.get_single_node()
        return Written(None if root is None else loader.construct_document(root), root)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{where}: line {line}: the sign U+{error.character:04X}, which no text holds; take it out"
        ) from error
    except yaml.YAMLError as error:
        raise InputError(f"{where}: {_fault(error)}; mend the YAML") from error


def top_keys(raw: bytes) -> set[str] | None:
    """Return the words that are keys at the top of a YAML document, none where it is no mapping.

    Nothing of it is made or repeated, so it may be anything at all. None: it is not YAML, or has so many
    levels that PyYAML would need hours for it.
    """
    keys: set[str] = set()
    count = 0
    try:
        for event, level in _with_levels(raw):
            if isinstance(event, CollectionEndEvent):
                count += level == 1
            elif isinstance(event, CollectionStartEvent):
                if level == 0 and not isinstance(event, MappingStartEvent):
                    return set()
            elif level == 1 and isinstance(event, NodeEvent):
                # Keys and values take turns.
                if count % 2 == 0 and isinstance(event, ScalarEvent):
                    keys.add(event.value)
                count += 1
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return keys


def _with_levels(raw: bytes) -> Iterator[tuple[Event, int]]:
    """The events of a document, and how many lists and mappings each stands in."""
    level = 0
    for event in yaml.parse(raw, Loader=yaml.SafeLoader):
        level -= isinstance(event, CollectionEndEvent)
        yield event, level
        level += isinstance(event, CollectionStartEvent)
        if level > MAX_DEPTH:
            raise _refused(event, f"more than {MAX_DEPTH} levels")


class _Careful(yaml.SafeLoader):
    """A safe loader that weighs every part as it is read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._weights: dict[int, Weight] = {}
        self._open = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401 - PyYAML's
        event: Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._weights:
                raise _refused(event, f"*{event.anchor} stands inside what it repeats")
            return node
        tag = getattr(event, "tag", None)
        if tag is not None:
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            raise _refused(event, f"the tag {tag}: expected plain values, none with a tag")
        self._open += 1
        if self._open > MAX_DEPTH:
            raise _refused(event, f"more than {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._open -= 1
        if isinstance(node, ScalarNode):
            _demand_storable(event, str(node.value))
            if node.style is None:
                _demand_plain(event, node)
        self._weigh(event, node)
        return node

    def _weigh(self, event: Event, node: Node | None) -> None:
        parts = [self._weights[id(one)] for one in _parts(node)]
        weight = Weight(
            1 + sum(part.nodes for part in parts),
            1 + max((part.depth for part in parts), default=0),
        )
        if weight.nodes > MAX_NODES or weight.depth > MAX_DEPTH:
            raise _refused(
                event,
                f"with its aliases written out this part would have {weight.nodes:,} values on "
                f"{weight.depth} levels, expected {MAX_NODES:,} on {MAX_DEPTH} at most",
            )
        self._weights[id(node)] = weight

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "expected a word as a key, got a list or keys", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _parts(node: Node | None) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _demand_storable(event: Event, text: str) -> None:
    """Refuse what an escape in quotes can write and no database holds: U+0000 and half a sign."""
    if found := re.search("[\\x00\\ud800-\\udfff]", text):
        raise _refused(event, f"the sign U+{ord(found[0]):04X}, which no text holds; take it out")


def _demand_plain(event: Event, node: ScalarNode) -> None:
    """Refuse a scalar without quotes that YAML 1.1 reads as what nobody wrote."""
    kind, text = node.tag.rpartition(":")[2], str(node.value)
    reading = None
    if node.tag == _MERGE:
        raise _refused(
            event, "the merge key <<; write the keys out, or repeat a whole part by *name"
        )
    if kind == "bool" and text.lower() not in {"true", "false"}:
        meant = "true" if text.lower() in {"yes", "on"} else "false"
        reading = f"{meant}; write {meant}"
    elif kind == "timestamp":
        reading = "a day of the calendar; write a month as 2026-09"
    elif kind in {"int", "float"}:
        reading = _odd_number(text)
    elif kind == "value":
        reading = "a sign of its own; write a word"
    if reading is not None:
        shown = text if len(text) <= _MAX_DIGITS else f"{text[:9]}..."
        raise _refused(
            event, f"{shown} without quotes is read as {reading}, or '{shown}' in quotes"
        )


def _odd_number(text: str) -> str | None:
    if len(text) > _MAX_DIGITS:
        return f"a number of more than {_MAX_DIGITS} digits; write a shorter one"
    if text.lower().lstrip("+-") in {".nan", ".inf"}:
        return "what is no finite number; write a number"
    if ":" in text:
        return "a number counted in sixties; write plain digits"
    if re.match(r"[-+]?0[0-7_]+$", text):
        return "a number in base 8; write it without the leading 0"
    if "_" in text or re.match(r"[-+]?0[bx]", text):
        return "a number in another notation; write plain digits"
    return None


def _refused(event: Event, problem: str) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]


def _fault(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return str(error)
    problem = str(error.problem)
    for said, hint in _HINTS:
        if found := re.search(said, problem):
            problem = found.expand(hint)
    return f"line {error.problem_mark.line + 1}: {problem}"
