"""In what two plan documents differ, in words: nothing that a document says is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.plans.document import Plan

_NOT_SAID = "not said"
_LONG = 80
"""Letters of a text that is not quoted any more."""
_LISTED = {"languages", "calendar_months", "land_uses", "coming_from", "unchecked", "stages"}
"""Lists of words or numbers: what is more and what is less is enough to say."""
_FORMS = ("any_of", "all_of", "none_of", "of")
_HEARD = ("index", "indicator", "unit", "area_share", "forecast", "where")
_FOR = ("land_uses", "salt_affected")


def differences(before: Plan, after: Plan) -> list[str]:
    """Return each difference as one line: the place, what was, and what is.

    Stages are told apart by their names, actions by their English words, and rules by what they
    hear and for which land.
    """
    return list(_differences(before.as_json(), after.as_json(), ""))


def _differences(was: Any, now: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - plain values
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        yield from _of_text(was, now, place) if "en" in was else _of_keys(was, now, place)
    elif isinstance(was, list) and isinstance(now, list):
        name = place.rpartition(".")[2]
        yield from _of_words(was, now, place) if name in _LISTED else _of_parts(was, now, place)
    elif max(len(_said(was)), len(_said(now))) > _LONG:
        yield f"{place}: other words"
    else:
        yield f"{place}: was {_said(was)}, is {_said(now)}"


def _of_keys(was: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[str]:
    for key in dict.fromkeys([*now, *was]):
        inner = f"{place}.{key}" if place else key
        if key in was and key in now:
            yield from _differences(was[key], now[key], inner)
        elif key in _LISTED:
            yield from _of_words(was.get(key, []), now.get(key, []), inner)
        elif key in now:
            yield f"{inner}: was {_NOT_SAID}, is {_said(now[key])}"
        else:
            yield f"{inner}: was {_said(was[key])}, is {_NOT_SAID}"


def _of_text(was: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[str]:
    languages = [key for key in dict.fromkeys([*was, *now]) if key != "unchecked"]
    told = {
        "other words": [one for one in languages if {one} <= was.keys() & now.keys()
                        and was[one] != now[one]],
        "added": [one for one in languages if one not in was],
        "taken out": [one for one in languages if one not in now],
    }  # fmt: skip
    for what, which in told.items():
        if which:
            yield f"{place}: {what} in {', '.join(which)}"
    before, after = ({*one.get("unchecked", ())} for one in (was, now))
    if checked := sorted((before - after) & now.keys()):
        yield f"{place}: checked by a speaker now in {', '.join(checked)}"
    if unchecked := sorted((after - before) & was.keys()):
        yield f"{place}: no longer checked in {', '.join(unchecked)}"


def _of_words(was: Sequence[Any], now: Sequence[Any], place: str) -> Iterator[str]:
    more = [str(one) for one in now if one not in was]
    less = [str(one) for one in was if one not in now]
    if not was or not now:
        whole = [", ".join(map(str, one)) or _NOT_SAID for one in (was, now)]
        yield f"{place}: was {whole[0]}, is {whole[1]}"
    elif more or less:
        said = [f"more: {', '.join(more)}"] * bool(more) + [f"less: {', '.join(less)}"] * bool(less)
        yield f"{place}: {'; '.join(said)}"
    else:
        yield f"{place}: in another order: {', '.join(map(str, now))}"


def _of_parts(was: Sequence[Any], now: Sequence[Any], place: str) -> Iterator[str]:
    before, after = _named(was), _named(now)
    for name in before:
        if name not in after:
            yield f"{place}: taken out: {name}"
    for name, part in after.items():
        if name in before:
            yield from _differences(before[name], part, f"{place}.{name}")
        else:
            yield f"{place}: added: {name}{_in_short(part)}"
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"{place}: in another order: {', '.join(after)}"


def _named(parts: Sequence[Any]) -> dict[str, Any]:
    """Return the parts of a list by a name each; equal names are counted."""
    named: dict[str, Any] = {}
    for one in parts:
        # An action of before is a bare text.
        part = {"do": one} if isinstance(one, dict) and "en" in one else one
        name, number = _name(part), 2
        while name in named:
            name, number = f"{_name(part)} ({number})", number + 1
        named[name] = part
    return named


def _name(part: Any) -> str:  # noqa: ANN401 - plain values
    if not isinstance(part, dict):
        return str(part)
    if "stage" in part:
        return str(part["stage"])
    if "do" in part:
        return f"'{part['do']['en']}'"
    for form in _FORMS:
        if form in part:
            members = " + ".join(map(_name, part[form]))
            least = f"at least {part['at_least']}" if "at_least" in part else form
            return f"[{least}: {members}]"
    heard = " ".join(_said(part[key]) for key in _HEARD if key in part)
    land = ", ".join(_land(key, part[key]) for key in _FOR if key in part)
    return f"{heard} ({land})" if land else heard


def _land(key: str, value: Any) -> str:  # noqa: ANN401 - plain values
    if key == "salt_affected":
        return "salt-affected" if value else "not salt-affected"
    return " or ".join(value)


def _in_short(part: Any) -> str:  # noqa: ANN401 - plain values
    """Return what a part that is new says, after its name."""
    if not isinstance(part, dict) or "enter_at" not in part:
        return ""
    return f", from {part['enter_at']:g} on, to {part['exit_at']:g}"


def _said(value: Any) -> str:  # noqa: ANN401 - plain values
    if isinstance(value, dict) and "en" in value:
        return f"'{value['en']}'"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, (str, int)) else json.dumps(value, ensure_ascii=False)
