"""A map of an index in a month: as a picture for people, and as CF netCDF for their programs.

Brown is dry and blue-green is wet, a pair that people with red-green blindness tell apart, in the
classes of WMO-No. 1090 with one more on each side of usual.
"""

from __future__ import annotations

import math
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from shapely.geometry.base import BaseGeometry

from pipeline.alerts.figures import month_in_words
from pipeline.alerts.indices_in_words import index_in_words, short_index
from pipeline.alerts.words import words_of
from pipeline.core.errors import DeliveryError
from pipeline.core.ids import IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.landscapes.weights import Grid

Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

EXERCISE = "SIMULATED - EXERCISE"
NO_OPINION = (
    "Boundaries are those of the landscapes as loaded and imply no opinion on the legal status of any "
    "territory. Shown is an index as computed for each grid cell; to show it declares no drought."
)

CLASSES = (
    ("-2.0 or below", "#543005"),
    ("-2.0 to -1.5", "#8c510a"),
    ("-1.5 to -1.0", "#bf812d"),
    ("-1.0 to -0.5", "#dfc27d"),
    ("-0.5 to 0.5", "#f3ecd2"),
    ("0.5 to 1.0", "#b8e1db"),
    ("1.0 to 1.5", "#6db9ae"),
    ("1.5 to 2.0", "#35978f"),
    ("2.0 or above", "#01665e"),
)
"""Driest first. A limit belongs to the side that is further from usual."""
_LIMITS = np.array([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0])
_BLIND = "#9a9a9a"
_PET_NAMES = {
    "pet_mm": "FAO-56 Penman-Monteith evapotranspiration",
    "pet_hargreaves_mm": "Hargreaves evapotranspiration",
}
_MOST_INCHES = (9.0, 7.0)
_LEAST_INCHES = 7.5
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.55, 1.7, 1.0, 0.8
"""Inches beside the map, for words and legend."""
_LETTERS_PER_INCH = 15
_POINTS_PER_INCH, _DOTS_PER_INCH = 72, 150

_WORDS = words_of("en")


@dataclass(frozen=True, slots=True, eq=False)
class IndexMap:
    """What a map shows, and what it is made of."""

    index: IndexCode
    month: Month
    grid: Grid
    values: Floats
    """Dims ``(latitude, longitude)`` in the order of the grid; NaN where missing."""
    is_blind: Mask
    """Dims as `values`: where the index is not applicable in this calendar month."""
    boundaries: Sequence[BaseGeometry]
    source: str
    calibration: str
    release: Release
    origin: Origin
    pet: str | None
    """Which evaporation an SPEI is made with."""
    software: str

    @property
    def is_simulated(self) -> bool:
        return self.origin is Origin.SIMULATED


def save_map(one: IndexMap, path: Path) -> None:
    """Write the map: a picture where the name ends in ``.png``, netCDF where it ends in ``.nc``.

    Raises:
        DeliveryError: the file cannot be written.
    """
    with _moved_into_place(path) as part:
        if path.suffix == ".nc":
            dataset(one).to_netcdf(part, engine="netcdf4")
        else:
            said = {"Software": one.software, "Title": _title(one)}
            figure(one).savefig(part, format="png", metadata=said)


def dataset(one: IndexMap) -> xr.Dataset:
    """Return the map as a Dataset by the CF conventions."""
    name = str(one.index)
    found = xr.Dataset(
        {
            name: (("latitude", "longitude"), one.values.astype(np.float32)),
            "not_applicable": (("latitude", "longitude"), one.is_blind.astype(np.int8)),
        },
        {
            "time": np.datetime64(one.month.first_day, "ns"),
            "latitude": ("latitude", np.array(one.grid.latitudes)),
            "longitude": ("longitude", np.array(one.grid.longitudes)),
        },
    )
    found[name].attrs = {
        "units": "1",
        "long_name": _full_name(one),
        "ancillary_variables": "not_applicable",
    }
    found["not_applicable"].attrs = {
        "long_name": "whether the index is blind here in this calendar month: rain is too rare",
        "flag_values": np.array([0, 1], dtype=np.int8),
        "flag_meanings": "applicable not_applicable",
    }
    for axis, unit in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        found[axis].attrs = {"standard_name": axis, "units": unit}
    found["time"].attrs = {"standard_name": "time", "long_name": "first day of the month"}
    found.attrs = {
        "Conventions": "CF-1.11",
        "title": f"{EXERCISE}: {_title(one)}" if one.is_simulated else _title(one),
        "source": one.source,
        "calibration_period": one.calibration,
        "release": one.release.value,
        "origin": one.origin.value,
        "comment": NO_OPINION,
        "software": one.software,
    }
    if one.pet is not None:
        found.attrs["evapotranspiration"] = one.pet
    return found


def figure(one: IndexMap) -> Figure:
    """Return the picture, ready to be drawn."""
    west, east, south, north = _extent(one.grid)
    stretch = 1.0 / math.cos(math.radians((south + north) / 2.0))
    scale = min(_MOST_INCHES[0] / (east - west), _MOST_INCHES[1] / ((north - south) * stretch))
    width, height = (east - west) * scale, (north - south) * stretch * scale
    across = max(width + _LEFT + _RIGHT, _LEAST_INCHES)
    down = height + _TOP + _BOTTOM
    page = Figure(figsize=(across, down), dpi=_DOTS_PER_INCH, facecolor="white")
    axes = page.add_axes((_LEFT / across, _BOTTOM / down, width / across, height / down))
    _draw_cells(axes, one)
    _draw_boundaries(axes, one.boundaries)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.tick_params(labelsize=7, color="#777777", labelcolor="#444444")
    for side in axes.spines.values():
        side.set_color("#777777")
    axes.xaxis.set_major_formatter("{x:g}°E")
    axes.yaxis.set_major_formatter("{x:g}°N")
    _draw_legend(axes, one)
    _draw_words(page, one)
    return page


