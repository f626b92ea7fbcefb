"""Rasters on disk: land cover, irrigated land, aridity, in pieces as large as one unit needs.

A raster in degrees of any datum is read cell by cell as it is: a map such as MODIS names a datum of
its own, and positions move by no more than a tenth of a cell. Any other is turned to degrees by
the nearest cell.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.features
import rasterio.warp
import shapely
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from shapely.geometry import MultiPolygon, shape

from pipeline.core.errors import InputError
from pipeline.landscapes.rasters import RasterPiece
from pipeline.sources.raster_company import says_more

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

MOST_CELLS = 100_000_000
"""Of one piece: half a gigabyte while it is cut."""
_GEOTIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ASCII_GRID = (b"ncols", b"nrows", b"xllcorner", b"yllcorner", b"xllcenter", b"yllcenter", b"dx",
               b"dy", b"cellsize")  # fmt: skip
"""How GDAL knows one, in letters of any size."""
_MISPLACED = (b"ncols", b"nrows", b"nodata")
"""How one begins that GDAL does not know."""
_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 16
_WGS84 = "EPSG:4326"
_STILL = 0.1
"""How far, in cells, positions may move between two datums and still be the same."""


@dataclass(frozen=True, slots=True)
class Raster:
    """An open raster of one band, in degrees, north up."""

    path: Path
    dataset: Any

    @property
    def is_whole_numbers(self) -> bool:
        return bool(np.issubdtype(np.dtype(self.dataset.dtypes[0]), np.integer))

    def piece(self, box: Box) -> RasterPiece | None:
        """Return the cells that `box` touches; None where it lies outside the raster.

        Raises:
            InputError: more cells than can be held, or cells that cannot be read.
        """
        window = self._window(box)
        if window is None:
            return None
        if window.width * window.height > MOST_CELLS:
            raise InputError(
                f"{self.path}: expected at most {MOST_CELLS:,} cells within one unit, got "
                f"{window.width:,} x {window.height:,}; make the raster coarser, for instance with "
                "rio warp --res 0.005 --resampling mode IN OUT"
            )
        try:
            values = self.dataset.read(1, window=window, masked=True)
        except (RasterioError, OSError) as error:
            raise InputError(
                f"{self.path}: expected cells, got what GDAL cannot read ({error}); the file may "
                "be cut short: copy it again"
            ) from error
        place = self.dataset.transform
        return RasterPiece(
            values=self._scaled(np.ma.getdata(values)),
            is_known=_is_known(values),
            west=place.c + window.col_off * place.a,
            north=place.f + window.row_off * place.e,
            width_degrees=place.a,
            height_degrees=-place.e,
        )

    def _window(self, box: Box) -> Window | None:
        place, (west, south, east, north) = self.dataset.transform, box
        columns = _span((west - place.c) / place.a, (east - place.c) / place.a, self.dataset.width)
        rows = _span((north - place.f) / place.e, (south - place.f) / place.e, self.dataset.height)
        if columns is None or rows is None:
            return None
        return Window(columns[0], rows[0], columns[1], rows[1])

    def _scaled(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        scale, offset = self.dataset.scales[0], self.dataset.offsets[0]
        return values if (scale, offset) == (1.0, 0.0) else values * scale + offset


def _is_known(values: np.ma.MaskedArray[Any, Any]) -> npt.NDArray[np.bool_]:
    """Whether cells hold a value: NaN is none, also where the file does not declare it."""
    is_known: npt.NDArray[np.bool_] = ~np.ma.getmaskarray(values)
    return is_known & ~np.isnan(np.ma.getdata(values))


def _span(first: float, last: float, size: int) -> tuple[int, int] | None:
    """First cell and number of cells between two positions in cells, within an axis."""
    start, stop = max(0, math.floor(first)), min(size, math.ceil(last))
    return (start, stop - start) if start < stop else None


@contextmanager
def open_raster(path: Path) -> Iterator[Raster]:
    """Open a raster for reading in pieces.

    Cells that the file marks as no data, or that are NaN, hold no value; scale and offset of the
    file are applied.

    Raises:
        InputError: no such file, no raster, several bands, or no coordinate system.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected a raster; correct the path")
    driver = _driver(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, in our words
            with rasterio.Env(GDAL_PAM_ENABLED="YES" if says_more(path) else "NO"):
                dataset = rasterio.open(path, driver=driver)
    except RasterioError as error:
        raise InputError(
            f"{path}: expected a raster such as GeoTIFF, got what GDAL cannot read ({error})"
        ) from error
    with dataset:
        _refuse_unfit(dataset, path)
        if _is_in_degrees(dataset):
            yield Raster(path, dataset)
        else:
            with _turned(dataset) as turned:
                yield Raster(path, turned)


def _driver(path: Path) -> str:
    """Return who is to read a raster, by its content.

    Left to itself GDAL takes it for any of two hundred formats, and of some a text file names other
    files to read, or addresses to fetch.

    Raises:
        InputError: it is of none of the formats that are read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_GEOTIFF):
        return "GTiff"
    small = head.lower()
    if small.startswith(_ASCII_GRID):
        return "AAIGrid"
    if small.removeprefix(_BOM).lstrip().startswith(_MISPLACED):
        raise InputError(
            f"{path}: expected an ASCII grid that begins with the line ncols, got {head!r}; put that line "
            "first, with nothing before it"
        )
    raise InputError(
        f"{path}: expected a raster such as GeoTIFF, got {head!r}; turn it into one, for instance with "
        "rio convert -f GTiff IN OUT"
    )


def _refuse_unfit(dataset: Any, path: Path) -> None:  # noqa: ANN401 - rasterio has no types
    if dataset.count != 1:
        raise InputError(
            f"{path}: expected one band, got {dataset.count}; save the band with the map to a "
            "file of its own, for instance with rio stack --bidx 1 IN -o OUT"
        )
    if dataset.crs is None:
        raise InputError(
            f"{path}: no coordinate system, expected one such as EPSG:4326; set it, for instance "
            "with rio edit-info --crs EPSG:4326 FILE"
        )
    if dataset.transform == Affine.identity():
        raise InputError(
            f"{path}: does not say where its cells lie, expected it in the file; export it again as "
            "GeoTIFF"
        )


def _is_in_degrees(dataset: Any) -> bool:  # noqa: ANN401
    """Whether cells are degrees, north up, and lie where WGS84 has them."""
    place = dataset.transform
    if not dataset.crs.is_geographic or place.b or place.d or place.a <= 0 or place.e >= 0:
        return False
    west, south, east, north = dataset.bounds
    corners = [west, east, west, east], [south, south, north, north]
    moved = rasterio.warp.transform(dataset.crs, _WGS84, *corners)
    farthest = max(
        abs(now - before)
        for axis, were in zip(moved, corners, strict=True)
        for now, before in zip(axis, were, strict=True)
    )
    return bool(farthest <= _STILL * min(place.a, -place.e))


def _turned(dataset: Any) -> Any:  # noqa: ANN401
    """The same map in degrees, each cell the nearest of the original; unknown around it."""
    has_marks = dataset.nodata is not None
    return WarpedVRT(dataset, crs=_WGS84, resampling=Resampling.nearest, add_alpha=not has_marks)


def class_polygons(
    classes: npt.NDArray[np.int32], piece: RasterPiece
) -> Mapping[int, MultiPolygon]:
    """Return the outline of each class, valid, cell edges kept exactly.

    Args:
        classes: a class for each cell of `piece`, in its dims.
        piece: where the cells lie.
    """
    place = Affine(piece.width_degrees, 0.0, piece.west, 0.0, -piece.height_degrees, piece.north)
    polygons: dict[int, list[Any]] = {}
    # Cells that meet at a corner are two polygons: together they would be an invalid one.
    for outline, value in rasterio.features.shapes(classes, connectivity=4, transform=place):
        polygons.setdefault(int(value), []).append(shape(outline))
    return {value: shapely.multipolygons(found) for value, found in sorted(polygons.items())}
