"""Legends of land-cover maps: which land use each class stands for.

A legend is a YAML document that an agency may edit; the shipped one is `legends/igbp.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.core.documents import mapping_from_yaml, model_from
from pipeline.core.ids import LandUse

Codes = npt.NDArray[np.integer]
Positions = npt.NDArray[np.int32]


class Cover(StrEnum):
    """What a class may be beside one of the land uses."""

    CROPLAND = "cropland"
    """Fields, irrigated or rainfed: the map does not say which."""
    NONE = "none"
    """No production landscape."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Land that no land use claims, by the name of its class."""

    name: str
    is_in_legend: bool = True


NO_DATA = Unclaimed("no data")
"""Cells in which the map holds no class."""
OUTSIDE = Unclaimed("outside the land-cover map")

Kind = LandUse | Cover | Unclaimed
"""What cells are cut together as: a land use, cropland, or a class that is neither."""


def _land_use(value: object) -> LandUse | Cover:
    words = (*LandUse, *Cover)
    if value not in words:
        raise ValueError(f"expected one of {', '.join(words)}, got {value!r}; correct it")
    return Cover(str(value)) if value in tuple(Cover) else LandUse(str(value))


class LegendClass(BaseModel):
    """One class of a land-cover map."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    land_use: Annotated[LandUse | Cover, BeforeValidator(_land_use)]

    @property
    def kind(self) -> Kind:
        return Unclaimed(self.name) if self.land_use is Cover.NONE else self.land_use


class Legend(BaseModel):
    """The classes of a land-cover map by their codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    legend: Annotated[str, Field(min_length=1)]
    title: str
    reference: str
    classes: Annotated[dict[int, LegendClass], Field(min_length=1)]

    def kinds(self, codes: Codes) -> tuple[list[Kind], Positions]:
        """Return the kinds that occur, and for each cell the position of its kind among them.

        A code that the legend does not name is a kind of its own, so that only those who want its
        cells need to mind.
        """
        found, positions = np.unique(codes, return_inverse=True)
        kinds = [self._kind(code) for code in found.tolist()]
        different = list(dict.fromkeys(kinds))
        place = np.array([different.index(kind) for kind in kinds], dtype=np.int32)
        return different, place[positions].reshape(codes.shape)

    def _kind(self, code: int) -> Kind:
        if code in self.classes:
            return self.classes[code].kind
        return Unclaimed(f"class {code}", is_in_legend=False)


def legend_from_yaml(text: str, where: str) -> Legend:
    """Return the legend written in `text`; `where` names the file in errors.

    Raises:
        InputError: not YAML, an unknown, repeated or missing key, or no land use.
    """
    raw = mapping_from_yaml(text, where, "a legend")
    classes = raw.get("classes")
    if isinstance(classes, dict):
        # Numbers in a place are taken for positions, and counted from 1.
        raw["classes"] = {str(code): one for code, one in classes.items()}
    return model_from(raw, where, Legend)


def default_legend() -> Legend:
    """Return the shipped legend, of the IGBP classes."""
    document = files("pipeline.landscapes").joinpath("legends", "igbp.yaml")
    return legend_from_yaml(document.read_text("utf-8"), "igbp.yaml")
