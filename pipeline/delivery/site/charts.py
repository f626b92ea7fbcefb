"""The history of an index as one SVG: bars by the month, the plan's thresholds, the stages below.

Colours are classes of the style sheet. The same is told as a table beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

from pipeline.core.months import Month

WIDTH, HEIGHT = 720, 230
_LEFT, _RIGHT, _TOP = 40, 18, 12
_PLOT = 160
_BAND_TOP, _BAND = 178, 14
_LABELS, _YEAR_WIDTH = 210, 48


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold of the plan."""

    value: float
    rank: int
    """Of the stage that begins there."""
    text: str


@dataclass(frozen=True, slots=True)
class Series:
    """What one chart shows."""

    title: str
    months: Sequence[Month]
    """Without holes."""
    values: Sequence[float | None]
    """None where missing."""
    css: Sequence[str]
    """Classes of the stage that stood in each month."""
    limits: Sequence[Limit]
    usual: float
    """The value of a usual month: bars stand on it."""
    least: float
    most: float
    ticks: Mapping[float, str]
    """Values on the axis, as the language writes them."""


def chart(series: Series) -> Markup:
    """Return the chart as one `svg` element."""
    step = (WIDTH - _LEFT - _RIGHT) / max(len(series.months), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(series.title)}">',
        *_axis(series),
        *_bars(series, step),
        *_limits(series),
        *_bands(series, step),
        *_years(series, step),
        "</svg>",
    ]
    # Numbers are written by `_number`, and every text went through `escape`.
    return Markup("".join(parts))  # noqa: S704


def _y(value: float, series: Series) -> float:
    """Return how far down a value lies; what is beyond the axis lies on its end."""
    inside = min(max(value, series.least), series.most)
    return _TOP + _PLOT * (series.most - inside) / (series.most - series.least)


def _axis(series: Series) -> Iterator[str]:
    for value, text in series.ticks.items():
        y = _y(value, series)
        yield f'<path class="axis" d="M{_LEFT} {_number(y)}H{WIDTH - _RIGHT}"/>'
        yield _label(_LEFT - 5, y + 4, text, 'text-anchor="end"')


def _label(x: float, y: float, text: str, more: str = "") -> str:
    place = f'x="{_number(x)}" y="{_number(y)}"'
    return f'<text class="label" {place}{" " * bool(more)}{more}>{escape(text)}</text>'


def _bars(series: Series, step: float) -> Iterator[str]:
    """Yield the bars of dry months as one path, and those of other months as another."""
    base, width = _number(_y(series.usual, series)), _number(max(step - 1.0, step * 0.6))
    drawn: dict[str, list[str]] = {"bar dry": [], "bar wet": []}
    for number, value in enumerate(series.values):
        if value is not None:
            x, y = _number(_LEFT + number * step), _number(_y(value, series))
            css = "bar dry" if value < series.usual else "bar wet"
            drawn[css].append(f"M{x} {base}h{width}V{y}h-{width}z")
    for css, bars in drawn.items():
        if bars:
            yield f'<path class="{css}" d="{"".join(bars)}"/>'


def _limits(series: Series) -> Iterator[str]:
    """Yield a line for each threshold, with the rank of its stage at its end."""
    for one in series.limits:
        y, end = _y(one.value, series), WIDTH - _RIGHT
        title = f"<title>{escape(one.text)}</title>"
        yield f'<path class="limit" d="M{_LEFT} {_number(y)}H{end}">{title}</path>'
        yield _label(end + 3, y + 4, str(one.rank))


def _bands(series: Series, step: float) -> Iterator[str]:
    """Yield a strip of the stages: months in a row with one colour are one piece."""
    position = 0
    for css, run in groupby(series.css):
        length = len(list(run))
        x, width = _number(_LEFT + position * step), _number(length * step)
        place = f'x="{x}" y="{_BAND_TOP}" width="{width}" height="{_BAND}"'
        yield f'<rect class="band {escape(css)}" {place}/>'
        position += length


def _years(series: Series, step: float) -> Iterator[str]:
    """Yield the years, as many as have room."""
    begins = [n for n, month in enumerate(series.months) if month.month == 1]
    every = max(1, -(-len(begins) * _YEAR_WIDTH // (WIDTH - _LEFT - _RIGHT)))
    for number in begins[::every]:
        x = _LEFT + number * step
        yield f'<path class="tick" d="M{_number(x)} {_TOP}v{_BAND_TOP + _BAND - _TOP}"/>'
        yield _label(x, _LABELS, str(series.months[number].year))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
