"""What a document needs and python-docx has no word for: shades, repeated heads, fields, languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import _Footer, _Header
    from docx.shape import InlineShape
    from docx.table import Table, _Cell, _Row
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

FONT = "Times New Roman"
"""Every word processor has it or its like, with all letters of the eight languages."""
_INK = "20302B"
_AFTER_SHADE = ("w:tabs", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:rPr")
"""What the standard wants behind the shade of a paragraph; word processors insist on its order."""


def styles(document: Document, language: str) -> None:
    """Set font, size and language of every style."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for unused in list(document.styles):
        # The template brings a hundred looks of tables, and each look-up goes through them all.
        if unused.type is WD_STYLE_TYPE.TABLE and unused.name not in {"Normal Table", "Table Grid"}:
            unused.delete()
    sizes = {
        "Normal": 11, "Title": 22, "Subtitle": 14, "Heading 2": 14, "Heading 3": 11.5,
        "List Bullet": 11, "List Bullet 2": 10.5,
    }  # fmt: skip
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        if name != "Normal" and not name.startswith("List"):
            style.font.color.rgb, style.font.italic = RGBColor.from_string(_INK), False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{kind}"), FONT)
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        style.paragraph_format.space_after = Pt(5)
    for lang in document.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), language)


def page(document: Document, text_width_mm: int) -> tuple[_Header, _Footer]:
    """Make the pages A4 with margins beside the text, and return their head and their foot."""
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm((210 - text_width_mm) / 2)
    section.top_margin, section.bottom_margin = Mm(22), Mm(18)
    section.header_distance = section.footer_distance = Mm(9)
    return section.header, section.footer


def speak(run: Run, language: str) -> None:
    """Say in which language a run is."""
    _xml(run).get_or_add_rPr().append(_element("lang", val=language))


def banner(line: Paragraph, fill_colour: str | None) -> None:
    """Make a paragraph a band across the page: filled, or framed."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.space_after = 0
    if fill_colour is None:
        box(line, "8F1D14", sides=("top", "left", "bottom", "right"))
    else:
        shade = _element("shd", val="clear", color="auto", fill=fill_colour)
        _properties(line).insert_element_before(shade, *_AFTER_SHADE)


def box(line: Paragraph, colour: str, sides: tuple[str, ...] = ("left",)) -> None:
    """Draw lines along these sides of a paragraph."""
    borders = _element("pBdr")
    width = "24" if sides == ("left",) else "6"
    for side in sides:
        borders.append(_element(side, val="single", sz=width, space="4", color=colour))
    _properties(line).insert_element_before(borders, "w:shd", *_AFTER_SHADE)


def fill(cell: _Cell, colour: str) -> None:
    """Fill a cell with ``#rrggbb``."""
    properties = _xml(cell).get_or_add_tcPr()
    properties.append(_element("shd", val="clear", color="auto", fill=colour.lstrip("#")))


def swatch(run: Run, colour: str, *, is_hatched: bool) -> None:
    """Fill the room of a run with ``#rrggbb``, as a legend does, and frame it."""
    properties = _xml(run).get_or_add_rPr()
    lang = properties.find(_tag("lang"))
    pattern = "diagStripe" if is_hatched else "clear"
    ink = "66665F" if is_hatched else "auto"
    lang.addprevious(_element("bdr", val="single", sz="4", space="0", color="77776F"))
    lang.addprevious(_element("shd", val=pattern, color=ink, fill=colour.lstrip("#")))


def repeat_as_head(table: Table) -> None:
    """Repeat the first row on every page, and break no row over two."""
    for number, row in enumerate(table.rows):
        properties = _xml(row).get_or_add_trPr()
        properties.append(_element("cantSplit"))
        if number == 0:
            properties.append(_element("tblHeader"))


def field(run: Run, instruction: str) -> None:
    """Make a run a field that a word processor fills, such as the number of the page."""
    text = _element("instrText")
    text.text = instruction
    for part in (
        _element("fldChar", fldCharType="begin"),
        text,
        _element("fldChar", fldCharType="end"),
    ):
        _xml(run).append(part)


def describe(picture: InlineShape, title: str, described: str) -> None:
    """Say in words what a picture shows."""
    properties = _xml(picture).docPr
    properties.set("title", title)
    properties.set("descr", described)


def _xml(part: Paragraph | Run | _Cell | _Row | InlineShape) -> Any:  # noqa: ANN401 - of any kind
    """Return the element behind a part: python-docx says no other way to reach it."""
    return getattr(part, "_inline" if hasattr(part, "_inline") else "_element")


def _properties(line: Paragraph) -> Any:  # noqa: ANN401 - as above
    return _xml(line).get_or_add_pPr()


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))


def _element(name: str, **attributes: str) -> Any:  # noqa: ANN401 - as above
    from docx.oxml import OxmlElement

    element = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        element.set(_tag(key), value)
    return element
