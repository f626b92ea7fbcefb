"""Layout files: YAML that says how an agency's own table is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.core.documents import mapping_from_yaml, model_from
from pipeline.core.errors import InputError
from pipeline.stations.agency_layout import Layout

SUFFIXES = (".yaml", ".yml")


def read_layout(path: Path) -> Layout:
    """Read one layout file.

    Raises:
        InputError: not YAML, an unknown or repeated key, a value that does not fit, or a
            contradiction.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: expected a layout in UTF-8; save it as UTF-8") from error
    raw = mapping_from_yaml(text, path.name, "a layout")
    return model_from(
        {key: _with_text_keys(value) for key, value in raw.items()}, path.name, Layout
    )


def _with_text_keys(value: object) -> object:
    """YAML reads a station's id as a number; in the table it is text."""
    if not isinstance(value, dict):
        return value
    return {str(key) if isinstance(key, int) else key: one for key, one in value.items()}


def layouts_in(folder: Path) -> dict[str, Layout]:
    """Return the layouts that lie in a folder (``*.yaml``, ``*.yml``), by file name.

    Raises:
        InputError: as `read_layout`.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return {path.name: read_layout(path) for path in found if path.is_file()}


def layout_for(path: Path, layouts: Mapping[str, Layout]) -> Layout | None:
    """Return the layout whose `files` name this file, or None; capitals do not matter.

    Raises:
        InputError: two layouts name it.
    """
    name = path.name.casefold()
    found = [
        layout_name
        for layout_name, layout in layouts.items()
        if any(fnmatchcase(name, pattern.casefold()) for pattern in layout.files)
    ]
    if len(found) > 1:
        raise InputError(
            f"{path.name}: expected one layout, got {' and '.join(found)}; make their `files` "
            "narrower"
        )
    return layouts[found[0]] if found else None
