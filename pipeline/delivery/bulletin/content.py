"""The bulletin as data: one wording, which HTML, plain text, PDF and DOCX all lay out.

Every text is finished and in the language of the document: whoever lays it out adds no word of their
own. Texts are plain, never markup, and may hold anything: escape them. Only `Map.svg` is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.delivery.stage_colours import Colour

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit_for_xml(text: str) -> str:
    """Return the text with U+FFFD for what XML cannot hold, such as a control character in a name."""
    return _NOT_IN_XML.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    is_caution: bool = False
    """Whether it must strike the eye: what is late, what is not confirmed."""


@dataclass(frozen=True, slots=True)
class Subheading:
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a list: a few words that lead, and the rest; both on one line."""

    text: str
    lead: str = ""
    """Set in bold before the text; empty where nothing leads."""
    below: tuple[str, ...] = ()
    """A list within the item."""


@dataclass(frozen=True, slots=True)
class Listing:
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    share: int
    """Width, beside the shares of the other columns."""
    is_number: bool = False
    """Whether its cells stand to the right."""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    remarks: tuple[str, ...] = ()
    """Smaller, below the text."""
    colour: Colour | None = None
    """Of a stage; beside it the text always says the same."""
    is_sure: bool = True
    """False where a stage is unconfirmed or not known: set in italics."""


@dataclass(frozen=True, slots=True)
class Table:
    """The first cell of a row is its heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Each as long as `columns`."""


Block = Paragraph | Subheading | Listing | Table
KINDS = {Paragraph: "paragraph", Subheading: "subheading", Listing: "listing", Table: "table"}
"""Blocks as templates call them."""


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]
    key: str
    """Names the section in any language; fit for an HTML id."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    text: str
    colour: Colour
    is_hatched: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    svg: str
    """One `svg` element: no script, no style sheet, no reference outside itself, no words but the mark
    of an exercise. Its `title` and `desc` are `title` and `described`."""
    title: str
    described: str
    """The same in words, for who does not see it."""
    legend: tuple[LegendEntry, ...]
    caption: tuple[str, ...]
    """Below the map: what its colours mean, and the note on boundaries."""


@dataclass(frozen=True, slots=True)
class Note:
    """The forecaster's own words."""

    heading: str
    paragraphs: tuple[str, ...]
    signed: str
    """Who wrote it, and when."""


@dataclass(frozen=True, slots=True)
class SignatureLine:
    label: str
    value: str
    """Empty: to be written by hand, so room is left for it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The foot of the document: by whom it was issued, under what number, or room for it."""

    heading: str
    is_issued: bool
    lines: tuple[SignatureLine, ...]


@dataclass(frozen=True, slots=True)
class BulletinContent:
    """A whole document. It is laid out in the order of the fields; `cautions` once more at the end."""

    language: str
    is_exercise: bool
    cautions: tuple[str, ...]
    """What must be known before anything else: an exercise; thresholds that are not law; a wording
    that nobody has checked. The gravest first. Repeated at the end, and where pages have heads, there."""
    title: str
    """For the head of a window and the properties of a file: it says an exercise itself."""
    heading: str
    place: str
    month: str
    standing: str
    """"No. 14 of 3 August 2021", or "working paper, not issued"."""
    is_issued: bool
    situation_heading: str
    situation: tuple[str, ...]
    """One sentence; of the region one for each country."""
    note: Note | None
    map: Map | None
    sections: tuple[Section, ...]
    signature: Signature
    made: str
    """When and by which software."""
    warnings: tuple[str, ...] = field(default=())
    """Said right below the heading: late data, stages changed since."""

    def texts(self) -> Iterator[str]:
        """Yield every text of the document, in order; of the map what is said of it."""
        yield from (*self.cautions, self.heading, self.place, self.month, self.standing)
        yield from (*self.warnings, self.situation_heading, *self.situation)
        if self.note is not None:
            yield from (self.note.heading, *self.note.paragraphs, self.note.signed)
        if self.map is not None:
            yield from (self.map.title, self.map.described, *self.map.caption)
            yield from (entry.text for entry in self.map.legend)
        for section in self.sections:
            yield section.heading
            for block in section.blocks:
                yield from _texts(block)
        yield self.signature.heading
        for line in self.signature.lines:
            yield from (line.label, line.value)
        yield self.made


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph | Subheading):
        yield block.text
    elif isinstance(block, Listing):
        for entry in block.entries:
            yield from (entry.lead, entry.text, *entry.below)
    else:
        yield block.caption
        yield from (column.heading for column in block.columns)
        for cell in (cell for row in block.rows for cell in row):
            yield from (cell.text, *cell.remarks)
