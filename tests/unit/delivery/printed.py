"""A small bulletin as data, for the tests of those who lay it out. Its words are of these tests."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.delivery.bulletin.content import (
    BulletinContent,
    Cell,
    Column,
    Entry,
    LegendEntry,
    Listing,
    Map,
    Note,
    Paragraph,
    Section,
    Signature,
    SignatureLine,
    Subheading,
    Table,
)
from pipeline.delivery.stage_colours import NOT_KNOWN, colour_of_rank

MADE_AT = datetime(2026, 11, 8, 6, 0, tzinfo=UTC)
READ_OFF = MADE_AT.replace(microsecond=123456)
"""As a clock shows it."""
EXERCISE = "EXERCISE - SIMULATED DATA - no real drought"
DRAFT = "Generic thresholds, a draft"
EVIL = r'#eval("1") $x$ *b* _i_ \ <script>alert(1)</script> @ref `raw` [x] //c /*c*/ &amp; =1+1'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
    '<path d="M10 10 l50 5 l-10 50 z" fill="#b8410a"/></svg>'
)


def document(
    said: str = "A word.",
    *,
    language: str = "en",
    cautions: tuple[str, ...] = (EXERCISE, DRAFT),
    rows: int = 3,
    is_issued: bool = False,
) -> BulletinContent:
    """A whole bulletin with `said` wherever the world outside has a say."""
    stages = tuple(
        (
            Cell(f"{said} {number}"),
            Cell('"severe"', ("since May 2026", "new"), colour_of_rank(number % 6)),
            Cell("not known", colour=NOT_KNOWN, is_sure=False),
            Cell("-1.23"),
        )
        for number in range(rows)
    )
    columns = (
        Column("Landscape", 4),
        Column("Meteorological", 3),
        Column("Agricultural", 3),
        Column("SPI-3", 2, is_number=True),
    )
    return BulletinContent(
        language=language,
        is_exercise=EXERCISE in cautions,
        cautions=cautions,
        title=f"Drought bulletin, Uzbekistan, {said}",
        heading="Drought bulletin",
        place="Uzbekistan",
        month="October 2026",
        standing="No. 12/34" if is_issued else "working paper, not issued",
        is_issued=is_issued,
        situation_heading="Situation",
        situation=(f"Of 3 landscapes: {said}",),
        note=Note("The forecaster writes", (said, "Another paragraph."), "B. Nazarov"),
        map=Map(
            SVG,
            f"Map, {said}",
            f"Three landscapes, {said}",
            (
                LegendEntry("severe", colour_of_rank(3)),
                LegendEntry("?", NOT_KNOWN, is_hatched=True),
            ),
            ("Boundaries imply no opinion.",),
        ),
        sections=(
            Section(
                "Stages",
                (
                    Paragraph(said),
                    Subheading(f"Below, {said}"),
                    Table("Of each", columns, stages),
                ),
                "stages",
            ),
            Section(
                "Actions",
                (
                    Listing((Entry(said, "Pastures.", ("first", "second")),)),
                    Paragraph(said, is_caution=True),
                ),
                "actions",
            ),
        ),
        signature=Signature(
            "Issued", is_issued, (SignatureLine("Number", ""), SignatureLine("Name", said))
        ),
        made="Made 2026-11-08 06:00 UTC",
        warnings=(f"Late: {said}",),
    )
