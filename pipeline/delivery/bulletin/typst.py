"""The bulletin as PDF, set by Typst. Every word reaches it as data, so no word can be markup.

Typst brings its own fonts; none of the machine's are asked for. "Libertinus Serif" has all letters of
the eight languages (a test looks). The file is tagged for screen readers (PDF/UA-1).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from pipeline.delivery.bulletin.content import KINDS, BulletinContent
from pipeline.delivery.bulletin.syllables import breakable

_SOURCE = files("pipeline.delivery.bulletin").joinpath("print.typ")
_PICTURE = (
    b"#set page(width: 170mm, height: auto, margin: 0pt)\n"
    b'#image(bytes(sys.inputs.svg), format: "svg", width: 100%)\n'
)


def bulletin_pdf(content: BulletinContent, made_at: datetime) -> bytes:
    """Return the document as PDF, A4; the same bytes for the same arguments.

    With a letter in it that no font of Typst has, such as a Chinese one in a name, it is a PDF
    without the promises of PDF/UA-1: it shows a box there.

    Args:
        content: what it says.
        made_at: the only time that its properties know.
    """
    said = {"content": json.dumps(_as_data(content), ensure_ascii=False)}
    import typst

    source = _SOURCE.read_bytes()
    try:
        return _compiled(source, said, made_at, ["ua-1"])
    except typst.TypstError as error:
        if "PDF/UA-1 error" not in error.message:
            raise
        return _compiled(source, said, made_at, [])


def picture_png(svg: str) -> bytes:
    """Return a drawing as a picture for programs that show no SVG, 170 mm wide at 200 dots an inch."""
    import typst

    found = typst.compile(
        _PICTURE, format="png", ppi=200, sys_inputs={"svg": svg}, ignore_system_fonts=True
    )
    return bytes(found)


def _compiled(
    source: bytes, said: dict[str, str], made_at: datetime, standards: list[Any]
) -> bytes:
    import typst

    return bytes(
        typst.compile(
            source,
            format="pdf",
            sys_inputs=said,
            ignore_system_fonts=True,
            pdf_standards=standards,
            timestamp=made_at.astimezone(UTC).replace(microsecond=0),
        )
    )


def _as_data(content: BulletinContent) -> dict[str, Any]:
    """Return the document as JSON knows it, each block with its kind."""
    data = asdict(content)
    for section, told in zip(content.sections, data["sections"], strict=True):
        for block, block_told in zip(section.blocks, told["blocks"], strict=True):
            block_told["kind"] = KINDS[type(block)]
            # Typst knows no syllables of Kazakh, Kyrgyz, Tajik or Uzbek. Only heads of columns are
            # narrow enough to need them; elsewhere they would come along when text is copied.
            for column in block_told.get("columns", ()):
                column["heading"] = breakable(column["heading"])
    return data
