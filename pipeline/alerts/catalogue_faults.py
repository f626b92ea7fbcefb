"""What is wrong with a translated catalogue, text by text, said for the person who translates."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from unicodedata import category

from babel.messages.catalog import Catalog, Message

_NOBODY = frozenset({"", "FULL NAME <EMAIL@ADDRESS>"})
"""What editors write where no translator is named."""

_BREAKS = frozenset({"Cc", "Zl", "Zp"})


def checker(parsed: Catalog) -> str | None:
    """Return who checked the texts without a mark: the `Last-Translator` of the file's head."""
    name = (parsed.last_translator or "").strip()
    return None if name in _NOBODY else name


def faults(parsed: Catalog, source: Catalog) -> list[str]:
    """Return everything in which `parsed` does not fit `source`; a good catalogue has nothing."""
    messages, sources = _texts(parsed), _texts(source)
    english = {str(message.context): message for message in sources}
    found = {str(message.context): message for message in messages}
    counts = Counter(str(message.context) for message in messages)
    told = [f"{key!r} stands {number} times" for key, number in counts.items() if number > 1]
    told += [f"{key!r} is missing" for key in english if key not in found]
    told += [f"{key!r} is no text of ours" for key in found if key not in english]
    for key in english.keys() & found.keys():
        told += [f"{key!r} {fault}" for fault in _faults(found[key], english[key])]
    if checker(parsed) is None and not all(message.fuzzy for message in messages):
        told.append(
            "texts are marked as checked and Last-Translator does not name who checked them"
        )
    return sorted(told)


def _texts(parsed: Catalog) -> list[Message]:
    # What has an empty id is the head of the file.
    return [message for message in parsed if message.id]


def _faults(message: Message, english: Message) -> Iterator[str]:
    if message.id != english.id:
        yield f"translates {message.id!r}, and the English is now {english.id!r}"
        return
    forms = _forms(message.string)
    if not all(form.strip() for form in forms):
        yield "has no translation, or not in all plural forms that the head of the file names"
        return
    if any(category(letter) in _BREAKS for form in forms for letter in form):
        yield "holds a line break or a control character"
    yield from _misfits(forms, english)


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the forms of a text: one, or one for each plural."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def _misfits(forms: Iterable[str], english: Message) -> Iterator[str]:
    expected = set().union(*map(_placeholders, _forms(english.id)))
    for form in forms:
        try:
            names = _placeholders(form)
        except ValueError:
            yield f"has braces that hold no plain name: {form!r}"
            continue
        if names != expected:
            yield f"has {_listed(names)} in braces, and the English has {_listed(expected)}"


def _placeholders(text: str) -> set[str]:
    """Return the names in braces.

    Raises:
        ValueError: a brace stands alone, or braces hold more than a name.
    """
    names = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is not None:
            if not name.isidentifier() or form or conversion:
                raise ValueError(name)
            names.add(name)
    return names


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "nothing"
