"""Charts: bars where the values are, nothing where there are none, and no markup from texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from lxml import etree

from pipeline.core.months import Month, months_between
from pipeline.delivery.site.charts import Limit, Series, chart

SVG = "{http://www.w3.org/2000/svg}"


def series(
    values: Sequence[float | None], css: Sequence[str] | None = None, title: str = "SPI-3"
) -> Series:
    first = Month(2020, 1)
    return Series(
        title=title,
        months=list(months_between(first, first + len(values) - 1)),
        values=values,
        css=css or ["s0"] * len(values),
        limits=[Limit(-1.0, 1, "1: -1.0")],
        usual=0.0,
        least=-3.0,
        most=3.0,
        ticks={-3.0: "-3", 0.0: "0", 3.0: "3"},
    )


def drawn(one: Series) -> etree._Element:
    return etree.fromstring(str(chart(one)))


def bars(svg: etree._Element, css: str) -> list[tuple[float, float, float]]:
    """Left edge, base and end of each bar."""
    paths = svg.findall(f"{SVG}path[@class='{css}']")
    return [
        (float(x), float(base), float(end))
        for path in paths
        for x, base, end in re.findall(r"M([\d.]+) ([\d.]+)h[\d.]+V([\d.]+)", path.get("d") or "")
    ]


def test_dry_months_hang_below_the_usual_line_and_wet_ones_stand_on_it() -> None:
    svg = drawn(series([-1.5, 1.5, None, -3.0]))
    dry, wet = bars(svg, "bar dry"), bars(svg, "bar wet")
    # 160 units for 6 of the index, 12 from the top: 0 lies at 92, and 1.5 is 40 units.
    assert [(base, end) for _, base, end in dry] == [(92, 132), (92, 172)]
    assert [(base, end) for _, base, end in wet] == [(92, 52)]


def test_a_missing_month_leaves_its_place_empty() -> None:
    with_gap = bars(drawn(series([-1.0, None, -1.0])), "bar dry")
    whole = bars(drawn(series([-1.0, -1.0, -1.0])), "bar dry")
    assert with_gap == [whole[0], whole[2]]


def test_a_value_beyond_the_axis_ends_on_it() -> None:
    ((_, _, end),) = bars(drawn(series([-9.0])), "bar dry")
    assert end == 172


def test_the_strip_of_stages_joins_months_alike() -> None:
    svg = drawn(series([0.1] * 4, css=["s0", "s2", "s2", "sx"]))
    strip = svg.findall(f"{SVG}rect")
    assert [one.get("class") for one in strip] == ["band s0", "band s2", "band sx"]
    widths = [float(one.get("width") or 0) for one in strip]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.1)
    edges = [(float(one.get("x") or 0), width) for one, width in zip(strip, widths, strict=True)]
    assert all(a + width == pytest.approx(b, abs=0.11) for (a, width), (b, _) in pairwise(edges))


def test_each_threshold_is_named_by_the_rank_of_its_stage() -> None:
    svg = drawn(series([0.1]))
    (line,) = svg.findall(f"{SVG}path[@class='limit']")
    assert line.findtext(f"{SVG}title") == "1: -1.0"
    labels = [one.text for one in svg.findall(f"{SVG}text")]
    assert labels == ["-3", "0", "3", "1", "2020"]


def test_no_text_is_taken_for_markup() -> None:
    evil = '"><script>alert(1)</script>'
    svg = drawn(series([0.1], title=evil))
    assert svg.get("aria-label") == evil
    assert not svg.findall(f".//{SVG}script")
    assert "<script" not in chart(series([0.1], title=evil))


def test_it_says_who_sees_nothing_what_it_is() -> None:
    svg = drawn(series([0.1]))
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "SPI-3"


def test_ten_years_take_a_few_kilobytes() -> None:
    values = [(-1) ** n * n / 60 for n in range(120)]
    assert len(chart(series(values))) < 8_000