def class_of(values: Floats) -> npt.NDArray[np.intp]:
    """Return the position in CLASSES of each value; what it says of NaN means nothing."""
    dry, wet = _LIMITS[_LIMITS < 0.0], _LIMITS[_LIMITS > 0.0]
    above = np.searchsorted(dry, values, side="left")
    return np.asarray(above + np.searchsorted(wet, values, side="right"))


def _draw_cells(axes: Axes, one: IndexMap) -> None:
    """Cells as squares: nothing is smoothed between them."""
    edges = _edges(one.grid.longitudes), _edges(one.grid.latitudes)
    shown = np.ma.masked_where(np.isnan(one.values), class_of(one.values))
    colours = ListedColormap([colour for _, colour in CLASSES])
    limits = BoundaryNorm(np.arange(len(CLASSES) + 1) - 0.5, len(CLASSES))
    axes.pcolormesh(*edges, shown, cmap=colours, norm=limits, rasterized=True)
    blind = np.ma.masked_where(~_is_shown_blind(one), np.ones(one.values.shape))
    if blind.count():
        # One face a cell, so that the hatch is drawn on these cells alone.
        axes.pcolor(
            *edges, blind, cmap=ListedColormap([_BLIND]), hatch="//////", edgecolor="#6f6f6f", lw=0
        )


def _is_shown_blind(one: IndexMap) -> Mask:
    return one.is_blind & np.isnan(one.values)


def _draw_boundaries(axes: Axes, boundaries: Sequence[BaseGeometry]) -> None:
    rings = [
        ring[:, :2]
        for line in shapely.get_parts(shapely.boundary(np.asarray(boundaries, dtype=object)))
        for ring in (shapely.get_coordinates(line),)
    ]
    axes.add_collection(LineCollection(rings, colors="#222222", linewidths=0.35))


def _draw_legend(axes: Axes, one: IndexMap) -> None:
    """Wettest on top; blind and empty cells are named even where there are none."""
    patches = [
        Patch(facecolor=colour, edgecolor="#777777", lw=0.4, label=label)
        for label, colour in reversed(CLASSES)
    ]
    patches.append(
        Patch(facecolor=_BLIND, edgecolor="#6f6f6f", hatch="//////", lw=0.4, label="not applicable")
    )
    patches.append(Patch(facecolor="white", edgecolor="#777777", lw=0.4, label="no value"))
    axes.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=8,
        title=f"{str(one.index.family).upper()}, 0 is usual",
        title_fontsize=8,
        alignment="left",
    )


def _draw_words(page: Figure, one: IndexMap) -> None:
    """Title, what the index is and what it is made of above; what to mind below."""
    across, down = page.get_size_inches()
    columns = int((across - 2 * _LEFT) * _LETTERS_PER_INCH)
    left, from_top = _LEFT / across, 0.15
    for text, size, weight in (
        (_title(one), 14, "bold"),
        (textwrap.fill(_full_name(one), columns), 8, "normal"),
        (_made_of(one), 8, "normal"),
    ):
        page.text(left, 1.0 - from_top / down, text, fontsize=size, fontweight=weight, va="top")
        from_top += 1.5 * size / _POINTS_PER_INCH * (1 + text.count("\n"))
    note = textwrap.fill(NO_OPINION, int(columns * 8 / 7))
    page.text(left, 0.1 / down, note, fontsize=7, va="bottom", color="#444444")
    if one.is_simulated:
        _draw_exercise(page)


def _draw_exercise(page: Figure) -> None:
    """Over all of the picture, so that no part of it can be shown without."""
    across, down = page.get_size_inches()
    red = "#b00020"
    style: dict[str, Any] = {"fontweight": "bold"}
    page.text(
        *(0.45, 0.48), EXERCISE, style, color=red, alpha=0.55, fontsize=4.2 * across,
        rotation=20, ha="center", va="center",
    )  # fmt: skip
    page.text(
        1.0 - _LEFT / across, 1.0 - 0.2 / down, EXERCISE, style, color="white", fontsize=11,
        ha="right", va="top", bbox={"facecolor": red, "edgecolor": "none", "pad": 4.0},
    )  # fmt: skip


def _title(one: IndexMap) -> str:
    name = short_index(one.index, one.month.month, _WORDS)
    return f"{name}, {month_in_words(one.month, _WORDS)}"


def _full_name(one: IndexMap) -> str:
    return index_in_words(one.index, one.month.month, one.calibration, _WORDS)


def _made_of(one: IndexMap) -> str:
    said = [f"source {one.source}", f"calibration {one.calibration}", f"{one.release} values"]
    if one.pet is not None:
        said.append(_PET_NAMES.get(one.pet, one.pet))
    return "  ·  ".join(said)


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    """West, east, south, north: outer edges of the cells."""
    longitudes, latitudes = _edges(grid.longitudes), _edges(grid.latitudes)
    return longitudes.min(), longitudes.max(), latitudes.min(), latitudes.max()


def _edges(centres: Sequence[float]) -> npt.NDArray[np.float64]:
    """Edges of the cells along an axis; a single cell is taken to be a tenth of a degree wide."""
    axis = np.asarray(centres)
    step = (axis[-1] - axis[0]) / (len(axis) - 1) if len(axis) > 1 else 0.1
    return np.append(axis - step / 2.0, axis[-1] + step / 2.0)


@contextmanager
def _moved_into_place(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and move it there once it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            yield part
            part.replace(path)
    except OSError as error:
        raise DeliveryError(
            f"{path}: could not be written: {error.strerror}; free space or mend the folder's rights"
        ) from error
