"""What the commands share: their screens, and options that more than one takes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.core.errors import InputError
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode
from pipeline.core.months import Month

screen = Console()
notes = Console(stderr=True)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Needs no quotes, here or in psql."""


def option(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make wrong values of an option wrong usage."""

    def parsed(text: Any) -> Any:  # noqa: ANN401 - typer keeps the type of the annotation
        try:
            return parse(text)
        except InputError as error:
            raise typer.BadParameter(str(error)) from error

    parsed.__name__ = "VALUE"
    return parsed


def database_name(text: str) -> str:
    """Return the name of a database, or its URL.

    Raises:
        InputError: a name that would need quotes.
    """
    if "://" not in text and _PLAIN_NAME.fullmatch(text) is None:
        raise InputError(
            "database: expected a name of lower-case letters, digits and _ that begins with no digit, "
            f"63 at most, or a postgresql:// URL, got {text!r}; choose another, such as drought_restored"
        )
    return text


def file_to_write(path: Path | None) -> Path | None:
    """Make a file that cannot be written wrong usage, before the work that it is for.

    Raises:
        InputError: its folder is not there or cannot be written, or it is a folder itself.
    """
    if path is None:
        return None
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(
            f"{path}: expected a file in a folder that is there, got none at {folder}; make the "
            "folder first"
        )
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise InputError(
            f"{path}: expected a file that can be written, got one that cannot; name another"
        )
    return path


def mapped_index(text: str) -> IndexCode:
    """Return the index written as ``spi_12``.

    Raises:
        InputError: there is no such index, or no maps of it.
    """
    index = IndexCode.parse(text)
    if index not in CELL_INDEX_CODES:
        known = ", ".join(map(str, CELL_INDEX_CODES))
        raise InputError(f"index code: expected one that is mapped, one of {known}, got {text!r}")
    return index


MonthArgument = Annotated[
    Month, typer.Argument(parser=option(Month.parse), metavar="YYYY-MM", help="A month.")
]
FromMonth = Annotated[
    Month,
    typer.Option("--from", parser=option(Month.parse), metavar="YYYY-MM", help="First month."),
]
ToMonth = Annotated[
    Month, typer.Option("--to", parser=option(Month.parse), metavar="YYYY-MM", help="Last month.")
]
MaybeFrom = Annotated[
    Month | None,
    typer.Option("--from", parser=option(Month.parse), metavar="YYYY-MM", help="First month."),
]
MaybeTo = Annotated[
    Month | None,
    typer.Option("--to", parser=option(Month.parse), metavar="YYYY-MM", help="Last month."),
]


def in_order(first: Month | None, last: Month | None) -> None:
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"--to ({last}) must not be before --from ({first})")


ExistingFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A file.")
]
ExistingFiles = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="One file or more.")
]


def plain(value: object) -> object:
    """Make JSON of what it does not know: records by their fields, all else as text."""
    if is_dataclass(value) and not isinstance(value, Month):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)
