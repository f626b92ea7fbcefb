"""A catalogue as a typed view: a frozen dataclass whose fields are the texts.

A field is a text, a counted text, another such dataclass, or a mapping from a vocabulary (an enum)
to texts; its name is the key. A mapping leaves out the members that have no text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from pipeline.alerts.catalogue import Catalogue, Counted


def texts_of(view: type, catalogue: Catalogue, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of `view`, each from the text whose key is its name.

    Args:
        view: the dataclass.
        catalogue: the texts of one language.
        without: fields that come from elsewhere.
    """
    return _texts(view, catalogue, "", without)


def _texts(
    view: type, catalogue: Catalogue, prefix: str, without: Collection[str] = ()
) -> dict[str, Any]:
    kinds = get_type_hints(view)
    names = (field.name for field in fields(view) if field.name not in without)
    return {name: _text(kinds[name], catalogue, f"{prefix}{name}") for name in names}


def _text(kind: object, catalogue: Catalogue, key: str) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**_texts(kind, catalogue, f"{key}."))
    if kind is str:
        return catalogue.texts[key]
    if kind == Counted:
        return catalogue.counted[key]
    vocabulary, _ = get_args(kind)
    keys = {member: f"{key}.{member}" for member in vocabulary}
    return {member: catalogue.texts[k] for member, k in keys.items() if k in catalogue.texts}
