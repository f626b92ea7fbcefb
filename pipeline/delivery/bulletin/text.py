"""A bulletin as plain text, 72 columns wide: a row of a table becomes a line of a list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pipeline.alerts.letter_case import capitals
from pipeline.delivery.bulletin.content import (
    Block,
    BulletinContent,
    Cell,
    Entry,
    Listing,
    Map,
    Paragraph,
    Subheading,
    Table,
)

WIDTH = 72


def as_text(bulletin: BulletinContent) -> str:
    """Return the bulletin as text that ends with a newline; cautions stand first and last."""
    paragraphs = [*_head(bulletin), *_body(bulletin), *_foot(bulletin)]
    return "\n\n".join(paragraphs) + "\n"


def _head(bulletin: BulletinContent) -> Iterator[str]:
    yield from map(_wrapped, bulletin.cautions)
    title = f"{bulletin.heading}, {bulletin.place}, {bulletin.month}"
    yield _wrapped(capitals(title, bulletin.language))
    yield _wrapped(_ended(bulletin.standing))
    yield from map(_wrapped, bulletin.warnings)
    yield capitals(bulletin.situation_heading, bulletin.language)
    is_list = len(bulletin.situation) > 1
    said = [_item(line) if is_list else _wrapped(line) for line in bulletin.situation]
    yield "\n".join(said)


def _body(bulletin: BulletinContent) -> Iterator[str]:
    if bulletin.note is not None:
        yield capitals(bulletin.note.heading, bulletin.language)
        yield from map(_wrapped, (*bulletin.note.paragraphs, f"({bulletin.note.signed})"))
    if bulletin.map is not None:
        yield _map(bulletin.map)
    for section in bulletin.sections:
        yield capitals(section.heading, bulletin.language)
        for block in section.blocks:
            yield _block(block)


def _foot(bulletin: BulletinContent) -> Iterator[str]:
    signature = bulletin.signature
    yield capitals(signature.heading, bulletin.language)
    lines = [_line(line.label, line.value) for line in signature.lines]
    yield "\n".join(lines)
    yield _wrapped(bulletin.made)
    yield from map(_wrapped, bulletin.cautions)


def _line(label: str, value: str) -> str:
    return _wrapped(f"{label}: {value}") if value else f"{label}: {'_' * 24}"


def _map(shown: Map) -> str:
    return _wrapped(f"[{_ended(shown.title)} {shown.described}]")


def _block(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return _wrapped(text)
        case Subheading(text=text):
            return f"{text}:"
        case Listing(entries=entries):
            return "\n".join(map(_entry, entries))
        case Table():
            return _table(block)


def _entry(entry: Entry) -> str:
    first = _item(f"{entry.lead} {entry.text}".strip())
    below = [
        textwrap.indent(_wrapped(text, WIDTH - 4, hanging="  ", bullet="* "), "  ")
        for text in entry.below
    ]
    return "\n".join([first, *below])


def _table(table: Table) -> str:
    heads = [column.heading for column in table.columns]
    rows = [_row(heads, row) for row in table.rows]
    return "\n".join([_wrapped(f"{table.caption}:"), *rows])


def _row(heads: list[str], row: tuple[Cell, ...]) -> str:
    first, *others = row
    told = [
        f"{head}: {_cell(cell)}" for head, cell in zip(heads[1:], others, strict=True) if cell.text
    ]
    remarks = f" ({', '.join(first.remarks)})" if first.remarks else ""
    return _item(f"{first.text}{remarks}. {_ended('; '.join(told))}")


def _cell(cell: Cell) -> str:
    return ", ".join([cell.text, *cell.remarks])


def _ended(text: str) -> str:
    """Return `text` with one full stop: some dates have their own."""
    return text if text.endswith(".") else f"{text}."


def _item(text: str) -> str:
    return _wrapped(text, hanging="  ", bullet="- ")


def _wrapped(text: str, width: int = WIDTH, *, hanging: str = "", bullet: str = "") -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=bullet,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
