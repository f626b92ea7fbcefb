"""What the maps of one quantity are, and how their values lie in a Zarr array.

Sixteen-bit integers are packed as the CF conventions say (`scale_factor`, `_FillValue`), so that
whoever opens the store with xarray gets values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError

Floats = npt.NDArray[np.floating]
Packed = npt.NDArray[Any]
Positions = npt.NDArray[np.intp]

_FILL = -32768
_LARGEST = 32767


@dataclass(frozen=True, slots=True)
class MapKind:
    """One quantity on a grid.

    ``f4`` and ``f8`` hold values as they are, NaN where missing; ``i2`` holds multiples of `scale`.
    """

    dtype: Literal["f4", "f8", "i2"]
    scale: float | None
    """Of ``i2``: one over a whole number, such as 1e-4; else None."""
    unit: str
    long_name: str

    def __post_init__(self) -> None:
        is_packed = self.dtype == "i2"
        if is_packed != (self.scale is not None) or (is_packed and not self._is_one_over_whole()):
            raise InputError(
                f"{self.long_name}: expected a scale of one over a whole number with i2 and none "
                f"with floats, got {self.scale} with {self.dtype}; correct the kind of map"
            )

    def _is_one_over_whole(self) -> bool:
        return self.scale is not None and abs(1.0 / self.scale - self.per_unit) < 1.0e-6

    @property
    def per_unit(self) -> int:
        """How many steps of an ``i2`` make one unit."""
        return 1 if self.scale is None else max(1, round(1.0 / self.scale))

    @classmethod
    def of(cls, dtype: np.dtype[Any], attributes: Mapping[str, Any]) -> Self:
        """Return the kind of an array that was made for one."""
        code = cast("Literal['f4', 'f8', 'i2']", f"{dtype.kind}{dtype.itemsize}")
        said = {name: attributes.get(name) for name in ("scale_factor", "units", "long_name")}
        return cls(code, said["scale_factor"], str(said["units"]), str(said["long_name"]))

    @property
    def value_dtype(self) -> np.dtype[Any]:
        """Of values that were read: single precision for ``f4``, else double."""
        return np.dtype("f4" if self.dtype == "f4" else "f8")

    @property
    def fill_value(self) -> float:
        return float("nan") if self.scale is None else _FILL

    @property
    def attributes(self) -> Mapping[str, Any]:
        """CF attributes of the array."""
        said: dict[str, Any] = {"units": self.unit, "long_name": self.long_name}
        if self.scale is not None:
            said |= {"scale_factor": self.scale, "_FillValue": _FILL}
        return said

    def packed(self, values: npt.ArrayLike, where: str) -> Packed:
        """Return `values` as the array holds them; NaN is missing.

        Raises:
            InputError: a value is infinite or larger than the array can hold.
        """
        given = np.asarray(values)
        if self.scale is not None:
            return self._steps(given, where)
        with np.errstate(over="ignore"):
            held = given.astype(self.dtype)
        if np.isinf(held).any():
            raise _too_large(where, "a finite value", held)
        return held

    def _steps(self, values: Packed, where: str) -> npt.NDArray[np.int16]:
        steps = values * np.asarray(self.per_unit, dtype=values.dtype)
        np.rint(steps, out=steps)
        missing = np.isnan(steps)
        if missing.any():
            steps[missing] = 0.0
        if steps.size and max(steps.max(), -steps.min()) > _LARGEST:
            raise _too_large(where, f"at most {_LARGEST / self.per_unit:g}", values)
        held: npt.NDArray[np.int16] = steps.astype(np.int16)
        if missing.any():
            held[missing] = _FILL
        return held

    def has_value(self, held: Packed) -> npt.NDArray[np.bool_]:
        """Which of the numbers in the array stand for a value."""
        return ~np.isnan(held) if self.scale is None else held != _FILL

    def values(self, held: Packed) -> Floats:
        """Return the values of the numbers in the array, NaN where missing.

        Floats come as they lie there. Of ``i2`` each is the double next to the decimal number that
        is meant, so that -1.6 compares equal to -1.6.
        """
        if self.scale is None:
            return held
        values = held / np.float64(self.per_unit)
        values[held == _FILL] = np.nan
        return values


def _too_large(where: str, expected: str, values: Packed) -> InputError:
    return InputError(
        f"{where}: a value is too large to be stored, expected {expected}, got one of "
        f"{np.nanmax(np.abs(values)):g}; look at what made it"
    )


def scattered(
    columns: Packed, cells: Positions | None, shape: tuple[int, int], fill_value: float
) -> Packed:
    """Return `columns` in their places on the grid, dims ``(map, latitude, longitude)``."""
    if cells is None:
        return columns.reshape(-1, *shape)
    maps = np.full((len(columns), math.prod(shape)), fill_value, dtype=columns.dtype)
    maps[:, cells] = columns
    return maps.reshape(-1, *shape)


def gathered(maps: Packed, cells: Positions | None) -> Packed:
    """Return the columns of `cells` of maps with dims ``(map, cell)``; None: all."""
    return maps if cells is None else maps.take(cells, axis=1)
