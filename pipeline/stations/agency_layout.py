"""How one agency's own table is to be read: the keys of a layout file.

A layout says where the fields of `agency_fields` stand and how they are written. Every key may be
left out; what is left out is as in the documented format (docs/agency_files.md).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.stations.agency_fields import COLUMNS
from pipeline.stations.agency_units import Unit, is_unit_of
from pipeline.stations.date_formats import is_format
from pipeline.stations.observations import Disclosure, Quantity

CONSTANTS = ("station_id", "year", "month", "resolution", "quantity", "unit")
"""Fields that may be the same for the whole file."""


def _as_text(value: object) -> object:
    """YAML reads 9999 as a number; in the table it is text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Column = Annotated[int, Field(ge=1)] | str
"""A column by its name, or by its number from 1."""
Encoding = Literal[
    "utf-8", "utf-16", "windows-1251", "windows-1254", "koi8-r", "cp866", "iso-8859-5", "iso-8859-9"
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Steps(StrEnum):
    """What stands side by side in a row."""

    DAYS_OF_MONTH = "days_of_month"
    DEKADS_OF_MONTH = "dekads_of_month"
    DEKADS_OF_YEAR = "dekads_of_year"
    MONTHS_OF_YEAR = "months_of_year"

    @property
    def values_a_row(self) -> int:
        """How many values a row has."""
        return {"days_of_month": 31, "dekads_of_month": 3, "dekads_of_year": 36}.get(self, 12)

    @property
    def in_a_month(self) -> int:
        """How many of them lie in one month."""
        return {"days_of_month": 31, "dekads_of_month": 3, "dekads_of_year": 3}.get(self, 1)


class Across(_Strict):
    """Values that stand side by side: one row a month, or a year, of one quantity."""

    steps: Steps
    first_column: Column
    """Where the first value stands; the others follow it without a break."""
    columns_a_month: Annotated[int, Field(ge=1)] | None = None
    """From one month's first column to the next, where sums stand between them."""

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        if self.columns_a_month is not None and self.columns_a_month < self.steps.in_a_month:
            raise ValueError(
                f"columns_a_month: expected at least {self.steps.in_a_month}, "
                f"got {self.columns_a_month}"
            )
        return self

    def offsets(self) -> list[int]:
        """Return where each value stands, counted from the first."""
        width = self.columns_a_month or self.steps.in_a_month
        in_a_month = self.steps.in_a_month
        return [n // in_a_month * width + n % in_a_month for n in range(self.steps.values_a_row)]


class About(_Strict):
    """What the layout knows of a station that its files do not say."""

    name: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    elevation_m: Annotated[float, Field(ge=-500, le=9000)] | None = None
    disclosure: Disclosure | None = None


class Layout(_Strict):
    """A layout file."""

    files: tuple[str, ...] = ()
    """Patterns of the names of the files that the layout is for."""
    encoding: Encoding | None = None
    separator: Literal[",", ";", "\t"] | None = None
    decimal: Literal[".", ","] | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=0)] | None = None
    """The row of the column names; 0 where there is none, and columns have numbers."""
    first_row: Annotated[int, Field(ge=1)] | None = None
    """The first row of values; the one below the header if left out."""
    columns: dict[str, Column] = Field(default_factory=dict)
    across: Across | None = None
    constants: dict[str, Text] = Field(default_factory=dict)
    date_format: str | None = None
    month_names: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)] | None = None
    quantities: dict[Text, Quantity] = Field(default_factory=dict)
    """The agency's words for quantities, in a column `quantity`."""
    units: dict[Quantity, Unit] = Field(default_factory=dict)
    missing: tuple[Text, ...] = ()
    trace: tuple[Text, ...] = ()
    characters: dict[Text, str] = Field(default_factory=dict)
    """Characters of a remapped font, and what they stand for."""
    disclosure: Disclosure | None = None
    stations: dict[Text, About] = Field(default_factory=dict)

    @field_validator("columns", "constants")
    @classmethod
    def _known_fields(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = (*COLUMNS, "valid_from") if info.field_name == "columns" else CONSTANTS
        unknown = [field for field in given if field not in known]
        if unknown:
            raise ValueError(f"unknown field {unknown[0]!r}, expected some of {', '.join(known)}")
        return given

    @field_validator("characters")
    @classmethod
    def _one_character(cls, given: dict[str, str]) -> dict[str, str]:
        long = [character for character in given if len(character) != 1]
        if long:
            raise ValueError(f"expected one character, got {long[0]!r}")
        return given

    @field_validator("date_format")
    @classmethod
    def _order_of_date(cls, given: str | None) -> str | None:
        if given and not (is_format(given, with_day=True) or is_format(given, with_day=False)):
            raise ValueError(
                f"expected YYYY, MM and DD, or YYYY and MM, with marks between, got {given!r}"
            )
        return given

    @field_validator("units")
    @classmethod
    def _fitting(cls, given: dict[Quantity, Unit]) -> dict[Quantity, Unit]:
        wrong = [one for one, unit in given.items() if not is_unit_of(unit, one)]
        if wrong:
            raise ValueError(f"{given[wrong[0]]} is no unit of {wrong[0]}")
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        twice = sorted(set(self.columns) & set(self.constants))
        if twice:
            raise ValueError(f"{twice[0]} is a column and a constant; leave one out")
        if self.header_row == 0 and any(isinstance(one, str) for one in self._references()):
            raise ValueError("header_row 0 means no names; give each column its number")
        if self.first_row is not None and self.first_row <= (self.header_row or 0):
            raise ValueError("first_row must lie below header_row")
        if self.across is not None and not self.columns and not self.constants:
            raise ValueError("across: name in columns or constants what tells station and year")
        return self

    def font(self) -> dict[int, str]:
        """Return `characters` as `str.translate` takes them."""
        return {ord(character): text for character, text in self.characters.items()}

    def _references(self) -> list[Column]:
        across = [] if self.across is None else [self.across.first_column]
        return [*self.columns.values(), *across]
