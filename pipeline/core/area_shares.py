"""The share of a landscape's area at which an index is low: what a rule on an area hears.

It is counted over the cells of a grid, so it is known only for the indices and classes that the
maps are made for. Of it, more means drier.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    field_validator,
    model_validator,
)

from pipeline.core.errors import InputError
from pipeline.core.ids import AREA_CLASSES, CELL_INDEX_CODES, IndexCode


def _index_code(value: object) -> object:
    try:
        return value if isinstance(value, IndexCode) else IndexCode.parse(str(value))
    except InputError as error:
        raise ValueError(str(error)) from error


WrittenIndex = Annotated[
    IndexCode, BeforeValidator(_index_code), PlainSerializer(str, return_type=str)
]
"""An index in a document, where it is the text ``spi_3``."""


def demand_fraction(name: str, value: float, what: str) -> None:
    """Refuse a threshold that is no fraction; `name` says whose it is, `what` what it is.

    Raises:
        InputError: it is below 0 or above 1.
    """
    if not 0 <= value <= 1:
        remedy = f"; write {value / 100:g} for {value:g} percent" if 1 < value <= 100 else ""
        raise InputError(f"{name}: expected {what} from 0 to 1, got {value:g}{remedy}")


class AreaShare(BaseModel):
    """The part of a landscape's covered area, 0 to 1, at which `index` is low.

    >>> str(AreaShare(index="spi_3", at_or_below=-1))
    'area_share_spi_3_at_or_below_-1.0'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    index: WrittenIndex
    at_or_below: float
    """One of `AREA_CLASSES`."""

    @model_validator(mode="before")
    @classmethod
    def _has_keys(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise ValueError(
                f"expected {{index: spi_3, at_or_below: -1.0}} or the like, got {value!r}"
            )
        return value

    @field_validator("index")
    @classmethod
    def _is_mapped(cls, index: IndexCode) -> IndexCode:
        if index not in CELL_INDEX_CODES:
            known = ", ".join(map(str, CELL_INDEX_CODES))
            raise ValueError(f"expected an index that is mapped, one of {known}, got {index}")
        return index

    @field_validator("at_or_below")
    @classmethod
    def _is_a_class(cls, value: float) -> float:
        if value not in AREA_CLASSES:
            known = ", ".join(map(str, AREA_CLASSES))
            raise ValueError(
                f"expected one of {known}, for which shares are counted, got {value:g}"
            )
        return value

    @staticmethod
    def demand(name: str, share: float) -> None:
        """Refuse a threshold that is no share; `name` says whose it is.

        Raises:
            InputError: it is below 0 or above 1.
        """
        demand_fraction(name, share, "a share of the area")

    def __str__(self) -> str:
        return f"area_share_{self.index}_at_or_below_{self.at_or_below}"
