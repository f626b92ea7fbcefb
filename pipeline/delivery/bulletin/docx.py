"""The bulletin as DOCX, for a committee that edits it: real headings, tables and page heads.

The language is set on every run, so that a word processor checks the spelling of the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pipeline.delivery.bulletin.content import (
    BulletinContent,
    Cell,
    Column,
    Entry,
    Listing,
    Map,
    Note,
    Paragraph,
    Signature,
    Subheading,
    Table,
    fit_for_xml,
)
from pipeline.delivery.bulletin.docx_parts import (
    banner,
    box,
    describe,
    field,
    fill,
    page,
    repeat_as_head,
    speak,
    styles,
    swatch,
)
from pipeline.delivery.bulletin.typst import picture_png

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell as Box
    from docx.text.paragraph import Paragraph as Line
    from docx.text.run import Run

TEXT_WIDTH_MM = 170
_DANGER = "8F1D14"
_TAGS = {
    "en": "en-GB", "ru": "ru-RU", "kk": "kk-KZ", "ky": "ky-KG", "tg": "tg-Cyrl-TJ", "tk": "tk-TM",
    "uz": "uz-Latn-UZ", "tr": "tr-TR",
}  # fmt: skip
_SAME_DAY = (1980, 1, 1, 0, 0, 0)
"""What the archive says of every file in it: else no two documents were alike."""


def bulletin_docx(content: BulletinContent, made_at: datetime) -> bytes:
    """Return the document as DOCX, A4; the same bytes for the same arguments.

    What XML cannot hold, such as a control character in a name, becomes U+FFFD.

    Args:
        content: what it says.
        made_at: the only time that its properties know.
    """
    import docx

    document = docx.Document()
    language = _TAGS.get(content.language, content.language)
    styles(document, language)
    _properties(document, content, language, made_at)
    _Layout(document, language).lay_out(content)
    return _repacked(document)


def _properties(
    document: Document, content: BulletinContent, language: str, made_at: datetime
) -> None:
    known = document.core_properties
    known.title = _text(content.title)
    known.author = known.last_modified_by = known.comments = ""
    known.language = language
    known.created = known.modified = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _repacked(document: Document) -> bytes:
    written, packed = BytesIO(), BytesIO()
    document.save(written)
    with ZipFile(written) as old, ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name, _SAME_DAY), old.read(name), ZIP_DEFLATED)
    return packed.getvalue()


def _text(text: str) -> str:
    """Return what XML can hold; a soft hyphen would show in a word processor."""
    return fit_for_xml(text).replace("\N{SOFT HYPHEN}", "")


class _Layout:
    """One document in the making: blocks are added at its end."""

    def __init__(self, document: Document, language: str) -> None:
        self.document = document
        self.language = language

    def lay_out(self, content: BulletinContent) -> None:
        self._page(content)
        self._line(content.heading, "Title")
        self._line(f"{content.place} · {content.month}", "Subtitle")
        self._line(content.standing, bold=True, colour=None if content.is_issued else _DANGER)
        for one in content.warnings:
            box(self._line(one), _DANGER)
        self._heading(content.situation_heading)
        for one in content.situation:
            self._line(one)
        if content.note is not None:
            self._note(content.note)
        if content.map is not None:
            self._map(content.map)
        for section in content.sections:
            self._heading(section.heading)
            for block in section.blocks:
                self._block(block)
        self._signature(content.signature)
        self._line(content.made, size=8.5)

    def _page(self, content: BulletinContent) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        head, foot = page(self.document, TEXT_WIDTH_MM)
        said = f"{content.heading} · {content.place} · {content.month} · {content.standing}"
        self._run(head.paragraphs[0], said, size=8.5)
        for number, caution in enumerate(content.cautions):
            line = head.add_paragraph()
            is_loud = content.is_exercise and number == 0
            self._run(line, caution, bold=True, size=9.0, colour="FFFFFF" if is_loud else _DANGER)
            banner(line, _DANGER if is_loud else None)
        head.paragraphs[-1].paragraph_format.space_after = Pt(8)
        foot.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        field(self._run(foot.paragraphs[0], "", size=8.5), "PAGE")
        self._run(foot.paragraphs[0], " / ", size=8.5)
        field(self._run(foot.paragraphs[0], "", size=8.5), "NUMPAGES")

    def _note(self, note: Note) -> None:
        self._heading(note.heading)
        for one in note.paragraphs:
            self._line(one)
        self._line(note.signed, size=9.5, italic=True)

    def _map(self, drawn: Map) -> None:
        from docx.shared import Mm

        self._heading(drawn.title)
        line = self.document.add_paragraph()
        picture = self._run(line, "").add_picture(
            BytesIO(picture_png(drawn.svg)), width=Mm(TEXT_WIDTH_MM)
        )
        describe(picture, _text(drawn.title), _text(drawn.described))
        line.paragraph_format.keep_with_next = True
        legend = self.document.add_paragraph()
        for entry in drawn.legend:
            swatch(
                self._run(legend, "\N{NO-BREAK SPACE}" * 4, size=9.0),
                entry.colour.fill,
                is_hatched=entry.is_hatched,
            )
            self._run(legend, f" {entry.text}    ", size=9.0)
        for one in drawn.caption:
            self._line(one, size=9.0)

    def _block(self, block: Paragraph | Subheading | Listing | Table) -> None:
        if isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Listing):
            self._listing(block.entries)
        elif isinstance(block, Subheading):
            self._line(block.text, "Heading 3")
        else:
            line = self._line(block.text)
            if block.is_caution:
                box(line, _DANGER)

    def _listing(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            line = self.document.add_paragraph(style="List Bullet")
            if entry.lead:
                self._run(line, f"{entry.lead} ", bold=True)
            self._run(line, entry.text)
            for one in entry.below:
                self._line(one, "List Bullet 2")

    def _table(self, block: Table) -> None:
        from docx.shared import Mm

        if block.caption:
            caption = self._line(block.caption, size=9.5, italic=True)
            caption.paragraph_format.keep_with_next = True
        table = self.document.add_table(len(block.rows) + 1, len(block.columns), "Table Grid")
        table.autofit = False
        # A row's cells asked for once: `table.cell` reads the whole table each time.
        laid_out = [row.cells for row in table.rows]
        whole = sum(column.share for column in block.columns)
        for place, column in enumerate(block.columns):
            table.columns[place].width = Mm(TEXT_WIDTH_MM * column.share / whole)
            for cells in laid_out:
                cells[place].width = table.columns[place].width
        for cell, column in zip(laid_out[0], block.columns, strict=True):
            self._cell(cell, Cell(column.heading), column, bold=True)
            fill(cell, "#ecece6")
        for cells, row in zip(laid_out[1:], block.rows, strict=True):
            for place, told in enumerate(row):
                self._cell(cells[place], told, block.columns[place], bold=place == 0)
        repeat_as_head(table)
        self._line("", size=4.0)

    def _cell(self, cell: Box, told: Cell, column: Column, *, bold: bool) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        line = cell.paragraphs[0]
        line.paragraph_format.space_after = 0
        if column.is_number:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        ink = None if told.colour is None else told.colour.text.lstrip("#")
        self._run(line, told.text, size=9.0, bold=bold, italic=not told.is_sure, colour=ink)
        if told.remarks:
            self._run(line, "\n" + " · ".join(told.remarks), size=8.0, colour=ink)
        if told.colour is not None:
            fill(cell, told.colour.fill)

    def _signature(self, signature: Signature) -> None:
        from docx.shared import Mm

        self._heading(signature.heading)
        table = self.document.add_table(len(signature.lines), 2)
        table.autofit = False
        for row, told in zip(table.rows, signature.lines, strict=True):
            label, value = row.cells
            label.width, value.width = Mm(60), Mm(TEXT_WIDTH_MM - 60)
            self._run(label.paragraphs[0], told.label, size=9.5)
            self._run(value.paragraphs[0], told.value or "_" * 36)
            for cell in (label, value):
                cell.paragraphs[0].paragraph_format.keep_with_next = True
        self._line("", size=4.0)

    def _heading(self, text: str) -> None:
        self._line(text, "Heading 2")

    def _line(self, text: str, style: str | None = None, **looks: Any) -> Line:  # noqa: ANN401 - those of `_run`
        line = self.document.add_paragraph(style=style)
        self._run(line, text, **looks)
        return line

    def _run(
        self,
        line: Line,
        text: str,
        *,
        size: float | None = None,
        bold: bool = False,
        italic: bool = False,
        colour: str | None = None,
    ) -> Run:
        from docx.shared import Pt, RGBColor

        run = line.add_run(_text(text))
        speak(run, self.language)
        if bold:
            run.bold = True
        if italic:
            run.italic = True
        if size is not None:
            run.font.size = Pt(size)
        if colour is not None:
            run.font.color.rgb = RGBColor.from_string(colour)
        return run
