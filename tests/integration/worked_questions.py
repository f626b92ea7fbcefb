"""The worked questions of a Markdown file: code blocks in SQL, pandas and R, and the printed answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES = ("sql", "python", "r")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)

Cells = list[list[Any]]


@dataclass(frozen=True)
class Question:
    """A question, how it is asked in each language, and the answer as printed."""

    title: str
    blocks: dict[str, str]
    columns: list[str]
    rows: list[list[str]]
    text: str

    @property
    def number(self) -> int:
        return int(self.title.partition(".")[0])


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and code of each block."""
    return _BLOCK.findall(text)


def setup_blocks() -> dict[str, str]:
    """Return what is said once at the beginning, by language."""
    return dict(blocks(_parts()[0]))


def questions() -> list[Question]:
    return [_question(part) for part in _parts()[1:]]


def _parts() -> list[str]:
    return re.split(
        r"^## ", (DOCS / "questions.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )


def _question(part: str) -> Question:
    found = blocks(part)
    table = _TABLE.search(_BLOCK.sub("", part))
    assert table is not None, part
    head, _, *body = [
        [cell.strip() for cell in line.strip()[1:-1].split("|")]
        for line in table.group().splitlines()
    ]
    assert len(dict(found)) == len(found), "a language twice"
    return Question(part.splitlines()[0], dict(found), head, body, part)


def differences(question: Question, columns: Sequence[str], rows: Cells) -> list[str]:
    """Return where an answer is not the printed one; nothing is success."""
    if list(columns) != question.columns:
        return [f"columns: printed {question.columns}, got {list(columns)}"]
    if len(rows) != len(question.rows):
        return [f"rows: printed {len(question.rows)}, got {rows}"]
    return [
        f"{column}: printed {said!r}, got {value!r}"
        for said_row, row in zip(question.rows, rows, strict=True)
        for column, said, value in zip(columns, said_row, row, strict=True)
        if not _is_said(said, value)
    ]


def _is_said(said: str, value: object) -> bool:
    if value is None or value != value or str(value) == "NaT":
        return said == ""
    if isinstance(value, datetime):
        return said == value.date().isoformat() and value.time() == datetime.min.time()
    if isinstance(value, date):
        return said == value.isoformat()
    try:
        return abs(Decimal(said) - Decimal(str(value))) < Decimal("1e-6")
    except ArithmeticError:
        return said == str(value)
